//! Which pairs of views have a parameter where not all of them fit.

use crate::Bitext;

/// Lets pairs of views pass that stand together often enough, so that a table keeps its size.
///
/// Counts are hashed to two places each, and the smaller is the count (a count-min sketch with conservative update:
/// Cormode and Muthukrishnan 2005; Estan and Varghese 2002); it is never too small, and seldom too large.
pub(crate) struct Filter {
    counts: Vec<u8>,
    least: u8,
}

impl Filter {
    /// `None` where every pair fits into a table of `room` pairs.
    pub fn new(bitext: &Bitext, view: usize, room: usize) -> Option<Filter> {
        let lens = |i: usize| bitext.source.sentence(i).len() * bitext.target.sentence(i).len();
        if (0..bitext.len()).map(lens).sum::<usize>() <= room {
            return None;
        }
        let mut filter = Filter { counts: vec![0; (8 * room).next_power_of_two().min(1 << 29)], least: 0 };
        for index in 0..bitext.len() {
            for (e, f) in bitext.pieces(index) {
                for &e in e {
                    let e = bitext.source.vocabulary.word(e).views[view];
                    for &f in f {
                        filter.count(e, bitext.target.vocabulary.word(f).views[view]);
                    }
                }
            }
        }
        filter.set_least(room);
        Some(filter)
    }

    /// The smallest count whose pairs still fit. A pair has two places; that they may be three for every two pairs, not
    /// four, leaves room for pairs that pass by the counts of others.
    fn set_least(&mut self, room: usize) {
        let mut histogram = [0usize; 256];
        self.counts.iter().for_each(|&count| histogram[usize::from(count)] += 1);
        let mut places = 0;
        self.least = u8::MAX;
        for count in (1..=u8::MAX).rev() {
            places += histogram[usize::from(count)];
            if places > room + room / 2 {
                break;
            }
            self.least = count;
        }
    }

    fn places(&self, e: u32, f: u32) -> [usize; 2] {
        let key = (u64::from(e) << 32 | u64::from(f)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        let key = (key ^ key >> 32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        [key, key >> 32].map(|half| half as usize & (self.counts.len() - 1))
    }

    fn get(&self, e: u32, f: u32) -> u8 {
        let [a, b] = self.places(e, f);
        self.counts[a].min(self.counts[b])
    }

    fn count(&mut self, e: u32, f: u32) {
        let more = self.get(e, f).saturating_add(1);
        for place in self.places(e, f) {
            self.counts[place] = self.counts[place].max(more);
        }
    }

    pub fn passes(&self, e: u32, f: u32) -> bool {
        self.get(e, f) >= self.least
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_pairs_pass() {
        let mut filter = Filter { counts: vec![0; 1 << 13], least: 0 };
        for round in 0..20u32 {
            for pair in 0..300 {
                filter.count(pair, pair / 3);
            }
            for pair in 0..100 {
                filter.count(1000 * (round + 1) + pair, pair);
            }
        }
        filter.set_least(1000);
        assert!((0..300).all(|pair| filter.passes(pair, pair / 3)));
        let rare = (0..20u32).flat_map(|round| (0..100).map(move |pair| (1000 * (round + 1) + pair, pair)));
        let passed = rare.filter(|&(e, f)| filter.passes(e, f)).count();
        assert!(300 + passed < 1000, "{passed} of 2000");
    }
}
