//! Tokenised sentence pairs in memory.

use crate::cut::{Piece, pieces};
use crate::vocabulary::Vocabulary;

/// Pairs to train on. Takes four bytes a token besides the vocabulary.
#[derive(Debug, Clone, Default)]
pub struct Bitext {
    pub(crate) source: Side,
    pub(crate) target: Side,
}

/// One side of a bitext.
#[derive(Debug, Clone, Default)]
pub(crate) struct Side {
    pub vocabulary: Vocabulary,
    tokens: Vec<u32>,
    ends: Vec<usize>,
}

impl Side {
    fn push<S: AsRef<str>>(&mut self, tokens: impl IntoIterator<Item = S>) {
        for token in tokens {
            let id = self.vocabulary.intern(token.as_ref());
            self.tokens.push(id);
        }
        self.ends.push(self.tokens.len());
    }

    /// The words of a sentence.
    pub fn sentence(&self, index: usize) -> &[u32] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.tokens[start..self.ends[index]]
    }

    /// Number of occurrences of every id of a view.
    pub fn counts(&self, view: usize) -> Vec<f32> {
        let mut counts = vec![0.0; self.vocabulary.view_len(view)];
        for &token in &self.tokens {
            counts[self.vocabulary.word(token).views[view] as usize] += 1.0;
        }
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
        self.source.push(source);
        self.target.push(target);
    }

    /// The source and target words of every piece of a pair; one, unless the pair is long.
    pub(crate) fn pieces<'b>(&'b self, index: usize) -> impl Iterator<Item = (&'b [u32], &'b [u32])> + use<'b> {
        let (source, target) = (self.source.sentence(index), self.target.sentence(index));
        let form = |side: &'b Side, id: u32| -> &'b str { &side.vocabulary.word(id).folded };
        let pieces =
            pieces(source.len(), target.len(), |i| form(&self.source, source[i]), |j| form(&self.target, target[j]));
        pieces.into_iter().map(move |Piece { source: e, target: f }| (&source[e], &target[f]))
    }

    /// Number of pairs.
    pub fn len(&self) -> usize {
        self.source.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
