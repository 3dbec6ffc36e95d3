//! The span score as one of the scores of candidate matching.

use xlner_core::Span;

use super::model::Scored;
use crate::Result;
use crate::scores::{Input, Row, Scorer};

/// Log-odds of a candidate that is too long to be measured.
const TOO_LONG: f64 = -10.0;

/// The scores of one pair, made beforehand.
pub(crate) struct SpanScorer {
    /// By entity, then start, then end.
    pub scores: Vec<Scored>,
}

impl Scorer for SpanScorer {
    fn score(&mut self, input: Input<'_>, entity: usize, row: &mut Row) -> Result<()> {
        let scores = &self.scores[entity];
        let mut at = 0;
        for start in 0..input.candidates.target_len() {
            let (first, ends) = input.candidates.starting_at(start);
            for (index, &end) in ends.iter().enumerate() {
                let span = Span::new(start, end as usize);
                while scores.get(at).is_some_and(|(known, _)| *known < span) {
                    at += 1;
                }
                let known = scores.get(at).filter(|(known, _)| *known == span);
                row.add(first + index, known.map_or(TOO_LONG, |(_, score)| f64::from(*score)));
            }
        }
        Ok(())
    }
}
