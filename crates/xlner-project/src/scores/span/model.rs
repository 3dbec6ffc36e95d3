//! The weights of the features.

use std::fmt::Write as _;

use super::consistency::Consistency;
use super::corpus::Corpus;
use super::names::{Feature, NullFeature};
use super::prepared::Prepared;
use super::tokens::Row;
use super::view::{EntityView, NullRow};
use crate::{Error, Result};
use xlner_core::Span;

/// A log-linear model of where an entity stands in the target sentence: `P(candidate | entity) ∝ exp(w · φ)`, with one
/// more choice, that it stands nowhere.
///
/// The default weights were trained on English and Spanish Europarl-NER by `examples/train_span.rs`.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanModel {
    /// Weights before and after the corpus as a whole is known.
    pub(crate) passes: [PassWeights; 2],
}

/// The weights of one pass.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PassWeights {
    pub candidate: Row,
    pub null: NullRow,
}

impl Default for SpanModel {
    fn default() -> Self {
        SpanModel::parse(include_str!("weights.tsv")).expect("the weights that come with the crate are tested")
    }
}

/// Score and span of every candidate of an entity.
pub(crate) type Scored = Vec<(Span, f32)>;

impl PassWeights {
    /// Log-odds of every candidate against there being none.
    pub fn log_odds(&self, view: &EntityView<'_, '_>, max_len: usize) -> Scored {
        let null = dot(&view.null(), &self.null);
        let mut scored = Vec::new();
        view.candidates(max_len, |span, row| scored.push((span, dot(row, &self.candidate) - null)));
        scored
    }
}

pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Tokens of the longest candidate for an entity of that many tokens.
pub(crate) fn longest(len: usize) -> usize {
    (2 * len + 5).min(45)
}

impl SpanModel {
    /// Reads weights: lines of feature, weight in the first and in the second pass, separated by tabs; `#` starts a
    /// remark.
    ///
    /// # Errors
    /// [`Error::Parse`] for a line of another form, a feature that is not known, given twice or missing.
    pub fn parse(text: &str) -> Result<SpanModel> {
        let bad = |found: &str, known| Error::Parse { what: "a line of span weights", found: found.to_owned(), known };
        let mut candidate = [[f32::NAN; Feature::COUNT]; 2];
        let mut null = [[f32::NAN; NullFeature::COUNT]; 2];
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let form = || bad(line, "feature<TAB>first pass<TAB>second pass");
            let [name, first, second] = line.split('\t').collect::<Vec<_>>().try_into().map_err(|_| form())?;
            for (pass, value) in [first, second].into_iter().enumerate() {
                let value: f32 = value.parse().ok().filter(|x: &f32| x.is_finite()).ok_or_else(form)?;
                let index = |names: &[&str], name: &str| names.iter().position(|known| *known == name);
                let place = match name.strip_prefix("Null") {
                    Some(name) => index(NullFeature::NAMES, name).map(|at| &mut null[pass][at]),
                    None => index(Feature::NAMES, name).map(|at| &mut candidate[pass][at]),
                };
                let place = place.ok_or_else(|| bad(name, "the features of this version"))?;
                if !place.is_nan() {
                    return Err(bad(line, "every feature once"));
                }
                *place = value;
            }
        }
        if candidate.iter().flatten().chain(null.iter().flatten()).any(|weight| weight.is_nan()) {
            return Err(bad("the end", "every feature of this version"));
        }
        let [a, b] = candidate;
        let [c, d] = null;
        Ok(SpanModel { passes: [PassWeights { candidate: a, null: c }, PassWeights { candidate: b, null: d }] })
    }

    /// The weights as [`parse`](Self::parse) reads them.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let [first, second] = &self.passes;
        let mut lines = |prefix: &str, names: &[&str], first: &[f32], second: &[f32]| {
            for ((name, first), second) in names.iter().zip(first).zip(second) {
                writeln!(text, "{prefix}{name}\t{first:.4}\t{second:.4}").expect("a string takes every write");
            }
        };
        lines("", Feature::NAMES, &first.candidate, &second.candidate);
        lines("Null", NullFeature::NAMES, &first.null, &second.null);
        text
    }

    /// Probabilities of the candidates of every entity of a pair in the first pass, those that count.
    pub(crate) fn first_choices(
        &self,
        prepared: &Prepared<'_>,
        entities: usize,
    ) -> Vec<Vec<super::consistency::Choice>> {
        (0..entities)
            .map(|entity| {
                let view = prepared.entity(entity);
                let scored = self.passes[0].log_odds(&view, longest(view.len()));
                let largest = scored.iter().map(|(_, score)| *score).fold(0.0, f32::max);
                let total: f32 =
                    scored.iter().map(|(_, score)| (score - largest).exp()).sum::<f32>() + (-largest).exp();
                scored
                    .into_iter()
                    .map(|(span, score)| (span, (score - largest).exp() / total))
                    .filter(|(_, probability)| *probability > 0.02)
                    .map(|(span, probability)| view.choice(span, probability))
                    .collect()
            })
            .collect()
    }
}

/// What the two passes before the projection found out about a corpus.
#[derive(Debug, Clone, Default)]
pub struct Statistics {
    /// Its words and names.
    pub corpus: Corpus,
    /// How it projects them.
    pub consistency: Consistency,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_of_the_crate_can_be_read() {
        let model = SpanModel::default();
        let again = SpanModel::parse(&model.to_text()).unwrap();
        assert_eq!(model, again);
        assert!(model.passes[1].candidate.iter().any(|weight| *weight != 0.0));
    }

    #[test]
    fn other_weights_are_refused() {
        let text = SpanModel::default().to_text();
        let cut = text.lines().skip(1).collect::<Vec<_>>().join("\n");
        for bad in
            ["", &cut, &format!("{text}Nonsense\t1\t1\n"), &format!("{text}Equal\t1\t1\n"), "Equal\t1", "Equal\tx\t1"]
        {
            assert!(SpanModel::parse(bad).is_err(), "{bad}");
        }
    }
}
