//! One component: dynamic programming over target position × projections used, pruned by bounds.

use super::lagrange::Lagrange;
use super::layout::{Layout, NONE};
use super::reduce::Item;
use super::value::{Scale, Value};
use crate::Problem;

/// Bits that the counts of projections used may take in a state without bounds being worth their time.
const EASY_BITS: u32 = 8;

/// How a component ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    /// Whether the assignment is proven to be of largest value.
    pub proven: bool,
    /// Upper bound of the value without bonus.
    pub bound: Value,
    /// Required projections made.
    pub required: u64,
    /// Steps taken.
    pub work: u64,
}

/// State of the dynamic programme: the projections used of the entities that have items on both sides of the node.
#[derive(Debug, Clone, Copy)]
struct State {
    used: u128,
    value: Value,
    parent: u32,
    item: u32,
}

/// Solves components one after the other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Search {
    layout: Layout,
    lagrange: Lagrange,
    /// Best assignment known.
    best: Vec<Item>,
    members: u32,
    open: Vec<u32>,
    /// By entity: where its count stands in a state.
    shift: Vec<u32>,
    /// By item: the bits of the entities that its own excludes. Empty where none excludes another.
    barred: Vec<u128>,
    /// By node: the bits that count there.
    mask: Vec<u128>,
    /// `active[active_of[n]..active_of[n + 1]]`: the entities after those bits.
    active: Vec<u32>,
    active_of: Vec<u32>,
    free: Vec<(u32, u32)>,
    order: Vec<u32>,
    layers: Vec<Vec<State>>,
    steps: Vec<(u32, u32)>,
    ranked: Vec<(Value, u32)>,
}

impl Search {
    /// Starts a new component.
    pub fn clear(&mut self) {
        self.layout.items.clear();
        self.members = 0;
    }

    /// Adds the items of an entity.
    pub fn add(&mut self, items: &[Item]) {
        if !items.is_empty() {
            self.layout.items.extend_from_slice(items);
            self.members += 1;
        }
    }

    /// The items chosen by the last run.
    pub fn chosen(&self) -> impl Iterator<Item = &Item> {
        self.best.iter()
    }

    /// The same as [`run`](Self::run), but `None` where the budget is too small to begin with.
    pub fn run_within(&mut self, problem: &Problem, scale: &Scale, budget: u64) -> Option<Outcome> {
        (budget >= self.layout.items.len() as u64).then(|| self.run(problem, scale, budget))
    }

    /// Finds an assignment of largest value among the items added, which are matches of the problem.
    pub fn run(&mut self, problem: &Problem, scale: &Scale, budget: u64) -> Outcome {
        self.best.clear();
        if self.layout.items.is_empty() {
            return Outcome { proven: true, bound: 0, required: 0, work: 0 };
        }
        if self.members == 1 && scale.limit == 1 && !scale.unlimited {
            return self.run_single(scale);
        }
        self.layout.build(problem, scale);
        let width = self.assign_bits();
        let mut work = self.layout.items.len() as u64;
        let states = |total: u32| ((self.layout.items.len() + self.layout.nodes()) as u64) << total;
        if let Some((bits, total)) = width
            && total <= EASY_BITS
            && states(total) <= budget.saturating_sub(work)
        {
            let (value, _, steps) = self.search(scale, bits, None, budget);
            return Outcome { proven: true, bound: value, required: self.required(scale), work: work + steps };
        }
        let (mut incumbent, mut bound) = self.bound(problem, scale, budget / 2, &mut work);
        if bound > incumbent
            && let Some((bits, _)) = self.assign_bits()
        {
            let (value, dropped, steps) = self.search(scale, bits, Some(incumbent), budget.saturating_sub(work));
            work += steps;
            incumbent = incumbent.max(value);
            bound = bound.min(dropped.max(incumbent));
        }
        let proven = bound <= incumbent;
        if !proven && scale.bonus > 0 {
            // Bonuses that the bound counts and the assignment lacks say nothing of scores. An assignment of more value is
            // made of the items that are left; without limits and bonuses they still give a bound.
            bound = self.lagrange.without_limits(&self.layout);
        }
        Outcome { proven, bound, required: self.required(scale), work }
    }

    /// Bounds the value, finds assignments on the way, and drops the items that are in none of more value, as long as these
    /// are many. Returns the value of the best assignment and the bound.
    fn bound(&mut self, problem: &Problem, scale: &Scale, budget: u64, work: &mut u64) -> (Value, Value) {
        self.lagrange.start();
        let (mut incumbent, mut bound) = (0, Value::MAX);
        loop {
            *work += self.lagrange.run(&self.layout, scale, incumbent, budget.saturating_sub(*work));
            if self.lagrange.value > incumbent {
                incumbent = self.lagrange.value;
                self.best.clear();
                self.best.extend(self.lagrange.chosen.iter().map(|&at| self.layout.items[at as usize]));
            }
            bound = bound.min(self.lagrange.bound);
            if bound <= incumbent {
                return (incumbent, incumbent);
            }
            self.lagrange.open(&self.layout, scale, &mut self.open);
            if self.open.is_empty() {
                return (incumbent, incumbent);
            }
            if 10 * self.open.len() > 9 * self.layout.items.len() || *work >= budget {
                return (incumbent, bound);
            }
            for (to, &from) in self.open.iter().enumerate() {
                self.layout.items[to] = self.layout.items[from as usize];
            }
            self.layout.items.truncate(self.open.len());
            self.layout.build(problem, scale);
        }
    }

    /// One entity with one projection: its best item.
    fn run_single(&mut self, scale: &Scale) -> Outcome {
        let items = &self.layout.items;
        let best = (0..items.len()).max_by_key(|&at| (items[at].value, std::cmp::Reverse(at))).unwrap_or(0);
        self.best.push(items[best]);
        let required = u64::from(scale.bonus > 0);
        Outcome { proven: true, bound: items[best].value, required, work: items.len() as u64 }
    }

    /// Required projections made by the best assignment.
    fn required(&mut self, scale: &Scale) -> u64 {
        if scale.bonus == 0 {
            return 0;
        }
        self.order.clear();
        self.order.extend(self.best.iter().map(|item| item.entity));
        self.order.sort_unstable();
        let counts = self.order.chunk_by(|a, b| a == b).map(|same| same.len() as u64);
        counts.map(|count| count.min(u64::from(scale.limit))).sum()
    }

    /// Gives each entity bits for its count, from its first item to where no item that starts before or with its last one
    /// still reaches; bits are used again after that. Returns the bits of a count and of all; `None` if 128 do not do.
    fn assign_bits(&mut self) -> Option<(u32, u32)> {
        let layout = &self.layout;
        let most = layout.limit.iter().copied().max().unwrap_or(0);
        let bits = u32::BITS - most.leading_zeros();
        let nodes = layout.nodes();
        self.order.clear();
        self.order.extend(0..layout.entities() as u32);
        self.order.sort_by_key(|&entity| layout.first[entity as usize]);
        self.shift.clear();
        self.shift.resize(layout.entities(), 0);
        self.free.clear();
        let mut total = 0;
        // Farthest node an item that starts at or before each node leads to.
        self.active_of.clear();
        let mut far = 0;
        for node in 0..nodes {
            far = layout.at_node(node).map(|item| layout.landing[item]).fold(far, u32::max);
            self.active_of.push(far);
        }
        for &entity in &self.order {
            let (first, last) = (layout.first[entity as usize], layout.last[entity as usize]);
            let release = self.active_of[last as usize];
            let shift = match self.free.iter_mut().find(|(free_from, _)| *free_from < first) {
                Some(slot) => {
                    slot.0 = release;
                    slot.1
                }
                None => {
                    self.free.push((release, total));
                    total += bits;
                    total - bits
                }
            };
            if total > u128::BITS {
                return None;
            }
            self.shift[entity as usize] = shift;
        }
        self.mark_active(bits);
        Some((bits, total))
    }

    fn mark_active(&mut self, bits: u32) {
        let layout = &self.layout;
        self.mask.clear();
        self.active.clear();
        self.active_of.clear();
        let field = if bits == 0 { 0 } else { u128::MAX >> (u128::BITS - bits) };
        // Entities by first node; those after the node are taken out as it moves.
        let mut from = 0;
        for node in 0..layout.nodes() as u32 {
            let begin = self.active.len();
            let before = self.active_of.last().map_or(0..0, |&at| at as usize..begin);
            self.active_of.push(begin as u32);
            for at in before {
                let entity = self.active[at];
                if layout.last[entity as usize] >= node {
                    self.active.push(entity);
                }
            }
            while from < self.order.len() && layout.first[self.order[from] as usize] == node {
                self.active.push(self.order[from]);
                from += 1;
            }
            let shifts = self.active[begin..].iter().map(|&entity| self.shift[entity as usize]);
            self.mask.push(shifts.fold(0, |mask, shift| mask | field << shift));
        }
        self.mask.push(0);
        self.active_of.push(self.active.len() as u32);
        self.bar_rivals(field);
    }

    /// A rival's bits are another's before its first node; from there on they are its own as long as it has rivals left.
    fn bar_rivals(&mut self, field: u128) {
        let Search { layout, shift, barred, .. } = self;
        barred.clear();
        if layout.rivals.is_empty() {
            return;
        }
        for node in 0..layout.nodes() as u32 {
            barred.extend(layout.at_node(node as usize).map(|item| {
                let rivals = layout.rivals[layout.entity[item] as usize].iter().map(|&rival| rival as usize);
                let begun = rivals.filter(|&rival| layout.first[rival] <= node);
                begun.fold(0, |bits, rival| bits | field << shift[rival])
            }));
        }
    }

    /// The dynamic programme. Returns the best value found (the chosen items are then those of it), the best bound among
    /// the states that were dropped for want of budget, and the steps.
    fn search(&mut self, scale: &Scale, bits: u32, incumbent: Option<Value>, budget: u64) -> (Value, Value, u64) {
        let nodes = self.layout.nodes();
        let field = if bits == 0 { 0 } else { u128::MAX >> (u128::BITS - bits) };
        let most = (budget / (self.layout.items.len() + nodes) as u64).clamp(1, 1 << 24) as usize;
        if self.layers.len() <= nodes {
            self.layers.resize(nodes + 1, Vec::new());
        }
        self.layers[..=nodes].iter_mut().for_each(Vec::clear);
        self.steps.clear();
        self.layers[0].push(State { used: 0, value: 0, parent: NONE, item: NONE });
        let (mut dropped, mut work) = (0, 0);
        for node in 0..nodes {
            let mut layer = std::mem::take(&mut self.layers[node]);
            merge(&mut layer);
            if let Some(incumbent) = incumbent {
                self.prune(node, field, incumbent, most, &mut layer, &mut dropped);
            }
            let items = self.layout.at_node(node);
            work += (layer.len() * (items.len() + 1)) as u64;
            for state in &layer {
                let parent = self.steps.len() as u32;
                self.steps.push((state.parent, state.item));
                let stays = State { used: state.used & self.mask[node + 1], parent, item: NONE, ..*state };
                self.layers[node + 1].push(stays);
                for at in items.clone() {
                    if self.barred.get(at).is_some_and(|barred| state.used & barred != 0) {
                        continue;
                    }
                    let entity = self.layout.entity[at] as usize;
                    let item = &self.layout.items[at];
                    let counts = ((state.used >> self.shift[entity]) & field) < u128::from(self.layout.limit[entity]);
                    let (gain, used) = match (counts, scale.unlimited) {
                        (true, _) => (item.value + scale.bonus, state.used + (1 << self.shift[entity])),
                        (false, true) => (item.value, state.used),
                        (false, false) => continue,
                    };
                    let landing = self.layout.landing[at] as usize;
                    let used = used & self.mask[landing];
                    self.layers[landing].push(State { used, value: state.value + gain, parent, item: at as u32 });
                }
            }
            layer.clear();
            self.layers[node] = layer;
        }
        merge(&mut self.layers[nodes]);
        let Some(best) = self.layers[nodes].first().copied() else { return (0, dropped, work) };
        if incumbent.is_none_or(|incumbent| best.value > incumbent) {
            self.best.clear();
            let (mut parent, mut item) = (best.parent, best.item);
            loop {
                if item != NONE {
                    self.best.push(self.layout.items[item as usize]);
                }
                if parent == NONE {
                    break;
                }
                (parent, item) = self.steps[parent as usize];
            }
        }
        (best.value, dropped, work)
    }

    /// Drops the states of a node that cannot beat the incumbent, and if there are still too many, the worst.
    fn prune(
        &mut self,
        node: usize,
        field: u128,
        incumbent: Value,
        most: usize,
        layer: &mut Vec<State>,
        dropped: &mut Value,
    ) {
        self.ranked.clear();
        let active = &self.active[self.active_of[node] as usize..self.active_of[node + 1] as usize];
        for (at, state) in layer.iter().enumerate() {
            let mut bound = state.value + self.lagrange.rest(node);
            for &entity in active {
                let used = (state.used >> self.shift[entity as usize]) & field;
                bound -= used as Value * self.lagrange.multipliers[entity as usize];
            }
            if bound > incumbent {
                self.ranked.push((bound, at as u32));
            }
        }
        if self.ranked.len() > most {
            self.ranked.sort_unstable_by_key(|&(bound, at)| (std::cmp::Reverse(bound), at));
            *dropped = (*dropped).max(self.ranked[most].0);
            self.ranked.truncate(most);
            self.ranked.sort_unstable_by_key(|&(_, at)| at);
        }
        for (to, &(_, at)) in self.ranked.iter().enumerate() {
            layer[to] = layer[at as usize];
        }
        layer.truncate(self.ranked.len());
    }
}

/// Of equal states only the best stays; the first of equally good ones.
fn merge(layer: &mut Vec<State>) {
    if layer.len() > 1 {
        layer.sort_unstable_by_key(|state| (state.used, std::cmp::Reverse(state.value), state.parent, state.item));
        layer.dedup_by_key(|state| state.used);
    }
}
