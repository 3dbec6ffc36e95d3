//! The job `tune encoder`: a bitext → an encoder whose vectors align it better.

use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;
use xlner_core::{Pair, Sentence};
use xlner_models::hub;
use xlner_neural::transformer::fine_tune::{FineTuneAlignerOptions, fine_tune_aligner};

use crate::engine::source::{self, Input, Source};
use crate::progress::{Listener, Progress, Stage};
use crate::{Error, Result};

/// Fine-tunes an encoder on pairs (Dou and Neubig 2021). All pairs are held in memory.
#[derive(Debug, Clone)]
pub struct EncoderJob {
    /// The encoder to begin from: a folder as Hugging Face keeps models, or a name on the Hub.
    pub encoder: String,
    /// The pairs. Sentences without tokens are tokenised.
    pub input: Input,
    /// How it is trained.
    pub options: FineTuneAlignerOptions,
    /// The folder that the encoder is written to.
    pub output: PathBuf,
}

/// Figures of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EncoderReport {
    /// Pairs trained on.
    pub pairs: usize,
    /// Pairs left out: with an empty side, or longer than the encoder takes.
    pub left_out: usize,
    /// Steps made.
    pub steps: u64,
    /// Mean loss of every epoch; the lower the better.
    pub losses: Vec<f64>,
    /// Seconds that training took.
    pub seconds: f64,
}

impl EncoderJob {
    /// Does the job. The folder appears when training is done.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn run(&self, listener: Listener<'_>) -> Result<EncoderReport> {
        if self.output.as_os_str() == "-" || self.output.is_file() {
            return Err(Error::Options(
                "an encoder is written to a folder, not to a file or standard output (option `output`)".into(),
            ));
        }
        let init = hub::resolve(&self.encoder, None)?;
        let prepare = |pair: &mut Pair, number| {
            source::tokenize(pair).map_err(|error| Error::of_pair(self.input.name(), number, pair, error.into()))
        };
        let pairs = Source::open(&self.input, None)?.read_all(prepare, listener)?;
        let sides: Vec<(&Sentence, &Sentence)> = pairs.iter().map(|pair| (&pair.source, &pair.target)).collect();
        let batch = self.options.batch_size as u64;
        let start = Instant::now();
        let tuned = fine_tune_aligner(&init, &sides, &self.options, &self.output, &mut |step| {
            let total = Some(step.steps * batch);
            listener(Progress { stage: Stage::Train, done: step.step * batch, total });
        });
        let tuned = tuned.map_err(|error| match error {
            xlner_neural::Error::Sentence { index, problem } => Error::Sentence {
                file: self.input.name().to_owned(),
                number: index as u64 / 2 + 1,
                id: pairs[index / 2].id.clone(),
                problem,
            },
            error => error.into(),
        })?;
        Ok(EncoderReport {
            pairs: tuned.pairs,
            left_out: tuned.left_out,
            steps: tuned.steps,
            losses: tuned.losses,
            seconds: start.elapsed().as_secs_f64(),
        })
    }
}
