//! Long pairs are aligned in pieces, so that time and memory stay linear in their length.
//!
//! A line of thousands of tokens is sentences that were not split. It is cut where both sides have a word that each has
//! once only (a name, a number): the longest chain of such words that is in the same order on both sides, as in “patience
//! diff”, and of it the one closest to the middle; then each half is cut in the same way, where more words are unique.
//! Where there is none, both sides are cut in the middle.

use std::ops::Range;

use rustc_hash::FxHashMap;
use xlner_core::Pair;

/// A part of a sentence pair that is aligned on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub source: Range<usize>,
    pub target: Range<usize>,
}

/// The pieces of a pair in order, one unless it is long ([`Pair::LONG`]). They cover both sides, and a pair with an empty
/// side has none. The functions give the folded form of a token, as UTF-8.
pub(crate) fn pieces<'w>(
    source_len: usize,
    target_len: usize,
    source: impl Fn(usize) -> &'w [u8],
    target: impl Fn(usize) -> &'w [u8],
) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(1);
    // What is still to be cut, the first part on top.
    let mut rest = vec![Piece { source: 0..source_len, target: 0..target_len }];
    while let Some(Piece { source: e, target: f }) = rest.pop() {
        if e.is_empty() || f.is_empty() {
            continue;
        }
        if e.len().saturating_mul(f.len()) <= Pair::LONG {
            pieces.push(Piece { source: e, target: f });
            continue;
        }
        let middle = (e.start + e.len() / 2, f.start + f.len() / 2);
        let (i, j) = anchor(&e, &f, &source, &target).unwrap_or(middle);
        rest.push(Piece { source: i..e.end, target: j..f.end });
        rest.push(Piece { source: e.start..i, target: f.start..j });
    }
    pieces
}

/// The tokens of a word that both parts have once, close to the middle of both.
fn anchor<'w>(
    e: &Range<usize>,
    f: &Range<usize>,
    source: impl Fn(usize) -> &'w [u8],
    target: impl Fn(usize) -> &'w [u8],
) -> Option<(usize, usize)> {
    // Place of each word on both sides; the length of the side where there are several.
    let mut places: FxHashMap<&[u8], (Option<usize>, Option<usize>)> = FxHashMap::default();
    for i in e.clone() {
        let place = &mut places.entry(source(i)).or_default().0;
        *place = Some(if place.is_none() { i } else { usize::MAX });
    }
    for j in f.clone() {
        if let Some((_, place)) = places.get_mut(target(j)) {
            *place = Some(if place.is_none() { j } else { usize::MAX });
        }
    }
    let once = |place: Option<usize>| place.filter(|place| *place != usize::MAX);
    let mut common: Vec<(usize, usize)> =
        places.into_values().filter_map(|(i, j)| Some((once(i)?, once(j)?))).collect();
    common.sort_unstable();
    // Halves of very different size, and cells far from the diagonal, are no good cuts.
    let share = |at: usize, range: &Range<usize>| (at - range.start) as f64 / range.len() as f64;
    let inside = |x: f64| (0.2..=0.8).contains(&x);
    chain(&common)
        .into_iter()
        .map(|(i, j)| (share(i, e), share(j, f), (i, j)))
        .filter(|(x, y, _)| inside(*x) && inside(*y))
        .min_by(|a, b| (a.0 + a.1 - 1.0).abs().total_cmp(&(b.0 + b.1 - 1.0).abs()).then(a.2.cmp(&b.2)))
        .map(|(_, _, place)| place)
}

/// The longest chain of points that rises on both sides; the points are in order of the first, each side has each once.
fn chain(points: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // By length of a chain: the point that ends it lowest; by point: the one before.
    let (mut ends, mut before): (Vec<usize>, Vec<Option<usize>>) = (Vec::new(), Vec::with_capacity(points.len()));
    for (at, point) in points.iter().enumerate() {
        let length = ends.partition_point(|&end| points[end].1 < point.1);
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut chain = Vec::with_capacity(ends.len());
    let mut next = ends.last().copied();
    while let Some(at) = next {
        chain.push(points[at]);
        next = before[at];
    }
    chain.reverse();
    chain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(source: &[String], target: &[String]) -> Vec<Piece> {
        pieces(source.len(), target.len(), |i| source[i].as_bytes(), |j| target[j].as_bytes())
    }

    #[test]
    fn an_ordinary_pair_is_one_piece() {
        let words = vec!["a".to_owned(); 200];
        assert_eq!(cut(&words, &words), [Piece { source: 0..200, target: 0..200 }]);
        assert_eq!(cut(&words, &[]), []);
    }

    #[test]
    fn unique_words_of_both_sides_show_where_to_cut() {
        // Sentences of 20 words, and of 10 to 30; the last word of each has its number.
        let mut random = 7u64;
        let (mut source, mut target, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        for sentence in 0..200 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ends.push((source.len(), target.len()));
            source.push(format!("{sentence}"));
            target.push(format!("{sentence}"));
            source.extend((0..19).map(|i| format!("e{}", i % 7)));
            target.extend((0..9 + (random >> 33) % 20).map(|j| format!("f{}", j % 5)));
        }
        let pieces = cut(&source, &target);
        assert!((14..100).contains(&pieces.len()), "{}", pieces.len());
        for piece in &pieces {
            assert!(ends.contains(&(piece.source.start, piece.target.start)), "{piece:?}");
        }
    }

    proptest! {
        #[test]
        fn pieces_cover_both_sides(
            source in prop::collection::vec(0..900u32, 0..1500),
            target in prop::collection::vec(0..900u32, 1..1500),
        ) {
            let text = |ids: &[u32]| ids.iter().map(|id| format!("w{id}")).collect::<Vec<_>>();
            let pieces = cut(&text(&source), &text(&target));
            let (mut i, mut j) = (0, 0);
            for piece in &pieces {
                prop_assert_eq!((piece.source.start, piece.target.start), (i, j));
                prop_assert!(piece.source.len() * piece.target.len() <= Pair::LONG);
                (i, j) = (piece.source.end, piece.target.end);
            }
            if !source.is_empty() {
                prop_assert_eq!((i, j), (source.len(), target.len()));
            }
        }

        #[test]
        fn a_chain_is_the_longest_that_rises(seconds in Just((0..9usize).collect::<Vec<_>>()).prop_shuffle()) {
            let points: Vec<(usize, usize)> = seconds.into_iter().enumerate().collect();
            let found = chain(&points);
            prop_assert!(found.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1));
            let longest = (0..1u32 << points.len())
                .filter(|set| {
                    let kept: Vec<usize> = points.iter().filter(|p| set >> p.0 & 1 == 1).map(|p| p.1).collect();
                    kept.is_sorted()
                })
                .map(u32::count_ones)
                .max();
            prop_assert_eq!(Some(found.len() as u32), longest);
        }
    }
}
