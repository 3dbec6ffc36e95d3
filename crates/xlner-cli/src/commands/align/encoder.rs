//! `xlner align --save-encoder`: the old spelling of `xlner tune encoder`.

use std::path::PathBuf;

use anyhow::Result;
use xlner::AlignJob;
use xlner_align::similarity::Extraction;

use crate::commands::tune::encoder::{TrainingArgs, Tuning, tune};
use crate::context::{Context, UsageError};

/// How an encoder is fine-tuned.
#[derive(Clone, clap::Args)]
pub struct TuningArgs {
    /// Fine-tune the encoder on the pairs first and keep it in this folder
    #[arg(long, value_name = "DIR", requires = "similarity", hide = true)]
    save_encoder: Option<PathBuf>,
    #[arg(long, requires = "save_encoder", hide = true)]
    consistency: bool,
    #[arg(long, value_name = "N", requires = "save_encoder", hide = true)]
    epochs: Option<usize>,
    #[arg(long, value_name = "N", requires = "save_encoder", hide = true)]
    batch_size: Option<usize>,
    #[arg(long, value_name = "X", requires = "save_encoder", allow_negative_numbers = true, hide = true)]
    learning_rate: Option<f64>,
    #[arg(long, value_name = "N", requires = "save_encoder", hide = true)]
    seed: Option<u64>,
    #[arg(long, value_name = "DEVICE", requires = "save_encoder", hide = true)]
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
        layer: Option<usize>,
        extraction: Extraction,
        context: &Context,
    ) -> Result<Option<String>> {
        let TuningArgs { save_encoder, consistency, epochs, batch_size, learning_rate, seed, device } = self;
        let Some(output) = save_encoder else { return Ok(None) };
        let Extraction::Softmax { threshold } = extraction else {
            return Err(UsageError("an encoder is fine-tuned by --similarity softmax".into()).into());
        };
        context.note("note: --save-encoder will go away; use `xlner tune encoder`");
        let tuning =
            Tuning { encoder, input: &job.input, layer: layer.unwrap_or(8), threshold, output: &output, json: false };
        tune(
            &tuning,
            TrainingArgs { objectives: Vec::new(), consistency, epochs, batch_size, learning_rate, seed, device },
            context,
        )?;
        Ok(Some(output.to_string_lossy().into_owned()))
    }
}
