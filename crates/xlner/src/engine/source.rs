//! Where the pairs of a job come from.

use std::path::{Path, PathBuf};

use xlner_core::tokenize::tokenize_sentence;
use xlner_core::{Pair, Sentence};
use xlner_formats::{
    AlignmentReader, PairReader, ReadOptions, Records, SentenceReader, Side, read_alignments, read_pairs, read_records,
    read_sentences,
};

use super::pump::{self, BATCH};
use crate::progress::{Listener, Progress, Stage};
use crate::{Error, Result};

/// Where the pairs of a job come from. `-` is standard input.
#[derive(Debug, Clone)]
pub enum Input {
    /// Two files: sentence n of one is the translation of sentence n of the other.
    Files {
        /// The source sentences.
        source: PathBuf,
        /// How they are read.
        source_options: ReadOptions,
        /// The target sentences.
        target: PathBuf,
        /// How they are read.
        target_options: ReadOptions,
    },
    /// One file of pairs: records, bitext.
    Pairs {
        /// The file.
        path: PathBuf,
        /// How it is read.
        options: ReadOptions,
    },
}

impl Input {
    /// The files.
    pub fn paths(&self) -> Vec<&Path> {
        match self {
            Input::Files { source, target, .. } => vec![source, target],
            Input::Pairs { path, .. } => vec![path],
        }
    }

    /// The file that pairs are counted in.
    pub(crate) fn name(&self) -> &Path {
        match self {
            Input::Files { target, .. } => target,
            Input::Pairs { path, .. } => path,
        }
    }
}

/// Pairs, one by one, with their links where a file of links was given. A sentence alone is one side of a pair.
pub(crate) struct Source {
    files: Files,
    links: Option<(PathBuf, AlignmentReader)>,
    /// The first pair, where it was looked at.
    first: Option<Pair>,
    count: u64,
    /// Sentences so far that are not tokenised yet.
    untokenized: u64,
    /// Entities so far of target sentences.
    target_entities: u64,
    /// Bytes of the file whose bytes are counted.
    bytes: Option<u64>,
}

enum Files {
    Two { source: (PathBuf, SentenceReader), target: (PathBuf, SentenceReader) },
    Pairs(PathBuf, PairReader),
    Sentences(PathBuf, SentenceReader, Side),
}

impl Source {
    /// Opens the files of pairs.
    pub fn open(input: &Input, links: Option<(&Path, &ReadOptions)>) -> Result<Source> {
        let (counted, files) = match input {
            Input::Files { source, source_options, target, target_options } => (
                source,
                Files::Two {
                    source: (source.clone(), read_sentences(source, source_options)?),
                    target: (target.clone(), read_sentences(target, target_options)?),
                },
            ),
            Input::Pairs { path, options } => (path, Files::Pairs(path.clone(), read_pairs(path, options)?)),
        };
        let links = match links {
            Some((path, options)) => Some((path.to_owned(), read_alignments(path, options)?)),
            None => None,
        };
        Ok(Source::new(counted, files, links))
    }

    /// Opens a file of sentences, each of which becomes that side of a pair.
    pub fn sentences(path: &Path, options: &ReadOptions, side: Side) -> Result<Source> {
        let reader = read_sentences(path, options)?;
        Ok(Source::new(path, Files::Sentences(path.to_owned(), reader, side), None))
    }

    /// Opens a file of sentences, each of which becomes that side of a pair, or of pairs.
    pub fn records(path: &Path, options: &ReadOptions, side: Side) -> Result<Source> {
        let files = match read_records(path, options)? {
            Records::Sentences(reader) => Files::Sentences(path.to_owned(), reader, side),
            Records::Pairs(reader) => Files::Pairs(path.to_owned(), reader),
            Records::Alignments(_) => {
                return Err(Error::Options(format!(
                    "{}: alignments hold no sentences; give sentences or pairs (--from-format)",
                    path.display()
                )));
            }
        };
        Ok(Source::new(path, files, None))
    }

    fn new(counted: &Path, files: Files, links: Option<(PathBuf, AlignmentReader)>) -> Source {
        let bytes = std::fs::metadata(counted).ok().filter(std::fs::Metadata::is_file).map(|file| file.len());
        Source { files, links, first: None, count: 0, untokenized: 0, target_entities: 0, bytes }
    }

    /// Whether whole pairs are read.
    pub fn holds_pairs(&self) -> bool {
        !matches!(self.files, Files::Sentences(..))
    }

    /// The first pair; it is still the next to come.
    pub fn peek(&mut self) -> Result<Option<&Pair>> {
        if self.first.is_none() && self.count == 0 {
            self.first = self.next().transpose()?;
        }
        Ok(self.first.as_ref())
    }

    /// How many pairs there are, as far as the bytes read tell.
    pub fn estimate(&self) -> Option<u64> {
        let read = match &self.files {
            Files::Two { source: (_, reader), .. } | Files::Sentences(_, reader, _) => reader.bytes_read(),
            Files::Pairs(_, reader) => reader.bytes_read(),
        };
        let estimate = self.count as f64 * self.bytes? as f64 / read.max(1) as f64;
        Some((estimate as u64).max(self.count))
    }

    /// Pairs read so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Tags so far that were read with repairs.
    pub fn repaired(&self) -> u64 {
        match &self.files {
            Files::Two { source: (_, source), target: (_, target) } => source.repaired() + target.repaired(),
            Files::Pairs(_, reader) => reader.repaired(),
            Files::Sentences(_, reader, _) => reader.repaired(),
        }
    }

    /// Sentences so far that are not tokenised yet.
    pub fn untokenized(&self) -> u64 {
        self.untokenized
    }

    /// Entities so far that target sentences came with.
    pub fn target_entities(&self) -> u64 {
        self.target_entities
    }

    /// Reads all pairs that are left, batch after batch; `prepare` is called for every pair with its number, `take` for every
    /// batch.
    pub fn for_each_batch(
        &mut self,
        prepare: impl Fn(&mut Pair, u64) -> Result<()> + Sync,
        listener: Listener<'_>,
        mut take: impl FnMut(Vec<Pair>) -> Result<()>,
    ) -> Result<()> {
        let mut done = 0;
        loop {
            let mut batch = pump::read(self, BATCH)?;
            if batch.is_empty() {
                return Ok(());
            }
            pump::each(&mut batch, done + 1, |(): &mut (), pair, number| prepare(pair, number))?;
            done += batch.len() as u64;
            take(batch)?;
            listener(Progress { stage: Stage::Read, done, total: self.estimate() });
        }
    }

    /// All pairs that are left; see [`for_each_batch`](Self::for_each_batch).
    pub fn read_all(
        &mut self,
        prepare: impl Fn(&mut Pair, u64) -> Result<()> + Sync,
        listener: Listener<'_>,
    ) -> Result<Vec<Pair>> {
        let mut pairs = Vec::new();
        self.for_each_batch(prepare, listener, |mut batch| {
            pairs.append(&mut batch);
            Ok(())
        })?;
        Ok(pairs)
    }

    fn add(&mut self, pair: &Pair) {
        self.count += 1;
        self.target_entities += pair.target.entities.len() as u64;
        self.untokenized += [&pair.source, &pair.target].iter().filter(|side| !side.is_tokenized()).count() as u64;
    }

    /// The next pair without links of the file.
    fn next_pair(&mut self) -> Option<Result<Pair>> {
        match &mut self.files {
            Files::Pairs(_, reader) => Some(reader.next()?.map_err(Error::from)),
            Files::Sentences(_, reader, side) => {
                Some(reader.next()?.map(|sentence| alone(sentence, *side)).map_err(Error::from))
            }
            Files::Two { source, target } => match (source.1.next(), target.1.next()) {
                (None, None) => None,
                (Some(Err(error)), _) | (_, Some(Err(error))) => Some(Err(error.into())),
                (Some(Ok(source)), Some(Ok(target))) => Some(Ok(join(source, target))),
                (one, _) => {
                    let longer = u64::from(one.is_some());
                    Some(Err(unequal(source, target, self.count + longer, self.count + 1 - longer)))
                }
            },
        }
    }

    fn name(&self) -> &Path {
        match &self.files {
            Files::Two { target: (path, _), .. } | Files::Pairs(path, _) | Files::Sentences(path, ..) => path,
        }
    }
}

impl Iterator for Source {
    type Item = Result<Pair>;

    fn next(&mut self) -> Option<Result<Pair>> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        let pair = match self.next_pair() {
            Some(Err(error)) => return Some(Err(error)),
            Some(Ok(pair)) => Some(pair),
            None => None,
        };
        let links = self.links.as_mut().map(|(_, reader)| reader.next());
        match (pair, links) {
            (None, None | Some(None)) => None,
            (Some(pair), None) => {
                self.add(&pair);
                Some(Ok(pair))
            }
            (Some(mut pair), Some(Some(Ok(links)))) => {
                self.add(&pair);
                pair.alignment = Some(links.into());
                Some(Ok(pair))
            }
            (_, Some(Some(Err(error)))) => Some(Err(error.into())),
            (pair, _) => Some(Err(self.unequal_links(pair.is_some()))),
        }
    }
}

impl Source {
    /// The error for more or fewer alignments than pairs, one item more of one having been read.
    fn unequal_links(&mut self, more_pairs: bool) -> Error {
        let (mut pairs, mut links) = (self.count + u64::from(more_pairs), self.count + u64::from(!more_pairs));
        while let Some(Ok(_)) = self.next_pair() {
            pairs += 1;
        }
        let (path, reader) = match &mut self.links {
            Some((path, reader)) => (path.clone(), reader),
            None => return Error::Options("there is no file of links".into()),
        };
        links += reader.map_while(std::result::Result::ok).count() as u64;
        Error::UnequalFiles {
            first: self.name().to_owned(),
            first_count: counted(pairs, "pair"),
            second: path,
            second_count: counted(links, "alignment"),
        }
    }
}

/// The error for files of different lengths, so many sentences of each having been read.
fn unequal(
    (first, one): &mut (PathBuf, SentenceReader),
    (second, other): &mut (PathBuf, SentenceReader),
    one_count: u64,
    other_count: u64,
) -> Error {
    let rest = |reader: &mut SentenceReader| reader.map_while(std::result::Result::ok).count() as u64;
    Error::UnequalFiles {
        first: first.clone(),
        first_count: counted(one_count + rest(one), "sentence"),
        second: second.clone(),
        second_count: counted(other_count + rest(other), "sentence"),
    }
}

fn counted(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// A sentence as a side of a pair, which takes its id.
fn alone(sentence: Sentence, side: Side) -> Pair {
    let id = sentence.extra.get("id").cloned().unwrap_or_default();
    let mut pair = match side {
        Side::Source => Pair { source: sentence, ..Pair::default() },
        Side::Target => Pair { target: sentence, ..Pair::default() },
    };
    // What is neither text nor number stays with its sentence alone.
    pair.set_id(&id).unwrap_or_default();
    pair
}

/// A side of a pair.
pub(crate) fn side(pair: &mut Pair, side: Side) -> &mut Sentence {
    match side {
        Side::Source => &mut pair.source,
        Side::Target => &mut pair.target,
    }
}

/// A pair of two sentences; it takes the source's id, where that has one.
fn join(source: Sentence, target: Sentence) -> Pair {
    let id = source.extra.get("id").or_else(|| target.extra.get("id")).cloned().unwrap_or_default();
    let mut pair = Pair { source, target, ..Pair::default() };
    // What is neither text nor number stays with its sentence alone.
    pair.set_id(&id).unwrap_or_default();
    pair
}

/// Tokenises the sentences of a pair that are not tokenised yet.
///
/// # Errors
/// Links that do not fit the tokens.
pub(crate) fn tokenize(pair: &mut Pair) -> xlner_core::Result<()> {
    for sentence in [&mut pair.source, &mut pair.target] {
        if !sentence.is_tokenized() {
            tokenize_sentence(sentence)?;
        }
    }
    match &pair.alignment {
        Some(alignment) => alignment.validate(pair.source.len(), pair.target.len()),
        None => Ok(()),
    }
}
