//! Texts with annotated character ranges, as annotation tools write them, to sentences and back.
//!
//! Entities are token ranges, so the text needs tokens. Where the record gives them, they stay as they are and an
//! annotation takes all tokens that it touches. Where it does not, the text is tokenised (or split at spaces, where the
//! options say that it is tokenised), and a token is cut where an annotation begins or ends inside it, so that no
//! annotation changes.

use std::ops::Range;

use xlner_core::tokenize::tokenize;
use xlner_core::{Entity, Sentence};

use crate::ReadOptions;
use crate::error::ErrorKind;
use crate::record::from_line;

/// An annotated range of a text.
#[derive(Debug, Clone)]
pub(crate) struct Annotation {
    /// First character.
    pub(crate) start: usize,
    /// One behind the last character.
    pub(crate) end: usize,
    pub(crate) label: String,
    /// The annotated text, where the tool gives it.
    pub(crate) text: Option<String>,
    pub(crate) score: Option<f64>,
    /// The tool's name of the annotation; parts of a discontinuous one share it.
    pub(crate) id: Option<String>,
}

impl Annotation {
    pub(crate) fn new(start: usize, end: usize, label: impl Into<String>) -> Self {
        Annotation { start, end, label: label.into(), text: None, score: None, id: None }
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
            let tokens = cut(tokenize(&text, lang.as_deref()), &ranges);
            let mut sentence = Sentence::from_text(text);
            sentence.set_token_ranges(tokens)?;
            sentence
        }
    };
    sentence.lang = lang;
    for (annotation, range) in annotations.iter().zip(ranges) {
        let span = sentence.span_of_bytes(range).ok_or_else(|| annotation.bad("covers no token"))?;
        let mut entity = Entity::new(span, annotation.label.clone());
        entity.score = annotation.score;
        if let Some(id) = &annotation.id {
            entity.extra.insert("id", id.as_str().into());
        }
        sentence.entities.push(entity);
    }
    Ok(sentence)
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

    /// Byte range of a range of UTF-16 units, as JavaScript counts; `None` where it leaves the text or cuts a character.
    fn utf16(&self, start: usize, end: usize) -> Option<Range<usize>> {
        let byte = |unit: usize| {
            let mut units = 0;
            let all = self.text.char_indices().map(|(at, c)| (at, c.len_utf16())).chain([(self.text.len(), 0)]);
            for (at, length) in all {
                if units == unit {
                    return Some(at);
                }
                units += length;
            }
            None
        };
        (start <= end).then(|| Some(byte(start)?..byte(end)?))?
    }

    /// Byte range of an annotation. Where the tool gives the annotated text, it decides whether the offsets count
    /// characters or UTF-16 units (old versions of Label Studio and doccano).
    pub(crate) fn range(&self, annotation: &Annotation) -> std::result::Result<Range<usize>, ErrorKind> {
        let Annotation { start, end, .. } = *annotation;
        if start >= end {
            return Err(annotation.bad("is empty"));
        }
        let range = self.bytes(start, end);
        let Some(text) = &annotation.text else {
            return range.ok_or_else(|| annotation.bad("does not lie in its text"));
        };
        let same = |range: &Range<usize>| same_but_for_spaces(&self.text[range.clone()], text);
        range
            .filter(same)
            .or_else(|| self.utf16(start, end).filter(same))
            .ok_or_else(|| annotation.bad("does not stand where its own text does"))
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
        let options = ReadOptions::default();
        let cut = sentence("abcdef x".into(), Tokens::Unknown, &annotations, None, &options).unwrap();
        assert_eq!(cut.tokens().collect::<Vec<_>>(), ["abc", "d", "ef", "x"]);
        let kept = Tokens::Texts(vec!["abcdef".into(), "x".into()]);
        let kept = sentence("abcdef x".into(), kept, &annotations[..1], None, &options).unwrap();
        assert_eq!(kept.entities[0].span, xlner_core::Span::new(0, 1));
    }
}
