//! The job `align`: bitext → links.

#[cfg(feature = "fine-tune")]
mod fine_tune;
mod serve;
mod similarity;
mod symmetrize;

use std::path::PathBuf;

#[cfg(feature = "fine-tune")]
pub use fine_tune::{EncoderJob, EncoderReport};
use serde::Serialize;
pub use serve::{ServeJob, ServeReport};
pub use similarity::{EncoderAligner, SimilarityJob};
pub use symmetrize::{SymmetrizeJob, SymmetrizeReport};
#[cfg(doc)]
use xlner_align::Confidence;
use xlner_align::Scratch;
use xlner_core::{Alignment, Pair};
use xlner_formats::WriteOptions;

use crate::aligner::{Aligner, AlignerOptions, Extraction, bitext};
use crate::engine::output::Output;
use crate::engine::pump::{BATCH, each, pump};
use crate::engine::source::{self, Input, Source};
use crate::progress::{Listener, Progress, Stage};
use crate::{Error, Result};

/// The field of records that holds the confidence.
const CONFIDENCE: &str = "confidence";

/// Aligns words.
///
/// A given model aligns as it is, and the pairs are streamed. Without one, or with [`train`](Self::train), the aligner is
/// trained on the pairs and every extra bitext first; all pairs are then held in memory.
#[derive(Debug, Clone)]
pub struct AlignJob {
    /// The pairs to be aligned. Sentences without tokens are tokenised.
    pub input: Input,
    /// The model, other text to train on, dictionaries.
    pub aligner: AlignerOptions,
    /// Training goes on from the given model, on the pairs and the other bitexts.
    pub train: bool,
    /// Where the trained model is kept.
    pub save_model: Option<PathBuf>,
    /// Which links are taken.
    pub extraction: Extraction,
    /// Pairs of less confidence ([`Confidence::value`], 0 to 1) get no links, and records a field `confidence`.
    pub min_confidence: Option<f64>,
    /// Where the links go: one alignment a pair, always, empty where nothing is linked; formats that hold records (JSONL,
    /// Parquet) get them with their links. `None`: nowhere.
    pub output: Option<PathBuf>,
    /// How they are written.
    pub output_options: WriteOptions,
}

/// Figures of a run of `align`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct AlignReport {
    /// Sentence pairs aligned.
    pub sentences: u64,
    /// Of them those of which a side is empty: nothing can be linked.
    pub empty_pairs: u64,
    /// Of them the long ones ([`Pair::LONG`]), which the built-in aligner cuts into pieces.
    pub long_pairs: u64,
    /// Pairs that got no links, because the confidence was too low.
    pub unsure_pairs: u64,
    /// Links.
    pub links: u64,
    /// Sentences tokenised by us.
    pub tokenized_sentences: u64,
    /// Pairs of other bitexts that the aligner was trained on.
    pub bitext_pairs: u64,
    /// Entries of dictionaries.
    pub dictionary_entries: u64,
}

impl AlignJob {
    /// Checks what can be checked without reading anything.
    ///
    /// # Errors
    /// [`Error::Options`].
    pub fn check(&self) -> Result<()> {
        let inputs = self.input.paths().into_iter().chain(self.aligner.paths());
        if inputs.filter(|path| path.as_os_str() == "-").count() > 1 {
            return Err(Error::Options("standard input (-) can be read once only".into()));
        }
        if !(0.0..=1.0).contains(&self.extraction.threshold) {
            return Err(Error::Options("option `threshold` is a probability, 0 to 1".into()));
        }
        if self.min_confidence.is_some_and(|least| !(0.0..=1.0).contains(&least)) {
            return Err(Error::Options("option `min_confidence` is a number from 0 to 1".into()));
        }
        if self.output.is_none() && self.save_model.is_none() {
            return Err(Error::Options("nothing to do: neither links nor a model are written".into()));
        }
        if self.aligner.model.is_some() && !self.train {
            let without = [
                ("option `save_model`", self.save_model.is_some()),
                ("option `dictionary`", !self.aligner.dictionary.is_empty()),
                ("a second file of option `bitext`", !self.aligner.bitext.is_empty()),
            ];
            if let Some((name, _)) = without.iter().find(|(_, given)| *given) {
                return Err(Error::Options(format!(
                    "option `model` aligns as it is, and {name} is for training; to train on from the model add option `train`"
                )));
            }
        }
        Ok(())
    }

    /// Does the job. What it writes appears when all is done; only standard output is written to as it goes.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn run(&self, listener: Listener<'_>) -> Result<AlignReport> {
        self.check()?;
        let pairs = Source::open(&self.input, None)?;
        let output = match &self.output {
            Some(path) => Output::links(path, &self.output_options)?,
            None => Output::Nowhere,
        };
        match &self.aligner.model {
            Some(path) if !self.train => self.stream(pairs, &Aligner::load(path)?, output, listener),
            _ => self.in_memory(pairs, output, listener),
        }
    }

    fn stream(
        &self,
        mut pairs: Source,
        aligner: &Aligner,
        mut output: Output<'_>,
        listener: Listener<'_>,
    ) -> Result<AlignReport> {
        let mut report = AlignReport::default();
        pump(
            &mut pairs,
            BATCH,
            |pairs, first| {
                each(pairs, first, |scratch: &mut Scratch, pair, number| {
                    self.prepare(pair, number)?;
                    self.link(aligner, pair, number, scratch)
                })
            },
            |pair| {
                report.count(&pair, self.min_confidence);
                output.write(pair)
            },
            |done, pairs| listener(Progress { stage: Stage::Align, done, total: pairs.estimate() }),
        )?;
        report.tokenized_sentences = pairs.untokenized();
        output.finish()?;
        Ok(report)
    }

    fn in_memory(&self, mut source: Source, mut output: Output<'_>, listener: Listener<'_>) -> Result<AlignReport> {
        let mut pairs = source.read_all(|pair, number| self.prepare(pair, number), listener)?;
        let (bitext, langs) = bitext(&pairs);
        let trained = Aligner::train(&self.aligner, bitext, &langs, listener)?;
        if let Some(path) = &self.save_model {
            trained.aligner.save(path)?;
        }
        let mut report = AlignReport {
            tokenized_sentences: source.untokenized(),
            bitext_pairs: trained.bitext_pairs,
            dictionary_entries: trained.dictionary_entries,
            ..AlignReport::default()
        };
        if self.output.is_some() {
            let total = pairs.len() as u64;
            for batch in pairs.chunks_mut(BATCH) {
                let first = report.sentences + 1;
                each(batch, first, |scratch: &mut Scratch, pair, number| {
                    self.link(&trained.aligner, pair, number, scratch)
                })?;
                for pair in batch {
                    report.count(pair, self.min_confidence);
                    output.write(std::mem::take(pair))?;
                }
                listener(Progress { stage: Stage::Align, done: report.sentences, total: Some(total) });
            }
        }
        output.finish()?;
        Ok(report)
    }

    /// Makes a pair ready: tokens, and no links yet.
    fn prepare(&self, pair: &mut Pair, number: u64) -> Result<()> {
        pair.alignment = None;
        source::tokenize(pair).map_err(|error| Error::of_pair(self.input.name(), number, pair, error.into()))
    }

    fn link(&self, aligner: &Aligner, pair: &mut Pair, number: u64, scratch: &mut Scratch) -> Result<()> {
        let failed =
            |error: xlner_core::Error, pair: &Pair| Error::of_pair(self.input.name(), number, pair, error.into());
        let Some(least) = self.min_confidence else {
            let links = aligner.links(pair, &self.extraction, scratch);
            pair.alignment = Some(links.map_err(|error| failed(error, pair))?);
            return Ok(());
        };
        let (links, confidence) = aligner.align_with(pair, &self.extraction, scratch)?;
        let confidence = confidence.value();
        pair.alignment = Some(if confidence < least { Alignment::default() } else { links });
        pair.extra.insert(CONFIDENCE, confidence.into());
        Ok(())
    }
}

impl AlignReport {
    fn count(&mut self, pair: &Pair, min_confidence: Option<f64>) {
        let confidence = pair.extra.get(CONFIDENCE).and_then(serde_json::Value::as_f64);
        let unsure = min_confidence.is_some_and(|least| confidence.is_some_and(|confidence| confidence < least));
        self.unsure_pairs += u64::from(unsure);
        self.sentences += 1;
        self.empty_pairs += u64::from(pair.source.is_empty() || pair.target.is_empty());
        self.long_pairs += u64::from(pair.is_long());
        self.links += pair.alignment.as_ref().map_or(0, Alignment::len) as u64;
    }
}
