//! Training in steps: expected counts of parts of the text, their sum, new probabilities.

use std::io;
use std::sync::atomic::{AtomicI64, Ordering};

use rayon::prelude::*;

use crate::bitext::{Bitext, Segment, Segments};
use crate::counts::{Counts, Error};
use crate::estimate::exp_digamma;
use crate::hmm::{JumpCounts, Jumps};
use crate::keys::{Keys, key};
use crate::model::{Model, NOWHERE, Scratch};
use crate::spelling;
use crate::spool::Spool;
use crate::table::Table;
use crate::train::{DICTIONARY, FIRST, LEAST, NULL_PRIOR, PRIOR, TEMPERATURE, TrainOptions, VECTORS, spelling_prior};
use crate::vectors::WordVectors;
use crate::views::VIEWS;
use crate::vocabulary::{UNKNOWN, Vocabularies, Vocabulary, Word, stranger};
use xlner_core::fixed;

/// Links of this posterior, in pairs of more tokens than that on both sides, tell the word order.
const SURE: f32 = 0.3;
const SHORT: usize = 5;
/// Segments per task, and between two calls of the progress function.
const TASK: usize = 64;
const BATCH: usize = 1 << 14;

/// Trains a model pass by pass, of a text that may lie in parts in different places.
///
/// In every pass each part is counted ([`expect`](Self::expect)), the counts are added up in any order
/// ([`Counts::merge`]), and the sum gives new probabilities ([`maximise`](Self::maximise)). Where the parts were cut, in
/// which order they were added and with how many threads makes no difference to a single bit of the model.
///
/// ```
/// use xlner_align::{Bitext, PairCounts, TrainOptions, Trainer, Vocabularies, WordCounts};
///
/// let parts: Vec<Bitext> = [["the house", "das Haus"], ["the Parliament", "das Parlament"]]
///     .map(|[source, target]| {
///         let mut bitext = Bitext::default();
///         bitext.push(source.split(' '), target.split(' '));
///         bitext
///     })
///     .into();
/// let options = TrainOptions::default();
/// let (mut words, mut pairs) = (WordCounts::default(), PairCounts::default());
/// parts.iter().for_each(|part| words.merge(&WordCounts::of(part)));
/// let vocabularies = Vocabularies::new(&words, &options, None);
/// parts.iter().for_each(|part| pairs.merge(&PairCounts::of(part, &vocabularies)));
/// let mut trainer = Trainer::new(vocabularies, pairs.keys(options.max_parameters), &options, None);
/// while !trainer.is_done() {
///     let mut counts = trainer.expect(&parts[0]);
///     counts.merge(&trainer.expect(&parts[1]))?;
///     trainer.maximise(counts)?;
/// }
/// let model = trainer.finish();
/// # Ok::<(), xlner_align::CountsError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Trainer {
    pub(crate) model: Model,
    /// Passes done and to be done.
    pub(crate) iteration: usize,
    pub(crate) iterations: usize,
    /// Whether jumps are known from a model to start from.
    pub(crate) jumps_known: bool,
    /// Share of each target view (forward) and each source view (reverse) in the text.
    pub(crate) shares: [[Vec<f32>; VIEWS]; 2],
}

impl Trainer {
    /// A trainer before its first pass. The keys must be of the same vocabularies; those of the dictionary and of the model
    /// to start from come on top.
    pub fn new(vocabularies: Vocabularies, keys: Keys, options: &TrainOptions, start: Option<&Model>) -> Trainer {
        let Vocabularies { source, target, counts: [source_counts, target_counts] } = vocabularies;
        let shares = [shares(&target, &target_counts), shares(&source, &source_counts)];
        let mut model = Model::new(source, target);
        model.tables = tables(keys, options, start, &model);
        model.null = shares.clone();
        if let Some(start) = start {
            model.jumps = start.jumps.clone();
        }
        first_probabilities(&mut model.tables);
        Trainer { model, iteration: 0, iterations: options.iterations + 1, jumps_known: start.is_some(), shares }
    }

    /// The pass that is next, from 0.
    pub fn iteration(&self) -> usize {
        self.iteration
    }

    /// Passes in all.
    pub fn iterations(&self) -> usize {
        self.iterations
    }

    /// Whether all passes were made.
    pub fn is_done(&self) -> bool {
        self.iteration >= self.iterations
    }

    /// The expected counts of some pairs. Words that the vocabularies lack are linked to nothing.
    pub fn expect(&self, bitext: &Bitext) -> Counts {
        self.expect_with(bitext, &mut |_| ())
    }

    /// The same; `progress` hears how many pairs were done, pieces of long ones counted one by one.
    pub(crate) fn expect_with(&self, bitext: &Bitext, progress: &mut dyn FnMut(usize)) -> Counts {
        let pass = Pass::new(self, [&bitext.source, &bitext.target]);
        pass.add(&bitext.text, progress);
        pass.counts()
    }

    /// The same for pairs on disk.
    ///
    /// # Errors
    /// Where they cannot be read back.
    pub(crate) fn expect_spool(&self, spool: &Spool, progress: &mut dyn FnMut(usize)) -> io::Result<Counts> {
        let pass = Pass::new(self, spool.vocabularies());
        let mut before = 0;
        spool.for_each_block(&mut |block| {
            pass.add(block, &mut |done| progress(before + done));
            before += block.len();
        })?;
        Ok(pass.counts())
    }

    /// Sets the probabilities by the counts of the whole text, which ends the pass.
    ///
    /// # Errors
    /// [`Error::Pass`] for counts of another pass or trainer.
    pub fn maximise(&mut self, counts: Counts) -> Result<(), Error> {
        if !counts.fits(self) || self.is_done() {
            return Err(Error::Pass);
        }
        let Counts { links, null, jumps, order, .. } = counts;
        let model = &mut self.model;
        for (table, links) in model.tables.iter_mut().zip(links) {
            table.counts = links;
            // Pairs that nothing speaks for have no probability from now on; without them the tables are small.
            table.compact();
        }
        estimate(&mut model.tables);
        let vocabularies = [&model.target, &model.source];
        model.null = [0, 1].map(|direction| smooth(vocabularies[direction], &null[direction], &self.shares[direction]));
        if self.iteration > 0 {
            model.jumps = jumps.map(|jumps| Jumps::estimate(&jumps));
        } else if !self.jumps_known && order[0] > 0 {
            let jumps = Jumps::of_distance(order[1] as f64 / order[0] as f64);
            model.jumps = [jumps.clone(), jumps];
        }
        self.iteration += 1;
        Ok(())
    }

    /// The model as it is after the last pass that was made.
    pub fn finish(self) -> Model {
        self.model
    }
}

/// A pass over a text: counts that all threads add to.
struct Pass<'a> {
    trainer: &'a Trainer,
    /// Id of every word of the text in the vocabularies of the trainer.
    words: [Vec<u32>; 2],
    stranger: Word,
    links: [Vec<AtomicI64>; VIEWS],
    null: [Vec<AtomicI64>; 2],
    jumps: [Vec<AtomicI64>; 2],
    order: Vec<AtomicI64>,
}

impl<'a> Pass<'a> {
    fn new(trainer: &'a Trainer, text: [&Vocabulary; 2]) -> Pass<'a> {
        let Counts { links, null, jumps, order, .. } = Counts::new(trainer);
        Pass {
            trainer,
            words: [trainer.model.source.ids(text[0]), trainer.model.target.ids(text[1])],
            stranger: stranger(),
            links: links.map(atomic),
            null: null.map(atomic),
            jumps: jumps.map(atomic),
            order: atomic(order),
        }
    }

    /// Adds the counts of segments.
    fn add(&self, text: &Segments, progress: &mut dyn FnMut(usize)) {
        for first in (0..text.len()).step_by(BATCH) {
            progress(first);
            let batch = first..text.len().min(first + BATCH);
            batch.into_par_iter().with_min_len(TASK).for_each_init(Scratch::default, |scratch, index| {
                self.count(text.get(index), scratch);
            });
        }
        progress(text.len());
    }

    fn counts(self) -> Counts {
        Counts {
            iteration: self.trainer.iteration,
            links: self.links.map(plain),
            null: self.null.map(plain),
            jumps: self.jumps.map(plain),
            order: plain(self.order),
        }
    }

    /// Counts a segment.
    fn count(&self, segment: Segment<'_>, scratch: &mut Scratch) {
        let Trainer { model, iteration, .. } = self.trainer;
        let source: Vec<u32> = segment.source.iter().map(|word| self.words[0][*word as usize]).collect();
        let target: Vec<u32> = segment.target.iter().map(|word| self.words[1][*word as usize]).collect();
        let (ni, nj) = (source.len(), target.len());
        if ni == 0 || nj == 0 {
            return;
        }
        let word = |vocabulary: &'a Vocabulary, id: u32| vocabulary.words().get(id as usize);
        scratch.fill(
            model,
            source.iter().map(|&e| word(&model.source, e).unwrap_or(&self.stranger)),
            target.iter().map(|&f| word(&model.target, f).unwrap_or(&self.stranger)),
            segment.given.iter().copied(),
        );
        let first = *iteration == 0;
        if first {
            scratch.align_diagonally();
        } else {
            let mut jumps = [JumpCounts::default(), JumpCounts::default()];
            scratch.align(model, &mut jumps);
            for (total, jumps) in self.jumps.iter().zip(&jumps) {
                total.iter().zip(&jumps.0).for_each(|(total, jump)| add(total, *jump));
            }
        }
        for (j, &f) in target.iter().enumerate().filter(|(_, f)| **f != UNKNOWN) {
            let mut mass = 1.0;
            for (i, &e) in source.iter().enumerate() {
                let forward = scratch.forward[j * ni + i];
                mass -= forward;
                let both = (forward * scratch.reverse[i * nj + j]).sqrt();
                if first && both > SURE && ni.min(nj) > SHORT {
                    add(&self.order[0], f64::from(both));
                    let distance = i as f64 / ni as f64 - j as f64 / nj as f64;
                    add(&self.order[1], f64::from(both) * distance.abs());
                }
                if both > LEAST && e != UNKNOWN {
                    let (e, f) = (model.source.word(e), model.target.word(f));
                    for (view, links) in self.links.iter().enumerate() {
                        // A place that was not looked up may be there: without a probability until now.
                        let known = scratch.places[i * nj + j][view];
                        let place = match known {
                            NOWHERE => model.tables[view].find(e.views[view], f.views[view]),
                            place => Some(place),
                        };
                        if let Some(place) = place {
                            add(&links[place], f64::from(both));
                        }
                    }
                }
            }
            add(&self.null[0][f as usize], f64::from(mass.max(0.0)));
        }
        for (i, &e) in source.iter().enumerate().filter(|(_, e)| **e != UNKNOWN) {
            let linked: f32 = scratch.reverse[i * nj..(i + 1) * nj].iter().sum();
            add(&self.null[1][e as usize], f64::from((1.0 - linked).max(0.0)));
        }
    }
}

fn add(total: &AtomicI64, count: f64) {
    let count = fixed::from_real(count);
    if count != 0 {
        total.fetch_add(count, Ordering::Relaxed);
    }
}

fn atomic(counts: Vec<i64>) -> Vec<AtomicI64> {
    counts.into_iter().map(AtomicI64::new).collect()
}

fn plain(counts: Vec<AtomicI64>) -> Vec<i64> {
    counts.into_iter().map(AtomicI64::into_inner).collect()
}

/// Counts of words as counts of their views.
fn by_view<C: Copy + Default + std::ops::AddAssign>(vocabulary: &Vocabulary, counts: &[C], view: usize) -> Vec<C> {
    let mut sums = vec![C::default(); vocabulary.view_len(view)];
    for (word, &count) in vocabulary.words().iter().zip(counts) {
        sums[word.views[view] as usize] += count;
    }
    sums
}

/// Share of every view in the occurrences of words.
fn shares(vocabulary: &Vocabulary, counts: &[u64]) -> [Vec<f32>; VIEWS] {
    let total = counts.iter().sum::<u64>().max(1) as f64;
    std::array::from_fn(|view| {
        by_view(vocabulary, counts, view).into_iter().map(|count| (count as f64 / total) as f32).collect()
    })
}

/// Probabilities of having come from none, from the counts of words and the shares of the text.
fn smooth(vocabulary: &Vocabulary, counts: &[i64], shares: &[Vec<f32>; VIEWS]) -> [Vec<f32>; VIEWS] {
    let total = fixed::to_real(counts.iter().sum()) + NULL_PRIOR;
    std::array::from_fn(|view| {
        let counts = by_view(vocabulary, counts, view);
        let smoothed = |(count, share): (i64, &f32)| (fixed::to_real(count) + NULL_PRIOR * f64::from(*share)) / total;
        counts.into_iter().zip(&shares[view]).map(|pair| smoothed(pair) as f32).collect()
    })
}

/// The tables of the views: the keys, those of the dictionary, those of the model to start from; with their prior counts.
fn tables(keys: Keys, options: &TrainOptions, start: Option<&Model>, model: &Model) -> [Table; VIEWS] {
    let (source, target) = (&model.source, &model.target);
    let dictionary: Vec<(u32, u32, f32)> = options
        .dictionary
        .iter()
        .flat_map(|(a, b)| {
            let share = DICTIONARY / (a.split_whitespace().count() * b.split_whitespace().count()) as f32;
            a.split_whitespace().flat_map(move |x| b.split_whitespace().map(move |y| (x, y, share)))
        })
        .map(|(x, y, share)| (source.look_up(x).views[0], target.look_up(y).views[0], share))
        .collect();
    let of_view = |(view, mut keys): (usize, Vec<u64>)| {
        let pair = |e: u32, f: u32| (source.view(e, view), target.view(f, view));
        let before = keys.len();
        keys.extend(dictionary.iter().map(|&(e, f, _)| pair(e, f)).map(|(e, f)| key(e, f)));
        if let Some(start) = start {
            start.for_each_count(view, source, target, |e, f, _| keys.push(key(e, f)));
        }
        if keys.len() > before {
            keys.sort_unstable();
            keys.dedup();
        }
        let mut table = Table::new(&keys);
        drop(keys);
        for &(e, f, prior) in &dictionary {
            let (e, f) = pair(e, f);
            table.find(e, f).into_iter().for_each(|place| table.priors[place] += prior);
        }
        if let Some(start) = start {
            start.for_each_count(view, source, target, |e, f, count| {
                table.find(e, f).into_iter().for_each(|place| table.priors[place] += count);
            });
        }
        table
    };
    let mut tables: [Table; VIEWS] = {
        let mut keys = keys.0.into_iter().enumerate();
        std::array::from_fn(|_| of_view(keys.next().expect("as many keys as views")))
    };
    // Words spelt alike raise the prior of all their views.
    let alike: Vec<(u32, u32, f32)> = tables[0]
        .entries()
        .par_iter()
        .filter_map(|entry| {
            let (e, f) = entry.pair()?;
            let prior = spelling_prior(spelling::similarity(source.word(e), target.word(f)));
            (prior > 1e-4).then_some((e, f, prior))
        })
        .collect();
    let alike: Vec<(u32, u32, f32)> = match &options.vectors {
        Some(vectors) => alike.into_iter().chain(near(vectors, &tables[0], source, target)).collect(),
        None => alike,
    };
    tables.par_iter_mut().enumerate().for_each(|(view, table)| {
        let mut best = vec![0.0f32; table.priors.len()];
        for &(e, f, prior) in &alike {
            if let Some(place) = table.find(source.view(e, view), target.view(f, view)) {
                best[place] = best[place].max(prior);
            }
        }
        table.priors.iter_mut().zip(best).for_each(|(prior, best)| *prior += best);
    });
    tables
}

/// Pairs of words whose vectors are near each other, and their prior counts: the geometric mean of the shares that each has
/// among the words beside which the other stands, by the softmax of the cosines.
fn near(vectors: &WordVectors, table: &Table, source: &Vocabulary, target: &Vocabulary) -> Vec<(u32, u32, f32)> {
    let rows = [vectors.rows(false, source), vectors.rows(true, target)];
    let weights: Vec<(u32, u32, f32)> = table
        .entries()
        .par_iter()
        .filter_map(|entry| {
            let (e, f) = entry.pair()?;
            let cosine = vectors.cosine(rows[0][e as usize]?, rows[1][f as usize]?);
            Some((e, f, (cosine / TEMPERATURE).exp()))
        })
        .collect();
    let mut sums = [vec![0.0f64; source.len()], vec![0.0f64; target.len()]];
    for &(e, f, weight) in &weights {
        sums[0][e as usize] += f64::from(weight);
        sums[1][f as usize] += f64::from(weight);
    }
    let share = |(e, f, weight): (u32, u32, f32)| {
        let both = (sums[0][e as usize] * sums[1][f as usize]).sqrt();
        (e, f, (VECTORS * f64::from(weight) / both) as f32)
    };
    weights.into_iter().map(share).filter(|(.., prior)| *prior > 1e-2).collect()
}

/// Probabilities before anything was counted: the means of the priors.
fn first_probabilities(tables: &mut [Table; VIEWS]) {
    tables.par_iter_mut().for_each(|table| {
        let priors = std::mem::take(&mut table.priors);
        set_probabilities(table, |place| priors[place] + FIRST, |x| x);
        table.priors = priors;
    });
}

/// Probabilities from what was counted and the priors.
fn estimate(tables: &mut [Table; VIEWS]) {
    tables.par_iter_mut().for_each(|table| {
        let (priors, counts) = (std::mem::take(&mut table.priors), std::mem::take(&mut table.counts));
        set_probabilities(table, |place| fixed::to_real(counts[place]) as f32 + priors[place] + PRIOR, exp_digamma);
        table.priors = priors;
        table.counts = counts;
    });
}

/// Sets both probabilities of every pair to `of(value) / of(sum of values)`.
fn set_probabilities(table: &mut Table, value: impl Fn(usize) -> f32, of: impl Fn(f32) -> f32) {
    let (mut source, mut target) = (Vec::new(), Vec::new());
    let add = |sums: &mut Vec<f64>, id: u32, x: f32| {
        if sums.len() <= id as usize {
            sums.resize(id as usize + 1, 0.0);
        }
        sums[id as usize] += f64::from(x);
    };
    for (place, entry) in table.entries().iter().enumerate() {
        if let Some((e, f)) = entry.pair() {
            add(&mut source, e, value(place));
            add(&mut target, f, value(place));
        }
    }
    let totals = |sums: Vec<f64>| -> Vec<f32> { sums.into_iter().map(|sum| of(sum as f32).max(1e-6)).collect() };
    let (source, target) = (totals(source), totals(target));
    for (place, entry) in table.entries_mut().iter_mut().enumerate() {
        if let Some((e, f)) = entry.pair() {
            let x = of(value(place));
            entry.forward = (x / source[e as usize]).min(1.0);
            entry.reverse = (x / target[f as usize]).min(1.0);
        }
    }
}
