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

use xlner_core::fixed;

use crate::bitext::Segments;
use crate::keys::{Ids, Rows, ids, key};
use crate::model::Scratch;
use crate::pass::{Pass, TASK};
use crate::views::VIEWS;
use crate::vocabulary::UNKNOWN;

use weights::{Weights, up_to};

#[cfg(test)]
mod tests;
mod weights;

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
    pub pass: &'a Pass<'a>,
    pub first: &'a First,
    /// By view: the views of the words of the text.
    pub ids: &'a [Ids; VIEWS],
}

/// Counts of the target views beside one source view, and which may not be 0.
#[derive(Default)]
struct Row {
    counts: Vec<i64>,
    seen: Vec<u32>,
}

impl FirstPass<'_> {
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
                let (before, after) = target.split_at(up_to(i, ni, nj));
                let f = |j: usize| of_target[segment.target[j] as usize];
                for (j, weight) in before.iter().enumerate() {
                    count(f(j), self.base(source[i][0] * weight[0], view, (i, ni), (j, nj), f(j)));
                }
                for (j, weight) in (before.len()..).zip(after) {
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
}
