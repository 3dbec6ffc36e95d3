//! Fine-tuning: a checkpoint and labelled sentences → a model that classifies tokens.
//!
//! A head is put on the encoder (Devlin et al. 2019, §5.3), and all is trained by AdamW with a learning rate that rises and
//! falls in straight lines. What is saved is a folder as `transformers` writes it. Gradients come from candle, on the CPU, and
//! with the features `cuda` and `metal` on those devices.

mod adapt;
mod aligner;
mod checkpoint;
mod choice;
mod classify;
mod data;
mod figures;
mod folder;
mod lora;
mod masked;
mod model;
mod ops;
mod optimizer;
mod options;
mod parameters;
mod task;
mod texts;
mod trainer;
mod vocabulary;

pub use adapt::{AdaptData, AdaptOptions, Adapted, adapt};
pub use aligner::{AlignerTuned, FineTuneAlignerOptions, fine_tune_aligner};
pub use choice::Choice;
pub use classify::fine_tune;
pub use figures::{EpochFigures, FineTuned, Step};
pub use lora::Lora;
pub use options::{DeviceChoice, FineTuneOptions, LabelOn, Products};
pub use texts::CutFigures;
pub use trainer::Evaluate;
