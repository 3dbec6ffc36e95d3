//! How good word alignments are.

use serde::Serialize;
use xlner_core::{Alignment, ReferenceAlignment};

use crate::scores::{f1, ratio};

/// Precision, recall and error rate of alignments A against sure links S and possible links P ⊇ S (Och and Ney 2003,
/// "A Systematic Comparison of Various Statistical Alignment Models", section 6.1). All figures are fractions of 1, 0 where there is
/// nothing to divide by.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlignmentEvaluation {
    /// What was compared and how; two evaluations with one signature can be compared.
    pub signature: String,
    /// Pairs.
    pub sentences: u64,
    /// |A∩P| / |A|.
    pub precision: f64,
    /// |A∩S| / |S|.
    pub recall: f64,
    /// 1 − (|A∩S| + |A∩P|) / (|A| + |S|).
    pub aer: f64,
    /// Harmonic mean of precision and recall.
    pub f1: f64,
    /// |S|.
    pub sure: u64,
    /// |P|, the sure links included.
    pub possible: u64,
    /// |A|.
    pub links: u64,
}

/// Counts links pair by pair.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AlignmentEvaluator {
    sentences: u64,
    sure: u64,
    possible: u64,
    links: u64,
    sure_found: u64,
    possible_found: u64,
}

impl AlignmentEvaluator {
    /// Nothing counted yet.
    pub fn new() -> Self {
        AlignmentEvaluator::default()
    }

    /// Counts a pair.
    pub fn push(&mut self, gold: &ReferenceAlignment, alignment: &Alignment) {
        let found_in =
            |links: &Alignment| alignment.links().iter().filter(|l| links.contains(l.source, l.target)).count();
        // A sure link is possible too, whether the reference repeats it or not.
        let repeated = gold.sure.links().iter().filter(|l| gold.possible.contains(l.source, l.target)).count();
        let either = |l: &&xlner_core::Link| {
            gold.possible.contains(l.source, l.target) || gold.sure.contains(l.source, l.target)
        };
        self.sentences += 1;
        self.sure += gold.sure.len() as u64;
        self.possible += (gold.possible.len() + gold.sure.len() - repeated) as u64;
        self.links += alignment.len() as u64;
        self.sure_found += found_in(&gold.sure) as u64;
        self.possible_found += alignment.links().iter().filter(either).count() as u64;
    }

    /// The figures.
    pub fn finish(&self) -> AlignmentEvaluation {
        let Self { sentences, sure, possible, links, sure_found, possible_found } = *self;
        let precision = ratio(possible_found as f64, links as f64);
        let recall = ratio(sure_found as f64, sure as f64);
        let all = links + sure;
        let aer = if all == 0 { 0.0 } else { 1.0 - (sure_found + possible_found) as f64 / all as f64 };
        AlignmentEvaluation {
            signature: format!("xlner-eval|task:alignment|version:{}", env!("CARGO_PKG_VERSION")),
            sentences,
            precision,
            recall,
            aer,
            f1: f1(precision, recall),
            sure,
            possible,
            links,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(pairs: &[(u32, u32)]) -> Alignment {
        Alignment::from_pairs(pairs.iter().copied())
    }

    #[test]
    fn a_case_worked_by_hand() {
        // S = {0-0, 1-1}, P = S + {1-2, 2-2}; A = {0-0, 1-2, 2-1, 3-3}: |A∩S| = 1, |A∩P| = 2.
        let gold = ReferenceAlignment { sure: links(&[(0, 0), (1, 1)]), possible: links(&[(1, 2), (2, 2)]) };
        let mut evaluator = AlignmentEvaluator::new();
        evaluator.push(&gold, &links(&[(0, 0), (1, 2), (2, 1), (3, 3)]));
        let figures = evaluator.finish();
        assert_eq!((figures.sure, figures.possible, figures.links), (2, 4, 4));
        assert_eq!((figures.precision, figures.recall), (0.5, 0.5));
        assert_eq!(figures.aer, 1.0 - 3.0 / 6.0);
        assert_eq!(figures.f1, 0.5);
    }

    #[test]
    fn possible_links_may_repeat_the_sure_ones() {
        let (sure, possible) = (links(&[(0, 0)]), links(&[(0, 0), (0, 1)]));
        let mut evaluator = AlignmentEvaluator::new();
        evaluator.push(&ReferenceAlignment { sure: sure.clone(), possible }, &sure);
        assert_eq!((evaluator.finish().possible, evaluator.finish().aer), (2, 0.0));
    }

    #[test]
    fn nothing_divided_by_nothing_is_nothing() {
        let mut evaluator = AlignmentEvaluator::new();
        evaluator.push(&ReferenceAlignment::default(), &Alignment::default());
        let figures = evaluator.finish();
        assert_eq!((figures.sentences, figures.precision, figures.recall, figures.aer), (1, 0.0, 0.0, 0.0));
    }
}
