//! The learnt score `span`: entities and candidates compared by all that an aligner and the corpus know.
//!
//! A log-linear model ([`SpanModel`]) weighs some eighty measurements of an entity and a candidate: posterior mass
//! inside both and what leaks out of either, in both directions; translation probabilities both ways; similarity of the
//! letters; case, punctuation, digits, length; what stands at and beside the edges. It works in two passes over a
//! corpus: what the first finds tells the second how each name is usually projected, and which words usually start, end
//! or stand beside projections.
//!
//! A corpus may lie in parts: each pass counts whole numbers, which add up over the parts ([`Corpus::merge`],
//! [`Consistency::merge`], [`Labels::merge`]), and the result is the same to the last bit wherever it is cut.
//!
//! The score of a candidate is its log-odds against the entity having no counterpart; it is positive where a projection
//! is likelier than none.

mod candidates;
mod consistency;
mod corpus;
mod fit;
mod labels;
mod model;
mod names;
mod prepared;
mod projector;
mod scorer;
mod shape;
mod tokens;
mod view;

pub use consistency::Consistency;
pub use corpus::Corpus;
pub use fit::{Labelled, SpanFitOptions, fit};
pub use labels::Labels;
pub use model::{SpanModel, Statistics};
pub use projector::{PosteriorsOf, SpanProjector, SpanStage};
