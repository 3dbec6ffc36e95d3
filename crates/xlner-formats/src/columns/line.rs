//! A token line: its cells, and what they add to the sentence.

use xlner_core::tags::shape::{Shape, first_layer, has_bar, is_outside_mark};

use super::Tagged;
use super::cells::{is_placeholder, is_range, is_tag, lang_of, word_range};
use super::conllu;
use super::layout::{Layout, Separator, TagCell};
use crate::error::{ErrorKind, shorten};
use crate::line_reader::Line;

/// What stands in the columns that count.
#[derive(Default)]
pub(super) struct Cells<'a> {
    /// The number of the token, where the layout has numbers.
    pub(super) id: &'a str,
    pub(super) token: &'a str,
    pub(super) tag: &'a str,
    /// The tag was another mark than `O` for “outside”.
    pub(super) marked: bool,
    lang: &'a str,
    pub(super) misc: &'a str,
}

/// What became of a line.
#[derive(Default)]
pub(super) struct Pushed {
    /// Tags that were left out, where a token has several.
    pub(super) layers: usize,
    /// The tag was another mark than `O`.
    pub(super) marked: bool,
    /// The token had spaces around it.
    pub(super) spaced: bool,
    /// The sentence ends with it.
    pub(super) ends: bool,
}

/// The words that a range with a tag stands for (`2-3`), as far as they are still to come.
#[derive(Default)]
pub(super) struct Range {
    last: u32,
    tags: std::vec::IntoIter<String>,
}

impl Layout {
    /// Whether a line that begins with `#` is a token all the same.
    pub(super) fn is_token(&self, line: &str) -> bool {
        !self.ids
            && match self.cells(line) {
                Ok(cells) => self.tag == TagCell::None || (is_tag(cells.tag) && !cells.marked) || self.columns == 1,
                Err(_) => false,
            }
    }

    /// Reads a token line into the sentence.
    #[inline]
    pub(super) fn push(
        &self,
        line: Line<'_>,
        shape: Shape,
        range: &mut Range,
        sentence: &mut Tagged,
    ) -> std::result::Result<Pushed, ErrorKind> {
        if let Some((token, tag)) = self.token_and_tag(line.text).filter(|_| shape == Shape::Usual)
            && (tag == "O" || (tag.as_bytes().get(1) == Some(&b'-') && !has_bar(tag)))
            && !is_spaced(token)
        {
            sentence.push_at(line.number, token, tag);
            return Ok(Pushed::default());
        }
        let cells = self.cells(line.text)?;
        let (tag, layers) = first_layer(cells.tag).unwrap_or((cells.tag, 0));
        let mut tag = shape.usual(tag);
        // `o` is the `O` of tags in small letters.
        let marked = cells.marked && shape != Shape::Small;
        if is_range(cells.id) {
            // A range of words, or an empty node; a tag on a range is that of its words.
            if let (true, Some((first, last))) = (tag != "O", word_range(cells.id)) {
                *range = Range { last, tags: conllu::spread(&tag, (last - first + 1) as usize).into_iter() };
            }
            return Ok(Pushed { layers, ..Pushed::default() });
        }
        if self.ids && cells.id.parse().is_ok_and(|id: u32| id <= range.last) {
            let of_range = range.tags.next().unwrap_or_default();
            if tag == "O" && !of_range.is_empty() {
                tag = of_range.into();
            }
        }
        if !cells.lang.is_empty() && sentence.lang.is_empty() {
            sentence.lang.push_str(cells.lang);
        }
        sentence.push_at(line.number, cells.token, &tag);
        if self.uner {
            let cells = line.text.splitn(4, '\t').nth(3).unwrap_or_default();
            sentence.annotators.push(cells.to_owned());
        }
        if self.misc.is_some() {
            let glued = if self.hipe { "NoSpaceAfter" } else { "SpaceAfter=No" };
            sentence.glue.push(cells.misc.split('|').any(|part| part == glued));
        }
        let ends = self.hipe && cells.misc.split('|').any(|part| matches!(part, "EndOfSentence" | "PySBDSegment"));
        Ok(Pushed { layers, marked, spaced: is_spaced(cells.token), ends })
    }

    /// Token and tag where the layout is these two columns and nothing is special about the line; the way most lines go.
    #[inline]
    fn token_and_tag<'a>(&self, line: &'a str) -> Option<(&'a str, &'a str)> {
        if !self.plain {
            return None;
        }
        let bytes = line.as_bytes();
        let at = match self.separator {
            Separator::Tab => memchr::memchr(b'\t', bytes)?,
            Separator::Spaces => bytes.iter().position(|byte| matches!(byte, b' ' | b'\t')).filter(|&at| at > 0)?,
        };
        let tag = &bytes[at + 1..];
        let one = match self.separator {
            Separator::Tab => !tag.contains(&b'\t'),
            Separator::Spaces => !tag.is_empty() && !tag.iter().any(|byte| matches!(byte, b' ' | b'\t')),
        };
        one.then(|| (&line[..at], line[at + 1..].trim()))
    }

    /// The cells that count.
    pub(super) fn cells<'a>(&self, line: &'a str) -> std::result::Result<Cells<'a>, ErrorKind> {
        let mut cells = Cells { tag: "O", ..Cells::default() };
        let mut columns = 0;
        let mut visit = |cell: &'a str| {
            if columns == self.token {
                cells.token = cell;
            }
            match &self.tag {
                TagCell::Column(column) if *column == columns => cells.tag = cell.trim(),
                TagCell::Misc { column, key } if *column == columns => cells.tag = misc_value(cell, key).unwrap_or("O"),
                _ => {}
            }
            if self.ids && columns == 0 {
                cells.id = cell;
            }
            if self.misc == Some(columns) {
                cells.misc = cell;
            }
            columns += 1;
        };
        match self.separator {
            Separator::Tab => {
                let mut start = 0;
                for tab in memchr::memchr_iter(b'\t', line.as_bytes()) {
                    visit(&line[start..tab]);
                    start = tab + 1;
                }
                visit(&line[start..]);
            }
            Separator::Spaces => line.split([' ', '\t']).filter(|cell| !cell.is_empty()).for_each(visit),
        }
        if columns != self.columns {
            return Err(ErrorKind::UnequalColumns {
                found: columns,
                expected: self.columns,
                sample: shorten(line),
                separator: self.separator.name(),
            });
        }
        if (self.blank_is_outside || self.hipe) && is_placeholder(cells.tag) {
            cells.tag = "O";
        } else if is_outside_mark(cells.tag) {
            cells.tag = "O";
            cells.marked = true;
        }
        if self.lang_prefix {
            let Some(lang) = lang_of(cells.token) else {
                let expected = "a token of PAN-X (`lang:token`)";
                return Err(ErrorKind::BadLine { line: shorten(line), expected });
            };
            cells.lang = lang;
            cells.token = &cells.token[lang.len() + 1..];
        }
        Ok(cells)
    }
}

/// Whether a token has spaces around it.
fn is_spaced(token: &str) -> bool {
    (token.starts_with(' ') || token.ends_with(' ')) && !token.trim_matches(' ').is_empty()
}

fn misc_value<'a>(misc: &'a str, key: &str) -> Option<&'a str> {
    misc.split('|').filter_map(|part| part.split_once('=')).find_map(|(name, value)| (name == key).then_some(value))
}
