//! Files damaged in the ways in which files are damaged.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// A source of choices, by its seed.
pub struct Mutator(ChaCha8Rng);

/// What a number in a text may become.
const NUMBERS: [&str; 14] = [
    "-1",
    "0",
    "NaN",
    "nan",
    "Infinity",
    "-inf",
    "1e308",
    "-1e999",
    "18446744073709551615",
    "18446744073709551616",
    "9223372036854775807",
    "-9223372036854775808",
    "4294967296",
    "0.1e-400",
];
/// What may stand anywhere.
const STRANGE: [&str; 20] = [
    "\0",
    "\u{feff}",
    "\u{2028}",
    "\u{85}",
    "\u{202e}",
    "\u{1b}[31m",
    "\u{10ffff}",
    "\u{300}",
    "\t",
    "\t\t",
    "  ",
    "\"",
    "\\",
    "&",
    "<",
    ">",
    "]]>",
    "null",
    "{}",
    "\r",
];
/// Brackets that open.
const NESTING: [&str; 6] = ["[", "{\"a\":", "<p>", "(", "{", "[["];

impl Mutator {
    /// The source of a seed.
    pub fn new(seed: u64) -> Mutator {
        Mutator(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number below `bound`; 0 where that is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        match bound {
            0 => 0,
            _ => (self.0.next_u64() % bound as u64) as usize,
        }
    }

    /// One of several.
    pub fn one<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.below(of.len())]
    }

    /// A range of at most so many bytes.
    fn range(&mut self, bytes: &[u8], most: usize) -> std::ops::Range<usize> {
        let start = self.below(bytes.len() + 1);
        let end = bytes.len().min(start + 1 + self.below(most));
        start..end
    }

    /// Changes one thing in a file of bytes.
    pub fn damage_bytes(&mut self, bytes: &mut Vec<u8>, others: &[&[u8]]) {
        match self.below(8) {
            0 | 1 => {
                if let (at @ 0.., bit) = (self.below(bytes.len()), self.below(8))
                    && let Some(byte) = bytes.get_mut(at)
                {
                    *byte ^= 1 << bit;
                }
            }
            2 => {
                let at = self.below(bytes.len());
                let value = *self.one(&[0, 1, 0x7f, 0x80, 0xff]);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = value;
                }
            }
            // A length or an offset, say.
            3 => {
                let at = self.below(bytes.len());
                let value = *self.one(&[0, 1, u64::MAX, u64::from(u32::MAX), 1 << 31, 1 << 40, 1 << 62, u64::MAX / 2]);
                let width = *self.one(&[2, 4, 8]);
                for (byte, new) in bytes.iter_mut().skip(at).zip(value.to_le_bytes()).take(width) {
                    *byte = new;
                }
            }
            4 => bytes.truncate(self.below(bytes.len())),
            5 => {
                let range = self.range(bytes, 64);
                bytes.drain(range);
            }
            6 => {
                let range = self.range(bytes, 64);
                let part = bytes[range.clone()].to_vec();
                bytes.splice(range.start..range.start, part);
            }
            _ => self.splice(bytes, others),
        }
    }

    /// A piece of another file (or of this one) somewhere in it.
    fn splice(&mut self, bytes: &mut Vec<u8>, others: &[&[u8]]) {
        let other = if others.is_empty() { bytes.clone() } else { self.one(others).to_vec() };
        let range = self.range(&other, 200);
        let at = self.below(bytes.len() + 1);
        bytes.splice(at..at, other[range].iter().copied());
    }

    /// Changes one thing in a file of lines.
    pub fn damage_text(&mut self, bytes: &mut Vec<u8>, others: &[&[u8]]) {
        match self.below(14) {
            0..=3 => self.damage_bytes(bytes, others),
            choice @ 4..=6 => {
                let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
                let (one, two) = (self.below(lines.len()), self.below(lines.len()));
                match choice {
                    _ if lines.is_empty() => {}
                    4 => drop(lines.remove(one)),
                    5 => lines.insert(two, lines[one]),
                    _ => lines.swap(one, two),
                }
                *bytes = lines.concat();
            }
            7 => {
                let end: &[u8] = if self.below(2) == 0 { b"\r\n" } else { b"\r" };
                *bytes = bytes.split(|byte| *byte == b'\n').collect::<Vec<_>>().join(end);
            }
            8 | 9 => self.number(bytes),
            10 | 11 => {
                let (at, text) = (self.below(bytes.len() + 1), *self.one(&STRANGE));
                bytes.splice(at..at, text.bytes());
            }
            12 => {
                let (at, text) = (self.below(bytes.len() + 1), *self.one(&NESTING));
                let deep = *self.one(&[200, 2_000, 100_000]);
                bytes.splice(at..at, text.repeat(deep).into_bytes());
            }
            _ => {
                // A token, a line or a document that is very long.
                let (at, text) = (self.below(bytes.len() + 1), *self.one(&["x", "x ", "x\t", "x\n", "\u{4e00}", "."]));
                bytes.splice(at..at, text.repeat(10_000).into_bytes());
            }
        }
    }

    /// Another number where one stands.
    fn number(&mut self, bytes: &mut Vec<u8>) {
        let starts: Vec<usize> = (0..bytes.len())
            .filter(|&at| bytes[at].is_ascii_digit() && (at == 0 || !bytes[at - 1].is_ascii_digit()))
            .collect();
        if starts.is_empty() {
            return;
        }
        let start = *self.one(&starts);
        let length = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
        let text = *self.one(&NUMBERS);
        bytes.splice(start..start + length, text.bytes());
    }
}

/// A valid file with one to four things changed; `others` are files that pieces are taken from. The same seed makes the same
/// file. `text`: the file is one of lines.
pub fn mutate(valid: &[u8], others: &[&[u8]], text: bool, seed: u64) -> Vec<u8> {
    let mut mutator = Mutator::new(seed);
    let mut bytes = valid.to_vec();
    for _ in 0..1 + mutator.below(4) {
        match text {
            true => mutator.damage_text(&mut bytes, others),
            false => mutator.damage_bytes(&mut bytes, others),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_decide_and_differ() {
        let valid = b"Obama\tB-PER\nspoke\tO\n\n1 2.5 3\n";
        let all: Vec<Vec<u8>> = (0..300).map(|seed| mutate(valid, &[b"<p>x</p>"], true, seed)).collect();
        assert_eq!(mutate(valid, &[b"<p>x</p>"], true, 7), all[7]);
        let distinct: std::collections::HashSet<_> = all.iter().collect();
        assert!(distinct.len() > 280, "{}", distinct.len());
        for (sign, least) in [(&b"\r"[..], 10), (b"NaN", 1), (&[b'['; 150], 5), (b"<p>", 5)] {
            let found = all.iter().filter(|file| file.windows(sign.len()).any(|part| part == sign)).count();
            assert!(found >= least, "{sign:?}: {found}");
        }
        assert!((0..300).all(|seed| mutate(b"", &[], seed % 2 == 0, seed).len() < 2 << 20));
    }
}
