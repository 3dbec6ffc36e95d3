//! How good predicted entities and alignments are.
//!
//! - [`Evaluator`]: entity metrics of one or several systems against gold: precision, recall and F1 as `seqeval` 1.2.2 gives them,
//!   SemEval-2013 scores, token accuracy, projection ratio, bootstrap confidence intervals, approximate randomisation.
//! - [`AlignmentEvaluator`]: precision, recall and error rate of word alignments;
//! - [`agreement`]: how far annotators agree;
//! - [`stratified`]: how good a set is of which people judged a sample.
//!
//! Both take sentence after sentence; memory follows the number of different sentence profiles (gold, predicted and
//! correct entities), not the number of sentences. Figures that are undefined because nothing is counted are 0.
//!
//! ```
//! use xlner_core::tags::Scheme;
//! use xlner_eval::{Evaluator, EvalOptions, Resampling};
//!
//! let mut evaluator = Evaluator::new(&EvalOptions::default(), Scheme::Iob2, &[("ours", Scheme::Iob2)]);
//! let mut tags = |line: &str| -> Vec<_> {
//!     line.split(' ').map(|tag| evaluator.intern(tag, Scheme::Iob2).unwrap()).collect()
//! };
//! let (gold, predicted) = (tags("B-PER I-PER O B-LOC"), tags("B-PER I-PER O B-ORG"));
//! evaluator.push(&gold, &[predicted]).unwrap();
//! let report = evaluator.finish(&Resampling::NONE);
//! assert_eq!(report.systems[0].micro.f1, 0.5);
//! assert_eq!(report.systems[0].token_accuracy, 0.75);
//! ```

pub mod agreement;
mod alignment;
mod calibration;
mod chunks;
mod error;
mod evaluator;
mod options;
mod resample;
mod scores;
mod semeval;
pub mod stratified;
mod vocabulary;

pub use alignment::{AlignmentEvaluation, AlignmentEvaluator};
pub use calibration::{Calibration, CalibrationBin, RiskPoint};
pub use error::{Error, Result};
pub use evaluator::{Comparison, Evaluation, Evaluator, Intervals, Repaired, Report};
pub use options::{EvalOptions, Mode, Resampling};
pub use scores::Scores;
pub use semeval::{MatchCounts, SchemeScores, SemEval2013};
pub use vocabulary::TagId;
