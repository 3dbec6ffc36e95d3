//! Marker-based projection: markers round the entities of a text go through its translation and say where they are there.
//!
//! Chen, Jiang, Ritter and Xu, *Frustratingly Easy Label Projection for Cross-lingual Transfer* (EasyProject), Findings of
//! ACL 2023: square brackets; which marked span is which entity is told by the entities' own translations. LabelPigeon (2026,
//! arXiv 2603.12021): XML tags, whose letters tell.

mod assign;
mod read;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::str::FromStr;

use xlner_core::Sentence;

pub use assign::assign;
pub use read::{Marked, read};

/// What stands round an entity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Markers {
    /// EasyProject: `[Ana]`. All are alike; of entities that overlap one is marked.
    #[default]
    Brackets,
    /// LabelPigeon: `<a>Ana</a>`, a letter an entity, which says which one it is; entities may stand in each other.
    Xml,
}

impl Markers {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Markers::Brackets => "brackets",
            Markers::Xml => "xml",
        }
    }

    /// The two halves round the entity of that number.
    fn halves(self, number: usize) -> [String; 2] {
        match self {
            Markers::Brackets => ["[".to_owned(), "]".to_owned()],
            Markers::Xml => [format!("<{}>", letters(number)), format!("</{}>", letters(number))],
        }
    }

    /// Text in which nothing looks like a marker.
    fn plain(self, text: &str) -> String {
        let change = |c: char| match (self, c) {
            (Markers::Brackets, c) if OPEN.contains(&c) => '(',
            (Markers::Brackets, c) if CLOSE.contains(&c) => ')',
            (Markers::Xml, '<' | '＜') => '‹',
            (Markers::Xml, '>' | '＞') => '›',
            (_, c) => c,
        };
        text.chars().map(change).collect()
    }
}

impl FromStr for Markers {
    type Err = String;

    fn from_str(name: &str) -> Result<Markers, String> {
        let known = [Markers::Brackets, Markers::Xml].into_iter().find(|markers| markers.name() == name);
        known.ok_or_else(|| format!("no markers “{name}”; there are brackets and xml"))
    }
}

/// Brackets that no writing system uses for anything else than `[`, and that translators put in its place.
const OPEN: [char; 9] = ['[', '［', '【', '〔', '〖', '〚', '⟦', '❲', '⁅'];
const CLOSE: [char; 9] = [']', '］', '】', '〕', '〗', '〛', '⟧', '❳', '⁆'];
/// Quotation marks that translators into Chinese, Japanese and Korean put in the place of brackets.
const OPEN_QUOTE: [char; 5] = ['《', '〈', '「', '『', '⟨'];
const CLOSE_QUOTE: [char; 5] = ['》', '〉', '」', '』', '⟩'];

/// `a`, `b`, … `z`, `aa`, …
fn letters(mut number: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'a' + (number % 26) as u8));
        if number < 26 {
            return letters.into_iter().rev().collect();
        }
        number = number / 26 - 1;
    }
}

/// A text with markers round entities, outer ones first where entities overlap. What looks like a marker in it is written
/// otherwise: brackets become round ones, `<` and `>` become `‹` and `›`.
pub fn mark(sentence: &Sentence, markers: Markers) -> String {
    let mut text = String::with_capacity(sentence.text().len() + 4 * sentence.entities.len());
    let mut done = 0;
    for (token, [before, after]) in round_tokens(sentence, markers).into_iter().enumerate() {
        if before.is_empty() && after.is_empty() {
            continue;
        }
        let bytes = sentence.byte_range(token);
        text.push_str(&markers.plain(&sentence.text()[done..bytes.start]));
        text.extend(before);
        text.push_str(&markers.plain(&sentence.text()[bytes.clone()]));
        text.extend(after);
        done = bytes.end;
    }
    text.push_str(&markers.plain(&sentence.text()[done..]));
    text
}

/// The tokens with markers; the same as [`mark`] otherwise. Brackets are tokens of their own, which stand as brackets do; tags
/// are part of the tokens that they stand at.
pub fn mark_tokens(sentence: &Sentence, markers: Markers) -> Vec<String> {
    let mut tokens = Vec::with_capacity(sentence.len() + 2 * sentence.entities.len());
    for (token, [before, after]) in round_tokens(sentence, markers).into_iter().enumerate() {
        let plain = markers.plain(sentence.token(token));
        match markers {
            Markers::Brackets => tokens.extend(before.into_iter().chain([plain]).chain(after)),
            Markers::Xml => tokens.push(before.into_iter().chain([plain]).chain(after).collect()),
        }
    }
    tokens
}

/// The markers before and after every token.
fn round_tokens(sentence: &Sentence, markers: Markers) -> Vec<[Vec<String>; 2]> {
    let mut round = vec![[Vec::new(), Vec::new()]; sentence.len()];
    for (number, index) in marked(sentence, markers).into_iter().enumerate() {
        let span = sentence.entities[index].span;
        let [open, close] = markers.halves(number);
        // Outer ones come first: they open before inner ones, and close after them.
        round[span.start][0].push(open);
        round[span.end - 1][1].insert(0, close);
    }
    round
}

/// The entities that get markers, by their place, outer ones first. Of those that overlap it is, in brackets, the one that begins
/// first, then the longer one; in tags an entity may stand in another, and one that crosses another gets none.
pub fn marked(sentence: &Sentence, markers: Markers) -> Vec<usize> {
    let span = |index: usize| sentence.entities[index].span;
    let mut order: Vec<usize> = (0..sentence.entities.len()).collect();
    order.sort_by_key(|&index| (span(index).start, Reverse(span(index).end)));
    // Ends of the entities that are open.
    let mut open: Vec<usize> = Vec::new();
    order.retain(|&index| {
        open.retain(|&end| end > span(index).start);
        let fits = match markers {
            Markers::Brackets => open.is_empty(),
            Markers::Xml => open.last().is_none_or(|&end| span(index).end <= end),
        };
        if fits {
            open.push(span(index).end);
        }
        fits
    });
    order
}
