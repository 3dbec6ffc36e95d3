//! Precision, recall, F1.

use serde::Serialize;

/// Entities counted, and the figures that follow. All figures are fractions of 1; one with nothing to divide by is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Scores {
    /// Correct / predicted.
    pub precision: f64,
    /// Correct / support.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
    /// Gold entities.
    pub support: u64,
    /// Predicted entities.
    pub predicted: u64,
    /// Predicted entities whose span and label are those of a gold entity.
    pub correct: u64,
}

impl Scores {
    /// The figures of counts.
    pub fn new(support: u64, predicted: u64, correct: u64) -> Self {
        let precision = ratio(correct as f64, predicted as f64);
        let recall = ratio(correct as f64, support as f64);
        Scores { precision, recall, f1: f1(precision, recall), support, predicted, correct }
    }

    /// The means over types, each weighing `weight` of itself; the counts are sums. F1 is the mean of the F1s, as in `seqeval`.
    pub(crate) fn mean<'a>(types: impl Iterator<Item = &'a Scores> + Clone, weight: impl Fn(&Scores) -> f64) -> Self {
        let total: f64 = types.clone().map(&weight).sum();
        let mean = |figure: fn(&Scores) -> f64| ratio(types.clone().map(|s| weight(s) * figure(s)).sum(), total);
        let sum = |count: fn(&Scores) -> u64| types.clone().map(count).sum();
        Scores {
            precision: mean(|scores| scores.precision),
            recall: mean(|scores| scores.recall),
            f1: mean(|scores| scores.f1),
            support: sum(|scores| scores.support),
            predicted: sum(|scores| scores.predicted),
            correct: sum(|scores| scores.correct),
        }
    }
}

/// A quotient, 0 where there is nothing to divide by.
pub(crate) fn ratio(numerator: f64, denominator: f64) -> f64 {
    if denominator == 0.0 { 0.0 } else { numerator / denominator }
}

/// Harmonic mean, 0 where both are.
pub(crate) fn f1(precision: f64, recall: f64) -> f64 {
    ratio(2.0 * precision * recall, precision + recall)
}
