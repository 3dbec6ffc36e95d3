//! Annotation projection: from the entities of a source sentence and what links it to its translation, to the entities
//! of the translation.
//!
//! Two methods ([`Method`]):
//! - [`Heuristic`]: the ranges of target tokens linked to an entity, merged, filtered, written in order;
//! - [`Matching`]: candidates ([`CandidateSet`]) are scored against every source entity ([`scores`]), and a solver
//!   ([`solvers`]) chooses the matches so that the sum of their scores is largest, no two of them overlap, and the
//!   number per entity meets a [`Constraint`].
//!
//! ```
//! use xlner_core::{Alignment, Entity, Pair, Sentence};
//! use xlner_project::{Matching, PairProjector, Workspace};
//!
//! let mut source = Sentence::from_tokens(["Obama", "visited", "Berlin", "."]);
//! source.entities = vec![Entity::new(0..1, "PER"), Entity::new(2..3, "LOC")];
//! let pair = Pair {
//!     source,
//!     target: Sentence::from_tokens(["Gestern", "besuchte", "Obama", "Berlin", "."]),
//!     alignment: Some(Alignment::from_pairs([(0, 2), (1, 1), (2, 3), (3, 4)])),
//!     ..Pair::default()
//! };
//! let projector = PairProjector::from(Matching::default());
//! let (entities, projection) = projector.project(&pair, &mut Workspace::default())?;
//! assert_eq!(entities[1].label, "LOC");
//! assert_eq!(entities[1].span.range(), 3..4);
//! assert_eq!(projection.bound, Some(projection.objective)); // proven optimal
//! # Ok::<(), xlner_project::Error>(())
//! ```
//!
//! A score of one's own (from aligner posteriors, say) implements [`scores::Scorer`] and is handed to
//! [`PairProjector::project_with`] under a name; the solvers see only the finished [`Problem`].

pub mod candidates;
mod constraint;
pub mod decision;
mod error;
pub mod filters;
pub mod heuristic;
pub mod markers;
mod matching;
mod problem;
mod projector;
pub mod scores;
pub mod solvers;

pub use candidates::{CandidateKind, CandidateSet, Candidates};
pub use constraint::Constraint;
pub use error::{Error, Result};
pub use heuristic::{Edition, Heuristic};
pub use matching::{Custom, Matching, Weights};
pub use problem::{Chosen, Match, Problem, Solution};
pub use projector::{Method, PairProjector, Workspace};
pub use solvers::{Solver, SolverWorkspace};
