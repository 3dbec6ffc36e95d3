//! The weights of the decision.

use std::fmt::Write as _;

use super::features::{FEATURES, Row, is_of_target};
use super::pool::Pool;
use crate::{Error, Result};

const COUNT: usize = FEATURES.len();

/// A log-linear model of whether a candidate is an entity of its label: `P = 1 / (1 + exp(-bias - Σ w (x - mean) / deviation))`.
///
/// Its file is text: a line a feature with its mean and deviation in what it was learnt from and its weight per deviation, with
/// the target tagger's opinion and without; and the lines `bias`, `coverage` and `reach`.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Mean and deviation of every feature in what it was learnt from.
    pub(crate) mean: [f64; COUNT],
    pub(crate) deviation: [f64; COUNT],
    /// With and without a target tagger.
    pub(crate) weights: [[f64; COUNT]; 2],
    pub(crate) bias: [f64; 2],
    /// Share of the entities of what it was learnt from that are candidates at all; tells how many a corpus has.
    pub(crate) coverage: [f64; 2],
    /// A corpus that is farther from what it was learnt from ([`distance`](Self::distance)) is not decided on.
    pub reach: f64,
}

impl Default for Decision {
    fn default() -> Self {
        Decision::parse(include_str!("default.decision")).expect("the decision that comes with the crate is tested")
    }
}

impl Decision {
    /// Reads a file of weights; `#` starts a remark.
    ///
    /// # Errors
    /// [`Error::Parse`] for a line of another form, a feature that is not known, given twice or missing, a deviation that is not
    /// above 0, a coverage outside of 0 to 1.
    pub fn parse(text: &str) -> Result<Decision> {
        let bad = |found: &str, known| Error::Parse { what: "a line of a decision", found: found.to_owned(), known };
        let nan = f64::NAN;
        let mut found = Decision {
            mean: [nan; COUNT],
            deviation: [nan; COUNT],
            weights: [[nan; COUNT]; 2],
            bias: [nan; 2],
            coverage: [nan; 2],
            reach: nan,
        };
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            let known =
                "name, then numbers, separated by tabs: four for a feature, two for bias and coverage, one for reach";
            let mut parts = line.trim_end().split('\t');
            let name = parts.next().unwrap_or_default();
            let numbers: Option<Vec<f64>> =
                parts.map(|part| part.parse().ok().filter(|x: &f64| x.is_finite())).collect();
            let numbers = numbers.ok_or_else(|| bad(line, known))?;
            let once = |places: Vec<&mut f64>| match places.iter().all(|place| place.is_nan()) {
                true if places.len() == numbers.len() => {
                    places.into_iter().zip(&numbers).for_each(|(place, number)| *place = *number);
                    Ok(())
                }
                true => Err(bad(line, known)),
                false => Err(bad(line, "every name once")),
            };
            let Decision { mean, deviation, weights: [with, without], bias: [b, c], coverage: [d, e], reach } =
                &mut found;
            match name {
                "bias" => once(vec![b, c])?,
                "coverage" => once(vec![d, e])?,
                "reach" => once(vec![reach])?,
                _ => {
                    let at = FEATURES.iter().position(|feature| feature.name == name);
                    let at = at.ok_or_else(|| bad(name, "the features of this version"))?;
                    once(vec![&mut mean[at], &mut deviation[at], &mut with[at], &mut without[at]])?;
                }
            }
        }
        let all = [&found.mean, &found.deviation, &found.weights[0], &found.weights[1]].into_iter().flatten();
        if let Some(missing) = (0..COUNT).find(|at| found.mean[*at].is_nan()) {
            return Err(bad(FEATURES[missing].name, "every feature of this version; this one is missing"));
        }
        if all.chain(&found.bias).chain(&found.coverage).chain([&found.reach]).any(|number| number.is_nan()) {
            return Err(bad("the end", "the lines bias, coverage and reach"));
        }
        if found.deviation.iter().any(|deviation| *deviation <= 0.0) {
            return Err(bad("a deviation of 0 or less", "deviations above 0"));
        }
        if found.coverage.iter().any(|coverage| !(0.01..=1.0).contains(coverage)) {
            return Err(bad("coverage", "a share between 0.01 and 1"));
        }
        Ok(found)
    }

    /// The file that [`parse`](Self::parse) reads.
    pub fn to_text(&self) -> String {
        let mut text = String::from("# feature\tmean\tdeviation\tweight with a target tagger\tand without one\n");
        let [with, without] = &self.weights;
        for (at, feature) in FEATURES.iter().enumerate() {
            let numbers = [self.mean[at], self.deviation[at], with[at], without[at]];
            let numbers: Vec<String> = numbers.iter().map(|number| format!("{number:.4}")).collect();
            writeln!(text, "{}\t{}", feature.name, numbers.join("\t")).expect("a string takes every write");
        }
        let [a, b] = self.bias;
        let [c, d] = self.coverage;
        writeln!(text, "bias\t{a:.4}\t{b:.4}\ncoverage\t{c:.4}\t{d:.4}\nreach\t{:.4}", self.reach)
            .expect("a string takes every write");
        text
    }

    /// Values of a row in deviations.
    pub(crate) fn standardise(&self, row: &Row) -> [f64; COUNT] {
        std::array::from_fn(|at| (f64::from(row[at]) - self.mean[at]) / self.deviation[at])
    }

    /// The probability of every candidate.
    pub fn probabilities(&self, pool: &Pool) -> Vec<f64> {
        let variant = variant(pool);
        let (weights, bias) = (&self.weights[variant], self.bias[variant]);
        let logit = |row: &Row| bias + self.standardise(row).iter().zip(weights).map(|(x, w)| x * w).sum::<f64>();
        pool.rows.iter().map(|row| 1.0 / (1.0 + (-logit(row)).exp())).collect()
    }

    /// How unlike what it was learnt from a corpus is: root mean square, over the features that speak there, of how many
    /// deviations the corpus' mean is away.
    pub fn distance(&self, pool: &Pool) -> f64 {
        let Some(mean) = mean(pool.rows.iter()) else { return 0.0 };
        let away = (0..COUNT)
            .filter(|at| pool.target || !is_of_target(FEATURES[*at].name))
            .map(|at| ((mean[at] - self.mean[at]) / self.deviation[at]).powi(2));
        let away: Vec<f64> = away.collect();
        (away.iter().sum::<f64>() / away.len() as f64).sqrt()
    }
}

/// Which weights a pool is judged by: 0 with a target tagger, 1 without.
pub(crate) fn variant(pool: &Pool) -> usize {
    usize::from(!pool.target)
}

/// Means of the features; `None` where there is no row.
pub(crate) fn mean<'r>(rows: impl ExactSizeIterator<Item = &'r Row>) -> Option<[f64; COUNT]> {
    let count = rows.len() as f64;
    let mut sums = [0.0; COUNT];
    rows.for_each(|row| sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += f64::from(*x)));
    (count > 0.0).then(|| sums.map(|sum| sum / count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_reads_what_it_writes() {
        let decision = Decision::default();
        assert_eq!(Decision::parse(&decision.to_text()).unwrap(), decision);
    }

    #[test]
    fn other_files_are_refused() {
        let text = Decision::default().to_text();
        let cut = text.lines().skip(2).collect::<Vec<_>>().join("\n");
        let twice = format!("{text}bias\t1\t1\n");
        for bad in ["", &cut, &twice, &format!("{text}nonsense\t0\t1\t1\t1\n"), "bias\t1", "bias\tx\t1"] {
            assert!(Decision::parse(bad).is_err(), "{bad}");
        }
    }
}
