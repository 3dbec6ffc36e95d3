//! Parameters of pairs of views: an open-addressing hash table of buckets the size of a cache line.

use bytemuck::{Pod, Zeroable};

use crate::column::Column;
use crate::keys::{ids, key};
use xlner_core::fixed;

/// What is looked up most: a pair and its translation probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Entry {
    key: u64,
    /// Probability of the target view given the source view.
    pub forward: f32,
    /// Probability of the source view given the target view.
    pub reverse: f32,
}

/// Entries that lie in one cache line, filled from the first on: a look-up reads one line and hardly ever a second.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
pub(crate) struct Bucket([Entry; BUCKET]);

const BUCKET: usize = 4;
const EMPTY: u64 = u64::MAX;
/// Pairs that any table has, at most.
const MOST: usize = 1 << 40;
/// Pairs of fewer counts are dropped: from so few, variational Bayes makes a probability below every floor.
const LEAST: f32 = 0.05;
/// Bits of the filter for a pair: one pair in sixteen that is not there is looked up in vain.
const BITS: usize = 16;

impl Entry {
    const FREE: Entry = Entry { key: EMPTY, forward: 0.0, reverse: 0.0 };

    /// The ids of the source and the target view; `None` where the place is free.
    pub fn pair(&self) -> Option<(u32, u32)> {
        (self.key != EMPTY).then(|| ids(self.key))
    }
}

impl Bucket {
    const FREE: Bucket = Bucket([Entry::FREE; BUCKET]);
}

/// A map from pairs of ids to probabilities, prior counts and expected counts. The same pairs lie in the same places.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    buckets: Column<Bucket>,
    /// Expected counts by place ([`xlner_core::fixed`]); empty before the first are set.
    pub counts: Column<i64>,
    /// Prior counts by place; empty in a table that is not trained.
    pub priors: Vec<f32>,
    len: usize,
    /// One bit is set for each pair. It is small enough for the processor's cache, and most pairs that are looked up are not
    /// there.
    filter: Column<u64>,
}

/// What look-ups read of a table.
#[derive(Clone, Copy)]
pub(crate) struct View<'t> {
    buckets: &'t [Bucket],
    filter: &'t [u64],
}

impl Default for Table {
    fn default() -> Self {
        Table::new(&[])
    }
}

impl Table {
    /// A table of the keys, each given once, in order.
    pub fn new(keys: &[u64]) -> Table {
        let mut table = Table::empty(keys.len());
        for &key in keys {
            table.insert(key);
        }
        table
    }

    /// Free places for that many pairs.
    fn empty(len: usize) -> Table {
        let buckets = vec![Bucket::FREE; buckets_of(len)];
        let priors = vec![0.0; buckets.len() * BUCKET];
        let filter = vec![0; filter_of(len)].into();
        Table { buckets: buckets.into(), counts: Column::default(), priors, len, filter }
    }

    /// Gives a key that the table does not have a place.
    fn insert(&mut self, key: u64) -> usize {
        let (word, bit) = self.view().bit(key);
        self.filter.to_mut()[word] |= bit;
        let mut bucket = self.view().bucket(key);
        let buckets = self.buckets.to_mut();
        loop {
            let entries = &mut buckets[bucket].0;
            if let Some(at) = entries.iter().position(|entry| entry.key == EMPTY) {
                entries[at].key = key;
                return bucket * BUCKET + at;
            }
            bucket = if bucket + 1 == buckets.len() { 0 } else { bucket + 1 };
        }
    }

    /// What look-ups read; many are faster with one view.
    #[inline]
    pub fn view(&self) -> View<'_> {
        View { buckets: &self.buckets, filter: &self.filter }
    }

    /// Place of a pair.
    pub fn find(&self, source: u32, target: u32) -> Option<usize> {
        self.view().find(source, target)
    }

    pub fn entries(&self) -> &[Entry] {
        bytemuck::cast_slice(&self.buckets)
    }

    pub fn entries_mut(&mut self) -> &mut [Entry] {
        bytemuck::cast_slice_mut(self.buckets.to_mut())
    }

    /// What a file holds of it besides the counts: the number of pairs, the entries, the filter.
    pub fn parts(&self) -> (usize, &[Bucket], &[u64]) {
        (self.len, &self.buckets, &self.filter)
    }

    /// Number of pairs.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Keeps the pairs whose expected count or prior count says something, in as little room as they need.
    pub fn compact(&mut self) {
        let kept =
            |(place, entry): &(usize, &Entry)| entry.key != EMPTY && says(self.counts[*place], self.priors[*place]);
        let old: Vec<usize> = self.entries().iter().enumerate().filter(kept).map(|(place, _)| place).collect();
        let mut table = Table::empty(old.len());
        let mut counts = vec![0; table.priors.len()];
        // In the order of the old places, which the new ones have, too, but for neighbours: memory is walked once.
        for from in old {
            let entry = self.entries()[from];
            let place = table.insert(entry.key);
            table.entries_mut()[place] = entry;
            counts[place] = self.counts[from];
            table.priors[place] = self.priors[from];
        }
        table.counts = counts.into();
        *self = table;
    }

    /// A table of those of the keys of which the expected count, or the prior count in another table, says something.
    pub fn counted(keys: &[u64], counts: &[i64], priors: &Table) -> Table {
        let view = priors.view();
        let prior = |key: u64| {
            let (e, f) = ids(key);
            let found = if view.may_hold(e, f) { view.find(e, f) } else { None };
            found.map_or(0.0, |place| priors.priors[place])
        };
        let all = keys.iter().zip(counts).map(|(&key, &count)| (key, count, prior(key)));
        let kept: Vec<(u64, i64, f32)> = all.filter(|&(_, count, prior)| says(count, prior)).collect();
        let mut table = Table::empty(kept.len());
        let mut counts = vec![0; table.priors.len()];
        for (key, count, prior) in kept {
            let place = table.insert(key);
            (counts[place], table.priors[place]) = (count, prior);
        }
        table.counts = counts.into();
        table
    }

    /// A table from what a file holds, without prior counts. `None` where it cannot be one. The entries are not looked at:
    /// what a damaged one may say is bounded where it is read.
    pub fn from_parts(len: usize, buckets: Column<Bucket>, filter: Column<u64>, counts: Column<i64>) -> Option<Table> {
        let valid = len <= MOST
            && buckets.len() == buckets_of(len)
            && filter.len() == filter_of(len)
            && (counts.is_empty() || counts.len() == buckets.len() * BUCKET);
        valid.then(|| Table { buckets, counts, priors: Vec::new(), len, filter })
    }
}

impl View<'_> {
    /// Word and bit of a key in the filter.
    #[inline]
    fn bit(&self, key: u64) -> (usize, u64) {
        let bit = hash(key) >> (64 - (self.filter.len() * 64).trailing_zeros());
        ((bit / 64) as usize, 1 << (bit % 64))
    }

    /// Whether a pair may be there; most of those that are not are told apart.
    #[inline]
    pub fn may_hold(&self, source: u32, target: u32) -> bool {
        let (at, bit) = self.bit(key(source, target));
        self.filter[at] & bit != 0
    }

    /// Bucket in which the search for a key begins.
    #[inline]
    fn bucket(&self, key: u64) -> usize {
        // The upper half of the product of hash and size is below the size.
        ((u128::from(hash(key)) * self.buckets.len() as u128) >> 64) as usize
    }

    /// Place of a pair.
    #[inline]
    pub fn find(&self, source: u32, target: u32) -> Option<usize> {
        let key = key(source, target);
        // Of two words that are not known: what free places hold.
        if key == EMPTY {
            return None;
        }
        let mut bucket = self.bucket(key);
        // At most once round: a damaged table may have no free place.
        for _ in 0..self.buckets.len() {
            let entries = &self.buckets[bucket].0;
            // Without branches: which of the four it is cannot be foreseen.
            let is = |at: usize| usize::from(entries[at].key == key) * (at + 1);
            let found = is(0).max(is(1)).max(is(2)).max(is(3));
            if found > 0 {
                return Some(bucket * BUCKET + found - 1);
            }
            if entries[BUCKET - 1].key == EMPTY {
                return None;
            }
            bucket = if bucket + 1 == self.buckets.len() { 0 } else { bucket + 1 };
        }
        None
    }

    /// The entry of a place. Its probabilities are some, whatever a file says.
    #[inline]
    pub fn entry(&self, place: usize) -> Entry {
        let Entry { key, forward, reverse } = self.buckets[place / BUCKET].0[place % BUCKET];
        Entry { key, forward: probability(forward), reverse: probability(reverse) }
    }

    /// Something of the line that [`find`](Self::find) reads first. Lines of many pairs asked for one after another arrive
    /// together; `find` alone waits for each.
    #[inline]
    pub fn touch(&self, source: u32, target: u32) -> u64 {
        self.buckets[self.bucket(key(source, target))].0[0].key
    }
}

/// The nearest number from 0 to 1; 0 for what is no number.
#[inline]
fn probability(value: f32) -> f32 {
    if value > 0.0 { value.min(1.0) } else { 0.0 }
}

/// Whether an expected count and a prior count say something.
fn says(count: i64, prior: f32) -> bool {
    fixed::to_real(count) as f32 + prior > LEAST
}

#[inline]
fn hash(key: u64) -> u64 {
    key.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Words of 64 bits of the filter of that many pairs.
fn filter_of(len: usize) -> usize {
    (len * BITS).next_power_of_two().max(128) / 64
}

/// Buckets for that many pairs: enough free places that a look-up ends soon, and that there always is one.
fn buckets_of(len: usize) -> usize {
    len * 2 / 5 + 1
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
        assert_eq!(table.find(u32::MAX, u32::MAX), None);
        table.counts = vec![0; table.entries().len()].into();
        let place = table.find(3, 3).unwrap();
        table.entries_mut()[place].forward = 0.5;
        table.counts.to_mut()[place] = fixed::from_real(2.0);
        table.compact();
        assert_eq!(table.len(), 1);
        let probabilities = |table: &Table| {
            let entry = table.entries()[table.find(3, 3).unwrap()];
            (entry.forward, entry.reverse)
        };
        assert_eq!(probabilities(&table), (0.5, 0.0));
        assert_eq!(table.counts[table.find(3, 3).unwrap()], fixed::from_real(2.0));
        let Table { buckets, filter, counts, .. } = table;
        let again = |len| Table::from_parts(len, buckets.clone(), filter.clone(), counts.clone());
        assert_eq!(probabilities(&again(1).unwrap()), (0.5, 0.0));
        assert!([9, 1 << 50, usize::MAX].into_iter().all(|len| again(len).is_none()));
        assert!(Table::from_parts(1, vec![Bucket::FREE; 3].into(), filter.clone(), counts.clone()).is_none());
        assert!(Table::from_parts(1, buckets.clone(), vec![0; 3].into(), counts.clone()).is_none());
        assert!(Table::from_parts(1, buckets.clone(), filter.clone(), vec![0; 3].into()).is_none());

        // Whatever a damaged file holds: an end, and probabilities.
        let wild = Bucket([Entry { key: 7, forward: f32::NAN, reverse: 1e30 }; BUCKET]);
        let full = Table::from_parts(1, vec![wild; buckets.len()].into(), filter.clone(), counts.clone()).unwrap();
        assert_eq!(full.find(3, 3), None);
        let place = full.find(0, 7).unwrap();
        assert!(place < full.entries().len());
        let entry = full.view().entry(place);
        assert_eq!((entry.forward, entry.reverse), (0.0, 1.0));
    }
}
