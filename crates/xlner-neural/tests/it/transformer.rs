//! Transformers: against what `transformers` makes of random checkpoints (`benches/parity/encoders.py`) and of MiniLM
//! (`benches/parity/minilm.py`), where they are.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use xlner_core::Sentence;
use xlner_core::{Encoder, Tagger};
use xlner_neural::nn::Precision;
use xlner_neural::transformer::{
    EncoderModel, SubWordTokenizer, TransformerEncoder, TransformerTagger, TransformerTaggerOptions,
};

#[derive(Deserialize)]
struct Reference {
    tokens: Vec<String>,
    ids: Vec<u32>,
    words: Vec<Option<u32>>,
    logits: Option<Vec<f64>>,
    layer: Option<usize>,
    hidden: Option<Vec<f64>>,
}

/// Largest difference that may be.
const MOST: f64 = 1e-4;
/// Sub-words that the references were cut to.
const CUT: usize = 128;

fn checkpoints() -> Vec<PathBuf> {
    let top = std::env::var_os("XLNER_PARITY")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/parity"), PathBuf::from);
    let folders = std::fs::read_dir(top.join("transformers")).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut folders: Vec<PathBuf> = folders.filter(|path| path.join("reference.jsonl").is_file()).collect();
    folders.sort();
    folders
}

fn references(folder: &Path) -> Vec<Reference> {
    let file = BufReader::new(File::open(folder.join("reference.jsonl")).unwrap());
    file.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
}

fn largest(found: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).map(|(found, expected)| (f64::from(*found) - expected).abs()).fold(0.0, f64::max)
}

#[test]
fn parity_with_transformers() {
    let folders = checkpoints();
    if folders.is_empty() {
        println!("skipped: no references; write them with benches/parity/encoders.py");
        return;
    }
    for folder in folders {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let model = EncoderModel::load(&folder, Precision::F32).unwrap();
        let tokenizer = SubWordTokenizer::load(&folder).unwrap();
        let references = references(&folder);
        let (mut logits, mut hidden) = (0f64, 0f64);
        assert!(references.iter().any(|reference| reference.hidden.is_some()), "{name}");
        for batch in references.chunks(16) {
            for reference in batch {
                let found = tokenizer.encode(&Sentence::from_tokens(&reference.tokens)).unwrap();
                if found.ids.len() > CUT {
                    assert_eq!(found.ids[..CUT - 1], reference.ids[..CUT - 1], "{name}");
                    continue;
                }
                assert_eq!(found.ids, reference.ids, "{name}: {:?}", reference.tokens);
                assert_eq!(found.words, reference.words, "{name}: {:?}", reference.tokens);
            }
            let ids: Vec<&[u32]> = batch.iter().map(|reference| &reference.ids[..]).collect();
            // A model without a head has none.
            let expected: Vec<f64> = batch.iter().filter_map(|reference| reference.logits.clone()).flatten().collect();
            if !model.classes().is_empty() {
                logits = logits.max(largest(&model.logits(&ids).unwrap(), &expected));
            }
            for reference in batch {
                if let (Some(layer), Some(expected)) = (reference.layer, &reference.hidden) {
                    hidden = hidden.max(largest(&model.hidden_states(&[&reference.ids], layer).unwrap(), expected));
                }
            }
        }
        println!(
            "{name}: {} sentences, largest difference {logits:.1e} (logits), {hidden:.1e} (hidden states)",
            references.len()
        );
        assert!(logits <= MOST && hidden <= MOST, "{name}: {logits} {hidden}");
    }
}

#[test]
fn taggers_and_encoders_of_the_checkpoints() {
    let Some(folder) = checkpoints().into_iter().next() else {
        println!("skipped: no references; write them with benches/parity/encoders.py");
        return;
    };
    let sentences: Vec<Sentence> =
        references(&folder).iter().map(|reference| Sentence::from_tokens(&reference.tokens)).collect();
    let tagger = TransformerTagger::load(&folder, TransformerTaggerOptions::default()).unwrap();
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let mut one = sentences[..200].to_vec();
    pool(1).install(|| tagger.tag(&mut one, true)).unwrap();
    let mut two = sentences[..200].to_vec();
    two.reverse();
    pool(3).install(|| tagger.tag(&mut two, true)).unwrap();
    two.reverse();
    assert!(one == two, "neither threads nor neighbours matter");
    for sentence in &one {
        sentence.validate().unwrap();
        for row in &sentence.probabilities.as_ref().unwrap().rows {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        }
    }
    // Longer than the model takes: in windows, and nothing is lost.
    let long = Sentence::from_tokens(sentences[..200].iter().flat_map(Sentence::tokens));
    let encoder = TransformerEncoder::load(&folder, Some(2), Precision::F32).unwrap();
    let encoded = encoder.encode(&[&long, &sentences[0]]).unwrap();
    let mut words: Vec<u32> = encoded[0].tokens.clone();
    words.dedup();
    assert!(words.len() > long.len() * 9 / 10 && *words.last().unwrap() as usize + 3 > long.len());
    assert_eq!(encoded[0].vectors.len(), encoded[0].tokens.len() * encoder.dimension());
    assert_eq!(encoded[1], encoder.encode(&[&sentences[0]]).unwrap()[0]);
    tagger.tag(&mut [long], true).unwrap();
}
