//! Solvers: which matches are chosen.
//!
//! | name | what | proves |
//! |---|---|---|
//! | [`exact`] | dynamic programming and branch and bound, the default | the optimum, or a gap where its budget ends first |
//! | [`greedy`] | the best match left, again and again (published) | – |
//! | [`bipartite`] | minimum-weight full matching, overlaps dropped (published) | – |
//! | `milp` | HiGHS, the feature `milp` | the optimum |

pub mod bipartite;
pub mod exact;
pub mod greedy;
#[cfg(feature = "milp")]
pub mod milp;

use std::fmt;
use std::str::FromStr;

pub use exact::Exact;

use crate::{Constraint, Error, Problem, Result, Solution};

/// Tokens of the longest target sentence that can be projected to.
pub const MAX_TOKENS: usize = (1 << 20) - 1;

/// How matches are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Solver {
    /// Ours: [`exact`].
    Exact(Exact),
    /// [`greedy`].
    Greedy,
    /// [`bipartite`]; constraints `<=1` and `=1` only.
    Bipartite,
    /// HiGHS.
    #[cfg(feature = "milp")]
    Milp,
}

impl Default for Solver {
    fn default() -> Self {
        Solver::Exact(Exact::default())
    }
}

impl Solver {
    /// Solves a problem; the buffers are kept in the workspace.
    ///
    /// # Errors
    /// [`Error::BipartiteConstraint`], [`Error::TooLong`], and from `milp` [`Error::Milp`].
    pub fn solve(
        self,
        problem: &Problem,
        constraint: Constraint,
        workspace: &mut SolverWorkspace,
        solution: &mut Solution,
    ) -> Result<()> {
        solution.clear();
        if problem.target_len() > MAX_TOKENS {
            return Err(Error::TooLong(problem.target_len()));
        }
        match self {
            Solver::Exact(exact) => exact.solve(problem, constraint, &mut workspace.exact, solution),
            Solver::Greedy => greedy::solve(problem, constraint, &mut workspace.greedy, solution),
            Solver::Bipartite => bipartite::solve(problem, constraint, &mut workspace.bipartite, solution)?,
            #[cfg(feature = "milp")]
            Solver::Milp => milp::solve(problem, constraint, solution)?,
        }
        Ok(())
    }

    /// Name in flags.
    pub fn as_str(self) -> &'static str {
        match self {
            Solver::Exact(_) => "exact",
            Solver::Greedy => "greedy",
            Solver::Bipartite => "bipartite",
            #[cfg(feature = "milp")]
            Solver::Milp => "milp",
        }
    }
}

impl fmt::Display for Solver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Solver {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "exact" => Ok(Solver::default()),
            "greedy" => Ok(Solver::Greedy),
            "bipartite" => Ok(Solver::Bipartite),
            #[cfg(feature = "milp")]
            "milp" => Ok(Solver::Milp),
            _ => Err(Error::Parse {
                what: "a solver",
                found: text.to_owned(),
                known: "exact, greedy, bipartite, and milp where built with that feature",
            }),
        }
    }
}

/// Buffers of the solvers, kept between problems.
#[derive(Debug, Clone, Default)]
pub struct SolverWorkspace {
    exact: exact::ExactWorkspace,
    greedy: greedy::GreedyWorkspace,
    bipartite: bipartite::BipartiteWorkspace,
}
