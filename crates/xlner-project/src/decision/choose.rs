//! The cut: from which probability on candidates are kept, and which of those that overlap.

use super::pool::Pool;
use crate::{Constraint, Match, Problem, Result, Solution, Solver, SolverWorkspace};

/// What decides from which probability on an entity is kept.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Cut {
    /// The largest expected F1 of the corpus.
    #[default]
    F1,
    /// As many as possible with this expected precision, above 0 and at most 1.
    Precision(f64),
    /// This probability, from 0 to 1.
    Probability(f64),
}

impl Cut {
    /// The least probability. `coverage` is the share of a corpus' entities that are candidates.
    pub(crate) fn threshold(self, pool: &Pool, probabilities: &[f64], coverage: f64) -> f64 {
        let best = winners(pool, probabilities);
        match self {
            Cut::Probability(least) => least,
            Cut::Precision(wanted) => {
                let (mut sum, mut threshold) = (0.0, 1.0);
                for (count, probability) in best.iter().enumerate() {
                    sum += probability;
                    if sum / (count + 1) as f64 >= wanted {
                        threshold = *probability;
                    }
                }
                threshold
            }
            Cut::F1 => {
                let expected = best.iter().sum::<f64>() / coverage;
                let (mut sum, mut most, mut threshold) = (0.0, 0.0, 1.0);
                for (count, probability) in best.iter().enumerate() {
                    sum += probability;
                    let f1 = 2.0 * sum / ((count + 1) as f64 + expected);
                    if f1 > most {
                        (most, threshold) = (f1, *probability);
                    }
                }
                threshold
            }
        }
    }
}

/// Probabilities of the candidates that no likelier one overlaps, falling.
pub(crate) fn winners(pool: &Pool, probabilities: &[f64]) -> Vec<f64> {
    let mut best: Vec<f64> = winning(pool, probabilities).into_iter().map(|at| probabilities[at]).collect();
    best.sort_by(|a, b| b.total_cmp(a));
    best
}

/// Indices of the candidates that no likelier one overlaps.
pub(crate) fn winning(pool: &Pool, probabilities: &[f64]) -> Vec<usize> {
    let mut won = Vec::new();
    for range in pairs(pool) {
        let mut order: Vec<usize> = range.collect();
        order.sort_by(|a, b| probabilities[*b].total_cmp(&probabilities[*a]).then(a.cmp(b)));
        let first = won.len();
        for at in order {
            let span = pool.candidates[at].span;
            if won[first..].iter().all(|&other: &usize| !pool.candidates[other].span.overlaps(span)) {
                won.push(at);
            }
        }
    }
    won
}

/// Ranges of the candidates of each pair that has some.
fn pairs(pool: &Pool) -> impl Iterator<Item = std::ops::Range<usize>> {
    let mut first = 0;
    pool.candidates.chunk_by(|a, b| a.pair == b.pair).map(move |same| {
        first += same.len();
        first - same.len()..first
    })
}

/// The candidates that are kept: an exact assignment of largest `Σ (probability - threshold)` in which none overlap.
pub(crate) fn choose(pool: &Pool, probabilities: &[f64], threshold: f64) -> Result<Vec<usize>> {
    let (mut problem, mut solution) = (Problem::default(), Solution::default());
    let mut workspace = SolverWorkspace::default();
    let mut kept = Vec::new();
    for range in pairs(pool) {
        let above: Vec<usize> = range.filter(|&at| probabilities[at] >= threshold).collect();
        if above.len() < 2 {
            kept.extend(above);
            continue;
        }
        problem.clear(above.iter().map(|&at| pool.candidates[at].span.end).max().unwrap_or(0));
        for &at in &above {
            let span = pool.candidates[at].span;
            // Of just the threshold it is worth a little, too.
            let score = (probabilities[at] - threshold).max(1e-9);
            problem.push(Match { start: span.start as u32, end: span.end as u32, score })?;
            problem.close_entity();
        }
        Solver::default().solve(&problem, Constraint::default(), &mut workspace, &mut solution)?;
        kept.extend(solution.chosen.iter().map(|chosen| above[chosen.entity as usize]));
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::super::Candidate;
    use super::*;
    use xlner_core::Span;

    fn pool(spans: &[(usize, usize, usize)]) -> Pool {
        let candidate =
            |&(pair, start, end)| Candidate { pair, span: Span::new(start, end), label: 0, projected: None };
        Pool { candidates: spans.iter().map(candidate).collect(), ..Pool::default() }
    }

    #[test]
    fn the_cut_is_where_expected_f1_is_largest() {
        let pool = pool(&[(0, 0, 1), (1, 0, 1), (2, 0, 1)]);
        // One entity is worth 2·0.9 / (1 + 1.6), two 2·1.5 / (2 + 1.6), three 2·1.6 / (3 + 1.6).
        assert_eq!(Cut::F1.threshold(&pool, &[0.9, 0.6, 0.1], 1.0), 0.6);
        assert_eq!(Cut::Precision(0.9).threshold(&pool, &[0.9, 0.6, 0.1], 1.0), 0.9);
        assert_eq!(Cut::Precision(0.7).threshold(&pool, &[0.9, 0.6, 0.1], 1.0), 0.6);
        assert_eq!(Cut::Probability(0.3).threshold(&pool, &[0.9, 0.6, 0.1], 1.0), 0.3);
    }

    #[test]
    fn two_that_fit_beat_one_that_overlaps_both() {
        let pool = pool(&[(0, 0, 1), (0, 0, 2), (0, 1, 2)]);
        assert_eq!(choose(&pool, &[0.6, 0.7, 0.6], 0.3).unwrap(), [0, 2]);
        assert_eq!(choose(&pool, &[0.4, 0.7, 0.4], 0.3).unwrap(), [1]);
        assert_eq!(winning(&pool, &[0.6, 0.7, 0.6]), [1]);
    }
}
