//! A pair made ready: what does not depend on the entity.

use xlner_core::{Pair, Posteriors};

use super::consistency::{Choice, Consistency, TextId};
use super::corpus::{Corpus, folded_span};
use super::shape::Shape;

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
    /// Source × target.
    pub forward: Vec<f32>,
    pub reverse: Vec<f32>,
    pub lexical_forward: Vec<f32>,
    pub lexical_reverse: Vec<f32>,
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
        posteriors: &Posteriors,
        corpus: &'a Corpus,
        consistency: Option<&'a Consistency>,
        own: &'a [Vec<Choice>],
    ) -> Self {
        let (ni, nj) = (pair.source.len(), pair.target.len());
        let mut p = Prepared {
            pair,
            corpus,
            consistency,
            forward: vec![0.0; ni * nj],
            reverse: vec![0.0; ni * nj],
            lexical_forward: vec![0.0; ni * nj],
            lexical_reverse: vec![0.0; ni * nj],
            source: Vec::with_capacity(ni),
            tokens: Vec::with_capacity(nj),
            source_capital: corpus.source.capital_information(),
            target_capital: corpus.target.capital_information(),
            in_entity: vec![false; ni],
            habits: Vec::new(),
            own,
        };
        for c in &posteriors.cells {
            let at = c.source as usize * nj + c.target as usize;
            p.forward[at] = c.forward;
            p.reverse[at] = c.reverse;
            p.lexical_forward[at] = c.lexical_forward;
            p.lexical_reverse[at] = c.lexical_reverse;
        }
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
            let linked: f32 = (0..ni).map(|i| p.forward[i * nj + j]).sum();
            let best = (0..ni).map(|i| p.forward[i * nj + j].max(p.reverse[i * nj + j])).fold(0.0, f32::max);
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

    /// Identity of an entity, for [`Consistency`].
    pub fn id(&self, entity: usize) -> TextId {
        TextId::EMPTY.extend(&folded_span(&self.pair.source, self.pair.source.entities[entity].span))
    }
}

/// How much likelier a form starts a projection than stands before one, and ends one than stands behind one, as
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
