//! Decision: which entities a projection keeps, by their probability.
//!
//! Projection takes the source tagger's word for every entity; most of what is lost is lost there. Here the tagger hands over
//! all spans that it holds possible ([`hand_over`]), they compete in the assignment
//! ([`Matching::uncertain`](crate::Matching::uncertain)), a tagger of the target language that was learnt from the
//! corpus' own projections gives its opinion (of sentences that it was not learnt from: the caller cross-fits it), and the
//! corpus says how it treats the same names elsewhere. A log-linear model ([`Decision`]) makes a calibrated probability of
//! all that evidence ([`features::FEATURES`]), and a cut keeps the entities that are worth it ([`Cut`]): an exact
//! assignment again, so that no two share a token.
//!
//! None of this is published; TransFusion (arXiv 2305.13582), which tags a sentence beside its tagged translation, is the
//! nearest relative.

mod choose;
mod corpus;
mod decide;
pub mod features;
mod fit;
mod judged;
mod model;
mod pool;
mod spans;

pub use choose::Cut;
pub use decide::{Decided, decide, take_back};
pub use fit::{FitOptions, Verdict, fit, verdict};
pub use judged::{Judged, Judgement};
pub use model::Decision;
pub use pool::{Candidate, Pool};
pub use spans::{MIN_PROBABILITY, hand_over, marginals};
