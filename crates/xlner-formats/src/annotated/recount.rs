//! Offsets of a tool that counts as its browser does and gives no annotated texts: doccano counts UTF-16 units, or grapheme
//! clusters where its project says so (CRLF, or a letter with its combining marks, is one).

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation as _;

use super::{Annotation, Characters, Unit, cuts_word};

/// Where annotations of a text do not stand at the borders of words as characters are counted, and all do as UTF-16 units or grapheme
/// clusters are, makes characters of their offsets. Returns how many it changed.
pub(crate) fn recount(text: &str, annotations: &mut [Annotation]) -> usize {
    let characters = Characters::of(text);
    let fits = |range: Option<Range<usize>>| range.is_some_and(|range| stands_at_borders(text, &range));
    if annotations.iter().all(|one| fits(characters.bytes(one.start, one.end))) {
        return 0;
    }
    let units = Unit { utf16: true, crlf_is_one: false };
    let clusters = text.grapheme_indices(true).map(|(at, _)| (at, 1)).chain([(text.len(), 0)]);
    let Some(starts) = [units.starts(text).collect(), clusters.collect()].into_iter().find(|starts: &Vec<_>| {
        annotations.iter().all(|one| fits(counted(starts, one.start).zip(counted(starts, one.end)).map(range)))
    }) else {
        return 0;
    };
    let mut changed = 0;
    for annotation in annotations {
        let [start, end] = [annotation.start, annotation.end]
            .map(|offset| counted(&starts, offset).map_or(offset, |byte| characters.before(byte)));
        changed += usize::from((annotation.start, annotation.end) != (start, end));
        (annotation.start, annotation.end) = (start, end);
    }
    changed
}

fn range((start, end): (usize, usize)) -> Range<usize> {
    start..end
}

/// The byte of an offset, by the bytes at which units begin and how many they are; `None` where it leaves the text or cuts one.
fn counted(starts: &[(usize, usize)], offset: usize) -> Option<usize> {
    let mut count = 0;
    starts.iter().find_map(|&(at, length)| {
        let here = (count == offset).then_some(at);
        count += length;
        here
    })
}

/// Whether a range is not empty, and neither cuts a word nor begins or ends with white space.
fn stands_at_borders(text: &str, range: &Range<usize>) -> bool {
    let inside = text.get(range.clone()).unwrap_or_default();
    !inside.is_empty() && inside.trim() == inside && !cuts_word(text, range)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str, offsets: &[(usize, usize)]) -> (Vec<String>, usize) {
        let mut annotations: Vec<_> = offsets.iter().map(|&(start, end)| Annotation::new(start, end, "X")).collect();
        let changed = recount(text, &mut annotations);
        let found = annotations.iter().map(|one| text.chars().skip(one.start).take(one.end - one.start).collect());
        (found.collect(), changed)
    }

    #[test]
    fn crlf_as_one_units_and_clusters_are_recognised() {
        let crlf = "Nil.\r\nOslo won.\r\nBern lost.";
        assert_eq!(texts(crlf, &[(6, 10), (17, 21)]), (vec!["Oslo".to_owned(), "Bern".to_owned()], 0));
        assert_eq!(texts(crlf, &[(5, 9), (15, 19)]), (vec!["Oslo".to_owned(), "Bern".to_owned()], 2));
        let smiling = "💩💩 Oslo won.";
        assert_eq!(texts(smiling, &[(5, 9)]), (vec!["Oslo".to_owned()], 1));
        assert_eq!(texts(smiling, &[(3, 7)]), (vec!["Oslo".to_owned()], 0));
        let marks = "E\u{301}e\u{301}e\u{301} Oslo won.";
        assert_eq!(texts(marks, &[(4, 8)]), (vec!["Oslo".to_owned()], 1));
    }

    #[test]
    fn what_fits_in_no_way_stays() {
        let crlf = "Nil.\r\nOslo won.";
        for offsets in [&[(7, 9)][..], &[(5, 9), (7, 9)], &[(0, 99)]] {
            assert_eq!(
                recount(crlf, &mut offsets.iter().map(|&(a, b)| Annotation::new(a, b, "X")).collect::<Vec<_>>()),
                0
            );
        }
        // Words without spaces between them say nothing.
        assert_eq!(texts("他在\r\n北京工作", &[(4, 6)]), (vec!["北京".to_owned()], 0));
    }
}
