//! Inference in a linear chain: partition function, marginals, best sequence (Lafferty, McCallum and Pereira 2001; the
//! scaled recursions of Rabiner 1989, §V.A).

use super::states::States;

/// What every sentence shares: which state may follow which, and how well.
///
/// Matrices have one row a state and `lanes` columns, the number of states rounded up to a multiple of 4 so that loops over
/// a row need no remainder; what is beyond the states is 0.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    states: usize,
    lanes: usize,
    /// exp(weight) of `before` × `after`; 0 where it may not follow.
    factors: Vec<f64>,
    /// The same, transposed.
    reverse: Vec<f64>,
    /// 1 where a sentence may begin, or end, with the state.
    start: Vec<f64>,
    end: Vec<f64>,
    /// Weights of `before` × `after`, as given.
    weights: Vec<f64>,
    /// Predecessors of each state with their weights.
    before: Vec<Vec<(usize, f64)>>,
}

/// Buffers of a thread, and what the last forward and backward pass found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lattice {
    /// Per token: exp(score − largest score of the token).
    potentials: Vec<f64>,
    /// Per token: probability of the state given the scores so far.
    alpha: Vec<f64>,
    /// Per token: what the rest adds; `alpha · beta` is the marginal.
    beta: Vec<f64>,
    scale: Vec<f64>,
    best: Vec<f64>,
    back: Vec<u8>,
}

impl Lattice {
    /// Number of tokens of the last pass.
    pub(crate) fn tokens(&self) -> usize {
        self.scale.len()
    }
}

/// `lanes` of so many states.
pub(crate) const fn lanes(states: usize) -> usize {
    states.next_multiple_of(4)
}

impl Chain {
    /// `weights`: of `before` × `after`, in rows of `lanes`.
    pub(crate) fn new(states: &States, weights: &[f64]) -> Chain {
        let (len, lanes) = (states.len(), lanes(states.len()));
        let mut chain = Chain {
            states: len,
            lanes,
            factors: vec![0.0; len * lanes],
            reverse: vec![0.0; len * lanes],
            start: vec![0.0; lanes],
            end: vec![0.0; lanes],
            weights: weights.to_vec(),
            before: vec![Vec::new(); len],
        };
        for state in 0..len {
            chain.start[state] = f64::from(u8::from(states.may_start(state)));
            chain.end[state] = f64::from(u8::from(states.may_end(state)));
            for after in (0..len).filter(|after| states.may_follow(state, *after)) {
                let weight = weights[state * lanes + after];
                chain.factors[state * lanes + after] = weight.exp();
                chain.reverse[after * lanes + state] = weight.exp();
                chain.before[after].push((state, weight));
            }
        }
        chain
    }

    /// Columns of a row.
    pub(crate) fn lanes(&self) -> usize {
        self.lanes
    }

    /// Number of states.
    pub(crate) fn states(&self) -> usize {
        self.states
    }

    /// Weight of a transition.
    pub(crate) fn weight(&self, before: usize, after: usize) -> f64 {
        self.weights[before * self.lanes + after]
    }

    /// Forward and backward pass over the scores of a sentence (tokens × lanes); the logarithm of the partition function.
    pub(crate) fn pass(&self, scores: &[f64], lattice: &mut Lattice) -> f64 {
        let lanes = self.lanes;
        let tokens = scores.len() / lanes;
        lattice.scale.clear();
        lattice.scale.resize(tokens, 1.0);
        for buffer in [&mut lattice.potentials, &mut lattice.alpha, &mut lattice.beta] {
            buffer.clear();
            buffer.resize(scores.len(), 0.0);
        }
        if tokens == 0 {
            return 0.0;
        }
        let mut log = 0.0;
        for token in 0..tokens {
            let row = token * lanes..(token + 1) * lanes;
            let given = &scores[row.start..row.start + self.states];
            let most = given.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let potentials = &mut lattice.potentials[row.clone()];
            potentials.iter_mut().zip(given).for_each(|(potential, score)| *potential = (score - most).exp());
            let (done, rest) = lattice.alpha.split_at_mut(row.start);
            let alpha = &mut rest[..lanes];
            if token == 0 {
                alpha.copy_from_slice(&self.start);
            } else {
                let before = &done[row.start - lanes..];
                for (value, factors) in before.iter().zip(self.factors.chunks_exact(lanes)) {
                    alpha.iter_mut().zip(factors).for_each(|(sum, factor)| *sum += value * factor);
                }
            }
            alpha.iter_mut().zip(&*potentials).for_each(|(value, potential)| *value *= potential);
            // What no sequence of finite weights reaches is kept from dividing by 0.
            let scale = alpha.iter().sum::<f64>().max(f64::MIN_POSITIVE);
            alpha.iter_mut().for_each(|value| *value /= scale);
            lattice.scale[token] = scale;
            log += most + scale.ln();
        }
        let last = (tokens - 1) * lanes;
        let ends = lattice.alpha[last..].iter().zip(&self.end);
        let tail = ends.map(|(alpha, end)| alpha * end).sum::<f64>().max(f64::MIN_POSITIVE);
        lattice.beta[last..].iter_mut().zip(&self.end).for_each(|(beta, end)| *beta = end / tail);
        for token in (1..tokens).rev() {
            let row = token * lanes;
            let (rest, done) = lattice.beta.split_at_mut(row);
            let beta = &mut rest[row - lanes..];
            let potentials = &lattice.potentials[row..row + lanes];
            for ((value, potential), factors) in done.iter().zip(potentials).zip(self.reverse.chunks_exact(lanes)) {
                let value = value * potential / lattice.scale[token];
                beta.iter_mut().zip(factors).for_each(|(sum, factor)| *sum += value * factor);
            }
        }
        log + tail.ln()
    }

    /// Marginals of a token's states after [`pass`](Self::pass), `lanes` of them.
    pub(crate) fn marginals<'a>(&self, lattice: &'a Lattice, token: usize) -> impl Iterator<Item = f64> + use<'a> {
        let row = token * self.lanes..(token + 1) * self.lanes;
        lattice.alpha[row.clone()].iter().zip(&lattice.beta[row]).map(|(alpha, beta)| alpha * beta)
    }

    /// Adds the expected number of times that each state follows each after [`pass`](Self::pass) to `counts` (`before` ×
    /// `after`).
    pub(crate) fn add_transitions(&self, lattice: &Lattice, counts: &mut [f64], factor: f64, spare: &mut Vec<f64>) {
        let lanes = self.lanes;
        for token in 1..lattice.scale.len() {
            let row = token * lanes..(token + 1) * lanes;
            let scale = factor / lattice.scale[token];
            let after = lattice.potentials[row.clone()].iter().zip(&lattice.beta[row.clone()]);
            spare.clear();
            spare.extend(after.map(|(potential, beta)| potential * beta * scale));
            let rows = counts.chunks_exact_mut(lanes).zip(self.factors.chunks_exact(lanes));
            for (alpha, (counts, factors)) in lattice.alpha[row.start - lanes..row.start].iter().zip(rows) {
                let cells = counts.iter_mut().zip(factors).zip(&*spare);
                cells.for_each(|((count, factor), after)| *count += alpha * factor * after);
            }
        }
    }

    /// Probability that the tokens from `start` have exactly these states and that the entity ends with the last of them, after
    /// [`pass`](Self::pass): the sum over all sequences that hold them (a forward-backward pass constrained to them).
    pub(crate) fn probability(
        &self,
        lattice: &Lattice,
        start: usize,
        states: impl Iterator<Item = usize>,
        continues: Option<usize>,
    ) -> f64 {
        let lanes = self.lanes;
        let mut value = 0.0;
        let (mut token, mut last) = (start, 0);
        for state in states {
            value = if token == start {
                lattice.alpha[token * lanes + state]
            } else {
                value * self.factors[last * lanes + state] * lattice.potentials[token * lanes + state]
                    / lattice.scale[token]
            };
            (token, last) = (token + 1, state);
        }
        let mut rest = lattice.beta[(token - 1) * lanes + last];
        if let Some(inside) = continues
            && token < lattice.scale.len()
        {
            let at = token * lanes + inside;
            rest -=
                self.factors[last * lanes + inside] * lattice.potentials[at] * lattice.beta[at] / lattice.scale[token];
        }
        (value * rest).clamp(0.0, 1.0)
    }

    /// The best sequence of states; of equal ones that with the smallest states at the end (Viterbi 1967).
    pub(crate) fn best(&self, scores: &[f64], lattice: &mut Lattice, states: &mut Vec<u8>) {
        let (lanes, len) = (self.lanes, self.states);
        let tokens = scores.len() / lanes;
        states.clear();
        if tokens == 0 {
            return;
        }
        lattice.back.clear();
        lattice.back.resize(tokens * len, 0);
        lattice.best.clear();
        lattice.best.resize(2 * len, f64::NEG_INFINITY);
        let (mut before, mut now) = lattice.best.split_at_mut(len);
        for state in 0..len {
            now[state] = if self.start[state] > 0.0 { scores[state] } else { f64::NEG_INFINITY };
        }
        for token in 1..tokens {
            std::mem::swap(&mut before, &mut now);
            for (state, from) in self.before.iter().enumerate() {
                let (mut most, mut place) = (f64::NEG_INFINITY, 0);
                for &(state, weight) in from {
                    let value = before[state] + weight;
                    if value > most {
                        (most, place) = (value, state);
                    }
                }
                now[state] = most + scores[token * lanes + state];
                lattice.back[token * len + state] = place as u8;
            }
        }
        let mut last = 0;
        for state in (0..len).filter(|state| self.end[*state] > 0.0) {
            if now[state] > now[last] {
                last = state;
            }
        }
        for token in (0..tokens).rev() {
            states.push(last as u8);
            last = lattice.back[token * len + last].into();
        }
        states.reverse();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All sequences that are allowed, with their scores.
    fn sequences(states: &States, weights: &[f64], scores: &[f64]) -> Vec<(Vec<u8>, f64)> {
        let lanes = lanes(states.len());
        let mut all: Vec<(Vec<u8>, f64)> = vec![(Vec::new(), 0.0)];
        for row in scores.chunks_exact(lanes) {
            let mut longer = Vec::new();
            for (sequence, score) in &all {
                for state in 0..states.len() {
                    let (allowed, weight) = match sequence.last() {
                        None => (states.may_start(state), 0.0),
                        Some(&last) => {
                            (states.may_follow(last.into(), state), weights[usize::from(last) * lanes + state])
                        }
                    };
                    if allowed {
                        let sequence = sequence.iter().copied().chain([state as u8]).collect();
                        longer.push((sequence, score + weight + row[state]));
                    }
                }
            }
            all = longer;
        }
        all.retain(|(sequence, _)| sequence.last().is_none_or(|last| states.may_end((*last).into())));
        all
    }

    fn problem() -> impl Strategy<Value = (bool, usize, Vec<f64>, Vec<f64>)> {
        (any::<bool>(), 1..=2_usize, 0..=5_usize).prop_flat_map(|(iobes, labels, tokens)| {
            let labels = if iobes { 1 } else { labels };
            let len = 1 + labels * if iobes { 4 } else { 2 };
            let lanes = lanes(len);
            let weights = prop::collection::vec(-3.0..3.0, len * lanes);
            (Just(iobes), Just(labels), weights, prop::collection::vec(-4.0..4.0, tokens * lanes))
        })
    }

    proptest! {
        #[test]
        fn it_is_what_enumeration_says((iobes, labels, weights, scores) in problem()) {
            let states = States::new((0..labels).map(|n| format!("L{n}")).collect(), iobes).unwrap();
            let (chain, mut lattice) = (Chain::new(&states, &weights), Lattice::default());
            let (lanes, tokens) = (chain.lanes(), scores.len() / chain.lanes());
            let all = sequences(&states, &weights, &scores);
            let most = all.iter().map(|(_, score)| *score).fold(f64::NEG_INFINITY, f64::max);
            let log = most + all.iter().map(|(_, score)| (score - most).exp()).sum::<f64>().ln();
            let found = chain.pass(&scores, &mut lattice);
            prop_assert!((found - log).abs() < 1e-9, "{found} {log}");
            // Marginals of states and of transitions.
            let mut transitions = vec![0.0; states.len() * lanes];
            chain.add_transitions(&lattice, &mut transitions, 1.0, &mut Vec::new());
            let probability = |holds: &dyn Fn(&[u8]) -> f64| -> f64 {
                all.iter().map(|(sequence, score)| holds(sequence) * (score - log).exp()).sum()
            };
            for token in 0..tokens {
                for (state, marginal) in chain.marginals(&lattice, token).enumerate() {
                    let expected = probability(&|s| f64::from(u8::from(usize::from(s[token]) == state)));
                    prop_assert!((marginal - expected).abs() < 1e-9);
                }
            }
            for (before, after) in (0..states.len()).flat_map(|a| (0..states.len()).map(move |b| (a, b))) {
                let expected = probability(&|s| {
                    s.windows(2).filter(|w| usize::from(w[0]) == before && usize::from(w[1]) == after).count() as f64
                });
                prop_assert!((transitions[before * lanes + after] - expected).abs() < 1e-9);
            }
            // Entities.
            for start in 0..tokens {
                for end in start + 1..=tokens {
                    for label in 0..labels {
                        let expected = probability(&|s| {
                            let found = states.entities(s);
                            let is = found.iter().any(|(e, l)| e.span == (start..end).into() && *l == label);
                            f64::from(u8::from(is))
                        });
                        let continues = (!iobes).then_some(2 + 2 * label);
                        let of = states.of_entity(label, end - start);
                        let found = chain.probability(&lattice, start, of, continues);
                        prop_assert!((found - expected).abs() < 1e-9, "{found} {expected}");
                    }
                }
            }
            // The best sequence.
            let mut best = Vec::new();
            chain.best(&scores, &mut lattice, &mut best);
            let score = all.iter().find(|(sequence, _)| *sequence == best).map(|(_, score)| *score);
            prop_assert!(score.is_some_and(|score| (score - most).abs() < 1e-9), "{best:?}");
        }
    }
}
