//! `align`: the share of linked tokens.

use xlner_core::{Alignment, Span};

use super::{Row, ScoreInput, Scorer};
use crate::{Error, Result};

/// `2 Σ a_kl / (|p| + |q|)` over the tokens k of the entity p and l of the candidate q, where a_kl is the probability of
/// the link, 1 if none is given, and 0 without a link.
///
/// Politov et al. 2025, §3.2 (relative length of the alignment), with the factor 2 of the published code: 1 where both
/// have the same number of tokens and are linked one to one. More than 1 where tokens have several links.
#[derive(Debug, Clone, Default)]
pub struct AlignScore {
    /// `mass[t]`: sum of the links of the entity to target tokens before t. Kept 0 between entities.
    mass: Vec<f64>,
}

impl Scorer for AlignScore {
    fn prepare(&mut self, input: ScoreInput<'_>) -> Result<()> {
        if input.pair.alignment.is_none() {
            return Err(Error::NoAlignment("score `align`"));
        }
        self.mass.clear();
        self.mass.resize(input.pair.target.len() + 1, 0.0);
        Ok(())
    }

    fn score(&mut self, input: ScoreInput<'_>, entity: usize, row: &mut Row) -> Result<()> {
        let alignment = input.pair.alignment.as_ref().ok_or(Error::NoAlignment("score `align`"))?;
        let span = input.pair.source.entities[entity].span;
        let (mut first, mut last) = (usize::MAX, 0);
        for link in span.range().flat_map(|token| alignment.of_source(token)) {
            let target = link.target as usize;
            self.mass[target + 1] += link.probability;
            (first, last) = (first.min(target), last.max(target));
        }
        if first > last {
            return Ok(());
        }
        for token in first + 1..=last + 1 {
            self.mass[token] += self.mass[token - 1];
        }
        for start in 0..=last {
            let (number, ends) = input.candidates.starting_at(start);
            if ends.last().is_none_or(|&end| end as usize <= first) {
                continue;
            }
            let before = self.mass[start];
            for (at, &end) in ends.iter().enumerate() {
                let mass = self.mass[(end as usize).min(last + 1)] - before;
                if mass > 0.0 {
                    row.add(number + at, 2.0 * mass / (span.len() + end as usize - start) as f64);
                }
            }
        }
        self.mass[first + 1..=last + 1].fill(0.0);
        Ok(())
    }
}

/// The score of one span ([`AlignScore`]).
pub(crate) fn dice(alignment: &Alignment, source: Span, target: Span) -> f64 {
    let links = source.range().flat_map(|token| alignment.of_source(token));
    let mass: f64 = links.filter(|link| target.contains(link.target as usize)).map(|link| link.probability).sum();
    2.0 * mass / (source.len() + target.len()) as f64
}

#[cfg(test)]
mod tests {
    use xlner_core::{Entity, Link, Pair, Sentence};

    use super::super::tests::score_all;
    use super::*;

    #[test]
    fn every_candidate_scores_as_the_formula_says() {
        let link = |source, target, probability| Link { source, target, probability };
        let mut pair = Pair {
            source: Sentence::from_tokens(["a", "b", "c", "d"]),
            target: Sentence::from_tokens(["0", "1", "!", "3", "4", "5", "6"]),
            alignment: Some(Alignment::new(vec![link(0, 3, 1.0), link(1, 3, 0.5), link(1, 5, 0.25), link(3, 1, 1.0)])),
            ..Pair::default()
        };
        pair.source.entities = vec![Entity::new(0..2, "A"), Entity::new(2..3, "A"), Entity::new(3..4, "A")];
        let rows = score_all(&mut AlignScore::default(), &pair);
        let alignment = pair.alignment.as_ref().unwrap();
        for (entity, row) in pair.source.entities.iter().zip(&rows) {
            let mut expected = 0;
            for start in 0..7 {
                for end in (start + 1..=7).filter(|&end| end <= 2 || start > 2) {
                    let score = dice(alignment, entity.span, Span::new(start, end));
                    if score > 0.0 {
                        expected += 1;
                        let found = row.iter().find(|(span, _)| *span == (start, end)).unwrap().1;
                        assert!((found - score).abs() < 1e-12);
                    }
                }
            }
            assert_eq!(row.len(), expected);
        }
        assert_eq!(rows[2], [((0, 2), 2.0 / 3.0), ((1, 2), 1.0)]);
    }
}
