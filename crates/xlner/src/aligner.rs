//! The built-in aligner: trained on the pairs at hand and on other bitext, or loaded.

mod memory;
mod vectors;

use std::io;
use std::path::{Path, PathBuf};

use xlner_align::symmetrize::{Direction, Mean, Symmetrize, extract};
use xlner_align::{Confidence, Model, Scratch, Spool, TrainOptions, TrainProgress, WordVectors};
use xlner_core::{Alignment, Pair, Posteriors, Sentence};
use xlner_formats::{Format, Output, ReadOptions, read_pairs};

use crate::engine::source::{self, Input, Source};
use crate::progress::{Listener, Progress, Stage};
use crate::{Error, Result};

/// Where the built-in aligner gets what it knows.
#[derive(Debug, Clone, Default)]
pub struct AlignerOptions {
    /// A trained model.
    pub model: Option<PathBuf>,
    /// Other bitexts to train on; with a model, training goes on from it.
    pub bitext: Vec<PathBuf>,
    /// How they are read. Texts without tokens are tokenised, in the languages of the pairs where no others are named.
    pub bitext_options: ReadOptions,
    /// Dictionaries: a line is `word<TAB>translation`.
    pub dictionary: Vec<PathBuf>,
    /// Vectors of words in one space, in the text format of fastText and word2vec: a file of both languages, or one of the
    /// source and one of the target language.
    pub vectors: Vec<PathBuf>,
    /// Bytes that training may take; `None`: half of the machine's memory.
    pub memory: Option<u64>,
}

/// Bytes that training needs at least.
const LEAST_MEMORY: u64 = 16 << 20;

impl AlignerOptions {
    /// Checks what can be checked without reading anything.
    pub(crate) fn check(&self) -> Result<()> {
        if self.vectors.len() > 2 {
            return Err(Error::Options(
                "option `vectors` takes one file of both languages, or two: of the source and of the target language"
                    .into(),
            ));
        }
        if self.memory.is_some_and(|bytes| bytes < LEAST_MEMORY) {
            return Err(Error::Options("option `memory`: training needs 16MB at least".into()));
        }
        Ok(())
    }

    /// Whether any of it was given.
    pub fn is_given(&self) -> bool {
        self.model.is_some() || self.trains()
    }

    /// Whether a given model is trained on.
    pub(crate) fn trains(&self) -> bool {
        !self.bitext.is_empty() || !self.dictionary.is_empty() || !self.vectors.is_empty()
    }

    /// The files.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.model.iter().chain(&self.bitext).chain(&self.dictionary).chain(&self.vectors).map(PathBuf::as_path)
    }
}

/// Which links are taken from an aligner's posteriors ([`extract`]).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinkExtraction {
    /// The directions, and how they are merged.
    pub direction: Direction,
    /// How two posteriors become one.
    pub mean: Mean,
    /// Less probable links are left out.
    pub threshold: f64,
}

impl Default for LinkExtraction {
    /// Posteriors of both directions, geometric mean at least 0.4; then tokens without a link, beside one.
    fn default() -> Self {
        LinkExtraction { direction: Direction::Both(Symmetrize::SoftGrow), mean: Mean::Geometric, threshold: 0.4 }
    }
}

impl LinkExtraction {
    /// The links that entities are projected along, without those of words beside them: an article that is linked to a name
    /// would become a part of it.
    pub(crate) fn of_entities() -> LinkExtraction {
        LinkExtraction { direction: Direction::Both(Symmetrize::Soft), ..LinkExtraction::default() }
    }
}

/// The built-in aligner, ready.
#[derive(Debug, Clone)]
pub struct Aligner(Model);

impl From<Model> for Aligner {
    fn from(model: Model) -> Aligner {
        Aligner(model)
    }
}

/// An aligner and what it was trained on.
pub(crate) struct Trained {
    pub aligner: Aligner,
    /// Pairs of other bitexts.
    pub bitext_pairs: u64,
    /// Entries of dictionaries.
    pub dictionary_entries: u64,
    /// Vectors of words of the text.
    pub vectors: u64,
}

impl Aligner {
    /// Loads a model.
    ///
    /// # Errors
    /// [`Error::Align`] where there is none, or none of this version.
    pub fn load(path: &Path) -> Result<Aligner> {
        Ok(Aligner(Model::load(path)?))
    }

    /// Trains on tokenised pairs, whatever links they have, and on what the options name.
    ///
    /// # Errors
    /// Where a file of the options cannot be read.
    pub fn train_on(options: &AlignerOptions, pairs: &[Pair], listener: Listener<'_>) -> Result<Aligner> {
        let (text, langs) = text(pairs)?;
        Ok(Aligner::train(options, text, &langs, listener)?.aligner)
    }

    /// Trains on the bitext at hand, the other bitexts and the dictionaries; from the model on, where one is given. Other
    /// bitexts that name no languages are tokenised as `langs` says.
    pub(crate) fn train(
        options: &AlignerOptions,
        mut text: Spool,
        langs: &Langs,
        listener: Listener<'_>,
    ) -> Result<Trained> {
        let start = options.model.as_deref().map(Aligner::load).transpose()?;
        let own = text.len();
        for path in &options.bitext {
            push_file(&mut text, path, &named(&options.bitext_options, langs), listener)?;
        }
        let bitext_pairs = (text.len() - own) as u64;
        let dictionary = dictionary(&options.dictionary)?;
        let dictionary_entries = dictionary.len() as u64;
        let vectors = vectors::read(&options.vectors, &text)?;
        let vectors_known = vectors.as_ref().map_or(0, WordVectors::len) as u64;
        let train = TrainOptions { dictionary, vectors, ..TrainOptions::default() };
        let mut tell = |progress: TrainProgress| {
            let TrainProgress { iteration, iterations, done, total } = progress;
            let (done, total) = (iteration * total + done, iterations * total);
            listener(Progress { stage: Stage::Train, done: done as u64, total: Some(total as u64) });
        };
        let memory = options.memory.unwrap_or_else(memory::half);
        let memory = usize::try_from(memory).unwrap_or(usize::MAX);
        let start = start.as_ref().map(|aligner| &aligner.0);
        let model = Model::train_spool(&text, &train, start, memory, &mut tell).map_err(spooled)?;
        Ok(Trained { aligner: Aligner(model), bitext_pairs, dictionary_entries, vectors: vectors_known })
    }

    /// The links of a tokenised pair, as probable as [`LinkExtraction::default`] asks, and how sure the aligner is that the two
    /// are translations.
    ///
    /// # Errors
    /// None that the built-in aligner is known to cause.
    pub fn align(&self, pair: &Pair) -> Result<(Alignment, Confidence)> {
        self.align_with(pair, &LinkExtraction::default(), &mut Scratch::default())
    }

    /// The same with other links; the buffers are kept between pairs.
    ///
    /// # Errors
    /// As [`align`](Self::align).
    pub fn align_with(
        &self,
        pair: &Pair,
        extraction: &LinkExtraction,
        scratch: &mut Scratch,
    ) -> Result<(Alignment, Confidence)> {
        let LinkExtraction { direction, mean, threshold } = *extraction;
        let posteriors = self.posteriors(pair, scratch);
        let links = extract(&posteriors, direction, mean, threshold)
            .map_err(|error| Error::of_pair(Path::new("-"), 1, pair, error.into()))?;
        Ok((links, Confidence::of(&posteriors)))
    }

    /// The links of a tokenised pair; the buffers are kept between pairs.
    pub fn links(
        &self,
        pair: &Pair,
        extraction: &LinkExtraction,
        scratch: &mut Scratch,
    ) -> xlner_core::Result<Alignment> {
        let LinkExtraction { direction, mean, threshold } = *extraction;
        extract(&self.posteriors(pair, scratch), direction, mean, threshold)
    }

    /// The same with links of another aligner as evidence.
    pub(crate) fn align_given(
        &self,
        pair: &Pair,
        given: &Alignment,
        extraction: &LinkExtraction,
        scratch: &mut Scratch,
    ) -> xlner_core::Result<(Alignment, Confidence)> {
        let LinkExtraction { direction, mean, threshold } = *extraction;
        let (source, target): (Vec<&str>, Vec<&str>) = (pair.source.tokens().collect(), pair.target.tokens().collect());
        let posteriors = self.0.posteriors_given(&source, &target, given, scratch);
        Ok((extract(&posteriors, direction, mean, threshold)?, Confidence::of(&posteriors)))
    }

    /// The posteriors of a tokenised pair; the buffers are kept between pairs.
    pub fn posteriors(&self, pair: &Pair, scratch: &mut Scratch) -> Posteriors {
        let source: Vec<&str> = pair.source.tokens().collect();
        let target: Vec<&str> = pair.target.tokens().collect();
        self.0.posteriors_with(&source, &target, scratch)
    }

    /// The aligner as bytes, those of its file.
    ///
    /// # Errors
    /// None: memory takes every write.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.0.save(&mut bytes)?;
        Ok(bytes)
    }

    /// Writes the model to a file that appears when it is whole.
    ///
    /// # Errors
    /// What writing reports.
    pub fn save(&self, path: &Path) -> Result<()> {
        let mut output = Output::create(path)?;
        self.0.save(&mut output)?;
        Ok(output.finish()?)
    }
}

/// The languages of a pair, where it names them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Langs {
    pub source: Option<String>,
    pub target: Option<String>,
}

impl Langs {
    /// Those of a pair.
    pub fn of(pair: &Pair) -> Langs {
        Langs { source: pair.source.lang.clone(), target: pair.target.lang.clone() }
    }
}

/// The texts of pairs, and the languages of the first.
pub(crate) fn text(pairs: &[Pair]) -> Result<(Spool, Langs)> {
    let mut text = spool();
    pairs.iter().try_for_each(|pair| push(&mut text, &pair.source, &pair.target))?;
    Ok((text, pairs.first().map(Langs::of).unwrap_or_default()))
}

/// A spool without pairs.
pub(crate) fn spool() -> Spool {
    Spool::new(std::env::temp_dir())
}

/// Adds a tokenised pair.
pub(crate) fn push(text: &mut Spool, source: &Sentence, target: &Sentence) -> Result<()> {
    push_given(text, source, target, &Alignment::default())
}

/// The same with links that another aligner gave.
pub(crate) fn push_given(text: &mut Spool, source: &Sentence, target: &Sentence, given: &Alignment) -> Result<()> {
    text.push(source.tokens(), target.tokens(), given).map_err(spooled)
}

/// What went wrong with the file of a spool.
fn spooled(problem: io::Error) -> Error {
    Error::File { path: std::env::temp_dir(), problem }
}

/// The options with the languages of the pairs, where none are named.
fn named(options: &ReadOptions, langs: &Langs) -> ReadOptions {
    let mut options = options.clone();
    options.lang = options.lang.or_else(|| langs.source.clone());
    options.target_lang = options.target_lang.or_else(|| langs.target.clone());
    options
}

/// Adds the pairs of a file.
fn push_file(text: &mut Spool, path: &Path, options: &ReadOptions, listener: Listener<'_>) -> Result<()> {
    let mut source = Source::open(&Input::Pairs { path: path.to_owned(), options: options.clone() }, None)?;
    let prepare = |pair: &mut Pair, number| {
        pair.alignment = None;
        source::tokenize(pair).map_err(|error| Error::of_pair(path, number, pair, error.into()))
    };
    source.for_each_batch(prepare, listener, |batch| {
        batch.iter().try_for_each(|pair| push(text, &pair.source, &pair.target))
    })
}

/// The entries of dictionaries; lines with an empty side say nothing.
pub(crate) fn dictionary(paths: &[PathBuf]) -> Result<Vec<(String, String)>> {
    let mut entries = Vec::new();
    for path in paths {
        // Whatever the name: a dictionary is a table of two columns.
        let options = ReadOptions { format: Some(Format::Tsv), ..ReadOptions::default() };
        for pair in read_pairs(path, &options)? {
            let pair = pair?;
            let (word, translation) = (pair.source.text().trim(), pair.target.text().trim());
            if !word.is_empty() && !translation.is_empty() {
                entries.push((word.to_owned(), translation.to_owned()));
            }
        }
    }
    Ok(entries)
}
