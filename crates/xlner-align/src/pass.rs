//! A pass over a part of the text: the expected counts of its pairs.

use std::sync::atomic::{AtomicI64, Ordering};

use rayon::prelude::*;

use xlner_core::fixed;

use crate::bitext::{Segment, Segments};
use crate::counts::Counts;
use crate::first::FirstPass;
use crate::keys::Ids;
use crate::model::{Model, NOWHERE, Scratch};
use crate::train::LEAST;
use crate::trainer::Trainer;
use crate::views::VIEWS;
use crate::vocabulary::{UNKNOWN, Vocabulary, Word, stranger};

/// Segments per task, and between two calls of the progress function.
pub(crate) const TASK: usize = 64;
const BATCH: usize = 1 << 14;

/// A pass over a text: counts that all threads add to.
pub(crate) struct Pass<'a> {
    pub trainer: &'a Trainer,
    /// Id of every word of the text in the vocabularies of the trainer.
    pub words: [Vec<u32>; 2],
    /// By view: the views of the words of the text; in the first pass only.
    ids: Option<[Ids; VIEWS]>,
    stranger: Word<'static>,
    pub links: [Vec<AtomicI64>; VIEWS],
    pub null: [Vec<AtomicI64>; 2],
    jumps: [Vec<AtomicI64>; 2],
    pub order: Vec<AtomicI64>,
}

impl<'a> Pass<'a> {
    pub fn new(trainer: &'a Trainer, text: [&Vocabulary; 2]) -> Pass<'a> {
        let Counts { links, null, jumps, order, .. } = Counts::new(trainer);
        let Model { source, target, .. } = &trainer.model;
        let words = [source.ids(text[0]), target.ids(text[1])];
        let ids = trainer.first.is_some().then(|| std::array::from_fn(|view| Ids::new(&words, [source, target], view)));
        Pass {
            trainer,
            words,
            ids,
            stranger: stranger(),
            links: links.map(atomic),
            null: null.map(atomic),
            jumps: jumps.map(atomic),
            order: atomic(order),
        }
    }

    /// Adds the counts of segments.
    pub fn add(&self, text: &Segments, progress: &mut dyn FnMut(usize)) {
        if let (Some(first), Some(ids)) = (&self.trainer.first, &self.ids) {
            progress(0);
            FirstPass { pass: self, first, ids }.add(text);
            return progress(text.len());
        }
        for first in (0..text.len()).step_by(BATCH) {
            progress(first);
            let batch = first..text.len().min(first + BATCH);
            batch.into_par_iter().with_min_len(TASK).for_each_init(Scratch::default, |scratch, index| {
                self.count(text.get(index), scratch);
            });
        }
        progress(text.len());
    }

    pub fn counts(self) -> Counts {
        Counts {
            iteration: self.trainer.iteration,
            links: self.links.map(plain),
            null: self.null.map(plain),
            jumps: self.jumps.map(plain),
            order: plain(self.order),
        }
    }

    /// The words of one side of a segment: their ids in the vocabulary of the trainer, and what it knows of them.
    pub fn words(&self, side: usize, tokens: &[u32]) -> (Vec<u32>, Vec<Word<'_>>) {
        let model = &self.trainer.model;
        let vocabulary: &Vocabulary = [&model.source, &model.target][side];
        let ids: Vec<u32> = tokens.iter().map(|&word| self.words[side][word as usize]).collect();
        let known = |&id: &u32| if id == UNKNOWN { self.stranger.clone() } else { vocabulary.word(id) };
        let words = ids.iter().map(known).collect();
        (ids, words)
    }

    /// Counts a segment.
    fn count(&self, segment: Segment<'_>, scratch: &mut Scratch) {
        let model = &self.trainer.model;
        let ((source, source_words), (target, target_words)) =
            (self.words(0, segment.source), self.words(1, segment.target));
        let (ni, nj) = (source.len(), target.len());
        if ni == 0 || nj == 0 {
            return;
        }
        scratch.fill(model, &source_words, &target_words, segment.given.iter().copied());
        scratch.align(model, true);
        for (total, jumps) in self.jumps.iter().zip(&scratch.jumps) {
            total.iter().zip(&jumps.0).for_each(|(total, jump)| add(total, f64::from(*jump)));
        }
        for (j, &f) in target.iter().enumerate().filter(|(_, f)| **f != UNKNOWN) {
            let mut mass = 1.0;
            for (i, &e) in source.iter().enumerate() {
                let forward = scratch.forward[j * ni + i];
                mass -= forward;
                let both = (forward * scratch.reverse[i * nj + j]).sqrt();
                if both > LEAST && e != UNKNOWN {
                    for (view, links) in self.links.iter().enumerate() {
                        // A place that was not looked up may be there: without a probability until now.
                        let known = scratch.places[i * nj + j][view];
                        let place = match known {
                            NOWHERE => {
                                model.tables[view].find(source_words[i].views[view], target_words[j].views[view])
                            }
                            place => Some(place as usize),
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

pub(crate) fn add(total: &AtomicI64, count: f64) {
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
