//! The job `convert`: a file of any format → a file of any other, with labels, tag scheme and sides changed on the way.

mod changes;
mod doubt;
pub(crate) mod gold;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use xlner_core::tokenize::tokenize_sentence;
use xlner_core::{Pair, Sentence};
use xlner_formats::{ErrorKind, Format, ReadOptions, Side, WriteOptions};

use crate::engine::file::{At, Holds};
use crate::engine::output::{Output, format};
use crate::engine::pump::{self, BATCH};
use crate::engine::source::{self, Input, Source};
use crate::progress::{Listener, Progress, Stage};
use crate::signs;
use crate::{Error, Result};
use changes::Changes;
use doubt::{Doubts, entities_of};

pub(crate) use changes::refer;

/// Converts a file, or joins two sentence-parallel files to pairs.
#[derive(Debug, Clone)]
pub struct ConvertJob {
    /// What is read: one file of sentences, pairs or alignments ([`Input::Pairs`]), or two sentence-parallel files.
    pub input: Input,
    /// The alignment of the pairs of two files, and how it is read.
    pub alignment: Option<(PathBuf, ReadOptions)>,
    /// Items at the beginning that are left out.
    pub skip: u64,
    /// Items after those that are taken; the rest is not read.
    pub limit: u64,
    /// Whether the target's entities are replaced by those in the records' field `gold`.
    pub gold: bool,
    /// The side of pairs that is written, as sentences; `None`: whole pairs.
    pub side: Option<Side>,
    /// Labels and what replaces them.
    pub map: BTreeMap<String, String>,
    /// Labels whose entities are dropped, as they are called after `map`.
    pub ignore: BTreeSet<String>,
    /// What becomes of entities that share a token.
    pub overlaps: Overlaps,
    /// The order of what is written; `None`: that of the input. With one, all is held in memory.
    pub sort: Option<DoubtOrder>,
    /// Only sentences whose entities all have at least this probability are written, in 0..=1. A sentence without entities is.
    pub min_probability: Option<f64>,
    /// Only sentences with an entity of at most this probability are written, in 0..=1. A sentence without entities is not.
    pub max_probability: Option<f64>,
    /// Whether texts without tokens are tokenised, even where the output does not need it.
    pub tokenize: bool,
    /// Where the result goes.
    pub output: PathBuf,
    /// How it is written. Where neither they nor the name tell the format: sentences as `conll`, pairs as `jsonl`, alignments as
    /// `pharaoh`.
    pub output_options: WriteOptions,
}

/// What becomes of entities that share a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overlaps {
    /// They stay; formats that write tags refuse them.
    #[default]
    Keep,
    /// The longest stays, of equally long ones the first.
    Longest,
}

/// An order by how sure the entities are: what a person should check first. Of pairs the target's entities count, or those of the side
/// that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoubtOrder {
    /// The smallest probability first: the calibrated one (`probability`), else a `score` from 0 to 1.
    Probability,
    /// The smallest margin first: how much better the chosen place was than the next.
    Margin,
}

/// Figures of a run of `convert`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ConvertReport {
    /// Sentences, pairs or alignments written.
    pub written: u64,
    /// Sentences that were tokenised.
    pub tokenized: u64,
    /// Entities dropped for their label.
    pub ignored: u64,
    /// Entities dropped because they overlap a longer one.
    pub overlapping: u64,
    /// Sentences or pairs left out for the probability of their entities.
    pub left_out: u64,
    /// Entities written (of pairs the target's, or those of the side that is written).
    pub entities: u64,
    /// What was written: `sentences`, `pairs` or `alignments`.
    pub unit: &'static str,
    /// Labels of the sentences that were written.
    pub labels: BTreeSet<String>,
}

impl ConvertJob {
    /// Does the job. The output appears when all is done; only standard output is written to as it goes.
    ///
    /// # Errors
    /// [`Error::Option`] and [`Error::Options`] for options that do not fit what the input holds, or the output;
    /// [`Error::Record`] for a record without what is asked of it; see [`Error`] for the files.
    pub fn run(&self, listener: Listener<'_>) -> Result<ConvertReport> {
        if self.gold && self.side == Some(Side::Source) {
            let problem = "is about the target sentences; choose the target side, or leave out one".into();
            return Err(Error::Option { field: "gold", problem });
        }
        let mut source = self.open()?;
        let holds = source.holds();
        if self.gold && holds != Holds::Pairs {
            let problem = "is for records of pairs, and the input holds none".into();
            return Err(Error::Option { field: "gold", problem });
        }
        let doubting = self.sort.is_some() || self.min_probability.is_some() || self.max_probability.is_some();
        if doubting && holds == Holds::Links {
            let field = if self.sort.is_some() { "sort" } else { "min_probability" };
            return Err(Error::Option {
                field,
                problem: "is for sentences and pairs, and the input holds alignments".into(),
            });
        }
        let mut output = self.output(holds)?;
        let work = Work {
            job: self,
            holds,
            format: self.format(holds),
            changes: Changes::new(&self.map, &self.ignore, self.overlaps == Overlaps::Longest),
        };
        let mut report = ConvertReport::default();
        let places = Mutex::new(VecDeque::new());
        let counted = match (holds, self.side) {
            (Holds::Sentences(side), _) | (Holds::Pairs, Some(side)) => side,
            _ => Side::Target,
        };
        report.unit = match (&output, holds) {
            (Output::Links(_), _) => "alignment",
            (_, Holds::Pairs) if self.side.is_none() => "pair",
            _ => "sentence",
        };
        let mut doubts = Doubts::new(self.sort, self.min_probability, self.max_probability);
        let mut write = |pair: Pair, at: At, report: &mut ConvertReport| {
            let entities = entities_of(&pair, counted);
            report.labels.extend(entities.iter().map(|entity| entity.label.clone()));
            report.entities += entities.len() as u64;
            report.written += 1;
            output.write(pair).map_err(|error| self.refused(error, at))
        };
        pump::pump(
            &mut Window { source: &mut source, left_out: 0, skip: self.skip, left: self.limit, places: &places },
            BATCH,
            |pairs, first| pump::each(pairs, first + self.skip, |(): &mut (), pair, number| work.item(pair, number)),
            |pair| {
                let at = places.lock().unwrap_or_else(PoisonError::into_inner).pop_front().unwrap_or_default();
                let Some((pair, at)) = doubts.take(pair, counted, at) else { return Ok(()) };
                write(pair, at, &mut report)
            },
            |done, window| listener(Progress { stage: Stage::Convert, done, total: window.source.estimate() }),
        )?;
        let (options, file) = match &self.input {
            Input::Pairs { path, options } => (options, path),
            Input::Files { source, source_options, .. } => (source_options, source),
        };
        if let Some(missing) = doubts.missing() {
            let problem = format!(
                "no entity has a {missing}, by which sentences are to be sorted or chosen; `xlner project` writes it into records"
            );
            return Err(Error::Place { place: file.display().to_string(), problem });
        }
        doubts.sorted().into_iter().try_for_each(|(pair, at)| write(pair, at, &mut report))?;
        report.left_out = doubts.left_out;
        signs::unused_labels(options, file, (&self.map, &self.ignore), &work.changes.seen())?;
        output.finish()?;
        report.tokenized = work.changes.tokenized();
        report.ignored = work.changes.ignored();
        report.overlapping = work.changes.overlapping();
        Ok(report)
    }

    fn open(&self) -> Result<Source> {
        match &self.input {
            Input::Pairs { path, options } => {
                // The target gets its gold entities while it is part of its pair.
                let side = self.side.filter(|_| !self.gold);
                Source::any(path, &ReadOptions { side, ..options.clone() }, Side::Source)
            }
            files @ Input::Files { .. } => {
                Source::open(files, self.alignment.as_ref().map(|(path, options)| (path.as_path(), options)))
            }
        }
    }

    /// The format of the output.
    fn format(&self, holds: Holds) -> Format {
        let usual = match (holds, self.side) {
            (Holds::Links, _) => Format::Pharaoh,
            (Holds::Pairs, None) => Format::Jsonl,
            _ => Format::Conll,
        };
        format(&self.output, &self.output_options).unwrap_or(usual)
    }

    /// Opens the output, if it holds what the input does.
    fn output(&self, holds: Holds) -> Result<Output<'static>> {
        let format = self.format(holds);
        let refuse = |input: &str, wanted: &str| {
            Err(Error::Options(format!("the input holds {input}, and {format} holds {wanted}")))
        };
        let lacks = |test: fn(Format) -> bool| !test(format);
        let path = self.output.as_path();
        let given = Format::for_output(self.output_options.format, path, format);
        let options = &WriteOptions { format: given, ..self.output_options.clone() };
        match (holds, self.side) {
            (Holds::Links, _) if lacks(Format::holds_alignments) => refuse(
                "alignments",
                "none; join them with their texts: option `source`, option `target` and option `alignment`",
            ),
            (Holds::Links, _) => Output::alignments(path, options),
            (Holds::Pairs, None) => {
                if format.holds_alignments() {
                    Output::alignments(path, options)
                } else if lacks(Format::holds_pairs) {
                    refuse("pairs", "sentences; choose one with option `side`")
                } else {
                    Output::pairs(path, options)
                }
            }
            _ if lacks(Format::holds_sentences) => {
                refuse("sentences", "none; to make pairs, join two files with option `source` and option `target`")
            }
            (Holds::Sentences(side), _) | (Holds::Pairs, Some(side)) => Output::side(path, options, side),
        }
    }

    /// The error for an item that the output cannot hold, at its place in the input.
    fn refused(&self, error: Error, (part, line): At) -> Error {
        match (error, &self.input) {
            (Error::Format(error), Input::Pairs { path, .. })
                if matches!(error.kind(), ErrorKind::Invalid(_) | ErrorKind::NotRepresentable { .. }) =>
            {
                error.moved_to(part.as_deref().unwrap_or(path), line).into()
            }
            (error, _) => error,
        }
    }
}

/// What is done with every item.
struct Work<'a> {
    job: &'a ConvertJob,
    holds: Holds,
    format: Format,
    changes: Changes<'a>,
}

impl Work<'_> {
    /// Changes an item.
    fn item(&self, pair: &mut Pair, number: u64) -> Result<()> {
        let job = self.job;
        match self.holds {
            Holds::Links => return Ok(()),
            Holds::Sentences(side) => return self.sentence(source::side(pair, side), number).map(drop),
            Holds::Pairs => {}
        }
        if let Some((links, _)) = &job.alignment {
            let fits = pair.validate();
            fits.map_err(|problem| Error::of_pair(links, number, pair, problem.into()))?;
        }
        if matches!(job.input, Input::Files { .. }) && pair.id.is_empty() {
            pair.id = number.to_string();
        }
        if job.side.is_none() && self.format.holds_alignments() && pair.alignment.is_none() {
            return Err(self.of_record(number, &pair.id, "it has no alignment".into()));
        }
        if job.gold {
            gold::take(pair).map_err(|problem| self.of_record(number, &pair.id, problem))?;
        }
        if let Some(side) = job.side {
            let id = pair.id.clone();
            let sentence = source::side(pair, side);
            if !id.is_empty() && sentence.extra.get("id").is_none() {
                sentence.extra.insert("id", id.into());
            }
            return self.sentence(sentence, number).map(drop);
        }
        let places = self.sentence(&mut pair.source, number)?;
        self.sentence(&mut pair.target, number)?;
        refer(pair, &places);
        Ok(())
    }

    /// Changes a sentence. Tells the new index of each entity there was.
    fn sentence(&self, sentence: &mut Sentence, number: u64) -> Result<Vec<Option<usize>>> {
        if (self.job.tokenize || self.format.needs_tokens()) && !sentence.is_tokenized() {
            if let Err(problem) = tokenize_sentence(sentence) {
                let id = sentence.extra.get("id").and_then(|id| id.as_str()).unwrap_or_default();
                return Err(self.of_record(number, id, problem.to_string()));
            }
            self.changes.count_tokenized();
        }
        Ok(self.changes.sentence(sentence))
    }

    fn of_record(&self, number: u64, id: &str, problem: String) -> Error {
        Error::Record { file: self.job.input.name().to_owned(), number, id: id.to_owned(), problem }
    }
}

/// The items of a source that are to be converted, and their places, for the one who writes them.
struct Window<'a> {
    source: &'a mut Source,
    left_out: u64,
    skip: u64,
    left: u64,
    places: &'a Mutex<VecDeque<At>>,
}

impl Iterator for Window<'_> {
    type Item = Result<Pair>;

    fn next(&mut self) -> Option<Result<Pair>> {
        while self.left > 0 && self.left_out < self.skip {
            self.left_out += 1;
            // An error is one even in what is left out.
            if let Err(error) = self.source.next()? {
                return Some(Err(error));
            }
        }
        self.left = self.left.checked_sub(1)?;
        let pair = self.source.next()?;
        self.places.lock().unwrap_or_else(PoisonError::into_inner).push_back(self.source.place());
        Some(pair)
    }
}
