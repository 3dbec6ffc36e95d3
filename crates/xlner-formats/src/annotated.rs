//! Texts with annotated character ranges, as annotation tools write them, to sentences and back.
//!
//! Entities are token ranges, so the text needs tokens. Where the record gives them, they stay as they are and an
//! annotation takes all tokens that it touches. Where it does not, the text is tokenised (or split at spaces, where the
//! options say that it is tokenised), and a token is cut where an annotation begins or ends inside it, so that no
//! annotation changes.

mod recount;

use std::ops::Range;

pub(crate) use recount::recount;
use xlner_core::tokenize::tokenize;
use xlner_core::{Entity, Sentence};

use crate::ReadOptions;
use crate::error::ErrorKind;
use crate::notes::{LeftOut, NoteKind};
use crate::record::from_line;

const CUT_WORDS: NoteKind = NoteKind::new(
    "cut-words",
    "entities that begin or end inside a word (the token is cut there; do the offsets count characters from 0?)",
);
const INSIDE_TOKENS: NoteKind =
    NoteKind::new("inside-tokens", "entities that begin or end inside a given token (they take the whole token)");

/// An annotated range of a text.
#[derive(Debug, Clone)]
pub(crate) struct Annotation {
    /// First character.
    pub(crate) start: usize,
    /// Exclusive end: one past the last character.
    pub(crate) end: usize,
    pub(crate) label: String,
    /// The annotated text, where the tool gives it.
    pub(crate) text: Option<String>,
    pub(crate) score: Option<f64>,
    /// The tool's name of the annotation; parts of a discontinuous one share it.
    pub(crate) id: Option<String>,
    /// Its offsets count in the text that a page of HTML shows, not in its source.
    pub(crate) in_markup: bool,
    /// An unknown field that its entity gets.
    pub(crate) extra: Option<(&'static str, &'static str)>,
}

impl Annotation {
    pub(crate) fn new(start: usize, end: usize, label: impl Into<String>) -> Self {
        Annotation { start, end, label: label.into(), text: None, score: None, id: None, in_markup: false, extra: None }
    }

    pub(crate) fn bad(&self, problem: &'static str) -> ErrorKind {
        ErrorKind::BadAnnotation { start: self.start, end: self.end, label: self.label.clone(), problem }
    }
}

/// The tokens of an annotated text.
pub(crate) enum Tokens {
    /// Not given.
    Unknown,
    /// As texts.
    Texts(Vec<String>),
    /// As ranges of characters.
    Characters(Vec<(usize, usize)>),
}

/// Makes a sentence of a text, its tokens and its annotations.
pub(crate) fn sentence(
    text: String,
    tokens: Tokens,
    annotations: &[Annotation],
    lang: Option<String>,
    options: &ReadOptions,
    left_out: &mut LeftOut,
) -> std::result::Result<Sentence, ErrorKind> {
    let characters = Characters::of(&text);
    let ranges = annotations.iter().map(|annotation| characters.range(annotation)).collect::<Result<Vec<_>, _>>()?;
    let lang = lang.or_else(|| options.lang.clone());
    let mut sentence = match tokens {
        Tokens::Texts(tokens) => Sentence::from_text_and_tokens(text, &tokens)?,
        Tokens::Characters(tokens) => {
            let ranges = tokens
                .iter()
                .map(|&(start, end)| {
                    characters.bytes(start, end).ok_or_else(|| {
                        ErrorKind::from(xlner_core::Error::Invalid(format!(
                            "token {start}..{end} does not lie in the text"
                        )))
                    })
                })
                .collect::<Result<Vec<_>, _>>()?;
            let mut sentence = Sentence::from_text(text);
            sentence.set_token_ranges(ranges)?;
            sentence
        }
        Tokens::Unknown if options.tokenized => from_line(&text, true, None),
        Tokens::Unknown => {
            let tokens = tokenize(&text, lang.as_deref());
            left_out.add_many(CUT_WORDS, ranges.iter().filter(|range| cuts_word(&text, range)).count());
            let tokens = cut(tokens, &ranges);
            let mut sentence = Sentence::from_text(text);
            sentence.set_token_ranges(tokens)?;
            sentence
        }
    };
    sentence.lang = lang;
    for (annotation, range) in annotations.iter().zip(ranges) {
        let span = sentence.span_of_bytes(range.clone()).ok_or_else(|| annotation.bad("covers no token"))?;
        let covered = sentence.byte_range(span.start).start..sentence.byte_range(span.end - 1).end;
        if covered.start < range.start || covered.end > range.end {
            left_out.add(INSIDE_TOKENS);
        }
        let mut entity = Entity::new(span, annotation.label.clone());
        entity.score = annotation.score;
        if let Some(id) = &annotation.id {
            entity.extra.insert("id", id.as_str().into());
        }
        if let Some((name, value)) = annotation.extra {
            entity.extra.insert(name, value.into());
        }
        sentence.entities.push(entity);
    }
    Ok(sentence)
}

/// Whether a range begins or ends between two letters or digits of a text.
fn cuts_word(text: &str, range: &Range<usize>) -> bool {
    let inside = |at: usize| {
        let before = text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
        before && text[at..].chars().next().is_some_and(char::is_alphanumeric)
    };
    // Scripts without spaces between words have no such places that one could see.
    let spaced = |at: usize| {
        text[at..].chars().next().is_some_and(is_spaced) && text[..at].chars().next_back().is_some_and(is_spaced)
    };
    [range.start, range.end].into_iter().any(|at| inside(at) && spaced(at))
}

/// Whether a letter belongs to a script that puts spaces between words.
fn is_spaced(letter: char) -> bool {
    // Thai, Lao, Tibetan, Burmese, Khmer; kana, Bopomofo, and ideographs.
    !matches!(u32::from(letter),
        0x0E00..=0x0FFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3040..=0x312F | 0x31A0..=0x31FF | 0x3400..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

/// Tokens cut where a range begins or ends inside one.
pub(crate) fn cut(tokens: Vec<Range<usize>>, ranges: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut borders: Vec<usize> = ranges.iter().flat_map(|range| [range.start, range.end]).collect();
    borders.sort_unstable();
    borders.dedup();
    let mut result = Vec::with_capacity(tokens.len());
    for token in tokens {
        let mut start = token.start;
        let inside = borders.partition_point(|&border| border <= token.start);
        for &border in borders[inside..].iter().take_while(|&&border| border < token.end) {
            result.push(start..border);
            start = border;
        }
        result.push(start..token.end);
    }
    result
}

/// What offsets may count, if not characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unit {
    /// UTF-16 units, as JavaScript and Java count, instead of characters.
    pub(crate) utf16: bool,
    /// CRLF is one.
    pub(crate) crlf_is_one: bool,
}

impl Unit {
    /// Characters.
    pub(crate) const CHARACTERS: Unit = Unit { utf16: false, crlf_is_one: false };
    /// All others, the more usual first.
    pub(crate) const ALL: [Unit; 3] = [
        Unit { utf16: true, crlf_is_one: false },
        Unit { utf16: false, crlf_is_one: true },
        Unit { utf16: true, crlf_is_one: true },
    ];

    /// The bytes at which characters begin, and the end, each with the units of the character.
    pub(crate) fn starts(self, text: &str) -> impl Iterator<Item = (usize, usize)> {
        let bytes = text.as_bytes();
        let units = move |(at, c): (usize, char)| match c {
            '\r' if self.crlf_is_one && bytes.get(at + 1) == Some(&b'\n') => (at, 0),
            c if self.utf16 => (at, c.len_utf16()),
            _ => (at, 1),
        };
        text.char_indices().map(units).chain([(text.len(), 0)])
    }
}

/// Character offsets to byte offsets.
pub(crate) struct Characters<'a> {
    text: &'a str,
    /// Byte of each character and of the end; empty where every character is a byte.
    starts: Vec<u32>,
}

impl<'a> Characters<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let starts = if text.is_ascii() {
            Vec::new()
        } else {
            let ends = std::iter::once(text.len() as u32);
            text.char_indices().map(|(start, _)| start as u32).chain(ends).collect()
        };
        Characters { text, starts }
    }

    /// Number of characters before a byte.
    pub(crate) fn before(&self, byte: usize) -> usize {
        if self.starts.is_empty() { byte } else { self.starts.partition_point(|&start| (start as usize) < byte) }
    }

    /// Byte range of a character range; `None` where it leaves the text.
    fn bytes(&self, start: usize, end: usize) -> Option<Range<usize>> {
        if start > end {
            return None;
        }
        if self.starts.is_empty() {
            return (end <= self.text.len()).then_some(start..end);
        }
        Some(*self.starts.get(start)? as usize..*self.starts.get(end)? as usize)
    }

    /// Byte range of a range of units that are counted otherwise; `None` where it leaves the text or cuts a character.
    fn counted(&self, unit: Unit, start: usize, end: usize) -> Option<Range<usize>> {
        let byte = |wanted: usize| {
            let mut count = 0;
            unit.starts(self.text).find_map(|(at, length)| {
                let here = (count == wanted).then_some(at);
                count += length;
                here
            })
        };
        (start <= end).then(|| Some(byte(start)?..byte(end)?))?
    }

    /// Byte range of an annotation. Where the tool gives the annotated text, it decides whether the offsets count
    /// characters or UTF-16 units (old versions of Label Studio and doccano), and whether CRLF counts as one.
    pub(crate) fn range(&self, annotation: &Annotation) -> std::result::Result<Range<usize>, ErrorKind> {
        let Annotation { start, end, .. } = *annotation;
        if start >= end {
            return Err(annotation.bad("is empty"));
        }
        let range = self.bytes(start, end);
        let Some(text) = &annotation.text else {
            return range.ok_or_else(|| annotation.bad("does not lie in its text"));
        };
        // Label Studio writes a line break as `\n`, with the backslash.
        let broken = text.contains("\\n").then(|| text.replace("\\r", " ").replace("\\n", " "));
        let same = |range: &Range<usize>| {
            let covered = &self.text[range.clone()];
            same_but_for_spaces(covered, text) || broken.as_ref().is_some_and(|text| same_but_for_spaces(covered, text))
        };
        range
            .filter(same)
            .or_else(|| Unit::ALL.into_iter().find_map(|unit| self.counted(unit, start, end).filter(same)))
            .ok_or_else(|| match annotation.in_markup && self.text.contains('<') {
                true => annotation
                    .bad("counts in the text that a page of HTML shows; give the tasks plain text (the tag Text)"),
                false => annotation.bad("does not stand where its own text does"),
            })
    }
}

/// Whether two texts differ in white space alone.
pub(crate) fn same_but_for_spaces(a: &str, b: &str) -> bool {
    let letters = |text: &'_ str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    a == b || letters(a) == letters(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_count_characters_or_utf16_units() {
        let text = "💩This is an annotation.";
        let mut annotation = Annotation::new(13, 23, "X");
        annotation.text = Some("annotation".into());
        let characters = Characters::of(text);
        assert_eq!(&text[characters.range(&annotation).unwrap()], "annotation");
        annotation.start = 12;
        annotation.end = 22;
        assert_eq!(&text[characters.range(&annotation).unwrap()], "annotation");
        annotation.text = None;
        assert_eq!(&text[characters.range(&annotation).unwrap()], "annotation");
        annotation.end = 99;
        assert!(characters.range(&annotation).is_err());
    }

    #[test]
    fn tokens_are_cut_at_annotations() {
        let annotations = [Annotation::new(0, 3, "A"), Annotation::new(4, 6, "B")];
        let (options, mut left_out) = (ReadOptions::default(), LeftOut::default());
        let cut = sentence("abcdef x".into(), Tokens::Unknown, &annotations, None, &options, &mut left_out).unwrap();
        assert_eq!(cut.tokens().collect::<Vec<_>>(), ["abc", "d", "ef", "x"]);
        let kept = Tokens::Texts(vec!["abcdef".into(), "x".into()]);
        let kept = sentence("abcdef x".into(), kept, &annotations[..1], None, &options, &mut left_out).unwrap();
        assert_eq!(kept.entities[0].span, xlner_core::Span::new(0, 1));
    }
}
