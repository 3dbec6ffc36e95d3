//! Apostrophes: where a word ends in the middle of its letters.

use std::ops::Range;

use super::chars::{is_apostrophe, takes_elision};
use super::language::Apostrophe;

/// French words whose apostrophe is inside.
const WHOLE: &[&str] = &["aujourd", "quelqu", "presqu", "prud", "entr", "grand"];

/// Whether the letters are an English clitic without its apostrophe.
pub fn is_clitic(letters: &str) -> bool {
    ["s", "m", "d", "re", "ve", "ll"].iter().any(|clitic| clitic.eq_ignore_ascii_case(letters))
}

/// Whether the word is elided before an apostrophe, whatever follows.
pub fn is_elided(word: &str, rule: Apostrophe) -> bool {
    match rule {
        Apostrophe::Elision { words, .. } => words.contains(&word.to_lowercase().as_str()),
        _ => false,
    }
}

/// Cuts the token at its apostrophes by the rule and appends the parts.
pub fn split(text: &str, token: Range<usize>, rule: Apostrophe, out: &mut Vec<Range<usize>>) {
    let mut start = token.start;
    match rule {
        Apostrophe::Inside => {}
        Apostrophe::Clitic => {
            let word = &text[token.clone()];
            if let Some((at, mark)) = word.char_indices().rfind(|&(_, c)| is_apostrophe(c)) {
                let clitic = &word[at + mark.len_utf8()..];
                let cut =
                    if clitic.eq_ignore_ascii_case("t") && word[..at].ends_with(['n', 'N']) { at - 1 } else { at };
                if cut > 0 && (cut < at || is_clitic(clitic)) {
                    out.push(start..start + cut);
                    start += cut;
                }
            }
        }
        Apostrophe::Elision { open, .. } => {
            while let Some(length) = elided(&text[start..token.end], rule, open) {
                out.push(start..start + length);
                start += length;
            }
        }
    }
    out.push(start..token.end);
}

/// Bytes of the elided word, apostrophe included, that the token begins with.
fn elided(token: &str, rule: Apostrophe, open: bool) -> Option<usize> {
    let (at, mark) = token.char_indices().find(|&(_, c)| is_apostrophe(c))?;
    let (word, length) = (&token[..at], at + mark.len_utf8());
    let next = token[length..].chars().next()?;
    let consonant = open && word.chars().next_back().is_some_and(|c| c.is_alphabetic() && !takes_elision(c));
    let whole = || WHOLE.contains(&word.to_lowercase().as_str());
    ((is_elided(word, rule) || consonant) && !whole() && (takes_elision(next) || !next.is_alphabetic()))
        .then_some(length)
}
