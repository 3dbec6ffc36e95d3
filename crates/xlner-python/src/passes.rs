//! Projection of a corpus in parts: what Ray and Spark run (`xlner._parts`).

use std::sync::Arc;

use pyo3::prelude::*;
use xlner::{ProjectModels, Projector};
use xlner_core::{Tagger, Translator};

use crate::aligner::AlignerCore;
use crate::error::Failure;
use crate::options::ProjectOptions;
use crate::records::Records;
use crate::stages::{self, Raised};
use crate::{call, options, records};

/// The passes over a corpus in parts.
#[pyclass(frozen, module = "xlner._xlner")]
pub struct Passes {
    arguments: String,
    passes: Arc<xlner::Passes>,
}

fn projector(arguments: &str) -> crate::error::Result<Projector> {
    options::parse::<ProjectOptions>(arguments)?.projector()
}

#[pymethods]
impl Passes {
    /// Before the first pass; `linked` says whether the first pair has links. `training` alone ends when the aligner is trained.
    #[staticmethod]
    #[pyo3(signature = (arguments, linked, training, aligner=None))]
    fn start(
        py: Python<'_>,
        arguments: String,
        linked: bool,
        training: bool,
        aligner: Option<Py<AlignerCore>>,
    ) -> PyResult<Passes> {
        let aligner = aligner.map(|aligner| aligner.get().aligner());
        call::run(py, None, move |_| {
            let projector = projector(&arguments)?;
            let passes = match training {
                true => xlner::Passes::training(projector)?,
                false => xlner::Passes::new(projector, linked, aligner.map(Arc::unwrap_or_clone))?,
            };
            Ok(Passes { arguments, passes: Arc::new(passes) })
        })
    }

    /// The passes as they are at another place.
    #[staticmethod]
    fn restore(py: Python<'_>, arguments: String, linked: bool, state: Vec<u8>) -> PyResult<Passes> {
        call::run(py, None, move |_| {
            let passes = xlner::Passes::restore(projector(&arguments)?, linked, &state)?;
            Ok(Passes { arguments, passes: Arc::new(passes) })
        })
    }

    /// Options, whether the pairs have links, and what was found out so far: arguments of `restore`.
    fn save(&self, py: Python<'_>) -> PyResult<(String, bool, Vec<u8>)> {
        let passes = Arc::clone(&self.passes);
        let state = call::run(py, None, move |_| Ok(passes.save()?))?;
        Ok((self.arguments.clone(), self.passes.linked(), state))
    }

    /// What is to be counted next; `None` when nothing is.
    #[getter]
    fn next(&self) -> Option<&'static str> {
        self.passes.next()
    }

    /// The aligner, when it is trained.
    #[getter]
    fn aligner(&self) -> Option<AlignerCore> {
        self.passes.aligner().map(|aligner| AlignerCore::of(aligner.clone()))
    }

    /// The counts of a part.
    fn count(&self, py: Python<'_>, given: Records) -> PyResult<Vec<u8>> {
        let passes = Arc::clone(&self.passes);
        call::run(py, None, move |_| Ok(passes.count(records::pairs(&given)?)?))
    }

    /// The passes when the counts of all parts are added up.
    fn advance(&self, py: Python<'_>, counts: Vec<Vec<u8>>) -> PyResult<Passes> {
        let (passes, arguments) = (Arc::clone(&self.passes), self.arguments.clone());
        call::run(py, None, move |_| {
            Ok(Passes { arguments, passes: Arc::new(xlner::Passes::clone(&passes).advance(counts)?) })
        })
    }

    /// Projects a part; returns the pairs and the figures as JSON.
    #[pyo3(signature = (given, tagger=None, target_tagger=None))]
    fn apply(
        &self,
        py: Python<'_>,
        given: Records,
        tagger: Option<Py<PyAny>>,
        target_tagger: Option<Py<PyAny>>,
    ) -> PyResult<(Records, String)> {
        let passes = Arc::clone(&self.passes);
        let raised = Raised::default();
        let tagger = stages::tagger(py, tagger, &raised);
        let target_tagger = stages::tagger(py, target_tagger, &raised);
        call::run(py, None, move |listener| {
            let mut pairs = records::pairs(&given)?;
            let models = ProjectModels {
                tagger: tagger.as_deref().map(|tagger| tagger as &dyn Tagger),
                target_tagger: target_tagger.as_deref().map(|tagger| tagger as &dyn Tagger),
                ..ProjectModels::default()
            };
            let report = passes
                .apply(&mut pairs, models, listener)
                .map_err(|error| Failure::from(error).caused_by(stages::raised(&raised)))?;
            Ok((given.with_pairs(pairs)?, serde_json::to_string(&report).map_err(Failure::model)?))
        })
    }
}

/// Makes pairs ready: the side that they lack, tokens, the source's entities.
#[pyfunction]
#[pyo3(signature = (given, arguments, *, translator=None, tagger=None))]
pub fn prepare(
    py: Python<'_>,
    given: Records,
    arguments: String,
    translator: Option<Py<PyAny>>,
    tagger: Option<Py<PyAny>>,
) -> PyResult<Records> {
    let raised = Raised::default();
    let tagger = stages::tagger(py, tagger, &raised);
    let mut translator = stages::translator(translator, &raised);
    call::run(py, None, move |_| {
        let projector = projector(&arguments)?;
        let mut pairs = records::pairs(&given)?;
        let models = ProjectModels {
            translator: translator.as_mut().map(|translator| &mut **translator as &mut dyn Translator),
            tagger: tagger.as_deref().map(|tagger| tagger as &dyn Tagger),
            ..ProjectModels::default()
        };
        let made = projector.prepare(&mut pairs, models);
        made.map_err(|error| Failure::from(error).caused_by(stages::raised(&raised)))?;
        given.with_pairs(pairs)
    })
}
