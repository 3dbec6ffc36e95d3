//! Taggers of xlner's own.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;
use serde::Deserialize;
use xlner::{CrfOptions, ModelOptions, SentenceWeights, TrainJob, open_tagger};
use xlner_core::{ModelError, Tagger};
use xlner_formats::{Format, ReadOptions, Side};

use crate::error::Failure;
use crate::records::Records;
use crate::{call, options, records};

/// Sentences between two looks at whether somebody still waits for the result.
const BATCH: usize = 2048;

/// The tagger behind `xlner.Tagger`.
#[pyclass(frozen, module = "xlner._xlner")]
pub struct TaggerCore(Arc<dyn Tagger>);

impl TaggerCore {
    /// The tagger.
    pub fn tagger(&self) -> Arc<dyn Tagger> {
        Arc::clone(&self.0)
    }
}

/// Options of training, as `TrainJob` has them.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct TrainArguments {
    weights: Option<String>,
    init: Option<String>,
    raw: Vec<PathBuf>,
    names: Vec<(String, PathBuf)>,
    side: Option<String>,
}

#[pymethods]
impl TaggerCore {
    /// Opens a tagger by its name.
    #[staticmethod]
    fn load(py: Python<'_>, name: String) -> PyResult<TaggerCore> {
        let tagger = call::run(py, None, move |_| Ok(open_tagger(&name)?))?;
        Ok(TaggerCore(Arc::from(tagger)))
    }

    /// Trains a CRF on records and writes it to a file; returns the figures as JSON.
    #[staticmethod]
    #[pyo3(signature = (lines, dev, output, arguments, progress=None))]
    fn train(
        py: Python<'_>,
        lines: Vec<String>,
        dev: Option<Vec<String>>,
        output: PathBuf,
        arguments: String,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<String> {
        call::run(py, progress, move |listener| {
            let TrainArguments { weights, init, raw, names, side } = options::parse(&arguments)?;
            let weights = weights.as_deref().unwrap_or("equal").parse::<SentenceWeights>().map_err(Failure::options)?;
            let side = side.as_deref().map(str::parse::<Side>).transpose().map_err(Failure::options)?;
            let folder = records::Folder::new()?;
            let job = TrainJob {
                train: vec![folder.write("train", &lines)?],
                dev: dev.map(|dev| folder.write("dev", &dev)).transpose()?,
                options: ReadOptions { format: Some(Format::Jsonl), side, ..ReadOptions::default() },
                weights,
                model: ModelOptions::Crf(CrfOptions { init, raw, names, ..CrfOptions::default() }),
                output,
            };
            let report = job.run(listener).map_err(|error| folder.forget(error.into()))?;
            serde_json::to_string(&report).map_err(Failure::model)
        })
    }

    /// The tags it chooses from.
    fn tags(&self) -> Vec<String> {
        self.0.tags().to_vec()
    }

    /// Name and checksum of the model.
    fn signature(&self) -> String {
        self.0.signature()
    }

    /// Gives sentences their entities.
    #[pyo3(signature = (given, probabilities, progress=None))]
    fn tag(
        &self,
        py: Python<'_>,
        given: Records,
        probabilities: bool,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Records> {
        let tagger = self.tagger();
        call::run_on(py, given.len(), progress, move |listener| {
            let mut sentences = records::sentences(&given)?;
            let (mut done, total) = (0, Some(sentences.len() as u64));
            for batch in sentences.chunks_mut(BATCH) {
                let result = tagger.tag(batch, probabilities);
                result.map_err(|error| match error {
                    ModelError::Sentence { index, problem } => {
                        let id = batch.get(index).map(records::id).unwrap_or_default();
                        Failure::record(done + index as u64 + 1, &id, problem)
                    }
                    error => Failure::model(error),
                })?;
                done += batch.len() as u64;
                listener(xlner::Progress { stage: xlner::Stage::Tag, done, total });
            }
            given.with_sentences(sentences)
        })
    }
}
