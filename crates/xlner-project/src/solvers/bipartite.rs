//! Bipartite: minimum-weight full matching, then overlaps are dropped (Politov et al. 2025; the published
//! `BipartiteCandidatesMatchingProjectionTransform`, which calls SciPy's `min_weight_full_bipartite_matching`).
//!
//! The matching is found by shortest augmenting paths with potentials on the sparse graph (Jonker and Volgenant 1987;
//! Karp 1980 for sparse graphs). It is our own: `pathfinding::kuhn_munkres` wants a complete matrix of integers, while
//! here a sentence has hundreds of candidates, few of them with a score.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::{Constraint, Error, Problem, Result, Solution};

const NONE: u32 = u32::MAX;

/// Buffers, kept between problems.
#[derive(Debug, Clone, Default)]
pub struct BipartiteWorkspace {
    spans: Vec<(u32, u32)>,
    /// Column (distinct span) of every match.
    columns: Vec<u32>,
    entity_of: Vec<u32>,
    /// By column: the match that holds it, its potential, distance, the match it was reached by, whether it is final.
    holder: Vec<u32>,
    potential: Vec<f64>,
    distance: Vec<f64>,
    reached_by: Vec<u32>,
    done: Vec<bool>,
    touched: Vec<u32>,
    /// By entity: its match.
    matched: Vec<u32>,
    entity_potential: Vec<f64>,
    heap: BinaryHeap<Reverse<(Distance, u32)>>,
    taken: Vec<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Distance(f64);

impl Eq for Distance {}

impl PartialOrd for Distance {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Distance {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// Matches every entity to a candidate of its own so that the sum of scores is largest, then goes through the entities in
/// order and drops a match that overlaps one kept, or whose entity one kept excludes. An entity for which there is no candidate of its own left whatever the
/// others take (SciPy refuses such a sentence, and the published code leaves it without any projection) is left out.
///
/// # Errors
/// [`Error::BipartiteConstraint`] for other constraints than `<=1` and `=1`.
pub fn solve(
    problem: &Problem,
    constraint: Constraint,
    workspace: &mut BipartiteWorkspace,
    solution: &mut Solution,
) -> Result<()> {
    if !matches!(constraint, Constraint::AtMost(1) | Constraint::Exactly(1)) {
        return Err(Error::BipartiteConstraint(constraint));
    }
    workspace.prepare(problem);
    for entity in 0..problem.entities() {
        workspace.augment(problem, entity);
    }
    workspace.taken.clear();
    workspace.taken.resize(problem.target_len(), false);
    for (entity, &index) in workspace.matched.iter().enumerate().filter(|(_, index)| **index != NONE) {
        let tokens = &mut workspace.taken[problem.matches()[index as usize].span().range()];
        let excluded = solution.chosen.iter().any(|kept| problem.excludes(kept.entity as usize, entity));
        if !excluded && !tokens.contains(&true) {
            tokens.fill(true);
            solution.choose(entity, index as usize);
        }
    }
    solution.finish(problem);
    Ok(())
}

impl BipartiteWorkspace {
    fn prepare(&mut self, problem: &Problem) {
        let matches = problem.matches();
        self.spans.clear();
        self.spans.extend(matches.iter().map(|m| (m.start, m.end)));
        self.spans.sort_unstable();
        self.spans.dedup();
        self.columns.clear();
        let column = |m: &crate::Match| self.spans.partition_point(|span| *span < (m.start, m.end)) as u32;
        self.columns.extend(matches.iter().map(column));
        self.entity_of.clear();
        for entity in 0..problem.entities() {
            self.entity_of.extend(problem.range(entity).map(|_| entity as u32));
        }
        let columns = self.spans.len();
        fill(&mut self.holder, columns, NONE);
        fill(&mut self.potential, columns, 0.0);
        fill(&mut self.distance, columns, f64::INFINITY);
        fill(&mut self.reached_by, columns, NONE);
        fill(&mut self.done, columns, false);
        fill(&mut self.matched, problem.entities(), NONE);
        // A potential of each entity's largest score makes every reduced cost ≥ 0.
        self.entity_potential.clear();
        for entity in 0..problem.entities() {
            let best = problem.of(entity).iter().map(|m| -m.score).fold(f64::INFINITY, f64::min);
            self.entity_potential.push(best);
        }
    }

    /// Finds a shortest path from an entity to a free column and flips the matches along it (Dijkstra's algorithm).
    fn augment(&mut self, problem: &Problem, root: usize) {
        let mut entity = root;
        let mut so_far = 0.0;
        let end = loop {
            for index in problem.range(entity) {
                let column = self.columns[index] as usize;
                if self.done[column] {
                    continue;
                }
                let reduced = -problem.matches()[index].score - self.entity_potential[entity] - self.potential[column];
                let distance = so_far + reduced.max(0.0);
                if distance < self.distance[column] {
                    if self.distance[column].is_infinite() {
                        self.touched.push(column as u32);
                    }
                    self.distance[column] = distance;
                    self.reached_by[column] = index as u32;
                    self.heap.push(Reverse((Distance(distance), column as u32)));
                }
            }
            let next = loop {
                match self.heap.pop() {
                    Some(Reverse((_, column))) if self.done[column as usize] => {}
                    Some(Reverse((_, column))) => break Some(column as usize),
                    None => break None,
                }
            };
            let Some(column) = next else { break None };
            so_far = self.distance[column];
            self.done[column] = true;
            match self.holder[column] {
                NONE => break Some(column),
                index => entity = self.entity_of[index as usize] as usize,
            }
        };
        if let Some(end) = end {
            self.flip(root, end, so_far);
        }
        for &column in &self.touched {
            self.distance[column as usize] = f64::INFINITY;
            self.done[column as usize] = false;
        }
        self.touched.clear();
        self.heap.clear();
    }

    fn flip(&mut self, root: usize, end: usize, length: f64) {
        self.entity_potential[root] += length;
        for &column in &self.touched {
            let column = column as usize;
            if self.done[column] && column != end {
                let change = length - self.distance[column];
                self.potential[column] -= change;
                let entity = self.entity_of[self.holder[column] as usize] as usize;
                self.entity_potential[entity] += change;
            }
        }
        let mut column = end;
        loop {
            let index = self.reached_by[column];
            let entity = self.entity_of[index as usize] as usize;
            let before = std::mem::replace(&mut self.matched[entity], index);
            self.holder[column] = index;
            if entity == root {
                return;
            }
            column = self.columns[before as usize] as usize;
        }
    }
}

fn fill<T: Clone>(buffer: &mut Vec<T>, len: usize, value: T) {
    buffer.clear();
    buffer.resize(len, value);
}
