//! Sentences of CoNLL-U: words, ranges of words that are one token (`2-3`), empty nodes (`5.1`).
//!
//! A token is a piece of the text. Where the words of a range put together are its form (`Do`, `n't`), they are the tokens; where they are
//! not (`a`, `el` of `al`), the form of the range is. A tag on the line of a range is that of the range, whatever its words have; a range
//! that is a token and has no tag of its own takes those of its words.
//!
//! The lines are kept in the field `conllu` of the sentence, where they say more than tokens and tags, so that lemmas, ranges and empty
//! nodes survive when CoNLL-U is written.

use std::borrow::Cow;

use xlner_core::tags::shape::{Shape, first_layer};

use super::cells::word_range;
use super::layout::{Layout, TagCell};
use super::read::MARKS;
use super::{TAG_KEY, Tagged};
use crate::error::ErrorKind;
use crate::line_reader::Line;
use crate::notes::{LeftOut, NoteKind};

const INSIDE: NoteKind = NoteKind::new(
    "inside-multi-word-tokens",
    "entities that begin or end inside a multi-word token (they take the whole token)",
);
const LAYERS: NoteKind =
    NoteKind::new("tag-layers", "further tags of a token that has several (left out, the first counts)");

/// The lines of a sentence.
#[derive(Default)]
pub(super) struct Rows(Vec<(u64, String)>);

/// A token made of rows.
struct Token<'a> {
    line: u64,
    form: &'a str,
    tag: Cow<'a, str>,
    glued: bool,
}

impl Rows {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes a line.
    pub(super) fn push(&mut self, line: Line<'_>, layout: &Layout) -> std::result::Result<(), ErrorKind> {
        layout.cells(line.text)?;
        self.0.push((line.number, line.text.to_owned()));
        Ok(())
    }

    /// Puts the tokens into the sentence, and the lines where they say more than these. Takes all lines out.
    pub(super) fn put_into(&mut self, sentence: &mut Tagged, layout: &Layout, shape: Shape, left_out: &mut LeftOut) {
        for token in tokens(&self.0, layout, shape, left_out) {
            sentence.push_at(token.line, token.form, &token.tag);
            sentence.glue.push(token.glued);
        }
        let key = match &layout.tag {
            TagCell::Misc { key, .. } => key.as_str(),
            _ => "",
        };
        let rows: Vec<String> = self.0.drain(..).map(|(_, row)| without_tag(&row, key)).collect();
        if !matches!(key, "" | TAG_KEY) {
            key.clone_into(&mut sentence.tag_key);
        }
        if rows.iter().any(|row| says_more(row)) {
            sentence.rows = rows;
        }
    }
}

/// The tokens of rows; what cannot be said with them is noted.
fn tokens<'a>(rows: &'a [(u64, String)], layout: &Layout, shape: Shape, left_out: &mut LeftOut) -> Vec<Token<'a>> {
    let mut tokens: Vec<Token> = Vec::new();
    // The range whose words are being gathered: its last word, its token, and whether it has a tag of its own.
    let mut range: Option<(u32, Token, Vec<Token>)> = None;
    for (line, row) in rows {
        let Ok(cells) = layout.cells(row) else { continue };
        let (tag, layers) = first_layer(cells.tag).unwrap_or((cells.tag, 0));
        left_out.add_many(LAYERS, layers);
        left_out.add_many(MARKS, usize::from(cells.marked && shape != Shape::Small));
        let glued = cells.misc.split('|').any(|part| part == "SpaceAfter=No");
        let token = Token { line: *line, form: cells.token, tag: shape.usual(tag), glued };
        if let Some((_, last)) = word_range(cells.id) {
            tokens.extend(range.take().map(|range| close(range, left_out)).into_iter().flatten());
            range = Some((last, token, Vec::new()));
            continue;
        }
        let Ok(id) = cells.id.parse::<u32>() else { continue };
        match &mut range {
            Some((last, _, words)) if id <= *last => words.push(token),
            _ => {
                tokens.extend(range.take().map(|range| close(range, left_out)).into_iter().flatten());
                tokens.push(token);
            }
        }
    }
    tokens.extend(range.map(|range| close(range, left_out)).into_iter().flatten());
    tokens
}

/// The tokens of a range and its words: the words, where they are its form put together, else the range.
fn close<'a>((_, mut range, mut words): (u32, Token<'a>, Vec<Token<'a>>), left_out: &mut LeftOut) -> Vec<Token<'a>> {
    let has_tag = range.tag != "O";
    let joined: String = words.iter().map(|word| word.form).collect();
    if joined == range.form && !words.is_empty() {
        let last = words.len() - 1;
        for (index, word) in words.iter_mut().enumerate() {
            word.glued = index < last || range.glued || word.glued;
        }
        if has_tag {
            for (word, tag) in words.iter_mut().zip(spread(&range.tag, last + 1)) {
                word.tag = tag.into();
            }
        }
        return words;
    }
    if !has_tag {
        let (tag, is_cut) = gather(&words);
        left_out.add_many(INSIDE, usize::from(is_cut));
        range.tag = tag.into();
    }
    vec![range]
}

/// The tags of the words of a range that has a tag.
pub(super) fn spread(tag: &str, words: usize) -> Vec<String> {
    let Some((prefix, label)) = tag.split_once('-').filter(|(prefix, _)| prefix.len() == 1) else {
        return vec![tag.to_owned(); words];
    };
    let (first, last) = match prefix {
        "B" => ("B", "I"),
        "S" => ("B", "E"),
        "W" => ("B", "E"),
        "U" => ("B", "L"),
        "E" | "L" => ("I", prefix),
        inside => (inside, inside),
    };
    let inside = if prefix == "M" { "M" } else { "I" };
    let prefix_at = |index: usize| match index {
        _ if words == 1 => prefix,
        0 => first,
        index if index + 1 == words => last,
        _ => inside,
    };
    (0..words).map(|index| format!("{}-{label}", prefix_at(index))).collect()
}

/// The tag of a token that stands for several words, and whether an entity begins or ends between them.
fn gather(words: &[Token]) -> (String, bool) {
    let inside: Vec<&Token> = words.iter().filter(|word| word.tag != "O").collect();
    let (Some(first), Some(last)) = (inside.first(), inside.last()) else { return ("O".to_owned(), false) };
    let label = |token: &Token| token.tag.split_once('-').map(|(_, label)| label.to_owned());
    let is_cut = inside.len() < words.len() || label(first) != label(last);
    let begins = first.tag.starts_with(['B', 'S', 'U', 'W']);
    let ends = last.tag.chars().next().filter(|prefix| matches!(prefix, 'E' | 'S' | 'L' | 'U' | 'W'));
    let prefix = match (begins, ends) {
        (true, Some('E' | 'S' | 'W')) => "S",
        (true, Some(_)) => "U",
        (true, None) => "B",
        (false, Some('L' | 'U')) => "L",
        (false, Some(_)) => "E",
        (false, None) => return (first.tag.to_string(), is_cut),
    };
    (label(first).map_or_else(|| prefix.to_owned(), |label| format!("{prefix}-{label}")), is_cut)
}

/// A row without the tag in its MISC.
fn without_tag(row: &str, key: &str) -> String {
    let Some((rest, misc)) = row.rsplit_once('\t') else { return row.to_owned() };
    let kept: Vec<&str> =
        misc.split('|').filter(|part| part.split_once('=').is_none_or(|(name, _)| name != key)).collect();
    let misc = if kept.is_empty() { "_".to_owned() } else { kept.join("|") };
    format!("{rest}\t{misc}")
}

/// Whether a row is more than a numbered word.
fn says_more(row: &str) -> bool {
    let cells: Vec<&str> = row.split('\t').collect();
    cells[0].contains(['-', '.'])
        || cells.iter().skip(2).take(7).any(|cell| *cell != "_")
        || !matches!(cells.last(), Some(&"_" | &"SpaceAfter=No"))
}

/// Rows that were kept, with the tags of the sentence's tokens; `None` where the tokens are others by now.
pub(super) fn with_tags<'a>(
    rows: impl Iterator<Item = &'a str>,
    mut tokens: impl Iterator<Item = &'a str>,
    tags: &[String],
    key: &str,
) -> Option<Vec<String>> {
    let rows: Vec<(u64, String)> = rows.map(|row| (0, row.to_owned())).collect();
    let layout = Layout::of_conllu();
    let mut written = Vec::with_capacity(rows.len());
    let mut tags = tags.iter();
    let mut next = || Some((tokens.next()?, tags.next()?));
    let mut index = 0;
    while let Some((_, row)) = rows.get(index) {
        let cells = layout.cells(row).ok()?;
        let Some((first, last)) = word_range(cells.id) else {
            // A word of its own, or an empty node.
            let is_word = cells.id.parse::<u32>().is_ok();
            written.push(if is_word {
                let (token, tag) = next()?;
                if token != cells.token {
                    return None;
                }
                with_tag(row, key, tag)
            } else {
                row.clone()
            });
            index += 1;
            continue;
        };
        let inside = |row: &str| {
            let id = row.split('\t').next().unwrap_or_default();
            let id = id.split('.').next().and_then(|id| id.parse::<u32>().ok());
            id.is_some_and(|id| (first..=last).contains(&id))
        };
        let group = rows[index + 1..].iter().take_while(|(_, row)| inside(row)).count();
        let group = &rows[index + 1..index + 1 + group];
        let words: Vec<&str> = group
            .iter()
            .filter_map(|(_, row)| layout.cells(row).ok().filter(|cells| cells.id.parse::<u32>().is_ok()))
            .map(|cells| cells.token)
            .collect();
        let of_words = if !words.is_empty() && words.concat() == cells.token {
            written.push(row.clone());
            let mut of_words = Vec::new();
            for word in &words {
                let (token, tag) = next()?;
                if token != *word {
                    return None;
                }
                of_words.push(tag.clone());
            }
            of_words
        } else {
            let (token, tag) = next()?;
            if token != cells.token {
                return None;
            }
            written.push(with_tag(row, key, tag));
            spread(tag, words.len())
        };
        let mut of_words = of_words.into_iter();
        for (_, row) in group {
            let is_word = row.split('\t').next().is_some_and(|id| id.parse::<u32>().is_ok());
            let tag = if is_word { of_words.next() } else { None };
            written.push(tag.map_or_else(|| row.clone(), |tag| with_tag(row, key, &tag)));
        }
        index += 1 + group.len();
    }
    next().is_none().then_some(written)
}

/// A row with a tag in its MISC.
fn with_tag(row: &str, key: &str, tag: &str) -> String {
    let Some((rest, misc)) = row.rsplit_once('\t') else { return row.to_owned() };
    let others = if misc == "_" { String::new() } else { format!("|{misc}") };
    format!("{rest}\t{key}={tag}{others}")
}
