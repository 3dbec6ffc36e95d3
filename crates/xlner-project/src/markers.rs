//! Marker-based projection: markers round the entities of a text go through its translation and say where they are there.
//!
//! Chen, Jiang, Ritter and Xu, *Frustratingly Easy Label Projection for Cross-lingual Transfer* (EasyProject), Findings of
//! ACL 2023: square brackets; which marked span is which entity is told by the entities' own translations.

use std::ops::Range;

use xlner_core::Sentence;
use xlner_core::text::{Lcs, dice, fold};

/// Entities of more are matched one after the other, the most alike first.
const EXACT: usize = 12;

/// A text with `[` and `]` round every entity, outer ones where entities overlap. Brackets that it has itself become round
/// ones.
pub fn mark(sentence: &Sentence) -> String {
    let mut text = String::with_capacity(sentence.text().len() + 4 * sentence.entities.len());
    let mut done = 0;
    for index in marked(sentence) {
        let span = sentence.entities[index].span;
        let bytes = sentence.byte_range(span.start).start..sentence.byte_range(span.end - 1).end;
        push(&mut text, &sentence.text()[done..bytes.start]);
        text.push('[');
        push(&mut text, &sentence.text()[bytes.clone()]);
        text.push(']');
        done = bytes.end;
    }
    push(&mut text, &sentence.text()[done..]);
    text
}

/// The entities that get markers, by their place: of those that overlap the one that begins first, then the longer one.
pub fn marked(sentence: &Sentence) -> Vec<usize> {
    let span = |index: usize| sentence.entities[index].span;
    let mut order: Vec<usize> = (0..sentence.entities.len()).collect();
    order.sort_by_key(|&index| (span(index).start, std::cmp::Reverse(span(index).end)));
    let mut end = 0;
    order.retain(|&index| {
        let apart = span(index).start >= end;
        end = if apart { span(index).end } else { end };
        apart
    });
    order
}

/// The tokens, with `[` and `]` as tokens round every entity; the same as [`mark`] otherwise.
pub fn mark_tokens(sentence: &Sentence) -> Vec<String> {
    let mut tokens = Vec::with_capacity(sentence.len() + 2 * sentence.entities.len());
    let mut spans = marked(sentence).into_iter().map(|index| sentence.entities[index].span).peekable();
    for token in 0..sentence.len() {
        if spans.peek().is_some_and(|span| span.start == token) {
            tokens.push("[".to_owned());
        }
        let mut text = String::new();
        push(&mut text, sentence.token(token));
        tokens.push(text);
        if spans.next_if(|span| span.end == token + 1).is_some() {
            tokens.push("]".to_owned());
        }
    }
    tokens
}

fn push(text: &mut String, part: &str) {
    text.extend(part.chars().map(|c| match c {
        '[' => '(',
        ']' => ')',
        c => c,
    }));
}

/// A translation without its markers, and what stood between them, as byte ranges of the text without white space at the
/// ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    /// The text.
    pub text: String,
    /// The marked ranges, in order.
    pub ranges: Vec<Range<usize>>,
}

/// Reads the markers of a translation; `None` where one lacks its other half, they stand in each other, or there is nothing
/// between them.
pub fn read(translation: &str) -> Option<Marked> {
    let (mut text, mut ranges, mut open) = (String::with_capacity(translation.len()), Vec::new(), None);
    let mut after_marker = false;
    for c in translation.chars() {
        match (c, open) {
            ('[', None) => open = Some(text.len()),
            (']', Some(start)) => {
                let inside: &str = &text[start..];
                let from = start + inside.len() - inside.trim_start().len();
                let range = from..start + inside.trim_end().len();
                if range.is_empty() || range.start > range.end {
                    return None;
                }
                ranges.push(range);
                open = None;
            }
            ('[' | ']', _) => return None,
            // Where a marker stood between two spaces one is enough.
            (' ', _) if after_marker && (text.is_empty() || text.ends_with(' ')) => {}
            (c, _) => text.push(c),
        }
        after_marker = matches!(c, '[' | ']');
    }
    open.is_none().then_some(Marked { text, ranges })
}

/// Which entity each marked text is, by how alike it is to the entities' own translations, and how alike, 0..=1. As many
/// entities as marked texts; the sum of similarities is the largest there is, up to a dozen entities.
pub fn assign(marked: &[&str], entities: &[&str]) -> Vec<(usize, f64)> {
    let alike: Vec<Vec<f64>> = marked.iter().map(|a| entities.iter().map(|b| similarity(a, b)).collect()).collect();
    let chosen = if marked.len() <= EXACT { best(&alike) } else { greedy(&alike) };
    chosen.into_iter().enumerate().map(|(at, entity)| (entity, alike[at][entity])).collect()
}

fn similarity(a: &str, b: &str) -> f64 {
    let folded = |text: &str| text.split_whitespace().map(fold).collect::<Vec<_>>().join(" ");
    let (a, b) = (folded(a), folded(b));
    let mut lcs = Lcs::default();
    lcs.set_pattern(a.as_bytes());
    lcs.extend(b.as_bytes());
    f64::from(dice(lcs.common(), a.len(), b.len()))
}

/// The assignment of the largest sum, by dynamic programming over the sets of entities used; of equals that which keeps the
/// order.
fn best(alike: &[Vec<f64>]) -> Vec<usize> {
    let n = alike.len();
    // best[set]: the largest sum of the first |set| marked texts with these entities; last[set]: the last one's entity.
    let mut sums = vec![f64::NEG_INFINITY; 1 << n];
    let mut last = vec![0; 1 << n];
    sums[0] = 0.0;
    for set in 1_usize..1 << n {
        let row = &alike[set.count_ones() as usize - 1];
        for entity in (0..n).rev().filter(|entity| set >> entity & 1 == 1) {
            let sum = sums[set & !(1 << entity)] + row[entity];
            if sum > sums[set] {
                (sums[set], last[set]) = (sum, entity);
            }
        }
    }
    let (mut chosen, mut set) = (vec![0; n], (1 << n) - 1);
    for at in (0..n).rev() {
        chosen[at] = last[set];
        set &= !(1 << last[set]);
    }
    chosen
}

fn greedy(alike: &[Vec<f64>]) -> Vec<usize> {
    let n = alike.len();
    let mut cells: Vec<(usize, usize)> = (0..n).flat_map(|at| (0..n).map(move |entity| (at, entity))).collect();
    cells.sort_by(|a, b| alike[b.0][b.1].total_cmp(&alike[a.0][a.1]));
    let (mut chosen, mut used) = (vec![usize::MAX; n], vec![false; n]);
    for (at, entity) in cells {
        if chosen[at] == usize::MAX && !used[entity] {
            (chosen[at], used[entity]) = (entity, true);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use xlner_core::Entity;

    use super::*;

    fn sentence() -> Sentence {
        let mut sentence = Sentence::from_tokens(["Obama", "met", "New", "York", "[", "sic", "]"]);
        sentence.entities = vec![Entity::new(2..4, "LOC"), Entity::new(0..1, "PER"), Entity::new(3..4, "LOC")];
        sentence
    }

    #[test]
    fn markers_go_round_entities() {
        assert_eq!(mark(&sentence()), "[Obama] met [New York] ( sic )");
        assert_eq!(marked(&sentence()), [1, 0]);
        assert_eq!(mark(&Sentence::default()), "");
        assert_eq!(mark_tokens(&sentence()).join(" "), "[ Obama ] met [ New York ] ( sic )");
    }

    #[test]
    fn markers_are_read_and_lost_ones_noticed() {
        let marked = read("In [ Нью-Йорк ] traf [Obama].").unwrap();
        assert_eq!(marked.text, "In Нью-Йорк traf Obama.");
        let texts: Vec<&str> = marked.ranges.iter().map(|range| &marked.text[range.clone()]).collect();
        assert_eq!(texts, ["Нью-Йорк", "Obama"]);
        assert_eq!(read("nothing").unwrap().ranges, []);
        for lost in ["[a", "a]", "[a [b] c]", "a [] b", "[ ] x", "]["] {
            assert_eq!(read(lost), None, "{lost}");
        }
    }

    #[test]
    fn marked_texts_find_their_entities() {
        let found = |marked: &[&str], entities: &[&str]| -> Vec<usize> {
            assign(marked, entities).into_iter().map(|(entity, _)| entity).collect()
        };
        assert_eq!(found(&["Нью-Йорк", "Obama"], &["Obama", "New York"]), [1, 0]);
        assert_eq!(found(&["x", "y"], &["a", "b"]), [0, 1]);
        assert!(found(&[], &[]).is_empty());
        let names: Vec<String> = (0..15).map(|n| format!("name{n}x{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let turned: Vec<&str> = names.iter().rev().copied().collect();
        assert_eq!(found(&turned, &names), (0..15).rev().collect::<Vec<_>>());
    }

    #[test]
    fn the_sum_is_the_largest() {
        // Greedy would take .9 and .0.
        let alike = vec![vec![0.9, 0.8], vec![0.7, 0.0]];
        assert_eq!(best(&alike), [1, 0]);
    }
}
