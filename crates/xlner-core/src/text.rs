//! Text normalisation: the folded form of a token, and how alike two forms are spelt.

use any_ascii::any_ascii;

/// The token in lower-case Latin letters and digits, whatever its script, without diacritics and punctuation; for
/// punctuation the token itself.
pub fn fold(token: &str) -> String {
    let mut folded = any_ascii(token);
    folded.make_ascii_lowercase();
    folded.retain(|c| c.is_ascii_alphanumeric());
    if folded.is_empty() { token.to_owned() } else { folded }
}

/// Length of the longest common subsequence of a fixed pattern and a text that grows byte by byte.
///
/// Bit-parallel: Hyyrö, "Bit-Parallel LCS-length Computation Revisited" (AWOCA 2004), one word per 64 pattern bytes.
#[derive(Debug, Default, Clone)]
pub struct Lcs {
    words: usize,
    len: usize,
    masks: Vec<u64>,
    state: Vec<u64>,
}

impl Lcs {
    /// Sets the pattern and empties the text.
    pub fn set_pattern(&mut self, pattern: &[u8]) {
        self.len = pattern.len();
        self.words = pattern.len().div_ceil(64).max(1);
        self.masks.clear();
        self.masks.resize(256 * self.words, 0);
        for (at, &byte) in pattern.iter().enumerate() {
            self.masks[usize::from(byte) * self.words + at / 64] |= 1 << (at % 64);
        }
        self.reset();
    }

    /// Empties the text.
    pub fn reset(&mut self) {
        self.state.clear();
        self.state.resize(self.words, u64::MAX);
    }

    /// Adds to the text.
    pub fn extend(&mut self, text: &[u8]) {
        for &byte in text {
            let masks = &self.masks[usize::from(byte) * self.words..][..self.words];
            let mut carry = false;
            for (state, mask) in self.state.iter_mut().zip(masks) {
                let matched = *state & mask;
                let (sum, over) = state.overflowing_add(matched);
                let (sum, over_carry) = sum.overflowing_add(u64::from(carry));
                carry = over | over_carry;
                *state = sum | (*state & !mask);
            }
        }
    }

    /// Length of the longest common subsequence of pattern and text.
    pub fn common(&self) -> usize {
        let ones: u32 = self.state.iter().map(|word| word.count_ones()).sum();
        self.words * 64 - ones as usize
    }
}

/// Length of the longest common subsequence of the first 64 bytes of the one and the other (Hyyrö, "Bit-Parallel
/// LCS-length Computation Revisited", AWOCA 2004).
pub fn common_letters(a: &[u8], b: &[u8]) -> usize {
    let a = &a[..a.len().min(64)];
    let mut masks = [0u64; 256];
    for (at, &byte) in a.iter().enumerate() {
        masks[usize::from(byte)] |= 1 << at;
    }
    let mut state = u64::MAX;
    for &byte in b {
        let matched = state & masks[usize::from(byte)];
        state = state.wrapping_add(matched) | (state & !masks[usize::from(byte)]);
    }
    (0..a.len()).filter(|at| state >> at & 1 == 0).count()
}

/// Twice the longest common subsequence over the sum of lengths, 0..=1; 0 where both are empty.
pub fn dice(common: usize, a: usize, b: usize) -> f32 {
    if a + b == 0 { 0.0 } else { 2.0 * common as f32 / (a + b) as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_table(a: &[u8], b: &[u8]) -> usize {
        let mut row = vec![0; b.len() + 1];
        for x in a {
            let mut diagonal = 0;
            for (j, y) in b.iter().enumerate() {
                let above = row[j + 1];
                row[j + 1] = if x == y { diagonal + 1 } else { above.max(row[j]) };
                diagonal = above;
            }
        }
        row[b.len()]
    }

    #[test]
    fn lcs_is_what_the_table_gives() {
        let long: Vec<u8> = (0..300u32).map(|i| b'a' + (i * i % 7) as u8).collect();
        let other: Vec<u8> = (0..200u32).map(|i| b'a' + (i * 3 % 5) as u8).collect();
        let mut lcs = Lcs::default();
        for (a, b) in [(&long[..], &other[..]), (b"parlament", b"parliament"), (b"", b"x"), (b"x", b"")] {
            lcs.set_pattern(a);
            lcs.extend(b);
            assert_eq!(lcs.common(), by_table(a, b));
        }
    }

    #[test]
    fn subsequences_by_hand() {
        assert_eq!(common_letters(b"parlament", b"parliament"), 9);
        assert_eq!(common_letters(b"abc", b"xyz"), 0);
        assert_eq!(common_letters(&[b'a'; 100], &[b'a'; 100]), 64);
    }

    #[test]
    fn folds() {
        assert_eq!(fold("Ọ̀yọ́"), "oyo");
        assert_eq!(fold("Москва"), "moskva");
        assert_eq!(fold("("), "(");
        assert_eq!(fold("—"), "—");
    }
}
