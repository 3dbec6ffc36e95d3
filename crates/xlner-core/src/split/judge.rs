//! Whether a sentence ends at a place where Unicode says that it may.

use super::rules::{Rules, is_thai};

/// Judges the places of one paragraph.
pub struct Judge<'a> {
    pub line: &'a str,
    pub rules: &'a Rules,
}

impl Judge<'_> {
    /// The place behind the closing marks that follow: those of ` »`, that is, before white space or the end.
    /// `quoted`: a `"` before is open.
    pub fn with_closers(&self, at: usize, quoted: bool) -> usize {
        // « and “ behind white space open a quotation.
        let closes = |c: char| is_closer(c) && !matches!(c, '«' | '‹' | '“' | '‘') && (c != '"' || quoted);
        let rest = &self.line[at..];
        let behind = rest.trim_start().trim_start_matches(closes);
        let end = self.line.len() - behind.len();
        let some = self.line[at..end].contains(closes);
        if some && (behind.is_empty() || behind.starts_with(char::is_whitespace)) { end } else { at }
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
        let mut last = core.chars().rev();
        match last.next() {
            // An ellipsis inside a word, or between two.
            Some('.')
                if core.ends_with("..") && self.line[..at].ends_with('.') && after.starts_with(char::is_alphabetic) =>
            {
                false
            }
            Some(stop @ ('.' | '．')) => self.full_stop(&core[..core.len() - stop.len_utf8()], closed, after),
            Some('!' | '?' | '…' | ';') => {
                let alone = closed && last.all(|c| matches!(c, '!' | '?')) || bracketed(core);
                !alone && !after.starts_with(char::is_lowercase)
            }
            Some('၊') => false,
            Some('。' | '！' | '？') if in_title(&self.line[start..at], &self.line[at..]) => false,
            Some('。' | '！' | '？') => !(closed && self.rules.japanese && self.line[at..].starts_with('と')),
            _ => true,
        }
    }

    /// Whether a full stop behind `before` ends the sentence; `closed`: quotes or brackets are closed behind it.
    fn full_stop(&self, before: &str, closed: bool, after: &str) -> bool {
        if before.ends_with(' ') && before.trim_end().ends_with('.') || after.starts_with('№') {
            // `. . .`, and a number that belongs to what stands before it.
            return false;
        }
        let word = last_word(before).trim_matches(is_direction);
        let number = after.starts_with(char::is_numeric);
        if before.ends_with('.') || word.is_empty() {
            // An ellipsis, or no word at all.
            return !after.starts_with(char::is_lowercase);
        }
        if word.chars().next_back().is_some_and(is_thai) {
            return false;
        }
        let numeral = word.chars().all(|c| c.is_numeric() || c == '.');
        if before.trim_start_matches(is_opener).trim() == word && is_list_number(word) {
            return false;
        }
        if closed {
            return true;
        }
        if numeral {
            let year = word.len() == 4 && !word.contains('.');
            return year || !number && !self.rules.ordinals || self.begins(after);
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
        if is_initial(word) || is_dotted(word) || self.rules.seldom(&lower) {
            return self.begins(after);
        }
        true
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

/// A letter, in upper case or a consonant, or one of the pairs of letters that initials are made of.
fn is_initial(word: &str) -> bool {
    let word = word.rsplit('-').next().unwrap_or(word);
    let mut chars = word.chars();
    match (chars.next(), chars.next()) {
        (Some(letter), None) => letter.is_uppercase() || letter.is_lowercase() && !is_vowel(letter),
        _ => matches!(word, "Ch" | "Ph" | "Th" | "Dž" | "Lj" | "Nj" | "Sz" | "Cz" | "Gy" | "Zs" | "Џ" | "Љ" | "Њ"),
    }
}

/// Vowels of Latin and Cyrillic, with or without marks: alone they may be words.
fn is_vowel(letter: char) -> bool {
    !(matches!(letter, 'b'..='d' | 'f'..='h' | 'j'..='n' | 'p'..='t' | 'v'..='z') && letter != 'y'
        || matches!(
            letter,
            'б' | 'в'
                | 'г'
                | 'д'
                | 'ж'
                | 'з'
                | 'к'
                | 'л'
                | 'м'
                | 'н'
                | 'п'
                | 'р'
                | 'с'
                | 'т'
                | 'ф'
                | 'х'
                | 'ц'
                | 'ч'
                | 'ш'
        ))
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

/// Marks of the direction of writing.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether the text ends inside `《…》`, which is closed in what follows.
fn in_title(before: &str, after: &str) -> bool {
    let open = |(opens, closes): (char, char)| {
        before.rfind(opens).is_some_and(|at| !before[at..].contains(closes))
            && after.find(closes).is_some_and(|close| after.find(opens).is_none_or(|next| close < next))
    };
    [('《', '》'), ('〈', '〉')].into_iter().any(open)
}

/// Whether a source in brackets follows on a quotation, and then the full stop: `(Smith 55).`
fn source_follows(after: &str) -> bool {
    after
        .strip_prefix('(')
        .and_then(|rest| rest.split_once(')'))
        .is_some_and(|(inside, behind)| inside.chars().count() < 60 && !inside.contains('(') && behind.starts_with('.'))
}

pub fn is_dash(c: char) -> bool {
    matches!(c, '-' | '–' | '—')
}

/// Whether a dash begins what somebody says: `- Yes`.
pub fn is_dash_before_capital(text: &str) -> bool {
    text.trim_start_matches(is_dash).strip_prefix(' ').is_some_and(|rest| rest.starts_with(char::is_uppercase))
}

/// Whether the exclamation or question mark is all there is in its brackets: `(!)`.
fn bracketed(core: &str) -> bool {
    core.trim_end_matches(['!', '?', '…']).ends_with(['(', '['])
}

pub fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘')
}

/// Whether the mark may close a quotation or a bracket.
pub fn is_closer(c: char) -> bool {
    matches!(
        c,
        '"' | '\''
            | '’'
            | '‘'
            | '”'
            | '“'
            | '»'
            | '«'
            | '›'
            | '‹'
            | ')'
            | ']'
            | '}'
            | '」'
            | '』'
            | '）'
            | '】'
            | '》'
            | '〉'
            | '＂'
    )
}

/// Whether the mark may stand before the first word of a sentence.
fn is_opener(c: char) -> bool {
    is_closer(c) && !matches!(c, ')' | ']' | '}')
        || matches!(
            c,
            '„' | '‚' | '‛' | '(' | '[' | '{' | '¿' | '¡' | '「' | '『' | '（' | '【' | '《' | '—' | '–' | '-'
        )
}
