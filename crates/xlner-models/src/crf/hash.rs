//! Hashes of features: the same on every machine and in every version, as they are kept in model files.

/// Hash of a text.
pub(crate) fn text(text: &str) -> u64 {
    let mut hash = text.len() as u64;
    let mut chunks = text.as_bytes().chunks_exact(8);
    for chunk in &mut chunks {
        hash = join(hash, u64::from_le_bytes([0, 1, 2, 3, 4, 5, 6, 7].map(|at| chunk[at])));
    }
    let mut last = [0; 8];
    last[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
    join(hash, u64::from_le_bytes(last))
}

/// Hash of two values in their order: both halves of a 128-bit product, folded.
pub(crate) const fn join(a: u64, b: u64) -> u64 {
    let product = (a.rotate_left(23) ^ 0x9E37_79B9_7F4A_7C15) as u128 * (b ^ 0xD1B5_4A32_D192_ED03) as u128;
    (product as u64) ^ (product >> 64) as u64
}

/// The 32 bits of a hash that name a feature. Of 100,000 features two share a name now and then, and one unknown feature in
/// 40,000 is taken for a known one: too few to be seen in any figure.
pub(crate) const fn key(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// Keys of a set, and now and then another one: most keys that are looked up are in no set, and this little memory tells so
/// without touching a large table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Filter {
    bits: Vec<u64>,
}

impl Filter {
    /// Bits a key: one key in sixteen is let through wrongly.
    const BITS: usize = 16;

    pub(crate) fn new(keys: &[u32]) -> Filter {
        let len = (keys.len() * Filter::BITS).next_power_of_two().max(64);
        let mut filter = Filter { bits: vec![0; len / 64] };
        for &key in keys {
            let (at, bit) = filter.place(key);
            filter.bits[at] |= bit;
        }
        filter
    }

    pub(crate) fn may_hold(&self, key: u32) -> bool {
        let (at, bit) = self.place(key);
        self.bits[at] & bit != 0
    }

    fn place(&self, key: u32) -> (usize, u64) {
        ((key as usize >> 6) & (self.bits.len() - 1), 1 << (key & 63))
    }
}

impl Default for Filter {
    fn default() -> Self {
        Filter::new(&[])
    }
}

/// Numbers by key, in one place of memory each: open addressing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    /// Key, and 1 + its number; 0 where the place is free. At most half full, a power of two long.
    places: Vec<[u32; 2]>,
}

impl Table {
    /// Of distinct keys; numbers are below 2³² − 1.
    pub(crate) fn new(numbers: impl ExactSizeIterator<Item = (u32, u32)>) -> Table {
        let len = (2 * numbers.len()).next_power_of_two().max(2);
        let mut places = vec![[0; 2]; len];
        for (key, number) in numbers {
            let mut at = key as usize & (len - 1);
            while places[at][1] != 0 {
                at = (at + 1) & (len - 1);
            }
            places[at] = [key, number + 1];
        }
        Table { places }
    }

    pub(crate) fn get(&self, key: u32) -> Option<u32> {
        let mask = self.places.len() - 1;
        let mut at = key as usize & mask;
        loop {
            match self.places[at] {
                [_, 0] => return None,
                [found, number] if found == key => return Some(number - 1),
                _ => at = (at + 1) & mask,
            }
        }
    }
}

impl Default for Table {
    fn default() -> Self {
        Table::new([].into_iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_never_change() {
        // Model files depend on these values.
        let values = [text(""), text("Berlin"), text("Donaudampfschifffahrt"), join(1, 2), join(2, 1)];
        let mut sorted = values.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), values.len());
        assert_eq!(values.map(key), [3603662994, 504200782, 2585871540, 3050432157, 131892299]);
    }

    #[test]
    fn a_filter_holds_its_keys_and_few_others() {
        let keys: Vec<u32> = (0..20_000_u64).map(|n| key(join(3, n))).collect();
        let filter = Filter::new(&keys);
        assert!(keys.iter().all(|key| filter.may_hold(*key)));
        let others = (0..20_000_u64).filter(|n| filter.may_hold(key(join(4, *n)))).count();
        assert!(others < 2_000, "{others}");
        assert!(!Filter::default().may_hold(7));
    }

    #[test]
    fn a_table_finds_its_keys_and_only_them() {
        // Every eighth key: they begin at few places, so that some stand after where they belong.
        let table = Table::new((0..1000).map(|n| (n * 8, n)));
        assert!((0..8_000).all(|key| table.get(key) == (key % 8 == 0).then_some(key / 8)));
        assert_eq!(Table::default().get(0), None);
    }

    #[test]
    fn names_of_features_rarely_meet() {
        let mut keys: Vec<u32> = (0..100_000_u64).map(|n| key(join(join(7, n % 50), text(&format!("w{n}"))))).collect();
        keys.sort_unstable();
        keys.dedup();
        assert!(keys.len() > 99_990, "{}", keys.len());
    }
}
