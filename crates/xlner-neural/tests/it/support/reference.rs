//! Trainings of PyTorch and `transformers` that ours are compared with (`benches/parity`), where they are.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use xlner_neural::nn::Tensors;
use xlner_neural::transformer::fine_tune::{DeviceChoice, FineTuneOptions};

/// Largest difference that may be.
pub const MOST: f64 = 1e-4;

/// The settings of a training, and the loss and the norm of the gradients of every step.
#[derive(Deserialize)]
pub struct Training {
    batch_size: usize,
    epochs: usize,
    learning_rate: f64,
    warmup: f64,
    weight_decay: f64,
    max_grad_norm: f64,
    losses: Vec<f64>,
    norms: Vec<f64>,
}

impl Training {
    pub fn options(&self) -> FineTuneOptions {
        FineTuneOptions {
            batch_size: self.batch_size,
            epochs: self.epochs,
            learning_rate: self.learning_rate,
            warmup: self.warmup,
            weight_decay: self.weight_decay,
            max_grad_norm: self.max_grad_norm,
            shuffle: false,
            device: DeviceChoice::Cpu,
            ..FineTuneOptions::default()
        }
    }

    /// Compares our losses and norms, and the difference of the weights after the last step.
    pub fn compare(&self, name: &str, losses: &[f64], norms: &[f64], of_weights: f64) {
        let largest = |found: &[f64], expected: &[f64]| {
            assert_eq!(found.len(), expected.len(), "{name}");
            found.iter().zip(expected).map(|(a, b)| (a - b).abs() / b.abs().max(1.0)).fold(0.0, f64::max)
        };
        let (of_losses, of_norms) = (largest(losses, &self.losses), largest(norms, &self.norms));
        println!(
            "{name}: {} steps, largest difference {of_losses:.1e} (loss), {of_norms:.1e} (gradients' norm), {of_weights:.1e} (weights)",
            losses.len()
        );
        assert!(of_losses <= MOST && of_norms <= MOST && of_weights <= MOST, "{name}");
    }
}

/// The checkpoints with references of that kind; none where nobody has written them.
pub fn checkpoints(kind: &str) -> Vec<PathBuf> {
    let top = std::env::var_os("XLNER_PARITY")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/parity"), PathBuf::from);
    let folders = std::fs::read_dir(top.join(kind)).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut folders: Vec<PathBuf> = folders.filter(|path| path.join("reference.json").is_file()).collect();
    folders.sort();
    folders
}

/// The values of a file of JSON lines.
pub fn lines<T: DeserializeOwned>(path: &Path) -> Vec<T> {
    let lines = BufReader::new(File::open(path).unwrap()).lines();
    lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
}

/// The largest difference of weights after the last step. The biases of keys are left out where they change nothing (softmax):
/// their gradient is rounding, which Adam scales up.
pub fn weights(folder: &Path, output: &Path) -> f64 {
    let reference = tempfile::tempdir().unwrap();
    std::fs::copy(folder.join("reference.safetensors"), reference.path().join("model.safetensors")).unwrap();
    let (reference, ours) = (Tensors::open(reference.path()).unwrap(), Tensors::open(output).unwrap());
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
