//! What decoding remembers.

use std::ops::Range;

/// What the decoder attends to: keys and values of the encoder's states, per decoder layer, all sentences one after another.
#[derive(Debug, Default)]
pub struct Memory {
    pub(super) layers: Vec<Vec<f32>>,
    /// First row of every sentence, and the end of the last.
    pub(super) starts: Vec<usize>,
}

impl Memory {
    /// Sentences.
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Whether there is no sentence.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rows of `width` values of a layer and sentence, and their number.
    pub(super) fn of(&self, layer: usize, sentence: usize, width: usize) -> (&[f32], usize) {
        let (start, end) = (self.starts[sentence], self.starts[sentence + 1]);
        (&self.layers[layer][start * width..end * width], end - start)
    }
}

/// Keys and values of all tokens decoded so far. Rows are only added: a sequence is the list of its rows, so that
/// hypotheses with a common beginning share it and none is ever moved.
#[derive(Debug, Default)]
pub struct Cache {
    layers: Vec<[Vec<f32>; 2]>,
    width: usize,
}

impl Cache {
    pub(super) fn new(layers: usize, width: usize) -> Cache {
        Cache { layers: vec![[Vec::new(), Vec::new()]; layers], width }
    }

    /// Rows so far.
    pub(super) fn rows(&self) -> usize {
        self.layers.last().map_or(0, |[keys, _]| keys.len() / self.width)
    }

    /// Adds the second and third `width` values of every row.
    pub(super) fn add(&mut self, layer: usize, projected: &[f32], width: usize) {
        let [keys, values] = &mut self.layers[layer];
        for row in projected.chunks_exact(3 * width) {
            keys.extend_from_slice(&row[width..2 * width]);
            values.extend_from_slice(&row[2 * width..]);
        }
    }

    pub(super) fn keys(&self, layer: usize, row: u32) -> &[f32] {
        &self.layers[layer][0][row as usize * self.width..][..self.width]
    }

    pub(super) fn values(&self, layer: usize, row: u32) -> &[f32] {
        &self.layers[layer][1][row as usize * self.width..][..self.width]
    }
}

/// New tokens to be decoded at once, those of one sentence one after another.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) tokens: Vec<u32>,
    /// Position of each in its sequence.
    pub(super) positions: Vec<usize>,
    /// Sentence each belongs to, ascending.
    pub(super) sentences: Vec<usize>,
    /// For each the rows of the cache that it sees, its own, which is added with it, at the end.
    pub(super) seen: Vec<Vec<u32>>,
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    pub(super) fn add(&mut self, token: u32, position: usize, sentence: usize, seen: Vec<u32>) {
        self.tokens.push(token);
        self.positions.push(position);
        self.sentences.push(sentence);
        self.seen.push(seen);
    }

    pub(super) fn seen(&self, row: usize) -> &[u32] {
        &self.seen[row]
    }

    /// Ranges of rows of one sentence.
    pub(super) fn by_sentence(&self) -> Vec<Range<usize>> {
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for (row, sentence) in self.sentences.iter().enumerate() {
            match ranges.last_mut() {
                Some(range) if self.sentences[range.start] == *sentence => range.end = row + 1,
                _ => ranges.push(row..row + 1),
            }
        }
        ranges
    }
}
