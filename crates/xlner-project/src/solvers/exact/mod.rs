//! Exact: an assignment of largest score, with a proof.
//!
//! Choosing non-overlapping spans alone is a shortest path along the target sentence; what makes the problem hard (NP-hard
//! in general: Shkalikov 2024, appendix) is that each source entity has a limit. Here entities are few and their good
//! candidates short, so
//! 1. *dominance*: a match is dropped where the same entity has one inside its span that scores at least as much
//!    (`reduce`). No optimum is lost: the inner one may always stand in for the outer one;
//! 2. *components*: entities whose remaining matches share no token, and that do not exclude each other, are solved apart;
//! 3. *dynamic programming* over target position × projections of the entities that have matches on both sides of it
//!    (`search`), which needs few states where entities come in about the same order in both languages; a state that has
//!    used an entity takes no match of those that it excludes;
//! 4. *branch and bound*: in larger components the limit per entity is relaxed (`lagrange`), which gives bounds as good as
//!    the linear programme's and good assignments; matches that are in no better assignment by these bounds are dropped
//!    (reduced-cost fixing), and so are states of the dynamic programme;
//! 5. a *budget*: where states are too many the worst are dropped, and the best bound among the dropped ones is the proven
//!    bound of the whole. The budget counts steps, not seconds, so that the answer is always the same.
//!
//! **Ties.** Scores are rounded to fixed-point numbers of 36 binary digits, from the sentence's largest score down (fewer
//! only for sentences of thousands of entities), so that sums are exact and the answer does not hang on the order of
//! additions. Of assignments of equal (rounded) score the one that covers the fewest target tokens is taken; of those the
//! one of largest `Σ (e + 1) · start` (e the index of the entity): late, for what comes before a name is more often a
//! function word than what comes after it, and in the order of the source entities.

mod lagrange;
mod layout;
mod reduce;
mod search;
mod value;

use reduce::{Item, Reducer};
use search::{Outcome, Search};
use value::Scale;

use crate::{Constraint, Problem, Solution};

/// The exact solver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exact {
    /// Steps (visits of a match) spent on a sentence before it is left with a proven gap; as many again are spent on
    /// margins. 2²³ by default: a second or two at most, where Europarl-NER's sentences take microseconds.
    pub budget: u64,
}

impl Default for Exact {
    fn default() -> Self {
        Exact { budget: 1 << 23 }
    }
}

/// Buffers, kept between problems.
#[derive(Debug, Clone, Default)]
pub struct ExactWorkspace {
    reducer: Reducer,
    /// Matches that are left, by entity.
    items: Vec<Item>,
    offsets: Vec<u32>,
    /// Component of each entity, and the entities of each component.
    component: Vec<u32>,
    members: Vec<u32>,
    components: Vec<Component>,
    sweep: Vec<(u32, u32, u32)>,
    search: Search,
    /// Matches of an entity when one of them is forbidden.
    others: Vec<Item>,
    touched: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Component {
    /// Range of `members`.
    members: (u32, u32),
    objective: f64,
    required: u64,
    proven: bool,
}

impl Exact {
    pub(crate) fn solve(
        self,
        problem: &Problem,
        constraint: Constraint,
        workspace: &mut ExactWorkspace,
        solution: &mut Solution,
    ) {
        let Some(scale) = Scale::new(problem, constraint) else {
            solution.bound = Some(0.0);
            return;
        };
        workspace.reduce(problem, &scale);
        workspace.find_components(problem);
        let mut budget = self.budget;
        let mut bound = 0.0;
        for at in 0..workspace.components.len() {
            let (from, to) = workspace.components[at].members;
            workspace.search.clear();
            for &entity in &workspace.members[from as usize..to as usize] {
                workspace.search.add(&workspace.items[range(&workspace.offsets, entity)]);
            }
            let outcome = workspace.search.run(problem, &scale, budget);
            budget = budget.saturating_sub(outcome.work);
            let component = &mut workspace.components[at];
            component.objective = 0.0;
            for item in workspace.search.chosen() {
                solution.choose(item.entity as usize, item.index as usize);
                component.objective += problem.matches()[item.index as usize].score;
            }
            component.required = outcome.required;
            component.proven = outcome.proven;
            bound += if outcome.proven { component.objective } else { outcome.bound(&scale).max(component.objective) };
        }
        solution.finish(problem);
        let proven = workspace.components.iter().all(|component| component.proven);
        solution.bound = Some(if proven { solution.objective } else { bound.max(solution.objective) });
        self.margins(problem, &scale, workspace, solution);
    }

    /// Solves again without each chosen match.
    fn margins(self, problem: &Problem, scale: &Scale, workspace: &mut ExactWorkspace, solution: &mut Solution) {
        let mut budget = self.budget;
        let mut left = solution.chosen.len() as u64;
        for chosen in &mut solution.chosen {
            let share = budget / left;
            left -= 1;
            let (before, required) = match workspace.forbid(problem, scale, chosen.entity, chosen.index) {
                Some(known) => known,
                None => continue,
            };
            let Some(outcome) = workspace.search.run_within(problem, scale, share) else { continue };
            budget -= outcome.work.min(budget);
            if outcome.proven && outcome.required == required {
                let scores = workspace.search.chosen().map(|item| problem.matches()[item.index as usize].score);
                chosen.margin = Some((before - scores.sum::<f64>()).max(0.0));
            }
        }
    }
}

fn range(offsets: &[u32], entity: u32) -> std::ops::Range<usize> {
    offsets[entity as usize] as usize..offsets[entity as usize + 1] as usize
}

impl ExactWorkspace {
    fn reduce(&mut self, problem: &Problem, scale: &Scale) {
        self.items.clear();
        self.offsets.clear();
        self.offsets.push(0);
        for entity in 0..problem.entities() {
            self.reducer.run(problem, scale, entity, None, &mut self.items);
            self.offsets.push(self.items.len() as u32);
        }
    }

    /// Entities whose matches overlap, or that exclude each other, directly or through others, are in one component.
    fn find_components(&mut self, problem: &Problem) {
        let entities = problem.entities();
        self.sweep.clear();
        self.sweep.extend(self.items.iter().map(|item| (item.start, item.end, item.entity)));
        self.component.clear();
        self.component.extend(0..entities as u32);
        self.join();
        let claimed =
            |entity: u32| problem.claim(entity as usize).map(|span| (span.start as u32, span.end as u32, entity));
        self.sweep.clear();
        self.sweep.extend((0..entities as u32).filter_map(claimed));
        self.join();
        for entity in 0..entities as u32 {
            self.component[entity as usize] = root(&mut self.component, entity);
        }
        // Number the components of entities that have a match.
        self.members.clear();
        let with_matches = (0..entities as u32).filter(|&entity| !range(&self.offsets, entity).is_empty());
        self.members.extend(with_matches);
        self.members.sort_by_key(|&entity| self.component[entity as usize]);
        self.components.clear();
        let mut last = None;
        for (at, &entity) in self.members.iter().enumerate() {
            let at = at as u32;
            if last != Some(self.component[entity as usize]) {
                last = Some(self.component[entity as usize]);
                let empty = Component { members: (at, at), objective: 0.0, required: 0, proven: false };
                self.components.push(empty);
            }
            let number = self.components.len() - 1;
            self.components[number].members.1 = at + 1;
            self.component[entity as usize] = number as u32;
        }
    }

    /// Joins the components of entities whose ranges in `sweep` overlap.
    fn join(&mut self) {
        self.sweep.sort_unstable();
        let (mut until, mut first) = (0, 0);
        for &(start, end, entity) in &self.sweep {
            if start >= until {
                first = entity;
            }
            let (a, b) = (root(&mut self.component, first), root(&mut self.component, entity));
            self.component[a.max(b) as usize] = a.min(b);
            until = until.max(end);
        }
    }

    /// Puts what a match competes with into the search, the match itself left out, and returns the score of the present
    /// assignment there and the required projections it makes; `None` where that is not proven optimal.
    fn forbid(&mut self, problem: &Problem, scale: &Scale, entity: u32, index: u32) -> Option<(f64, u64)> {
        self.others.clear();
        self.reducer.run(problem, scale, entity as usize, Some(index), &mut self.others);
        // Matches that were dominated by the forbidden one are back, and may reach into other components.
        self.touched.clear();
        self.touched.push(self.component[entity as usize]);
        let (first, last) = self.others.iter().fold((u32::MAX, 0), |(a, b), item| (a.min(item.start), b.max(item.end)));
        for other in self.items.iter().filter(|item| item.start < last && item.end > first) {
            let component = self.component[other.entity as usize];
            if !self.touched.contains(&component)
                && self.others.iter().any(|item| item.start < other.end && other.start < item.end)
            {
                self.touched.push(component);
            }
        }
        self.search.clear();
        let (mut objective, mut required) = (0.0, 0);
        for &number in &self.touched {
            let component = self.components[number as usize];
            if !component.proven {
                return None;
            }
            objective += component.objective;
            required += component.required;
            for &member in &self.members[component.members.0 as usize..component.members.1 as usize] {
                let own = if member == entity { &self.others[..] } else { &self.items[range(&self.offsets, member)] };
                self.search.add(own);
            }
        }
        Some((objective, required))
    }
}

/// Root of an entity in a forest in which every parent has a lower number, with path halving.
fn root(parents: &mut [u32], mut entity: u32) -> u32 {
    while parents[entity as usize] != entity {
        parents[entity as usize] = parents[parents[entity as usize] as usize];
        entity = parents[entity as usize];
    }
    entity
}

impl Outcome {
    /// The bound as a sum of scores.
    fn bound(&self, scale: &Scale) -> f64 {
        scale.to_score(self.bound)
    }
}
