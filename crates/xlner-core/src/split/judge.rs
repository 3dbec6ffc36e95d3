//! Whether a sentence ends at a place where Unicode says that it may.

use unicode_normalization::UnicodeNormalization;

use super::marks::{closes_part, enclosed, is_closer, is_direction, is_opener};
use super::rules::{SplitRules, is_cased, is_thai};

/// Judges the places of one paragraph.
pub struct BoundaryJudge<'a> {
    pub line: &'a str,
    pub rules: &'a SplitRules,
}

impl BoundaryJudge<'_> {
    /// The place after the closing marks that follow: those of ` »`, that is, before white space or the end.
    /// `quoted`: a `"` before is open.
    pub fn with_closers(&self, at: usize, quoted: bool) -> usize {
        // « and “ after white space open a quotation.
        let closes = |c: char| is_closer(c) && !matches!(c, '«' | '‹' | '“' | '‘') && (c != '"' || quoted);
        let rest = &self.line[at..];
        let after = rest.trim_start().trim_start_matches(closes);
        let end = self.line.len() - after.len();
        let some = self.line[at..end].contains(closes);
        if some && (after.is_empty() || after.starts_with(char::is_whitespace)) { end } else { at }
    }

    /// Whether the sentence that begins at `start` ends at `at`.
    pub fn ends(&self, start: usize, at: usize) -> bool {
        let before = self.line[start..at].trim_end().trim_end_matches(is_direction);
        let core = before.trim_end_matches(|c: char| is_closer(c) || c.is_whitespace());
        let closed = core.len() < before.len();
        let after = self.line[at..].trim_start_matches(|c: char| is_opener(c) || c.is_whitespace());
        if closed && source_follows(self.line[at..].trim_start()) {
            return false;
        }
        if enclosed(&self.line[start..at], &self.line[at..], self.rules.whole_quotes)
            || closes_part(before, &before[core.len()..])
        {
            return false;
        }
        let mut last = core.chars().rev();
        match last.next() {
            // An ellipsis inside a word, or between two.
            Some('.')
                if core.ends_with("..") && self.line[..at].ends_with('.') && after.starts_with(char::is_alphabetic) =>
            {
                false
            }
            Some('.') if self.line[..at].ends_with('.') && self.line[at..].starts_with(is_cased) => {
                self.glued(&core[..core.len() - 1], after)
            }
            Some(stop @ ('.' | '．')) => self.full_stop(&core[..core.len() - stop.len_utf8()], closed, after, at),
            Some('!' | '?' | '…' | ';') => {
                let alone = closed && last.all(|c| matches!(c, '!' | '?')) || bracketed(core);
                !alone && !after.starts_with(char::is_lowercase)
            }
            Some('၊') => false,
            Some('。' | '！' | '？') => {
                !(closed && self.rules.japanese && self.line[at..].starts_with(JAPANESE_PARTICLES))
            }
            _ => true,
        }
    }

    /// Whether a full stop after `before` ends the sentence; `closed`: quotes or brackets are closed after it.
    fn full_stop(&self, before: &str, closed: bool, after: &str, at: usize) -> bool {
        if after.starts_with('№') {
            // A number that belongs to what stands before it.
            return false;
        }
        if before.ends_with(' ') && before.trim_end().ends_with('.') {
            // `. . .`; a fourth stands for the full stop.
            let run = &before[before.trim_end_matches(['.', ' ']).len()..];
            return run.starts_with(' ') && run.matches('.').count() == 3 && after.starts_with(char::is_uppercase);
        }
        if after.starts_with(". .") {
            // A full stop, then the ellipsis that the next sentence begins with.
            return !before.is_empty()
                && !before.ends_with(' ')
                && after.trim_start_matches(['.', ' ']).starts_with(char::is_uppercase);
        }
        let word = last_word(before).trim_matches(is_direction).trim_start_matches(is_bullet_mark);
        let number = after.starts_with(char::is_numeric);
        if before.ends_with('.') || word.is_empty() {
            // An ellipsis, or no word at all.
            return !after.starts_with(char::is_lowercase);
        }
        if word.chars().next_back().is_some_and(is_thai) {
            return false;
        }
        let numeral = word.chars().all(|c| c.is_numeric() || c == '.');
        let item = before.trim_start_matches(|c| is_opener(c) || is_bullet_mark(c)).trim() == word;
        // `2.)`, which opened nowhere, is one, too.
        let bracketed = closed && self.line[..at].trim_end().ends_with(')') && !before.contains('(');
        if (item || bracketed) && is_list_number(word) {
            return false;
        }
        if closed {
            return true;
        }
        if numeral {
            // `12. 11. 2010`
            let date = number && after.trim_start_matches(char::is_numeric).starts_with('.');
            return is_no_ordinal(word) || !date && !self.rules.ordinals || self.begins(after);
        }
        if self.rules.ordinals && is_roman(word) {
            return self.begins(after);
        }
        let lower = word.to_lowercase();
        if self.rules.never(&lower) {
            return false;
        }
        if self.rules.before_number(&lower) && (number || is_roman(first_word(after))) {
            return false;
        }
        if is_initial(word) || is_dotted(word) || self.rules.seldom(&lower) || self.without_vowel(word) {
            return self.begins(after);
        }
        true
    }

    /// Whether a full stop with a letter directly after it ends the sentence: the space is missing, and it is no name of a site or file.
    fn glued(&self, before: &str, after: &str) -> bool {
        let word = before.rsplit(char::is_whitespace).next().unwrap_or_default();
        let is_word = word.chars().count() > 2 && word.chars().all(char::is_lowercase);
        let next = first_word(after);
        is_word && after.starts_with(char::is_uppercase) && (!word.is_ascii() && !is_latin(word) || self.begins(next))
    }

    /// Whether the word has no vowel, as abbreviations have: `Skt`, `пгт`. Words in capitals (`BMW`) are names.
    fn without_vowel(&self, word: &str) -> bool {
        let vowel = |c: char| {
            let base = c.to_lowercase().nfd().next().unwrap_or(c);
            !is_consonant(base) || self.rules.syllabic_r && matches!(base, 'r' | 'l' | 'р' | 'л')
        };
        word.chars().count() > 1 && word.chars().skip(1).all(char::is_lowercase) && !word.chars().any(vowel)
    }

    /// Whether the text begins with a word that often begins sentences.
    fn begins(&self, after: &str) -> bool {
        let word = first_word(after);
        let capital = word.chars().next().is_some_and(char::is_uppercase);
        capital && !after[word.len()..].starts_with('.') && self.rules.starts(&word.to_lowercase())
    }
}

/// What stands in front of the last full stop: back to white space, an apostrophe (`l'art`) or an opening mark.
fn last_word(before: &str) -> &str {
    let inside = |c: char| c == '-' || !c.is_whitespace() && !is_opener(c);
    before[before.trim_end_matches(inside).len()..].trim_start_matches('-')
}

fn first_word(text: &str) -> &str {
    &text[..text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len())]
}

/// Particles of Japanese that bind a quotation to what follows.
const JAPANESE_PARTICLES: [char; 10] = ['と', 'を', 'が', 'は', 'に', 'の', 'も', 'で', 'へ', 'や'];

/// A letter, in upper case, a consonant, or of a script without cases but those that write words with one letter, or one of the pairs of
/// letters that initials are made of.
fn is_initial(word: &str) -> bool {
    let word = word.rsplit('-').next().unwrap_or(word);
    let mut chars = word.chars();
    match (chars.next(), chars.next()) {
        (Some(letter), None) => letter.is_uppercase() || is_consonant(letter) || is_letter_without_case(letter),
        _ => matches!(word, "Ch" | "Ph" | "Th" | "Dž" | "Lj" | "Nj" | "Sz" | "Cz" | "Gy" | "Zs" | "Џ" | "Љ" | "Њ"),
    }
}

/// A letter of Hebrew, Arabic, the scripts of India, or Ethiopic.
fn is_letter_without_case(letter: char) -> bool {
    matches!(letter, '\u{5d0}'..='\u{5ea}' | '\u{620}'..='\u{64a}' | '\u{671}'..='\u{6d3}' | '\u{904}'..='\u{d7f}' | '\u{1200}'..='\u{135a}')
        && letter.is_alphabetic()
}

/// A consonant of Latin, Cyrillic, Greek or Armenian, in lower case, without marks.
fn is_consonant(letter: char) -> bool {
    const VOWELS: &str = "aeiouyæœøəаеёиоуыэюяіїєѣαεηιουωաեէըիոօւև";
    let script = matches!(letter, 'a'..='z' | 'а'..='џ' | 'α'..='ω' | 'ա'..='և' | 'ß'..='ɏ');
    script && letter.is_lowercase() && !VOWELS.contains(letter)
}

/// Whether all letters are Latin.
fn is_latin(word: &str) -> bool {
    word.chars().all(|c| matches!(c, 'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}'))
}

/// A number that is no ordinal: a year, or one with thousands apart (`1.250.000`).
fn is_no_ordinal(word: &str) -> bool {
    let parts = word.split('.').filter(|part| !part.is_empty());
    let (count, longest) = parts.fold((0, 0), |(count, longest), part| (count + 1, longest.max(part.chars().count())));
    longest >= if count == 1 { 4 } else { 3 }
}

/// What often numbers items of a list, or stands before them.
fn is_bullet_mark(c: char) -> bool {
    c.is_whitespace() || super::rules::is_bullet(c.encode_utf8(&mut [0; 4]))
}

/// Letters, one or two at a time, between full stops: `U.S`, `z.B`, `т.е`.
fn is_dotted(word: &str) -> bool {
    let part = |part: &str| (1..=2).contains(&part.chars().count()) && part.chars().all(char::is_alphabetic);
    word.contains('.') && word.split('.').all(part)
}

/// `1`, `2.3`, `IV`, `a`: what numbers the items of a list.
fn is_list_number(word: &str) -> bool {
    let part = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    word.split('.').all(part) || word.len() == 1 && word.is_ascii() || is_roman(word)
}

/// A Roman numeral in capitals.
fn is_roman(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| matches!(byte, b'I' | b'V' | b'X' | b'L' | b'C'))
}

/// Whether a source in brackets follows on a quotation, and then the full stop: `(Smith 55).`
fn source_follows(after: &str) -> bool {
    after
        .strip_prefix('(')
        .and_then(|rest| rest.split_once(')'))
        .is_some_and(|(inside, after)| inside.chars().count() < 60 && !inside.contains('(') && after.starts_with('.'))
}

/// Whether the exclamation or question mark is all there is in its brackets: `(!)`.
fn bracketed(core: &str) -> bool {
    core.trim_end_matches(['!', '?', '…']).ends_with(['(', '['])
}
