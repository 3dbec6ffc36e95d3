//! `tagger`, `tagger-any`: what a tagger of the target language thinks of a candidate.

use xlner_core::{LabelProbabilities, Pair, Span};

use super::{Row, ScoreInput, Scorer};
use crate::{Error, Result};

/// Makes up for the mean falling with every token.
const ALPHA: f64 = 1.15;
/// Scores below are cut to 0.
const CUT: f64 = 0.05;
/// From this length on α^(|q|-1) grows no further, so that it stays finite.
const LONGEST: usize = 64;

/// `α^(|q|-1) · [P(B-l | first token) + Σ P(I-l | further tokens)] / |q|` for the label l of the entity, or for the best
/// label where labels do not matter; α = 1.15; cut below 0.05.
///
/// Shkalikov 2024, eq. “ner_cost”. (The published code applies α only where each token's most probable tag is that of the
/// label; the formula is followed here.) A label that the tagger gives only a `B-`, an `I-` or a bare tag has its
/// probability for both. Without probabilities, the target's entities count as the tagger's answer: a candidate that is
/// one of them (with the label) has its score, 1 where it has none.
#[derive(Debug, Clone, Default)]
pub struct TaggerScore {
    any_label: bool,
    /// Columns of B and I of every label.
    labels: Vec<(String, usize, usize)>,
    sums: Vec<f64>,
}

impl TaggerScore {
    /// For the entity's label.
    pub fn of_label() -> Self {
        TaggerScore::default()
    }

    /// For the most probable label, whatever the entity's.
    pub fn of_any_label() -> Self {
        TaggerScore { any_label: true, ..TaggerScore::default() }
    }

    fn score_probabilities(
        &mut self,
        input: ScoreInput<'_>,
        probabilities: &LabelProbabilities,
        label: &str,
        row: &mut Row,
    ) {
        let labels: &[_] = match self.labels.iter().position(|(name, ..)| name == label) {
            _ if self.any_label => &self.labels,
            Some(at) => &self.labels[at..=at],
            None => return,
        };
        for start in 0..input.candidates.target_len() {
            let (number, ends) = input.candidates.starting_at(start);
            let mut ends = ends.iter().enumerate().peekable();
            if ends.peek().is_none() {
                continue;
            }
            self.sums.clear();
            self.sums.resize(labels.len(), 0.0);
            let mut factor = 1.0;
            for token in start..input.candidates.target_len() {
                let values = &probabilities.rows[token];
                for (sum, (_, begin, inside)) in self.sums.iter_mut().zip(labels) {
                    *sum += f64::from(values[if token == start { *begin } else { *inside }]);
                }
                if let Some((at, _)) = ends.next_if(|&(_, &end)| end as usize == token + 1) {
                    let best = self.sums.iter().copied().fold(0.0, f64::max);
                    let score = factor * best / (token + 1 - start) as f64;
                    if score >= CUT {
                        row.add(number + at, score);
                    }
                }
                if ends.peek().is_none() {
                    break;
                }
                if token - start < LONGEST {
                    factor *= ALPHA;
                }
            }
        }
    }

    fn score_entities(&self, input: ScoreInput<'_>, label: &str, row: &mut Row) {
        let entities = &input.pair.target.entities;
        let fits = |at: usize| self.any_label || entities[at].label == label;
        for (at, entity) in entities.iter().enumerate().filter(|&(at, _)| fits(at)) {
            // The same span twice (with two labels) counts once, with the larger score.
            let same = |other: &usize| fits(*other) && entities[*other].span == entity.span;
            let value = |other: usize| entities[other].score.unwrap_or(1.0);
            if (0..at).any(|other| same(&other)) {
                continue;
            }
            let score = (at..entities.len()).filter(same).map(value).fold(0.0, f64::max);
            if score >= CUT
                && let Some(candidate) = input.candidates.find(entity.span)
            {
                row.add(candidate, score);
            }
        }
    }
}

impl Scorer for TaggerScore {
    fn prepare(&mut self, input: ScoreInput<'_>) -> Result<()> {
        self.labels.clear();
        let Some(probabilities) = &input.pair.target.probabilities else {
            return check_entities(input.pair);
        };
        for (token, row) in probabilities.rows.iter().enumerate() {
            if row.iter().any(|value| !value.is_finite()) {
                return Err(bad_score(Span::new(token, token + 1)));
            }
        }
        for (column, tag) in probabilities.labels.iter().enumerate().filter(|(_, tag)| *tag != "O") {
            let (begin, inside, label) = match tag.split_once('-') {
                Some(("B", label)) => (true, false, label),
                Some(("I", label)) => (false, true, label),
                _ => (true, true, tag.as_str()),
            };
            match self.labels.iter_mut().find(|(name, ..)| name == label) {
                None => self.labels.push((label.to_owned(), column, column)),
                Some((_, b, _)) if begin && !inside => *b = column,
                Some((_, _, i)) => *i = column,
            }
        }
        Ok(())
    }

    fn score(&mut self, input: ScoreInput<'_>, entity: usize, row: &mut Row) -> Result<()> {
        let label = &input.pair.source.entities[entity].label;
        match &input.pair.target.probabilities {
            Some(probabilities) => self.score_probabilities(input, probabilities, label, row),
            None => self.score_entities(input, label, row),
        }
        Ok(())
    }
}

fn check_entities(pair: &Pair) -> Result<()> {
    match pair.target.entities.iter().find(|entity| entity.score.is_some_and(|score| !score.is_finite())) {
        Some(entity) => Err(bad_score(entity.span)),
        None => Ok(()),
    }
}

fn bad_score(span: Span) -> Error {
    let problem = "a probability of the target sentence's tagger is not a finite number";
    Error::BadScore { column: "tagger".into(), entity: 0, start: span.start, end: span.end, problem }
}

#[cfg(test)]
mod tests {
    use xlner_core::{Entity, Sentence};

    use super::super::tests::score_all;
    use super::*;

    fn pair() -> Pair {
        let mut pair = Pair {
            source: Sentence::from_tokens(["x", "y"]),
            target: Sentence::from_tokens(["a", "b"]),
            ..Pair::default()
        };
        pair.source.entities = vec![Entity::new(0..1, "PER"), Entity::new(1..2, "LOC"), Entity::new(1..2, "ORG")];
        pair
    }

    #[test]
    fn probabilities_are_averaged_over_the_candidate() {
        let mut pair = pair();
        pair.target.probabilities = Some(LabelProbabilities {
            spans: Vec::new(),
            labels: ["O", "B-PER", "I-PER", "B-LOC"].map(str::to_owned).to_vec(),
            rows: vec![vec![0.1, 0.5, 0.0, 0.25], vec![0.5, 0.0, 0.5, 0.03125]],
        });
        let near = |found: &[((usize, usize), f64)], expected: &[((usize, usize), f64)]| {
            assert_eq!(found.len(), expected.len(), "{found:?}");
            for ((span, score), (other, value)) in found.iter().zip(expected) {
                assert!(span == other && (score - value).abs() < 1e-9, "{found:?}");
            }
        };
        let rows = score_all(&mut TaggerScore::of_label(), &pair);
        near(&rows[0], &[((0, 1), 0.5), ((0, 2), 1.15 * 1.0 / 2.0)]);
        near(&rows[1], &[((0, 1), 0.25), ((0, 2), 1.15 * 0.28125 / 2.0)]);
        assert!(rows[2].is_empty());
        let rows = score_all(&mut TaggerScore::of_any_label(), &pair);
        near(&rows[1], &[((0, 1), 0.5), ((0, 2), 1.15 * 1.0 / 2.0)]);
        pair.target.probabilities.as_mut().unwrap().rows[1][3] = f32::NAN;
        let input = ScoreInput { pair: &pair, candidates: &crate::Candidates::default() };
        assert!(TaggerScore::of_label().prepare(input).is_err());
    }

    #[test]
    fn without_probabilities_entities_are_the_answer() {
        let mut pair = pair();
        pair.target.entities = vec![Entity::new(0..1, "PER"), Entity::new(0..1, "LOC")];
        pair.target.entities[0].score = Some(0.5);
        let rows = score_all(&mut TaggerScore::of_label(), &pair);
        assert_eq!(rows, [vec![((0, 1), 0.5)], vec![((0, 1), 1.0)], vec![]]);
        assert_eq!(score_all(&mut TaggerScore::of_any_label(), &pair)[2], [((0, 1), 1.0)]);
    }
}
