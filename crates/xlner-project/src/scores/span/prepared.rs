//! A pair made ready: what does not depend on the entity.

use std::ops::Range;

use xlner_core::{Evidence, Pair, Posteriors, Span};

use super::consistency::{Choice, Consistency, TextId};
use super::corpus::{Corpus, folded_span};
use super::shape::Shape;

/// Tokens on either side of the best one, in long pairs.
const AROUND: usize = 128;

/// A target token as every entity sees it.
pub(crate) struct Token<'a> {
    pub text: &'a str,
    pub folded: &'a str,
    pub shape: Shape,
    pub form: u32,
    pub weight: f32,
    pub unlinked_rate: f32,
    pub unlinked: f32,
    pub capital_unlinked: bool,
}

/// A source token.
pub(crate) struct SourceToken {
    pub folded: String,
    pub shape: Shape,
    pub weight: f32,
}

/// A pair made ready for its entities.
pub(crate) struct Prepared<'a> {
    pub pair: &'a Pair,
    pub corpus: &'a Corpus,
    pub consistency: Option<&'a Consistency>,
    posteriors: &'a Posteriors,
    /// The cells of the posteriors by target, then source token, and the first of each target token.
    columns: Vec<Evidence>,
    column_starts: Vec<usize>,
    pub source: Vec<SourceToken>,
    pub tokens: Vec<Token<'a>>,
    pub source_capital: f32,
    pub target_capital: f32,
    pub in_entity: Vec<bool>,
    pub habits: Vec<(f32, f32)>,
    pub own: &'a [Vec<Choice>],
}

impl<'a> Prepared<'a> {
    /// The pair must have been counted in the corpus; the posteriors must be its own.
    pub fn new(
        pair: &'a Pair,
        posteriors: &'a Posteriors,
        corpus: &'a Corpus,
        consistency: Option<&'a Consistency>,
        own: &'a [Vec<Choice>],
    ) -> Self {
        let (ni, nj) = (pair.source.len(), pair.target.len());
        let (columns, column_starts) = by_target(posteriors, nj);
        let mut p = Prepared {
            pair,
            corpus,
            consistency,
            posteriors,
            columns,
            column_starts,
            source: Vec::with_capacity(ni),
            tokens: Vec::with_capacity(nj),
            source_capital: corpus.source.capital_information(),
            target_capital: corpus.target.capital_information(),
            in_entity: vec![false; ni],
            habits: Vec::new(),
            own,
        };
        for entity in &pair.source.entities {
            for i in entity.span.range() {
                p.in_entity[i] = true;
            }
        }
        for token in pair.source.tokens() {
            let word = &corpus.source.entries[corpus.source.find(token).expect("counted") as usize];
            p.source.push(SourceToken {
                folded: word.folded.to_string(),
                shape: word.shape,
                weight: corpus.source.weight(word.form),
            });
        }
        for (j, token) in pair.target.tokens().enumerate() {
            let word = &corpus.target.entries[corpus.target.find(token).expect("counted") as usize];
            let linked: f32 = p.column(j).iter().map(|cell| cell.forward).sum();
            let best = p.column(j).iter().map(|cell| cell.forward.max(cell.reverse)).fold(0.0, f32::max);
            p.tokens.push(Token {
                text: token,
                folded: &word.folded,
                shape: word.shape,
                form: word.form,
                weight: corpus.target.weight(word.form),
                unlinked_rate: corpus.target.unlinked_rate(word.form),
                unlinked: (1.0 - linked).clamp(0.0, 1.0),
                capital_unlinked: word.shape == Shape::Capital && best < 0.3,
            });
        }
        if let Some(consistency) = consistency {
            p.habits = p.tokens.iter().map(|token| habits(token.form, consistency, own)).collect();
        }
        p
    }

    /// Evidence for a target token, by source token.
    pub fn column(&self, target: usize) -> &[Evidence] {
        &self.columns[self.column_starts[target]..self.column_starts[target + 1]]
    }

    /// Evidence for a source token and the target tokens of a range, in order.
    pub fn row(&self, source: usize, window: &Range<usize>) -> &[Evidence] {
        let row = self.posteriors.of_source(source);
        let place = |token: usize| row.partition_point(|cell| (cell.target as usize) < token);
        &row[place(window.start)..place(window.end)]
    }

    /// The target tokens among which the candidates of an entity are: all, or in a long pair those around the token that
    /// most speaks for, where there is any; else around the proportional place.
    pub fn window(&self, span: Span) -> Range<usize> {
        let (ni, nj) = (self.pair.source.len(), self.pair.target.len());
        if !self.pair.is_long() {
            return 0..nj;
        }
        let cells = span.range().flat_map(|i| self.posteriors.of_source(i));
        let mut best = (span.start * nj / ni, 0.0);
        for cell in cells {
            let weight = cell.forward + cell.reverse;
            if weight > best.1 {
                best = (cell.target as usize, weight);
            }
        }
        best.0.saturating_sub(AROUND)..nj.min(best.0 + AROUND)
    }

    /// Identity of an entity, for [`Consistency`].
    pub fn id(&self, entity: usize) -> TextId {
        TextId::EMPTY.extend(&folded_span(&self.pair.source, self.pair.source.entities[entity].span))
    }
}

/// The cells by target, then source token, and the first of each target token.
fn by_target(posteriors: &Posteriors, target_len: usize) -> (Vec<Evidence>, Vec<usize>) {
    let mut columns = posteriors.cells.clone();
    columns.sort_by_key(|cell| cell.target);
    let starts = (0..=target_len).map(|j| columns.partition_point(|cell| (cell.target as usize) < j)).collect();
    (columns, starts)
}

/// How much likelier a form starts a projection than stands before one, and ends one than stands after one, as
/// logarithms between −3 and 3; what this pair itself brought to the counts is left out.
fn habits(form: u32, consistency: &Consistency, own: &[Vec<Choice>]) -> (f32, f32) {
    let mut h = consistency.habit(form);
    for choice in own.iter().flatten() {
        let is = |k: usize| f32::from(choice.edges[k] == Some(form)) * choice.probability;
        h.starts -= is(0);
        h.ends -= is(1);
        h.before -= is(2);
        h.after -= is(3);
    }
    let odds = |more: f32, less: f32| ((more.max(0.0) + 0.5) / (less.max(0.0) + 0.5)).ln().clamp(-3.0, 3.0);
    (odds(h.starts, h.before), odds(h.ends, h.after))
}
