//! A sample of what comes by, drawn evenly.

use std::collections::BTreeMap;

/// Keeps `limit` items at most: those whose place has the smallest hash, so the same ones whenever the same come by.
pub struct Sample<T> {
    limit: usize,
    /// By hash, then place.
    kept: BTreeMap<(u64, u64, usize), T>,
}

impl<T> Sample<T> {
    pub fn new(limit: usize) -> Self {
        Sample { limit, kept: BTreeMap::new() }
    }

    /// Offers the item at a place: sentence, and number within it. It is made only if it is kept.
    pub fn offer(&mut self, sentence: u64, index: usize, make: impl FnOnce() -> T) {
        let key = (hash(sentence), sentence, index);
        if self.kept.len() >= self.limit && self.kept.last_key_value().is_none_or(|(last, _)| *last <= key) {
            return;
        }
        self.kept.insert(key, make());
        if self.kept.len() > self.limit {
            self.kept.pop_last();
        }
    }

    /// What is kept, in order of the places.
    pub fn finish(self) -> Vec<T> {
        let mut kept: Vec<_> = self.kept.into_iter().collect();
        kept.sort_by_key(|((_, sentence, index), _)| (*sentence, *index));
        kept.into_iter().map(|(_, item)| item).collect()
    }
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).
fn hash(value: u64) -> u64 {
    let mut z = value.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_drawn_from_everywhere() {
        let mut sample = Sample::new(10);
        (1..=1000).for_each(|sentence| sample.offer(sentence, 0, || sentence));
        let kept = sample.finish();
        assert_eq!(kept.len(), 10);
        assert!(kept.is_sorted() && kept[0] < 400 && kept[9] > 600, "{kept:?}");
    }

    #[test]
    fn all_are_kept_where_they_are_few_and_none_where_none_are_wanted() {
        let mut sample = Sample::new(5);
        [3, 1, 2].into_iter().for_each(|sentence| sample.offer(sentence, 0, || sentence));
        assert_eq!(sample.finish(), [1, 2, 3]);
        let mut none = Sample::new(0);
        none.offer(1, 0, || panic!("not made"));
        assert!(none.finish().is_empty());
    }
}
