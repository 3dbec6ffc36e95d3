//! Parts of sentences that are too long to be shown whole.

use std::ops::Range;

use xlner_core::{Alignment, Entity, Link, Pair, Sentence, Span};

/// Tokens of a sentence that an example holds, at most.
const TOKENS: usize = 400;
/// Characters of a token or a form that are shown, at most.
const CHARACTERS: usize = 200;
/// Bytes of a text that is shown as it is.
const BYTES: usize = 1 << 16;

/// The tokens of a pair that an example shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// Tokens of the source.
    pub source: Range<usize>,
    /// Tokens of the target.
    pub target: Range<usize>,
    /// Tokens that source and target have.
    pub of: [usize; 2],
}

impl Excerpt {
    /// The part of a pair around what an example is about; all of it where it is not longer than is shown.
    pub fn around(pair: &Pair, source: Option<Span>, target: Option<Span>) -> Excerpt {
        let of = [pair.source.len(), pair.target.len()];
        // Without a place of its own, a side shows what stands about where the other's does.
        let across = |place: usize, from: usize, to: usize| place * to / from.max(1);
        let (in_source, in_target) = (source.map(|span| span.start), target.map(|span| span.start));
        Excerpt {
            source: window(of[0], in_source.or(in_target.map(|place| across(place, of[1], of[0])))),
            target: window(of[1], in_target.or(in_source.map(|place| across(place, of[0], of[1])))),
            of,
        }
    }

    /// Whether nothing is left out.
    pub fn is_whole(&self) -> bool {
        self.source.len() == self.of[0] && self.target.len() == self.of[1]
    }

    /// The pair and its gold entities without all else. Entities are cut to the tokens that are shown.
    pub fn of(&self, pair: &Pair, gold: Option<&[Entity]>) -> (Pair, Option<Vec<Entity>>) {
        let (mut source, mut target) = (sentence(&pair.source, &self.source), sentence(&pair.target, &self.target));
        let mut kept = vec![None; pair.source.entities.len()];
        source.entities = entities_with(&pair.source.entities, &self.source, |at, new| kept[at] = Some(new));
        target.entities = entities(&pair.target.entities, &self.target);
        for entity in &mut target.entities {
            entity.from = entity.from.and_then(|from| kept.get(from).copied().flatten());
        }
        let links = pair.alignment.as_ref().map(|alignment| {
            let inside = |link: &Link| {
                Some(Link {
                    source: u32::try_from((link.source as usize).checked_sub(self.source.start)?).ok()?,
                    target: u32::try_from((link.target as usize).checked_sub(self.target.start)?).ok()?,
                    ..*link
                })
            };
            let of = alignment.links().iter().filter_map(inside);
            let lengths = (self.source.len(), self.target.len());
            Alignment::new(of.filter(|l| (l.source as usize) < lengths.0 && (l.target as usize) < lengths.1).collect())
        });
        let gold = gold.map(|gold| entities(gold, &self.target));
        (Pair { id: shortened(&pair.id), source, target, alignment: links, ..Pair::default() }, gold)
    }
}

fn window(len: usize, place: Option<usize>) -> Range<usize> {
    if len <= TOKENS {
        return 0..len;
    }
    let start = place.unwrap_or(0).saturating_sub(TOKENS / 2).min(len - TOKENS);
    start..start + TOKENS
}

/// Tokens of a sentence with the text between them, each no longer than is shown.
fn sentence(whole: &Sentence, tokens: &Range<usize>) -> Sentence {
    if tokens.len() == whole.len() && whole.text().len() <= BYTES {
        let mut all = whole.clone();
        all.entities.clear();
        all.probabilities = None;
        return all;
    }
    let (mut text, mut ranges) = (String::new(), Vec::with_capacity(tokens.len()));
    let mut end = tokens.clone().next().map_or(0, |first| whole.byte_range(first).start);
    for token in tokens.clone() {
        let bytes = whole.byte_range(token);
        text.push_str(&shortened(&whole.text()[end.min(bytes.start)..bytes.start]));
        let start = text.len();
        text.push_str(&shortened(whole.token(token)));
        ranges.push(start..text.len());
        end = bytes.end;
    }
    let mut part = Sentence::from_text(text);
    // Ranges that were pushed one after the other fit.
    let _ = part.set_token_ranges(ranges);
    part.lang.clone_from(&whole.lang);
    part.regions = whole.regions.as_ref().and_then(|regions| Some(regions.get(tokens.clone())?.to_vec()));
    part
}

/// The entities that have tokens in a range, cut to it and counted from it.
pub fn entities(all: &[Entity], tokens: &Range<usize>) -> Vec<Entity> {
    entities_with(all, tokens, |_, _| {})
}

/// The same; `keep` hears the old and the new index of each.
fn entities_with(all: &[Entity], tokens: &Range<usize>, mut keep: impl FnMut(usize, usize)) -> Vec<Entity> {
    let mut inside = Vec::new();
    for (index, entity) in all.iter().enumerate() {
        if let Some(span) = within(entity.span, tokens) {
            keep(index, inside.len());
            inside.push(Entity { span, label: shortened(&entity.label), ..entity.clone() });
        }
    }
    inside
}

/// A span cut to a range and counted from it; `None` where it has no token there.
pub fn within(span: Span, tokens: &Range<usize>) -> Option<Span> {
    let (start, end) = (span.start.max(tokens.start), span.end.min(tokens.end));
    (start < end).then(|| Span::new(start - tokens.start, end - tokens.start))
}

/// A text as it is shown.
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(CHARACTERS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(tokens: usize) -> Sentence {
        Sentence::from_tokens((0..tokens).map(|token| format!("t{token}")))
    }

    #[test]
    fn a_long_pair_is_cut_around_its_place() {
        let mut pair = Pair { source: long(2000), target: long(4000), ..Pair::default() };
        pair.source.entities = vec![Entity::new(0..1, "A"), Entity::new(1000..1002, "B")];
        pair.target.entities = vec![
            Entity { from: Some(1), ..Entity::new(2000..2001, "B") },
            Entity { from: Some(0), ..Entity::new(2001..4000, "A") },
        ];
        pair.alignment = Some(Alignment::from_pairs([(0, 0), (1000, 2000), (1001, 2100), (1999, 3999)]));
        let excerpt = Excerpt::around(&pair, None, Some(Span::new(2000, 2001)));
        assert_eq!(
            (excerpt.source.clone(), excerpt.target.clone(), excerpt.is_whole()),
            (800..1200, 1800..2200, false)
        );
        let (part, gold) = excerpt.of(&pair, Some(&[Entity::new(1799..1801, "C")]));
        part.validate().unwrap();
        assert_eq!((part.source.len(), part.target.token(200)), (400, "t2000"));
        assert_eq!(part.source.entities, [Entity::new(200..202, "B")]);
        assert_eq!(part.target.entities[0], Entity { from: Some(0), ..Entity::new(200..201, "B") });
        assert_eq!(part.target.entities[1], Entity::new(201..400, "A"));
        assert_eq!(gold.unwrap(), [Entity::new(0..1, "C")]);
        assert_eq!(part.alignment.unwrap(), Alignment::from_pairs([(200, 200), (201, 300)]));
    }

    #[test]
    fn a_short_pair_stays_and_an_endless_token_does_not() {
        let pair = Pair { target: Sentence::from_tokens(["a", "b"]), ..Pair::default() };
        let excerpt = Excerpt::around(&pair, None, None);
        assert!(excerpt.is_whole() && excerpt.of(&pair, None) == (pair, None));
        let pair = Pair { target: Sentence::from_tokens(["a", &"ä".repeat(100_000), "b"]), ..Pair::default() };
        let (part, _) = Excerpt::around(&pair, None, None).of(&pair, None);
        assert_eq!((part.target.len(), part.target.token(1).chars().count()), (3, CHARACTERS + 1));
    }
}
