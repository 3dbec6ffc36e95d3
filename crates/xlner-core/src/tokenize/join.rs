//! The rules that put pieces together to tokens.

use std::ops::Range;

use super::apostrophe::{is_clitic, is_elided, split};
use super::chars::{is_apostrophe, is_hyphen, is_separator, is_unspaced, repeats};
use super::language::{ABBREVIATIONS, Apostrophe, TokenRules};
use super::pieces::Piece;
use super::web;

/// Tokens of the text, from its pieces.
pub fn join(text: &str, pieces: Vec<Piece>, rules: &TokenRules) -> Vec<Range<usize>> {
    let web = web::possible(text);
    let tokens = Vec::with_capacity(pieces.len());
    let mut joiner = Joiner { text, pieces: cut_joined(text, pieces, rules), rules, tokens, quoted: false };
    let mut at = 0;
    while at < joiner.pieces.len() {
        at = web.then(|| joiner.web(at)).flatten().unwrap_or_else(|| joiner.token(at));
    }
    // A cut may have left a direction mark at the end of a token.
    joiner.tokens.retain_mut(|token| {
        let part = text[token.clone()].trim_start_matches(is_separator);
        token.start = token.end - part.len();
        token.end = token.start + part.trim_end_matches(is_separator).len();
        token.start < token.end
    });
    joiner.tokens
}

/// Cuts pieces in which Unicode sees one word and we see two: at a colon (`Score:Arsenal`) and at a full stop without a space
/// after it (`end.The`).
fn cut_joined(text: &str, pieces: Vec<Piece>, rules: &TokenRules) -> Vec<Piece> {
    let needs = |piece: &Piece| {
        piece.word && text.as_bytes()[piece.start..piece.end].iter().any(|&byte| byte == b'.' || byte == b':')
    };
    if !pieces.iter().any(needs) {
        return pieces;
    }
    let mut out = Vec::with_capacity(pieces.len() + 4);
    for piece in pieces {
        let mut start = piece.start;
        if needs(&piece) {
            for (offset, mark) in text[piece.start..piece.end].match_indices(['.', ':']) {
                let at = piece.start + offset;
                let (before, after) = (&text[start..at], &text[at + 1..piece.end]);
                let cut = !before.is_empty()
                    && !after.is_empty()
                    && if mark == ":" { !rules.colon } else { sentence_ends(before, after) };
                if cut {
                    out.push(Piece { start, end: at, word: true });
                    out.push(Piece { start: at, end: at + 1, word: false });
                    start = at + 1;
                }
            }
        }
        out.push(Piece { start, ..piece });
    }
    out
}

/// Whether a sentence (or an abbreviation) ends between the two: a lower-case letter of a longer word before, a
/// capitalised word after.
fn sentence_ends(before: &str, after: &str) -> bool {
    let mut last = before.chars().rev();
    let mut next = after.chars();
    last.next().is_some_and(char::is_lowercase)
        && last.next().is_some_and(char::is_alphabetic)
        && next.next().is_some_and(char::is_uppercase)
        && next.next().is_some_and(char::is_lowercase)
}

struct Joiner<'a> {
    text: &'a str,
    pieces: Vec<Piece>,
    rules: &'a TokenRules,
    tokens: Vec<Range<usize>>,
    /// Whether a quotation opened by an apostrophe is still open.
    quoted: bool,
}

impl<'a> Joiner<'a> {
    fn str(&self, at: usize) -> &'a str {
        &self.text[self.pieces[at].start..self.pieces[at].end]
    }

    /// Whether there is a piece `at` that begins where the one before it ends.
    fn glued(&self, at: usize) -> bool {
        at > 0 && at < self.pieces.len() && self.pieces[at].start == self.pieces[at - 1].end
    }

    fn glued_word(&self, at: usize) -> bool {
        self.glued(at) && self.pieces[at].word
    }

    /// The one character of the piece, if it is a mark glued to the piece before it.
    fn glued_mark(&self, at: usize) -> Option<char> {
        (self.glued(at) && !self.pieces[at].word).then(|| single(self.str(at))).flatten()
    }

    /// A URL, address, mention or tag that begins with piece `at`: appends it and returns the piece to go on with.
    fn web(&mut self, at: usize) -> Option<usize> {
        if self.glued_word(at) && self.pieces[at - 1].word && !is_unspaced(last(self.str(at - 1))) {
            return None;
        }
        let start = self.pieces[at].start;
        let end = if self.pieces[at].word {
            start + web::address(&self.text[start..])?
        } else {
            let tag = match self.str(at) {
                "#" => true,
                "@" => false,
                _ => return None,
            };
            if self.glued_word(at) || at > 0 && self.glued(at) && self.pieces[at - 1].word || !self.glued_word(at + 1) {
                return None;
            }
            let mut next = at + 1;
            while tag && self.glued_word(next + 1) {
                next += 1;
            }
            let end = self.pieces[next].end;
            if tag && self.text[start + 1..end].chars().all(char::is_numeric) {
                return None;
            }
            end
        };
        self.tokens.push(start..end);
        let mut next = at;
        while next < self.pieces.len() && self.pieces[next].end <= end {
            next += 1;
        }
        if let Some(piece) = self.pieces.get_mut(next) {
            piece.start = piece.start.max(end);
        }
        Some(next)
    }

    /// The token that begins with piece `at`: appends it (or the parts its apostrophes make) and returns the piece to go
    /// on with.
    fn token(&mut self, at: usize) -> usize {
        if self.pieces[at].word {
            return self.word(at, at);
        }
        let mark = single(self.str(at));
        let starts = !(self.glued(at) && self.pieces[at - 1].word);
        if self.glued_word(at + 1) {
            let next = self.str(at + 1);
            let digit = next.starts_with(|c: char| c.is_numeric());
            if mark.is_some_and(|c| matches!(c, '-' | '+' | '−')) && digit && !self.glued(at) {
                return self.word(at, at + 1);
            }
            if mark.is_some_and(is_apostrophe) {
                let ends = !self.glued_word(at + 2);
                if matches!(self.rules.apostrophe, Apostrophe::Clitic) && ends && is_clitic(next) {
                    self.tokens.push(self.pieces[at].start..self.pieces[at + 1].end);
                    return at + 2;
                }
                let leading = self.rules.leading_apostrophe.iter().any(|&beginning| match beginning {
                    "y" => next.starts_with(['y', 'Y']),
                    letter => next.eq_ignore_ascii_case(letter),
                });
                if starts && leading {
                    return self.word(at, at + 1);
                }
            }
        }
        if mark.is_some_and(is_apostrophe) {
            self.quoted = !self.quoted;
        }
        let mut next = at + 1;
        if mark.is_some_and(repeats) {
            while self.glued(next) && self.str(next) == self.str(at) {
                next += 1;
            }
        }
        self.tokens.push(self.pieces[at].start..self.pieces[next - 1].end);
        next
    }

    /// The token from piece `first` on, of which `word` is the first word: appends it, returns the piece to go on with.
    fn word(&mut self, first: usize, word: usize) -> usize {
        let mut end = word;
        loop {
            if let Some(mark) = self.glued_mark(end + 1) {
                if self.glued_word(end + 2) && self.binds(end, mark) {
                    end += 2;
                    continue;
                }
                if mark == '.' && !self.abbreviates(first, end) || mark != '.' && !self.closes(end, mark) {
                    break;
                }
                end += 1;
                // An abbreviation may be the first part of a compound: U.S.-based.
                if mark == '.' && self.glued_mark(end + 1).is_some_and(is_hyphen) && self.glued_word(end + 2) {
                    end += 2;
                    continue;
                }
            }
            break;
        }
        let token = self.pieces[first].start..self.pieces[end].end;
        split(self.text, token, self.rules.apostrophe, &mut self.tokens);
        end + 1
    }

    /// Whether the mark after word `at` binds it and the word after the mark to one token.
    fn binds(&self, at: usize, mark: char) -> bool {
        let (before, after) = (last(self.str(at)), first(self.str(at + 2)));
        let digits = before.is_numeric() && after.is_numeric();
        match mark {
            '&' => !is_unspaced(before) && !is_unspaced(after),
            '/' => digits,
            ':' => digits || self.rules.colon && before.is_numeric() && after.is_alphabetic(),
            mark if is_hyphen(mark) => !is_unspaced(before) && !is_unspaced(after),
            mark if is_apostrophe(mark) => {
                matches!(self.rules.apostrophe, Apostrophe::Inside) && after.is_alphabetic() && !is_unspaced(after)
            }
            _ => false,
        }
    }

    /// Whether the mark, no full stop, after word `at` is its end: the hyphen of `Nord- und`, the apostrophe of `l'11`.
    fn closes(&self, at: usize, mark: char) -> bool {
        let goes_on = at + 2 < self.pieces.len();
        if is_hyphen(mark) {
            return goes_on && !self.glued(at + 2) && !is_unspaced(last(self.str(at)));
        }
        is_apostrophe(mark)
            && (is_elided(self.str(at), self.rules.apostrophe)
                || self.rules.trailing_apostrophe && !self.quoted && !self.glued_word(at + 2))
    }

    /// Whether the full stop after word `at`, the last of a compound from piece `start` on, belongs to it.
    fn abbreviates(&self, start: usize, at: usize) -> bool {
        if self.glued_mark(at + 2) == Some('.') {
            return false;
        }
        if dotted(self.str(at)) {
            return true;
        }
        // The last full stop of a text ends the sentence.
        let Some(next) = self.pieces.get(at + 2) else { return false };
        let word = &self.text[self.pieces[start].start..self.pieces[at].end];
        if single(word).is_some_and(char::is_uppercase) {
            return next.word;
        }
        if self.rules.ordinals && word.len() < 3 && word.bytes().all(|byte| byte.is_ascii_digit()) {
            return next.word && !self.glued(at + 2);
        }
        let word = word.to_lowercase();
        let listed = |list: &[&str]| list.contains(&word.as_str());
        (next.word || self.glued(at + 2)) && (listed(ABBREVIATIONS) || listed(self.rules.abbreviations))
    }
}

/// Whether the word is letters, one or two at a time, between full stops: `U.S`, `z.B`, `Ph.D`.
fn dotted(word: &str) -> bool {
    word.contains('.')
        && word.split('.').all(|part| {
            let letters = part.chars().count();
            (1..=2).contains(&letters) && part.chars().all(char::is_alphabetic)
        })
}

fn single(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}

fn first(text: &str) -> char {
    text.chars().next().unwrap_or_default()
}

fn last(text: &str) -> char {
    text.chars().next_back().unwrap_or_default()
}
