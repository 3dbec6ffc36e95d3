//! `string`: similarity of the letters.

use super::{Row, ScoreInput, Scorer};
use crate::Result;
use xlner_core::text::{Lcs, dice, fold};

/// Less alike than this is chance and counts 0.
const CUT: f64 = 0.5;

/// Twice the longest common subsequence over the sum of lengths of entity and candidate, both in lower-case Latin letters
/// without diacritics and spaces (`any_ascii`), 0..=1; cut below 0.5. Names that are copied, inflected or transliterated
/// score high.
#[derive(Debug, Clone, Default)]
pub struct TextScore {
    lcs: Lcs,
    entity: String,
    /// Folded target tokens, one after the other.
    target: String,
    offsets: Vec<usize>,
}

impl Scorer for TextScore {
    fn prepare(&mut self, input: ScoreInput<'_>) -> Result<()> {
        self.target.clear();
        self.offsets.clear();
        self.offsets.push(0);
        for token in input.pair.target.tokens() {
            self.target.push_str(&fold(token));
            self.offsets.push(self.target.len());
        }
        Ok(())
    }

    fn score(&mut self, input: ScoreInput<'_>, entity: usize, row: &mut Row) -> Result<()> {
        self.entity.clear();
        for token in input.pair.source.entities[entity].span.range() {
            self.entity.push_str(&fold(input.pair.source.token(token)));
        }
        self.lcs.set_pattern(self.entity.as_bytes());
        for start in 0..input.candidates.target_len() {
            let (number, ends) = input.candidates.starting_at(start);
            if ends.is_empty() {
                continue;
            }
            self.lcs.reset();
            let from = self.offsets[start];
            let mut done = from;
            for (at, &end) in ends.iter().enumerate() {
                let until = self.offsets[end as usize];
                // Longer texts fall below the cut whatever they have in common.
                if until - from > 3 * self.entity.len() {
                    break;
                }
                self.lcs.extend(&self.target.as_bytes()[done..until]);
                done = until;
                let score = f64::from(dice(self.lcs.common(), self.entity.len(), until - from));
                if score >= CUT {
                    row.add(number + at, score);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use xlner_core::{Entity, Pair, Sentence};

    use super::super::tests::score_all;
    use super::*;

    #[test]
    fn names_are_recognised_across_scripts() {
        let mut pair = Pair {
            source: Sentence::from_tokens(["with", "Angela", "Merkel"]),
            target: Sentence::from_tokens(["с", "Ангелой", "Меркель", "сегодня", "?"]),
            ..Pair::default()
        };
        pair.source.entities = vec![Entity::new(1..3, "PER")];
        let row = &score_all(&mut TextScore::default(), &pair)[0];
        let best = row.iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        assert_eq!(best.0, (1, 3), "{row:?}");
        assert!(row.iter().all(|(_, score)| (0.5..=1.0).contains(score)));
    }
}
