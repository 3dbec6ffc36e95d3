//! Parameters of pairs of views: an open-addressing hash table of flat arrays.

use bytemuck::{Pod, Zeroable};

use crate::fixed;
use crate::keys::{ids, key};

/// What is looked up most: a pair and its translation probabilities, a quarter of a cache line.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Entry {
    key: u64,
    /// Probability of the target view given the source view.
    pub forward: f32,
    /// Probability of the source view given the target view.
    pub reverse: f32,
}

const EMPTY: u64 = u64::MAX;
/// Pairs of fewer counts are dropped by [`Table::compact`].
const LEAST: f32 = 1e-3;

impl Entry {
    const FREE: Entry = Entry { key: EMPTY, forward: 0.0, reverse: 0.0 };

    /// The ids of the source and the target view; `None` where the place is free.
    pub fn pair(&self) -> Option<(u32, u32)> {
        (self.key != EMPTY).then(|| ids(self.key))
    }
}

/// A map from pairs of ids to probabilities, prior counts and expected counts. The same pairs lie in the same places.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    entries: Vec<Entry>,
    /// Expected counts by place ([`crate::fixed`]); empty before the first are set.
    pub counts: Vec<i64>,
    /// Prior counts by place.
    pub priors: Vec<f32>,
    len: usize,
}

impl Default for Table {
    fn default() -> Self {
        Table::new(&[])
    }
}

impl Table {
    /// A table of the keys, each given once, in order.
    pub fn new(keys: &[u64]) -> Table {
        let entries = vec![Entry::FREE; places(keys.len())];
        let priors = vec![0.0; entries.len()];
        let mut table = Table { entries, counts: Vec::new(), priors, len: keys.len() };
        for &key in keys {
            let place = table.place(key);
            table.entries[place].key = key;
        }
        table
    }

    /// Where the key is, or the free place where it would go.
    #[inline]
    fn place(&self, key: u64) -> usize {
        // The upper half of the product of hash and size is below the size.
        let hash = key.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut place = ((u128::from(hash) * self.entries.len() as u128) >> 64) as usize;
        while self.entries[place].key != key && self.entries[place].key != EMPTY {
            place = if place + 1 == self.entries.len() { 0 } else { place + 1 };
        }
        place
    }

    /// Place of a pair.
    #[inline]
    pub fn find(&self, source: u32, target: u32) -> Option<usize> {
        let place = self.place(key(source, target));
        (self.entries[place].key != EMPTY).then_some(place)
    }

    /// Probabilities of a pair in both directions; 0 where it is not known.
    #[inline]
    pub fn probabilities(&self, source: u32, target: u32) -> (f32, f32) {
        // A free place holds zeros.
        let entry = &self.entries[self.place(key(source, target))];
        (entry.forward, entry.reverse)
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub fn entries_mut(&mut self) -> &mut [Entry] {
        &mut self.entries
    }

    /// Number of pairs.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Keeps the pairs whose expected count or prior count says something, in as little room as they need.
    pub fn compact(&mut self) {
        let kept = |place: usize, entry: &Entry| {
            entry.key != EMPTY && fixed::to_real(self.counts[place]) as f32 + self.priors[place] > LEAST
        };
        let mut old: Vec<(u64, usize)> = self.entries.iter().map(|entry| entry.key).zip(0..).collect();
        old.retain(|&(_, place)| kept(place, &self.entries[place]));
        old.sort_unstable();
        let keys: Vec<u64> = old.iter().map(|(key, _)| *key).collect();
        let mut table = Table::new(&keys);
        drop(keys);
        table.counts = vec![0; table.entries.len()];
        for (key, from) in old {
            let place = table.place(key);
            table.entries[place] = self.entries[from];
            table.counts[place] = self.counts[from];
            table.priors[place] = self.priors[from];
        }
        *self = table;
    }

    /// A table as [`compact`](Self::compact) left it. `None` where the arrays cannot be one.
    pub fn from_parts(entries: Vec<Entry>, counts: Vec<i64>) -> Option<Table> {
        let len = entries.iter().filter(|entry| entry.key != EMPTY).count();
        let probability = |x: f32| (0.0..=1.0).contains(&x);
        let valid = entries.len() == counts.len()
            && entries.len() == places(len)
            && entries.iter().all(|entry| probability(entry.forward) && probability(entry.reverse))
            && counts.iter().all(|count| *count >= 0);
        valid.then_some(Table { priors: vec![0.0; counts.len()], entries, counts, len })
    }
}

/// Places for that many pairs: enough free ones that a look-up ends soon.
fn places(len: usize) -> usize {
    len * 9 / 5 + 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_found() {
        let mut keys: Vec<u64> = (0..5000u32).map(|i| key(i % 97, i)).collect();
        keys.sort_unstable();
        let mut table = Table::new(&keys);
        assert_eq!(table.len(), 5000);
        assert!((0..5000).all(|i| table.find(i % 97, i).is_some()));
        assert_eq!(table.find(98, 0), None);
        table.counts = vec![0; table.entries().len()];
        let place = table.find(3, 3).unwrap();
        table.entries_mut()[place].forward = 0.5;
        table.counts[place] = fixed::from_real(2.0);
        table.compact();
        assert_eq!(table.len(), 1);
        assert_eq!(table.probabilities(3, 3), (0.5, 0.0));
        assert_eq!(table.counts[table.find(3, 3).unwrap()], fixed::from_real(2.0));
        let again = Table::from_parts(table.entries.clone(), table.counts.clone()).unwrap();
        assert_eq!(again.probabilities(3, 3), (0.5, 0.0));
        assert!(Table::from_parts(vec![Entry::FREE; 3], vec![0; 3]).is_none());
    }
}
