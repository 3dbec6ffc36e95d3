//! What a pass counts, and its form on the way between machines.

use serde::Serialize;
use serde::de::DeserializeOwned;
use xlner_align::{Columns, PairCounts, WordCounts};
use xlner_project::scores::span::{Consistency, Corpus, Labels};

use super::other;
use super::state::State;
use crate::{Error, Result};

/// The counts of a part, or of several.
pub(super) enum Counts {
    Words(WordCounts),
    Pairs(PairCounts),
    /// Rows in any order, several for one thing.
    Expected(Columns),
    Corpus(Corpus),
    Habits(Consistency),
    Labels(Labels),
}

impl Counts {
    /// The sum of no parts.
    pub fn nothing(state: &State) -> Result<Counts> {
        Ok(match state {
            State::Words => Counts::Words(WordCounts::default()),
            State::Keys(..) => Counts::Pairs(PairCounts::default()),
            State::Train(_) => Counts::Expected(Columns::default()),
            State::Corpus(_) => Counts::Corpus(Corpus::default()),
            State::Habits(..) => Counts::Habits(Consistency::default()),
            State::Labels(..) => Counts::Labels(Labels::default()),
            State::Done(..) => return Err(Error::Options("there is nothing left to be counted".into())),
        })
    }

    pub fn merge(&mut self, part: Counts) -> Result<()> {
        match (self, part) {
            (Counts::Words(own), Counts::Words(part)) => own.merge(&part),
            (Counts::Pairs(own), Counts::Pairs(part)) => own.merge(&part),
            (Counts::Expected(own), Counts::Expected(part)) => {
                own.kind.extend(part.kind);
                own.source.extend(part.source);
                own.target.extend(part.target);
                own.count.extend(part.count);
            }
            (Counts::Corpus(own), Counts::Corpus(part)) => own.merge(&part),
            (Counts::Habits(own), Counts::Habits(part)) => own.merge(&part),
            (Counts::Labels(own), Counts::Labels(part)) => own.merge(&part),
            _ => return Err(Error::Options("these counts are of another pass".into())),
        }
        Ok(())
    }

    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let (kind, body) = match self {
            Counts::Words(words) => (b'w', words_to_json(words)?),
            Counts::Pairs(pairs) => (b'p', columns_to_bytes(&pairs.to_columns())),
            Counts::Expected(columns) => (b'e', columns_to_bytes(columns)),
            Counts::Corpus(corpus) => (b'c', to_json(corpus)?),
            Counts::Habits(habits) => (b'h', to_json(habits)?),
            Counts::Labels(labels) => (b'l', to_json(labels)?),
        };
        Ok(join(&[vec![kind], body]))
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Counts> {
        match split(bytes)?.as_slice() {
            [b"w", body] => Ok(Counts::Words(words_from_json(body)?)),
            [b"p", body] => Ok(Counts::Pairs(PairCounts::from_columns(&columns_from_bytes(body)?).map_err(other)?)),
            [b"e", body] => Ok(Counts::Expected(columns_from_bytes(body)?)),
            [b"c", body] => Ok(Counts::Corpus(from_json(body)?)),
            [b"h", body] => Ok(Counts::Habits(from_json(body)?)),
            [b"l", body] => Ok(Counts::Labels(from_json(body)?)),
            _ => Err(damaged()),
        }
    }
}

fn damaged() -> Error {
    Error::Options("the counts are damaged, or of another version of xlner".into())
}

/// Parts one after another, each after its length.
pub(super) fn join(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut all = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        all.extend_from_slice(&(part.len() as u64).to_le_bytes());
        all.extend_from_slice(part);
    }
    all
}

/// The parts that [`join`] put one after another.
pub(super) fn split(mut bytes: &[u8]) -> Result<Vec<&[u8]>> {
    let mut parts = Vec::new();
    while let Some((len, rest)) = bytes.split_first_chunk::<8>() {
        let len = usize::try_from(u64::from_le_bytes(*len)).map_err(|_| damaged())?;
        let (part, rest) = rest.split_at_checked(len).ok_or_else(damaged)?;
        parts.push(part);
        bytes = rest;
    }
    if bytes.is_empty() { Ok(parts) } else { Err(damaged()) }
}

pub(super) fn to_json(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(other)
}

pub(super) fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|_| damaged())
}

/// Words in order, so that the same counts are the same bytes.
pub(super) fn words_to_json(words: &WordCounts) -> Result<Vec<u8>> {
    let mut list: Vec<(bool, &str, u64)> = words.iter().collect();
    list.sort_unstable();
    to_json(&list)
}

pub(super) fn words_from_json(bytes: &[u8]) -> Result<WordCounts> {
    let mut words = WordCounts::default();
    let list: Vec<(bool, String, u64)> = from_json(bytes)?;
    list.into_iter().for_each(|(target, word, count)| words.add(target, &word, count));
    Ok(words)
}

fn columns_to_bytes(columns: &Columns) -> Vec<u8> {
    let Columns { kind, source, target, count } = columns;
    let u32s = |list: &[u32]| list.iter().flat_map(|value| value.to_le_bytes()).collect();
    join(&[kind.clone(), u32s(source), u32s(target), count.iter().flat_map(|value| value.to_le_bytes()).collect()])
}

fn columns_from_bytes(bytes: &[u8]) -> Result<Columns> {
    let [kind, source, target, count] = split(bytes)?.try_into().map_err(|_| damaged())?;
    let u32s = |bytes: &[u8]| bytes.as_chunks().0.iter().map(|value| u32::from_le_bytes(*value)).collect();
    Ok(Columns {
        kind: kind.to_vec(),
        source: u32s(source),
        target: u32s(target),
        count: count.as_chunks().0.iter().map(|value| i64::from_le_bytes(*value)).collect(),
    })
}
