//! Parameters of pairs of views: an open-addressing hash table of flat arrays.

use bytemuck::{Pod, Zeroable};

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
        (self.key != EMPTY).then_some(((self.key >> 32) as u32, self.key as u32))
    }
}

/// A map from pairs of ids to probabilities, prior counts and expected counts.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    entries: Vec<Entry>,
    /// Expected counts by place; empty until [`Table::seal`].
    pub counts: Vec<f32>,
    /// Prior counts by place; empty until [`Table::seal`].
    pub priors: Vec<f32>,
    len: usize,
}

fn key(source: u32, target: u32) -> u64 {
    u64::from(source) << 32 | u64::from(target)
}

fn hash(key: u64) -> usize {
    (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 24) as usize
}

impl Default for Table {
    fn default() -> Self {
        Table { entries: vec![Entry::FREE; 1024], counts: Vec::new(), priors: Vec::new(), len: 0 }
    }
}

impl Table {
    /// Makes a pair known. Not after [`Table::seal`].
    pub fn insert(&mut self, source: u32, target: u32) {
        let key = key(source, target);
        let place = self.place(key);
        if self.entries[place].key != EMPTY {
            return;
        }
        self.entries[place].key = key;
        self.len += 1;
        if self.len * 3 > self.entries.len() * 2 {
            self.rehash(self.entries.len() * 2);
        }
    }

    fn rehash(&mut self, size: usize) {
        let old = std::mem::replace(&mut self.entries, vec![Entry::FREE; size]);
        for entry in old.into_iter().filter(|entry| entry.key != EMPTY) {
            let place = self.place(entry.key);
            self.entries[place] = entry;
        }
    }

    /// Makes room for counts; from now on the places stay.
    pub fn seal(&mut self) {
        self.counts = vec![0.0; self.entries.len()];
        self.priors = vec![0.0; self.entries.len()];
    }

    /// Where the key is, or the free place where it would go.
    #[inline]
    fn place(&self, key: u64) -> usize {
        let mask = self.entries.len() - 1;
        let mut place = hash(key) & mask;
        while self.entries[place].key != key && self.entries[place].key != EMPTY {
            place = (place + 1) & mask;
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
        let (counts, priors) = (std::mem::take(&mut self.counts), std::mem::take(&mut self.priors));
        let kept = |place: usize, entry: &Entry| entry.key != EMPTY && counts[place] + priors[place] > LEAST;
        self.len = self.entries.iter().enumerate().filter(|(place, entry)| kept(*place, entry)).count();
        let size = (self.len * 3 / 2 + 1).next_power_of_two();
        let old = std::mem::replace(&mut self.entries, vec![Entry::FREE; size]);
        self.seal();
        for (from, entry) in old.iter().enumerate().filter(|(place, entry)| kept(*place, entry)) {
            let place = self.place(entry.key);
            self.entries[place] = *entry;
            self.counts[place] = counts[from];
            self.priors[place] = priors[from];
        }
    }

    /// A table as [`compact`](Self::compact) left it. `None` where the arrays cannot be one.
    pub fn from_parts(entries: Vec<Entry>, counts: Vec<f32>) -> Option<Table> {
        let len = entries.iter().filter(|entry| entry.key != EMPTY).count();
        let probability = |x: f32| (0.0..=1.0).contains(&x);
        let valid = entries.len().is_power_of_two()
            && entries.len() == counts.len()
            && len < entries.len()
            && entries.iter().all(|entry| probability(entry.forward) && probability(entry.reverse))
            && counts.iter().all(|x| x.is_finite() && *x >= 0.0);
        valid.then_some(Table { priors: vec![0.0; counts.len()], entries, counts, len })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_found() {
        let mut table = Table::default();
        for i in 0..5000u32 {
            table.insert(i % 97, i);
        }
        table.seal();
        assert_eq!(table.len(), 5000);
        assert!((0..5000).all(|i| table.find(i % 97, i).is_some()));
        assert_eq!(table.find(98, 0), None);
        let place = table.find(3, 3).unwrap();
        table.entries_mut()[place].forward = 0.5;
        table.counts[place] = 2.0;
        table.compact();
        assert_eq!(table.len(), 1);
        assert_eq!(table.probabilities(3, 3), (0.5, 0.0));
        assert_eq!(table.counts[table.find(3, 3).unwrap()], 2.0);
        let again = Table::from_parts(table.entries.clone(), table.counts.clone()).unwrap();
        assert_eq!(again.probabilities(3, 3), (0.5, 0.0));
        assert!(Table::from_parts(vec![Entry::FREE; 3], vec![0.0; 3]).is_none());
    }
}
