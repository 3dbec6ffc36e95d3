//! Fine-tuning by `xlner train --model-type transformer`.

use std::path::PathBuf;

use anyhow::Result;

use crate::context::UsageError;

/// How a transformer is trained. What is not given is as `FineTuneOptions` says.
#[derive(clap::Args)]
pub struct TransformerArgs {
    /// Passes over the data [default: by the size of the data, so many that it takes about 600 steps; 3 to 30]
    #[arg(long, value_name = "N", help_heading = "Transformer")]
    epochs: Option<usize>,
    /// Sentences of a batch [default: 16; 8 with fewer than 400 sentences]
    #[arg(long, value_name = "N", help_heading = "Transformer")]
    batch_size: Option<usize>,
    /// Batches whose gradients are added up for a step [default: 1]
    #[arg(long, value_name = "N", help_heading = "Transformer")]
    gradient_accumulation: Option<usize>,
    /// Largest learning rate [default: by the size of the model: 5e-5 with 768 values in a vector, more with fewer; ten times that
    /// with --lora]
    #[arg(long, value_name = "X", allow_negative_numbers = true, help_heading = "Transformer")]
    learning_rate: Option<f64>,
    /// Steps over which the learning rate rises; below 1 a share of all steps [default: 0.1]
    #[arg(long, value_name = "X", allow_negative_numbers = true, help_heading = "Transformer")]
    warmup: Option<f64>,
    /// Weight decay, but of biases and norms [default: 0.01]
    #[arg(long, value_name = "X", allow_negative_numbers = true, help_heading = "Transformer")]
    weight_decay: Option<f64>,
    /// Gradients whose norm is larger are scaled down to it [default: 1]
    #[arg(long, value_name = "X", allow_negative_numbers = true, help_heading = "Transformer")]
    max_grad_norm: Option<f64>,
    /// Share of values dropped [default: as the model's config.json says]
    #[arg(long, value_name = "P", allow_negative_numbers = true, help_heading = "Transformer")]
    dropout: Option<f64>,
    /// Leave the embeddings and the first N layers as they are
    #[arg(long, value_name = "N", help_heading = "Transformer")]
    freeze_layers: Option<usize>,
    /// Train an adapter of this rank (LoRA) in place of the model; it is written as PEFT does, and used like a model
    #[arg(long, value_name = "RANK", help_heading = "Transformer")]
    lora: Option<usize>,
    /// What the adapter adds is multiplied by this, over the rank [default: twice the rank]
    #[arg(long, value_name = "X", requires = "lora", allow_negative_numbers = true, help_heading = "Transformer")]
    lora_alpha: Option<f64>,
    /// Write the whole model, with the adapter merged into it
    #[arg(long, requires = "lora", help_heading = "Transformer")]
    merge: bool,
    /// Which sub-words of a token have its label [default: first]
    #[arg(long, value_name = "first|all", help_heading = "Transformer")]
    label_on: Option<String>,
    /// How much errors on a label count, `PER=2`, `O=0.5`; repeatable [default: 1 for all]
    #[arg(long, value_name = "LABEL=X", value_parser = parse_weight, help_heading = "Transformer")]
    class_weight: Vec<(String, f64)>,
    /// Sub-words of a window at most; longer sentences are read in several [default: what the model takes]
    #[arg(long, value_name = "N", help_heading = "Transformer")]
    max_length: Option<usize>,
    /// Sentences of like length share batches, which spares a GPU padding
    #[arg(long, help_heading = "Transformer")]
    group_by_length: bool,
    /// Seed of order, dropout and the head's first weights [default: 42]
    #[arg(long, value_name = "N", help_heading = "Transformer")]
    seed: Option<u64>,
    /// End after N epochs that are not better on --dev
    #[arg(long, value_name = "N", help_heading = "Transformer")]
    patience: Option<usize>,
    /// Folder for the state of the training; rerunning the same command resumes from it
    #[arg(long, value_name = "DIR", help_heading = "Transformer")]
    checkpoint: Option<PathBuf>,
    /// Steps from one state to the next [default: one a epoch]
    #[arg(long, value_name = "N", requires = "checkpoint", help_heading = "Transformer")]
    checkpoint_steps: Option<u64>,
    /// Device to train on [default: auto, a GPU where this build knows one]
    #[arg(long, value_name = "auto|cpu|cuda|cuda:N|metal", help_heading = "Transformer")]
    device: Option<String>,
    /// What products are computed in on a GPU [default: f32]
    #[arg(long, value_name = "f32|bf16|f16", help_heading = "Transformer")]
    precision: Option<String>,
}

fn parse_weight(text: &str) -> Result<(String, f64), String> {
    let parts = text.rsplit_once('=').and_then(|(label, weight)| Some((label.to_owned(), weight.parse().ok()?)));
    parts.filter(|(label, _)| !label.is_empty()).ok_or_else(|| "a weight is given as LABEL=X, `PER=2`".into())
}

impl TransformerArgs {
    /// Refuses what only transformers have.
    pub fn refuse(&self) -> Result<()> {
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
            ("--lora", self.lora.is_some()),
            ("--label-on", self.label_on.is_some()),
            ("--class-weight", !self.class_weight.is_empty()),
            ("--max-length", self.max_length.is_some()),
            ("--group-by-length", self.group_by_length),
            ("--seed", self.seed.is_some()),
            ("--patience", self.patience.is_some()),
            ("--checkpoint", self.checkpoint.is_some()),
            ("--device", self.device.is_some()),
            ("--precision", self.precision.is_some()),
        ];
        match given.iter().find(|(_, given)| *given) {
            Some((flag, _)) => Err(UsageError(format!("{flag} goes with --model-type transformer")).into()),
            None => Ok(()),
        }
    }
}

#[cfg(feature = "fine-tune")]
pub use built::run;

/// Without the feature there is nothing to run.
#[cfg(not(feature = "fine-tune"))]
pub fn run(_: super::Args, _: &crate::context::Context) -> Result<()> {
    Err(UsageError("this xlner was built without the feature `fine-tune`, which trains transformers".into()).into())
}

#[cfg(feature = "fine-tune")]
mod built {
    use anyhow::Result;
    use xlner::{FineTuneJob, FineTuneReport, Schedule};
    use xlner_formats::ReadOptions;
    use xlner_neural::transformer::fine_tune::{FineTuneOptions, Lora};

    use super::TransformerArgs;
    use crate::bars::Bars;
    use crate::commands::train::Args;
    use crate::context::{Context, UsageError, failed};

    pub fn run(args: Args, context: &Context) -> Result<()> {
        let json = args.json;
        let job = job(args, context)?;
        let report = {
            let mut bars = Bars::new(context);
            job.run(&mut |progress| bars.show(progress)).map_err(failed)?
        };
        tell(&report, context);
        if json {
            println!("{}", serde_json::to_string_pretty(&report)?);
        }
        Ok(())
    }

    fn job(args: Args, context: &Context) -> Result<FineTuneJob> {
        let init = args.crf.init.clone();
        let init = init.ok_or_else(|| UsageError("a transformer is trained from another: give --init MODEL".into()))?;
        let schedule = Schedule {
            epochs: args.transformer.epochs,
            batch_size: args.transformer.batch_size,
            learning_rate: args.transformer.learning_rate,
        };
        let fine_tune = options(args.transformer, &init)?;
        Ok(FineTuneJob {
            init,
            schedule,
            train: args.train,
            dev: args.dev,
            options: ReadOptions { format: args.from_format, side: args.side, ..context.read() },
            weights: args.weights,
            fine_tune,
            output: args.output,
        })
    }

    fn options(args: TransformerArgs, init: &str) -> Result<FineTuneOptions> {
        fn parsed<T: std::str::FromStr>(text: Option<String>, usual: T) -> Result<T>
        where
            T::Err: std::fmt::Display,
        {
            text.map_or(Ok(usual), |text| text.parse().map_err(|error: T::Err| UsageError(error.to_string()).into()))
        }
        let usual = FineTuneOptions::default();
        Ok(FineTuneOptions {
            gradient_accumulation: args.gradient_accumulation.unwrap_or(usual.gradient_accumulation),
            warmup: args.warmup.unwrap_or(usual.warmup),
            weight_decay: args.weight_decay.unwrap_or(usual.weight_decay),
            max_grad_norm: args.max_grad_norm.unwrap_or(usual.max_grad_norm),
            dropout: args.dropout,
            freeze_layers: args.freeze_layers,
            lora: args.lora.map(|rank| Lora {
                rank,
                alpha: args.lora_alpha.unwrap_or(2.0 * rank as f64),
                merge: args.merge,
                base: base(init),
            }),
            label_on: parsed(args.label_on, usual.label_on)?,
            class_weights: args.class_weight,
            max_length: args.max_length,
            group_by_length: args.group_by_length,
            seed: args.seed.unwrap_or(usual.seed),
            patience: args.patience,
            checkpoint: args.checkpoint,
            checkpoint_steps: args.checkpoint_steps,
            device: parsed(args.device, usual.device)?,
            products: parsed(args.precision, usual.products)?,
            ..usual
        })
    }

    /// What an adapter calls the model that it changes: a folder from the root on, as the adapter may be moved; else the name.
    fn base(init: &str) -> String {
        std::path::Path::new(init).canonicalize().map_or_else(|_| init.to_owned(), |path| path.display().to_string())
    }

    fn tell(report: &FineTuneReport, context: &Context) {
        if let Some(step) = report.resumed_at {
            context.note(format_args!("went on from step {step}"));
        }
        let Schedule { epochs, batch_size, learning_rate } = report.schedule;
        if let (Some(epochs), Some(batch_size), Some(rate)) = (epochs, batch_size, learning_rate) {
            context.note(format_args!("{epochs} epochs in batches of {batch_size}, learning rate {rate:.1e}"));
        }
        if report.held_out > 0 {
            context.note(format_args!(
                "{} of the sentences were held out to measure on, as there is no --dev",
                report.held_out
            ));
        }
        for epoch in &report.epochs {
            let dev = epoch.dev.map_or_else(String::new, |f1| format!(", dev F1 {f1:.4}"));
            context.note(format_args!("epoch {}: loss {:.4}{dev}", epoch.epoch, epoch.loss));
        }
        let entities: u64 = report.train.entities.values().sum();
        context.note(format_args!(
            "trained {} of {} weights on {} sentences with {entities} entities: {} steps, {:.1} s; kept is epoch {}",
            report.trained_weights, report.weights, report.train.sentences, report.steps, report.seconds, report.epoch
        ));
        if report.dev.as_ref().is_some_and(|dev| dev.micro.predicted == 0) {
            context.note(
                "warning: the tagger finds nothing at all: train for more epochs, at a higher learning rate, or on more sentences",
            );
        }
    }
}
