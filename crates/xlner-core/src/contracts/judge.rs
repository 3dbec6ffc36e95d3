//! What is asked about entities that a decision is unsure of.

use super::{ModelResult, ServerFigures};
use crate::{Pair, Span};

/// Entities of a pair's target that are in doubt.
#[derive(Debug, Clone, Copy)]
pub struct Doubt<'p> {
    /// The pair, projected.
    pub pair: &'p Pair,
    /// Indices of the target's entities, ascending; at least one.
    pub entities: &'p [usize],
}

/// What a judge says of an entity in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// It stands at these tokens of the target, which no other entity has.
    At(Span),
    /// The target does not have it, or it is no entity of that type.
    None,
    /// The answer does not fit the sentence: nothing is known.
    Unclear,
}

/// Looks at entities in doubt and says whether and where they stand.
pub trait Judge: Send + Sync {
    /// Name of the model: what a result that was kept depends on.
    fn signature(&self) -> String;

    /// A ruling on every entity in doubt, in their order.
    ///
    /// # Errors
    /// [`ModelError::Sentence`](super::ModelError::Sentence) with the index of the doubt that cannot be judged.
    fn judge(&self, doubts: &[Doubt<'_>]) -> ModelResult<Vec<Vec<Ruling>>>;

    /// What it has done so far.
    fn figures(&self) -> ServerFigures;
}
