//! The first pass: expected counts where nothing is known yet but prior counts.
//!
//! Tokens are linked by IBM model 2 with a preference for the diagonal (after Dyer, Chahuneau and Smith 2013). Most pairs of
//! words have no prior count, and then the probability of a token given another is the same for all tokens beside it. The
//! posterior of a link is so a product of a number of each of the two tokens and of their distance from the diagonal, which
//! is a product, too, as exp(-|x - y|) is exp(-x) exp(y) on one side of it and exp(x) exp(-y) on the other. Counts are
//! therefore added up source view by source view, without a look-up for each pair of tokens; the few pairs that have a
//! prior count are put right one by one.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::atomic::Ordering;

use rayon::prelude::*;

use crate::bitext::{Segment, Segments};
use crate::fixed;
use crate::hmm::NULL;
use crate::keys::{Ids, Rows, ids, key};
use crate::model::{FLOOR, SHARE, Scratch};
use crate::pass::{Pass, TASK, add};
use crate::train::{DIAGONAL, GIVEN};
use crate::views::VIEWS;
use crate::vocabulary::{UNKNOWN, Word};

/// Links of this posterior, in pairs of more tokens than that on both sides, tell the word order.
const SURE: f32 = 0.3;
const SHORT: usize = 5;

/// What is known before the first pass, besides the pairs that have a prior count.
#[derive(Debug, Clone, Default)]
pub(crate) struct First {
    /// The pairs that have a parameter, by view, in order.
    pub keys: [Vec<u64>; VIEWS],
    /// By side, view and id: probability given it of each view that stands beside it and has no prior count.
    pub shares: [[Vec<f32>; VIEWS]; 2],
}

impl First {
    /// Place of a pair among those of its view.
    pub fn place(&self, view: usize, source: u32, target: u32) -> Option<usize> {
        self.keys[view].binary_search(&key(source, target)).ok()
    }
}

/// The first pass over a part of the text.
pub(crate) struct FirstPass<'a> {
    pass: &'a Pass<'a>,
    first: &'a First,
    /// By view: the views of the words of the text.
    ids: [Ids; VIEWS],
}

/// Numbers of each token of some segments, the product of which is the geometric mean of the posteriors of a link.
#[derive(Default)]
struct Weights {
    /// Of source tokens, for target tokens before or on the diagonal and behind it.
    source: Vec<[f32; 2]>,
    /// Of target tokens, for source tokens on or behind the diagonal and before it.
    target: Vec<[f32; 2]>,
    /// Links that differ, by segment and source token.
    exceptions: Vec<Exception>,
    /// Exclusive end: one past the last exception of each segment.
    ends: Vec<usize>,
}

/// A link whose posteriors are not the product of the weights.
struct Exception {
    source: u32,
    target: u32,
    /// What the probabilities of the two tokens given each other have more than those of other tokens.
    more: [f32; 2],
    /// What the count has more, as a fixed-point number.
    count: i64,
}

/// Counts of the target views beside one source view, and which may not be 0.
#[derive(Default)]
struct Row {
    counts: Vec<i64>,
    seen: Vec<u32>,
}

impl<'a> FirstPass<'a> {
    pub fn new(pass: &'a Pass<'a>, first: &'a First) -> FirstPass<'a> {
        let model = &pass.trainer.model;
        let ids = |view| Ids::new(&pass.words, [&model.source, &model.target], view);
        FirstPass { pass, first, ids: std::array::from_fn(ids) }
    }

    /// Adds the counts of segments.
    pub fn add(&self, text: &Segments) {
        let weights: Vec<Weights> = (0..text.len().div_ceil(TASK))
            .into_par_iter()
            .map_init(Scratch::default, |scratch, task| {
                let mut weights = Weights::default();
                for index in task * TASK..text.len().min((task + 1) * TASK) {
                    self.weigh(text.get(index), scratch, &mut weights);
                    weights.ends.push(weights.exceptions.len());
                }
                weights
            })
            .collect();
        for (view, ids) in self.ids.iter().enumerate() {
            let rows = Rows::new(text, ids, ids.all());
            let keys = &self.first.keys[view];
            rows.range.clone().into_par_iter().with_min_len(TASK).for_each(|e| {
                if !rows.places(e as usize).is_empty() {
                    let first = keys.partition_point(|&key| key < u64::from(e) << 32);
                    let len = keys[first..].partition_point(|&key| key >> 32 == u64::from(e));
                    self.row(view, (text, &weights), &rows, e, first..first + len);
                }
            });
        }
    }

    /// Adds the counts of a source view, whose keys are given.
    fn row(
        &self,
        view: usize,
        (text, weights): (&Segments, &[Weights]),
        rows: &Rows<'_>,
        e: u32,
        places: Range<usize>,
    ) {
        thread_local!(static ROW: RefCell<Row> = RefCell::default());
        let of_target = &self.ids[view].views[1];
        // Words that are not known share the last place.
        let unknown = self.ids[view].lens[1];
        ROW.with_borrow_mut(|Row { counts, seen }| {
            counts.resize(counts.len().max(unknown + 1), 0);
            let mut count = |f: u32, count: i64| {
                let f = (f as usize).min(unknown);
                if counts[f] == 0 {
                    seen.push(f as u32);
                }
                counts[f] += count;
            };
            for &(index, i) in rows.places(e as usize) {
                let (index, i) = (index as usize, i as usize);
                let (weights, segment) = (&weights[index / TASK], text.get(index));
                let (source, target) = weights.get(text, index);
                let (ni, nj) = (source.len(), target.len());
                let (before, behind) = target.split_at(up_to(i, ni, nj));
                let f = |j: usize| of_target[segment.target[j] as usize];
                for (j, weight) in before.iter().enumerate() {
                    count(f(j), self.base(source[i][0] * weight[0], view, (i, ni), (j, nj), f(j)));
                }
                for (j, weight) in (before.len()..).zip(behind) {
                    count(f(j), self.base(source[i][1] * weight[1], view, (i, ni), (j, nj), f(j)));
                }
                let exceptions = weights.exceptions(index);
                let exceptions = &exceptions[exceptions.partition_point(|exception| exception.source < i as u32)..];
                for exception in exceptions.iter().take_while(|exception| exception.source == i as u32) {
                    count(f(exception.target as usize), exception.count);
                }
            }
            let links = &self.pass.links[view];
            // No other thread counts this row.
            let add = |place: usize, count: i64| {
                links[place].store(links[place].load(Ordering::Relaxed) + count, Ordering::Relaxed);
            };
            let keys = &self.first.keys[view][places.clone()];
            if keys.len() < 8 * seen.len() {
                for (place, &key) in places.zip(keys) {
                    add(place, std::mem::take(&mut counts[ids(key).1 as usize]));
                }
                seen.drain(..).for_each(|f| counts[f as usize] = 0);
            } else {
                for f in seen.drain(..) {
                    let count = std::mem::take(&mut counts[f as usize]);
                    if let Ok(at) = keys.binary_search(&key(e, f)) {
                        add(places.start + at, count);
                    }
                }
            }
        });
    }

    /// The count of a link, as a fixed-point number; one that is sure tells the word order.
    #[inline]
    fn base(&self, both: f32, view: usize, (i, ni): (usize, usize), (j, nj): (usize, usize), f: u32) -> i64 {
        if both > SURE && view == 0 && f != UNKNOWN {
            self.tell_order(both, (i, ni), (j, nj), 1);
        }
        fixed::from_probability(both)
    }

    /// Adds a sure link to what is known of the word order, or takes it back.
    fn tell_order(&self, both: f32, (i, ni): (usize, usize), (j, nj): (usize, usize), sign: i64) {
        if both > SURE && ni.min(nj) > SHORT {
            let distance = (i as f64 / ni as f64 - j as f64 / nj as f64).abs();
            for (total, x) in self.pass.order.iter().zip([1.0, distance]) {
                total.fetch_add(sign * fixed::from_real(f64::from(both) * x), Ordering::Relaxed);
            }
        }
    }

    /// Appends the weights of a segment, and counts the tokens that come from none.
    fn weigh(&self, segment: Segment<'_>, scratch: &mut Scratch, weights: &mut Weights) {
        let ((source, source_words), (target, target_words)) =
            (self.pass.words(0, segment.source), self.pass.words(1, segment.target));
        let (ni, nj) = (source.len(), target.len());
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
    fn bases(&self, side: usize, words: &[&Word]) -> Vec<f32> {
        let share = |word: &&Word| {
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
    fn get(&self, text: &Segments, index: usize) -> (&[[f32; 2]], &[[f32; 2]]) {
        let start = |side: &crate::bitext::Side, index: usize| index.checked_sub(1).map_or(0, |last| side.ends[last]);
        let part = |side: &crate::bitext::Side| {
            let base = start(side, index / TASK * TASK);
            (start(side, index) - base) as usize..(side.ends[index] - base) as usize
        };
        (&self.source[part(&text.source)], &self.target[part(&text.target)])
    }

    /// The exceptions of a segment.
    fn exceptions(&self, index: usize) -> &[Exception] {
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

/// Number of tokens of the other side, of `n`, that are not behind token `at` of `len`.
fn up_to(at: usize, len: usize, n: usize) -> usize {
    at * n / len + 1
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
    // Sums up to each token, of those not behind it and of those behind it, by weight and by number.
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
            let split = up_to(j, nj, ni).min(ni);
            let near = |at: usize| y[j][1] * sums[split][at] + y[j][0] * sums[split][at + 2];
            let share = (1.0 - NULL) / near(1);
            let none = NULL * null[j];
            let total = none + share * (near(0) * kept[j] + extra[j]);
            Generated { scale: share / total, none: none / total }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use xlner_core::Alignment;

    use crate::bitext::Bitext;
    use crate::fixed;
    use crate::hmm::NULL;
    use crate::keys::PairCounts;
    use crate::model::{FLOOR, SHARE};
    use crate::train::{DIAGONAL, GIVEN, TrainOptions};
    use crate::trainer::Trainer;
    use crate::views::VIEWS;
    use crate::vocabulary::{Vocabularies, WordCounts};

    /// Expected counts of a pair, view 0, from all cells one by one.
    fn one_by_one(trainer: &Trainer, bitext: &Bitext, given: &Alignment) -> Vec<Vec<f64>> {
        let first = trainer.first.as_ref().unwrap();
        let model = &trainer.model;
        let word = |side: usize, form: &u32| {
            let text = [&bitext.source, &bitext.target][side];
            [&model.source, &model.target][side].look_up(text.forms()[*form as usize])
        };
        let segment = bitext.text.get(0);
        let source: Vec<_> = segment.source.iter().map(|form| word(0, form)).collect();
        let target: Vec<_> = segment.target.iter().map(|form| word(1, form)).collect();
        let (ni, nj) = (source.len(), target.len());
        let mut p = [vec![vec![f64::from(FLOOR); nj]; ni], vec![vec![f64::from(FLOOR); nj]; ni]];
        for (i, e) in source.iter().enumerate() {
            for (j, f) in target.iter().enumerate() {
                for view in 0..VIEWS {
                    let (e, f) = (e.views[view], f.views[view]);
                    let share = [first.shares[0][view][e as usize], first.shares[1][view][f as usize]];
                    let table = &model.tables[view];
                    let prior = table.find(e, f).map_or([0.0; 2], |place| {
                        let entry = table.entries()[place];
                        [entry.forward, entry.reverse]
                    });
                    (0..2).for_each(|side| p[side][i][j] += f64::from(SHARE * (share[side] + prior[side])));
                }
            }
        }
        let shares = |side: usize, at: usize| {
            let of = given.links().iter().filter(|link| [link.source, link.target][side] as usize == at);
            of.map(|link| f64::from(GIVEN) * link.probability).fold(0.0, f64::max)
        };
        for i in 0..ni {
            for j in 0..nj {
                let link = given.links().iter().find(|link| (link.source as usize, link.target as usize) == (i, j));
                let more = link.map_or(0.0, |link| f64::from(GIVEN) * link.probability);
                p[0][i][j] = (p[0][i][j] * (1.0 - shares(1, j)) + more).min(1.0);
                p[1][i][j] = (p[1][i][j] * (1.0 - shares(0, i)) + more).min(1.0);
            }
        }
        let near =
            |i: usize, j: usize| (-f64::from(DIAGONAL) * (i as f64 / ni as f64 - j as f64 / nj as f64).abs()).exp();
        let null = [&target, &source].map(|words| words.iter().collect::<Vec<_>>());
        let null: Vec<Vec<f32>> = (0..2).map(|at| model.null_of(at, &null[at]).collect()).collect();
        let none = |x: f32| f64::from(NULL * x);
        let forward = |i: usize, j: usize| {
            let places: f64 = (0..ni).map(|i| near(i, j)).sum();
            let weight = |i: usize| near(i, j) / places * (1.0 - f64::from(NULL)) * p[0][i][j];
            weight(i) / (none(null[0][j]) + (0..ni).map(weight).sum::<f64>())
        };
        let reverse = |i: usize, j: usize| {
            let places: f64 = (0..nj).map(|j| near(i, j)).sum();
            let weight = |j: usize| near(i, j) / places * (1.0 - f64::from(NULL)) * p[1][i][j];
            weight(j) / (none(null[1][i]) + (0..nj).map(weight).sum::<f64>())
        };
        (0..ni).map(|i| (0..nj).map(|j| (forward(i, j) * reverse(i, j)).sqrt()).collect()).collect()
    }

    #[test]
    fn counts_are_those_of_all_pairs_of_tokens() {
        let source = ["Berlin", "is", "the", "capital", "of", "Germany", ",", "1999"];
        let target = ["Berlin", "ist", "seit", "1999", "die", "Hauptstadt", "Deutschlands", ",", "ja", ".", "!"];
        let links = Alignment::from_pairs([(3, 5), (0, 0), (3, 4)]);
        let options =
            TrainOptions { dictionary: vec![("capital".into(), "Hauptstadt".into())], ..TrainOptions::default() };
        for given in [Alignment::default(), links] {
            let (mut bitext, mut rest) = (Bitext::default(), Bitext::default());
            bitext.push_given(source, target, &given);
            rest.push_given(source, target, &given);
            rest.push(["the", "house", "of", "Berlin"], ["das", "Haus", "von", "Berlin"]);
            let vocabularies = Vocabularies::new(&WordCounts::of(&rest), &options, None);
            let keys = PairCounts::of(&rest, &vocabularies).keys(1000);
            let trainer = Trainer::new(vocabularies, keys, &options, None);
            let counts = trainer.expect(&bitext);
            let expected = one_by_one(&trainer, &bitext, &given);
            for (i, e) in source.iter().enumerate() {
                for (j, f) in target.iter().enumerate() {
                    let ids = (trainer.model.source.look_up(e).views[0], trainer.model.target.look_up(f).views[0]);
                    let place = trainer.place(0, ids.0, ids.1).unwrap();
                    let found = fixed::to_real(counts.links[0][place]);
                    assert!((found - expected[i][j]).abs() < 1e-4, "{e} {f}: {found} {}", expected[i][j]);
                }
            }
        }
    }
}
