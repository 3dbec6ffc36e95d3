//! The job `self-train`: projected labels → filter → a tagger → labels of the tagger → filter → a better tagger, and so on.
//!
//! Projected labels are noisy, and a tagger that has seen them has learnt their noise. So each part of the sentences is
//! labelled anew by a tagger that was trained on the other parts (cross-validation as in CrossWeigh: Wang, Shang, Liu, Lu, Liu
//! and Han 2019, "CrossWeigh: Training Named Entity Tagger from Imperfect Annotations", section 3); where it finds what was
//! projected, two sources that can err apart agree.

mod data;
mod filter;

use std::path::{Path, PathBuf};

use serde::Serialize;
use xlner_core::Tagger;
use xlner_core::{Entity, Sentence};
use xlner_formats::{Output, ReadOptions};
use xlner_models::crf::{CrfTagger, CrfTrainOptions, TrainingExample};
use xlner_models::open_crf;

pub use filter::LabelFilter;

use crate::engine::folder::RunFolder;
use crate::engine::key::Key;
use crate::progress::Listener;
use crate::train::{CrfOptions, Data, DevFigures, measure, train_crf};
use crate::{Error, Result};
use data::{Corpus, Item};

/// Name of the stage in the run folder.
const STAGE: &str = "self-train";

/// Trains a tagger on projected labels, and again on what it makes of them.
#[derive(Debug, Clone)]
pub struct SelfTrainJob {
    /// Projected pairs: the entities of the target side are what is learnt, as far as they pass the filter.
    pub pairs: Vec<PathBuf>,
    /// Labelled sentences, which are always learnt from.
    pub train: Vec<PathBuf>,
    /// Sentences without labels, in any format; tags are not looked at.
    pub unlabelled: Vec<PathBuf>,
    /// Labelled sentences that every round's tagger is measured on; the best one is kept, else the last.
    pub dev: Option<PathBuf>,
    /// How labelled sentences are read.
    pub options: ReadOptions,
    /// What is learnt from.
    pub filter: LabelFilter,
    /// Times that the sentences are labelled anew, 0 or more.
    pub rounds: usize,
    /// Parts of the pairs, each labelled by a tagger of the others, ≥ 2.
    pub folds: usize,
    /// How a tagger is trained.
    pub model: CrfOptions,
    /// Where the taggers are kept, so that a second start goes on from there; `None`: nothing is kept.
    pub run: Option<PathBuf>,
    /// Where the tagger is kept.
    pub output: PathBuf,
}

/// Figures of a run of `self-train`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SelfTrainReport {
    /// The filter.
    pub filter: String,
    /// Round by round; round 0 learns from given and projected labels alone, or is the tagger that training goes on from.
    pub rounds: Vec<Round>,
    /// The round whose tagger was kept.
    pub kept: usize,
}

/// What was learnt from in a round, and how good the tagger is.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Round {
    /// Sentences with given labels.
    pub given: u64,
    /// Sentences whose projected labels passed.
    pub projected: u64,
    /// Sentences of pairs that got the tagger's labels instead.
    pub relabelled: u64,
    /// Sentences of pairs left out.
    pub dropped: u64,
    /// Raw sentences with the tagger's labels.
    pub unlabelled: u64,
    /// Entities learnt from.
    pub entities: u64,
    /// Sentences of pairs for which the tagger found what was projected; `None` in round 0.
    pub agreeing: Option<u64>,
    /// Whether the tagger was there from an earlier start.
    pub reused: bool,
    /// On the development set.
    pub dev: Option<DevFigures>,
}

/// The labels that a round learns from: of every sentence of pairs and every raw one; `None` where it is left out.
#[derive(Clone)]
struct Labels {
    projected: Vec<Option<Vec<Entity>>>,
    raw: Vec<Option<Vec<Entity>>>,
}

/// Folds, at most.
const MOST_FOLDS: usize = 1000;

impl SelfTrainJob {
    /// Checks what can be checked without reading anything.
    ///
    /// # Errors
    /// [`Error::Options`].
    pub fn check(&self) -> Result<()> {
        let problem = if self.begins_with_tagger() && (self.model.init.is_none() || self.unlabelled.is_empty()) {
            "there is nothing to begin with: give projected pairs (option `pairs`), labelled sentences (option `train`), or a tagger and \
             unlabelled sentences (option `init`, option `unlabelled`)"
        } else if !self.unlabelled.is_empty() && self.filter.probability.is_none() {
            "of unlabelled sentences there are the tagger's labels only: say how sure it must be, option `filter` 'probability>=0.9'"
        } else if self.folds < 2 {
            "there are two folds at least: one learns, the other is labelled"
        } else if self.folds > MOST_FOLDS {
            "there are 1000 folds at most (option `folds`): for each of them a tagger is trained in every round"
        } else if self.filter.agreement && self.rounds == 0 {
            "agreement is with the tagger of the round before: it wants one round at least"
        } else if self.output == Path::new("-") {
            "a model is written to a file: give -o FILE"
        } else if self.pairs.iter().chain(&self.train).chain(&self.unlabelled).any(|path| path == Path::new("-")) {
            "the files of self-training are read again when it is started again: standard input (-) cannot be"
        } else {
            return self.model.check();
        };
        Err(Error::Options(problem.into()))
    }

    /// Does the job. The model file appears when all is done. All sentences are held in memory.
    ///
    /// # Errors
    /// See [`Error`]. The taggers trained so far are in the run folder all the same.
    pub fn run(&self, listener: Listener<'_>) -> Result<SelfTrainReport> {
        self.check()?;
        // Before the long work: a folder that cannot be written to is found out at once.
        let mut output = Output::create(&self.output)?;
        let folder = RunFolder::open_or_temporary(self.run.as_deref())?;
        let files = (&self.train[..], &self.pairs[..], &self.unlabelled[..]);
        let corpus = Corpus::read(files, &self.options, &self.filter, listener)?;
        let dev = self.dev.as_ref().map(|path| Data::read(std::slice::from_ref(path), &self.options, listener));
        let dev = dev.transpose()?;
        let all = corpus.given.iter().chain(corpus.projected.iter().map(|(item, _)| item)).chain(&corpus.raw);
        let (options, _) = self.model.load(all.map(|item| &item.sentence), listener)?;
        let init = self.model.init.as_deref().map(open_crf).transpose()?;
        let trainer = Trainer { job: self, corpus: &corpus, folder: &folder, options, init, key: self.key()? };

        let mut labels = Labels::projected(&corpus);
        let mut agreeing = None;
        let (mut rounds, mut best): (Vec<Round>, Option<(f64, usize, CrfTagger)>) = (Vec::new(), None);
        for round in 0..=self.rounds {
            let (tagger, reused) = trainer.tagger(&labels, round, None, listener)?;
            let dev = dev.as_ref().map(|dev| measure(&tagger, tagger.labels(), dev.clone())).transpose()?;
            let f1 = dev.as_ref().map_or(0.0, |dev| dev.micro.f1);
            rounds.push(Round { agreeing, reused, dev, ..labels.figures(&corpus) });
            if round < self.rounds {
                let (next, agree) = trainer.relabel(&labels, round, &tagger, listener)?;
                (labels, agreeing) = (next, Some(agree));
            }
            // Without a development set every tagger is taken for better than the one before.
            if best.as_ref().is_none_or(|(before, ..)| self.dev.is_none() || f1 > *before) {
                best = Some((f1, round, tagger));
            }
        }
        let (_, kept, tagger) = best.ok_or_else(|| Error::Options("no round".into()))?;
        tagger.save(&mut output).map_err(|problem| Error::File { path: self.output.clone(), problem })?;
        output.finish()?;
        Ok(SelfTrainReport { filter: self.filter.to_string(), rounds, kept })
    }

    /// Whether there is no label to learn from but those of the tagger that training goes on from.
    fn begins_with_tagger(&self) -> bool {
        self.pairs.is_empty() && self.train.is_empty()
    }

    /// The key of all that the taggers depend on beside their round and fold.
    fn key(&self) -> Result<Key> {
        let SelfTrainJob { filter, folds, model, options, .. } = self;
        let mut key = Key::of(STAGE).text(format!("{filter} {folds} {:?} {options:?}", model.train));
        let kinds =
            [("train", &self.train), ("pairs", &self.pairs), ("unlabelled", &self.unlabelled), ("raw", &model.raw)];
        for (kind, paths) in kinds {
            for path in paths {
                key = key.text(kind).after(Key::of_file(path)?);
            }
        }
        for (name, path) in &model.names {
            key = key.text("names").text(name).after(Key::of_file(path)?);
        }
        if let Some(init) = &model.init {
            key = key.text("init").text(open_crf(init)?.signature());
        }
        Ok(key.key())
    }
}

/// Trains the taggers of rounds and folds, or takes them from the run folder.
struct Trainer<'a> {
    job: &'a SelfTrainJob,
    corpus: &'a Corpus,
    folder: &'a RunFolder,
    options: CrfTrainOptions,
    init: Option<CrfTagger>,
    key: Key,
}

impl Trainer<'_> {
    /// The tagger of a round, without the pairs of a fold; says whether it was there.
    fn tagger(
        &self,
        labels: &Labels,
        round: usize,
        without: Option<usize>,
        listener: Listener<'_>,
    ) -> Result<(CrfTagger, bool)> {
        if let Some(init) = self.job.model.init.as_deref().filter(|_| round == 0 && self.job.begins_with_tagger()) {
            return Ok((open_crf(init)?, true));
        }
        let key = Key::of(STAGE).after(self.key).text(format!("{round} {without:?}")).key();
        let made = self.folder.keep(STAGE, key, "crf", |path| {
            let mut output = Output::create(path)?;
            let tagger = self.train(labels, without, listener)?;
            tagger.save(&mut output).map_err(|problem| Error::File { path: path.to_owned(), problem })?;
            Ok(output.finish()?)
        })?;
        Ok((CrfTagger::load(&self.folder.path(STAGE, key, "crf"))?, !made))
    }

    fn train(&self, labels: &Labels, without: Option<usize>, listener: Listener<'_>) -> Result<CrfTagger> {
        let corpus = self.corpus;
        let mut items: Vec<(&Item, Sentence)> = corpus.given.iter().map(|item| (item, item.sentence.clone())).collect();
        let mut add = |item, labels: &Option<Vec<Entity>>| {
            if let Some(entities) = labels {
                items.push((item, with(item, entities.clone())));
            }
        };
        for (at, ((item, _), labels)) in corpus.projected.iter().zip(&labels.projected).enumerate() {
            if without != Some(self.fold(at)) {
                add(item, labels);
            }
        }
        corpus.raw.iter().zip(&labels.raw).for_each(|(item, labels)| add(item, labels));
        let examples: Vec<TrainingExample<'_>> =
            items.iter().map(|(_, sentence)| TrainingExample { sentence, weight: 1.0 }).collect();
        let trained = train_crf(self.init.as_ref(), &examples, &self.options, listener);
        trained.map(|(tagger, _)| tagger).map_err(|error| match error {
            xlner_models::Error::Sentence { index, problem } => corpus.error(items[index].0, problem),
            xlner_models::Error::Training(_) if !examples.is_empty() || !self.job.filter.to_string().is_empty() => {
                Error::Options(format!(
                    "of what passes the filter ({}) nothing holds an entity; filter less",
                    self.job.filter
                ))
            }
            error => error.into(),
        })
    }

    /// The part that a pair belongs to: pairs of one text, which stand beside each other, are in one part.
    fn fold(&self, at: usize) -> usize {
        at * self.job.folds / self.corpus.projected.len().max(1)
    }

    /// The labels of the next round, and the number of pairs on which tagger and projection agree.
    fn relabel(
        &self,
        labels: &Labels,
        round: usize,
        tagger: &CrfTagger,
        listener: Listener<'_>,
    ) -> Result<(Labels, u64)> {
        let filter = &self.job.filter;
        let mut next = Labels { projected: Vec::new(), raw: Vec::new() };
        let mut agreeing = 0;
        for fold in 0..self.job.folds {
            let first = next.projected.len();
            let rest = &self.corpus.projected[first..];
            let part = &rest[..(first..).take(rest.len()).take_while(|at| self.fold(*at) == fold).count()];
            if part.is_empty() {
                continue;
            }
            let (other, _) = self.tagger(labels, round, Some(fold), listener)?;
            let found = tag(&other, part.iter().map(|(item, _)| item))?;
            for ((item, passes), found) in part.iter().zip(found) {
                let agree = same(&item.sentence.entities, &found.entities);
                agreeing += u64::from(agree);
                next.projected.push(match *passes && (agree || !filter.agreement) {
                    true => Some(item.sentence.entities.clone()),
                    false => trusted(filter, found),
                });
            }
        }
        next.raw = tag(tagger, self.corpus.raw.iter())?.into_iter().map(|found| trusted(filter, found)).collect();
        Ok((next, agreeing))
    }
}

impl Labels {
    /// Those of the first round: what was projected and passes.
    fn projected(corpus: &Corpus) -> Labels {
        let projected =
            corpus.projected.iter().map(|(item, passes)| passes.then(|| item.sentence.entities.clone())).collect();
        Labels { projected, raw: vec![None; corpus.raw.len()] }
    }

    fn figures(&self, corpus: &Corpus) -> Round {
        let mut round = Round { given: corpus.given.len() as u64, ..Round::default() };
        round.entities = corpus.given.iter().map(|item| item.sentence.entities.len() as u64).sum();
        for ((item, _), labels) in corpus.projected.iter().zip(&self.projected) {
            match labels {
                Some(labels) if same(labels, &item.sentence.entities) => round.projected += 1,
                Some(_) => round.relabelled += 1,
                None => round.dropped += 1,
            }
        }
        round.unlabelled = self.raw.iter().flatten().count() as u64;
        round.entities +=
            self.projected.iter().chain(&self.raw).flatten().map(|labels| labels.len() as u64).sum::<u64>();
        round
    }
}

fn with(item: &Item, entities: Vec<Entity>) -> Sentence {
    let mut sentence = item.sentence.clone();
    sentence.entities = entities;
    sentence
}

/// Sentences as a tagger labels them, with probabilities.
fn tag<'i>(tagger: &CrfTagger, items: impl Iterator<Item = &'i Item>) -> Result<Vec<Sentence>> {
    let mut sentences: Vec<Sentence> = items.map(|item| with(item, Vec::new())).collect();
    tagger.tag(&mut sentences, true)?;
    Ok(sentences)
}

/// The labels of a tagger where they pass.
fn trusted(filter: &LabelFilter, found: Sentence) -> Option<Vec<Entity>> {
    let passes = found.probabilities.as_ref().is_some_and(|probabilities| filter.trusts(probabilities));
    passes.then_some(found.entities)
}

/// Whether two lists hold the same entities, in whatever order.
fn same(one: &[Entity], other: &[Entity]) -> bool {
    let sorted = |entities: &[Entity]| {
        let mut entities: Vec<_> = entities.iter().map(|entity| (entity.span, entity.label.clone())).collect();
        entities.sort_unstable();
        entities
    };
    one.len() == other.len() && sorted(one) == sorted(other)
}
