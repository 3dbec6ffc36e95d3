//! Entities of gold and predictions, sentence by sentence.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use xlner_core::Entity;
use xlner_core::tags::{self, Scheme};
use xlner_eval::{Calibration, Evaluator, Mode, Options, Report, Resampling};
use xlner_formats::{Column, ReadOptions};

use super::input::{Role, TagFile, holds_tags};
use crate::engine::file::{Items as _, Parallel};
use crate::{Error, Result};

/// Compares the entities of predictions with gold ones. Sentence n of every file is the same sentence.
#[derive(Debug, Clone)]
pub struct EvalJob {
    /// Gold entities: columns with tags, or records (their field `gold` if they have it, else the target's entities).
    pub gold: PathBuf,
    /// Predicted entities, one file per system.
    pub predictions: Vec<PathBuf>,
    /// How all files are read. `side` says which sentence of a pair counts, `None`: the target; with the source the field `gold`
    /// does not.
    pub read: ReadOptions,
    /// The column of the tags in the gold file, where it is another.
    pub gold_tag_column: Option<Column>,
    /// What counts as an entity.
    pub mode: Mode,
    /// Labels replaced by others before counting.
    pub map: BTreeMap<String, String>,
    /// Labels that do not count, as they are called after mapping.
    pub ignore: BTreeSet<String>,
    /// Confidence intervals and significance.
    pub resampling: Resampling,
}

/// Figures of predictions against gold.
#[derive(Debug, Clone)]
pub struct EvalReport {
    /// The figures, system by system.
    pub figures: Report,
    /// Of every system whose entities carry probabilities, how far these can be trusted.
    pub calibration: Vec<Option<Calibration>>,
    /// Of every system, where its tokens are written otherwise than in gold, though they are as many.
    pub other_tokens: Vec<OtherTokens>,
}

/// Sentences whose tokens are written otherwise than in gold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OtherTokens {
    /// How many.
    pub sentences: u64,
    /// Where the first of them stands; empty without any.
    pub first: String,
}

impl EvalJob {
    /// Does the job.
    ///
    /// # Errors
    /// [`Error::Option`] without predictions; [`Error::UnequalFiles`], [`Error::Place`], [`Error::Record`] where files do not
    /// belong together; see [`Error`] for the files themselves.
    pub fn run(&self) -> Result<EvalReport> {
        if self.predictions.is_empty() {
            return Err(Error::Option { field: "pred", problem: "names no file".into() });
        }
        let mut files = Parallel { files: self.open()? };
        let options = Options { mode: self.mode, map: self.map.clone(), ignore: self.ignore.clone() };
        let systems: Vec<(String, Scheme)> = files.files[1..].iter().map(|file| (file.name(), file.scheme())).collect();
        let mut evaluator = Evaluator::new(&options, files.files[0].scheme(), &systems);
        let mut gold_tags = Vec::new();
        let mut tags = vec![Vec::new(); systems.len()];
        let mut other_tokens = vec![OtherTokens::default(); systems.len()];
        let mut judged = Judged::new(self);
        while files.next()?.is_some() {
            let (gold, predictions) = (&files.files[0], &files.files[1..]);
            gold.intern(&mut evaluator, &mut gold_tags)?;
            for ((prediction, tags), other) in predictions.iter().zip(&mut tags).zip(&mut other_tokens) {
                let (expected, found) = (gold.sentence(), prediction.sentence());
                if expected.len() != found.len() {
                    return Err(prediction.wrong(format!(
                        "{} tokens, gold has {} ({}); gold and prediction need the same tokens",
                        found.len(),
                        expected.len(),
                        gold.place()
                    )));
                }
                if !expected.tokens().eq(found.tokens()) {
                    if other.sentences == 0 {
                        other.first = prediction.place();
                    }
                    other.sentences += 1;
                }
                prediction.intern(&mut evaluator, tags)?;
            }
            let pushed = evaluator.push(&gold_tags, &tags);
            pushed.map_err(|error| gold.wrong(error.to_string()))?;
            judged.add(gold, predictions)?;
        }
        if files.files[0].count() == 0 {
            return Err(Error::Empty { file: self.gold.clone(), noun: "sentence" });
        }
        Ok(EvalReport { figures: evaluator.finish(&self.resampling), calibration: judged.finish(), other_tokens })
    }

    /// Opens all files, gold first: those with tags before the others, so that the entities of records are put in the scheme of
    /// the tags they are compared with.
    fn open(&self) -> Result<Vec<TagFile>> {
        let gold_column = self.gold_tag_column.clone().or_else(|| self.read.tag_column.clone());
        let gold_options = ReadOptions { tag_column: gold_column, ..self.read.clone() };
        let mut files = vec![(&self.gold, Role::Gold, gold_options)];
        files.extend(self.predictions.iter().map(|path| (path, Role::Prediction, self.read.clone())));
        let mut opened: Vec<Option<TagFile>> = files.iter().map(|_| None).collect();
        let mut scheme = self.read.scheme;
        for with_tags in [true, false] {
            for ((path, role, options), slot) in files.iter_mut().zip(&mut opened) {
                if holds_tags(path, options) == with_tags {
                    if !with_tags {
                        options.scheme = scheme;
                    }
                    let file = TagFile::open(path, *role, options)?;
                    scheme = scheme.or(with_tags.then_some(file.scheme()));
                    *slot = Some(file);
                }
            }
        }
        Ok(opened.into_iter().flatten().collect())
    }
}

/// Which of the entities that carry a probability are right, by prediction.
struct Judged<'a> {
    job: &'a EvalJob,
    predictions: Vec<Vec<(f64, bool)>>,
}

impl<'a> Judged<'a> {
    fn new(job: &'a EvalJob) -> Judged<'a> {
        Judged { job, predictions: vec![Vec::new(); job.predictions.len()] }
    }

    fn label<'b>(&'b self, entity: &'b Entity) -> &'b str {
        self.job.map.get(&entity.label).unwrap_or(&entity.label)
    }

    /// Judges the sentence that was read last.
    fn add(&mut self, gold: &TagFile, predictions: &[TagFile]) -> Result<()> {
        if predictions.iter().all(|prediction| prediction.probable().is_empty()) {
            return Ok(());
        }
        let tags: Vec<&str> = gold.sentence().tags().collect();
        let right = tags::decode(&tags, gold.scheme()).map_err(|error| gold.wrong(error.to_string()))?.entities;
        for (at, prediction) in predictions.iter().enumerate() {
            for entity in prediction.probable() {
                let label = self.label(entity);
                if self.job.ignore.contains(label) {
                    continue;
                }
                let is_right = right.iter().any(|other| other.span == entity.span && self.label(other) == label);
                self.predictions[at].push((entity.probability.unwrap_or_default(), is_right));
            }
        }
        Ok(())
    }

    /// Calibration of every prediction that has probabilities.
    fn finish(self) -> Vec<Option<Calibration>> {
        let of = |judged: Vec<_>| (!judged.is_empty()).then(|| Calibration::new(&judged));
        self.predictions.into_iter().map(of).collect()
    }
}
