//! What is known of a corpus between two passes.

use serde::{Deserialize, Serialize};
use xlner_align::{Model, TrainOptions, Trainer, Vocabularies, WordCounts};
use xlner_project::scores::span::{Corpus, Labels, Statistics};

use super::counts::{from_json, join, split, to_json, words_from_json, words_to_json};
use super::other;
use crate::Result;
use crate::aligner::Aligner;

/// What is to be counted, and what is known for it.
#[derive(Debug, Clone)]
pub(super) enum State {
    Words,
    Keys(WordCounts, Box<Vocabularies>),
    Train(Box<Trainer>),
    Corpus(Aligner),
    Habits(Aligner, Box<Corpus>),
    Labels(Aligner, Box<Statistics>),
    Done(Option<Aligner>, Option<(Box<Statistics>, Labels)>),
}

/// The states by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Name {
    Words,
    Keys,
    Train,
    Corpus,
    Habits,
    Labels,
    Done,
}

impl State {
    pub fn done(aligner: Option<Aligner>) -> State {
        State::Done(aligner, None)
    }

    pub fn keys(words: WordCounts, options: &TrainOptions) -> State {
        let vocabularies = Vocabularies::new(&words, options, None);
        State::Keys(words, Box::new(vocabularies))
    }

    pub fn next(&self) -> Option<&'static str> {
        match self {
            State::Words => Some("words"),
            State::Keys(..) => Some("pairs of words"),
            State::Train(_) => Some("links"),
            State::Corpus(_) => Some("names"),
            State::Habits(..) => Some("projections of names"),
            State::Labels(..) => Some("labels"),
            State::Done(..) => None,
        }
    }

    pub fn aligner(&self) -> Option<&Aligner> {
        match self {
            State::Corpus(aligner) | State::Habits(aligner, _) | State::Labels(aligner, _) => Some(aligner),
            State::Done(aligner, _) => aligner.as_ref(),
            _ => None,
        }
    }

    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let model = self.aligner().map(Aligner::to_bytes).transpose()?.unwrap_or_default();
        let (name, parts) = match self {
            State::Words => (Name::Words, vec![]),
            State::Keys(words, _) => (Name::Keys, vec![words_to_json(words)?]),
            State::Train(trainer) => {
                let mut bytes = Vec::new();
                trainer.save(&mut bytes)?;
                (Name::Train, vec![bytes])
            }
            State::Corpus(_) => (Name::Corpus, vec![]),
            State::Habits(_, corpus) => (Name::Habits, vec![to_json(corpus)?]),
            State::Labels(_, statistics) => {
                (Name::Labels, vec![to_json(&statistics.corpus)?, to_json(&statistics.consistency)?])
            }
            State::Done(_, None) => (Name::Done, vec![]),
            State::Done(_, Some((statistics, labels))) => {
                (Name::Done, vec![to_json(&statistics.corpus)?, to_json(&statistics.consistency)?, to_json(labels)?])
            }
        };
        let mut all = vec![to_json(&name)?, model];
        all.extend(parts);
        Ok(join(&all))
    }

    pub fn from_bytes(bytes: &[u8], options: &TrainOptions) -> Result<State> {
        let parts = split(bytes)?;
        let part = |at: usize| parts.get(at).copied().unwrap_or_default();
        let model = || Ok::<_, crate::Error>(Aligner::from(Model::from_bytes(part(1))?));
        let statistics = || {
            Ok::<_, crate::Error>(Box::new(Statistics {
                corpus: from_json(part(2))?,
                consistency: from_json(part(3))?,
            }))
        };
        Ok(match from_json(part(0))? {
            Name::Words => State::Words,
            Name::Keys => State::keys(words_from_json(part(2))?, options),
            Name::Train => State::Train(Box::new(Trainer::from_bytes(part(2)).map_err(other)?)),
            Name::Corpus => State::Corpus(model()?),
            Name::Habits => State::Habits(model()?, from_json(part(2))?),
            Name::Labels => State::Labels(model()?, statistics()?),
            Name::Done if parts.len() > 2 => State::Done(Some(model()?), Some((statistics()?, from_json(part(4))?))),
            Name::Done if part(1).is_empty() => State::done(None),
            Name::Done => State::done(Some(model()?)),
        })
    }
}
