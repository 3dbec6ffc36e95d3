//! The training objective: negative log-likelihood of the given tags and its gradient.

use rayon::prelude::*;

use super::chain::{Chain, Lattice, lanes};
use super::corpus::Corpus;
use super::states::States;

/// Sentences that are worked on at a time. Sums over sentences are made chunk by chunk in their order, so that they do not
/// depend on the number of threads.
const CHUNK: usize = 64;

/// Σ weight · −log P(states | sentence) + l2 · |x|².
///
/// `x` holds the weights of the features (features × lanes), then those of the transitions (states × lanes); with a prior,
/// what they differ by from its mean.
pub(crate) struct Objective<'a> {
    pub(crate) corpus: &'a Corpus,
    pub(crate) states: &'a States,
    /// The given state of every token.
    pub(crate) gold: &'a [u8],
    /// Weight of every sentence.
    pub(crate) weights: &'a [f64],
    pub(crate) l2: f64,
    /// Mean of the prior; empty for 0.
    mean: &'a [f64],
    lanes: usize,
    /// Scores of groups; then what their features are to get.
    groups: Vec<f64>,
    /// Per token: expected minus given states.
    residuals: Vec<f64>,
}

impl<'a> Objective<'a> {
    pub(crate) fn new(
        corpus: &'a Corpus,
        states: &'a States,
        gold: &'a [u8],
        weights: &'a [f64],
        l2: f64,
        mean: &'a [f64],
    ) -> Objective<'a> {
        let lanes = lanes(states.len());
        Objective {
            corpus,
            states,
            gold,
            weights,
            l2,
            mean,
            lanes,
            groups: vec![0.0; corpus.members.len() * lanes],
            residuals: vec![0.0; gold.len() * lanes],
        }
    }

    /// Length of `x`.
    pub(crate) fn len(&self) -> usize {
        (self.corpus.features.len() + self.states.len()) * self.lanes
    }

    /// Where the weights of the transitions begin.
    pub(crate) fn transitions(&self) -> usize {
        self.corpus.features.len() * self.lanes
    }

    /// Value at `x`; `gradient` is set to its gradient.
    pub(crate) fn evaluate(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let (lanes, corpus) = (self.lanes, self.corpus);
        let sum: Vec<f64> = self.mean.iter().zip(x).map(|(mean, change)| mean + change).collect();
        let weights = if self.mean.is_empty() { x } else { &sum };
        let (features, transitions) = weights.split_at(self.transitions());
        let (of_features, of_transitions) = gradient.split_at_mut(features.len());
        let chain = Chain::new(self.states, transitions);

        // Scores of the groups, then of the tokens, from which follow the expectations.
        sums(&mut self.groups, lanes, |group| corpus.members.row(group), features);
        let parts = self.sentences(&chain);
        let mut value = 0.0;
        of_transitions.fill(0.0);
        for (loss, counts) in parts {
            value += loss;
            of_transitions.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }

        // Back: to the groups, then to the features.
        sums(&mut self.groups, lanes, |group| corpus.tokens.row(group), &self.residuals);
        sums(of_features, lanes, |feature| corpus.holders.row(feature), &self.groups);

        let norm: f64 = x.iter().map(|weight| weight * weight).sum();
        gradient.iter_mut().zip(x).for_each(|(g, weight)| *g += 2.0 * self.l2 * weight);
        value + self.l2 * norm
    }

    /// Sets the residuals of all tokens; loss and expected minus given transitions of each chunk of sentences.
    fn sentences(&mut self, chain: &Chain) -> Vec<(f64, Vec<f64>)> {
        let (lanes, corpus, groups) = (self.lanes, self.corpus, &self.groups);
        let (gold, weights, states) = (self.gold, self.weights, self.states.len());
        let chunks = corpus.sentences.len().saturating_sub(1).div_ceil(CHUNK);
        let mut rest = &mut self.residuals[..];
        let mut work = Vec::with_capacity(chunks);
        for first in (0..corpus.sentences.len() - 1).step_by(CHUNK) {
            let last = (first + CHUNK).min(corpus.sentences.len() - 1);
            let (chunk, after) = rest.split_at_mut((corpus.sentences[last] - corpus.sentences[first]) * lanes);
            work.push((first..last, chunk));
            rest = after;
        }
        let run = |buffers: &mut (Lattice, Vec<f64>, Vec<f64>),
                   (range, residuals): (std::ops::Range<usize>, &mut [f64])| {
            let (lattice, scores, spare) = buffers;
            let (mut loss, mut counts) = (0.0, vec![0.0; states * lanes]);
            let begin = corpus.sentences[range.start];
            for sentence in range {
                let (start, end) = (corpus.sentences[sentence], corpus.sentences[sentence + 1]);
                let weight = weights[sentence];
                scores.clear();
                scores.resize((end - start) * lanes, 0.0);
                for (token, row) in (start..end).zip(scores.chunks_exact_mut(lanes)) {
                    for &group in corpus.groups.row(token) {
                        let group = &groups[group as usize * lanes..][..lanes];
                        row.iter_mut().zip(group).for_each(|(sum, value)| *sum += value);
                    }
                }
                let log = chain.pass(scores, lattice);
                chain.add_transitions(lattice, &mut counts, weight, spare);
                let mut score = 0.0;
                let mut before: Option<usize> = None;
                for (token, row) in (start..end).zip(residuals[(start - begin) * lanes..].chunks_exact_mut(lanes)) {
                    let marginals = chain.marginals(lattice, token - start);
                    row.iter_mut().zip(marginals).for_each(|(residual, marginal)| *residual = weight * marginal);
                    let state = usize::from(gold[token]);
                    row[state] -= weight;
                    score += scores[(token - start) * lanes + state];
                    if let Some(before) = before {
                        score += chain.weight(before, state);
                        counts[before * lanes + state] -= weight;
                    }
                    before = Some(state);
                }
                loss += weight * (log - score);
            }
            (loss, counts)
        };
        work.into_par_iter().map_init(Default::default, run).collect()
    }
}

/// Sets every row of `target` to the sum of those rows of `source` that `of` names.
fn sums<'a>(target: &mut [f64], lanes: usize, of: impl Fn(usize) -> &'a [u32] + Sync, source: &[f64]) {
    let rows = target.par_chunks_exact_mut(lanes).with_min_len(1024).enumerate();
    rows.for_each(|(row, target)| {
        target.fill(0.0);
        for &other in of(row) {
            let other = &source[other as usize * lanes..][..lanes];
            target.iter_mut().zip(other).for_each(|(sum, value)| *sum += value);
        }
    });
}

#[cfg(test)]
mod tests {
    use xlner_core::{Entity, Sentence};

    use super::*;
    use crate::crf::names::Names;

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let mut sentences = [
            Sentence::from_tokens(["Anna", "lives", "in", "New", "York", "."]),
            Sentence::from_tokens(["Peter", "Smith"]),
            Sentence::from_tokens([""; 0]),
            Sentence::from_tokens(["he", "met", "Anna", "Smith", "in", "Paris"]),
        ];
        sentences[0].entities = vec![Entity::new(0..1, "PER"), Entity::new(3..5, "LOC")];
        sentences[1].entities = vec![Entity::new(0..2, "PER")];
        sentences[3].entities = vec![Entity::new(2..4, "PER"), Entity::new(5..6, "LOC")];
        let given: Vec<&Sentence> = sentences.iter().collect();
        for (iobes, shift) in [(false, None), (true, None), (true, Some(0.3))] {
            let states = States::new(vec!["LOC".into(), "PER".into()], iobes).unwrap();
            let corpus = Corpus::new(&given, &Names::default(), &Default::default(), 2, &[]);
            assert!(corpus.features.len() > 20);
            let gold: Vec<u8> = sentences.iter().flat_map(|sentence| states.of_sentence(sentence).unwrap()).collect();
            let len = (corpus.features.len() + states.len()) * lanes(states.len());
            let mean: Vec<f64> =
                shift.map_or_else(Vec::new, |shift| (0..len).map(|n| shift * (n % 3) as f64).collect());
            let mut objective = Objective::new(&corpus, &states, &gold, &[1.0, 0.3, 1.0, 2.0], 0.05, &mean);
            assert_eq!(objective.len(), len);
            let x: Vec<f64> = (0..len).map(|n| ((n * 7919 % 101) as f64 / 101.0 - 0.5) * 0.8).collect();
            let mut gradient = vec![0.0; len];
            objective.evaluate(&x, &mut gradient);
            let mut unused = vec![0.0; len];
            let (lanes, transitions) = (lanes(states.len()), objective.transitions());
            for at in (0..len).filter(|at| at % lanes < states.len() && (at % 13 == 0 || *at >= transitions)) {
                let mut value = |step: f64| {
                    let mut moved = x.clone();
                    moved[at] += step;
                    objective.evaluate(&moved, &mut unused)
                };
                let numeric = (value(1e-5) - value(-1e-5)) / 2e-5;
                assert!((numeric - gradient[at]).abs() < 1e-6, "{at}: {numeric} {}", gradient[at]);
            }
        }
    }
}
