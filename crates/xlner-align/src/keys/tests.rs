//! Counts of parts add up; the most frequent pairs are kept.

use proptest::prelude::*;

use super::*;
use crate::vocabulary::WordCounts;
use crate::{Bitext, TrainOptions};

fn bitext(pairs: &[(Vec<u8>, Vec<u8>)]) -> Bitext {
    let mut bitext = Bitext::default();
    let words = |side: &[u8]| side.iter().map(|word| format!("word{word}")).collect::<Vec<_>>();
    pairs.iter().for_each(|(source, target)| bitext.push(words(source), words(target)));
    bitext
}

proptest! {
    #[test]
    fn parts_add_up_and_the_most_frequent_pairs_are_kept(
        pairs in prop::collection::vec((prop::collection::vec(0..30u8, 0..6), prop::collection::vec(0..30u8, 0..6)), 0..40),
        room in 0..200usize,
        cut in 0..40usize,
    ) {
        let whole = bitext(&pairs);
        let vocabularies = Vocabularies::new(&WordCounts::of(&whole), &TrainOptions::default(), None);
        let counts = PairCounts::of(&whole, &vocabularies);
        let (first, second) = pairs.split_at(cut.min(pairs.len()));
        let mut merged = PairCounts::of(&bitext(second), &vocabularies);
        merged.merge(&PairCounts::of(&bitext(first), &vocabularies));
        prop_assert_eq!(&merged, &counts);
        prop_assert_eq!(&PairCounts::from_columns(&counts.to_columns()).unwrap(), &counts);
        let keys = Keys::of(&whole, &vocabularies, VIEWS * room);
        prop_assert_eq!(&counts.keys(VIEWS * room), &keys);
        for (keys, counts) in keys.views.iter().zip(&counts.views) {
            prop_assert!(keys.len() <= room);
            let least = counts.iter().filter(|(key, _)| keys.binary_search(key).is_ok()).map(|(_, count)| *count).min();
            let left_out = counts.iter().filter(|(key, _)| keys.binary_search(key).is_err()).map(|(_, count)| *count);
            prop_assert!(left_out.max().is_none_or(|most| least.is_none_or(|least| most < least)));
        }
        let cells: u64 = pairs.iter().map(|(source, target)| (source.len() * target.len()) as u64).sum();
        for view in &counts.views {
            prop_assert_eq!(view.iter().map(|(_, count)| count).sum::<u64>(), cells);
        }
    }
}
