//! Training in steps: expected counts of parts of the text, their sum, new probabilities.

use std::io;

use xlner_core::fixed;

use crate::bitext::Bitext;
use crate::column::Column;
use crate::counts::{Counts, Error};
use crate::estimate::estimate;
use crate::first::First;
use crate::hmm::Jumps;
use crate::keys::{Keys, ids};
use crate::model::Model;
use crate::pass::Pass;
use crate::prior::set_priors;
use crate::spool::Spool;
use crate::table::{Entry, Table};
use crate::train::{NULL_PRIOR, TrainOptions};
use crate::views::VIEWS;
use crate::vocabulary::{Vocabularies, Vocabulary};

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
    /// What the first pass knows; the tables of the model have only pairs with prior counts until then.
    pub(crate) first: Option<First>,
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
        let first = Some(set_priors(keys, options, start, &mut model));
        model.null = shares.clone().map(|shares| shares.map(Column::from));
        if let Some(start) = start {
            model.jumps = start.jumps.clone();
        }
        Trainer { model, first, iteration: 0, iterations: options.iterations + 1, jumps_known: start.is_some(), shares }
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
        // Pairs that nothing speaks for have no probability from now on; without them the tables are small.
        let first = self.first.take().map(|first| first.keys.into_iter());
        match first {
            Some(keys) => {
                let tables = model.tables.iter_mut().zip(keys.zip(links));
                tables.for_each(|(table, (keys, links))| *table = Table::counted(&keys, &links, table));
            }
            None => model.tables.iter_mut().zip(links).for_each(|(table, links)| {
                table.counts = links.into();
                table.compact();
            }),
        }
        estimate(&mut model.tables);
        let vocabularies = [&model.target, &model.source];
        model.null = [0, 1].map(|direction| {
            smooth(vocabularies[direction], &null[direction], &self.shares[direction]).map(Column::from)
        });
        if self.iteration > 0 {
            model.jumps = jumps.map(|jumps| Jumps::estimate(&jumps));
        } else if !self.jumps_known && order[0] > 0 {
            let jumps = Jumps::of_distance(order[1] as f64 / order[0] as f64);
            model.jumps = [jumps.clone(), jumps];
        }
        self.iteration += 1;
        Ok(())
    }

    /// Number of places that the links of a view are counted at.
    pub(crate) fn places(&self, view: usize) -> usize {
        self.first.as_ref().map_or(self.model.tables[view].entries().len(), |first| first.keys[view].len())
    }

    /// The pairs of a view by place; `None` where a place is free.
    pub(crate) fn pairs(&self, view: usize) -> impl Iterator<Item = Option<(u32, u32)>> {
        let first = self.first.iter().flat_map(move |first| first.keys[view].iter().map(|&key| Some(ids(key))));
        let later = self.first.is_none().then(|| self.model.tables[view].entries().iter().map(Entry::pair));
        first.chain(later.into_iter().flatten())
    }

    /// Place of a pair of a view.
    pub(crate) fn place(&self, view: usize, source: u32, target: u32) -> Option<usize> {
        match &self.first {
            Some(first) => first.place(view, source, target),
            None => self.model.tables[view].find(source, target),
        }
    }

    /// The model as it is after the last pass that was made.
    pub fn finish(self) -> Model {
        self.model
    }
}

/// Counts of words as counts of their views.
fn by_view<C: Copy + Default + std::ops::AddAssign>(vocabulary: &Vocabulary, counts: &[C], view: usize) -> Vec<C> {
    let mut sums = vec![C::default(); vocabulary.view_len(view)];
    for (id, &count) in vocabulary.views(view).zip(counts) {
        sums[id as usize] += count;
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
