//! Why a gold entity was missed: what the source side and the links say of it. The rules: [`ErrorClass`].

use xlner_core::text::{common_letters, dice, fold};
use xlner_core::{Entity, Pair, Reason, Span};

use super::classify::{ErrorClass, Finding};

/// Letters of a token, below which being spelt alike says nothing.
const LETTERS: usize = 4;
/// Similarity from which tokens are spelt alike.
const ALIKE: f32 = 0.8;

/// Explains the missed gold entities of one pair.
pub struct Explainer<'a> {
    pair: &'a Pair,
    gold: &'a [Entity],
    folded_source: Vec<String>,
    /// By source entity: whether something was projected from it.
    projected: Vec<bool>,
    /// By source entity: whether it explains a gold entity or is the counterpart of one.
    used: Vec<bool>,
}

impl<'a> Explainer<'a> {
    pub fn new(pair: &'a Pair, gold: &'a [Entity]) -> Self {
        let entities = &pair.source.entities;
        let mut projected = vec![false; entities.len()];
        for from in pair.target.entities.iter().filter_map(|entity| entity.from) {
            if let Some(projected) = projected.get_mut(from) {
                *projected = true;
            }
        }
        let folded_source = pair.source.tokens().map(fold).collect();
        let mut explainer = Explainer { pair, gold, folded_source, projected, used: vec![false; entities.len()] };
        for entity in gold {
            let counterpart = explainer.counterpart(entity.span);
            for (used, source) in explainer.used.iter_mut().zip(entities) {
                *used |= touches(source.span, &counterpart);
            }
        }
        explainer
    }

    /// The class of a gold entity that shares no token with a predicted one.
    pub fn explain(&mut self, gold: usize) -> Finding {
        let (class, source) = self.class(gold);
        let reason = source.filter(|_| class == ErrorClass::Unprojected).and_then(|source| self.reason(source));
        Finding { class, gold: Some(gold), predicted: None, source, reason }
    }

    fn class(&mut self, gold: usize) -> (ErrorClass, Option<usize>) {
        if self.pair.source.is_empty() {
            return (ErrorClass::Missed, None);
        }
        let entities = &self.pair.source.entities;
        let counterpart = self.counterpart(self.gold[gold].span);
        let touching = || (0..entities.len()).filter(|&source| touches(entities[source].span, &counterpart));
        if let Some(source) = touching().find(|&source| !self.projected[source]) {
            return (ErrorClass::Unprojected, Some(source));
        }
        if let Some(source) = touching().next() {
            return (ErrorClass::Misplaced, Some(source));
        }
        if !counterpart.is_empty() {
            return (ErrorClass::MissedByTagger, None);
        }
        let label = &self.gold[gold].label;
        let free = |&source: &usize| !self.used[source] && !self.projected[source] && entities[source].label == *label;
        if let Some(source) = (0..entities.len()).find(free) {
            self.used[source] = true;
            return (ErrorClass::Unprojected, Some(source));
        }
        match self.pair.alignment {
            Some(_) => (ErrorClass::MissedInTranslation, None),
            None => (ErrorClass::Missed, None),
        }
    }

    /// The source tokens that correspond to a target span, in order.
    fn counterpart(&self, span: Span) -> Vec<usize> {
        let links = self.pair.alignment.iter().flat_map(|alignment| alignment.links());
        let linked = links.filter(|link| span.contains(link.target as usize)).map(|link| link.source as usize);
        let names: Vec<String> = span.range().map(|token| fold(self.pair.target.token(token))).collect();
        let alike = (self.folded_source.iter().enumerate())
            .filter(|(_, source)| names.iter().any(|name| spelt_alike(name, source)))
            .map(|(index, _)| index);
        let mut tokens: Vec<usize> = linked.chain(alike).filter(|&token| token < self.folded_source.len()).collect();
        tokens.sort_unstable();
        tokens.dedup();
        tokens
    }

    fn reason(&self, source: usize) -> Option<Reason> {
        let unprojected = &self.pair.projection.as_ref()?.unprojected;
        unprojected.iter().find(|unprojected| unprojected.entity == source).map(|unprojected| unprojected.reason)
    }
}

fn touches(span: Span, tokens: &[usize]) -> bool {
    tokens.iter().any(|&token| span.contains(token))
}

fn spelt_alike(a: &str, b: &str) -> bool {
    a.len().min(b.len()) >= LETTERS
        && dice(common_letters(a.as_bytes(), b.as_bytes()), a.len().min(64), b.len()) >= ALIKE
}
