//! Tokenised sentence pairs in memory.

use crate::cut::pieces;
use crate::vocabulary::Vocabulary;

/// Pairs to train on. Takes four bytes a token besides the vocabulary.
#[derive(Debug, Clone, Default)]
pub struct Bitext {
    pub(crate) source: Side,
    pub(crate) target: Side,
    pairs: usize,
}

/// One side of a bitext.
#[derive(Debug, Clone, Default)]
pub(crate) struct Side {
    pub vocabulary: Vocabulary,
    tokens: Vec<u32>,
    /// Exclusive end: one past the last token of each segment.
    ends: Vec<usize>,
}

impl Side {
    /// Appends tokens, which belong to no segment yet.
    fn push<S: AsRef<str>>(&mut self, tokens: impl IntoIterator<Item = S>) {
        for token in tokens {
            let id = self.vocabulary.intern(token.as_ref());
            self.tokens.push(id);
        }
    }

    /// First token behind the last segment.
    fn start(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// The words of a segment.
    pub fn sentence(&self, index: usize) -> &[u32] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.tokens[start..self.ends[index]]
    }

    /// Number of occurrences of every word.
    pub fn counts(&self) -> Vec<u64> {
        let mut counts = vec![0; self.vocabulary.len()];
        self.tokens.iter().for_each(|&token| counts[token as usize] += 1);
        counts
    }
}

impl Bitext {
    /// Adds a pair of tokenised sentences; either may be empty.
    pub fn push<S: AsRef<str>, T: AsRef<str>>(
        &mut self,
        source: impl IntoIterator<Item = S>,
        target: impl IntoIterator<Item = T>,
    ) {
        let (e, f) = (self.source.start(), self.target.start());
        self.source.push(source);
        self.target.push(target);
        self.pairs += 1;
        // A long pair becomes several segments.
        let form = |side: &'_ Side, at: usize| side.vocabulary.word(side.tokens[at]).folded.clone();
        let lens = (self.source.tokens.len() - e, self.target.tokens.len() - f);
        let long = lens.0.saturating_mul(lens.1) > xlner_core::Pair::LONG;
        if long {
            let source: Vec<Box<str>> = (e..e + lens.0).map(|at| form(&self.source, at)).collect();
            let target: Vec<Box<str>> = (f..f + lens.1).map(|at| form(&self.target, at)).collect();
            for piece in pieces(lens.0, lens.1, |i| &source[i], |j| &target[j]) {
                self.source.ends.push(e + piece.source.end);
                self.target.ends.push(f + piece.target.end);
            }
        }
        if self.source.start() < self.source.tokens.len() || self.target.start() < self.target.tokens.len() || !long {
            self.source.ends.push(self.source.tokens.len());
            self.target.ends.push(self.target.tokens.len());
        }
    }

    /// Number of pairs.
    pub fn len(&self) -> usize {
        self.pairs
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of parts that are aligned on their own: pairs, and the pieces of long ones.
    pub(crate) fn segments(&self) -> usize {
        self.source.ends.len()
    }

    /// The source and target words of a segment.
    pub(crate) fn segment(&self, index: usize) -> (&[u32], &[u32]) {
        (self.source.sentence(index), self.target.sentence(index))
    }
}
