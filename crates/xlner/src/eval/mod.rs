//! The job `eval`: gold and predictions → figures.

mod alignments;
mod entities;
mod input;
mod json;
mod judge;

pub use alignments::AlignmentEvalJob;
pub use entities::{EvalJob, EvalReport, OtherTokens};
pub use json::alignments_json;
pub(crate) use judge::Judge;
