//! The scores of SemEval-2013 task 9 (Segura-Bedmar et al. 2013), as the program `nervaluate` 1.2 counts them.
//!
//! Four ways to compare: *strict* (span and label), *exact* (span), *partial* (any shared token, half a point unless the
//! spans are equal) and *type* (any shared token, and the label). In each, every predicted entity in turn takes one
//! gold entity that no other took: a correct one if there is one, else the first that it overlaps (incorrect, or partial), else it is
//! spurious. Gold entities that nobody took are missed. Of several correct ones, *type* takes the one with the
//! nearest boundaries.

use serde::Serialize;

use crate::chunks::Chunk;
use crate::scores::{f1, ratio};

/// What became of the entities in one way to compare.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct MatchCounts {
    /// Predicted and right.
    pub correct: u64,
    /// Predicted over a gold entity, and wrong.
    pub incorrect: u64,
    /// Predicted over a part of a gold entity; in *partial* only.
    pub partial: u64,
    /// Gold entities that no prediction took.
    pub missed: u64,
    /// Predicted where no gold entity was left.
    pub spurious: u64,
}

/// The counts and figures of one way to compare.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SchemeScores {
    /// (correct + partial / 2) / predicted entities.
    pub precision: f64,
    /// (correct + partial / 2) / gold entities.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
    /// What became of the entities.
    #[serde(flatten)]
    pub counts: MatchCounts,
}

/// The four ways to compare.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SemEval2013 {
    /// Span and label.
    pub strict: SchemeScores,
    /// Span.
    pub exact: SchemeScores,
    /// Overlap.
    pub partial: SchemeScores,
    /// Overlap and label.
    #[serde(rename = "type")]
    pub type_: SchemeScores,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Strict,
    Exact,
    Partial,
    Type,
}

const WAYS: [Way; 4] = [Way::Strict, Way::Exact, Way::Partial, Way::Type];

/// Counts sentence by sentence.
#[derive(Default)]
pub(crate) struct Counter {
    counts: [MatchCounts; 4],
    taken: Vec<bool>,
}

impl Counter {
    pub(crate) fn push(&mut self, gold: &[Chunk], predicted: &[Chunk]) {
        if gold == predicted {
            self.counts.iter_mut().for_each(|counts| counts.correct += gold.len() as u64);
            return;
        }
        for (counts, way) in self.counts.iter_mut().zip(WAYS) {
            self.taken.clear();
            self.taken.resize(gold.len(), false);
            for prediction in predicted {
                match choose(way, gold, &self.taken, prediction) {
                    Some((index, correct)) => {
                        self.taken[index] = true;
                        match way {
                            _ if correct => counts.correct += 1,
                            Way::Partial => counts.partial += 1,
                            _ => counts.incorrect += 1,
                        }
                    }
                    None => counts.spurious += 1,
                }
            }
            counts.missed += self.taken.iter().filter(|&&taken| !taken).count() as u64;
        }
    }

    pub(crate) fn finish(&self) -> SemEval2013 {
        let [strict, exact, partial, type_] = self.counts.map(SchemeScores::new);
        SemEval2013 { strict, exact, partial, type_ }
    }
}

impl SchemeScores {
    fn new(counts: MatchCounts) -> Self {
        let MatchCounts { correct, incorrect, partial, missed, spurious } = counts;
        let found = correct as f64 + 0.5 * partial as f64;
        let both = correct + incorrect + partial;
        let precision = ratio(found, (both + spurious) as f64);
        let recall = ratio(found, (both + missed) as f64);
        SchemeScores { precision, recall, f1: f1(precision, recall), counts }
    }
}

/// The gold entity that a prediction takes, and whether that is correct.
fn choose(way: Way, gold: &[Chunk], taken: &[bool], prediction: &Chunk) -> Option<(usize, bool)> {
    let free = || gold.iter().enumerate().filter(|&(index, _)| !taken[index]);
    let same_span = |chunk: &Chunk| (chunk.start, chunk.end) == (prediction.start, prediction.end);
    let correct = match way {
        Way::Strict => free().find(|(_, chunk)| *chunk == prediction),
        Way::Exact | Way::Partial => free().find(|(_, chunk)| same_span(chunk)),
        Way::Type => free()
            .filter(|(_, chunk)| chunk.label == prediction.label && overlap(chunk, prediction))
            .min_by_key(|(_, chunk)| chunk.start.abs_diff(prediction.start) + chunk.end.abs_diff(prediction.end)),
    };
    correct
        .map(|(index, _)| (index, true))
        .or_else(|| free().find(|(_, chunk)| overlap(chunk, prediction)).map(|(index, _)| (index, false)))
}

/// Whether a prediction covers at least one in a hundred tokens of a gold entity (`nervaluate`'s threshold).
fn overlap(gold: &Chunk, prediction: &Chunk) -> bool {
    let shared = gold.end.min(prediction.end).saturating_sub(gold.start.max(prediction.start));
    shared > 0 && 100 * u64::from(shared) >= u64::from(gold.end - gold.start)
}
