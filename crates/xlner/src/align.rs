//! The job `align`: bitext → links.

#[cfg(feature = "fine-tune")]
mod fine_tune;
mod rank;
mod serve;
mod similarity;
mod symmetrize;

use std::path::{Path, PathBuf};

#[cfg(feature = "fine-tune")]
pub use fine_tune::{EncoderJob, EncoderReport};
pub use rank::{RankJob, RankReport, Ranked};
use serde::Serialize;
pub use serve::{ServeJob, ServeReport};
pub use similarity::{EncoderAligner, SimilarityJob};
pub use symmetrize::{SymmetrizeJob, SymmetrizeReport};
use tempfile::TempPath;
#[cfg(doc)]
use xlner_align::Confidence;
use xlner_align::Scratch;
use xlner_core::{Alignment, Pair};
use xlner_formats::{PairWriter, ReadOptions, WriteOptions, write_pairs};

use crate::aligner::{Aligner, AlignerOptions, Langs, LinkExtraction, push_given, spool};
use crate::engine::output::Output;
use crate::engine::pump::{BATCH, each, pump};
use crate::engine::source::{self, Input, Source};
use crate::progress::{Listener, Progress, Stage};
use crate::{Error, Result};

/// The field of records that holds the confidence.
const CONFIDENCE: &str = "confidence";

/// Aligns words.
///
/// A given model aligns as it is. Without one, or with [`train`](Self::train), the aligner is trained on the pairs and every
/// extra bitext first. Pairs are streamed: for training they are read once before; what can be read once only, such as
/// standard input, is kept in a temporary file meanwhile.
#[derive(Debug, Clone)]
pub struct AlignJob {
    /// The pairs to be aligned. Sentences without tokens are tokenised.
    pub input: Input,
    /// The model, other text to train on, dictionaries.
    pub aligner: AlignerOptions,
    /// Links of the pairs that another aligner found, an alignment a line, and how they are read: evidence in training and in
    /// aligning.
    pub evidence: Option<(PathBuf, ReadOptions)>,
    /// Training goes on from the given model, on the pairs and the other bitexts.
    pub train: bool,
    /// Where the trained model is kept.
    pub save_model: Option<PathBuf>,
    /// Which links are taken.
    pub extraction: LinkExtraction,
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
    /// Vectors of words of the text.
    pub vectors: u64,
}

impl AlignJob {
    /// Checks what can be checked without reading anything.
    ///
    /// # Errors
    /// [`Error::Options`].
    pub fn check(&self) -> Result<()> {
        self.aligner.check()?;
        let evidence = self.evidence.iter().map(|(path, _)| path.as_path());
        let inputs = self.input.paths().into_iter().chain(self.aligner.paths()).chain(evidence);
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
                ("option `vectors`", !self.aligner.vectors.is_empty()),
                ("option `memory`", self.aligner.memory.is_some()),
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
        let output = match &self.output {
            Some(path) => Output::links(path, &self.output_options)?,
            None => Output::Nowhere,
        };
        match &self.aligner.model {
            Some(path) if !self.train => {
                let (input, evidence) = (&self.input, self.evidence());
                self.stream(Source::open(input, evidence)?, &Aligner::load(path)?, output, listener)
            }
            _ => self.train_and_align(output, listener),
        }
    }

    fn evidence(&self) -> Option<(&Path, &ReadOptions)> {
        self.evidence.as_ref().map(|(path, options)| (path.as_path(), options))
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

    fn train_and_align(&self, output: Output<'_>, listener: Listener<'_>) -> Result<AlignReport> {
        let mut source = Source::open(&self.input, self.evidence())?;
        let (mut text, mut langs) = (spool(), None);
        let again = self.output.is_some();
        let mut kept = if again && !self.is_read_twice() { Some(Kept::new()?) } else { None };
        let none = Alignment::default();
        source.for_each_batch(
            |pair, number| self.prepare(pair, number),
            listener,
            |batch| {
                for pair in &batch {
                    langs.get_or_insert_with(|| Langs::of(pair));
                    let given = pair.alignment.as_ref().unwrap_or(&none);
                    push_given(&mut text, &pair.source, &pair.target, given)?;
                }
                kept.as_mut().map_or(Ok(()), |kept| kept.write(&batch))
            },
        )?;
        let trained = Aligner::train(&self.aligner, text, &langs.unwrap_or_default(), listener)?;
        if let Some(path) = &self.save_model {
            trained.aligner.save(path)?;
        }
        let mut report = match kept {
            _ if !again => AlignReport { sentences: source.done(), ..AlignReport::default() },
            Some(kept) => {
                let path = kept.finish()?;
                let input = Input::Pairs { path: path.to_path_buf(), options: ReadOptions::default() };
                self.stream(Source::open(&input, None)?, &trained.aligner, output, listener)?
            }
            None => self.stream(Source::open(&self.input, self.evidence())?, &trained.aligner, output, listener)?,
        };
        report.tokenized_sentences = source.untokenized();
        report.bitext_pairs = trained.bitext_pairs;
        report.dictionary_entries = trained.dictionary_entries;
        report.vectors = trained.vectors;
        Ok(report)
    }

    /// Whether all that the pairs come from are files that can be read again.
    fn is_read_twice(&self) -> bool {
        let evidence = self.evidence.iter().map(|(path, _)| path.as_path());
        self.input.paths().into_iter().chain(evidence).all(Path::is_file)
    }

    /// Makes a pair ready: tokens, and no links but those of the evidence.
    fn prepare(&self, pair: &mut Pair, number: u64) -> Result<()> {
        if self.evidence.is_none() {
            pair.alignment = None;
        }
        source::tokenize(pair).map_err(|error| Error::of_pair(self.input.name(), number, pair, error.into()))
    }

    fn link(&self, aligner: &Aligner, pair: &mut Pair, number: u64, scratch: &mut Scratch) -> Result<()> {
        let given = pair.alignment.take().unwrap_or_default();
        let (links, confidence) = aligner
            .align_given(pair, &given, &self.extraction, scratch)
            .map_err(|error| Error::of_pair(self.input.name(), number, pair, error.into()))?;
        let Some(least) = self.min_confidence else {
            pair.alignment = Some(links);
            return Ok(());
        };
        let confidence = confidence.value();
        pair.alignment = Some(if confidence < least { Alignment::default() } else { links });
        pair.extra.insert(CONFIDENCE, confidence.into());
        Ok(())
    }
}

/// Pairs in a temporary file, for input that can be read once only.
struct Kept {
    path: TempPath,
    writer: Box<dyn PairWriter>,
}

impl Kept {
    fn new() -> Result<Kept> {
        let failed = |problem| Error::File { path: std::env::temp_dir(), problem };
        let path = tempfile::Builder::new().prefix("xlner-").suffix(".jsonl").tempfile().map_err(failed)?;
        let path = path.into_temp_path();
        let writer = write_pairs(&path, &WriteOptions::default())?;
        Ok(Kept { path, writer })
    }

    fn write(&mut self, pairs: &[Pair]) -> Result<()> {
        Ok(pairs.iter().try_for_each(|pair| self.writer.write(pair))?)
    }

    /// The file, whole; it is removed when the path is dropped.
    fn finish(self) -> Result<TempPath> {
        self.writer.finish()?;
        Ok(self.path)
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
