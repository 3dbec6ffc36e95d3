//! How transformers are trained: flags of `train` and `adapt`.

use std::path::PathBuf;

/// How a transformer is trained. What is not given is as `FineTuneOptions` says, or as the command chooses.
#[derive(clap::Args)]
#[cfg_attr(not(feature = "fine-tune"), allow(dead_code))]
pub struct TrainingArgs {
    /// Passes over the data [default: 3; in `train` by the size of the data, so many that it takes about 600 steps: 3 to 30]
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub epochs: Option<usize>,
    /// Sentences of a batch [default: 16; in `train` 8 with fewer than 400 sentences]
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub batch_size: Option<usize>,
    /// Batches whose gradients are added up for a step [default: 1]
    #[arg(long, value_name = "N", help_heading = "Training")]
    gradient_accumulation: Option<usize>,
    /// Largest learning rate [default: 5e-5; in `train` by the size of the model: 5e-5 with 768 values in a vector, more with fewer; ten
    /// times that with --lora]
    #[arg(long, value_name = "X", allow_negative_numbers = true, help_heading = "Training")]
    pub learning_rate: Option<f64>,
    /// Steps over which the learning rate rises; below 1 a share of all steps [default: 0.1]
    #[arg(long, value_name = "X", allow_negative_numbers = true, help_heading = "Training")]
    warmup: Option<f64>,
    /// Weight decay, but of biases and norms [default: 0.01]
    #[arg(long, value_name = "X", allow_negative_numbers = true, help_heading = "Training")]
    weight_decay: Option<f64>,
    /// Gradients whose norm is larger are scaled down to it [default: 1]
    #[arg(long, value_name = "X", allow_negative_numbers = true, help_heading = "Training")]
    max_grad_norm: Option<f64>,
    /// Share of values dropped [default: as the model's config.json says]
    #[arg(long, value_name = "P", allow_negative_numbers = true, help_heading = "Training")]
    dropout: Option<f64>,
    /// Leave the embeddings and the first N layers as they are
    #[arg(long, value_name = "N", help_heading = "Training")]
    freeze_layers: Option<usize>,
    /// Sub-words of a window at most; longer sentences are read in several [default: what the model takes]
    #[arg(long, value_name = "N", help_heading = "Training")]
    max_length: Option<usize>,
    /// Sentences of like length share batches, which spares a GPU padding
    #[arg(long, help_heading = "Training")]
    group_by_length: bool,
    /// Seed of order, masks, dropout and new weights [default: 42]
    #[arg(long, value_name = "N", help_heading = "Training")]
    seed: Option<u64>,
    /// End after N epochs that are not better on --dev, or in `adapt` on the text held out
    #[arg(long, value_name = "N", help_heading = "Training")]
    patience: Option<usize>,
    /// Folder for the state of the training; rerunning the same command resumes from it
    #[arg(long, value_name = "DIR", help_heading = "Training")]
    checkpoint: Option<PathBuf>,
    /// Steps from one state to the next [default: one a epoch]
    #[arg(long, value_name = "N", requires = "checkpoint", help_heading = "Training")]
    checkpoint_steps: Option<u64>,
    /// Device to train on [default: auto, a GPU where this build knows one]
    #[arg(long, value_name = "auto|cpu|cuda|cuda:N|metal", help_heading = "Training")]
    device: Option<String>,
    /// What products are computed in on a GPU [default: f32]
    #[arg(long, value_name = "f32|bf16|f16", help_heading = "Training")]
    precision: Option<String>,
}

impl TrainingArgs {
    /// The first flag that is given.
    pub fn given(&self) -> Option<&'static str> {
        let given = [
            ("--epochs", self.epochs.is_some()),
            ("--batch-size", self.batch_size.is_some()),
            ("--gradient-accumulation", self.gradient_accumulation.is_some()),
            ("--learning-rate", self.learning_rate.is_some()),
            ("--warmup", self.warmup.is_some()),
            ("--weight-decay", self.weight_decay.is_some()),
            ("--max-grad-norm", self.max_grad_norm.is_some()),
            ("--dropout", self.dropout.is_some()),
            ("--freeze-layers", self.freeze_layers.is_some()),
            ("--max-length", self.max_length.is_some()),
            ("--group-by-length", self.group_by_length),
            ("--seed", self.seed.is_some()),
            ("--patience", self.patience.is_some()),
            ("--checkpoint", self.checkpoint.is_some()),
            ("--device", self.device.is_some()),
            ("--precision", self.precision.is_some()),
        ];
        given.iter().find(|(_, given)| *given).map(|(flag, _)| *flag)
    }

    /// The options that they come to.
    ///
    /// # Errors
    /// A device or a precision that there is not.
    #[cfg(feature = "fine-tune")]
    pub fn options(self) -> anyhow::Result<xlner_neural::transformer::fine_tune::FineTuneOptions> {
        let usual = xlner_neural::transformer::fine_tune::FineTuneOptions::default();
        Ok(xlner_neural::transformer::fine_tune::FineTuneOptions {
            epochs: self.epochs.unwrap_or(usual.epochs),
            batch_size: self.batch_size.unwrap_or(usual.batch_size),
            gradient_accumulation: self.gradient_accumulation.unwrap_or(usual.gradient_accumulation),
            learning_rate: self.learning_rate.unwrap_or(usual.learning_rate),
            warmup: self.warmup.unwrap_or(usual.warmup),
            weight_decay: self.weight_decay.unwrap_or(usual.weight_decay),
            max_grad_norm: self.max_grad_norm.unwrap_or(usual.max_grad_norm),
            dropout: self.dropout,
            freeze_layers: self.freeze_layers,
            max_length: self.max_length,
            group_by_length: self.group_by_length,
            seed: self.seed.unwrap_or(usual.seed),
            patience: self.patience,
            checkpoint: self.checkpoint,
            checkpoint_steps: self.checkpoint_steps,
            device: parsed(self.device, usual.device)?,
            products: parsed(self.precision, usual.products)?,
            ..usual
        })
    }
}

/// What a flag says by a name; a name that there is not is wrong usage.
#[cfg(feature = "fine-tune")]
pub fn parsed<T: std::str::FromStr>(text: Option<String>, usual: T) -> anyhow::Result<T>
where
    T::Err: std::fmt::Display,
{
    let wrong = |error: T::Err| crate::context::UsageError(error.to_string()).into();
    text.map_or(Ok(usual), |text| text.parse().map_err(wrong))
}
