//! Stages of the user's own: Python objects that tag, translate or encode. The GIL is held while they are called, and not
//! otherwise.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyString;
use serde::{Deserialize, Serialize};
use xlner_core::contracts::{Encoded, ModelResult, Translation};
use xlner_core::{Encoder, Entity, LabelProbabilities, ModelError, Sentence, Tagger, Translator};

use crate::tagger::TaggerCore;

/// The exception that a stage raised; Python sees it unchanged.
pub type Raised = Arc<Mutex<Option<PyErr>>>;

/// Takes the exception out.
pub fn raised(raised: &Raised) -> Option<PyErr> {
    raised.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// A Python object behind an adapter of `xlner._stages`.
struct Stage {
    adapter: Py<PyAny>,
    raised: Raised,
}

impl Stage {
    /// Calls the adapter. Its exception `StageError` says which item of the batch is at fault (`index`, or `None`), and has the
    /// exception of the user's object as its cause.
    fn call<T>(&self, work: impl FnOnce(Python<'_>, &Py<PyAny>) -> PyResult<T>) -> ModelResult<T> {
        Python::attach(|py| {
            work(py, &self.adapter).map_err(|error| {
                let ours = error.get_type(py).name().is_ok_and(|name| name == "StageError");
                let (index, message) = if ours {
                    let index = error.value(py).getattr("index").and_then(|index| index.extract::<Option<usize>>());
                    (index.ok().flatten(), error.value(py).to_string())
                } else {
                    (None, error.to_string())
                };
                let cause = if ours { error.cause(py) } else { Some(error) };
                *self.raised.lock().unwrap_or_else(PoisonError::into_inner) = cause;
                match index {
                    Some(index) => ModelError::sentence(index, message),
                    None => ModelError::Failed(message.into()),
                }
            })
        })
    }

    /// Calls the adapter with JSON, and gets JSON.
    fn ask<A: Serialize, T: serde::de::DeserializeOwned>(&self, question: &A) -> ModelResult<T> {
        let failed = |error: serde_json::Error| ModelError::Failed(error.into());
        let question = serde_json::to_string(question).map_err(failed)?;
        let answer: String = self.call(|py, adapter| adapter.call1(py, (question,))?.extract(py))?;
        serde_json::from_str(&answer).map_err(failed)
    }
}

#[derive(Serialize)]
struct Question<'a> {
    text: &'a str,
    tokens: Vec<&'a str>,
    lang: Option<&'a str>,
}

impl<'a> Question<'a> {
    fn of(sentence: &'a Sentence) -> Question<'a> {
        Question { text: sentence.text(), tokens: sentence.tokens().collect(), lang: sentence.lang.as_deref() }
    }
}

#[derive(Deserialize)]
struct Tagged {
    entities: Vec<Entity>,
    #[serde(default)]
    probabilities: Option<LabelProbabilities>,
}

/// A tagger of ours, or of the user's.
pub fn tagger(py: Python<'_>, object: Option<Py<PyAny>>, raised: &Raised) -> Option<Arc<dyn Tagger>> {
    let object = object?;
    Some(match object.bind(py).cast::<TaggerCore>() {
        Ok(core) => core.get().tagger(),
        Err(_) => Arc::new(OwnTagger(Stage { adapter: object, raised: Arc::clone(raised) })),
    })
}

struct OwnTagger(Stage);

impl Tagger for OwnTagger {
    /// Not known before it has tagged.
    fn tags(&self) -> &[String] {
        &[]
    }

    fn signature(&self) -> String {
        "a Python object".into()
    }

    fn tag(&self, sentences: &mut [Sentence], probabilities: bool) -> ModelResult<()> {
        let questions: Vec<Question<'_>> = sentences.iter().map(Question::of).collect();
        let answers: Vec<Tagged> = self.0.ask(&questions)?;
        for (index, (sentence, answer)) in sentences.iter_mut().zip(answers).enumerate() {
            sentence.entities = answer.entities;
            sentence.probabilities = answer.probabilities.filter(|_| probabilities);
            sentence
                .validate()
                .map_err(|error| ModelError::sentence(index, format!("the tagger's answer: {error}")))?;
        }
        Ok(())
    }
}

/// A translator of the user's.
pub fn translator(object: Option<Py<PyAny>>, raised: &Raised) -> Option<Box<dyn Translator>> {
    let stage = Stage { adapter: object?, raised: Arc::clone(raised) };
    Some(Box::new(OwnTranslator(stage)))
}

struct OwnTranslator(Stage);

impl Translator for OwnTranslator {
    fn signature(&self) -> String {
        "a Python object".into()
    }

    fn translate(&mut self, texts: &[&str]) -> ModelResult<Vec<Translation>> {
        let answers: Vec<String> = self.0.ask(&texts)?;
        Ok(answers.into_iter().map(Translation::from).collect())
    }
}

/// An encoder of the user's.
pub fn encoder(object: Option<Py<PyAny>>, raised: &Raised) -> Option<Box<dyn Encoder>> {
    let stage = Stage { adapter: object?, raised: Arc::clone(raised) };
    Some(Box::new(OwnEncoder { stage, dimension: AtomicUsize::new(1) }))
}

struct OwnEncoder {
    stage: Stage,
    /// That of the last vectors; 1 before.
    dimension: AtomicUsize,
}

impl Encoder for OwnEncoder {
    fn dimension(&self) -> usize {
        self.dimension.load(Ordering::Relaxed)
    }

    fn signature(&self) -> String {
        "a Python object".into()
    }

    fn encode(&self, sentences: &[&Sentence]) -> ModelResult<Vec<Encoded>> {
        let questions: Vec<Question<'_>> = sentences.iter().map(|sentence| Question::of(sentence)).collect();
        let questions = serde_json::to_string(&questions).map_err(|error| ModelError::Failed(error.into()))?;
        // Little-endian 32-bit floats, a vector a token; JSON would be slow and long.
        let (dimension, answers): (usize, Vec<Vec<u8>>) =
            self.stage.call(|py, adapter| adapter.call1(py, (PyString::new(py, &questions),))?.extract(py))?;
        self.dimension.store(dimension.max(1), Ordering::Relaxed);
        let encoded = |answer: Vec<u8>| {
            let (floats, _) = answer.as_chunks::<4>();
            let vectors: Vec<f32> = floats.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
            let tokens = (0..vectors.len() / dimension.max(1)).map(|token| token as u32).collect();
            Encoded { vectors, tokens }
        };
        Ok(answers.into_iter().map(encoded).collect())
    }
}
