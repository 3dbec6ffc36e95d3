//! Tokenised sentence pairs in memory.

use xlner_core::Alignment;

use crate::cut::pieces;
use crate::vocabulary::Vocabulary;

/// Pairs to train on. Takes four bytes a token besides the vocabulary.
#[derive(Debug, Clone, Default)]
pub struct Bitext {
    pub(crate) source: Vocabulary,
    pub(crate) target: Vocabulary,
    pub(crate) text: Segments,
    pairs: usize,
}

/// A link that another aligner gave, and its probability.
#[derive(Debug, Clone, Copy, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(crate) struct Given {
    pub source: u32,
    pub target: u32,
    pub probability: f32,
}

/// Parts that are aligned on their own, pairs and the pieces of long ones, as ids of a vocabulary.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Segments {
    pub source: Side,
    pub target: Side,
    /// Given links; without any, `given_ends` may be shorter than the other lists.
    pub given: Vec<Given>,
    pub given_ends: Vec<u64>,
}

/// One side of segments.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Side {
    pub tokens: Vec<u32>,
    /// Exclusive end: one past the last token of each segment.
    pub ends: Vec<u64>,
}

/// The words of a segment, and its given links.
#[derive(Clone, Copy)]
pub(crate) struct Segment<'a> {
    pub source: &'a [u32],
    pub target: &'a [u32],
    pub given: &'a [Given],
}

/// The part of a list that belongs to a segment.
fn part<'a, T>(list: &'a [T], ends: &[u64], index: usize) -> &'a [T] {
    let start = if index == 0 { 0 } else { ends[index - 1] as usize };
    &list[start..ends[index] as usize]
}

impl Segments {
    /// Number of segments.
    pub fn len(&self) -> usize {
        self.source.ends.len()
    }

    /// A segment.
    pub fn get(&self, index: usize) -> Segment<'_> {
        Segment {
            source: self.source.get(index),
            target: self.target.get(index),
            given: if index < self.given_ends.len() { part(&self.given, &self.given_ends, index) } else { &[] },
        }
    }

    /// Adds a segment: the tokens up to these ends.
    fn close(&mut self, source_end: usize, target_end: usize, given: impl Iterator<Item = Given>) {
        let before = self.given.len();
        self.given.extend(given);
        if self.given.len() > before {
            // Segments before it may have none.
            self.given_ends.resize(self.len(), before as u64);
            self.given_ends.push(self.given.len() as u64);
        }
        self.source.ends.push(source_end as u64);
        self.target.ends.push(target_end as u64);
    }

    /// Adds a segment with only some of its source words, if it has any of them; its links are left out.
    pub fn push_of(&mut self, segment: Segment<'_>, wanted: impl Fn(u32) -> bool) {
        let before = self.source.tokens.len();
        self.source.tokens.extend(segment.source.iter().copied().filter(|&word| wanted(word)));
        if self.source.tokens.len() > before {
            self.target.tokens.extend_from_slice(segment.target);
            self.close(self.source.tokens.len(), self.target.tokens.len(), std::iter::empty());
        }
    }

    /// Bytes it takes.
    pub fn bytes(&self) -> usize {
        let tokens = self.source.tokens.len() + self.target.tokens.len();
        4 * tokens + 8 * (2 * self.len() + self.given_ends.len()) + size_of::<Given>() * self.given.len()
    }
}

impl Side {
    /// The words of a segment.
    pub fn get(&self, index: usize) -> &[u32] {
        part(&self.tokens, &self.ends, index)
    }

    /// Appends tokens, which belong to no segment yet; their number.
    fn push<S: AsRef<str>>(&mut self, vocabulary: &mut Vocabulary, tokens: impl IntoIterator<Item = S>) -> usize {
        let before = self.tokens.len();
        self.tokens.extend(tokens.into_iter().map(|token| vocabulary.intern(token.as_ref())));
        self.tokens.len() - before
    }

    /// Adds to the number of occurrences of every word.
    pub fn count(&self, counts: &mut Vec<u64>) {
        for &token in &self.tokens {
            let token = token as usize;
            if counts.len() <= token {
                counts.resize(token + 1, 0);
            }
            counts[token] += 1;
        }
    }
}

impl Bitext {
    /// Adds a pair of tokenised sentences; either may be empty.
    pub fn push<S: AsRef<str>, T: AsRef<str>>(
        &mut self,
        source: impl IntoIterator<Item = S>,
        target: impl IntoIterator<Item = T>,
    ) {
        self.push_given(source, target, &Alignment::default());
    }

    /// Adds a pair for which another aligner gave links. They speak for their tokens in every pass, as much as they are
    /// probable; links beyond the sentences say nothing.
    pub fn push_given<S: AsRef<str>, T: AsRef<str>>(
        &mut self,
        source: impl IntoIterator<Item = S>,
        target: impl IntoIterator<Item = T>,
        given: &Alignment,
    ) {
        let text = &mut self.text;
        let (e, f) = (text.source.tokens.len(), text.target.tokens.len());
        let lens = (text.source.push(&mut self.source, source), text.target.push(&mut self.target, target));
        self.pairs += 1;
        let all = crate::cut::Piece { source: 0..lens.0, target: 0..lens.1 };
        if lens.0.saturating_mul(lens.1) <= xlner_core::Pair::LONG {
            text.close(e + lens.0, f + lens.1, within(given, &all));
            return;
        }
        // A long pair becomes several segments, which cover it.
        let (e_tokens, f_tokens) = (&text.source.tokens[e..], &text.target.tokens[f..]);
        let pieces =
            pieces(lens.0, lens.1, |i| self.source.folded.get(e_tokens[i]), |j| self.target.folded.get(f_tokens[j]));
        let (mut e_end, mut f_end) = (e, f);
        for piece in pieces {
            (e_end, f_end) = (e + piece.source.end, f + piece.target.end);
            text.close(e_end, f_end, within(given, &piece));
        }
        if e_end < e + lens.0 || f_end < f + lens.1 {
            text.close(e + lens.0, f + lens.1, std::iter::empty());
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

    /// Whether a word of the target (or the source) side is known.
    pub fn knows(&self, target: bool, word: &str) -> bool {
        let vocabulary = if target { &self.target } else { &self.source };
        vocabulary.look_up_lower(&word.to_lowercase()).is_some()
    }
}

/// The links inside a piece, from its start.
pub(crate) fn within<'a>(links: &'a Alignment, piece: &'a crate::cut::Piece) -> impl Iterator<Item = Given> + 'a {
    links.links().iter().filter_map(|link| {
        let (i, j) = (link.source as usize, link.target as usize);
        (piece.source.contains(&i) && piece.target.contains(&j)).then(|| Given {
            source: (i - piece.source.start) as u32,
            target: (j - piece.target.start) as u32,
            probability: link.probability as f32,
        })
    })
}
