//! Fine-tuning by `xlner train --model-type transformer`.

use anyhow::Result;

use crate::commands::training::TrainingArgs;
use crate::context::UsageError;

/// How a transformer is trained. What is not given is as `FineTuneOptions` says.
#[derive(clap::Args)]
pub struct TransformerArgs {
    #[command(flatten)]
    training: TrainingArgs,
    /// Train an adapter of this rank (LoRA) in place of the model; it is written as PEFT does, and used like a model
    #[arg(long, value_name = "RANK", help_heading = "Transformer")]
    lora: Option<usize>,
    /// What the adapter adds is multiplied by this, over the rank [default: twice the rank]
    #[arg(long, value_name = "X", requires = "lora", allow_negative_numbers = true, help_heading = "Transformer")]
    lora_alpha: Option<f64>,
    /// Write the whole model, with the adapter merged into it
    #[arg(long, requires = "lora", help_heading = "Transformer")]
    merge: bool,
    /// Train a model that reads each sentence beside its tagged translation (TransFusion): --train and --dev are pairs whose source has
    /// entities, as `transfer` and `label` write them. `tag` and `label --fusion` use it
    #[arg(long, conflicts_with = "side", help_heading = "Transformer")]
    fusion: bool,
    /// Which sub-words of a token have its label [default: first]
    #[arg(long, value_name = "first|all", help_heading = "Transformer")]
    label_on: Option<String>,
    /// How much errors on a label count, `PER=2`, `O=0.5`; repeatable [default: 1 for all]
    #[arg(long, value_name = "LABEL=X", value_parser = parse_weight, help_heading = "Transformer")]
    class_weight: Vec<(String, f64)>,
}

fn parse_weight(text: &str) -> Result<(String, f64), String> {
    let parts = text.rsplit_once('=').and_then(|(label, weight)| Some((label.to_owned(), weight.parse().ok()?)));
    parts.filter(|(label, _)| !label.is_empty()).ok_or_else(|| "a weight is given as LABEL=X, `PER=2`".into())
}

impl TransformerArgs {
    /// Refuses what only transformers have.
    pub fn refuse(&self) -> Result<()> {
        let own = [
            ("--lora", self.lora.is_some()),
            ("--fusion", self.fusion),
            ("--label-on", self.label_on.is_some()),
            ("--class-weight", !self.class_weight.is_empty()),
        ];
        let own = own.iter().find(|(_, given)| *given).map(|(flag, _)| *flag);
        match self.training.given().or(own) {
            Some(flag) => Err(UsageError(format!("{flag} goes with --model-type transformer")).into()),
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
    use crate::commands::training::parsed;
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
            epochs: args.transformer.training.epochs,
            batch_size: args.transformer.training.batch_size,
            learning_rate: args.transformer.training.learning_rate,
        };
        let fine_tune = options(args.transformer, &init)?;
        Ok(FineTuneJob {
            init,
            schedule,
            train: args.train,
            dev: args.dev,
            options: ReadOptions { format: args.from_format, side: args.side, ..context.read_in(args.lang) },
            weights: args.weights,
            fine_tune,
            output: args.output,
        })
    }

    fn options(args: TransformerArgs, init: &str) -> Result<FineTuneOptions> {
        let label_on = parsed(args.label_on, FineTuneOptions::default().label_on)?;
        Ok(FineTuneOptions {
            lora: args.lora.map(|rank| Lora {
                rank,
                alpha: args.lora_alpha.unwrap_or(2.0 * rank as f64),
                merge: args.merge,
                base: base(init),
            }),
            fusion: args.fusion,
            label_on,
            class_weights: args.class_weight,
            ..args.training.options()?
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
        if report.finds_nothing {
            context.note(
                "warning: the tagger finds nothing at all: train for more epochs, at a higher learning rate, or on more sentences",
            );
        }
    }
}
