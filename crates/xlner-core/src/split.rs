//! From a text to its sentences.
//!
//! The boundaries are those of Unicode (UAX #29, §5, by ICU4X); on top of them stand rules for what a character class
//! cannot know:
//!
//! | text | ends a sentence |
//! |---|---|
//! | a blank line, a paragraph separator, a line that begins with a bullet (`•`) | always |
//! | a single line break | never: it is a space |
//! | titles, `e.g.`, `z.B.` and other words that go on (`Dr.`) | never |
//! | abbreviations that may stand last (`etc.`, `Inc.`, `U.S.`, months, units), initials (`J.`) | only before a word that begins sentences (`The`) |
//! | `No.`, `p.`, `Art.` | not before a number |
//! | `3.` `XIV.` where numbers with a full stop are ordinals (German, Czech, Serbian, Finnish, …) | only before a word that begins sentences |
//! | a number or letter with a full stop that is all there is (`1. Introduction`) | never |
//! | `…`, `...` | not before a lower-case letter |
//! | `!` `?`, also inside closing quotes and brackets | not before a lower-case letter, nor as `(!)` |
//! | closing quotes and brackets after the stop, also after a space (`. »`) | they belong to the sentence they close |
//! | any stop inside `《…》`, `（…）`, `【…】`, in Chinese and Japanese also inside quotation marks | never: it is a title, an aside, a quotation |
//! | the colon in Armenian, for `։`; `::` and `፡፡` in Amharic and Tigrinya, for `።`; a bar after a letter of India, for `।` | yes |
//! | a full stop with a capital directly after it | after a word in lower case, not in the names of sites and files |
//! | a word of consonants (`Skt.`, `пгт.`) | only before a word that begins sentences (`The`) |
//! | `. . . .` | before a capital; `word. . . . Next` ends after `word.` |
//! | marks without a letter or digit | are no sentence of their own |
//! | `।` `॥` `።` `؟` `۔` `。` `။` `។` `։` `།`, the Greek `;` | yes; the Burmese comma `၊` does not |
//! | Thai and Lao | have no full stop: blank lines, `!`, `?` and spaces longer than one |
//!
//! No language is guessed: the code (BCP 47 or ISO 639-3, only its first part counts) chooses the lists; without one those of
//! English are taken.

mod judge;
mod marks;
mod rules;
#[cfg(test)]
mod tests;
mod words;

use std::borrow::Cow;
use std::iter::Peekable;
use std::ops::Range;
use std::sync::LazyLock;

use icu_segmenter::options::SentenceBreakInvariantOptions;
use icu_segmenter::{SentenceSegmenter, SentenceSegmenterBorrowed};

use judge::BoundaryJudge;
use marks::{is_apostrophe, is_closer, is_dash, is_dash_before_capital, without_openers};
use rules::{SplitRules, is_bullet, is_indic, is_thai, own_stop};

/// Stands for a line break where Unicode's rules would see a paragraph: the vertical tab is plain white space to them.
const BREAK: char = '\u{b}';
const LINE_BREAKS: [char; 4] = ['\n', '\r', '\u{85}', '\u{2028}'];
static SEGMENTER: LazyLock<SentenceSegmenterBorrowed<'static>> =
    LazyLock::new(|| SentenceSegmenter::new(SentenceBreakInvariantOptions::default()));

/// Sentences of a text, as byte ranges in order. No range begins or ends with white space, and every character that is not
/// white space is in exactly one of them.
///
/// ```
/// use xlner_core::split::sentences;
///
/// let of = |text, lang| sentences(text, lang).into_iter().map(|range| &text[range]).collect::<Vec<&str>>();
/// assert_eq!(of("Dr. J. Smith left at\n5 p.m. He was late.", Some("en")), ["Dr. J. Smith left at\n5 p.m.", "He was late."]);
/// assert_eq!(of("Am 3. Oktober ist frei. Gut!", Some("de")), ["Am 3. Oktober ist frei.", "Gut!"]);
/// assert_eq!(of("अच्छा। ठीक है।", Some("hi")), ["अच्छा।", "ठीक है।"]);
/// ```
pub fn sentences(text: &str, lang: Option<&str>) -> Vec<Range<usize>> {
    let rules = SplitRules::of(lang);
    let mut found = Vec::new();
    for paragraph in paragraphs(text) {
        let offset = paragraph.start;
        let line = one_line(&text[paragraph]);
        split_paragraph(&line, &rules, |range| found.push(offset + range.start..offset + range.end));
    }
    found
}

/// Splits a paragraph that has no line break and is not blank.
fn split_paragraph(line: &str, rules: &SplitRules, mut sentence: impl FnMut(Range<usize>)) {
    let judge = BoundaryJudge { line, rules };
    let mut unicode = SEGMENTER.segment_str(line).peekable();
    let mut ours = own_candidates(line, rules).into_iter().peekable();
    let mut start = 0;
    // Marks without a word are no sentence: they belong to the one before, or after.
    let mut last: Option<Range<usize>> = None;
    let (mut quotes, mut counted) = (0, 0);
    while let Some((mut at, forced)) = next_candidate(&mut unicode, &mut ours) {
        if at <= start {
            continue;
        }
        if !forced {
            quotes += line[counted..at].matches('"').count();
            counted = at;
            at = judge.with_closers(without_openers(line, start, at), quotes % 2 == 1);
            if at < line.len() && !judge.ends(start, at) {
                continue;
            }
        }
        let part = &line[start..at];
        let begin = at - part.trim_start().len();
        let end = begin + part.trim().len();
        if begin < end {
            let joins = |last: &Range<usize>| !has_word(&line[last.clone()]) || !has_word(&line[begin..end]);
            match last.as_mut().filter(|last| !forced && joins(last)) {
                Some(last) => last.end = end,
                None => last.replace(begin..end).into_iter().for_each(&mut sentence),
            }
        }
        start = at;
    }
    last.into_iter().for_each(sentence);
}

fn has_word(text: &str) -> bool {
    text.contains(char::is_alphanumeric)
}

/// The next place where a sentence may end, and whether it does so whatever the rules say.
fn next_candidate(
    unicode: &mut Peekable<impl Iterator<Item = usize>>,
    ours: &mut Peekable<impl Iterator<Item = (usize, bool)>>,
) -> Option<(usize, bool)> {
    match (unicode.peek().copied(), ours.peek().copied()) {
        (Some(theirs), Some(own)) if theirs < own.0 => unicode.next().map(|at| (at, false)),
        (Some(theirs), Some(own)) => {
            if theirs == own.0 {
                unicode.next();
            }
            ours.next()
        }
        (_, Some(_)) => ours.next(),
        _ => unicode.next().map(|at| (at, false)),
    }
}

/// Places that Unicode's rules pass over, and whether a sentence ends there whatever the rules say.
fn own_candidates(line: &str, rules: &SplitRules) -> Vec<(usize, bool)> {
    let mut places: Vec<(usize, bool)> = behind_spaces(line, rules).collect();
    places.extend(behind_letters(line, rules).map(|at| (at, false)));
    places.sort_unstable();
    places.dedup_by_key(|place| place.0);
    places
}

/// Places after white space.
fn behind_spaces<'a>(line: &'a str, rules: &'a SplitRules) -> impl Iterator<Item = (usize, bool)> + 'a {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let space = from + line[from..].find(char::is_whitespace)?;
            let rest = line[space..].trim_start();
            let (before, at) = (line[..space].trim_end_matches(is_closer), line.len() - rest.len());
            from = at;
            let Some(first) = rest.chars().next() else { continue };
            let last = before.chars().next_back().unwrap_or(' ');
            let long = || line[space..at].chars().count() > 1 && !line[space..at].contains(BREAK);
            if is_bullet(rest) && line[space..at].contains(BREAK) || is_thai(last) && long() {
                return Some((at, true));
            }
            let number = last == '.' && first.is_numeric();
            let elided = rules.apostrophe_starts && matches!(last, '.' | '!' | '?') && is_apostrophe(first);
            let dash = matches!(last, '!' | '?') && is_dash(first) && is_dash_before_capital(rest);
            let cut = last == '.' && (rest.starts_with("...") || rest.starts_with(". .") || first == '…');
            let letter_stop = rules.greek && last == ';'
                || rules.armenian && last == ':'
                || rules.ethiopic && is_ethiopic_stop(before)
                || is_typed_danda(before);
            if number || elided || dash || cut || letter_stop || own_stop(last) {
                return Some((at, false));
            }
        }
    })
}

/// Places after a stop that the next word follows without white space.
fn behind_letters<'a>(line: &'a str, rules: &'a SplitRules) -> impl Iterator<Item = usize> + 'a {
    let mut last = [' '; 2];
    line.char_indices().filter_map(move |(at, c)| {
        let [before, stop] = last;
        last = [stop, c];
        let capital = before.is_lowercase() && c.is_uppercase();
        let ends = match stop {
            '.' => capital,
            ':' | '፡' if rules.ethiopic => before == stop && c.is_alphabetic(),
            ':' if rules.armenian => capital,
            '|' => is_indic(before) && is_indic(c),
            _ => false,
        };
        ends.then_some(at)
    })
}

/// Two colons: `::`, or `፡፡`, for `።`.
fn is_ethiopic_stop(before: &str) -> bool {
    before.ends_with("::") || before.ends_with("፡፡")
}

/// One or two vertical bars after a letter of India, for `।` and `॥`.
fn is_typed_danda(before: &str) -> bool {
    let text = before.trim_end_matches('|');
    (1..=2).contains(&(before.len() - text.len())) && text.trim_end().ends_with(is_indic)
}

/// Ranges of the text between blank lines and paragraph separators, the blank ones left out.
fn paragraphs(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        at = text.len() - text[at..].trim_start().len();
        if at == text.len() {
            return None;
        }
        let start = at;
        let mut search = at;
        loop {
            let Some(offset) = text[search..].find(['\n', '\r', '\u{2029}', '\u{85}', '\u{2028}']) else {
                at = text.len();
                return Some(start..at);
            };
            let end = search + offset;
            let rest = text[end..].trim_start();
            let space = &text[end..text.len() - rest.len()];
            search = end + space.len();
            let breaks = space.replace("\r\n", "\n").matches(LINE_BREAKS).count();
            if breaks > 1 || space.contains('\u{2029}') {
                at = search;
                return Some(start..end);
            }
        }
    })
}

/// The text with its line breaks, which end a sentence to Unicode, replaced by as many bytes of white space.
fn one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(LINE_BREAKS) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(['\n', '\r'], "\u{b}").replace('\u{85}', "\u{a0}").replace('\u{2028}', "\u{2003}"))
}
