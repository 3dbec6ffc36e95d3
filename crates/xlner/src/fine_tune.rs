//! The job `train` of a transformer: a checkpoint and labelled sentences → a model that classifies tokens.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;
use xlner_formats::ReadOptions;
use xlner_models::crf::TrainingExample;
use xlner_models::hub;
use xlner_neural::transformer::fine_tune::{self, Choice, EpochFigures, FineTuneOptions};
use xlner_neural::transformer::{TransformerTagger, TransformerTaggerOptions};

use crate::progress::{Listener, Progress, Stage};
use crate::train::{Data, DataFigures, DevFigures, SentenceWeights, common_language, measure};
use crate::{Error, Result};

/// Fine-tunes a transformer.
#[derive(Debug, Clone)]
pub struct FineTuneJob {
    /// The model to begin from: a folder as Hugging Face keeps models, or a name on the Hub.
    pub init: String,
    /// Labelled sentences, or pairs of which one side is labelled; several files are one. For a model that reads sentences beside their
    /// translations, pairs whose sources are tagged and whose targets are labelled.
    pub train: Vec<PathBuf>,
    /// Labelled sentences that every epoch's model is measured on; the best is kept.
    pub dev: Option<PathBuf>,
    /// How they are read; of pairs the target side is read where no side is named, as projected entities are there.
    pub options: ReadOptions,
    /// How much each sentence counts.
    pub weights: SentenceWeights,
    /// How it is trained; but for what `schedule` leaves open.
    pub fine_tune: FineTuneOptions,
    /// Epochs, batch size and learning rate, as far as they are given.
    pub schedule: Schedule,
    /// The folder that the model is written to.
    pub output: PathBuf,
}

/// What is not given is chosen by the size of data and model ([`Choice`]).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Schedule {
    /// Passes over the data.
    pub epochs: Option<usize>,
    /// Sentences of a batch.
    pub batch_size: Option<usize>,
    /// Largest learning rate.
    pub learning_rate: Option<f64>,
}

/// Of so many sentences one is held out, where no sentences are given to measure on.
const EVERY: usize = 10;
/// Sentences that are held out at most.
const MOST: usize = 500;
/// With fewer sentences none is held out.
const FEWEST: usize = 50;

/// Sentences that are looked at, of those that were learnt from, where there are none to measure on.
const LOOKED_AT: usize = 200;

/// Figures of a run of `train` on a transformer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FineTuneReport {
    /// What was trained on.
    pub train: DataFigures,
    /// Sentences that were held out and measured on, as no others were given.
    pub held_out: usize,
    /// Passes over the data, sentences of a batch and largest learning rate, given or chosen.
    pub schedule: Schedule,
    /// The model's classes.
    pub classes: Vec<String>,
    /// Weights that it has.
    pub weights: usize,
    /// Weights that were trained.
    pub trained_weights: usize,
    /// Steps made in all.
    pub steps: u64,
    /// The step at which a stopped training went on.
    pub resumed_at: Option<u64>,
    /// The epochs.
    pub epochs: Vec<EpochFigures>,
    /// The epoch whose model was kept.
    pub epoch: usize,
    /// Seconds that the steps of this run took, without measuring.
    pub seconds: f64,
    /// The same for one step; `None` where none was made.
    pub seconds_per_step: Option<f64>,
    /// How good the model is that was kept; `None` where there are no sentences to measure it on.
    pub dev: Option<DevFigures>,
    /// Whether it finds no entity at all: in the sentences that it is measured on, or else in the first that it learnt from.
    pub finds_nothing: bool,
}

impl FineTuneJob {
    /// Checks what can be checked without reading anything but the place of the output.
    ///
    /// # Errors
    /// [`Error::Options`] for options that do not go together or are out of range.
    pub fn check(&self) -> Result<()> {
        let wrong = |problem: &str| Err(Error::Options(problem.into()));
        if self.train.is_empty() {
            return wrong("there is nothing to train on");
        }
        if Path::new(&self.init).is_file() {
            return Err(Error::Options(format!(
                "{} is a file; a model is a folder with `config.json` in it",
                self.init
            )));
        }
        if self.train.iter().chain(&self.dev).filter(|path| path.as_os_str() == "-").count() > 1 {
            return wrong("standard input (-) can be read once only");
        }
        if self.output.as_os_str() == "-" || self.output.is_file() {
            return wrong("a transformer is written to a folder: give -o FOLDER");
        }
        if self.fine_tune.patience.is_some() && self.dev.is_none() {
            return wrong("patience needs dev sentences, by which an epoch is better or not: give option `dev` FILE");
        }
        self.options(Choice { epochs: 1, batch_size: 1, learning_rate: 1.0 })
            .check()
            .map_err(|error| Error::Options(error.to_string()))
    }

    /// The options with what is left open.
    fn options(&self, choice: Choice) -> FineTuneOptions {
        FineTuneOptions {
            epochs: self.schedule.epochs.unwrap_or(choice.epochs),
            batch_size: self.schedule.batch_size.unwrap_or(choice.batch_size),
            learning_rate: self.schedule.learning_rate.unwrap_or(choice.learning_rate),
            ..self.fine_tune.clone()
        }
    }

    /// Does the job. The folder appears when training is done. All sentences are held in memory.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn run(&self, listener: Listener<'_>) -> Result<FineTuneReport> {
        self.check()?;
        let init = hub::resolve(&self.init, None)?;
        let read = if self.fine_tune.fusion { Data::read_fused } else { Data::read };
        let data = read(&self.train, &self.options, listener)?;
        let dev = self.dev.as_ref().map(|path| read(std::slice::from_ref(path), &self.options, listener));
        let mut dev = dev.transpose()?;
        // Where nothing is given to measure on, a part of the data is.
        let held = if dev.is_none() { held_out(&data) } else { Vec::new() };
        if !held.is_empty() {
            dev = Some(data.part(&held));
        }
        let numbers: Vec<usize> = (0..data.sentences.len()).filter(|at| held.binary_search(at).is_err()).collect();
        let of = |at: &usize| {
            let sentence = &data.sentences[*at];
            TrainingExample { sentence, weight: self.weights.of(sentence) }
        };
        let examples: Vec<TrainingExample<'_>> = numbers.iter().map(of).collect();
        let adapter = self.fine_tune.lora.is_some();
        let options = self.options(Choice::of(&init, examples.len(), self.schedule.batch_size, adapter)?);
        let lang = self.options.lang.clone().or_else(|| common_language(data.sentences.iter()));
        let options = FineTuneOptions { lang, ..options };

        let mut figures = None;
        let mut wrong = None;
        let mut measuring = 0.0;
        let mut evaluate = |folder: &Path| {
            let start = Instant::now();
            let measured = dev.as_ref().map(|dev| measured(folder, dev)).transpose();
            measuring += start.elapsed().as_secs_f64();
            match measured {
                Ok(found) => {
                    let f1 = found.as_ref().map_or(0.0, |found| found.micro.f1);
                    if figures.as_ref().is_none_or(|best: &DevFigures| f1 > best.micro.f1) {
                        figures = found;
                    }
                    Ok(f1)
                }
                // Handed on below: it knows the file and the sentence.
                Err(error) => {
                    let told = error.to_string();
                    wrong = Some(error);
                    Err(xlner_neural::Error::Training(told))
                }
            }
        };
        let evaluate: Option<fine_tune::Evaluate<'_>> = if dev.is_some() { Some(&mut evaluate) } else { None };
        let batch = (options.batch_size * options.gradient_accumulation) as u64;
        let mut first = None;
        let start = Instant::now();
        let tuned = fine_tune::fine_tune(&init, &examples, &options, &self.output, evaluate, &mut |step| {
            first.get_or_insert(step.step);
            let total = Some(step.steps * batch);
            listener(Progress { stage: Stage::Train, done: step.step * batch, total });
        });
        let seconds = start.elapsed().as_secs_f64() - measuring;
        let tuned = match (tuned, wrong) {
            (Err(_), Some(error)) => return Err(error),
            (tuned, _) => tuned.map_err(|error| match error {
                xlner_neural::Error::Sentence { index, problem } => {
                    data.wrong(xlner_neural::Error::Sentence { index: numbers[index], problem })
                }
                error => data.wrong(error),
            })?,
        };
        // Of a training that went on, the best epoch may lie before.
        let best = tuned.history.get(tuned.epoch.wrapping_sub(1)).and_then(|epoch| epoch.dev);
        if let Some(dev) = dev.as_ref().filter(|_| best != figures.as_ref().map(|figures| figures.micro.f1)) {
            figures = Some(measured(&self.output, dev)?);
        }
        let finds_nothing = match &figures {
            Some(figures) => figures.micro.predicted == 0,
            None => measured(&self.output, &data.part(&numbers[..numbers.len().min(LOOKED_AT)]))?.micro.predicted == 0,
        };
        let steps = first.map_or(0, |first| tuned.steps + 1 - first);
        Ok(FineTuneReport {
            train: data.part(&numbers).figures(),
            held_out: held.len(),
            schedule: Schedule {
                epochs: Some(options.epochs),
                batch_size: Some(options.batch_size),
                learning_rate: Some(options.learning_rate),
            },
            classes: tuned.classes,
            weights: tuned.weights[0],
            trained_weights: tuned.weights[1],
            steps: tuned.steps,
            resumed_at: tuned.resumed,
            epochs: tuned.history,
            epoch: tuned.epoch,
            seconds,
            seconds_per_step: (steps > 0).then(|| seconds / steps as f64),
            dev: figures,
            finds_nothing,
        })
    }
}

/// The sentences that are held out, ascending: every tenth, or as many as make 500.
fn held_out(data: &Data) -> Vec<usize> {
    let count = data.sentences.len();
    let every = EVERY.max(count.div_ceil(MOST));
    let labelled = data.sentences.iter().any(|sentence| !sentence.entities.is_empty());
    if count < FEWEST || !labelled { Vec::new() } else { (every - 1..count).step_by(every).collect() }
}

/// The figures of the model in a folder.
fn measured(folder: &Path, dev: &Data) -> Result<DevFigures> {
    let tagger = TransformerTagger::load(folder, TransformerTaggerOptions::default())?;
    let tags = xlner_core::Tagger::tags(&tagger);
    let mut labels: Vec<String> =
        tags.iter().filter_map(|tag| tag.split_once('-')).map(|(_, label)| label.to_owned()).collect();
    labels.sort();
    labels.dedup();
    measure(&tagger, &labels, dev.clone())
}
