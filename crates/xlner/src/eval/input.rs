//! Gold and predictions as tag sequences, whatever file they come from.

use std::path::{Path, PathBuf};

use xlner_core::tags::{self, Scheme};
use xlner_core::{Entity, Pair, Sentence};
use xlner_eval::{Evaluator, TagId};
use xlner_formats::{ErrorKind, Format, PairReader, ReadOptions, Side, TagReader, Tagged, read_pairs, read_tags};

use crate::convert::gold;
use crate::engine::file::Items;
use crate::{Error, Result};

/// What the file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Gold,
    Prediction,
}

/// A file of gold or predicted entities.
pub(super) struct TagFile {
    path: PathBuf,
    reader: Reader,
    scheme: Scheme,
    /// Sentences read.
    count: u64,
    /// The sentence read last.
    sentence: Tagged,
    /// Its entities that carry a probability.
    probable: Vec<Entity>,
}

enum Reader {
    Tags(Box<TagReader>),
    /// Records of pairs; their entities become tags.
    Pairs(Box<std::iter::Peekable<PairReader>>, Role, Side),
    /// Pairs that are handed over one by one, predictions of their targets.
    Given,
}

/// Whether the file holds tags as somebody wrote them.
pub(super) fn holds_tags(path: &Path, options: &ReadOptions) -> bool {
    let format = options.format.or_else(|| Format::from_path(path));
    !format.is_some_and(Format::holds_pairs) || format == Some(Format::Tsv)
}

impl TagFile {
    /// Opens a file. Entities of records become tags of the scheme in the options, else of IOB2.
    pub fn open(path: &Path, role: Role, options: &ReadOptions) -> Result<TagFile> {
        let reader = match pairs(path, options)? {
            Some(pairs) => Reader::Pairs(Box::new(pairs), role, options.side.unwrap_or(Side::Target)),
            None => Reader::Tags(Box::new(read_tags(path, options)?)),
        };
        let scheme = match &reader {
            Reader::Tags(reader) => reader.scheme(),
            Reader::Pairs(..) | Reader::Given => options.scheme.unwrap_or(Scheme::Iob2),
        };
        Ok(TagFile::new(path, reader, scheme))
    }

    /// Predictions that are [handed over](TagFile::take) before they are written to a file; they become tags of the scheme.
    pub fn given(path: &Path, scheme: Scheme) -> TagFile {
        TagFile::new(path, Reader::Given, scheme)
    }

    fn new(path: &Path, reader: Reader, scheme: Scheme) -> TagFile {
        TagFile { path: path.to_owned(), reader, scheme, count: 0, sentence: Tagged::new(), probable: Vec::new() }
    }

    /// Takes the next pair.
    ///
    /// # Errors
    /// [`Error::Record`] for entities that are no tags.
    pub fn take(&mut self, pair: &Pair, role: Role, side: Side) -> Result<()> {
        let entities = if side == Side::Source { &pair.source.entities } else { &pair.target.entities };
        self.probable = entities.iter().filter(|entity| entity.probability.is_some()).cloned().collect();
        self.count += 1;
        let tagged = tag_pair(pair, role, side, self.scheme, &mut self.sentence);
        tagged.map_err(|problem| Error::Record {
            file: self.path.clone(),
            number: self.count,
            id: pair.id.clone(),
            problem,
        })
    }

    /// The scheme of its tags.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The name of the file.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// The sentence read last.
    pub fn sentence(&self) -> &Tagged {
        &self.sentence
    }

    /// Its entities that carry a probability, which records have.
    pub fn probable(&self) -> &[Entity] {
        &self.probable
    }

    /// Gives the tags of the sentence read last their numbers.
    pub fn intern(&self, evaluator: &mut Evaluator, ids: &mut Vec<TagId>) -> Result<()> {
        ids.clear();
        for (index, tag) in self.sentence.tags().enumerate() {
            match evaluator.intern(tag, self.scheme) {
                Ok(id) => ids.push(id),
                Err(error) => {
                    let token = self.sentence.token(index);
                    let place = format!("{}, token {} (“{token}”)", self.place(), index + 1);
                    return Err(Error::Place { place, problem: error.to_string() });
                }
            }
        }
        Ok(())
    }

    /// Where the sentence read last stands: file, line and name where it has them.
    pub fn place(&self) -> String {
        let mut place = self.name();
        match self.sentence.line {
            0 => place += &format!(", sentence {}", self.count),
            line => place += &format!(", sentence at line {line}"),
        }
        if !self.sentence.id().is_empty() {
            place += &format!(" “{}”", self.sentence.id());
        }
        place
    }

    /// Something is wrong with the sentence read last.
    pub fn wrong(&self, problem: String) -> Error {
        Error::Place { place: self.place(), problem }
    }
}

impl Items for TagFile {
    /// The sentence is kept here: [`sentence`](TagFile::sentence).
    type Item = ();

    fn next(&mut self) -> Result<Option<()>> {
        match &mut self.reader {
            Reader::Tags(reader) => {
                let there = reader.next_into(&mut self.sentence)?;
                self.count += u64::from(there);
                Ok(there.then_some(()))
            }
            Reader::Pairs(pairs, role, side) => {
                let (role, side) = (*role, *side);
                let pair = pairs.next().transpose()?;
                pair.map(|pair| self.take(&pair, role, side)).transpose()
            }
            Reader::Given => Ok(None),
        }
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn count(&self) -> u64 {
        self.count
    }

    fn noun(&self) -> &'static str {
        "sentence"
    }
}

/// A reader of pairs, where the file is one of pairs.
fn pairs(path: &Path, options: &ReadOptions) -> Result<Option<std::iter::Peekable<PairReader>>> {
    if holds_tags(path, options) {
        return Ok(None);
    }
    if options.format.is_none() && Format::from_path(path) == Some(Format::Text) {
        return Err(Error::of_file(path, "plain text has no entities; give the file with the tags"));
    }
    let mut reader = read_pairs(path, options)?.peekable();
    match reader.peek() {
        // Records of sentences, or rows. Standard input cannot be read again: the error stands.
        Some(Err(error)) if matches!(error.kind(), ErrorKind::Json { .. }) && path != Path::new("-") => Ok(None),
        _ => Ok(Some(reader)),
    }
}

/// The tokens of a pair's sentence, and its entities as tags.
fn tag_pair(pair: &Pair, role: Role, side: Side, scheme: Scheme, into: &mut Tagged) -> std::result::Result<(), String> {
    let sentence: &Sentence = match side {
        Side::Source => &pair.source,
        Side::Target => &pair.target,
    };
    if !sentence.is_tokenized() {
        return Err("its sentence has no tokens, and entities are token ranges; give it `tokens`".into());
    }
    let gold = if role == Role::Gold && side == Side::Target { gold::field(pair)? } else { None };
    let tags = tags::encode(sentence.len(), gold.as_ref().unwrap_or(&sentence.entities), scheme);
    let tags = tags.map_err(|error| error.to_string())?;
    into.clear();
    for (token, tag) in sentence.tokens().zip(&tags) {
        into.push(token, tag);
    }
    Ok(())
}
