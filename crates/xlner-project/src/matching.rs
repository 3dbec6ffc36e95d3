//! Candidate matching: candidates, scores, a solver.

use std::fmt;
use std::str::FromStr;

use xlner_core::{Entity, Pair, Projection, Reason, Unprojected};

use crate::scores::{AlignScore, ColumnScore, Row, ScoreInput, Scorer, TaggerScore, TextScore};
use crate::{CandidateSet, Candidates, Constraint, Error, Match, Problem, Result, Solution, Solver, SolverWorkspace};

/// A score of one's own and the name it goes by in [`Weights`].
pub type Custom<'a> = (&'a str, &'a mut dyn Scorer);

/// Weights of the scores by name. Written `align=1,tagger=0.5`; a name alone has weight 1.
///
/// Published for the fused score: `align=0.5,tagger-any=0.5,nmt=1`.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights(Vec<(String, f64)>);

impl Default for Weights {
    fn default() -> Self {
        Weights(vec![("align".to_owned(), 1.0)])
    }
}

impl Weights {
    /// The names and their weights.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, weight)| (name.as_str(), *weight))
    }
}

impl fmt::Display for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, weight)) in self.iter().enumerate() {
            write!(f, "{}{name}={weight}", if at == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl FromStr for Weights {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = |found: &str| Error::Parse {
            what: "a list of scores and weights",
            found: found.to_owned(),
            known: "name=weight,…, each name once, each weight a finite number: align=1,tagger=0.5",
        };
        let mut weights: Vec<(String, f64)> = Vec::new();
        for part in text.split(',') {
            let (name, weight) = part.split_once('=').unwrap_or((part, "1"));
            let (name, weight) = (name.trim(), weight.trim().parse::<f64>().map_err(|_| bad(part))?);
            if name.is_empty() || !weight.is_finite() || weights.iter().any(|(other, _)| other == name) {
                return Err(bad(part));
            }
            weights.push((name.to_owned(), weight));
        }
        Ok(Weights(weights))
    }
}

/// Candidate matching (Politov et al. 2025; Shkalikov 2024): candidates are scored against every source entity, and a
/// solver chooses matches.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Matching {
    /// Candidates.
    pub candidates: CandidateSet,
    /// Scores.
    pub weights: Weights,
    /// Solver.
    pub solver: Solver,
    /// Projections of an entity.
    pub constraint: Constraint,
    /// Matches of a lower total score are not made. `None`: those of a positive score are.
    pub min_score: Option<f64>,
    /// Whether source entities are uncertain: what each is worth counts by its probability
    /// ([`Entity::score`](xlner_core::Entity::score)), and those that share a source token exclude each other.
    pub uncertain: bool,
}

/// Where a score comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Align,
    Tagger,
    TaggerAny,
    Text,
    Column(usize),
    Custom(usize),
}

/// Buffers, kept between pairs.
#[derive(Debug, Clone)]
pub(crate) struct Buffers {
    candidates: Candidates,
    plan: Vec<(Source, f64)>,
    scorers: Scorers,
    row: Row,
    reasons: Vec<Option<Reason>>,
    pub problem: Problem,
    solver: SolverWorkspace,
    solution: Solution,
}

#[derive(Debug, Clone)]
struct Scorers {
    align: AlignScore,
    tagger: TaggerScore,
    tagger_any: TaggerScore,
    text: TextScore,
    columns: Vec<ColumnScore>,
}

impl Default for Buffers {
    fn default() -> Self {
        Buffers {
            candidates: Candidates::default(),
            plan: Vec::new(),
            scorers: Scorers {
                align: AlignScore::default(),
                tagger: TaggerScore::of_label(),
                tagger_any: TaggerScore::of_any_label(),
                text: TextScore::default(),
                columns: Vec::new(),
            },
            row: Row::default(),
            reasons: Vec::new(),
            problem: Problem::default(),
            solver: SolverWorkspace::default(),
            solution: Solution::default(),
        }
    }
}

impl Scorers {
    fn get<'a>(&'a mut self, source: Source, custom: &'a mut [Custom<'_>]) -> &'a mut dyn Scorer {
        match source {
            Source::Align => &mut self.align,
            Source::Tagger => &mut self.tagger,
            Source::TaggerAny => &mut self.tagger_any,
            Source::Text => &mut self.text,
            Source::Column(at) => &mut self.columns[at],
            Source::Custom(at) => custom[at].1,
        }
    }
}

impl Matching {
    /// Projects the source entities of a valid pair that has target tokens.
    pub(crate) fn project(
        &self,
        pair: &Pair,
        custom: &mut [Custom<'_>],
        buffers: &mut Buffers,
    ) -> Result<(Vec<Entity>, Projection)> {
        self.score(pair, custom, buffers)?;
        let Buffers { problem, solver, solution, .. } = buffers;
        self.solver.solve(problem, self.constraint, solver, solution)?;
        Ok(self.read(pair, buffers))
    }

    /// Makes the problem: every match of every source entity.
    fn score(&self, pair: &Pair, custom: &mut [Custom<'_>], buffers: &mut Buffers) -> Result<()> {
        self.plan(custom, buffers);
        let Buffers { candidates, plan, scorers, row, reasons, problem, .. } = buffers;
        candidates.fill(&self.candidates, pair)?;
        let input = ScoreInput { pair, candidates };
        for &(source, _) in plan.iter() {
            scorers.get(source, custom).prepare(input)?;
        }
        problem.clear(pair.target.len());
        reasons.clear();
        for entity in 0..pair.source.entities.len() {
            row.reset(candidates.len());
            for &(source, weight) in plan.iter() {
                row.set_weight(weight);
                scorers.get(source, custom).score(input, entity, row)?;
            }
            let source = &pair.source.entities[entity];
            let probability = self.probability(source);
            let (mut start, mut allowed, mut positive) = (0, false, false);
            for (candidate, score) in row.totals() {
                positive |= score > 0.0;
                // A score that is not a number goes on, to be refused by the problem.
                let refused = self.min_score.map_or(score <= 0.0, |least| score < least);
                if !refused {
                    allowed |= score > 0.0 || self.constraint.required() > 0;
                    let span = candidates.span_from(candidate, start);
                    start = span.start;
                    let (first, last) = (span.start as u32, span.end as u32);
                    problem.push(Match { start: first, end: last, score: score * probability })?;
                }
            }
            if self.uncertain {
                problem.close_rival(source.span);
            } else {
                problem.close_entity();
            }
            let links_only = plan.iter().all(|&(source, _)| source == Source::Align);
            reasons.push(match (allowed, positive) {
                (true, _) => None,
                (false, true) => Some(Reason::BelowMinimum),
                (false, false) if links_only && !linked(pair, entity) => Some(Reason::Unaligned),
                (false, false) => Some(Reason::NoCandidate),
            });
        }
        Ok(())
    }

    /// What a match of the entity counts by.
    fn probability(&self, entity: &Entity) -> f64 {
        let uncertain = entity.score.filter(|score| self.uncertain && *score > 0.0 && *score < 1.0);
        uncertain.unwrap_or(1.0)
    }

    /// Finds out where each score comes from.
    fn plan(&self, custom: &[Custom<'_>], buffers: &mut Buffers) {
        buffers.plan.clear();
        let mut columns = 0;
        for (name, weight) in self.weights.iter().filter(|&(_, weight)| weight != 0.0) {
            let source = match (custom.iter().position(|(own, _)| *own == name), name) {
                (Some(at), _) => Source::Custom(at),
                (None, "align") => Source::Align,
                (None, "tagger") => Source::Tagger,
                (None, "tagger-any") => Source::TaggerAny,
                (None, "string") => Source::Text,
                (None, column) => {
                    if columns == buffers.scorers.columns.len() {
                        buffers.scorers.columns.push(ColumnScore::default());
                    }
                    buffers.scorers.columns[columns].rename(column);
                    columns += 1;
                    Source::Column(columns - 1)
                }
            };
            buffers.plan.push((source, weight));
        }
    }

    /// The solution as entities.
    fn read(&self, pair: &Pair, buffers: &mut Buffers) -> (Vec<Entity>, Projection) {
        let Buffers { problem, solution, reasons, .. } = buffers;
        let mut entities = Vec::with_capacity(solution.chosen.len());
        let unmatched = if self.constraint.required() > 0 { Reason::Infeasible } else { Reason::Conflict };
        let mut projected = vec![false; pair.source.entities.len()];
        for chosen in &solution.chosen {
            let (from, found) = (chosen.entity as usize, problem.matches()[chosen.index as usize]);
            let source = &pair.source.entities[from];
            let mut entity = Entity::new(found.span(), source.label.as_str());
            entity.score = Some(found.score / self.probability(source));
            entity.from = Some(from);
            entity.margin = chosen.margin;
            entities.push(entity);
            projected[from] = true;
        }
        let left = projected.iter().enumerate().filter(|(_, projected)| !**projected);
        let unprojected =
            left.map(|(entity, _)| Unprojected { entity, reason: reasons[entity].unwrap_or(unmatched) }).collect();
        (entities, Projection { objective: solution.objective, bound: solution.bound, unprojected })
    }
}

fn linked(pair: &Pair, entity: usize) -> bool {
    let span = pair.source.entities[entity].span;
    pair.alignment.as_ref().is_some_and(|links| span.range().any(|token| !links.of_source(token).is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_read_what_they_write() {
        let weights: Weights = "align=1, tagger=0.5,nmt".parse().unwrap();
        assert_eq!(weights.to_string(), "align=1,tagger=0.5,nmt=1");
        assert_eq!(weights.to_string().parse::<Weights>().unwrap(), weights);
        for bad in ["", "align=x", "align=1,align=2", "=1", "align=inf", "align=NaN", "align=1,"] {
            assert!(bad.parse::<Weights>().is_err(), "{bad}");
        }
    }
}
