//! The statistical aligner.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;
use rayon::prelude::*;
use xlner::{Aligner, AlignerOptions, LinkExtraction};
use xlner_align::Scratch;

use crate::error::Failure;
use crate::records::Records;
use crate::{call, records};

/// Pairs between two looks at whether somebody still waits for the result.
const BATCH: usize = 2048;

/// The aligner behind `xlner.Aligner`.
#[pyclass(frozen, module = "xlner._xlner")]
pub struct AlignerCore(Arc<Aligner>);

impl AlignerCore {
    /// Of an aligner.
    pub fn of(aligner: Aligner) -> AlignerCore {
        AlignerCore(Arc::new(aligner))
    }

    /// The aligner.
    pub fn aligner(&self) -> Arc<Aligner> {
        Arc::clone(&self.0)
    }
}

#[pymethods]
impl AlignerCore {
    /// Trains on pairs, other bitexts and dictionaries.
    #[staticmethod]
    #[pyo3(signature = (given, bitext, dictionary, progress=None))]
    fn train(
        py: Python<'_>,
        given: Records,
        bitext: Vec<PathBuf>,
        dictionary: Vec<PathBuf>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<AlignerCore> {
        let aligner = call::run(py, progress, move |listener| {
            let pairs = records::tokenized_pairs(&given)?;
            let options = AlignerOptions { bitext, dictionary, ..AlignerOptions::default() };
            Ok(Aligner::train_on(&options, &pairs, listener)?)
        })?;
        Ok(AlignerCore(Arc::new(aligner)))
    }

    /// Loads a model file.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<AlignerCore> {
        let aligner = call::run(py, None, move |_| {
            Aligner::load(&path).map_err(|error| match std::error::Error::source(&error) {
                Some(source) => Failure::file(&path, format!("{error}: {source}")),
                None => Failure::file(&path, error),
            })
        })?;
        Ok(AlignerCore(Arc::new(aligner)))
    }

    /// Writes a model file.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let aligner = self.aligner();
        call::run(py, None, move |_| Ok(aligner.save(&path)?))
    }

    /// Gives pairs their links, and with `confidence` a field of that name.
    #[pyo3(signature = (given, threshold, confidence, progress=None))]
    fn align(
        &self,
        py: Python<'_>,
        given: Records,
        threshold: f64,
        confidence: bool,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Records> {
        let aligner = self.aligner();
        call::run_on(py, given.len(), progress, move |listener| {
            if !(0.0..=1.0).contains(&threshold) {
                return Err(Failure::options("threshold is a probability, 0 to 1"));
            }
            let extraction = LinkExtraction { threshold, ..LinkExtraction::default() };
            let mut pairs = records::tokenized_pairs(&given)?;
            let (mut done, total) = (0, Some(pairs.len() as u64));
            for batch in pairs.chunks_mut(BATCH) {
                batch.par_iter_mut().try_for_each_init(Scratch::default, |scratch, pair| {
                    let (links, sure) = aligner.align_with(pair, &extraction, scratch)?;
                    pair.alignment = Some(links);
                    if confidence {
                        pair.extra.insert("confidence", sure.value().into());
                    }
                    Ok::<_, xlner::Error>(())
                })?;
                done += batch.len() as u64;
                listener(xlner::Progress { stage: xlner::Stage::Align, done, total });
            }
            given.with_pairs(pairs)
        })
    }
}
