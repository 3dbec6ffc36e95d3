//! The projection step, whatever the method.

use xlner_core::{Entity, Pair, Projection, Reason, Unprojected};

use crate::matching::Custom;
use crate::{Heuristic, Matching, Problem, Result, Solver, heuristic, matching};

/// How entities are projected.
#[derive(Debug, Clone, PartialEq)]
pub enum Method {
    /// Ranges of linked tokens.
    Heuristic(Heuristic),
    /// Candidates, scores, a solver.
    Match(Matching),
}

impl Default for Method {
    fn default() -> Self {
        Method::Match(Matching::default())
    }
}

/// Projects the entities of a source sentence to its translation, with what the pair holds: links, scores.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PairProjector {
    /// The method.
    pub method: Method,
}

/// Buffers of a projector, one per thread, kept between pairs.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    heuristic: heuristic::Buffers,
    matching: matching::Buffers,
}

impl Workspace {
    /// The assignment problem of the last pair projected by [`Matching`].
    pub fn problem(&self) -> &Problem {
        &self.matching.problem
    }
}

impl From<Heuristic> for PairProjector {
    fn from(heuristic: Heuristic) -> Self {
        PairProjector { method: Method::Heuristic(heuristic) }
    }
}

impl From<Matching> for PairProjector {
    fn from(matching: Matching) -> Self {
        PairProjector { method: Method::Match(matching) }
    }
}

impl PairProjector {
    /// The entities of the target sentence by first token, and how the projection went. Each entity carries its `score`,
    /// the source entity it comes `from`, and if the solver proves it the `margin`.
    ///
    /// # Errors
    /// Entities or links outside their sentences; no alignment, or no score of a name, where the method needs it; a score
    /// that is not finite; see [`Error`](crate::Error).
    pub fn project(&self, pair: &Pair, workspace: &mut Workspace) -> Result<(Vec<Entity>, Projection)> {
        self.project_with(pair, &mut [], workspace)
    }

    /// The same with scores of one's own, by name; a name that is built in as well means one's own.
    ///
    /// # Errors
    /// As [`project`](Self::project), and those of the scores.
    pub fn project_with(
        &self,
        pair: &Pair,
        custom: &mut [Custom<'_>],
        workspace: &mut Workspace,
    ) -> Result<(Vec<Entity>, Projection)> {
        pair.validate()?;
        if pair.source.entities.is_empty() || pair.target.is_empty() {
            let indices = 0..pair.source.entities.len();
            let unprojected = indices.map(|entity| Unprojected { entity, reason: Reason::EmptyTarget }).collect();
            let bound = self.proves().then_some(0.0);
            return Ok((Vec::new(), Projection { objective: 0.0, bound, unprojected }));
        }
        match &self.method {
            Method::Heuristic(heuristic) => heuristic.project(pair, &mut workspace.heuristic),
            Method::Match(matching) => matching.project(pair, custom, &mut workspace.matching),
        }
    }

    /// Projects and writes the entities and the projection into the pair. The target's entities before, if any, are gone.
    ///
    /// # Errors
    /// As [`project`](Self::project); the pair is then as it was.
    pub fn apply(&self, pair: &mut Pair, workspace: &mut Workspace) -> Result<()> {
        let (entities, projection) = self.project(pair, workspace)?;
        pair.target.entities = entities;
        pair.projection = Some(projection);
        Ok(())
    }

    /// Whether the method proves a bound.
    fn proves(&self) -> bool {
        match &self.method {
            Method::Heuristic(_) => false,
            Method::Match(matching) => !matches!(matching.solver, Solver::Greedy | Solver::Bipartite),
        }
    }
}
