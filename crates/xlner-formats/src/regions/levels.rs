//! One text at two levels: a line and its words, a segment and its timed words. Each character is wanted once, with the place of the
//! lowest level that has it.

use std::ops::Range;

use super::document::{Line, Word};
use super::place::Place;

/// Bytes in which a part is looked for after the one before it: it keeps the search linear.
const WINDOW: usize = 4096;

/// A piece of a text: one of its parts, or what stands between two.
pub(super) struct Piece {
    pub bytes: Range<usize>,
    /// Index of the part; none between parts.
    pub part: Option<usize>,
}

/// The text as pieces, if all parts stand in it in this order; parts that are blank are passed over.
pub(super) fn weave<'a>(text: &str, parts: impl Iterator<Item = &'a str>) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    let between = |from: usize, to: usize, pieces: &mut Vec<Piece>| {
        let start = to - text[from..to].trim_start().len();
        let end = start + text[start..to].trim_end().len();
        if start < end {
            pieces.push(Piece { bytes: start..end, part: None });
        }
    };
    for (index, part) in parts.enumerate() {
        let part = part.trim();
        if part.is_empty() {
            continue;
        }
        let start = find(text, at, part)?;
        between(at, start, &mut pieces);
        at = start + part.len();
        pieces.push(Piece { bytes: start..at, part: Some(index) });
    }
    between(at, text.len(), &mut pieces);
    Some(pieces)
}

/// Where a part stands after a byte: next, else as a word of its own, else anywhere.
fn find(text: &str, at: usize, part: &str) -> Option<usize> {
    let next = text.len() - text[at..].trim_start().len();
    if text[next..].starts_with(part) {
        return Some(next);
    }
    let end = (next + WINDOW + part.len()..text.len()).find(|&end| text.is_char_boundary(end)).unwrap_or(text.len());
    let window = &text[next..end];
    let whole = |found: usize| {
        let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        !inside(window[..found].chars().next_back()) && !inside(window[found + part.len()..].chars().next())
    };
    let mut places = memchr::memmem::find_iter(window.as_bytes(), part.as_bytes());
    let first = places.next()?;
    let found = if whole(first) { first } else { places.find(|&place| whole(place)).unwrap_or(first) };
    Some(next + found)
}

/// Whether all white-space separated pieces of a text are among those of another, in this order.
pub(super) fn is_within<'a>(text: &str, mut other: impl Iterator<Item = &'a str>) -> bool {
    text.split_whitespace().all(|piece| other.any(|own| own == piece))
}

/// The words of a text and of its parts. Parts that the text has keep their place, what it has besides gets the time between its
/// neighbours or the text's own place. Where the two are different readings the text counts, and `differs` says so.
pub(super) fn merge(text: &str, place: &Place, line: u64, parts: Vec<Word>, differs: &mut bool) -> Line {
    if text.trim().is_empty() {
        return parts;
    }
    if let Some(pieces) = weave(text, parts.iter().map(|part| part.text.as_str())) {
        return woven(text, place, line, parts, pieces);
    }
    let of_parts = || parts.iter().flat_map(|part| part.text.split_whitespace());
    if is_within(text, of_parts()) {
        return parts;
    }
    *differs = true;
    let words = text.split_whitespace();
    if words.clone().count() == parts.len() {
        return words.zip(parts).map(|(word, part)| Word { text: word.to_owned(), ..part }).collect();
    }
    woven(text, place, line, Vec::new(), vec![Piece { bytes: 0..text.len(), part: None }])
}

fn woven(text: &str, place: &Place, line: u64, parts: Vec<Word>, pieces: Vec<Piece>) -> Line {
    let mut parts: Vec<Option<Word>> = parts.into_iter().map(Some).collect();
    let (opens, closes) = place.time().unzip();
    let mut words = Line::new();
    // The first of the words at the end that have no time yet.
    let mut untimed = 0;
    let mut last = opens;
    for Piece { bytes, part } in pieces {
        let glued = text[..bytes.start].chars().next_back().is_some_and(|c| !c.is_whitespace()) && !words.is_empty();
        let taken = part.and_then(|part| parts.get_mut(part)?.take());
        match taken {
            Some(part) => {
                let time = part.place.time();
                words.push(Word { text: text[bytes].to_owned(), glued, ..part });
                if let Some((start, end)) = time {
                    let before = words.len() - 1;
                    share(&mut words[untimed..before], last, Some(start));
                    untimed = words.len();
                    last = Some(end);
                }
            }
            None => {
                let first = words.len();
                words
                    .extend(text[bytes].split_whitespace().map(|word| Word { line, ..Word::new(word, place.clone()) }));
                words[first].glued = glued;
            }
        }
    }
    share(&mut words[untimed..], last, closes);
    words
}

/// Divides a time among words by their characters.
fn share(words: &mut [Word], start: Option<f64>, end: Option<f64>) {
    let Some(start) = start.or(end) else { return };
    let end = end.unwrap_or(start).max(start);
    let count = |word: &Word| word.text.chars().count() + 1;
    let all = (words.iter().map(count).sum::<usize>() as f64 - 1.0).max(1.0);
    let mut before = 0;
    for word in words {
        let length = count(word);
        let at = |characters: usize| start + (end - start) * characters as f64 / all;
        word.place = Place::Time { start: at(before), end: at(before + length - 1) };
        before += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timed(text: &str, start: f64, end: f64) -> Word {
        Word::new(text, Place::Time { start, end })
    }

    fn texts(words: &[Word]) -> Vec<&str> {
        words.iter().map(|word| word.text.as_str()).collect()
    }

    const WHOLE: Place = Place::Time { start: 0.0, end: 10.0 };

    #[test]
    fn what_stands_between_the_parts_gets_the_time_between_them() {
        let mut differs = false;
        let words =
            merge("Ada na Juma", &WHOLE, 1, vec![timed("Ada", 0.0, 1.0), timed("Juma", 3.0, 4.0)], &mut differs);
        assert_eq!(texts(&words), ["Ada", "na", "Juma"]);
        assert_eq!(words[1].place.time(), Some((1.0, 3.0)));
        assert!(!differs);
    }

    #[test]
    fn words_without_a_time_share_what_is_left() {
        let words = merge("a b c", &WHOLE, 1, vec![Word::new("a", Place::Unknown), timed("b", 4.0, 6.0)], &mut false);
        assert_eq!(words[0].place.time(), Some((0.0, 4.0)));
        assert_eq!(words[2].place.time(), Some((6.0, 10.0)));
    }

    #[test]
    fn the_text_tells_where_no_space_is() {
        let words = merge(
            "Nairobi. Leo",
            &WHOLE,
            1,
            ["Nai", "robi", ".", "Leo"].map(|t| timed(t, 1.0, 2.0)).into(),
            &mut false,
        );
        assert_eq!(words.iter().map(|word| word.glued).collect::<Vec<_>>(), [false, true, true, false]);
    }

    #[test]
    fn a_part_is_found_as_a_word_before_it_is_found_in_one() {
        let words = merge("Adana na", &WHOLE, 1, vec![timed("na", 8.0, 9.0)], &mut false);
        assert_eq!((texts(&words), words[1].place.time()), (vec!["Adana", "na"], Some((8.0, 9.0))));
    }

    #[test]
    fn parts_that_hold_more_than_the_text_are_taken() {
        let parts = ["Ada", "Lovelace", "won"].map(|text| timed(text, 0.0, 1.0));
        let mut differs = false;
        assert_eq!(texts(&merge("Ada won", &WHOLE, 1, parts.to_vec(), &mut differs)), ["Ada", "Lovelace", "won"]);
        assert!(!differs);
    }

    #[test]
    fn of_two_readings_the_text_counts() {
        let mut differs = false;
        let words =
            merge("Locke won", &WHOLE, 1, vec![timed("LDocke", 1.0, 2.0), timed("won", 2.0, 3.0)], &mut differs);
        assert_eq!((texts(&words), words[0].place.time()), (vec!["Locke", "won"], Some((1.0, 2.0))));
        assert!(std::mem::take(&mut differs));
        assert_eq!(
            texts(&merge("Locke has won", &WHOLE, 1, vec![timed("LDocke", 1.0, 2.0)], &mut differs)),
            ["Locke", "has", "won"]
        );
        assert!(differs);
    }

    #[test]
    fn a_long_text_is_searched_once() {
        let text = "na ".repeat(100_000);
        let parts = vec![timed("na", 0.0, 1.0); 50_000];
        assert_eq!(merge(&text, &WHOLE, 1, parts, &mut false).len(), 100_000);
        let parts = vec![timed("hapana", 0.0, 1.0); 50_000];
        assert_eq!(merge(&text, &WHOLE, 1, parts, &mut false).len(), 100_000);
    }
}
