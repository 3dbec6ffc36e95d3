//! Masked language modelling: against what PyTorch and `transformers` make of the same checkpoints and batches
//! (`benches/parity/adapt.py`), where they are.

use std::fs::File;
use std::path::Path;

use serde::Deserialize;
use serde_json::json;
use xlner_core::Sentence;
use xlner_neural::transformer::SubWordTokenizer;
use xlner_neural::transformer::fine_tune::{AdaptData, AdaptOptions, FineTuneOptions, adapt};

use super::support::reference::{Training, checkpoints, lines, weights};

/// What the reference has besides the settings and figures of any training.
#[derive(Deserialize)]
struct Reference {
    #[serde(flatten)]
    training: Training,
    seed: u64,
    mask: f64,
    vocabulary: usize,
}

#[test]
fn parity_with_transformers() {
    let folders = checkpoints("adapt");
    if folders.is_empty() {
        println!("skipped: no references; write them with benches/parity/adapt.py");
        return;
    }
    for folder in folders {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let reference: Reference = serde_json::from_reader(File::open(folder.join("reference.json")).unwrap()).unwrap();
        let text: Vec<Vec<String>> = lines(&folder.join("text.jsonl"));
        let text: Vec<Sentence> = text.iter().map(Sentence::from_tokens).collect();
        let pairs: Vec<(Vec<String>, Vec<String>)> = lines(&folder.join("pairs.jsonl"));
        let pairs: Vec<(Sentence, Sentence)> =
            pairs.iter().map(|(a, b)| (Sentence::from_tokens(a), Sentence::from_tokens(b))).collect();
        let options = AdaptOptions {
            mask: reference.mask,
            training: FineTuneOptions { seed: reference.seed, ..reference.training.options() },
            ..AdaptOptions::default()
        };
        let output = tempfile::tempdir().unwrap();
        let output = output.path().join("ours");
        let (mut losses, mut norms) = (Vec::new(), Vec::new());
        let data = AdaptData { text: &text, pairs: &pairs, held_out: &[] };
        let adapted = adapt(&folder, data, &options, &output, &mut |step| {
            losses.push(step.loss);
            norms.push(step.gradient_norm);
        })
        .unwrap();
        assert!(adapted.head, "{name}");
        reference.training.compare(&name, &losses, &norms, weights(&folder, &output));
        with_pieces(&folder, &text, &options, reference.vocabulary);
    }
}

/// Keeps a model with further pieces, how it cuts the text and what it makes of it, for `adapt.py --check`.
fn with_pieces(folder: &Path, text: &[Sentence], options: &AdaptOptions, count: usize) {
    let output = folder.join("ours");
    let options = AdaptOptions { vocabulary: count, ..options.clone() };
    let data = AdaptData { text, pairs: &[], held_out: text };
    let adapted = adapt(folder, data, &options, &output, &mut |_| {}).unwrap();
    let [before, after] = adapted.cut;
    assert!(after.pieces < before.pieces, "{before:?} {after:?}");
    let tokenizer = SubWordTokenizer::load(&output).unwrap();
    let tokens: Vec<_> = text.iter().map(|sentence| tokenizer.encode(sentence).unwrap()).collect();
    let ids: Vec<_> = tokens.iter().map(|tokens| &tokens.ids).collect();
    let rows = tokens.iter().map(|tokens| (0..tokens.ids.len()).filter(|row| tokens.words[*row].is_some()));
    let rows: Vec<Vec<usize>> = rows.map(Iterator::collect).collect();
    let told = json!({"ids": ids, "rows": rows, "loss": adapted.loss_after, "added": adapted.added});
    std::fs::write(output.join("pieces.json"), told.to_string()).unwrap();
}
