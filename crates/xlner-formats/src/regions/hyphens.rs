//! Words that a line break divides.
//!
//! The two halves become one word where the file says that they are one (ALTO's `SUBS_TYPE`), or where the first ends with a hyphen and
//! the second goes on. The hyphen is left out where it stands for the break alone; it stays where it belongs to the word: before a
//! capital (`Jean-Claude`), beside a digit (`1939-1945`), and where the whole word that the file gives has it. Whatever is not
//! joined stays as it stands, hyphen and all.

use super::document::{Block, Half, Word};
use super::place::Place;

const HYPHENS: [char; 6] = ['-', '\u{2010}', '\u{ad}', '¬', '⸗', '\u{2e17}'];
/// Words before which a hyphen stands for what the two words share: `Nord- und Südkorea`.
const BEFORE_SHARED: [&str; 7] = ["und", "oder", "bzw.", "sowie", "och", "eller", "og"];
/// Lines that one word may stand on.
const LINES: usize = 3;

/// Joins halves. Gives the file's lines of those that should have another half and have none.
pub(super) fn join(blocks: &mut [Block]) -> Vec<u64> {
    let mut lone = Vec::new();
    // The line whose last word may be a first half, and the lines its last word stands on.
    let mut before: Option<(usize, usize)> = None;
    let mut lines_of_word = 1;
    for block in 0..blocks.len() {
        for line in 0..blocks[block].len() {
            blocks[block][line].retain(|word| !(word.text.trim().is_empty() && word.hyphen.trim().is_empty()));
            let Some(second) = blocks[block][line].first().cloned() else { continue };
            if let Some((first_block, first_line)) = before
                && let Some(first) = blocks[first_block][first_line].last_mut()
            {
                let joined = (lines_of_word < LINES).then(|| whole(first, &second, first_block == block)).flatten();
                if let Some(whole) = joined {
                    lines_of_word += 1;
                    unite(first, whole, second);
                    blocks[block][line].remove(0);
                    if blocks[block][line].is_empty() {
                        continue;
                    }
                } else {
                    lone.extend(matches!(first.half, Some(Half::First(_))).then_some(first.line));
                    lone.extend(matches!(second.half, Some(Half::Second(_))).then_some(second.line));
                }
            } else {
                lone.extend(matches!(second.half, Some(Half::Second(_))).then_some(second.line));
            }
            lines_of_word = 1;
            before = Some((block, line));
        }
    }
    // What was not joined keeps its hyphen.
    for word in blocks.iter_mut().flatten().flatten() {
        word.text.push_str(&std::mem::take(&mut word.hyphen));
    }
    let end = before.and_then(|(block, line)| blocks[block][line].last());
    lone.extend(end.filter(|word| matches!(word.half, Some(Half::First(_)))).map(|word| word.line));
    lone
}

/// Puts the second half into the first.
fn unite(first: &mut Word, whole: String, second: Word) {
    first.text = whole;
    first.hyphen = second.hyphen;
    first.half = second.half.filter(|half| matches!(half, Half::First(_)));
    first.confidence = match (first.confidence, second.confidence) {
        (Some(a), Some(b)) => Some(a.min(b)),
        _ => None,
    };
    match (&mut first.place, second.place) {
        (Place::Boxes(boxes), Place::Boxes(more)) => boxes.extend(more),
        (place @ Place::Unknown, more) => *place = more,
        _ => {}
    }
}

/// The whole word, if these are the two halves of one.
fn whole(first: &Word, second: &Word, same_block: bool) -> Option<String> {
    let (head, tail) = (first.text.trim(), second.text.trim());
    // The hyphen, in the text or apart from it.
    let apart = first.hyphen.trim();
    let (stem, hyphen) = match head.chars().next_back() {
        Some(last) if apart.is_empty() && HYPHENS.contains(&last) => {
            (&head[..head.len() - last.len_utf8()], &head[head.len() - last.len_utf8()..])
        }
        Some(last) if !apart.is_empty() && apart.starts_with(last) && HYPHENS.contains(&last) => {
            (&head[..head.len() - last.len_utf8()], apart)
        }
        _ => (head, apart),
    };
    if stem.is_empty() || tail.is_empty() || stem.ends_with(HYPHENS) {
        return None;
    }
    let told = |half: &Option<Half>| match half {
        Some(Half::First(whole) | Half::Second(whole)) => whole.clone().filter(|whole| !whole.trim().is_empty()),
        None => None,
    };
    let (told_first, told_second) = (told(&first.half), told(&second.half));
    let marked = (matches!(first.half, Some(Half::First(_))), matches!(second.half, Some(Half::Second(_))));
    let with = format!("{stem}{hyphen}{tail}");
    let without = || format!("{stem}{tail}");
    // The whole word tells whether the hyphen belongs to it; punctuation round the halves it often lacks.
    for whole in [&told_first, &told_second].into_iter().flatten() {
        let rest = whole.trim().strip_prefix(stem.trim_start_matches(|c: char| !c.is_alphanumeric()));
        let fits = |rest: &str| !rest.is_empty() && (tail.starts_with(rest) || rest.starts_with(tail));
        match rest {
            Some(rest) if fits(rest) => return Some(without()),
            Some(rest) if !hyphen.is_empty() && rest.strip_prefix(hyphen).is_some_and(fits) => return Some(with),
            _ => {}
        }
    }
    let contradicts = match (&told_first, &told_second) {
        (Some(first), Some(second)) => first != second,
        (Some(_), None) => !marked.1,
        (None, Some(_)) => !marked.0,
        (None, None) => false,
    };
    if contradicts {
        return None;
    }
    let letters = stem.ends_with(char::is_alphabetic) && tail.starts_with(char::is_alphabetic);
    let lower = tail.starts_with(char::is_lowercase);
    let divided =
        marked.0 && marked.1 || (marked.0 || marked.1 || !hyphen.is_empty()) && (same_block || letters && lower);
    if !divided || hyphen.is_empty() && !(marked.0 && (marked.1 || letters && lower)) {
        return None;
    }
    if !letters {
        let digits = stem.ends_with(char::is_alphanumeric) && tail.starts_with(char::is_alphanumeric);
        return if hyphen == "\u{ad}" && digits {
            Some(without())
        } else {
            (digits || marked == (true, true)).then_some(with)
        };
    }
    if lower && BEFORE_SHARED.contains(&tail) && marked == (false, false) {
        return None;
    }
    let capitals = |text: &str| text.chars().nth(1).is_some() && !text.contains(char::is_lowercase);
    let soft = hyphen.starts_with(['\u{ad}', '¬', '⸗', '\u{2e17}']);
    let caseless = !tail.starts_with(char::is_uppercase) && !lower;
    let breaks = soft || lower || !apart.is_empty() && (caseless || capitals(stem) && capitals(tail));
    Some(if breaks { without() } else { with })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str, hyphen: &str, half: Option<Half>) -> Word {
        Word { text: text.into(), hyphen: hyphen.into(), half, ..Word::default() }
    }

    /// The text of lines, each word followed by the hyphen that stands apart from it after a `|`.
    fn joined(blocks: &[&[&str]]) -> String {
        let words = |line: &&str| {
            line.split(' ')
                .map(|part| part.split_once('|').unwrap_or((part, "")))
                .map(|(a, b)| word(a, b, None))
                .collect()
        };
        let mut blocks: Vec<Block> = blocks.iter().map(|lines| lines.iter().map(words).collect()).collect();
        join(&mut blocks);
        let texts: Vec<&str> = blocks.iter().flatten().flatten().map(|word| word.text.as_str()).collect();
        texts.join(" ")
    }

    #[test]
    fn a_hyphen_that_stands_for_the_break_is_left_out_and_others_stay() {
        for (lines, expected) in [
            (["kwa Nai-", "robi leo"], "kwa Nairobi leo"),
            (["kwa Nai|-", "robi leo"], "kwa Nairobi leo"),
            (["kwa Nai-|-", "robi leo"], "kwa Nairobi leo"),
            (["na Jean-", "Claude Juncker"], "na Jean-Claude Juncker"),
            (["na Jean|-", "Claude Juncker"], "na Jean-Claude Juncker"),
            (["mwaka 1939-", "1945 vita"], "mwaka 1939-1945 vita"),
            (["mwaka 1939|-", "1945 vita"], "mwaka 1939-1945 vita"),
            (["Covid|-", "19 na"], "Covid-19 na"),
            (["Nai\u{ad}", "robi"], "Nairobi"),
            (["Nai|\u{ad}", "robi"], "Nairobi"),
            (["Nai¬", "robi"], "Nairobi"),
            (["NAI|-", "ROBI"], "NAIROBI"),
            (["Nord-", "und Südkorea"], "Nord- und Südkorea"),
            (["alisema--", "kisha"], "alisema-- kisha"),
            (["alisema –", "kisha"], "alisema – kisha"),
            (["alisema -", "kisha"], "alisema - kisha"),
            (["mwisho-", "(hapana)"], "mwisho- (hapana)"),
            (["mwisho", "hapana"], "mwisho hapana"),
        ] {
            assert_eq!(joined(&[&lines]), expected);
        }
    }

    #[test]
    fn halves_in_two_blocks_are_joined_where_the_second_goes_on() {
        assert_eq!(joined(&[&["kwa Nai-"], &["robi leo"]]), "kwa Nairobi leo");
        assert_eq!(joined(&[&["kwa Nai-"], &["Robi leo"]]), "kwa Nai- Robi leo");
        assert_eq!(joined(&[&["mwaka 1939-"], &["12 Mei"]]), "mwaka 1939- 12 Mei");
    }

    #[test]
    fn a_word_stands_on_three_lines_at_most() {
        let lines = vec!["a-"; 9];
        assert_eq!(joined(&[&lines]), "aaa- aaa- aaa-");
    }

    #[test]
    fn what_the_file_says_of_halves() {
        let first = |whole: &str| Some(Half::First((!whole.is_empty()).then(|| whole.into())));
        let second = |whole: &str| Some(Half::Second((!whole.is_empty()).then(|| whole.into())));
        for (a, hyphen, half, b, other, expected, lone) in [
            ("Nai", "-", first("Nairobi"), "robi", second("Nairobi"), "Nairobi", 0),
            ("Nai", "-", first("Nairobi"), "robi.", second("Nairobi"), "Nairobi.", 0),
            ("(Nai", "-", first("Nairobi"), "robi)", second("Nairobi"), "(Nairobi)", 0),
            ("Nai", "-", first(""), "robi", second(""), "Nairobi", 0),
            ("Nai", "", first(""), "robi", second(""), "Nairobi", 0),
            ("Nai", "-", first("Nairobi"), "robi", None, "Nairobi", 0),
            ("Nai", "-", None, "robi", second("Nairobi"), "Nairobi", 0),
            ("Nal", "-", first("Nairobi"), "robi", second("Nairobi"), "Nalrobi", 0),
            ("Jean", "-", first("Jean-Claude"), "Claude", second("Jean-Claude"), "Jean-Claude", 0),
            ("e", "-", first("e-mail"), "mail", second("e-mail"), "e-mail", 0),
            ("1939", "-", first("1939-1945"), "1945", second("1939-1945"), "1939-1945", 0),
            ("Nai", "-", first("Nairobi"), "Oslo", None, "Nai- Oslo", 1),
            ("Nai", "-", first("Nairobi"), "basa", second("Mombasa"), "Nai- basa", 2),
            ("Oslo", "", None, "robi", second("Nairobi"), "Oslo robi", 1),
        ] {
            let mut blocks = vec![vec![vec![word(a, hyphen, half)], vec![word(b, "", other)]]];
            assert_eq!(join(&mut blocks).len(), lone, "{a} {b}");
            let texts: Vec<&str> = blocks.iter().flatten().flatten().map(|word| word.text.as_str()).collect();
            assert_eq!(texts.join(" "), expected);
        }
    }
}
