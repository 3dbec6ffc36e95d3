//! What can go wrong in projection.

use crate::Constraint;

/// Result of the functions of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// A pair that cannot be projected, or a method that cannot be built. Callers add the file, the line and the record id.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Entities or links that do not fit their sentences.
    #[error(transparent)]
    Core(#[from] xlner_core::Error),
    /// The method needs links and the pair has none.
    #[error("the pair has no alignment: align it first, or leave out what needs links ({0})")]
    NoAlignment(&'static str),
    /// A score was asked for that is neither built in, nor plugged in, nor a column of the record.
    #[error(
        "there is no score `{0}`: it is not built in (align, span, string, tagger, tagger-any, nmt, codec) and the record has no such column under `scores`"
    )]
    NoScore(String),
    /// The method wants a tagger's opinion of the target, and the pair has none.
    #[error("the target has no probabilities of a tagger, which the method looks at")]
    NoTagger,
    /// A pair that was not among those that the statistics of the corpus were made of.
    #[error("the pair was not counted: the statistics of the corpus are of other pairs")]
    NotCounted,
    /// A score that is not a finite number, or is given for an entity or a span that is not there.
    #[error("score `{column}` of entity {entity} and span {start}..{end}: {problem}")]
    BadScore {
        /// Name of the score.
        column: String,
        /// Index of the source entity.
        entity: usize,
        /// First target token.
        start: usize,
        /// Exclusive end: one past the last target token.
        end: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The target sentence is longer than the exact solver can number.
    #[error("the target sentence has {0} tokens; at most {max} can be projected", max = crate::solvers::MAX_TOKENS)]
    TooLong(usize),
    /// The solver knows one projection per entity only.
    #[error("the bipartite solver knows the constraints <=1 and =1 only, not {0}; use exact")]
    BipartiteConstraint(Constraint),
    /// The MILP solver found no solution.
    #[error("HiGHS ended with status {0}")]
    Milp(String),
    /// A word that is not one of those known.
    #[error("“{found}” is not {what}; known: {known}")]
    Parse {
        /// What it should be.
        what: &'static str,
        /// What was given.
        found: String,
        /// What is accepted.
        known: &'static str,
    },
}
