//! Scores: how well a source entity matches a candidate.
//!
//! The total score of a match is the weighted sum of named scores ([`Weights`](crate::Weights)); a score that says
//! nothing of a match counts 0. Built in are
//!
//! | name | what | needs |
//! |---|---|---|
//! | `align` | [`AlignScore`]: share of linked tokens | `alignment` |
//! | `tagger` | [`TaggerScore`]: a target-side tagger's probability of the entity's label | target `probabilities` or `entities` |
//! | `tagger-any` | the same for the most probable label | the same |
//! | `string` | [`TextScore`]: similarity of the letters | – |
//! | `span` | [`span`]: all that an aligner and the corpus know | posteriors, and the whole corpus |
//! | any other | [`ColumnScore`]: given scores, `nmt` for example | that column in the record's `scores` |
//!
//! [`score_candidates`] and [`score_markers`] make the columns `nmt` and `codec` with a translation model.
//!
//! Other scores implement [`Scorer`] and are handed to [`PairProjector::project_with`](crate::PairProjector::project_with).

mod align;
mod codec;
mod column;
mod nmt;
pub mod span;
mod tagger;
mod text;

pub use align::AlignScore;
pub(crate) use align::dice;
pub use codec::{CODEC, score_markers};
pub use column::ColumnScore;
pub use nmt::{NMT, NmtOptions, nmt_score, score_candidates};
pub use tagger::TaggerScore;
pub use text::TextScore;

use std::ops::Range;

use xlner_core::Pair;

use crate::{Candidates, Result};

/// What a score looks at.
#[derive(Debug, Clone, Copy)]
pub struct ScoreInput<'a> {
    /// The pair.
    pub pair: &'a Pair,
    /// Its candidates.
    pub candidates: &'a Candidates,
}

/// A score of source entities and candidates.
pub trait Scorer {
    /// Called once per pair, before its entities.
    ///
    /// # Errors
    /// Where the pair lacks what the score needs.
    fn prepare(&mut self, input: ScoreInput<'_>) -> Result<()> {
        let _ = input;
        Ok(())
    }

    /// Adds the score of the source entity and every candidate it says something of to the row.
    ///
    /// # Errors
    /// Where what the score reads is broken.
    fn score(&mut self, input: ScoreInput<'_>, entity: usize, row: &mut Row) -> Result<()>;
}

/// The scores of one source entity, by candidate.
#[derive(Debug, Clone, Default)]
pub struct Row {
    weight: f64,
    totals: Vec<f64>,
    seen: Vec<bool>,
    touched: Vec<u32>,
    /// The candidates that count ([`Row::restrict`]).
    range: Range<usize>,
}

impl Row {
    /// Empties the row, for that many candidates.
    pub fn reset(&mut self, candidates: usize) {
        for &candidate in &self.touched {
            self.totals[candidate as usize] = 0.0;
            self.seen[candidate as usize] = false;
        }
        self.touched.clear();
        self.totals.resize(candidates, 0.0);
        self.seen.resize(candidates, false);
        self.range = 0..candidates;
    }

    /// Leaves the candidates outside a range out, whatever the scores say of them.
    pub fn restrict(&mut self, range: Range<usize>) {
        self.range = self.range.start.max(range.start)..self.range.end.min(range.end);
    }

    /// Sets the weight of what is added next.
    pub fn set_weight(&mut self, weight: f64) {
        self.weight = weight;
    }

    /// Adds a score of a candidate, times the weight. Panics when there is no such candidate.
    pub fn add(&mut self, candidate: usize, score: f64) {
        if !self.seen[candidate] {
            self.seen[candidate] = true;
            self.touched.push(candidate as u32);
        }
        self.totals[candidate] += self.weight * score;
    }

    /// The candidates something was said of, in order, with their total scores.
    pub fn totals(&mut self) -> impl Iterator<Item = (usize, f64)> {
        if !self.touched.is_sorted() {
            self.touched.sort_unstable();
        }
        let place = |candidate: usize| self.touched.partition_point(|touched| (*touched as usize) < candidate);
        let (first, end) = (place(self.range.start), place(self.range.end));
        self.touched[first..end.max(first)]
            .iter()
            .map(|&candidate| (candidate as usize, self.totals[candidate as usize]))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::CandidateSet;

    /// The scores of every entity by span.
    pub fn score_all(scorer: &mut dyn Scorer, pair: &Pair) -> Vec<Vec<((usize, usize), f64)>> {
        let mut candidates = Candidates::default();
        candidates.fill(&CandidateSet::default(), pair).unwrap();
        let input = ScoreInput { pair, candidates: &candidates };
        scorer.prepare(input).unwrap();
        let mut row = Row::default();
        row.set_weight(1.0);
        (0..pair.source.entities.len())
            .map(|entity| {
                row.reset(candidates.len());
                scorer.score(input, entity, &mut row).unwrap();
                row.totals().map(|(c, total)| (candidates.span(c), total)).map(|(s, t)| ((s.start, s.end), t)).collect()
            })
            .collect()
    }
}
