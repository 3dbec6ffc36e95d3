//! How a model is fine-tuned.

use std::path::PathBuf;
use std::str::FromStr;

use candle_core::{DType, Device};

use super::lora::Lora;
use crate::{Error, Result};

/// How a model is fine-tuned; names and meanings are those of `transformers.TrainingArguments` where it has them.
#[derive(Debug, Clone, PartialEq)]
pub struct FineTuneOptions {
    /// Passes over the data, ≥ 1.
    pub epochs: usize,
    /// Sentences of a batch, ≥ 1.
    pub batch_size: usize,
    /// Batches whose gradients are added up for a step, ≥ 1. The loss is the mean over all their tokens.
    pub gradient_accumulation: usize,
    /// Largest learning rate, > 0.
    pub learning_rate: f64,
    /// Steps over which the learning rate rises; below 1 a share of all steps.
    pub warmup: f64,
    /// Weight decay, ≥ 0; not of biases and norms.
    pub weight_decay: f64,
    /// Gradients whose norm is larger are scaled down to it; > 0.
    pub max_grad_norm: f64,
    /// Share of values dropped everywhere, from 0 to below 1; `None`: as `config.json` says.
    pub dropout: Option<f64>,
    /// Layers from the first that are not trained, with the embeddings (0: these alone); `None`: all is trained.
    pub freeze_layers: Option<usize>,
    /// Only an adapter and the head are trained; `None`: the model itself.
    pub lora: Option<Lora>,
    /// Whether sentences stand beside their tagged translations ([`fuse`](xlner_core::fusion::fuse)): only the tokens of the sentence
    /// itself are learnt from, and the model says that it is to be used so.
    pub fusion: bool,
    /// Which sub-words of a token are to have its label.
    pub label_on: LabelOn,
    /// How much errors on a label count; 1 for those that are not named. `O` is a label.
    pub class_weights: Vec<(String, f64)>,
    /// Sub-words of a window at most, special ones included; longer sentences are read in several. `None`: what the model takes.
    pub max_length: Option<usize>,
    /// Whether sentences of like length share batches. Spares padding on other devices than the CPU, which has none.
    pub group_by_length: bool,
    /// Whether sentences come in an order of their own in every epoch.
    pub shuffle: bool,
    /// What the order, what is dropped, and the head's first weights follow from.
    pub seed: u64,
    /// Training ends after so many epochs without a better dev figure, ≥ 1.
    pub patience: Option<usize>,
    /// Where the state of the training is kept, and found again by the next start: a folder.
    pub checkpoint: Option<PathBuf>,
    /// Steps from one state to the next, ≥ 1; `None`: one at the end of each epoch.
    pub checkpoint_steps: Option<u64>,
    /// The language of the sentences (BCP 47), which the model remembers; `None` where it is not known, or there are several.
    pub lang: Option<String>,
    /// What computes.
    pub device: DeviceChoice,
    /// What products are computed in.
    pub products: Products,
}

impl Default for FineTuneOptions {
    fn default() -> Self {
        FineTuneOptions {
            epochs: 3,
            batch_size: 16,
            gradient_accumulation: 1,
            learning_rate: 5e-5,
            warmup: 0.1,
            weight_decay: 0.01,
            max_grad_norm: 1.0,
            dropout: None,
            freeze_layers: None,
            lora: None,
            fusion: false,
            label_on: LabelOn::First,
            class_weights: Vec::new(),
            max_length: None,
            group_by_length: false,
            shuffle: true,
            seed: 42,
            patience: None,
            checkpoint: None,
            checkpoint_steps: None,
            lang: None,
            device: DeviceChoice::Auto,
            products: Products::F32,
        }
    }
}

impl FineTuneOptions {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`Error::Options`].
    pub fn check(&self) -> Result<()> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let problem = if self.epochs == 0 || self.batch_size == 0 || self.gradient_accumulation == 0 {
            "epochs, the batch size and the batches of a step are 1 at least".into()
        } else if !positive(self.learning_rate) {
            format!("the learning rate is {}; it is greater than 0", self.learning_rate)
        } else if !(self.warmup.is_finite() && self.warmup >= 0.0) {
            format!("the warm-up is {}; it is a number of steps, or a share of them below 1", self.warmup)
        } else if !(self.weight_decay.is_finite() && self.weight_decay >= 0.0) {
            format!("the weight decay is {}; it is a number from 0 on", self.weight_decay)
        } else if !positive(self.max_grad_norm) {
            format!("the largest norm of gradients is {}; it is greater than 0", self.max_grad_norm)
        } else if self.dropout.is_some_and(|dropout| !(0.0..1.0).contains(&dropout)) {
            "the share of values that are dropped is from 0 to below 1".into()
        } else if self.patience == Some(0) || self.checkpoint_steps == Some(0) {
            "patience and the steps between checkpoints are 1 at least".into()
        } else if self.checkpoint_steps.is_some() && self.checkpoint.is_none() {
            "there are steps between checkpoints, and no folder for them".into()
        } else if self.lora.is_some() && self.freeze_layers.is_some() {
            "with an adapter all layers stay as they are; leave out those that are to be frozen".into()
        } else if let Some(Err(problem)) = self.lora.as_ref().map(Lora::check) {
            problem
        } else {
            return Ok(());
        };
        Err(Error::Options(problem))
    }

    /// Steps of warm-up of so many in all.
    pub(super) fn warmup_steps(&self, steps: u64) -> u64 {
        if self.warmup < 1.0 { (self.warmup * steps as f64).ceil() as u64 } else { self.warmup as u64 }
    }
}

/// Which sub-words of a token are to have its label.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LabelOn {
    /// The first; the others do not count.
    #[default]
    First,
    /// All; those after the first of a `B-` have its `I-`.
    All,
}

impl FromStr for LabelOn {
    type Err = Error;

    fn from_str(name: &str) -> Result<LabelOn> {
        match name {
            "first" => Ok(LabelOn::First),
            "all" => Ok(LabelOn::All),
            _ => Err(Error::Options(format!("labels are on the `first` or on `all` sub-words, not on “{name}”"))),
        }
    }
}

/// What products of matrices are computed in; weights and all else are in 32 bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Products {
    /// 32-bit floating point.
    #[default]
    F32,
    /// bfloat16; not on the CPU.
    Bf16,
    /// 16-bit floating point, the loss scaled up as far as gradients stay finite (Micikevicius et al. 2018, §3.2); not on the
    /// CPU.
    F16,
}

impl Products {
    pub(super) fn dtype(self) -> DType {
        match self {
            Products::F32 => DType::F32,
            Products::Bf16 => DType::BF16,
            Products::F16 => DType::F16,
        }
    }
}

impl FromStr for Products {
    type Err = Error;

    fn from_str(name: &str) -> Result<Products> {
        match name {
            "f32" => Ok(Products::F32),
            "bf16" => Ok(Products::Bf16),
            "f16" => Ok(Products::F16),
            _ => Err(Error::Options(format!("“{name}” is not a precision; there are f32, bf16 and f16"))),
        }
    }
}

/// What computes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The first GPU of those that this build knows, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// A GPU of NVIDIA's, by number; needs the feature `cuda`.
    Cuda(usize),
    /// A GPU of Apple's; needs the feature `metal`.
    Metal,
}

impl DeviceChoice {
    pub(super) fn open(self) -> Result<Device> {
        let missing = |feature: &str, problem: candle_core::Error| {
            let built = if cfg!(feature = "cuda") && feature == "cuda" || cfg!(feature = "metal") && feature == "metal"
            {
                problem.to_string()
            } else {
                format!("this xlner was built without the feature `{feature}`")
            };
            Error::Options(format!("no {feature} device: {built}"))
        };
        match self {
            DeviceChoice::Cpu => Ok(Device::Cpu),
            DeviceChoice::Cuda(number) => Device::new_cuda(number).map_err(|problem| missing("cuda", problem)),
            DeviceChoice::Metal => Device::new_metal(0).map_err(|problem| missing("metal", problem)),
            DeviceChoice::Auto if cfg!(feature = "cuda") && candle_core::utils::cuda_is_available() => {
                DeviceChoice::Cuda(0).open()
            }
            DeviceChoice::Auto if cfg!(feature = "metal") && candle_core::utils::metal_is_available() => {
                DeviceChoice::Metal.open()
            }
            DeviceChoice::Auto => Ok(Device::Cpu),
        }
    }
}

impl FromStr for DeviceChoice {
    type Err = Error;

    fn from_str(name: &str) -> Result<DeviceChoice> {
        Ok(match name {
            "auto" => DeviceChoice::Auto,
            "cpu" => DeviceChoice::Cpu,
            "cuda" => DeviceChoice::Cuda(0),
            "metal" => DeviceChoice::Metal,
            _ => match name.strip_prefix("cuda:").and_then(|number| number.parse().ok()) {
                Some(number) => DeviceChoice::Cuda(number),
                None => {
                    let problem = format!("“{name}” is no device; there are auto, cpu, cuda, cuda:N and metal");
                    return Err(Error::Options(problem));
                }
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        assert!(FineTuneOptions::default().check().is_ok());
        let wrong = |change: &dyn Fn(&mut FineTuneOptions)| {
            let mut options = FineTuneOptions::default();
            change(&mut options);
            options.check().unwrap_err().to_string()
        };
        assert!(wrong(&|o| o.epochs = 0).contains("1 at least"));
        assert!(wrong(&|o| o.learning_rate = f64::NAN).contains("learning rate"));
        assert!(wrong(&|o| o.warmup = -1.0).contains("warm-up"));
        assert!(wrong(&|o| o.weight_decay = -0.1).contains("weight decay"));
        assert!(wrong(&|o| o.max_grad_norm = 0.0).contains("norm of gradients"));
        assert!(wrong(&|o| o.dropout = Some(1.0)).contains("dropped"));
        assert!(wrong(&|o| o.checkpoint_steps = Some(5)).contains("no folder"));
    }

    #[test]
    fn names() {
        assert_eq!("cuda:3".parse::<DeviceChoice>().unwrap(), DeviceChoice::Cuda(3));
        assert!("tpu".parse::<DeviceChoice>().unwrap_err().to_string().contains("tpu"));
        assert!("f64".parse::<Products>().is_err() && "last".parse::<LabelOn>().is_err());
        let options = FineTuneOptions { warmup: 0.1, ..FineTuneOptions::default() };
        assert_eq!(options.warmup_steps(101), 11);
        assert_eq!(FineTuneOptions { warmup: 7.0, ..options }.warmup_steps(101), 7);
        if cfg!(not(feature = "cuda")) {
            let problem = DeviceChoice::Cuda(0).open().unwrap_err().to_string();
            assert!(problem.contains("without the feature `cuda`"), "{problem}");
        }
    }
}
