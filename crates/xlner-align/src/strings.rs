//! Lists of strings, and strings with numbers, in a form that can be mapped from a file.

use crate::column::Column;

/// Strings one after another, as UTF-8.
#[derive(Debug, Clone, Default)]
pub(crate) struct Strings {
    pub bytes: Column<u8>,
    /// Exclusive end of each.
    pub ends: Column<u64>,
}

impl Strings {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn push(&mut self, text: &[u8]) {
        self.bytes.to_mut().extend_from_slice(text);
        let end = self.bytes.len() as u64;
        self.ends.to_mut().push(end);
    }

    /// A string; an empty one where there is none of that number.
    #[inline]
    pub fn get(&self, id: u32) -> &[u8] {
        let id = id as usize;
        let ends: &[u64] = &self.ends;
        let Some(&end) = ends.get(id) else { return &[] };
        let start = if id == 0 { 0 } else { ends[id - 1] };
        self.bytes.get(start as usize..end as usize).unwrap_or_default()
    }
}

/// Different strings, numbered from 0 in the order in which they came: an open-addressing hash table.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    pub strings: Strings,
    /// By hash: the number of a string and one more; 0 where the place is free. Their number is a power of two.
    pub slots: Column<u32>,
}

/// Slots of an index without strings.
const FEWEST: usize = 16;

impl Default for Index {
    fn default() -> Self {
        Index { strings: Strings::default(), slots: vec![0; FEWEST].into() }
    }
}

impl Index {
    /// The index that a file holds; `None` where it cannot be one.
    pub fn from_parts(strings: Strings, slots: Column<u32>) -> Option<Index> {
        (slots.len().is_power_of_two() && slots.len() >= 2 * strings.len()).then_some(Index { strings, slots })
    }

    pub fn len(&self) -> usize {
        self.strings.len()
    }

    /// Number of a string.
    #[inline]
    pub fn find(&self, text: &[u8]) -> Option<u32> {
        self.slot(text).ok()
    }

    /// Number of a string, which is added where it is new.
    pub fn insert(&mut self, text: &[u8]) -> u32 {
        let slot = match self.slot(text) {
            Ok(id) => return id,
            Err(slot) => slot,
        };
        let id = self.len() as u32;
        self.strings.push(text);
        self.slots.to_mut()[slot] = id + 1;
        if self.slots.len() < 2 * self.len() + FEWEST {
            self.grow();
        }
        id
    }

    /// Number of a string, or the free slot that it would have.
    #[inline]
    fn slot(&self, text: &[u8]) -> Result<u32, usize> {
        let slots: &[u32] = &self.slots;
        let mut slot = hash(text) as usize & (slots.len() - 1);
        // At most once round: a damaged file may have no free slot.
        for _ in 0..slots.len() {
            match slots[slot] {
                0 => break,
                id if id as usize <= self.len() && self.strings.get(id - 1) == text => return Ok(id - 1),
                _ => slot = (slot + 1) & (slots.len() - 1),
            }
        }
        Err(slot)
    }

    fn grow(&mut self) {
        let mut slots = vec![0u32; self.slots.len() * 2];
        let mask = slots.len() - 1;
        for id in 0..self.len() as u32 {
            let mut slot = hash(self.strings.get(id)) as usize & mask;
            while slots[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            slots[slot] = id + 1;
        }
        self.slots = slots.into();
    }
}

/// A hash that is the same on every machine, as it is kept in files: words of eight bytes, multiplied.
#[inline]
fn hash(text: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut hash = text.len() as u64;
    let mut add = |word: u64| hash = (hash.rotate_left(5) ^ word).wrapping_mul(FACTOR);
    let (words, rest) = text.as_chunks::<8>();
    words.iter().for_each(|word| add(u64::from_le_bytes(*word)));
    add(rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    hash ^ hash >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_found_by_the_numbers_they_got() {
        let mut index = Index::default();
        let text = |number: u32| format!("{}ä{number}", "word".repeat(number as usize % 5));
        for number in 0..1000 {
            assert_eq!(index.find(text(number).as_bytes()), None);
            assert_eq!(index.insert(text(number).as_bytes()), number);
            assert_eq!(index.insert(text(number / 2).as_bytes()), number / 2);
        }
        assert_eq!(index.insert(b""), 1000);
        for number in 0..1000 {
            assert_eq!(index.find(text(number).as_bytes()), Some(number));
            assert_eq!(index.strings.get(number), text(number).as_bytes());
        }
        assert_eq!((index.find(b"none"), index.find(b""), index.strings.get(2000)), (None, Some(1000), &[][..]));
        assert!(Index::from_parts(index.strings.clone(), index.slots.clone()).is_some());
        // Full of strings, or of numbers that there are not: no string, and an end.
        let full = Index::from_parts(index.strings.clone(), vec![7; 2048].into()).unwrap();
        assert_eq!(full.find(b"none"), None);
        let wild = Index::from_parts(index.strings.clone(), vec![u32::MAX; 2048].into()).unwrap();
        assert_eq!((wild.find(b"none"), wild.find(b"")), (None, None));
        assert!(Index::from_parts(index.strings.clone(), vec![0; 2047].into()).is_none());
        assert!(Index::from_parts(index.strings, vec![0; 1024].into()).is_none());
    }
}
