//! Encoders of translation models: beside `transformers` and `peft` (`benches/parity/transalign.py`), and on small checkpoints.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};
use xlner_core::contracts::Encoded;
use xlner_core::{Encoder, Sentence};
use xlner_neural::nn::Precision;
use xlner_neural::seq2seq::{Seq2SeqEncoder, is_translation_model};

use super::support::checkpoint;

fn sentence(lang: Option<&str>, words: &[impl AsRef<str>]) -> Sentence {
    let mut sentence = Sentence::from_tokens(words);
    sentence.lang = lang.map(str::to_owned);
    sentence
}

fn encode(folder: &Path, layer: Option<usize>, sentences: &[&Sentence]) -> Result<Vec<Encoded>, String> {
    let encoder = Seq2SeqEncoder::load(folder, layer, Precision::F32).map_err(|problem| problem.to_string())?;
    encoder.encode(sentences).map_err(|problem| problem.to_string())
}

#[derive(Deserialize)]
struct Side {
    lang: String,
    words: Vec<String>,
    owners: Vec<Option<u32>>,
    layers: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Told {
    sides: [Side; 2],
    sure: Vec<(u32, u32)>,
    possible: Vec<(u32, u32)>,
}

/// The words of two sentences of which pieces are linked: softmax of the dot products both ways, both above .001.
fn links(source: &Encoded, target: &Encoded, width: usize) -> Vec<(u32, u32)> {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let vectors = |side: &'_ Encoded| side.vectors.chunks_exact(width).map(<[f32]>::to_vec).collect::<Vec<_>>();
    let (rows, columns) = (vectors(source), vectors(target));
    let all: Vec<Vec<f64>> = rows.iter().map(|row| columns.iter().map(|column| dot(row, column)).collect()).collect();
    let share =
        |value: f64, of: &mut dyn Iterator<Item = f64>| 1.0 / of.map(|other| (other - value).exp()).sum::<f64>();
    let mut links = Vec::new();
    for (i, row) in all.iter().enumerate() {
        for (j, value) in row.iter().enumerate() {
            let forward = share(*value, &mut row.iter().copied());
            let backward = share(*value, &mut all.iter().map(|row| row[j]));
            if forward > 1e-3 && backward > 1e-3 {
                links.push((source.tokens[i], target.tokens[j]));
            }
        }
    }
    links
}

/// Hidden states of every layer are those of `transformers`, with adapters those of `peft`, and links those of the published program.
#[test]
fn parity_of_encoders_and_links() {
    let top = std::env::var_os("XLNER_PARITY")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/parity"), Into::into);
    for name in ["m2m100", "nllb", "marian", "m2m100-lora", "nllb-lora"] {
        let folder = top.join("seq2seq").join(name);
        let Ok(text) = fs::read(folder.join("encoder.json")) else {
            println!("skipped: {} has no encoder.json; run benches/parity/transalign.py", folder.display());
            continue;
        };
        let told: Vec<Told> = serde_json::from_slice(&text).unwrap();
        let (mut largest, mut linked) = (0f64, 0);
        let layers = told[0].sides[0].layers.len() - 1;
        for layer in 0..=layers {
            let encoder = Seq2SeqEncoder::load(&folder, Some(layer), Precision::F32).unwrap();
            for pair in &told {
                let [source, target] = &pair.sides;
                let given = [source, target].map(|side| sentence(Some(&side.lang), &side.words));
                let found = encoder.encode(&[&given[0], &given[1]]).unwrap();
                for (side, found) in pair.sides.iter().zip(&found) {
                    let tokens: Vec<u32> = side.owners.iter().copied().flatten().collect();
                    assert_eq!(found.tokens, tokens, "{name}: {:?}", side.words);
                    let rows = side.layers[layer].chunks_exact(encoder.dimension()).zip(&side.owners);
                    let expected = rows.filter(|(_, owner)| owner.is_some()).flat_map(|(row, _)| row);
                    // Relative where states are large, as those between layers are.
                    let pairs = found.vectors.iter().zip(expected);
                    let differences = pairs.map(|(a, b)| (f64::from(*a) - b).abs() / b.abs().max(1.0));
                    largest = differences.fold(largest, f64::max);
                }
                if layer == layers {
                    let found = links(&found[0], &found[1], encoder.dimension());
                    assert!(pair.sure.iter().all(|link| found.contains(link)), "{name}");
                    assert!(found.iter().all(|link| pair.possible.contains(link)), "{name}");
                    linked += found.len();
                }
            }
        }
        println!(
            "{name}: {} pairs, {linked} links of pieces, largest difference of hidden states {largest:.1e}",
            told.len()
        );
        assert!(largest < 1e-4, "{name}: {largest}");
    }
}

const WORDS: [&str; 4] = ["Ana", "sleeps", "dort", "."];

#[test]
fn sentences_are_read_in_their_languages() {
    let folder = tempfile::tempdir().unwrap();
    checkpoint::whole(folder.path(), &WORDS, 3);
    assert!(is_translation_model(folder.path()).unwrap());
    let [english, french] = ["en", "fr"].map(|lang| sentence(Some(lang), &WORDS));
    for layer in [Some(0), None] {
        let found = encode(folder.path(), layer, &[&english, &french, &english]).unwrap();
        assert_eq!((found[0].tokens.as_slice(), found[0].vectors.len()), (&[0, 1, 2, 3][..], 4 * 8));
        assert_eq!(found[0], found[2]);
        // The embeddings of words are the same in any language; what stands before them changes the layers' states.
        assert_eq!(found[0] == found[1], layer == Some(0));
        assert_eq!(found[1], encode(folder.path(), layer, &[&french]).unwrap()[0]);
    }
    // NLLB's own codes are known; no token, no vector; more than the network takes is read in windows.
    let own = sentence(Some("eng_Latn"), &WORDS);
    assert_eq!(encode(folder.path(), None, &[&own]).unwrap(), encode(folder.path(), None, &[&english]).unwrap());
    let none: [&str; 0] = [];
    assert_eq!(encode(folder.path(), None, &[&sentence(Some("en"), &none)]).unwrap()[0], Encoded::default());
    let long: Vec<&str> = (0..100).map(|at| WORDS[at % 4]).collect();
    let found = encode(folder.path(), None, &[&sentence(Some("en"), &long)]).unwrap();
    assert_eq!(found[0].tokens, (0..100).collect::<Vec<u32>>());

    let signatures = [Some(0), Some(1), None].map(|layer| {
        let encoder = Seq2SeqEncoder::load(folder.path(), layer, Precision::F32).unwrap();
        (encoder.signature(), encoder.dimension())
    });
    assert!(signatures[0] != signatures[1] && signatures[1] == signatures[2] && signatures[0].1 == 8);
}

#[test]
fn what_is_wrong_is_said() {
    let folder = tempfile::tempdir().unwrap();
    checkpoint::whole(folder.path(), &WORDS, 3);
    let problem = |layer, lang, words: &[&str]| encode(folder.path(), layer, &[&sentence(lang, words)]).unwrap_err();
    assert!(problem(Some(2), Some("en"), &WORDS).contains("there is no layer 2; the encoder has 1"));
    let unknown = problem(None, None, &WORDS);
    assert!(unknown.contains("sentence 0") && unknown.contains("option `source_lang`"), "{unknown}");
    assert!(problem(None, Some("sw"), &WORDS).contains("does not know the language sw (swh_Latn)"));
    assert!(problem(None, Some("xx"), &WORDS).contains("xx"));
    let mut untokenised = Sentence::from_text("Ana sleeps.");
    untokenised.lang = Some("en".into());
    assert!(encode(folder.path(), None, &[&untokenised]).unwrap_err().contains("not tokenised"));

    // A tokeniser of another model, which has more pieces.
    let other = tempfile::tempdir().unwrap();
    checkpoint::whole(other.path(), &[&WORDS[..], &["chante"]].concat(), 3);
    fs::copy(other.path().join("tokenizer.json"), folder.path().join("tokenizer.json")).unwrap();
    let wrong = encode(folder.path(), None, &[&sentence(Some("en"), &["chante"])]).unwrap_err();
    assert!(wrong.contains("piece 12") && wrong.contains("different models"), "{wrong}");
    fs::remove_file(folder.path().join("tokenizer.json")).unwrap();
    assert!(encode(folder.path(), None, &[]).unwrap_err().contains("tokenizer.json"));
    fs::write(folder.path().join("config.json"), r#"{"model_type": "bert"}"#).unwrap();
    assert!(!is_translation_model(folder.path()).unwrap());
    fs::write(folder.path().join("config.json"), "no JSON").unwrap();
    assert!(!is_translation_model(folder.path()).unwrap());
}

/// Name, shape and values of a tensor.
type Tensor = (String, Vec<usize>, Vec<f32>);

fn read(path: &Path) -> Vec<Tensor> {
    let bytes = fs::read(path).unwrap();
    let (length, rest) = bytes.split_first_chunk::<8>().unwrap();
    let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let header: serde_json::Map<String, Value> = serde_json::from_slice(header).unwrap();
    let numbers =
        |value: &Value| value.as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect::<Vec<_>>();
    let tensor = |(name, entry): (String, Value)| {
        let place = numbers(&entry["data_offsets"]);
        let values = data[place[0]..place[1]].chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()));
        (name, numbers(&entry["shape"]), values.collect())
    };
    header.into_iter().map(tensor).collect()
}

fn write(path: &Path, tensors: &[Tensor]) {
    let (mut header, mut data) = (serde_json::Map::new(), Vec::new());
    for (name, shape, values) in tensors {
        let start = data.len();
        data.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        header.insert(name.clone(), json!({"dtype": "F32", "shape": shape, "data_offsets": [start, data.len()]}));
    }
    let header = serde_json::to_vec(&header).unwrap();
    fs::write(path, [&(header.len() as u64).to_le_bytes()[..], &header, &data].concat()).unwrap();
}

#[test]
fn adapters_are_merged_whatever_the_model_was_called_in_training() {
    let folder = tempfile::tempdir().unwrap();
    let [base, merged, adapter] = ["base", "merged", "adapter"].map(|name| folder.path().join(name));
    for path in [&base, &merged, &adapter] {
        fs::create_dir(path).unwrap();
    }
    checkpoint::whole(&base, &WORDS, 3);
    checkpoint::whole(&merged, &WORDS, 3);
    let (a, b) = ([0.5, -1.0, 0.25, 2.0, 0.0, 1.0, -0.5, 0.125], (0..12).map(|at| at as f32 / 8.0 - 0.5));
    let b: Vec<f32> = b.collect();
    let mut tensors = read(&base.join("model.safetensors"));
    let changed = tensors.iter_mut().find(|(name, ..)| name == "model.encoder.layers.0.fc1.weight").unwrap();
    for (row, b) in changed.2.chunks_exact_mut(8).zip(&b) {
        row.iter_mut().zip(a).for_each(|(value, a)| *value += 2.0 * b * a);
    }
    write(&merged.join("model.safetensors"), &tensors);
    let config = json!({"peft_type": "LORA", "r": 1, "lora_alpha": 2, "base_model_name_or_path": "../base"});
    fs::write(adapter.join("adapter_config.json"), config.to_string()).unwrap();

    let given = sentence(Some("en"), &WORDS);
    let expected = encode(&merged, None, &[&given]).unwrap();
    assert!(expected != encode(&base, None, &[&given]).unwrap());
    // Of the whole model, of the model without a head, of encoder and table, of the encoder alone.
    for part in ["model.encoder.", "encoder.", ""] {
        let factor = |which: &str| format!("base_model.model.{part}layers.0.fc1.lora_{which}.weight");
        let factors = vec![(factor("A"), vec![1, 8], a.to_vec()), (factor("B"), vec![12, 1], b.clone())];
        write(&adapter.join("adapter_model.safetensors"), &factors);
        assert!(is_translation_model(&adapter).unwrap());
        let found = encode(&adapter, None, &[&given]).unwrap();
        for (found, expected) in found[0].vectors.iter().zip(&expected[0].vectors) {
            assert!((found - expected).abs() < 1e-5, "{part}: {found} {expected}");
        }
    }
    // A model that was saved without a head has the same names without the first part.
    for (name, ..) in &mut tensors {
        *name = name.trim_start_matches("model.").to_owned();
    }
    write(&merged.join("model.safetensors"), &tensors);
    assert_eq!(encode(&merged, None, &[&given]).unwrap(), expected);
    let wrong = vec![("base_model.model.layers.7.fc1.lora_A.weight".to_owned(), vec![1, 8], a.to_vec())];
    write(&adapter.join("adapter_model.safetensors"), &wrong);
    let problem = encode(&adapter, None, &[&given]).unwrap_err();
    assert!(problem.contains("adapter_model.safetensors") && problem.contains("layers.7.fc1"), "{problem}");
}
