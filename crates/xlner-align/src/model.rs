//! A trained aligner.

use std::hint::black_box;

use xlner_core::{Alignment, Evidence, Posteriors, fixed};

use crate::bitext::{Bitext, Given, within};
use crate::column::Column;
use crate::cut::pieces;
use crate::hmm::{self, JumpCounts, Jumps};
use crate::spelling;
use crate::spool::Spool;
use crate::table::{Entry, Table};
use crate::train::{self, TrainOptions, TrainProgress};
use crate::views::VIEWS;
use crate::vocabulary::{UNKNOWN, Vocabulary, Word};

/// A statistical word aligner: hidden Markov models of both directions over several views of the words.
#[derive(Debug, Clone)]
pub struct Model {
    pub(crate) source: Vocabulary,
    pub(crate) target: Vocabulary,
    pub(crate) tables: [Table; VIEWS],
    /// Of the forward direction (source generates target) and the reverse.
    pub(crate) jumps: [Jumps; 2],
    /// Probability of each target view (forward) and each source view (reverse) given none.
    pub(crate) null: [[Column<f32>; VIEWS]; 2],
}

/// Cells of which every value is below this are left out of [`Posteriors`].
const NEGLIGIBLE: f32 = 1e-3;
/// Every emission is at least this.
pub(crate) const FLOOR: f32 = 1e-9;
/// Share that each view has of a probability.
pub(crate) const SHARE: f32 = 1.0 / VIEWS as f32;

impl Model {
    pub(crate) fn new(source: Vocabulary, target: Vocabulary) -> Model {
        Model {
            source,
            target,
            tables: std::array::from_fn(|_| Table::default()),
            jumps: [Jumps::default(), Jumps::default()],
            null: Default::default(),
        }
    }

    /// Trains a model, or with `start` goes on training one: what it has counted are then prior counts. The same bitext
    /// and options give the same model, whatever the number of threads.
    pub fn train(
        bitext: &Bitext,
        options: &TrainOptions,
        start: Option<&Model>,
        progress: &mut dyn FnMut(TrainProgress),
    ) -> Model {
        train::train(bitext, options, start, progress)
    }

    /// Trains on pairs on disk as [`train`](Self::train) does on pairs in memory, and makes the same model of them.
    /// Training takes about `memory` bytes besides the words: where not all parameters fit, the rarest are left out.
    ///
    /// # Errors
    /// Where the file of the spool cannot be read.
    pub fn train_spool(
        spool: &Spool,
        options: &TrainOptions,
        start: Option<&Model>,
        memory: usize,
        progress: &mut dyn FnMut(TrainProgress),
    ) -> std::io::Result<Model> {
        train::train_spool(spool, options, start, memory, progress)
    }

    /// Posteriors of a tokenised pair of sentences, seen in training or not. Long pairs are aligned in pieces
    /// ([`Pair::LONG`](xlner_core::Pair::LONG)).
    pub fn posteriors<S: AsRef<str>, T: AsRef<str>>(&self, source: &[S], target: &[T]) -> Posteriors {
        self.posteriors_with(source, target, &mut Scratch::default())
    }

    /// The same, with buffers that are kept between pairs.
    pub fn posteriors_with<S: AsRef<str>, T: AsRef<str>>(
        &self,
        source: &[S],
        target: &[T],
        scratch: &mut Scratch,
    ) -> Posteriors {
        self.posteriors_given(source, target, &Alignment::default(), scratch)
    }

    /// The same for a pair for which another aligner gave links; see [`Bitext::push_given`].
    pub fn posteriors_given<S: AsRef<str>, T: AsRef<str>>(
        &self,
        source: &[S],
        target: &[T],
        given: &Alignment,
        scratch: &mut Scratch,
    ) -> Posteriors {
        let source: Vec<Word<'_>> = source.iter().map(|token| self.source.look_up(token.as_ref())).collect();
        let target: Vec<Word<'_>> = target.iter().map(|token| self.target.look_up(token.as_ref())).collect();
        let mut cells = Vec::new();
        for piece in pieces(source.len(), target.len(), |i| &source[i].folded, |j| &target[j].folded) {
            let (e, f) = (&source[piece.source.clone()], &target[piece.target.clone()]);
            let (ni, nj) = (e.len(), f.len());
            scratch.fill(self, e, f, within(given, &piece));
            scratch.align(self, false);
            for i in 0..ni {
                for j in 0..nj {
                    let cell = Evidence {
                        source: (piece.source.start + i) as u32,
                        target: (piece.target.start + j) as u32,
                        forward: scratch.forward[j * ni + i],
                        reverse: scratch.reverse[i * nj + j],
                        lexical_forward: scratch.emission[0][j * ni + i],
                        lexical_reverse: scratch.emission[1][i * nj + j],
                    };
                    let values = [cell.forward, cell.reverse, cell.lexical_forward, cell.lexical_reverse];
                    if values.iter().any(|&value| value > NEGLIGIBLE) {
                        cells.push(cell);
                    }
                }
            }
        }
        Posteriors { source_len: source.len(), target_len: target.len(), cells }
    }

    /// Probability given none of each target word (direction 0), each source word (1).
    pub(crate) fn null_of<'a>(&'a self, direction: usize, words: &'a [Word<'_>]) -> impl Iterator<Item = f32> + 'a {
        words.iter().map(move |word| {
            let of = |view: usize| self.null[direction][view].get(word.views[view] as usize).copied();
            SHARE * (0..VIEWS).filter_map(of).sum::<f32>() + FLOOR
        })
    }

    /// Number of words known on the source and on the target side.
    pub fn vocabulary(&self) -> (usize, usize) {
        (self.source.len(), self.target.len())
    }

    /// Number of translation probabilities, all views together.
    pub fn parameters(&self) -> usize {
        self.tables.iter().map(Table::len).sum()
    }

    /// Calls `visit` with what was counted of every pair of a view, in the ids of other vocabularies that know all words.
    pub(crate) fn for_each_count(
        &self,
        view: usize,
        source: &Vocabulary,
        target: &Vocabulary,
        mut visit: impl FnMut(u32, u32, f32),
    ) {
        let ids = |own: &Vocabulary, other: &Vocabulary| {
            let mut ids = vec![UNKNOWN; own.view_len(view)];
            for (id, form) in own.forms().enumerate() {
                ids[own.word(id as u32).views[view] as usize] = other.look_up(form).views[view];
            }
            ids
        };
        let (source_ids, target_ids) = (ids(&self.source, source), ids(&self.target, target));
        let table = &self.tables[view];
        for (entry, &count) in table.entries().iter().zip(table.counts.iter()) {
            if let Some((e, f)) = entry.pair()
                && count > 0
                && let (Some(&e), Some(&f)) = (source_ids.get(e as usize), target_ids.get(f as usize))
            {
                visit(e, f, fixed::to_real(count) as f32);
            }
        }
    }
}

/// Buffers for one pair; after [`align`](Self::align) its posteriors.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Forward: target × source tokens, probability of the target given the source token. Reverse: source × target.
    emission: [Vec<f32>; 2],
    /// Probability of each target (forward), each source token (reverse) given none.
    null: [Vec<f32>; 2],
    /// Posterior of the target token having come from the source token: target × source.
    pub(crate) forward: Vec<f32>,
    /// Posterior of the source token having come from the target token: source × target.
    pub(crate) reverse: Vec<f32>,
    /// Place of each pair of views that has a probability in its table: source × target.
    pub(crate) places: Vec<[u32; VIEWS]>,
    /// Pairs of tokens whose coarser views have a probability.
    live: Vec<(u32, u32)>,
    /// Expected jumps, forward and reverse.
    pub(crate) jumps: [JumpCounts; 2],
    hmm: hmm::Buffers,
}

/// Stands for a pair of views without a probability.
pub(crate) const NOWHERE: u32 = u32::MAX;
/// Look-ups that are under way at a time.
const AHEAD: usize = 32;

impl Scratch {
    /// Calls `found` with the view, the tokens, the place and the entry of every pair of views that has a probability: from
    /// the coarsest view on, and in each by source, then target token.
    pub(crate) fn visit(
        &mut self,
        model: &Model,
        source: &[Word<'_>],
        target: &[Word<'_>],
        mut found: impl FnMut(usize, (u32, u32), usize, &Entry),
    ) {
        let live = &mut self.live;
        live.clear();
        // What the coarsest view has never counted, no finer one has.
        for (view, table) in model.tables.iter().map(Table::view).enumerate().rev() {
            let pair = |(i, j): (u32, u32)| (source[i as usize].views[view], target[j as usize].views[view]);
            let may_hold = |cell: (u32, u32)| {
                let (e, f) = pair(cell);
                table.may_hold(e, f)
            };
            if view + 1 == VIEWS {
                let (ni, nj) = (source.len() as u32, target.len() as u32);
                live.extend((0..ni).flat_map(|i| (0..nj).map(move |j| (i, j))).filter(|&cell| may_hold(cell)));
            } else {
                live.retain(|&cell| may_hold(cell));
            }
            let mut kept = 0;
            for first in (0..live.len()).step_by(AHEAD) {
                let cells = first..live.len().min(first + AHEAD);
                // All lines are asked for before the first is needed.
                let touched = live[cells.clone()].iter().map(|&cell| pair(cell)).map(|(e, f)| table.touch(e, f));
                black_box(touched.fold(0, |sum, key| sum ^ key));
                for at in cells {
                    let (e, f) = pair(live[at]);
                    let Some(place) = table.find(e, f) else { continue };
                    let entry = table.entry(place);
                    if entry.forward == 0.0 && entry.reverse == 0.0 {
                        continue;
                    }
                    found(view, live[at], place, &entry);
                    live[kept] = live[at];
                    kept += 1;
                }
            }
            live.truncate(kept);
        }
    }

    /// Sets the emissions of a pair; given links must be inside it.
    pub(crate) fn fill(
        &mut self,
        model: &Model,
        source: &[Word<'_>],
        target: &[Word<'_>],
        given: impl Iterator<Item = Given>,
    ) {
        let (ni, nj) = (source.len(), target.len());
        let [mut forward, mut reverse] = std::mem::take(&mut self.emission);
        let mut places = std::mem::take(&mut self.places);
        for emissions in [&mut forward, &mut reverse] {
            emissions.clear();
            emissions.resize(ni * nj, FLOOR);
        }
        places.clear();
        places.resize(ni * nj, [NOWHERE; VIEWS]);
        self.visit(model, source, target, |view, (i, j), place, entry| {
            let (i, j) = (i as usize, j as usize);
            forward[j * ni + i] += SHARE * entry.forward;
            reverse[i * nj + j] += SHARE * entry.reverse;
            places[i * nj + j][view] = place as u32;
        });
        let unknown = |words: &[Word<'_>]| words.iter().any(|word| word.views[0] == UNKNOWN);
        if unknown(source) || unknown(target) {
            for (i, e) in source.iter().enumerate() {
                for (j, f) in target.iter().enumerate() {
                    if e.views[0] == UNKNOWN || f.views[0] == UNKNOWN {
                        let alike = train::unseen(spelling::similarity(e, f));
                        for value in [&mut forward[j * ni + i], &mut reverse[i * nj + j]] {
                            *value = value.max(FLOOR + alike);
                        }
                    }
                }
            }
        }
        // A mixture: of a token that has given links, GIVEN of the probability is theirs.
        let given: Vec<Given> = given.collect();
        let mut shares = (vec![0.0f32; ni], vec![0.0f32; nj]);
        for link in &given {
            let (e, f) = (&mut shares.0[link.source as usize], &mut shares.1[link.target as usize]);
            (*e, *f) = (e.max(train::GIVEN * link.probability), f.max(train::GIVEN * link.probability));
        }
        if !given.is_empty() {
            let scale = |row: &mut [f32], share: &f32| row.iter_mut().for_each(|value| *value *= 1.0 - share);
            forward.chunks_exact_mut(ni).zip(&shares.1).for_each(|(row, share)| scale(row, share));
            reverse.chunks_exact_mut(nj).zip(&shares.0).for_each(|(row, share)| scale(row, share));
        }
        for Given { source: i, target: j, probability } in given {
            let (i, j) = (i as usize, j as usize);
            for value in [&mut forward[j * ni + i], &mut reverse[i * nj + j]] {
                *value = (*value + train::GIVEN * probability).min(1.0);
            }
        }
        for (direction, words) in [target, source].into_iter().enumerate() {
            self.null[direction].clear();
            self.null[direction].extend(model.null_of(direction, words));
        }
        (self.emission, self.places) = ([forward, reverse], places);
    }

    /// Posteriors by the hidden Markov models, and where it is asked for the expected jumps.
    pub(crate) fn align(&mut self, model: &Model, count_jumps: bool) {
        let (ni, nj) = (self.null[1].len(), self.null[0].len());
        self.forward.resize(ni * nj, 0.0);
        self.reverse.resize(ni * nj, 0.0);
        let [forward, reverse] = &mut self.jumps;
        forward.0.fill(0.0);
        reverse.0.fill(0.0);
        hmm::posteriors(
            &model.jumps[0],
            (ni, nj),
            &self.emission[0],
            &self.null[0],
            &mut self.hmm,
            &mut self.forward,
            count_jumps.then_some(forward),
        );
        hmm::posteriors(
            &model.jumps[1],
            (nj, ni),
            &self.emission[1],
            &self.null[1],
            &mut self.hmm,
            &mut self.reverse,
            count_jumps.then_some(reverse),
        );
    }
}
