//! From text to tokens and back.
//!
//! A token is a byte range of the text, so the text is never changed and tokenisation is undone exactly: what stands
//! between two tokens is still in the text. The boundaries are those of Unicode (UAX #29, by ICU4X), with ICU's
//! dictionaries for the scripts written without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese), and on top of them the
//! conventions of named-entity corpora:
//!
//! | text | tokens |
//! |---|---|
//! | punctuation | one token each; a run of one mark (`...`, `--`, `!!`) is one |
//! | `1,234.5` `10:30` `12/05/2020` `-40` | one |
//! | `U.S.` `z.B.`, initials (`J.` Rowling), listed abbreviations (`Dr.`) | one, with the full stop |
//! | `medium-sized` `COVID-19` `AT&T` `Nord-` (und …) | one |
//! | URLs, e-mail addresses, `@mentions`, `#tags` | one |
//! | apostrophes | by language, below |
//!
//! **Apostrophes.** English splits its clitics off as the Penn Treebank does (`Lula` `'s`, `do` `n't`); French, Italian, Catalan
//! and Occitan split after an elided word (`l'` `Union`). In every other language, and where no language is given, an
//! apostrophe between letters is inside the word: Bambara `k'a`, Swahili `ng'ombe`, Ukrainian `м'який`, Turkish `Ankara'da`.
//! At the end of a word it belongs to the word in Ghomala (`pá'`), Yoruba and Mossi, at its start in Hausa (`'yan`),
//! Dutch (`'t`) and Afrikaans (`'n`); elsewhere it is a quotation mark.
//!
//! No language is guessed: the code (BCP 47 or ISO 639-3, only its first part counts) chooses the rules of apostrophes,
//! abbreviations, ordinals (German `3.`) and colons (Finnish `EU:n`). White space, control characters, zero-width spaces,
//! direction marks and the Ethiopic word space separate tokens and are in none, unless a letter binds them.

mod apostrophe;
mod chars;
mod detokenize;
mod join;
mod language;
mod pieces;
mod quotes;
#[cfg(test)]
mod tests;
mod web;

use std::ops::Range;

pub use detokenize::detokenize;

use crate::{Result, Sentence};

/// Tokens of a text, as byte ranges in order. Every character that is not a separator is in exactly one of them.
///
/// ```
/// use xlner_core::tokenize::tokenize;
///
/// let words = |text, lang| tokenize(text, lang).into_iter().map(|range| &text[range]).collect::<Vec<&str>>();
/// assert_eq!(words("Lula's visit to the U.S., at 10:30.", Some("en")), [
///     "Lula", "'s", "visit", "to", "the", "U.S.", ",", "at", "10:30", "."
/// ]);
/// assert_eq!(words("L’Union européenne", Some("fr")), ["L’", "Union", "européenne"]);
/// assert_eq!(words("Dɔgɔtɔrɔw bɛna se k'a dɔn.", Some("bam")), ["Dɔgɔtɔrɔw", "bɛna", "se", "k'a", "dɔn", "."]);
/// assert_eq!(words("今天天气很好。", Some("zh")), ["今天", "天气", "很好", "。"]);
/// ```
pub fn tokenize(text: &str, lang: Option<&str>) -> Vec<Range<usize>> {
    let mut pieces = Vec::with_capacity(text.len() / 4);
    pieces::cut(text, &mut pieces);
    join::join(text, pieces, &language::rules(lang))
}

/// Tokenises a sentence in place by its own language. What was said of tokens it had before (entities, regions,
/// probabilities) is dropped, as by [`Sentence::set_token_ranges`].
///
/// # Errors
/// Those of [`Sentence::set_token_ranges`]; tokens of [`tokenize`] always fit.
///
/// ```
/// use xlner_core::{Sentence, tokenize::tokenize_sentence};
///
/// let mut sentence = Sentence::from_text("Obama visited Berlin.");
/// tokenize_sentence(&mut sentence).unwrap();
/// assert_eq!(sentence.tokens().collect::<Vec<_>>(), ["Obama", "visited", "Berlin", "."]);
/// assert_eq!(sentence.text(), "Obama visited Berlin.");
/// ```
pub fn tokenize_sentence(sentence: &mut Sentence) -> Result<()> {
    let tokens = tokenize(sentence.text(), sentence.lang.as_deref());
    sentence.set_token_ranges(tokens)
}
