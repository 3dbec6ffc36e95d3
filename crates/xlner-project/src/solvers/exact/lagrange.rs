//! Bounds: the limit per entity is relaxed.
//!
//! With a multiplier λ_e ≥ 0 for each entity e of limit n_e, no assignment is worth more than
//! `Σ λ_e n_e + max Σ (c - λ_e)` over non-overlapping items, a shortest path. The λ for which this is least are sought by
//! subgradient steps (Held, Wolfe and Crowder 1974). Interval matrices being totally unimodular, the least bound is that of
//! the linear relaxation. The maximum from each node on bounds what a state of the search can still gain.

use super::layout::Layout;
use super::value::{Scale, Value};

const NONE: u32 = u32::MAX;
const ROUNDS: u32 = 200;
/// Rounds between dives, and paths of a dive at most.
const DIVE_EVERY: u32 = 20;
const DIVE_DEPTH: u32 = 50;
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
    /// Multipliers of an earlier run, by index of the source entity.
    warm: Vec<(u32, Value)>,
    /// Of a dive: items left out, and entities whose items are settled.
    blocked: Vec<bool>,
    settled: Vec<bool>,
    prefix: Vec<Value>,
}

impl Lagrange {
    /// Forgets the multipliers of earlier runs.
    pub fn start(&mut self) {
        self.warm.clear();
    }

    /// Lowers the bound, and looks for assignments of a value above the one given, for at most about that much work;
    /// returns the work done. [`chosen`](Self::chosen) is empty where none is found.
    pub fn run(&mut self, layout: &Layout, scale: &Scale, floor: Value, budget: u64) -> u64 {
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
        for &(id, multiplier) in &self.warm {
            if let Ok(entity) = layout.ids.binary_search(&id) {
                self.trial[entity] = multiplier.min(self.most[entity]);
            }
        }
        self.picks.clear();
        self.chosen.clear();
        self.value = floor;
        self.assign(layout, scale);
        self.bound = Value::MAX;
        let (mut halvings, mut waited, mut work) = (0, 0, 0);
        for round in 0..ROUNDS {
            let bound = self.evaluate(layout, scale);
            self.assign(layout, scale);
            work += layout.items.len() as u64;
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
            if round % DIVE_EVERY == DIVE_EVERY - 1 {
                work += self.dive(layout, scale);
            }
        }
        self.trial.clone_from(&self.multipliers);
        if self.bound > self.value {
            work += self.dive(layout, scale);
        }
        self.sum_remaining(layout);
        self.warm.clear();
        self.warm.extend(layout.ids.iter().copied().zip(self.multipliers.iter().copied()));
        work
    }

    /// Looks for a better assignment: relaxed optima, one after the other, in which each entity that exceeds its limit is
    /// settled on its best items there. Returns the work.
    fn dive(&mut self, layout: &Layout, scale: &Scale) -> u64 {
        let (mut blocked, mut settled) = (std::mem::take(&mut self.blocked), std::mem::take(&mut self.settled));
        blocked.clear();
        blocked.resize(layout.items.len(), false);
        settled.clear();
        settled.resize(layout.entities(), false);
        let suffix = std::mem::take(&mut self.trial_suffix);
        let mut work = 0;
        for _ in 0..DIVE_DEPTH {
            work += layout.items.len() as u64;
            self.path(layout, |item, multiplier| match (blocked[item], settled[layout.entity[item] as usize]) {
                (true, _) => -1,
                (false, true) => layout.items[item].value + scale.bonus,
                (false, false) => reduced(layout, scale, item, multiplier),
            });
            self.picks.sort_unstable_by_key(|&item| (std::cmp::Reverse(layout.items[item as usize].value), item));
            self.made.clear();
            self.made.resize(layout.entities(), 0);
            let mut exceeded = false;
            for &item in &self.picks {
                let entity = layout.entity[item as usize] as usize;
                self.made[entity] += 1;
                exceeded |= !scale.unlimited && self.made[entity] > layout.limit[entity];
            }
            if !exceeded {
                break;
            }
            for (item, &entity) in layout.entity.iter().enumerate() {
                let entity = entity as usize;
                if self.made[entity] > layout.limit[entity] {
                    settled[entity] = true;
                    blocked[item] = true;
                }
            }
            self.made.fill(0);
            for &item in &self.picks {
                let entity = layout.entity[item as usize] as usize;
                self.made[entity] += 1;
                blocked[item as usize] &= self.made[entity] > layout.limit[entity];
            }
        }
        self.assign(layout, scale);
        self.trial_suffix = suffix;
        (self.blocked, self.settled) = (blocked, settled);
        work
    }

    /// The items that may be part of an assignment worth more than the best known: the best relaxed assignment with each of
    /// them is.
    pub fn open(&mut self, layout: &Layout, scale: &Scale, open: &mut Vec<u32>) {
        let nodes = layout.nodes();
        self.prefix.clear();
        self.prefix.resize(nodes + 1, 0);
        open.clear();
        for node in 0..nodes {
            let before = self.prefix[node];
            self.prefix[node + 1] = self.prefix[node + 1].max(before);
            for item in layout.at_node(node) {
                let landing = layout.landing[item] as usize;
                let through = before + reduced(layout, scale, item, self.multipliers[layout.entity[item] as usize]);
                self.prefix[landing] = self.prefix[landing].max(through);
                if through + self.suffix[landing] + self.remaining[0] > self.value {
                    open.push(item as u32);
                }
            }
        }
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
        let path = self.path(layout, |item, multiplier| reduced(layout, scale, item, multiplier));
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
                let barred = layout
                    .rivals
                    .get(entity)
                    .is_some_and(|rivals| rivals.iter().any(|&rival| self.made[rival as usize] > 0));
                if (bonus_only && !counts) || gain <= 0 || barred {
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

/// Value of an item once its entity's multiplier is paid, or if that is more and allowed, without the bonus.
fn reduced(layout: &Layout, scale: &Scale, item: usize, multiplier: Value) -> Value {
    let value = layout.items[item].value;
    let paid = value + scale.bonus - multiplier;
    if scale.unlimited { paid.max(value) } else { paid }
}
