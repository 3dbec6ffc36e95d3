//! Calibration: whether probabilities mean what they say.

use serde::Serialize;

/// Bins of the reliability diagram, of equal width.
const BINS: usize = 10;
/// Points of the risk–coverage curve.
const POINTS: usize = 20;

/// Figures of predictions that carry a probability of being right.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Calibration {
    /// Predictions with a probability.
    pub predictions: usize,
    /// Expected calibration error: mean over the predictions of how far the mean probability of their bin is from the share
    /// that is right (Naeini, Cooper and Hauskrecht 2015), from 0 to 1.
    pub ece: f64,
    /// The reliability diagram: bins that are not empty.
    pub bins: Vec<CalibrationBin>,
    /// The risk–coverage curve (Geifman and El-Yaniv 2017), the likeliest predictions first.
    pub risk: Vec<RiskPoint>,
}

/// A bin of the reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CalibrationBin {
    /// Least probability of the bin.
    pub from: f64,
    /// Predictions in it.
    pub count: usize,
    /// Their mean probability.
    pub probability: f64,
    /// Share of them that is right.
    pub right: f64,
}

/// A point of the risk–coverage curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RiskPoint {
    /// Share of the predictions that are kept.
    pub coverage: f64,
    /// Share of these that is wrong.
    pub risk: f64,
    /// Least probability among them.
    pub probability: f64,
}

impl Calibration {
    /// Of predictions: the probability of each, and whether it is right.
    pub fn new(predictions: &[(f64, bool)]) -> Calibration {
        let total = predictions.len();
        if total == 0 {
            return Calibration::default();
        }
        let bin_of = |probability: f64| ((probability * BINS as f64) as usize).min(BINS - 1);
        let mut sums = [(0usize, 0.0, 0usize); BINS];
        for &(probability, right) in predictions {
            let bin = &mut sums[bin_of(probability)];
            *bin = (bin.0 + 1, bin.1 + probability, bin.2 + usize::from(right));
        }
        let bins: Vec<CalibrationBin> = sums
            .iter()
            .enumerate()
            .filter(|(_, (count, ..))| *count > 0)
            .map(|(at, &(count, sum, right))| CalibrationBin {
                from: at as f64 / BINS as f64,
                count,
                probability: sum / count as f64,
                right: right as f64 / count as f64,
            })
            .collect();
        let gaps = bins.iter().map(|bin| bin.count as f64 * (bin.probability - bin.right).abs());
        let ece = gaps.sum::<f64>() / total as f64;
        let mut order = predictions.to_vec();
        order.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut wrong = Vec::with_capacity(total + 1);
        wrong.push(0usize);
        order.iter().for_each(|(_, right)| wrong.push(wrong[wrong.len() - 1] + usize::from(!right)));
        let mut kept: Vec<usize> = (1..=POINTS).map(|point| (total * point).div_ceil(POINTS)).collect();
        kept.dedup();
        let point = |kept: usize| RiskPoint {
            coverage: kept as f64 / total as f64,
            risk: wrong[kept] as f64 / kept as f64,
            probability: order[kept - 1].0,
        };
        Calibration { predictions: total, ece, bins, risk: kept.into_iter().map(point).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_the_mean_gap_of_bins() {
        // 0.9 twice, one of them right: a gap of 0.4; 0.25 four times, one right: none.
        let mut predictions = vec![(0.9, true), (0.9, false)];
        predictions.extend([(0.25, true), (0.25, false), (0.25, false), (0.25, false)]);
        let found = Calibration::new(&predictions);
        assert!((found.ece - 0.8 / 6.0).abs() < 1e-12);
        assert_eq!(found.bins.iter().map(|bin| bin.count).collect::<Vec<_>>(), [4, 2]);
        let last = found.risk.last().unwrap();
        assert!((last.coverage - 1.0).abs() < 1e-12 && (last.risk - 4.0 / 6.0).abs() < 1e-12);
        assert_eq!(found.risk[0].probability, 0.9);
    }

    #[test]
    fn certainty_is_in_the_last_bin_and_nothing_is_nothing() {
        assert_eq!(Calibration::new(&[(1.0, true)]).bins[0].from, 0.9);
        assert_eq!(Calibration::new(&[]), Calibration::default());
    }
}
