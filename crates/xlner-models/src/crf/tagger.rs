//! The tagger.

use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use xlner_core::contracts::{ModelError, ModelResult, Tagger};
use xlner_core::{Entity, LabelProbabilities, Sentence};

use super::chain::{Chain, Lattice};
use super::corpus::each_place;
use super::hash;
use super::joint::Joint;
use super::model::Model;
use super::weights::Batch;
use super::words::{Analyser, Place, Word};
use crate::{Error, Result};

/// Sentences a thread takes at a time.
const CHUNK: usize = 32;
/// Least probability of a span that is told along with the probabilities.
const SPAN_LEAST: f64 = 0.01;
/// Words whose scores a thread keeps at a time.
const KEPT: usize = 32_768;

/// A linear-chain CRF that finds entities.
///
/// An entity's score is the exact probability that it is one: the share of all taggings that hold an entity of that label on
/// just these tokens, by a forward-backward pass constrained to them. Tags are those of IOB2; which of them may follow
/// which is built in, so that what is found is always well-formed.
#[derive(Debug)]
pub struct CrfTagger {
    model: Model,
    chain: Chain,
    checksum: u32,
    /// Buffers of threads that are not working.
    spare: Mutex<Vec<Scratch>>,
}

impl CrfTagger {
    /// Reads a model file.
    ///
    /// # Errors
    /// [`Error::File`] where it cannot be read; [`Error::Model`] where it is no model, one of another version, or damaged.
    pub fn load(path: &Path) -> Result<CrfTagger> {
        let bytes = Model::read_bytes(path).map_err(|problem| Error::file(path, problem))?;
        CrfTagger::from_bytes(&bytes).map_err(|problem| Error::model(path, problem))
    }

    /// Reads the bytes of a model file.
    ///
    /// # Errors
    /// What is wrong with them, and the cure.
    pub fn from_bytes(bytes: &[u8]) -> std::result::Result<CrfTagger, String> {
        let (model, checksum) = Model::from_bytes(bytes)?;
        let transitions: Vec<f64> = model.transitions.iter().map(|weight| f64::from(*weight)).collect();
        let chain = Chain::new(&model.states, &transitions);
        Ok(CrfTagger { model, chain, checksum, spare: Mutex::default() })
    }

    /// The same tagger of a language (BCP 47), for a model that does not say it.
    #[must_use]
    pub(crate) fn of_language(mut self, lang: &str) -> CrfTagger {
        lang.clone_into(&mut self.model.lang);
        self
    }

    /// Writes the model file. The same model gives the same bytes.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn save(&self, writer: &mut dyn Write) -> std::io::Result<()> {
        writer.write_all(&self.model.to_bytes())
    }

    /// What it was trained on and how: data, counts, options.
    pub fn training(&self) -> &str {
        &self.model.training
    }

    pub(super) fn model(&self) -> &Model {
        &self.model
    }

    /// The labels of the entities it finds, sorted.
    pub fn labels(&self) -> &[String] {
        self.model.states.labels()
    }

    /// Number of features with a weight.
    pub fn features(&self) -> usize {
        self.model.weights.keys().len()
    }

    fn tag_sentence(&self, sentence: &mut Sentence, probabilities: bool, scratch: &mut Scratch) {
        scratch.score(self, sentence);
        let Scratch { scores, lattice, states, .. } = scratch;
        self.chain.best(scores, lattice, states);
        let found = self.model.states.entities(states);
        if !found.is_empty() || probabilities {
            self.chain.pass(scores, lattice);
        }
        sentence.entities.clear();
        for (mut entity, label) in found {
            let states = self.model.states.of_entity(label, entity.span.len());
            let inside = (!self.model.states.iobes()).then_some(2 + 2 * label);
            entity.score = Some(self.chain.probability(lattice, entity.span.start, states, inside));
            sentence.entities.push(entity);
        }
        sentence.probabilities = probabilities.then(|| {
            let rows = (0..sentence.len()).map(|token| {
                let mut row = vec![0.0; self.tags().len()];
                for (state, marginal) in self.chain.marginals(lattice, token).take(self.chain.states()).enumerate() {
                    row[self.model.states.column(state)] += marginal;
                }
                row.into_iter().map(|p: f64| p.clamp(0.0, 1.0) as f32).collect()
            });
            LabelProbabilities { labels: self.tags().to_vec(), rows: rows.collect(), spans: self.spans(lattice) }
        });
    }

    /// The spans that are entities with a probability of [`SPAN_LEAST`] or more, by start, end and label, after a pass. Their
    /// probabilities are exact ([`Chain::probability`]).
    fn spans(&self, lattice: &Lattice) -> Vec<Entity> {
        let (states, chain) = (&self.model.states, &self.chain);
        let tokens = lattice.tokens();
        let mut spans = Vec::new();
        for (label, name) in states.labels().iter().enumerate() {
            let inside = (!states.iobes()).then_some(2 + 2 * label);
            for start in 0..tokens {
                // Whatever is longer holds what an entity begins with: its probability is no greater.
                for end in start + 1..=tokens {
                    let probability = chain.probability(lattice, start, states.of_entity(label, end - start), inside);
                    if probability >= SPAN_LEAST {
                        let mut entity = Entity::new(start..end, name.as_str());
                        entity.score = Some(probability);
                        spans.push(entity);
                    }
                    let begun = states.of_beginning(label, end - start);
                    if chain.probability(lattice, start, begun, None) < SPAN_LEAST {
                        break;
                    }
                }
            }
        }
        spans.sort_by_key(|entity| (entity.span.start, entity.span.end));
        spans
    }
}

impl Tagger for CrfTagger {
    fn tags(&self) -> &[String] {
        self.model.states.tags()
    }

    fn signature(&self) -> String {
        format!("crf:{:08x}", self.checksum)
    }

    fn language(&self) -> Option<&str> {
        Some(self.model.lang.as_str()).filter(|lang| !lang.is_empty())
    }

    fn tag(&self, sentences: &mut [Sentence], probabilities: bool) -> ModelResult<()> {
        if let Some(index) = sentences.iter().position(|sentence| !sentence.is_tokenized()) {
            return Err(ModelError::sentence(index, "it is not tokenised; tokenise it first"));
        }
        sentences.par_chunks_mut(CHUNK).for_each(|sentences| {
            let lock = || self.spare.lock().unwrap_or_else(PoisonError::into_inner);
            let mut scratch = lock().pop().unwrap_or_default();
            for sentence in sentences {
                self.tag_sentence(sentence, probabilities, &mut scratch);
            }
            lock().push(scratch);
        });
        Ok(())
    }
}

/// Buffers of a thread, and the scores of words that it has seen: most tokens of a text are words seen before.
#[derive(Debug, Default)]
struct Scratch {
    known: FxHashMap<Box<str>, u32>,
    words: Vec<Word>,
    /// Scores that a word gives: words × places × lanes; number 0 is the border.
    given: Vec<f64>,
    ids: Vec<u32>,
    batch: Batch,
    sentence: Vec<Word>,
    scores: Vec<f64>,
    states: Vec<u8>,
    lattice: Lattice,
    joint: Joint,
    analyser: Analyser,
}

impl Scratch {
    /// Sets the scores of a sentence (tokens × lanes).
    fn score(&mut self, tagger: &CrfTagger, sentence: &Sentence) {
        let (lanes, weights) = (tagger.chain.lanes(), &tagger.model.weights);
        let stride = Place::ALL.len() * lanes;
        if self.words.len() > KEPT {
            self.known.clear();
            self.words.clear();
        }
        if self.words.is_empty() {
            self.words.push(Word::BORDER);
            self.given.clear();
            self.given.resize(stride, 0.0);
            let given = &mut self.given;
            Analyser::border(|place, hash| {
                weights.add(hash::key(hash), &mut given[place as usize * lanes..][..lanes]);
            });
        }
        self.ids.clear();
        self.sentence.clear();
        for form in sentence.tokens() {
            let id = match self.known.get(form) {
                Some(id) => *id,
                None => {
                    let id = self.words.len() as u32;
                    let start = self.given.len();
                    self.given.resize(start + stride, 0.0);
                    let batch = &mut self.batch;
                    let word = self.analyser.word(form, &tagger.model.clusters, |place, hash| {
                        batch.push(hash::key(hash), place as usize);
                    });
                    weights.add_all(batch, &mut self.given[start..], lanes);
                    self.words.push(word);
                    self.known.insert(form.into(), id);
                    id
                }
            };
            self.ids.push(id);
            self.sentence.push(self.words[id as usize]);
        }
        let (scores, ids, given) = (&mut self.scores, &self.ids, &self.given);
        scores.clear();
        scores.resize(sentence.len() * lanes, 0.0);
        each_place(ids.len(), |token, place, other| {
            let word = other.map_or(0, |other| ids[other] as usize);
            let given = &given[word * stride + place as usize * lanes..][..lanes];
            let row = &mut scores[token * lanes..][..lanes];
            row.iter_mut().zip(given).for_each(|(sum, score)| *sum += score);
        });
        let batch = &mut self.batch;
        self.joint.sentence(&self.sentence, &tagger.model.names, |token, hash| {
            batch.push(hash::key(hash), token);
        });
        weights.add_all(batch, scores, lanes);
    }
}
