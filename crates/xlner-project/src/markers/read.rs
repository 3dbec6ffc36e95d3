//! Markers in a translation.

use std::iter::Peekable;
use std::ops::Range;
use std::str::Chars;

use super::{CLOSE, CLOSE_QUOTE, Markers, OPEN, OPEN_QUOTE, letters};

/// A translation without its markers, and what stood between them, as byte ranges of the text without white space at the
/// ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    /// The text.
    pub text: String,
    /// The marked ranges: of brackets in their order, of tags that of the entity of each letter.
    pub ranges: Vec<Range<usize>>,
}

/// Reads the markers of a translation of a text with `count` marked entities; `None` where one lacks its other half, there is
/// nothing between them, or there are not as many.
///
/// Brackets may not stand in each other, but each may be doubled (`[[Ana]]`, `[ [ Ana ] ]`), and where `[` alone does not come to
/// `count` entities, those that translators put in its place are read as well (`【Ana】`, `［Ana］`, `《Ana》`), in the way of
/// EasyProject's decoder. Tags may have spaces, capitals, wide brackets or entities (`< A >`, `＜a＞`, `&lt;a&gt;`).
pub fn read(translation: &str, count: usize, markers: Markers) -> Option<Marked> {
    let read = match markers {
        Markers::Xml => return read_tags(translation, count),
        Markers::Brackets => |open: &[&[char]], close: &[&[char]]| {
            let is = |all: &[&[char]], c: char| all.iter().any(|some| some.contains(&c));
            read_brackets(translation, &|c| is(open, c), &|c| is(close, c))
                .filter(|marked| marked.ranges.len() == count)
        },
    };
    read(&[&['[']], &[&[']']])
        .or_else(|| read(&[&OPEN], &[&CLOSE]))
        .or_else(|| read(&[&OPEN, &OPEN_QUOTE], &[&CLOSE, &CLOSE_QUOTE]))
}

fn read_brackets(translation: &str, opens: &dyn Fn(char) -> bool, closes: &dyn Fn(char) -> bool) -> Option<Marked> {
    let (mut text, mut ranges) = (String::with_capacity(translation.len()), Vec::new());
    // Where the open marker stands, and how many brackets it is made of.
    let mut open: Option<(usize, usize)> = None;
    let mut rest = translation.chars().peekable();
    let (mut after_marker, mut owed) = (false, false);
    while let Some(c) = rest.next() {
        if opens(c) {
            if open.is_some() {
                return None;
            }
            open = Some((text.len(), run(&mut rest, opens, usize::MAX)));
        } else if closes(c) {
            let (start, brackets) = open.take()?;
            // A bracket more would be that of another marker.
            if run(&mut rest, closes, brackets) != brackets {
                return None;
            }
            ranges.push(close(&mut text, start, &mut owed)?);
        } else if !(c == ' ' && after_marker && (text.is_empty() || text.ends_with(' '))) {
            // Where a marker stood between two spaces one is enough.
            push(&mut text, c, &mut owed);
        }
        after_marker = opens(c) || closes(c);
    }
    open.is_none().then_some(Marked { text, ranges })
}

/// How many brackets stand here, the one before included, with nothing but spaces between them; up to `most` are taken.
fn run(rest: &mut Peekable<Chars<'_>>, is: &dyn Fn(char) -> bool, most: usize) -> usize {
    let mut count = 1;
    while count < most {
        let mut ahead = rest.clone();
        if !ahead.find(|c| !c.is_whitespace()).is_some_and(is) {
            break;
        }
        *rest = ahead;
        count += 1;
    }
    count
}

/// What stands in the text from a byte on, without white space at its ends; `None` where nothing does. White space at its end
/// goes from the text, and is owed to a word that follows at once.
fn close(text: &mut String, start: usize, owed: &mut bool) -> Option<Range<usize>> {
    let inside = &text[start..];
    let from = start + inside.len() - inside.trim_start().len();
    let range = from..start + inside.trim_end().len();
    *owed = range.end < text.len();
    text.truncate(range.end);
    (range.start < range.end).then_some(range)
}

/// Goes on with the text.
fn push(text: &mut String, c: char, owed: &mut bool) {
    if std::mem::take(owed) && c.is_alphanumeric() {
        text.push(' ');
    }
    text.push(c);
}

fn read_tags(translation: &str, count: usize) -> Option<Marked> {
    let names: Vec<String> = (0..count).map(letters).collect();
    let mut text = String::with_capacity(translation.len());
    let mut found: Vec<Option<Range<usize>>> = vec![None; count];
    // The tags that are open, and where.
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut rest = translation;
    let (mut after_marker, mut owed) = (false, false);
    while let Some(c) = rest.chars().next() {
        let tag = tag(rest);
        if let Some((closes, name, length)) = &tag {
            let number = names.iter().position(|known| known == name)?;
            if *closes {
                // Properly nested, as tags are.
                let (_, start) = open.pop().filter(|(last, _)| *last == number)?;
                found[number] = Some(close(&mut text, start, &mut owed)?);
            } else {
                if found[number].is_some() || open.iter().any(|(other, _)| *other == number) {
                    return None;
                }
                open.push((number, text.len()));
            }
            rest = &rest[*length..];
        } else {
            if !(c == ' ' && after_marker && (text.is_empty() || text.ends_with(' '))) {
                push(&mut text, c, &mut owed);
            }
            rest = &rest[c.len_utf8()..];
        }
        after_marker = tag.is_some();
    }
    let ranges: Option<Vec<Range<usize>>> = found.into_iter().collect();
    ranges.filter(|_| open.is_empty()).map(|ranges| Marked { text, ranges })
}

/// The tag that a text begins with, if it does: whether it closes, its name in small letters, its length in bytes.
fn tag(text: &str) -> Option<(bool, String, usize)> {
    let after = |rest: &'_ str, all: &[&str]| all.iter().find(|one| rest.starts_with(**one)).map(|one| one.len());
    let mut at = after(text, &["<", "＜", "&lt;"])?;
    let blank = |at: usize| text[at..].len() - text[at..].trim_start().len();
    at += blank(at);
    let slash = after(&text[at..], &["/", "／"]);
    at += slash.unwrap_or(0);
    at += blank(at);
    let length = text[at..].chars().take_while(char::is_ascii_alphabetic).count();
    let name = text[at..at + length].to_ascii_lowercase();
    at += length;
    at += blank(at);
    at += after(&text[at..], &[">", "＞", "&gt;"])?;
    // Of a word in angle brackets nobody made a marker.
    (1..=2).contains(&length).then_some((slash.is_some(), name, at))
}
