//! Given scores: a column of the record.

use super::{Row, ScoreInput, Scorer};
use crate::{Error, Result};

/// The scores of a column under the record's `scores`, as they are. Spans that are no candidates are passed over.
///
/// Published for `nmt` (direct NMTScore, Vamvas and Sennrich 2022; Shkalikov 2024, eq. “nmt_score”):
/// `½ [P(A|B)/P(A|A) + P(B|A)/P(B|B)]` of the texts A and B, cut below 0.1; whoever fills the column cuts.
#[derive(Debug, Clone, Default)]
pub struct ColumnScore {
    name: String,
    /// Rows of the column by source entity.
    order: Vec<u32>,
}

impl ColumnScore {
    /// The column of that name.
    pub fn new(name: impl Into<String>) -> Self {
        ColumnScore { name: name.into(), order: Vec::new() }
    }

    /// Turns to another column.
    pub(crate) fn rename(&mut self, name: &str) {
        name.clone_into(&mut self.name);
    }
}

impl Scorer for ColumnScore {
    fn prepare(&mut self, input: ScoreInput<'_>) -> Result<()> {
        let Some(rows) = input.pair.scores.get(&self.name) else {
            return Err(Error::NoScore(self.name.clone()));
        };
        for row in rows {
            let problem = if !row.score.is_finite() {
                "it is not a finite number"
            } else if row.entity >= input.pair.source.entities.len() {
                "there is no such source entity"
            } else if row.span.is_empty() || row.span.end > input.pair.target.len() {
                "the span is not a part of the target sentence"
            } else {
                continue;
            };
            return Err(Error::BadScore {
                column: self.name.clone(),
                entity: row.entity,
                start: row.span.start,
                end: row.span.end,
                problem,
            });
        }
        self.order.clear();
        self.order.extend(0..rows.len() as u32);
        self.order.sort_by_key(|&row| rows[row as usize].entity);
        Ok(())
    }

    fn score(&mut self, input: ScoreInput<'_>, entity: usize, row: &mut Row) -> Result<()> {
        let rows = input.pair.scores.get(&self.name).map_or(&[][..], Vec::as_slice);
        let start = self.order.partition_point(|&at| rows[at as usize].entity < entity);
        for given in self.order[start..].iter().map(|&at| &rows[at as usize]).take_while(|given| given.entity == entity)
        {
            if let Some(candidate) = input.candidates.find(given.span) {
                row.add(candidate, given.score);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use xlner_core::{CandidateScore, Entity, Pair, Sentence, Span};

    use super::super::tests::score_all;
    use super::*;
    use crate::Candidates;

    fn pair(rows: &[(usize, usize, usize, f64)]) -> Pair {
        let mut pair = Pair {
            source: Sentence::from_tokens(["a", "b"]),
            target: Sentence::from_tokens(["0", "1", "!"]),
            ..Pair::default()
        };
        pair.source.entities = vec![Entity::new(0..1, "A"), Entity::new(1..2, "A")];
        let rows = rows.iter().map(|&(entity, s, e, score)| CandidateScore { entity, span: Span::new(s, e), score });
        pair.scores.insert("nmt".into(), rows.collect());
        pair
    }

    #[test]
    fn given_scores_reach_their_candidates() {
        let pair = pair(&[(1, 0, 1, 0.5), (0, 0, 2, 0.25), (1, 0, 3, 1.0), (1, 1, 2, -0.5)]);
        let rows = score_all(&mut ColumnScore::new("nmt"), &pair);
        assert_eq!(rows, [vec![((0, 2), 0.25)], vec![((0, 1), 0.5), ((1, 2), -0.5)]]);
    }

    #[test]
    fn broken_columns_are_refused() {
        for rows in
            [[(0, 0, 1, f64::NAN)], [(0, 0, 1, f64::INFINITY)], [(2, 0, 1, 1.0)], [(0, 1, 1, 1.0)], [(0, 0, 4, 1.0)]]
        {
            let pair = pair(&rows);
            let input = ScoreInput { pair: &pair, candidates: &Candidates::default() };
            assert!(matches!(ColumnScore::new("nmt").prepare(input), Err(Error::BadScore { .. })), "{rows:?}");
            assert_eq!(ColumnScore::new("mt").prepare(input), Err(Error::NoScore("mt".into())));
        }
    }
}
