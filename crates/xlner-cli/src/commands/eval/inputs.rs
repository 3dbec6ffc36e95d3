//! Gold and predictions as tag sequences, whatever file they come from.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use xlner_core::tags::{self, Scheme};
use xlner_core::{Entity, Pair, Sentence};
use xlner_eval::{Evaluator, TagId};
use xlner_formats::{ErrorKind, Format, PairReader, ReadOptions, Side, TagReader, Tagged, read_pairs, read_tags};

/// What the file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Gold,
    Prediction,
}

/// A file of gold or predicted entities.
pub struct Input {
    path: PathBuf,
    source: Source,
    scheme: Scheme,
    /// Sentences read.
    count: u64,
    /// The sentence read last.
    sentence: Tagged,
    /// Its entities that carry a probability.
    probable: Vec<Entity>,
}

enum Source {
    Tags(Box<TagReader>),
    /// Records of pairs; their entities become tags.
    Pairs(Box<std::iter::Peekable<PairReader>>, Role, Side),
}

/// Whether the file holds tags as somebody wrote them.
pub fn holds_tags(path: &Path, options: &ReadOptions) -> bool {
    let format = options.format.or_else(|| Format::from_path(path));
    !format.is_some_and(Format::holds_pairs) || format == Some(Format::Tsv)
}

impl Input {
    /// Opens a file. Entities of records become tags of the scheme in the options, else of IOB2.
    pub fn open(path: &Path, role: Role, options: &ReadOptions) -> Result<Input> {
        let source = match pairs(path, options)? {
            Some(pairs) => Source::Pairs(Box::new(pairs), role, options.side.unwrap_or(Side::Target)),
            None => Source::Tags(Box::new(read_tags(path, options)?)),
        };
        let scheme = match &source {
            Source::Tags(reader) => reader.scheme(),
            Source::Pairs(..) => options.scheme.unwrap_or(Scheme::Iob2),
        };
        Ok(Input { path: path.to_owned(), source, scheme, count: 0, sentence: Tagged::new(), probable: Vec::new() })
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

    /// Reads the next sentence; `false` at the end of the file.
    pub fn advance(&mut self) -> Result<bool> {
        let there = match &mut self.source {
            Source::Tags(reader) => reader.next_into(&mut self.sentence)?,
            Source::Pairs(pairs, role, side) => match pairs.next() {
                None => false,
                Some(pair) => {
                    let pair = pair?;
                    let number = self.count + 1;
                    let entities = if *side == Side::Source { &pair.source.entities } else { &pair.target.entities };
                    self.probable = entities.iter().filter(|entity| entity.probability.is_some()).cloned().collect();
                    tag_pair(&pair, *role, *side, self.scheme, &mut self.sentence).with_context(|| {
                        let id = if pair.id.is_empty() { String::new() } else { format!(" “{}”", pair.id) };
                        format!("{}, record {number}{id}", self.path.display())
                    })?;
                    true
                }
            },
        };
        self.count += u64::from(there);
        Ok(there)
    }

    /// Gives the tags of the sentence read last their numbers.
    pub fn intern(&self, evaluator: &mut Evaluator, ids: &mut Vec<TagId>) -> Result<()> {
        ids.clear();
        for (index, tag) in self.sentence.tags().enumerate() {
            match evaluator.intern(tag, self.scheme) {
                Ok(id) => ids.push(id),
                Err(error) => {
                    let token = self.sentence.token(index);
                    bail!("{}, token {} (“{token}”): {error}", self.place(), index + 1);
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

    /// Sentences read.
    pub fn count(&self) -> u64 {
        self.count
    }
}

/// A reader of pairs, where the file is one of pairs.
fn pairs(path: &Path, options: &ReadOptions) -> Result<Option<std::iter::Peekable<PairReader>>> {
    if holds_tags(path, options) {
        return Ok(None);
    }
    let mut reader = read_pairs(path, options)?.peekable();
    match reader.peek() {
        // Records of sentences, or rows. Standard input cannot be read again: the error stands.
        Some(Err(error)) if matches!(error.kind(), ErrorKind::Json { .. }) && path != Path::new("-") => Ok(None),
        _ => Ok(Some(reader)),
    }
}

/// The tokens of a pair's sentence, and its entities as tags.
fn tag_pair(pair: &Pair, role: Role, side: Side, scheme: Scheme, into: &mut Tagged) -> Result<()> {
    let sentence: &Sentence = match side {
        Side::Source => &pair.source,
        Side::Target => &pair.target,
    };
    if !sentence.is_tokenized() {
        bail!("its sentence has no tokens, and entities are token ranges; give it `tokens`");
    }
    let gold = pair.extra.get("gold").filter(|_| role == Role::Gold && side == Side::Target);
    let tags = match gold {
        Some(gold) => {
            let entities: Vec<Entity> = serde::Deserialize::deserialize(gold)
                .context("field `gold` is not a list of entities {\"start\",\"end\",\"label\"}")?;
            tags::encode(sentence.len(), &entities, scheme)
        }
        None => tags::encode(sentence.len(), &sentence.entities, scheme),
    }?;
    into.clear();
    for (token, tag) in sentence.tokens().zip(&tags) {
        into.push(token, tag);
    }
    Ok(())
}
