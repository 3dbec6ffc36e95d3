//! Fine-tuning: against what PyTorch and `transformers` make of the same checkpoints and batches
//! (`benches/parity/fine_tune.py`), where they are.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::json;
use xlner_core::Sentence;
use xlner_core::tags::{Scheme, decode};
use xlner_models::crf::Example;
use xlner_neural::nn::{Precision, Weights};
use xlner_neural::transformer::fine_tune::{
    AlignerOptions, DeviceChoice, FineTuneOptions, Step, fine_tune, fine_tune_aligner,
};
use xlner_neural::transformer::{Model, SubWordTokenizer};

#[derive(Deserialize)]
struct Item {
    tokens: Vec<String>,
    tags: Vec<String>,
}

#[derive(Deserialize)]
struct Reference {
    batch_size: usize,
    epochs: usize,
    learning_rate: f64,
    warmup: f64,
    weight_decay: f64,
    max_grad_norm: f64,
    losses: Vec<f64>,
    norms: Vec<f64>,
}

/// Largest difference that may be.
const MOST: f64 = 1e-4;

fn checkpoints() -> Vec<PathBuf> {
    let top = std::env::var_os("XLNER_PARITY")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/parity"), PathBuf::from);
    let folders = std::fs::read_dir(top.join("fine-tune")).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut folders: Vec<PathBuf> = folders.filter(|path| path.join("reference.json").is_file()).collect();
    folders.sort();
    folders
}

fn sentences(folder: &Path) -> Vec<Sentence> {
    let file = BufReader::new(File::open(folder.join("train.jsonl")).unwrap());
    let sentence = |line: std::io::Result<String>| {
        let item: Item = serde_json::from_str(&line.unwrap()).unwrap();
        let tags: Vec<&str> = item.tags.iter().map(String::as_str).collect();
        let mut sentence = Sentence::from_tokens(&item.tokens);
        sentence.entities = decode(&tags, Scheme::Iob2).unwrap().entities;
        sentence
    };
    file.lines().map(sentence).collect()
}

#[test]
fn parity_with_transformers() {
    let folders = checkpoints();
    if folders.is_empty() {
        println!("skipped: no references; write them with benches/parity/fine_tune.py");
        return;
    }
    for folder in folders {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let reference: Reference = serde_json::from_reader(File::open(folder.join("reference.json")).unwrap()).unwrap();
        let sentences = sentences(&folder);
        let examples: Vec<_> = sentences.iter().map(|sentence| Example { sentence, weight: 1.0 }).collect();
        let options = FineTuneOptions {
            batch_size: reference.batch_size,
            epochs: reference.epochs,
            learning_rate: reference.learning_rate,
            warmup: reference.warmup,
            weight_decay: reference.weight_decay,
            max_grad_norm: reference.max_grad_norm,
            shuffle: false,
            device: DeviceChoice::Cpu,
            ..FineTuneOptions::default()
        };
        let (mut losses, mut norms, output) = (Vec::new(), Vec::new(), folder.join("ours"));
        fine_tune(&folder, &examples, &options, &output, None, &mut |step| {
            losses.push(step.loss);
            norms.push(step.gradient_norm);
        })
        .unwrap();
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
        scores(&output, &sentences);
    }
}

/// The largest difference of weights after the last step. The biases of keys are left out where they change nothing (softmax):
/// their gradient is rounding, which Adam scales up.
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

#[derive(Deserialize)]
struct Aligner {
    layer: usize,
    threshold: f64,
    batch_size: usize,
    epochs: usize,
    learning_rate: f64,
    pairs: Vec<(Vec<String>, Vec<String>)>,
    losses: Vec<f64>,
}

#[test]
fn encoders_by_the_formula() {
    for folder in checkpoints() {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let reference: Aligner = serde_json::from_reader(File::open(folder.join("aligner.json")).unwrap()).unwrap();
        let pairs: Vec<_> =
            reference.pairs.iter().map(|(a, b)| (Sentence::from_tokens(a), Sentence::from_tokens(b))).collect();
        let given: Vec<(&Sentence, &Sentence)> = pairs.iter().map(|(a, b)| (a, b)).collect();
        let options = AlignerOptions {
            layer: reference.layer,
            threshold: reference.threshold,
            consistency: true,
            epochs: reference.epochs,
            batch_size: reference.batch_size,
            learning_rate: reference.learning_rate,
            shuffle: false,
            device: DeviceChoice::Cpu,
            ..AlignerOptions::default()
        };
        let (mut losses, output) = (Vec::new(), tempfile::tempdir().unwrap());
        let watch = &mut |step: Step| losses.push(step.loss);
        fine_tune_aligner(&folder, &given, &options, &output.path().join("tuned"), watch).unwrap();
        assert_eq!(losses.len(), reference.losses.len(), "{name}");
        let largest = losses.iter().zip(&reference.losses).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        println!("{name}: {} steps, largest difference {largest:.1e} (loss of alignment)", losses.len());
        assert!(largest <= MOST, "{name}: {losses:?} {:?}", reference.losses);
    }
}

/// Keeps our scores for `fine_tune.py --check`.
fn scores(output: &Path, sentences: &[Sentence]) {
    let model = Model::load(output, Precision::F32).unwrap();
    let tokenizer = SubWordTokenizer::load(output).unwrap();
    let item = |sentence: &Sentence| {
        let ids = tokenizer.encode(sentence).unwrap().ids;
        json!({"logits": model.logits(&[&ids]).unwrap(), "ids": ids})
    };
    let items: Vec<_> = sentences.iter().map(item).collect();
    std::fs::write(output.join("logits.json"), serde_json::to_string(&items).unwrap()).unwrap();
}
