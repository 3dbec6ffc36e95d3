//! Entities of gold and predictions, sentence by sentence.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use xlner_core::Entity;
use xlner_core::tags::{self, Scheme};
use xlner_eval::{Calibration, EvalOptions, Evaluator, Mode, Report, Resampling, TagId};
use xlner_formats::{Column, ReadOptions, Tagged};

use super::input::{Role, TagFile, holds_tags};
use crate::engine::file::{Items as _, Parallel};
use crate::{Error, Result, signs};

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
#[derive(Debug, Clone, PartialEq)]
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
    /// The first token of it that differs, and gold's; empty without any.
    pub difference: String,
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
        let options = EvalOptions { mode: self.mode, map: self.map.clone(), ignore: self.ignore.clone() };
        let mut tally = Tally::new(options, &files.files[0], &files.files[1..]);
        let mut seen = BTreeSet::new();
        while files.next()?.is_some() {
            files.files.iter().for_each(|file| see(file.sentence(), &mut seen));
            tally.add(&files.files[0], &files.files[1..])?;
        }
        if files.files[0].count() == 0 {
            return Err(Error::Empty { file: self.gold.clone(), noun: "sentence" });
        }
        let report = tally.finish(&self.resampling);
        if seen.is_empty() {
            signs::no_entities(&self.read, &self.gold)?;
        }
        signs::unused_labels(&self.read, &self.gold, (&self.map, &self.ignore), &seen)?;
        for (system, path) in report.figures.systems.iter().zip(&self.predictions) {
            signs::labels_of_system(&self.read, path, system)?;
        }
        Ok(report)
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

/// The first token that two sentences do not share.
fn difference(expected: &Tagged, found: &Tagged) -> String {
    let same = expected.tokens().zip(found.tokens()).take_while(|(one, other)| one == other).count();
    let token = |sentence: &Tagged| match sentence.tokens().nth(same) {
        Some(token) => format!("“{token}”"),
        None => "none".to_owned(),
    };
    format!("token {}, {}, in gold {}", same + 1, token(found), token(expected))
}

/// Takes the labels of a sentence's tags.
fn see(sentence: &Tagged, seen: &mut BTreeSet<String>) {
    for tag in sentence.tags() {
        if let Some((_, label)) = tag.split_once('-').filter(|(_, label)| !seen.contains(*label)) {
            seen.insert(label.to_owned());
        }
    }
}

/// Counts of predictions against gold, sentence by sentence.
pub(super) struct Tally {
    evaluator: Evaluator,
    gold_tags: Vec<TagId>,
    tags: Vec<Vec<TagId>>,
    other_tokens: Vec<OtherTokens>,
    judged: Judged,
}

impl Tally {
    /// Of these files.
    pub fn new(options: EvalOptions, gold: &TagFile, predictions: &[TagFile]) -> Tally {
        let systems: Vec<(String, Scheme)> = predictions.iter().map(|file| (file.name(), file.scheme())).collect();
        Tally {
            evaluator: Evaluator::new(&options, gold.scheme(), &systems),
            gold_tags: Vec::new(),
            tags: vec![Vec::new(); systems.len()],
            other_tokens: vec![OtherTokens::default(); systems.len()],
            judged: Judged { predictions: vec![Vec::new(); systems.len()], options },
        }
    }

    /// Adds the sentence that was read last of each file.
    ///
    /// # Errors
    /// [`Error::Place`] where predictions have other tokens than gold, or a tag that is none.
    pub fn add(&mut self, gold: &TagFile, predictions: &[TagFile]) -> Result<()> {
        gold.intern(&mut self.evaluator, &mut self.gold_tags)?;
        for ((prediction, tags), other) in predictions.iter().zip(&mut self.tags).zip(&mut self.other_tokens) {
            let (expected, found) = (gold.sentence(), prediction.sentence());
            if expected.len() != found.len() {
                return Err(prediction.wrong(format!(
                    "{} tokens, gold has {} ({}); the first that differs: {}; gold and prediction need the same tokens: tokenise \
                     both the same way (option `lang`)",
                    found.len(),
                    expected.len(),
                    gold.place(),
                    difference(expected, found)
                )));
            }
            if !expected.tokens().eq(found.tokens()) {
                if other.sentences == 0 {
                    other.first = prediction.place();
                    other.difference = difference(expected, found);
                }
                other.sentences += 1;
            }
            prediction.intern(&mut self.evaluator, tags)?;
        }
        let pushed = self.evaluator.push(&self.gold_tags, &self.tags);
        pushed.map_err(|error| gold.wrong(error.to_string()))?;
        self.judged.add(gold, predictions)
    }

    /// The figures.
    pub fn finish(self, resampling: &Resampling) -> EvalReport {
        let Tally { evaluator, judged, other_tokens, .. } = self;
        EvalReport { figures: evaluator.finish(resampling), calibration: judged.finish(), other_tokens }
    }
}

/// Which of the entities that carry a probability are right, by prediction.
struct Judged {
    options: EvalOptions,
    predictions: Vec<Vec<(f64, bool)>>,
}

impl Judged {
    fn label<'b>(&'b self, entity: &'b Entity) -> &'b str {
        self.options.map.get(&entity.label).unwrap_or(&entity.label)
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
                if self.options.ignore.contains(label) {
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
