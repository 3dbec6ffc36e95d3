//! The span score as one of the scores of candidate matching.

use std::ops::Range;

use xlner_core::Span;

use super::model::Scored;
use crate::Result;
use crate::scores::{Row, ScoreInput, Scorer};

/// Log-odds of a candidate that is too long to be measured.
const TOO_LONG: f64 = -10.0;

/// The scores of one pair, made beforehand.
pub(crate) struct SpanScorer {
    /// By entity, then start, then end.
    pub scores: Vec<Scored>,
    /// By entity: the tokens in which its candidates are; the others are left out.
    pub windows: Vec<Range<usize>>,
}

impl Scorer for SpanScorer {
    fn score(&mut self, input: ScoreInput<'_>, entity: usize, row: &mut Row) -> Result<()> {
        let scores = &self.scores[entity];
        let window = self.windows[entity].clone();
        let place = |token: usize| {
            if token < input.candidates.target_len() {
                input.candidates.starting_at(token).0
            } else {
                input.candidates.len()
            }
        };
        row.restrict(place(window.start)..place(window.end));
        let mut at = 0;
        for start in window {
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
