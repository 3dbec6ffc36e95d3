//! Projection, with whatever stages are handed over.

use std::path::PathBuf;

use pyo3::prelude::*;
use xlner::decision::{DecisionChoice, TuneDecisionJob};
use xlner::{AlignerOptions, EncoderAligner, ProjectModels};
use xlner_core::{Tagger, Translator};
use xlner_formats::{Format, ReadOptions};

use crate::aligner::AlignerCore;
use crate::error::Failure;
use crate::options::ProjectOptions;
use crate::records::Records;
use crate::stages::{self, Raised};
use crate::{call, options, records};

/// Projects the entities of pairs; returns the pairs and the figures as JSON.
#[pyfunction]
#[pyo3(signature = (given, arguments, *, translator=None, aligner=None, tagger=None, target_tagger=None, encoder=None, progress=None))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
pub fn project(
    py: Python<'_>,
    given: Records,
    arguments: String,
    translator: Option<Py<PyAny>>,
    aligner: Option<Py<AlignerCore>>,
    tagger: Option<Py<PyAny>>,
    target_tagger: Option<Py<PyAny>>,
    encoder: Option<Py<PyAny>>,
    progress: Option<Py<PyAny>>,
) -> PyResult<(Records, String)> {
    let raised = Raised::default();
    let aligner = aligner.map(|aligner| aligner.get().aligner());
    let tagger = stages::tagger(py, tagger, &raised);
    let target_tagger = stages::tagger(py, target_tagger, &raised);
    let mut translator = stages::translator(translator, &raised);
    let encoder = stages::encoder(encoder, &raised);
    call::run(py, progress, move |listener| {
        let arguments: ProjectOptions = options::parse(&arguments)?;
        let (extraction, distortion) = arguments.encoder()?;
        let projector = arguments.projector()?;
        let mut pairs = records::pairs(&given)?;
        let models = ProjectModels {
            translator: translator.as_mut().map(|translator| &mut **translator as &mut dyn Translator),
            aligner: aligner.as_deref(),
            tagger: tagger.as_deref().map(|tagger| tagger as &dyn Tagger),
            target_tagger: target_tagger.as_deref().map(|tagger| tagger as &dyn Tagger),
            encoder: encoder.as_deref().map(|encoder| EncoderAligner { encoder, extraction, distortion }),
            ..ProjectModels::default()
        };
        let report = projector
            .apply_with(&mut pairs, models, listener)
            .map_err(|error| Failure::from(error).caused_by(stages::raised(&raised)))?;
        Ok((given.with_pairs(pairs)?, serde_json::to_string(&report).map_err(Failure::model)?))
    })
}

/// Learns a decision from pairs with `gold`; returns the figures as JSON.
#[pyfunction]
#[pyo3(signature = (lines, output, start, l2, bitext, progress=None))]
pub fn tune_decision(
    py: Python<'_>,
    lines: Vec<String>,
    output: PathBuf,
    start: String,
    l2: f64,
    bitext: Vec<PathBuf>,
    progress: Option<Py<PyAny>>,
) -> PyResult<String> {
    call::run(py, progress, move |listener| {
        let folder = records::Folder::new()?;
        let job = TuneDecisionJob {
            pairs: vec![folder.write("pairs", &lines)?],
            options: ReadOptions { format: Some(Format::Jsonl), ..ReadOptions::default() },
            start: start.parse::<DecisionChoice>().unwrap_or_else(|never| match never {}),
            l2,
            aligner: AlignerOptions { bitext, ..AlignerOptions::default() },
            output,
        };
        let report = job.run(listener).map_err(|error| match error {
            xlner::Error::Place { problem, .. } => Failure::options(problem),
            error => folder.forget(error.into()),
        })?;
        serde_json::to_string(&report).map_err(Failure::model)
    })
}
