//! Tokens to ordinary text, for translation engines.

use std::collections::HashMap;

use super::apostrophe::{is_clitic, is_elided};
use super::chars::{is_apostrophe, is_unspaced, is_wide_punctuation, takes_elision};
use super::language::{Apostrophe, TokenRules, primary, rules};
use super::quotes::{QuoteSide, Quotes};

/// Text of the tokens with the spaces a writer of the language would put: none before `.`, `,`, `)` and the like, none after
/// `(`; quotation marks open and close in turn; English clitics and elided words touch their neighbour; French marks
/// keep their (no-break) space; nothing between words of Chinese, Japanese, Thai, Lao, Khmer and Burmese. Where the text is
/// still there, use it: [`Sentence::text`](crate::Sentence::text) has the spaces as they were.
///
/// ```
/// use xlner_core::tokenize::detokenize;
///
/// assert_eq!(detokenize(&["Lula", "'s", "visit", "(", "2023", ")", "."], Some("en")), "Lula's visit (2023).");
/// assert_eq!(detokenize(&["东京", "是", "首都", "。"], Some("zh")), "东京是首都。");
/// ```
pub fn detokenize<S: AsRef<str>>(tokens: &[S], lang: Option<&str>) -> String {
    let code = primary(lang);
    let spacing = Spacing { rules: rules(lang), code: &code };
    let tokens: Vec<&str> = tokens.iter().map(AsRef::as_ref).filter(|token| !token.is_empty()).collect();
    let last: HashMap<&str, usize> = tokens.iter().enumerate().map(|(index, &token)| (token, index)).collect();
    let mut apostrophes = tokens.iter().filter(|&&token| token == "'").count();
    let mut quotes = Quotes::default();
    let mut out = String::new();
    let mut glue = true;
    for (index, &token) in tokens.iter().enumerate() {
        let left = index.checked_sub(1).map(|left| tokens[left]);
        let next = tokens.get(index + 1).copied();
        let odd = apostrophes % 2 == 1;
        apostrophes -= usize::from(token == "'");
        let quote = if odd && !quotes.closes(token) && spacing.possessive(left, token) {
            Some(QuoteSide::Closes)
        } else {
            quotes.side(token, begins_speech(left, next), |closing| last.get(closing).is_some_and(|&last| last > index))
        };
        if !glue {
            out.push_str(spacing.between(left, token, next, quote));
        }
        out.push_str(token);
        glue = match quote {
            Some(side) if !spacing.french() || token != "«" => side == QuoteSide::Opens,
            Some(_) => false,
            None => spacing.glues_right(left, token, next),
        };
    }
    out
}

struct Spacing<'a> {
    rules: TokenRules,
    code: &'a str,
}

impl Spacing<'_> {
    fn french(&self) -> bool {
        matches!(self.code, "fr" | "fra" | "fre")
    }

    /// Whether the language is written without spaces.
    fn unspaced(&self) -> bool {
        matches!(
            self.code,
            "zh" | "zho"
                | "chi"
                | "yue"
                | "wuu"
                | "ja"
                | "jpn"
                | "th"
                | "tha"
                | "lo"
                | "lao"
                | "km"
                | "khm"
                | "my"
                | "mya"
                | "bur"
        )
    }

    /// Whether a percent sign has a space before it.
    fn spaced_percent(&self) -> bool {
        matches!(
            self.code,
            "de" | "deu"
                | "da"
                | "dan"
                | "sv"
                | "swe"
                | "fi"
                | "fin"
                | "no"
                | "nb"
                | "nn"
                | "cs"
                | "ces"
                | "sk"
                | "slk"
                | "es"
                | "spa"
        )
    }

    /// Whether the token is the apostrophe of an English plural: `players'`.
    fn possessive(&self, left: Option<&str>, token: &str) -> bool {
        token == "'" && self.clitics() && left.is_some_and(|left| left.ends_with(['s', 'S']))
    }

    fn clitics(&self) -> bool {
        matches!(self.rules.apostrophe, Apostrophe::Clitic)
    }

    /// What stands between a token and the one before it, which does not glue.
    fn between(&self, left: Option<&str>, token: &str, next: Option<&str>, quote: Option<QuoteSide>) -> &'static str {
        let last = left.and_then(|left| left.chars().next_back()).unwrap_or(' ');
        let first = token.chars().next().unwrap_or(' ');
        if is_wide_punctuation(first) || is_wide_punctuation(last) {
            return "";
        }
        let (wide_left, wide_right) = (is_unspaced(last), is_unspaced(first));
        if wide_left && wide_right || self.unspaced() && (wide_left || wide_right) {
            return "";
        }
        if self.french() && (matches!(token, ";" | ":" | "!" | "?" | "»" | "%") || left == Some("«")) {
            return "\u{A0}";
        }
        let touches = match quote {
            Some(side) => side == QuoteSide::Closes,
            None => self.glues_left(token, first) || between_numbers(left, token, next),
        };
        if touches { "" } else { " " }
    }

    /// Whether the token touches the one before it.
    fn glues_left(&self, token: &str, first: char) -> bool {
        if token.chars().all(|c| ".,;:!?)]}%‰°ºª›…/،؛؟٪۔।॥።፣፤፥፧".contains(c)) {
            return !(token == "%" && self.spaced_percent());
        }
        if !self.clitics() {
            return false;
        }
        let rest = &token[first.len_utf8()..];
        let negation = matches!(first, 'n' | 'N') && rest.starts_with(is_apostrophe) && rest.ends_with(['t', 'T']);
        negation || is_apostrophe(first) && is_clitic(rest)
    }

    /// Whether the token touches the one after it.
    fn glues_right(&self, left: Option<&str>, token: &str, next: Option<&str>) -> bool {
        match token {
            "(" | "[" | "{" | "¿" | "¡" | "/" | "#" | "@" => true,
            "$" | "£" | "€" | "¥" | "₦" | "₹" | "₵" | "R$" | "US$" => {
                starts_with_digit(next) && !starts_with_digit(left)
            }
            _ => between_numbers(left, token, next) || self.elided(token),
        }
    }

    /// Whether the token is a word elided before a vowel (Italian `po'` is cut off before anything).
    fn elided(&self, token: &str) -> bool {
        let Some(word) = token.strip_suffix(is_apostrophe) else { return false };
        let consonant = word.chars().next_back().is_some_and(|c| c.is_alphabetic() && !takes_elision(c));
        match self.rules.apostrophe {
            Apostrophe::Elision { open, .. } => {
                consonant && (open || is_elided(word, self.rules.apostrophe)) || word.ends_with("qu")
            }
            _ => false,
        }
    }
}

/// Whether a quotation without end may begin here: at the start, after a colon, or with a capital after a comma.
fn begins_speech(left: Option<&str>, next: Option<&str>) -> bool {
    match left {
        None | Some(":") => true,
        Some(",") => next.is_some_and(|next| next.starts_with(char::is_uppercase)),
        _ => false,
    }
}

/// Whether the token is the dash of a range: `2–3`.
fn between_numbers(left: Option<&str>, token: &str, next: Option<&str>) -> bool {
    token == "–" && starts_with_digit(left) && starts_with_digit(next)
}

fn starts_with_digit(token: Option<&str>) -> bool {
    token.is_some_and(|token| token.starts_with(|c: char| c.is_numeric()))
}
