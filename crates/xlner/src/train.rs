//! The job `train`: labelled sentences → a tagger.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;
use xlner_core::tags::{Scheme, encode};
use xlner_core::{ModelError, Sentence, Tagger};
use xlner_eval::{EvalOptions, Evaluator, Resampling, Scores};
use xlner_formats::{Format, Output, ReadOptions, read_sentences};
use xlner_models::crf::{ClusterBuilder, CrfTagger, CrfTrainOptions, Iteration, NameList, Training, TrainingExample};
use xlner_models::open_crf;

use crate::progress::{Listener, Progress, Stage};
use crate::{Error, Result};

pub(crate) use data::{Data, tokenized};

mod data;

/// Sentences between two events while text is read.
const STEP: u64 = 10_000;
/// The least that a sentence counts.
const LEAST: f64 = 0.01;

/// Trains a tagger.
#[derive(Debug, Clone)]
pub struct TrainJob {
    /// Labelled sentences, or pairs of which one side is labelled; several files are one.
    pub train: Vec<PathBuf>,
    /// Labelled sentences that the tagger is measured on.
    pub dev: Option<PathBuf>,
    /// How they are read; of pairs the target side is read where no side is named, as projected entities are there.
    pub options: ReadOptions,
    /// How much each sentence counts.
    pub weights: SentenceWeights,
    /// What is trained.
    pub model: ModelOptions,
    /// Where the tagger is kept.
    pub output: PathBuf,
}

/// How much each sentence counts in training.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SentenceWeights {
    /// All the same.
    #[default]
    Equal,
    /// The mean score of its entities, 0.01 to 1; 1 where none has a score. Entities that were projected have one.
    Score,
}

/// What is trained, and how.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ModelOptions {
    /// A linear-chain CRF.
    Crf(CrfOptions),
}

/// How a CRF is trained from files.
#[derive(Debug, Clone, Default)]
pub struct CrfOptions {
    /// Regularisation, limits; names and clusters are added to from the files here.
    pub train: CrfTrainOptions,
    /// The tagger that training goes on from, as [`open_crf`] takes it (see [`CrfTagger::adapt`]).
    pub init: Option<String>,
    /// Lists of names, one a line; the lists of one name are one.
    pub names: Vec<(String, PathBuf)>,
    /// Raw text that words are clustered by, in any format; sentences that are not tokenised are tokenised.
    pub raw: Vec<PathBuf>,
}

/// Figures of a run of `train`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrainReport {
    /// What was trained on.
    pub train: DataFigures,
    /// Tokens of raw text, and the words clustered by it.
    pub raw_tokens: usize,
    /// Words with clusters.
    pub clustered_words: usize,
    /// Features looked at.
    pub candidate_features: usize,
    /// Features that the tagger has.
    pub features: usize,
    /// Iterations made.
    pub iterations: usize,
    /// Final value of the objective.
    pub objective: f64,
    /// Bytes of the model file.
    pub bytes: u64,
    /// Seconds that training took, without reading.
    pub seconds: f64,
    /// How good the tagger is; `None` where there are no sentences to measure it on.
    pub dev: Option<DevFigures>,
}

/// Figures of labelled sentences.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DataFigures {
    /// Sentences.
    pub sentences: u64,
    /// Their tokens.
    pub tokens: u64,
    /// Their entities by label.
    pub entities: BTreeMap<String, u64>,
}

/// How good a tagger is, on entities whose label it knows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DevFigures {
    /// Sentences measured on.
    pub sentences: u64,
    /// Over all entities.
    pub micro: Scores,
    /// By label.
    pub types: BTreeMap<String, Scores>,
    /// Sentences tagged a second.
    pub sentences_per_second: f64,
}

impl TrainJob {
    /// Checks what can be checked without reading anything.
    ///
    /// # Errors
    /// [`Error::Options`].
    pub fn check(&self) -> Result<()> {
        if self.train.is_empty() {
            return Err(Error::Options("there is nothing to train on".into()));
        }
        let ModelOptions::Crf(crf) = &self.model;
        crf.check()?;
        let files = self.train.iter().chain(&self.dev).chain(&crf.raw).chain(crf.names.iter().map(|(_, path)| path));
        if files.filter(|path| path.as_os_str() == "-").count() > 1 {
            return Err(Error::Options("standard input (-) can be read once only".into()));
        }
        if self.output.as_os_str() == "-" {
            return Err(Error::Options("a model is written to a file: give -o FILE".into()));
        }
        Ok(())
    }

    /// Does the job. The model file appears when training is done. All sentences are held in memory.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn run(&self, listener: Listener<'_>) -> Result<TrainReport> {
        self.check()?;
        // Before the long work: a folder that cannot be written to is found out at once.
        let mut output = Output::create(&self.output)?;
        let ModelOptions::Crf(crf) = &self.model;
        let data = Data::read(&self.train, &self.options, listener)?;
        let dev = self.dev.as_ref().map(|path| Data::read(std::slice::from_ref(path), &self.options, listener));
        let dev = dev.transpose()?;
        let init = crf.init.as_deref().map(open_crf).transpose()?;
        let (options, raw_tokens) = crf.load(data.sentences.iter(), listener)?;

        let examples: Vec<TrainingExample<'_>> = data
            .sentences
            .iter()
            .map(|sentence| TrainingExample { sentence, weight: self.weights.of(sentence) })
            .collect();
        let start = Instant::now();
        let trained = train_crf(init.as_ref(), &examples, &options, listener);
        let (tagger, training) = trained.map_err(|error| data.wrong(error))?;
        let seconds = start.elapsed().as_secs_f64();
        tagger.save(&mut output).map_err(|problem| Error::File { path: self.output.clone(), problem })?;
        output.finish()?;
        let bytes = std::fs::metadata(&self.output).map_or(0, |file| file.len());
        Ok(TrainReport {
            train: data.figures(),
            raw_tokens,
            clustered_words: options.clusters.len(),
            candidate_features: training.candidates,
            features: tagger.features(),
            iterations: training.iterations,
            objective: training.objective,
            bytes,
            seconds,
            dev: dev.map(|dev| measure(&tagger, tagger.labels(), dev)).transpose()?,
        })
    }
}

/// Trains a CRF, from `init` on where there is one, and tells how far it is.
pub(crate) fn train_crf(
    init: Option<&CrfTagger>,
    examples: &[TrainingExample<'_>],
    options: &CrfTrainOptions,
    listener: Listener<'_>,
) -> xlner_models::Result<(CrfTagger, Training)> {
    let count = examples.len() as u64;
    let lang = options.lang.clone().or_else(|| common_language(examples.iter().map(|example| example.sentence)));
    let options = &CrfTrainOptions { lang, ..options.clone() };
    let mut watch = |iteration: Iteration| {
        let of = |iterations: usize| (iterations as u64).saturating_mul(count);
        let total = Some(of(iteration.limit));
        listener(Progress { stage: Stage::Train, done: of(iteration.number), total });
    };
    match init {
        Some(init) => init.adapt(examples, options, &mut watch),
        None => CrfTagger::train(examples, options, &mut watch),
    }
}

/// The language that all sentences name.
pub(crate) fn common_language<'s>(mut sentences: impl Iterator<Item = &'s Sentence>) -> Option<String> {
    let first = sentences.next()?.lang.as_deref()?;
    sentences.all(|sentence| sentence.lang.as_deref() == Some(first)).then(|| first.to_owned())
}

impl SentenceWeights {
    pub(crate) fn of(self, sentence: &Sentence) -> f64 {
        let scores: Vec<f64> = match self {
            SentenceWeights::Equal => Vec::new(),
            SentenceWeights::Score => sentence.entities.iter().filter_map(|entity| entity.score).collect(),
        };
        let mean = scores.iter().map(|score| score.clamp(0.0, 1.0)).sum::<f64>() / scores.len() as f64;
        // Not of a sentence without scores, whose mean is no number.
        if mean.is_finite() { mean.max(LEAST) } else { 1.0 }
    }
}

impl std::str::FromStr for SentenceWeights {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "equal" => Ok(SentenceWeights::Equal),
            "score" => Ok(SentenceWeights::Score),
            _ => Err("sentences weigh `equal`, or by the `score` of their entities".into()),
        }
    }
}

impl CrfOptions {
    /// Checks what can be checked without reading anything.
    pub(crate) fn check(&self) -> Result<()> {
        if self.init.is_some() && !(self.names.is_empty() && self.raw.is_empty()) {
            return Err(Error::Options(
                "a tagger that training goes on from keeps its name lists and clusters: leave out option `names` and option `raw`, or \
                 leave out option `init`"
                    .into(),
            ));
        }
        Ok(())
    }

    /// The options with what the files hold, and the number of raw tokens; the sentences to learn from are raw text too.
    pub(crate) fn load<'s>(
        &self,
        sentences: impl Iterator<Item = &'s Sentence>,
        listener: Listener<'_>,
    ) -> Result<(CrfTrainOptions, usize)> {
        let mut options = self.train.clone();
        for (name, path) in &self.names {
            let read = ReadOptions { format: Some(Format::Text), ..ReadOptions::default() };
            let entries = read_sentences(path, &read)?.map(|line| Ok(line?.text().trim().to_owned()));
            let entries = entries.collect::<Result<Vec<String>>>()?;
            match options.names.iter_mut().find(|list| list.name == *name) {
                Some(list) => list.entries.extend(entries),
                None => options.names.push(NameList { name: name.clone(), entries }),
            }
        }
        if self.raw.is_empty() {
            return Ok((options, 0));
        }
        let mut builder = ClusterBuilder::default();
        sentences.for_each(|sentence| builder.add(sentence.tokens()));
        let mut done = 0;
        for path in &self.raw {
            let read = ReadOptions { no_tags: true, ..ReadOptions::default() };
            for (sentence, number) in read_sentences(path, &read)?.zip(1..) {
                let mut sentence = sentence?;
                tokenized(&mut sentence, path, number)?;
                builder.add(sentence.tokens());
                done += 1;
                if done % STEP == 0 {
                    listener(Progress { stage: Stage::Read, done, total: None });
                }
            }
        }
        options.clusters = builder.build();
        Ok((options, builder.tokens()))
    }
}

/// Tags sentences and compares. Labels that the tagger cannot know do not count.
pub(crate) fn measure(tagger: &dyn Tagger, labels: &[String], mut data: Data) -> Result<DevFigures> {
    let gold: Vec<Vec<_>> = data.sentences.iter().map(|sentence| sentence.entities.clone()).collect();
    let start = Instant::now();
    if let Err(error) = tagger.tag(&mut data.sentences, false) {
        return Err(data.wrong(error));
    }
    let seconds = start.elapsed().as_secs_f64();
    let mut evaluator = Evaluator::new(&EvalOptions::default(), Scheme::Iob2, &[("tagger", Scheme::Iob2)]);
    for (index, (mut gold, sentence)) in gold.into_iter().zip(&data.sentences).enumerate() {
        gold.retain(|entity| labels.binary_search(&entity.label).is_ok());
        let problem = |error: &dyn std::fmt::Display| data.wrong(ModelError::sentence(index, error.to_string()));
        let mut ids = |entities: &[_]| {
            let tags = encode(sentence.len(), entities, Scheme::Iob2).map_err(|error| problem(&error))?;
            let ids = tags.iter().map(|tag| evaluator.intern(tag, Scheme::Iob2));
            ids.collect::<std::result::Result<Vec<_>, _>>().map_err(|error| problem(&error))
        };
        let (gold, found) = (ids(&gold)?, ids(&sentence.entities)?);
        evaluator.push(&gold, &[found]).map_err(|error| problem(&error))?;
    }
    let sentences = evaluator.sentences();
    let report = evaluator.finish(&Resampling::NONE);
    let system = &report.systems[0];
    Ok(DevFigures {
        sentences,
        micro: system.micro,
        types: system.types.clone(),
        sentences_per_second: sentences as f64 / seconds.max(1e-9),
    })
}
