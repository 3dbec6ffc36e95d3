//! Fine-tuning: against what PyTorch and `transformers` make of the same checkpoints and batches
//! (`benches/parity/fine_tune.py`), where they are.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::Deserialize;
use serde_json::json;
use xlner_core::Sentence;
use xlner_core::tags::{Scheme, decode};
use xlner_models::crf::TrainingExample;
use xlner_neural::nn::Precision;
use xlner_neural::transformer::fine_tune::{DeviceChoice, FineTuneAlignerOptions, Step, fine_tune, fine_tune_aligner};
use xlner_neural::transformer::{EncoderModel, SubWordTokenizer};

use super::support::reference::{MOST, Training, checkpoints, weights};

#[derive(Deserialize)]
struct Item {
    tokens: Vec<String>,
    tags: Vec<String>,
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
    let folders = checkpoints("fine-tune");
    if folders.is_empty() {
        println!("skipped: no references; write them with benches/parity/fine_tune.py");
        return;
    }
    for folder in folders {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let reference: Training = serde_json::from_reader(File::open(folder.join("reference.json")).unwrap()).unwrap();
        let sentences = sentences(&folder);
        let examples: Vec<_> = sentences.iter().map(|sentence| TrainingExample { sentence, weight: 1.0 }).collect();
        let options = reference.options();
        let (mut losses, mut norms, output) = (Vec::new(), Vec::new(), folder.join("ours"));
        fine_tune(&folder, &examples, &options, &output, None, &mut |step| {
            losses.push(step.loss);
            norms.push(step.gradient_norm);
        })
        .unwrap();
        reference.compare(&name, &losses, &norms, weights(&folder, &output));
        scores(&output, &sentences);
    }
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
    for folder in checkpoints("fine-tune") {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let reference: Aligner = serde_json::from_reader(File::open(folder.join("aligner.json")).unwrap()).unwrap();
        let pairs: Vec<_> =
            reference.pairs.iter().map(|(a, b)| (Sentence::from_tokens(a), Sentence::from_tokens(b))).collect();
        let given: Vec<(&Sentence, &Sentence)> = pairs.iter().map(|(a, b)| (a, b)).collect();
        let options = FineTuneAlignerOptions {
            layer: reference.layer,
            threshold: reference.threshold,
            consistency: true,
            epochs: reference.epochs,
            batch_size: reference.batch_size,
            learning_rate: reference.learning_rate,
            shuffle: false,
            device: DeviceChoice::Cpu,
            ..FineTuneAlignerOptions::default()
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
    let model = EncoderModel::load(output, Precision::F32).unwrap();
    let tokenizer = SubWordTokenizer::load(output).unwrap();
    let item = |sentence: &Sentence| {
        let ids = tokenizer.encode(sentence).unwrap().ids;
        json!({"logits": model.logits(&[&ids]).unwrap(), "ids": ids})
    };
    let items: Vec<_> = sentences.iter().map(item).collect();
    std::fs::write(output.join("logits.json"), serde_json::to_string(&items).unwrap()).unwrap();
}
