//! The compiled part of the Python package `xlner`. Records come and go as lines of JSON or as rows of Arrow tables, so that
//! Python sees what files hold: the same fields, numbers and errors. What users call is in `python/xlner`.

mod aligner;
mod call;
mod capsule;
mod error;
mod evaluate;
mod files;
mod options;
mod passes;
mod project;
mod records;
mod stages;
mod table;
mod tagger;

/// The compiled part of `xlner`.
#[pyo3::pymodule(gil_used = false)]
mod _xlner {
    #[pymodule_export]
    use crate::aligner::AlignerCore;
    #[pymodule_export]
    use crate::evaluate::{evaluate, report};
    #[pymodule_export]
    use crate::files::{convert, read, write};
    #[pymodule_export]
    use crate::passes::{Passes, prepare};
    #[pymodule_export]
    use crate::project::{project, tune_decision};
    #[pymodule_export]
    use crate::table::{Table, empty};
    #[pymodule_export]
    use crate::tagger::TaggerCore;
}
