//! Fine-tuning of the encoder by `xlner align --save-encoder`.

use std::path::PathBuf;

use anyhow::Result;
use xlner::AlignJob;
use xlner_align::similarity::Extraction;

use crate::context::{Context, UsageError};

/// How an encoder is fine-tuned. What is not given is as `AlignerOptions` says.
#[derive(Clone, clap::Args)]
pub struct TuningArgs {
    /// Fine-tune the encoder on the pairs first (AWESoME; softmax only), and keep it in this folder
    #[arg(long, value_name = "DIR", requires = "similarity", help_heading = "Fine-tuning of the encoder")]
    save_encoder: Option<PathBuf>,
    /// Train for consistency of both directions, too
    #[arg(long, requires = "save_encoder", help_heading = "Fine-tuning of the encoder")]
    consistency: bool,
    /// Passes over the pairs [default: 1]
    #[arg(long, value_name = "N", requires = "save_encoder", help_heading = "Fine-tuning of the encoder")]
    epochs: Option<usize>,
    /// Pairs of a batch [default: 8]
    #[arg(long, value_name = "N", requires = "save_encoder", help_heading = "Fine-tuning of the encoder")]
    batch_size: Option<usize>,
    /// Largest learning rate [default: 2e-5]
    #[arg(
        long,
        value_name = "X",
        requires = "save_encoder",
        allow_negative_numbers = true,
        help_heading = "Fine-tuning of the encoder"
    )]
    learning_rate: Option<f64>,
    /// Seed of order and dropout [default: 42]
    #[arg(long, value_name = "N", requires = "save_encoder", help_heading = "Fine-tuning of the encoder")]
    seed: Option<u64>,
    /// What computes [default: auto, a GPU where this build knows one]
    #[arg(
        long,
        value_name = "auto|cpu|cuda|cuda:N|metal",
        requires = "save_encoder",
        help_heading = "Fine-tuning of the encoder"
    )]
    device: Option<String>,
}

impl TuningArgs {
    /// Whether an encoder is to be fine-tuned.
    pub fn asked_for(&self) -> bool {
        self.save_encoder.is_some()
    }

    /// Fine-tunes the encoder where that is asked for; the name of the one that came out.
    pub fn run(
        self,
        job: &AlignJob,
        encoder: &str,
        layer: usize,
        extraction: Extraction,
        context: &Context,
    ) -> Result<Option<String>> {
        let Some(output) = self.save_encoder.clone() else { return Ok(None) };
        let Extraction::Softmax { threshold } = extraction else {
            return Err(UsageError("an encoder is fine-tuned by --similarity softmax".into()).into());
        };
        self.tune(job, encoder, layer, threshold, &output, context)?;
        Ok(Some(output.to_string_lossy().into_owned()))
    }

    #[cfg(not(feature = "fine-tune"))]
    fn tune(self, _: &AlignJob, _: &str, _: usize, _: f64, _: &std::path::Path, _: &Context) -> Result<()> {
        Err(UsageError("this xlner was built without the feature `fine-tune`, which --save-encoder needs".into())
            .into())
    }

    #[cfg(feature = "fine-tune")]
    fn tune(
        self,
        job: &AlignJob,
        encoder: &str,
        layer: usize,
        threshold: f64,
        output: &std::path::Path,
        context: &Context,
    ) -> Result<()> {
        use xlner::align::EncoderJob;
        use xlner_neural::transformer::fine_tune::AlignerOptions;

        use crate::bars::Bars;
        use crate::context::{failed, model_failed};

        let usual = AlignerOptions::default();
        let device = self.device.map_or(Ok(usual.device), |name| name.parse()).map_err(model_failed)?;
        let job = EncoderJob {
            encoder: encoder.to_owned(),
            input: job.input.clone(),
            options: AlignerOptions {
                layer,
                threshold,
                consistency: self.consistency,
                epochs: self.epochs.unwrap_or(usual.epochs),
                batch_size: self.batch_size.unwrap_or(usual.batch_size),
                learning_rate: self.learning_rate.unwrap_or(usual.learning_rate),
                seed: self.seed.unwrap_or(usual.seed),
                device,
                ..usual
            },
            output: output.to_owned(),
        };
        let report = {
            let mut bars = Bars::new(context);
            job.run(&mut |progress| bars.show(progress)).map_err(failed)?
        };
        let losses: Vec<String> = report.losses.iter().map(|loss| format!("{loss:.4}")).collect();
        context.note(format_args!(
            "the encoder was trained on {} pairs ({} left out) in {} steps, {:.1} s; loss by epoch: {}",
            report.pairs,
            report.left_out,
            report.steps,
            report.seconds,
            losses.join(", ")
        ));
        Ok(())
    }
}
