//! WebAnno TSV 3 (3.0 to 3.3), which INCEpTION and WebAnno export.
//!
//! A header names the layers and their features (`#T_SP=…NamedEntity|identifier|value`); a line is a token: its numbers, its offsets, its
//! text, then a column for each feature. In a cell `_` is nothing, `*` an annotation without value, `PER[1]` a value of annotation 1, which
//! may go over several tokens, and bars separate several annotations. Lines of parts of tokens (`1-2.1`) follow their token. A backslash
//! stands before a character that would mean something else (INCEpTION's user guide, appendix “WebAnno TSV 3.3 File format”).
//!
//! Entities are the values of one feature of one layer: the one that the options name as tag column (`layer`, `feature` or
//! `layer.feature`), else the feature `value` of the layer of named entities, else of the only layer that has one. They may overlap.

mod header;
mod read;
mod write;

pub(crate) use read::{fits, sentences};
pub(crate) use write::WebAnnoWriter;

/// The characters that a backslash stands before.
const SPECIAL: [char; 8] = ['\\', '[', ']', '|', '_', '*', ';', '>'];

/// A value as it stands in a cell.
fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\t' => escaped.push_str("\\t"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            c => {
                if SPECIAL.contains(&c) {
                    escaped.push('\\');
                }
                escaped.push(c);
            }
        }
    }
    escaped
}

/// A text without its backslashes.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        match chars.next() {
            Some('t') => plain.push('\t'),
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some('f') => plain.push('\u{c}'),
            Some('b') => plain.push('\u{8}'),
            Some(c) => plain.push(c),
            None => plain.push('\\'),
        }
    }
    plain
}

/// Pieces between separators that have no backslash before them.
fn split_unescaped(text: &str, separator: char) -> Vec<&str> {
    let (mut pieces, mut start, mut escaped) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == separator => {
                pieces.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    pieces.push(&text[start..]);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_comes_back() {
        for text in ["a|b", "[1]", "_", "*", "a\\b", "tab\tline\nend\r", "plain é", "->;"] {
            assert_eq!(unescape(&escape(text)), text);
            assert_eq!(split_unescaped(&escape(text), '|').len(), 1);
        }
        assert_eq!(split_unescaped("PER[1]|a\\|b[2]", '|'), ["PER[1]", "a\\|b[2]"]);
    }
}
