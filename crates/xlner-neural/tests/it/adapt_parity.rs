//! Masked language modelling: against what PyTorch and `transformers` make of the same checkpoints and batches
//! (`benches/parity/adapt.py`), where they are.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use xlner_core::Sentence;
use xlner_neural::nn::Weights;
use xlner_neural::transformer::SubWordTokenizer;
use xlner_neural::transformer::fine_tune::{AdaptData, AdaptOptions, DeviceChoice, FineTuneOptions, adapt};

#[derive(Deserialize)]
struct Reference {
    batch_size: usize,
    epochs: usize,
    learning_rate: f64,
    warmup: f64,
    weight_decay: f64,
    max_grad_norm: f64,
    seed: u64,
    mask: f64,
    vocabulary: usize,
    losses: Vec<f64>,
    norms: Vec<f64>,
}

/// Largest difference that may be.
const MOST: f64 = 1e-4;

fn checkpoints() -> Vec<PathBuf> {
    let top = std::env::var_os("XLNER_PARITY")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/parity"), PathBuf::from);
    let folders = std::fs::read_dir(top.join("adapt")).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut folders: Vec<PathBuf> = folders.filter(|path| path.join("reference.json").is_file()).collect();
    folders.sort();
    folders
}

fn lines<T: DeserializeOwned>(path: &Path) -> Vec<T> {
    let lines = BufReader::new(File::open(path).unwrap()).lines();
    lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
}

#[test]
fn parity_with_transformers() {
    let folders = checkpoints();
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
            training: FineTuneOptions {
                batch_size: reference.batch_size,
                epochs: reference.epochs,
                learning_rate: reference.learning_rate,
                warmup: reference.warmup,
                weight_decay: reference.weight_decay,
                max_grad_norm: reference.max_grad_norm,
                seed: reference.seed,
                shuffle: false,
                device: DeviceChoice::Cpu,
                ..FineTuneOptions::default()
            },
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
        let largest = |found: &[f64], expected: &[f64]| {
            assert_eq!(found.len(), expected.len(), "{name}");
            found.iter().zip(expected).map(|(a, b)| (a - b).abs() / b.abs().max(1.0)).fold(0.0, f64::max)
        };
        let (of_losses, of_norms) = (largest(&losses, &reference.losses), largest(&norms, &reference.norms));
        let of_weights = weights(&folder, &output);
        println!(
            "{name}: {} steps, largest difference {of_losses:.1e} (loss), {of_norms:.1e} (gradients' norm), {of_weights:.1e} (weights)",
            losses.len()
        );
        assert!(of_losses <= MOST && of_norms <= MOST && of_weights <= MOST, "{name}");
        with_pieces(&folder, &text, &options, reference.vocabulary);
    }
}

/// The largest difference of weights after the last step; see `fine_tune::weights` for what is left out.
fn weights(folder: &Path, output: &Path) -> f64 {
    let reference = tempfile::tempdir().unwrap();
    std::fs::copy(folder.join("reference.safetensors"), reference.path().join("model.safetensors")).unwrap();
    let (reference, ours) = (Weights::open(reference.path()).unwrap(), Weights::open(output).unwrap());
    let mut largest = 0f64;
    for name in ours.names() {
        if [".key.bias", ".k_lin.bias", ".key_proj.bias"].iter().any(|end| name.ends_with(end)) {
            continue;
        }
        let shape = reference.shape(name).unwrap_or_else(|| panic!("{name} is in the reference")).to_vec();
        let (found, expected) = (ours.tensor(name, &shape).unwrap(), reference.tensor(name, &shape).unwrap());
        for (found, expected) in found.iter().zip(&expected) {
            largest = largest.max(f64::from((found - expected).abs()));
        }
    }
    largest
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
