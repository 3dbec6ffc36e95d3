//! What the models look at, and what they hold for true before any correction.

use xlner_core::Entity;

use super::glm::{Link, Model};
use crate::item::Item;

/// Number of features of the decision.
pub(crate) const DECISION: usize = 9;
/// Number of features of the misses.
pub(crate) const MISSES: usize = 4;

/// How firmly the prior weights of the decision hold (1 / variance).
pub(crate) const DECISION_PRECISIONS: [f64; DECISION] = [0.2, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
/// The same of the misses.
pub(crate) const MISS_PRECISIONS: [f64; MISSES] = [0.5, 2.0, 2.0, 2.0];

/// The projection's own confidence is believed, and what became of the same form elsewhere.
pub(crate) fn decision_prior() -> Model<DECISION> {
    Model { weights: [0.5, 1.0, 0.0, -0.3, 0.0, 1.0, 0.2, 0.3, -1.0], link: Link::Logistic }
}

/// A source entity without counterpart, and capitals inside the sentence, speak for a miss.
pub(crate) fn miss_prior() -> Model<MISSES> {
    Model { weights: [-3.0, 1.5, 0.8, 0.2], link: Link::Log }
}

/// Features of an entity:
///
/// 0. 1,
/// 1. log-odds of its `confidence`, cut to ±5,
/// 2. ln of its tokens,
/// 3. |ln of its tokens over those of its source entity|,
/// 4. 1 where it has no source entity,
/// 5. log-odds of the same form being kept, from `form` (kept, lost),
/// 6. the same of its label, from `label`,
/// 7. 1 where it begins with a capital after the first token,
/// 8. 1 where it begins or ends in punctuation.
pub(crate) fn decision_features(
    item: &Item,
    entity: &Entity,
    confidence: f64,
    form: [f64; 2],
    label: [f64; 2],
) -> [f64; DECISION] {
    let (target, span) = (&item.pair.target, entity.span);
    let p = confidence.clamp(0.0067, 0.9933);
    let tokens = span.len() as f64;
    let source = entity.from.and_then(|from| item.pair.source.entities.get(from));
    let ratio = source.map_or(0.0, |source| (tokens / source.span.len().max(1) as f64).ln().abs());
    let odds = |[kept, lost]: [f64; 2], weight: f64| ((kept + weight) / (lost + weight)).ln();
    let first = target.token(span.start).chars().next();
    let is_word = |token: &str| token.chars().any(char::is_alphanumeric);
    let bare = !is_word(target.token(span.start)) || !is_word(target.token(span.end - 1));
    [
        1.0,
        (p / (1.0 - p)).ln(),
        tokens.ln(),
        ratio,
        flag(source.is_none()),
        odds(form, 0.5),
        odds(label, 2.0),
        flag(span.start > 0 && first.is_some_and(char::is_uppercase)),
        flag(bare),
    ]
}

/// Features of a sentence: 1, ln (1 + source entities without counterpart), ln (1 + capitalised tokens in no entity,
/// after the first), ln (1 + tokens).
pub(crate) fn miss_features(item: &Item, entities: &[Entity]) -> [f64; MISSES] {
    let target = &item.pair.target;
    let covered = |token: usize| entities.iter().any(|entity| entity.span.contains(token));
    let capital = |token: &str| token.chars().next().is_some_and(char::is_uppercase);
    let capitals = target.tokens().enumerate().skip(1).filter(|(at, token)| capital(token) && !covered(*at)).count();
    [1.0, (item.uncovered(entities) as f64).ln_1p(), (capitals as f64).ln_1p(), (target.len() as f64).ln_1p()]
}

fn flag(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}
