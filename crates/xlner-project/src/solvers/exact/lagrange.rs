//! Bounds: the limit per entity is relaxed.
//!
//! With a multiplier λ_e ≥ 0 for each entity e of limit n_e, no assignment is worth more than
//! `Σ λ_e n_e + max Σ (c - λ_e)` over non-overlapping items, a shortest path. The λ for which this is least are sought by
//! subgradient steps (Held, Wolfe and Crowder 1974). Interval matrices being totally unimodular, the least bound is that of
//! the linear relaxation. The maximum from each node on bounds what a state of the search can still gain.

use super::search::Layout;
use super::value::{Scale, Value};

const NONE: u32 = u32::MAX;
const ROUNDS: u32 = 100;
/// Rounds without a better bound after which the step is halved.
const PATIENCE: u32 = 4;

/// A bound, and an assignment found on the way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lagrange {
    /// Least bound found.
    pub bound: Value,
    /// Its multipliers, by entity.
    pub multipliers: Vec<Value>,
    /// With them: largest sum of reduced values from each node on, and the multipliers of entities with items from there on.
    suffix: Vec<Value>,
    remaining: Vec<Value>,
    /// Best assignment found.
    pub chosen: Vec<u32>,
    /// Its value.
    pub value: Value,
    trial: Vec<Value>,
    trial_suffix: Vec<Value>,
    picks: Vec<u32>,
    /// Projections by entity in the relaxed optimum, and in the assignment being made.
    counts: Vec<u32>,
    made: Vec<u32>,
    most: Vec<Value>,
    by_value: Vec<u32>,
    taken: Vec<bool>,
    assignment: Vec<u32>,
}

impl Lagrange {
    /// Lowers the bound and raises the assignment, for at most that much work; returns the work done.
    pub fn run(&mut self, layout: &Layout, scale: &Scale, budget: u64) -> u64 {
        let entities = layout.entities();
        self.by_value.clear();
        self.by_value.extend(0..layout.items.len() as u32);
        self.by_value.sort_by_key(|&item| std::cmp::Reverse(layout.items[item as usize].value));
        self.most.clear();
        self.most.resize(entities, 0);
        for (at, item) in layout.items.iter().enumerate() {
            let most = &mut self.most[layout.entity[at] as usize];
            *most = (*most).max(item.value + scale.bonus);
        }
        self.trial.clear();
        self.trial.resize(entities, 0);
        self.picks.clear();
        self.value = -1;
        self.assign(layout, scale);
        self.bound = Value::MAX;
        let (mut halvings, mut waited, mut work) = (0, 0, 0);
        for round in 0..ROUNDS {
            let bound = self.evaluate(layout, scale);
            self.assign(layout, scale);
            work += 4 * layout.items.len() as u64;
            if bound < self.bound {
                self.bound = bound;
                self.multipliers.clone_from(&self.trial);
                std::mem::swap(&mut self.suffix, &mut self.trial_suffix);
                waited = 0;
            } else {
                waited += 1;
                if waited == PATIENCE {
                    (halvings, waited) = (halvings + 1, 0);
                }
            }
            if self.bound <= self.value || (round > 0 && work >= budget) || !self.step(layout, bound, halvings) {
                break;
            }
        }
        self.sum_remaining(layout);
        work
    }

    /// What a state that has used nothing can gain at most from the node on.
    pub fn rest(&self, node: usize) -> Value {
        self.suffix[node] + self.remaining[node]
    }

    /// A bound that asks nothing of entities and gives no bonus.
    pub fn without_limits(&mut self, layout: &Layout) -> Value {
        self.trial.clear();
        self.trial.resize(layout.entities(), 0);
        self.path(layout, |item, _| layout.items[item].value)
    }

    /// Bound with the trial multipliers; the items of the relaxed optimum and their counts by entity are kept.
    fn evaluate(&mut self, layout: &Layout, scale: &Scale) -> Value {
        let path = self.path(layout, |item, multiplier| {
            let value = layout.items[item].value;
            let paid = value + scale.bonus - multiplier;
            if scale.unlimited { paid.max(value) } else { paid }
        });
        self.counts.clear();
        self.counts.resize(layout.entities(), 0);
        for &item in &self.picks {
            let entity = layout.entity[item as usize] as usize;
            // An item beyond the limit that does without the bonus does not count.
            if !scale.unlimited || scale.bonus >= self.trial[entity] {
                self.counts[entity] += 1;
            }
        }
        let limits = self.trial.iter().zip(&layout.limit);
        path + limits.map(|(&multiplier, &limit)| multiplier * Value::from(limit)).sum::<Value>()
    }

    /// Largest sum of non-overlapping reduced values.
    fn path(&mut self, layout: &Layout, reduced: impl Fn(usize, Value) -> Value) -> Value {
        let nodes = layout.nodes();
        self.trial_suffix.clear();
        self.trial_suffix.resize(nodes + 1, 0);
        self.assignment.clear();
        self.assignment.resize(nodes, NONE);
        for node in (0..nodes).rev() {
            let mut best = self.trial_suffix[node + 1];
            for item in layout.at_node(node) {
                let multiplier = self.trial[layout.entity[item] as usize];
                let value = reduced(item, multiplier) + self.trial_suffix[layout.landing[item] as usize];
                if value > best {
                    best = value;
                    self.assignment[node] = item as u32;
                }
            }
            self.trial_suffix[node] = best;
        }
        self.picks.clear();
        let mut node = 0;
        while node < nodes {
            match self.assignment[node] {
                NONE => node += 1,
                item => {
                    self.picks.push(item);
                    node = layout.landing[item as usize] as usize;
                }
            }
        }
        self.trial_suffix[0]
    }

    /// Makes an assignment: the picks of the relaxed optimum, best first, as far as the limits allow, then whatever else
    /// fits; required projections before others. Kept if it is the best so far.
    fn assign(&mut self, layout: &Layout, scale: &Scale) {
        self.picks.sort_unstable_by_key(|&item| (std::cmp::Reverse(layout.items[item as usize].value), item));
        let first = layout.items[0].start as usize;
        let last = layout.items.iter().map(|item| item.end).max().unwrap_or(0) as usize;
        self.taken.clear();
        self.taken.resize(last - first, false);
        self.made.clear();
        self.made.resize(layout.entities(), 0);
        self.assignment.clear();
        let mut total = 0;
        for bonus_only in [true, false] {
            if !bonus_only && !scale.unlimited {
                break;
            }
            for &at in self.picks.iter().chain(&self.by_value) {
                let item = &layout.items[at as usize];
                let entity = layout.entity[at as usize] as usize;
                let counts = self.made[entity] < layout.limit[entity];
                let gain = item.value + if counts { scale.bonus } else { 0 };
                if (bonus_only && !counts) || gain <= 0 {
                    continue;
                }
                let tokens = &mut self.taken[item.start as usize - first..item.end as usize - first];
                if !tokens.contains(&true) {
                    tokens.fill(true);
                    self.made[entity] += 1;
                    total += gain;
                    self.assignment.push(at);
                }
            }
        }
        if total > self.value {
            self.value = total;
            self.chosen.clone_from(&self.assignment);
        }
    }

    /// A subgradient step; `false` where it leads nowhere. Uses the counts of the relaxed optimum.
    fn step(&mut self, layout: &Layout, bound: Value, halvings: u32) -> bool {
        let norm: Value = (0..layout.entities()).map(|entity| self.direction(layout, entity).pow(2)).sum();
        let step = if norm == 0 { 0 } else { ((bound - self.value) / norm) >> halvings.min(100) };
        if step == 0 {
            return false;
        }
        for entity in 0..layout.entities() {
            let change = step.saturating_mul(self.direction(layout, entity));
            self.trial[entity] = self.trial[entity].saturating_add(change).clamp(0, self.most[entity]);
        }
        true
    }

    /// Uses beyond the limit; 0 where the multiplier is 0 and would have to fall.
    fn direction(&self, layout: &Layout, entity: usize) -> Value {
        let beyond = Value::from(self.counts[entity]) - Value::from(layout.limit[entity]);
        if beyond < 0 && self.trial[entity] == 0 { 0 } else { beyond }
    }

    fn sum_remaining(&mut self, layout: &Layout) {
        self.remaining.clear();
        self.remaining.resize(layout.nodes() + 1, 0);
        for (entity, &multiplier) in self.multipliers.iter().enumerate() {
            self.remaining[layout.last[entity] as usize] += multiplier * Value::from(layout.limit[entity]);
        }
        for node in (0..layout.nodes()).rev() {
            self.remaining[node] += self.remaining[node + 1];
        }
    }
}
