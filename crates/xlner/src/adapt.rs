//! The job `adapt`: an encoder and raw text of a language or domain → the encoder that knows it.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;
use xlner_core::{ModelError, Pair, Sentence};
use xlner_formats::ReadOptions;
use xlner_models::hub;
use xlner_neural::transformer::fine_tune::{self, AdaptData, AdaptOptions, CutFigures, EpochFigures};

use crate::engine::source::{self, Input, Source};
use crate::progress::{Listener, Progress, Stage};
use crate::train::Data;
use crate::{Error, Result};

/// Of so many sentences one is held out, where no text is given to measure on.
const EVERY: usize = 20;
/// Sentences that are held out at most.
const MOST: usize = 1000;

/// Adapts an encoder to raw text (Chau and Smith 2021).
#[derive(Debug, Clone)]
pub struct AdaptJob {
    /// The encoder to begin from: a folder as Hugging Face keeps models, or a name on the Hub.
    pub init: String,
    /// Raw text, one sentence a line, or any format; several files are one.
    pub raw: Vec<PathBuf>,
    /// Bitexts, on which words are found by both sentences of a pair.
    pub bitext: Vec<PathBuf>,
    /// Text that is measured on; where there is none, every twentieth sentence of the raw text, 1000 at most.
    pub dev: Option<PathBuf>,
    /// How files are read. Sentences without tokens are tokenised.
    pub options: ReadOptions,
    /// How the encoder is adapted.
    pub adapt: AdaptOptions,
    /// The folder that the encoder is written to.
    pub output: PathBuf,
}

/// How a tokeniser cuts the text held out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PieceRates {
    /// Tokens of the text.
    pub words: u64,
    /// Sub-words for each of them.
    pub pieces_per_word: f64,
    /// Share of the tokens of which a part is unknown.
    pub unknown_rate: f64,
}

/// One epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AdaptEpoch {
    /// Its number, from 1.
    pub epoch: usize,
    /// Mean loss of its steps, in nats for a masked sub-word.
    pub loss: f64,
    /// Perplexity of the masked sub-words held out.
    pub perplexity: Option<f64>,
}

/// Figures of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AdaptReport {
    /// Sentences trained on.
    pub sentences: usize,
    /// Pairs trained on.
    pub pairs: usize,
    /// Sentences left out, as no sub-word is in them.
    pub sentences_left_out: usize,
    /// Pairs left out: with an empty side, or longer than the encoder takes.
    pub pairs_left_out: usize,
    /// Sentences held out.
    pub held_out: usize,
    /// How the encoder's own tokeniser cuts the text held out.
    pub before: PieceRates,
    /// How the new one does.
    pub after: PieceRates,
    /// The pieces that were added to the vocabulary.
    pub added_pieces: Vec<String>,
    /// Whether the encoder came with a head for masked sub-words; else it got a new one.
    pub had_head: bool,
    /// Perplexity of the masked sub-words held out before the first step, cut as after the last.
    pub perplexity_before: Option<f64>,
    /// The same of the model that was kept.
    pub perplexity_after: Option<f64>,
    /// Weights of the model.
    pub weights: usize,
    /// Steps made in all.
    pub steps: u64,
    /// The step at which a stopped training went on.
    pub resumed_at: Option<u64>,
    /// The epochs.
    pub epochs: Vec<AdaptEpoch>,
    /// The epoch whose model was kept.
    pub epoch: usize,
    /// Seconds that it took, without reading.
    pub seconds: f64,
    /// Seconds of a step, measuring shared out; `None` where none was made.
    pub seconds_per_step: Option<f64>,
}

impl AdaptJob {
    /// Checks what can be checked without reading anything but the place of the output.
    ///
    /// # Errors
    /// [`Error::Options`] for options that do not go together or are out of range.
    pub fn check(&self) -> Result<()> {
        let wrong = |problem: &str| Err(Error::Options(problem.into()));
        if self.raw.is_empty() && self.bitext.is_empty() {
            return wrong("there is no text to learn from: give option `raw` FILE or option `bitext` FILE");
        }
        if Path::new(&self.init).is_file() {
            let problem = format!("{} is a file; a model is a folder with `config.json` in it", self.init);
            return Err(Error::Options(problem));
        }
        let files = self.raw.iter().chain(&self.bitext).chain(&self.dev);
        if files.filter(|path| path.as_os_str() == "-").count() > 1 {
            return wrong("standard input (-) can be read once only");
        }
        if self.output.as_os_str() == "-" || self.output.is_file() {
            return wrong("an encoder is written to a folder: give -o FOLDER");
        }
        self.adapt.check().map_err(|error| Error::Options(error.to_string()))
    }

    /// Does the job. The folder appears when training is done. All text is held in memory.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn run(&self, listener: Listener<'_>) -> Result<AdaptReport> {
        self.check()?;
        let init = hub::resolve(&self.init, None)?;
        let raw = Data::read(&self.raw, &self.options, listener)?;
        let dev = self.dev.as_ref().map(|path| Data::read(std::slice::from_ref(path), &self.options, listener));
        let dev = dev.transpose()?;
        let (text, held_out) = match &dev {
            Some(dev) => (Numbered::all(&raw), Numbered::all(dev)),
            None => Numbered::split(&raw),
        };
        let mut pairs = Vec::new();
        let mut origins = Vec::new();
        for path in &self.bitext {
            let input = Input::Pairs { path: path.clone(), options: self.options.clone() };
            let prepare = |pair: &mut Pair, number| {
                source::tokenize(pair).map_err(|error| Error::of_pair(path, number, pair, error.into()))
            };
            let read = Source::open(&input, None)?.read_all(prepare, listener)?;
            origins.extend((1..=read.len() as u64).map(|number| (path, number)));
            pairs.extend(read.into_iter().map(|pair| (pair.source, pair.target)));
        }

        let data = AdaptData { text: &text.sentences, pairs: &pairs, held_out: &held_out.sentences };
        let batch = (self.adapt.training.batch_size * self.adapt.training.gradient_accumulation) as u64;
        let (start, mut first) = (Instant::now(), None);
        let adapted = fine_tune::adapt(&init, data, &self.adapt, &self.output, &mut |step| {
            first.get_or_insert(step.step);
            listener(Progress { stage: Stage::Train, done: step.step * batch, total: Some(step.steps * batch) });
        });
        let seconds = start.elapsed().as_secs_f64();
        let adapted = adapted.map_err(|error| match error {
            xlner_neural::Error::Sentence { index, problem } => {
                let (in_dev, in_pairs) =
                    (index.checked_sub(text.len()), index.checked_sub(text.len() + held_out.len()));
                match (in_dev, in_pairs) {
                    (_, Some(side)) => {
                        let (path, number) = origins[side / 2];
                        Error::Sentence { file: path.clone(), number, id: String::new(), problem }
                    }
                    (Some(at), None) => {
                        dev.as_ref().unwrap_or(&raw).wrong(ModelError::sentence(held_out.numbers[at], problem))
                    }
                    (None, None) => raw.wrong(ModelError::sentence(text.numbers[index], problem)),
                }
            }
            error => error.into(),
        })?;
        let steps = first.map_or(0, |first| adapted.steps + 1 - first);
        let [before, after] = adapted.cut.map(PieceRates::of);
        Ok(AdaptReport {
            sentences: adapted.trained[0],
            pairs: adapted.trained[1],
            sentences_left_out: adapted.left_out[0],
            pairs_left_out: adapted.left_out[1],
            held_out: held_out.len(),
            before,
            after,
            added_pieces: adapted.added,
            had_head: adapted.head,
            perplexity_before: adapted.loss_before.map(f64::exp),
            perplexity_after: adapted.loss_after.map(f64::exp),
            weights: adapted.weights,
            steps: adapted.steps,
            resumed_at: adapted.resumed,
            epochs: adapted.history.iter().map(AdaptEpoch::of).collect(),
            epoch: adapted.epoch,
            seconds,
            seconds_per_step: (steps > 0).then(|| seconds / steps as f64),
        })
    }
}

/// Sentences, and their indices among those that were read.
#[derive(Default)]
struct Numbered {
    sentences: Vec<Sentence>,
    numbers: Vec<usize>,
}

impl Numbered {
    fn all(data: &Data) -> Numbered {
        Numbered { sentences: data.sentences.clone(), numbers: (0..data.sentences.len()).collect() }
    }

    /// The sentences to learn from, and those that are held out: of files that are long one of as many as make 1000.
    fn split(data: &Data) -> (Numbered, Numbered) {
        let every = EVERY.max(data.sentences.len().div_ceil(MOST));
        let (mut text, mut held_out) = (Numbered::default(), Numbered::default());
        for (number, sentence) in data.sentences.iter().enumerate() {
            let part = if number % every == every - 1 { &mut held_out } else { &mut text };
            part.sentences.push(sentence.clone());
            part.numbers.push(number);
        }
        (text, held_out)
    }

    fn len(&self) -> usize {
        self.sentences.len()
    }
}

impl PieceRates {
    fn of(figures: CutFigures) -> PieceRates {
        let share = |count: u64| count as f64 / figures.words.max(1) as f64;
        PieceRates {
            words: figures.words,
            pieces_per_word: share(figures.pieces),
            unknown_rate: share(figures.unknown),
        }
    }
}

impl AdaptEpoch {
    fn of(epoch: &EpochFigures) -> AdaptEpoch {
        AdaptEpoch { epoch: epoch.epoch, loss: epoch.loss, perplexity: epoch.dev.map(|likelihood| (-likelihood).exp()) }
    }
}
