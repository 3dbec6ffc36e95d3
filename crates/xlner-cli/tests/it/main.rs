//! The integration tests of the crate, one binary.

mod adapt;
mod align;
mod common;
mod completions;
mod convert;
mod data;
mod decision;
mod ensemble;
mod europarl;
mod eval;
mod experiment;
mod faults;
mod fine_tune;
mod first_hour;
mod invariants;
mod job;
#[cfg(feature = "http")]
mod judge;
mod leaks;
mod models;
mod mutations;
mod notes;
mod places;
mod project;
mod readme;
mod report;
mod review;
mod self_train;
mod signs;
mod silver;
mod tag;
#[cfg(feature = "fine-tune")]
#[path = "../../../xlner-neural/tests/it/support/tiny_bert.rs"]
mod tiny_bert;
mod train;
mod transfer;
#[cfg(feature = "transformers")]
mod transformers;
mod translate;
#[cfg(feature = "transformers")]
mod translation_scores;
