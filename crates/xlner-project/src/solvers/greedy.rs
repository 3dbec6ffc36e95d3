//! Greedy: the best match left, again and again (Politov et al. 2025, §3.2; the published `greedy_solve_from_costs`).

use xlner_core::Span;

use crate::{Constraint, Problem, Solution};

/// Buffers, kept between problems.
#[derive(Debug, Clone, Default)]
pub struct GreedyWorkspace {
    order: Vec<(u32, u32)>,
    taken: Vec<bool>,
    counts: Vec<u32>,
    claimed: Vec<(usize, Span)>,
}

/// Takes the match of largest positive score, leaves out the entity's others once its limit is reached, those of entities
/// that it excludes, and all that overlap it, and goes on. Of equal scores the first wins: lower entity, then order in the list (earlier start, then
/// earlier end). A required number (`=n`, `>=n`) is not pursued: it stops nothing before n, and `>=n` never stops.
pub fn solve(problem: &Problem, constraint: Constraint, workspace: &mut GreedyWorkspace, solution: &mut Solution) {
    let GreedyWorkspace { order, taken, counts, claimed } = workspace;
    claimed.clear();
    order.clear();
    for entity in 0..problem.entities() {
        let positive = problem.range(entity).filter(|&index| problem.matches()[index].score > 0.0);
        order.extend(positive.map(|index| (index as u32, entity as u32)));
    }
    let score = |index: u32| problem.matches()[index as usize].score;
    order.sort_unstable_by(|a, b| score(b.0).total_cmp(&score(a.0)).then(a.0.cmp(&b.0)));
    taken.clear();
    taken.resize(problem.target_len(), false);
    counts.clear();
    counts.resize(problem.entities(), 0);
    let limit = constraint.limit().map_or(u32::MAX, u32::from);
    for &(index, entity) in order.iter() {
        let tokens = &mut taken[problem.matches()[index as usize].span().range()];
        let claim = problem.claim(entity as usize);
        let excluded = claim
            .is_some_and(|claim| claimed.iter().any(|&(other, span)| other != entity as usize && span.overlaps(claim)));
        if counts[entity as usize] < limit && !excluded && !tokens.contains(&true) {
            tokens.fill(true);
            claimed.extend(claim.map(|claim| (entity as usize, claim)));
            counts[entity as usize] += 1;
            solution.choose(entity as usize, index as usize);
        }
    }
    solution.finish(problem);
}
