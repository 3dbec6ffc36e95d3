//! Scores of right and wrong predictions, and what a filter by score would do.

use serde::Serialize;

/// Bins of the histogram.
const BINS: usize = 20;
/// Thresholds that are tried, at most.
const POINTS: usize = 50;

/// How a value that predictions carry (score, margin) tells right from wrong.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Curve {
    /// Histogram: bins of equal width from the least to the largest value.
    pub bins: Vec<Bin>,
    /// What keeping only entities from a threshold on gives, from the least threshold (everything is kept) to the
    /// largest; at most 50, at equal steps of kept entities. Empty without gold.
    pub thresholds: Vec<Threshold>,
    /// Predicted entities that carry no value; no threshold drops them.
    pub without: u64,
}

/// Values from `from` (inclusive) to `to` (exclusive, but for the last bin).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bin {
    /// Least value.
    pub from: f64,
    /// Largest value.
    pub to: f64,
    /// Entities.
    pub count: u64,
    /// Of those, right ones; `None` without gold.
    pub right: Option<u64>,
}

/// What is left when entities of a smaller value are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Threshold {
    /// The least value kept.
    pub value: f64,
    /// Entities kept.
    pub kept: u64,
    /// Right / kept.
    pub precision: f64,
    /// Right / gold.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
}

impl Curve {
    /// The threshold of the largest F1; of equal ones the least.
    pub fn best(&self) -> Option<&Threshold> {
        self.thresholds.iter().rev().max_by(|a, b| a.f1.total_cmp(&b.f1))
    }
}

/// Collects values.
#[derive(Default)]
pub struct Values {
    /// Value, and whether the entity is right.
    values: Vec<(f64, bool)>,
    without: u64,
    right_without: u64,
}

impl Values {
    /// Counts an entity; a value that is no number counts as none.
    pub fn push(&mut self, value: Option<f64>, right: bool) {
        match value.filter(|value| value.is_finite()) {
            Some(value) => self.values.push((value, right)),
            None => {
                self.without += 1;
                self.right_without += u64::from(right);
            }
        }
    }

    /// The curve, with the number of gold entities where gold is known; `None` where no entity has a value.
    pub fn finish(mut self, gold: Option<u64>) -> Option<Curve> {
        self.values.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (least, largest) = (self.values.first()?.0, self.values.last()?.0);
        Some(Curve {
            bins: self.bins(least, largest, gold.is_some()),
            thresholds: gold.map_or_else(Vec::new, |gold| self.thresholds(gold)),
            without: self.without,
        })
    }

    fn bins(&self, least: f64, largest: f64, gold: bool) -> Vec<Bin> {
        let count = if largest > least { BINS } else { 1 };
        let edge = |index: usize| match index {
            _ if index == count => largest,
            _ => least + (largest - least) * index as f64 / count as f64,
        };
        let empty = |index| Bin { from: edge(index), to: edge(index + 1), count: 0, right: gold.then_some(0) };
        let mut bins: Vec<Bin> = (0..count).map(empty).collect();
        let mut index = 0;
        for &(value, right) in &self.values {
            while index + 1 < count && value >= bins[index].to {
                index += 1;
            }
            bins[index].count += 1;
            if let Some(count) = &mut bins[index].right {
                *count += u64::from(right);
            }
        }
        bins
    }

    fn thresholds(&self, gold: u64) -> Vec<Threshold> {
        let total = self.values.len();
        let mut kept = total as u64 + self.without;
        let mut right = self.values.iter().filter(|value| value.1).count() as u64 + self.right_without;
        let mut thresholds = Vec::new();
        let mut next = 0;
        for (index, &(value, is_right)) in self.values.iter().enumerate() {
            let is_first = index == 0 || self.values[index - 1].0 < value;
            if is_first && index >= next {
                let scores = xlner_eval::Scores::new(gold, kept, right);
                let (precision, recall, f1) = (scores.precision, scores.recall, scores.f1);
                thresholds.push(Threshold { value, kept, precision, recall, f1 });
                next = thresholds.len() * total / POINTS;
                next = next.max(index + 1);
            }
            kept -= 1;
            right -= u64::from(is_right);
        }
        thresholds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(values: &[(f64, bool)]) -> Values {
        let mut all = Values::default();
        values.iter().for_each(|&(value, right)| all.push(Some(value), right));
        all
    }

    #[test]
    fn a_filter_drops_what_scores_less() {
        let mut all = values(&[(0.9, true), (0.1, false), (0.5, true), (0.5, false)]);
        all.push(None, true);
        let curve = all.finish(Some(4)).unwrap();
        let found: Vec<_> = curve.thresholds.iter().map(|t| (t.value, t.kept, t.precision, t.recall)).collect();
        assert_eq!(found, [(0.1, 5, 0.6, 0.75), (0.5, 4, 0.75, 0.75), (0.9, 2, 1.0, 0.5)]);
        assert_eq!(curve.best().unwrap().value, 0.5);
        assert_eq!(curve.without, 1);
    }

    #[test]
    fn every_value_is_in_one_bin() {
        let curve = values(&[(-1.0, true), (0.0, false), (1.0, true), (1.0, true)]).finish(Some(3)).unwrap();
        assert_eq!(curve.bins.len(), BINS);
        assert_eq!(curve.bins.iter().map(|bin| bin.count).sum::<u64>(), 4);
        assert_eq!((curve.bins[10].count, curve.bins[10].right), (1, Some(0)));
        assert_eq!((curve.bins[19].to, curve.bins[19].right), (1.0, Some(2)));
        let one = values(&[(2.0, true); 3]).finish(None).unwrap();
        assert_eq!((one.bins.len(), one.bins[0].count, one.bins[0].right), (1, 3, None));
        assert!(one.thresholds.is_empty());
        assert!(Values::default().finish(Some(1)).is_none());
    }

    #[test]
    fn many_values_give_few_thresholds() {
        let many: Vec<_> = (0..10_000).map(|index| (f64::from(index), index % 3 > 0)).collect();
        let curve = values(&many).finish(Some(10_000)).unwrap();
        assert!(curve.thresholds.len() <= POINTS, "{}", curve.thresholds.len());
        assert_eq!(curve.thresholds[0].kept, 10_000);
    }
}
