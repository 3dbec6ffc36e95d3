//! What a link weighs in the first pass: a number of each of its tokens, and exceptions.

use xlner_core::fixed;

use super::FirstPass;
use crate::bitext::{Segment, Segments, Side};
use crate::hmm::NULL;
use crate::model::{FLOOR, SHARE, Scratch};
use crate::pass::{TASK, add};
use crate::train::{DIAGONAL, GIVEN};
use crate::views::VIEWS;
use crate::vocabulary::{UNKNOWN, Word};

/// Numbers of each token of some segments, the product of which is the geometric mean of the posteriors of a link.
#[derive(Default)]
pub(super) struct Weights {
    /// Of source tokens, for target tokens before or on the diagonal and after it.
    source: Vec<[f32; 2]>,
    /// Of target tokens, for source tokens on or after the diagonal and before it.
    target: Vec<[f32; 2]>,
    /// Links that differ, by segment and source token.
    pub exceptions: Vec<Exception>,
    /// Exclusive end: one past the last exception of each segment.
    pub ends: Vec<usize>,
}

/// A link whose posteriors are not the product of the weights.
pub(super) struct Exception {
    pub source: u32,
    pub target: u32,
    /// What the probabilities of the two tokens given each other have more than those of other tokens.
    more: [f32; 2],
    /// What the count has more, as a fixed-point number.
    pub count: i64,
}

impl FirstPass<'_> {
    /// Appends the weights of a segment, and counts the tokens that come from none.
    pub(super) fn weigh(&self, segment: Segment<'_>, scratch: &mut Scratch, weights: &mut Weights) {
        let ((source, source_words), (target, target_words)) =
            (self.pass.words(0, segment.source), self.pass.words(1, segment.target));
        let (ni, nj) = (source.len(), target.len());
        if ni == 0 || nj == 0 {
            weights.source.resize(weights.source.len() + ni, [0.0; 2]);
            weights.target.resize(weights.target.len() + nj, [0.0; 2]);
            return;
        }
        let first_exception = weights.exceptions.len();
        // Probability of a token of the other side given each, where there is no prior count.
        let a = self.bases(0, &source_words);
        let b = self.bases(1, &target_words);
        let model = &self.pass.trainer.model;
        scratch.visit(model, &source_words, &target_words, |view, (i, j), _, entry| {
            let more = [SHARE * entry.forward, SHARE * entry.reverse];
            if view + 1 == VIEWS {
                weights.exceptions.push(Exception { source: i, target: j, more, count: 0 });
            } else {
                let all = &mut weights.exceptions[first_exception..];
                if let Ok(at) = all.binary_search_by_key(&(i, j), |exception| (exception.source, exception.target)) {
                    all[at].more.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
                }
            }
        });
        let kept = self.mix_given(segment, (&a, &b), first_exception, weights);
        let all = &mut weights.exceptions[first_exception..];
        // How far a token is from the start of its sentence, as exp(x) and exp(-x).
        let [x, y] = [ni, nj].map(|len| {
            (0..len).map(|at| (DIAGONAL * at as f32 / len as f32).exp()).map(|x| [x, 1.0 / x]).collect::<Vec<_>>()
        });
        let null: [Vec<f32>; 2] =
            [0, 1].map(|direction| model.null_of(direction, [&target_words, &source_words][direction]).collect());
        let of_target = generated(
            &a,
            &x,
            &y,
            &null[0],
            all.iter().map(|exception| {
                let (i, j) = (exception.source as usize, exception.target as usize);
                (i, j, exception.more[0])
            }),
            &kept[1],
        );
        let of_source = generated(
            &b,
            &y,
            &x,
            &null[1],
            all.iter().map(|exception| {
                let (i, j) = (exception.source as usize, exception.target as usize);
                (j, i, exception.more[1])
            }),
            &kept[0],
        );
        for (at, id) in target.iter().enumerate().filter(|(_, id)| **id != UNKNOWN) {
            add(&self.pass.null[0][*id as usize], f64::from(of_target[at].none));
        }
        for (at, id) in source.iter().enumerate().filter(|(_, id)| **id != UNKNOWN) {
            add(&self.pass.null[1][*id as usize], f64::from(of_source[at].none));
        }
        for i in 0..ni {
            let weight = (a[i] * kept[0][i] * of_source[i].scale).sqrt();
            weights.source.push([weight * x[i][1], weight * x[i][0]]);
        }
        for j in 0..nj {
            let weight = (b[j] * kept[1][j] * of_target[j].scale).sqrt();
            weights.target.push([weight * y[j][0], weight * y[j][1]]);
        }
        let own = [&weights.source[weights.source.len() - ni..], &weights.target[weights.target.len() - nj..]];
        for exception in all {
            let (i, j) = (exception.source as usize, exception.target as usize);
            let side = usize::from(j >= up_to(i, ni, nj));
            let base = own[0][i][side] * own[1][j][side];
            let near = x[i][1 - side] * y[j][side];
            let forward = (a[i] * kept[1][j] + exception.more[0]) * of_target[j].scale;
            let reverse = (b[j] * kept[0][i] + exception.more[1]) * of_source[i].scale;
            let both = (near * (forward * reverse).sqrt()).min(1.0);
            exception.count = fixed::from_probability(both) - fixed::from_probability(base);
            if source[i] != UNKNOWN && target[j] != UNKNOWN {
                self.tell_order(both, (i, ni), (j, nj), 1);
                self.tell_order(base, (i, ni), (j, nj), -1);
            }
        }
    }

    /// Probability of any token of the other side given each of these words.
    fn bases(&self, side: usize, words: &[Word<'_>]) -> Vec<f32> {
        let share = |word: &Word<'_>| {
            let of = |view: usize| self.first.shares[side][view].get(word.views[view] as usize);
            FLOOR + SHARE * (0..VIEWS).filter_map(of).sum::<f32>()
        };
        words.iter().map(share).collect()
    }

    /// Makes links that another aligner gave exceptions, as [`Scratch::fill`] mixes them in; returns what is left of the
    /// other probabilities of each source and each target token.
    fn mix_given(
        &self,
        segment: Segment<'_>,
        (a, b): (&[f32], &[f32]),
        first_exception: usize,
        weights: &mut Weights,
    ) -> [Vec<f32>; 2] {
        let mut kept = [vec![1.0f32; a.len()], vec![1.0f32; b.len()]];
        if segment.given.is_empty() {
            return kept;
        }
        for link in segment.given {
            for (kept, at) in kept.iter_mut().zip([link.source, link.target]) {
                kept[at as usize] = kept[at as usize].min(1.0 - GIVEN * link.probability);
            }
        }
        for exception in &mut weights.exceptions[first_exception..] {
            exception.more[0] *= kept[1][exception.target as usize];
            exception.more[1] *= kept[0][exception.source as usize];
        }
        for link in segment.given {
            let place = (link.source, link.target);
            let all = &weights.exceptions[first_exception..];
            let found = all.binary_search_by_key(&place, |exception| (exception.source, exception.target));
            let at = first_exception + found.unwrap_or_else(|at| at);
            if found.is_err() {
                let new = Exception { source: place.0, target: place.1, more: [0.0; 2], count: 0 };
                weights.exceptions.insert(at, new);
            }
            let (i, j) = (place.0 as usize, place.1 as usize);
            let bases = [a[i] * kept[1][j], b[j] * kept[0][i]];
            for (more, base) in weights.exceptions[at].more.iter_mut().zip(bases) {
                *more = (base + *more + GIVEN * link.probability).min(1.0) - base;
            }
        }
        kept
    }
}

impl Weights {
    /// The weights of the tokens of a segment of the text.
    pub fn get(&self, text: &Segments, index: usize) -> (&[[f32; 2]], &[[f32; 2]]) {
        let start = |side: &Side, index: usize| index.checked_sub(1).map_or(0, |last| side.ends[last]);
        let part = |side: &Side| {
            let base = start(side, index / TASK * TASK);
            (start(side, index) - base) as usize..(side.ends[index] - base) as usize
        };
        (&self.source[part(&text.source)], &self.target[part(&text.target)])
    }

    /// The exceptions of a segment.
    pub fn exceptions(&self, index: usize) -> &[Exception] {
        let at = index % TASK;
        let start = at.checked_sub(1).map_or(0, |last| self.ends[last]);
        &self.exceptions[start..self.ends[at]]
    }
}

/// A token that was generated by tokens of the other side or by none.
struct Generated {
    /// What the probability of each of them times its nearness is multiplied with to give the posterior.
    scale: f32,
    /// Posterior of none.
    none: f32,
}

/// Number of tokens of the other side, of `n`, that are not after token `at` of `len`.
pub(super) fn up_to(at: usize, len: usize, n: usize) -> usize {
    (at * n / len + 1).min(n)
}

/// Normalises the posteriors of all generated tokens.
///
/// `base` is the probability of a token given each generating one, `x` and `y` their distances from the start, `more` the
/// exceptions (generating, generated, what they have more), `kept` what is left of the others.
fn generated(
    base: &[f32],
    x: &[[f32; 2]],
    y: &[[f32; 2]],
    null: &[f32],
    more: impl Iterator<Item = (usize, usize, f32)>,
    kept: &[f32],
) -> Vec<Generated> {
    let (ni, nj) = (base.len(), null.len());
    // Sums up to each token, of those not after it and of those after it, by weight and by number.
    let mut sums = vec![[0.0f32; 4]; ni + 1];
    for i in 0..ni {
        sums[i + 1][0] = sums[i][0] + base[i] * x[i][0];
        sums[i + 1][1] = sums[i][1] + x[i][0];
    }
    for i in (0..ni).rev() {
        sums[i][2] = sums[i + 1][2] + base[i] * x[i][1];
        sums[i][3] = sums[i + 1][3] + x[i][1];
    }
    let mut extra = vec![0.0f32; nj];
    for (i, j, more) in more {
        // Which of the two is farther from the start.
        let side = usize::from(i >= up_to(j, nj, ni));
        extra[j] += x[i][side] * y[j][1 - side] * more;
    }
    (0..nj)
        .map(|j| {
            let split = up_to(j, nj, ni);
            let near = |at: usize| y[j][1] * sums[split][at] + y[j][0] * sums[split][at + 2];
            let share = (1.0 - NULL) / near(1);
            let none = NULL * null[j];
            let total = none + share * (near(0) * kept[j] + extra[j]);
            Generated { scale: share / total, none: none / total }
        })
        .collect()
}
