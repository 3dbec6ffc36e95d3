//! Scores as whole numbers: exact sums, and ties broken inside the number.

use crate::{Constraint, Match, Problem};

/// A score, and below it what breaks ties.
///
/// `score << 60 - tokens << 40 + (e + 1) · start`. Sums of tokens stay below 2²⁰ ([`MAX_TOKENS`](crate::solvers::MAX_TOKENS)),
/// sums of the last term below 2⁴⁰.
pub(crate) type Value = i128;

const SCORE_SHIFT: u32 = 60;
const TOKENS_SHIFT: u32 = 40;

/// How scores become values, and what the constraint asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    factor: f64,
    order_limit: u64,
    /// Projections an entity may have; with [`unlimited`](Self::unlimited), those that earn the bonus.
    pub limit: u32,
    /// Whether more are allowed, without bonus.
    pub unlimited: bool,
    /// What each required projection earns: more than all scores together. 0 where none is required.
    pub bonus: Value,
}

impl Scale {
    /// `None` where there is nothing to choose.
    pub fn new(problem: &Problem, constraint: Constraint) -> Option<Scale> {
        let largest = problem.matches().iter().map(|m| m.score.abs()).fold(0.0, f64::max);
        if largest == 0.0 && constraint.required() == 0 {
            return None;
        }
        let largest = if largest == 0.0 { 1.0 } else { largest };
        let (required, unlimited) = (constraint.required(), constraint.limit().is_none());
        let limit = u32::from(constraint.limit().unwrap_or(required));
        let tokens = problem.target_len() as u64;
        let entities = problem.entities() as u64;
        let chosen = tokens.max(entities * u64::from(limit).min(tokens)) + 1;
        let bits = |n: u64| u64::BITS - n.leading_zeros();
        // A total, a bonus for each required projection included, must fit into 62 bits.
        let spare = 61 - bits(chosen) - if required > 0 { bits(tokens + 1) + 1 } else { 0 };
        let score_bits = spare.min(36);
        let bonus = if required > 0 { 1i128 << (SCORE_SHIFT + score_bits + 1 + bits(tokens + 1)) } else { 0 };
        // A power of two, so that scores of few binary digits stay as they are. (Scores below 1e-290 would make it
        // overflow; they count as 0.)
        let exponent = (largest.to_bits() >> 52) as i64 - 1022;
        let factor = f64::from_bits(((i64::from(score_bits) - exponent).clamp(-1022, 1023) + 1023) as u64 * (1 << 52));
        let order_limit = (1 << TOKENS_SHIFT) / (tokens + 1);
        Some(Scale { factor, order_limit, limit, unlimited, bonus })
    }

    /// The value of a match of an entity.
    pub fn value(&self, entity: usize, candidate: Match) -> Value {
        let score = (candidate.score * self.factor).round() as i64;
        let tokens = Value::from(candidate.end - candidate.start);
        let order = ((entity as u64 + 1) * u64::from(candidate.start)).min(self.order_limit);
        (Value::from(score) << SCORE_SHIFT) - (tokens << TOKENS_SHIFT) + Value::from(order)
    }

    /// The largest score that a total of this value, without bonus, stands for.
    pub fn to_score(self, value: Value) -> f64 {
        // Rounding takes up to half a unit from each of the scores; one unit more than there can be is plenty.
        let units = ((value >> SCORE_SHIFT) + 1) as f64;
        units / self.factor * (1.0 + 1e-9)
    }
}
