//! The job `tag`: sentences → the same sentences with the entities that a tagger finds.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;
use xlner_core::Tagger;
use xlner_core::tokenize::tokenize_sentence;
use xlner_core::{Pair, Sentence};
use xlner_formats::{ReadOptions, Side, WriteOptions};

use crate::engine::file::Holds;
use crate::engine::output::{Output, check_entities, holds_records};
use crate::engine::pump::{BATCH, pump};
use crate::engine::source::{Source, side as of, tokenize};
use crate::flow::tag_beside;
use crate::progress::{Listener, Progress, Stage};
use crate::signs::Signs;
use crate::{Error, Result};

/// Finds the entities of sentences.
#[derive(Debug, Clone)]
pub struct TagJob {
    /// The sentences, or pairs of which one side is tagged; `-` is standard input. Entities that are there are replaced.
    pub input: PathBuf,
    /// How they are read. Tags need not be there.
    pub input_options: ReadOptions,
    /// Which side of pairs is tagged; `None`: the source, but the target by a tagger that reads it beside its tagged source.
    pub side: Option<Side>,
    /// Whether the probability of every tag is written for every token; JSONL and Parquet hold them.
    pub probabilities: bool,
    /// Where the sentences go, in their order; pairs are kept whole by formats that hold them, others get the tagged side.
    pub output: PathBuf,
    /// How they are written.
    pub output_options: WriteOptions,
}

/// Figures of a run of `tag`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct TagReport {
    /// Sentences tagged.
    pub sentences: u64,
    /// Their tokens.
    pub tokens: u64,
    /// Entities found.
    pub entities: u64,
    /// Sentences tokenised by us.
    pub tokenized_sentences: u64,
    /// Seconds that the tagger worked; reading and writing go on meanwhile.
    pub seconds: f64,
}

impl TagJob {
    /// Checks what can be checked without reading anything.
    ///
    /// # Errors
    /// [`Error::Options`].
    pub fn check(&self) -> Result<()> {
        check_entities(&self.output, &self.output_options)?;
        if self.probabilities && !holds_records(&self.output, &self.output_options) {
            return Err(Error::Options(format!(
                "{}: option `probabilities` are written to records only; write JSONL (option `to_format` jsonl)",
                self.output.display()
            )));
        }
        Ok(())
    }

    /// Does the job. The output appears when all is done; only standard output is written to as it goes.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn run(&self, tagger: &dyn Tagger, listener: Listener<'_>) -> Result<TagReport> {
        self.check()?;
        let options = ReadOptions { no_tags: true, side: None, ..self.input_options.clone() };
        let mut source = Source::records(&self.input, &options, Side::Source)?;
        let (path, options) = (&self.output, &self.output_options);
        let pairs = source.holds() == Holds::Pairs;
        if tagger.reads_translation() && !(pairs && self.side != Some(Side::Source)) {
            return Err(Error::Options(
                "this tagger reads sentences beside their tagged translations: give pairs whose source is tagged, and let it tag the \
                 target"
                    .into(),
            ));
        }
        let usual = if tagger.reads_translation() { Side::Target } else { Side::Source };
        let side = self.side.unwrap_or(usual);
        let (side, mut output) = match pairs {
            true => (side, Output::entities(path, options, side)?),
            false => (Side::Source, Output::side(path, options, Side::Source)?),
        };
        let (mut report, signs) = (TagReport::default(), Signs::default());
        pump(
            &mut source,
            BATCH,
            |pairs, first| {
                report.add(self.tag(tagger, side, pairs, first, &signs)?);
                Ok(())
            },
            |pair| output.write(pair),
            |done, source| listener(Progress { stage: Stage::Tag, done, total: source.estimate() }),
        )?;
        signs.tell(&self.input_options, &self.input)?;
        tagger.finish()?;
        output.finish()?;
        Ok(report)
    }

    fn tag(&self, tagger: &dyn Tagger, side: Side, pairs: &mut [Pair], first: u64, signs: &Signs) -> Result<TagReport> {
        let start = Instant::now();
        let mut report = TagReport { sentences: pairs.len() as u64, ..TagReport::default() };
        if tagger.reads_translation() {
            self.beside(tagger, pairs, first, &mut report)?;
            report.seconds = start.elapsed().as_secs_f64();
            return Ok(report);
        }
        let mut sentences = Vec::with_capacity(pairs.len());
        for (pair, number) in pairs.iter_mut().zip(first..) {
            let mut sentence = std::mem::take(of(pair, side));
            if !sentence.is_tokenized() {
                // A text that is not said to be of a language is tokenised as its tagger learnt it.
                let own = sentence.lang.clone();
                sentence.lang = own.clone().or_else(|| tagger.language().map(str::to_owned));
                let tokenized = tokenize_sentence(&mut sentence);
                sentence.lang = own;
                tokenized.map_err(|error| wrong(&self.input, number, pair, &sentence, error.to_string()))?;
                report.tokenized_sentences += 1;
            }
            sentences.push(sentence);
        }
        signs.tagged(tagger, &sentences, first);
        let result = tagger.tag(&mut sentences, self.probabilities);
        if let Err(error) = result {
            return Err(match error {
                xlner_core::ModelError::Sentence { index, problem } => {
                    let at = index.min(sentences.len().saturating_sub(1));
                    wrong(&self.input, first + at as u64, &pairs[at], &sentences[at], problem)
                }
                error => error.into(),
            });
        }
        for (pair, sentence) in pairs.iter_mut().zip(sentences) {
            report.tokens += sentence.len() as u64;
            report.entities += sentence.entities.len() as u64;
            *of(pair, side) = sentence;
        }
        report.seconds = start.elapsed().as_secs_f64();
        Ok(report)
    }

    /// Tags the targets of pairs beside their tagged sources.
    fn beside(&self, tagger: &dyn Tagger, pairs: &mut [Pair], first: u64, report: &mut TagReport) -> Result<()> {
        for (pair, number) in pairs.iter_mut().zip(first..) {
            report.tokenized_sentences += u64::from(!pair.target.is_tokenized());
            let done = tokenize(pair);
            done.map_err(|error| wrong(&self.input, number, pair, &pair.target, error.to_string()))?;
        }
        if let Err(error) = tag_beside(tagger, pairs, self.probabilities) {
            return Err(match error {
                xlner_core::ModelError::Sentence { index, problem } if index < pairs.len() => {
                    wrong(&self.input, first + index as u64, &pairs[index], &pairs[index].target, problem)
                }
                error => error.into(),
            });
        }
        report.tokens = pairs.iter().map(|pair| pair.target.len() as u64).sum();
        report.entities = pairs.iter().map(|pair| pair.target.entities.len() as u64).sum();
        Ok(())
    }
}

impl TagReport {
    fn add(&mut self, other: TagReport) {
        self.sentences += other.sentences;
        self.tokens += other.tokens;
        self.entities += other.entities;
        self.tokenized_sentences += other.tokenized_sentences;
        self.seconds += other.seconds;
    }
}

/// Something is wrong with a sentence of a file, counted from 1.
fn wrong(file: &Path, number: u64, pair: &Pair, sentence: &Sentence, problem: String) -> Error {
    let id = if pair.id.is_empty() { sentence.extra.get("id").and_then(|id| id.as_str()) } else { Some(&*pair.id) };
    Error::Sentence { file: file.to_owned(), number, id: id.unwrap_or_default().to_owned(), problem }
}
