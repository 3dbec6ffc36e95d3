//! Presolve: dominated matches are dropped.

use super::value::{Scale, Value};
use crate::Problem;

/// A match that is left.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item {
    pub entity: u32,
    pub start: u32,
    pub end: u32,
    /// Index into [`Problem::matches`].
    pub index: u32,
    pub value: Value,
}

/// Drops the matches of an entity that can be done without.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reducer {
    items: Vec<Item>,
    /// Ends of matches seen and their values; both fall from front to back.
    stairs: Vec<(u32, Value)>,
}

impl Reducer {
    /// Appends the matches of an entity, but for a forbidden one, that have none inside their span that is worth at least
    /// as much; in order of start and end.
    ///
    /// Starts are gone through from the right, so that a match lies inside the one at hand if it was seen before and ends
    /// no later; of those seen only the best value for each end counts: `stairs`.
    pub fn run(
        &mut self,
        problem: &Problem,
        scale: &Scale,
        entity: usize,
        forbidden: Option<u32>,
        out: &mut Vec<Item>,
    ) {
        self.items.clear();
        for index in problem.range(entity) {
            let candidate = problem.matches()[index];
            let value = scale.value(entity, candidate);
            if value + scale.bonus > 0 && forbidden != Some(index as u32) {
                let (entity, index) = (entity as u32, index as u32);
                self.items.push(Item { entity, start: candidate.start, end: candidate.end, index, value });
            }
        }
        if !self.items.is_sorted_by(|a, b| (a.start, a.end) < (b.start, b.end)) {
            self.items.sort_by_key(|item| (item.start, item.end, std::cmp::Reverse(item.value)));
        }
        self.stairs.clear();
        let from = out.len();
        let mut until = self.items.len();
        while until > 0 {
            // The matches of one start, short ones first.
            let start = self.items[until - 1].start;
            let begin = self.items[..until].partition_point(|item| item.start < start);
            for item in &self.items[begin..until] {
                let at = self.stairs.partition_point(|&(end, _)| end > item.end);
                if self.stairs.get(at).is_none_or(|&(_, value)| value < item.value) {
                    let worse = self.stairs[..at].iter().rev().take_while(|&&(_, value)| value <= item.value).count();
                    let same_end = usize::from(self.stairs.get(at).is_some_and(|&(end, _)| end == item.end));
                    self.stairs.splice(at - worse..at + same_end, [(item.end, item.value)]);
                    out.push(*item);
                }
            }
            until = begin;
        }
        out[from..].sort_unstable_by_key(|item| (item.start, item.end));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Constraint, Match};

    #[test]
    fn what_is_left_is_what_nothing_inside_beats() {
        let mut state = 1u64;
        let mut next = |n: u64| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) % n
        };
        for _ in 0..500 {
            let mut problem = Problem::default();
            problem.clear(8);
            for _ in 0..next(15) {
                let start = next(7) as u32;
                let end = start + 1 + next(u64::from(8 - start)) as u32;
                problem.push(Match { start, end, score: next(4) as f64 }).unwrap();
            }
            problem.close_entity();
            let Some(scale) = Scale::new(&problem, Constraint::default()) else { continue };
            let mut found = Vec::new();
            Reducer::default().run(&problem, &scale, 0, None, &mut found);
            let all: Vec<_> = problem.matches().iter().map(|m| (m.start, m.end, scale.value(0, *m))).collect();
            let mut expected: Vec<_> = all
                .iter()
                .filter(|a| a.2 > 0)
                .filter(|a| !all.iter().any(|b| (a.0, a.1) != (b.0, b.1) && a.0 <= b.0 && b.1 <= a.1 && b.2 >= a.2))
                .filter(|a| !all.iter().any(|b| (a.0, a.1) == (b.0, b.1) && b.2 > a.2))
                .copied()
                .collect();
            expected.sort_unstable();
            expected.dedup();
            assert_eq!(found.iter().map(|i| (i.start, i.end, i.value)).collect::<Vec<_>>(), expected);
        }
    }
}
