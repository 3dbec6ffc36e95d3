//! How many sentences people have to look at until the whole is good enough, by simulation: gold plays the person.
//!
//! *In order*: sentence after sentence is replaced by gold. *Queue*: the sentences come in the queue's order, and after every few
//! of them suggestions are made again, which change the rest and its order. F1 is that of the whole: what was looked
//! at is gold, the rest as it is suggested.

use serde::Serialize;
use xlner_core::Entity;

use crate::error::{Error, Result};
use crate::item::Item;
use crate::learn::{self, Correction, has};
use crate::queue::useful;

/// Shares of the sentences to look at until F1 reaches a figure; `None` where it never does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effort {
    /// Sentences.
    pub sentences: usize,
    /// F1 before anybody looks.
    pub f1: f64,
    /// One for every figure asked for.
    pub goals: Vec<Goal>,
}

/// A figure to reach.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Goal {
    /// Micro F1 of the whole.
    pub f1: f64,
    /// Share of the sentences looked at, in order.
    pub in_order: Option<f64>,
    /// The same with queue and suggestions.
    pub queue: Option<f64>,
    /// The same with the queue alone: no suggestions.
    pub queue_alone: Option<f64>,
}

/// Simulates; `gold` are the right entities of every item, `every` the sentences between two rounds of suggestions.
///
/// # Errors
/// [`Error::Options`] where there is not one gold for every item, or `every` is 0.
pub fn simulate(items: &[Item], gold: &[Vec<Entity>], every: usize, goals: &[f64]) -> Result<Effort> {
    if items.len() != gold.len() || every == 0 {
        return Err(Error::Options(format!(
            "{} sentences and {} with gold; and at least 1 sentence between suggestions",
            items.len(),
            gold.len()
        )));
    }
    let highest = goals.iter().copied().fold(0.0, f64::max);
    let curves =
        [in_order(items, gold), queue(items, gold, every, true, highest), queue(items, gold, every, false, highest)];
    let reached = |curve: &[f64], goal: f64| {
        curve.iter().position(|&f1| f1 >= goal).map(|looked| looked as f64 / items.len().max(1) as f64)
    };
    let goals = goals.iter().map(|&f1| Goal {
        f1,
        in_order: reached(&curves[0], f1),
        queue: reached(&curves[1], f1),
        queue_alone: reached(&curves[2], f1),
    });
    Ok(Effort { sentences: items.len(), f1: curves[0][0], goals: goals.collect() })
}

/// F1 after 0, 1, 2, … sentences.
fn in_order(items: &[Item], gold: &[Vec<Entity>]) -> Vec<f64> {
    let mut whole = Whole::new(items, gold);
    let mut curve = vec![whole.f1()];
    for (at, gold) in gold.iter().enumerate() {
        whole.put(at, gold, gold);
        curve.push(whole.f1());
    }
    curve
}

/// The same by the queue, until an F1 is reached.
fn queue(items: &[Item], gold: &[Vec<Entity>], every: usize, learns: bool, until: f64) -> Vec<f64> {
    let mut items = items.to_vec();
    let mut whole = Whole::new(&items, gold);
    let mut curve = vec![whole.f1()];
    // Looked at, and the round it had then.
    let mut looked: Vec<(usize, u32)> = Vec::new();
    let mut is_looked = vec![false; items.len()];
    let mut order = useful(&learn::expected_errors(&items));
    while looked.len() < items.len() && curve.last().is_some_and(|&f1| f1 < until) {
        let next: Vec<usize> = order.iter().map(|&at| at as usize).filter(|&at| !is_looked[at]).take(every).collect();
        for at in next {
            is_looked[at] = true;
            looked.push((at, items[at].round()));
            whole.put(at, &gold[at], &gold[at]);
            curve.push(whole.f1());
        }
        if !learns {
            continue;
        }
        let corrections: Vec<Correction<'_>> = looked
            .iter()
            .map(|&(item, round)| Correction { item, before: items[item].start(round), after: &gold[item] })
            .collect();
        let found = learn::suggest(&items, &corrections, None);
        let round = 1 + items.iter().map(Item::round).max().unwrap_or(0);
        for (at, entities) in found.entities {
            whole.put(at, &entities, &gold[at]);
            items[at].suggestions = vec![(round, entities)];
        }
        order = useful(&found.errors);
    }
    curve
}

/// Entities found, right, and there, of every sentence and of all.
struct Whole {
    parts: Vec<[usize; 3]>,
    sum: [usize; 3],
}

impl Whole {
    fn new(items: &[Item], gold: &[Vec<Entity>]) -> Whole {
        let mut whole = Whole { parts: vec![[0; 3]; items.len()], sum: [0; 3] };
        for (at, item) in items.iter().enumerate() {
            whole.put(at, item.current(), &gold[at]);
        }
        whole
    }

    fn put(&mut self, at: usize, entities: &[Entity], gold: &[Entity]) {
        let right = entities.iter().filter(|entity| has(gold, entity)).count();
        let part = [entities.len(), right, gold.len()];
        for ((sum, new), old) in self.sum.iter_mut().zip(part).zip(self.parts[at]) {
            *sum = *sum + new - old;
        }
        self.parts[at] = part;
    }

    fn f1(&self) -> f64 {
        let [found, right, there] = self.sum;
        if found + there == 0 { 1.0 } else { 2.0 * right as f64 / (found + there) as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::tests::item;

    #[test]
    fn all_looked_at_is_all_right() {
        let items = vec![item(), item(), item()];
        let gold = vec![vec![Entity::new(0..1, "PER")], items[0].pair.target.entities.clone(), Vec::new()];
        for curve in [in_order(&items, &gold), queue(&items, &gold, 1, true, 2.0), queue(&items, &gold, 2, false, 2.0)]
        {
            assert_eq!(curve.len(), 4);
            assert_eq!(curve[3], 1.0);
        }
        let effort = simulate(&items, &gold, 1, &[0.5, 1.0]).unwrap();
        assert_eq!(effort.f1, 2.0 * 3.0 / 9.0);
        assert_eq!((effort.goals[0].in_order, effort.goals[1].in_order), (Some(0.0), Some(1.0)));
        assert!(simulate(&items, &gold[..2], 1, &[]).is_err());
    }
}
