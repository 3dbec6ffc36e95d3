//! Constrained decoding of one pair of markers into a given translation: CODEC (Le, Chen, Ritter and Xu, *Constrained
//! Decoding for Cross-lingual Label Projection*, ICLR 2024, section 3).
//!
//! The source has markers round one entity. Of all ways to put a pair of markers into the translation, those of the
//! largest probability given that source are searched, best first with a bound, as the paper's branch and bound does: a way
//! is begun by an opening place (i), gets a closing place (i, j), and is then decoded to its end.
//!
//! The rest of a way is worth at most 0. That bound proves the result and prunes little: nearly every way is better than
//! the best one until its last tokens are read. So, where [`InsertSearch::slack`] is finite, the rest is taken to be worth
//! at most what the tokens are worth without markers, given the source without or with them, whichever is more, plus the
//! slack. That stands for the paper's pruning of opening places, which compares the same two probabilities.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::Range;

use rayon::prelude::*;

use super::model::{Seq2SeqModel, log_probabilities};
use super::state::{Cache, Memory, Rows};

/// Rows that are decoded at once, and of which logits are held.
const ROWS: usize = 128;

/// A translation that markers are to be put into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insertion {
    /// Which of the encoded sentences is the source with markers.
    pub marked: usize,
    /// Which is the source without markers.
    pub plain: usize,
    /// The token that every translation begins with, where there is one.
    pub first: Option<u32>,
    /// The tokens of the translation, without that and without the one that ends it.
    pub tokens: Vec<u32>,
    /// Where words begin among the tokens, and the end of the last: markers stand there only. Ascending.
    pub words: Vec<usize>,
    /// Tokens of the opening and of the closing marker; one at least each.
    pub markers: [Vec<u32>; 2],
}

/// How places of markers are searched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InsertSearch {
    /// Ways that are returned at most (published: 5).
    pub best: usize,
    /// Words between the markers at most.
    pub longest: usize,
    /// By how much (natural logarithm) a way may turn out better than it looks. Infinite: the result is exact.
    pub slack: f32,
}

impl Default for InsertSearch {
    fn default() -> InsertSearch {
        InsertSearch { best: 5, longest: 10, slack: 1.0 }
    }
}

/// Markers in a translation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Inserted {
    /// The words between them, half-open.
    pub words: [usize; 2],
    /// Log-probability (natural logarithm) of the translation with its markers, the token that ends it included.
    pub log_probability: f32,
}

/// A way that is not decoded to its end.
struct Open {
    /// No way that goes on from it is better.
    bound: f32,
    /// Log-probability so far, the first token of the last marker included.
    score: f32,
    start: usize,
    /// The rows after the opening marker, one a token, and the closing place.
    closed: Option<(Vec<u32>, usize)>,
}

impl Open {
    fn place(&self) -> (usize, usize) {
        (self.start, self.closed.as_ref().map_or(0, |(_, end)| *end))
    }
}

impl Ord for Open {
    fn cmp(&self, other: &Open) -> Ordering {
        self.bound.total_cmp(&other.bound).then_with(|| other.place().cmp(&self.place()))
    }
}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Open) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Open {
    fn eq(&self, other: &Open) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Open {}

impl Seq2SeqModel {
    /// The best places of the markers, the best first; none where the translation has no token. Panics where a sentence is
    /// not in `memory`, a marker has no token, the translation with its markers is longer than [`longest`](Seq2SeqModel::longest),
    /// or a token is outside the vocabulary.
    pub fn insert(&self, memory: &Memory, insertion: &Insertion, search: &InsertSearch) -> Vec<Inserted> {
        if insertion.tokens.is_empty() || search.best == 0 {
            return Vec::new();
        }
        Inserter::new(self, memory, insertion, *search).run()
    }
}

/// The search in one translation.
struct Inserter<'a> {
    model: &'a Seq2SeqModel,
    memory: &'a Memory,
    insertion: &'a Insertion,
    search: InsertSearch,
    cache: Cache,
    logits: Vec<f32>,
    /// The rows of the translation without markers, given the source with them; the first is of the token that starts the
    /// decoder.
    unmarked: Range<u32>,
    /// By token: log-probability of all before it, and that of an opening marker before it.
    before: Vec<[f32; 2]>,
    /// By token: what it and all after it are worth at most.
    rest: Vec<f32>,
    best: Vec<Inserted>,
}

impl<'a> Inserter<'a> {
    fn new(
        model: &'a Seq2SeqModel,
        memory: &'a Memory,
        insertion: &'a Insertion,
        search: InsertSearch,
    ) -> Inserter<'a> {
        let mut inserter = Inserter {
            model,
            memory,
            insertion,
            search,
            cache: model.cache(),
            logits: Vec::new(),
            unmarked: 0..0,
            before: Vec::new(),
            rest: Vec::new(),
            best: Vec::new(),
        };
        inserter.without_markers();
        inserter
    }

    /// Decodes the translation without markers, given either source.
    fn without_markers(&mut self) {
        let Insertion { first, tokens, markers, plain, marked, .. } = self.insertion;
        let given = usize::from(first.is_some());
        let inputs: Vec<u32> =
            std::iter::once(self.model.config.start).chain(*first).chain(tokens.iter().copied()).collect();
        let (mut rows, mut wanted) = (Rows::default(), Vec::new());
        for sentence in [*plain, *marked] {
            let start = rows.len() as u32;
            for (position, token) in inputs.iter().enumerate() {
                if let Some(at) = position.checked_sub(given) {
                    wanted.push((rows.len(), self.following(at)));
                    wanted.push((rows.len(), markers[0][0]));
                }
                rows.add(*token, position, sentence, (start..=start + position as u32).collect());
            }
        }
        self.unmarked = inputs.len() as u32..rows.len() as u32;
        let values = self.decode(&rows, &wanted);
        let (plain, marked) = values.split_at(values.len() / 2);
        let mut sum = 0.0;
        for value in marked.chunks_exact(2) {
            self.before.push([sum, value[1]]);
            sum += value[0];
        }
        let mut sum = self.search.slack;
        self.rest = vec![0.0; tokens.len() + 1];
        for (at, (plain, marked)) in plain.chunks_exact(2).zip(marked.chunks_exact(2)).enumerate().rev() {
            sum += plain[0].max(marked[0]);
            self.rest[at] = sum.min(0.0);
        }
    }

    /// Token `at` of the translation; after the last the one that ends it.
    fn following(&self, at: usize) -> u32 {
        self.insertion.tokens.get(at).copied().unwrap_or(self.model.config.end)
    }

    /// The rows of the translation without markers before token `at`.
    fn rows_before(&self, at: usize) -> Range<u32> {
        let given = usize::from(self.insertion.first.is_some());
        self.unmarked.start..self.unmarked.start + (1 + given + at) as u32
    }

    fn run(mut self) -> Vec<Inserted> {
        let words = &self.insertion.words;
        let mut open = BinaryHeap::new();
        for (start, two) in words.windows(2).enumerate().filter(|(_, two)| two[0] < two[1]) {
            let score = self.before[two[0]].iter().sum::<f32>();
            open.push(Open { bound: score + self.rest[two[0]], score, start, closed: None });
        }
        loop {
            let batch = self.batch(&mut open);
            if batch.is_empty() {
                return self.best;
            }
            self.go_on(batch, &mut open);
        }
    }

    /// The best ways, as many as are decoded at once; none where those that were found are the best.
    fn batch(&self, open: &mut BinaryHeap<Open>) -> Vec<Open> {
        let worst = self.best.get(self.search.best - 1).map_or(f32::NEG_INFINITY, |worst| worst.log_probability);
        let (mut batch, mut rows) = (Vec::new(), 0);
        while let Some(next) = open.peek().filter(|next| next.bound > worst) {
            rows += self.markers_and_tokens(next).len();
            if !batch.is_empty() && rows > ROWS {
                break;
            }
            batch.extend(open.pop());
        }
        batch
    }

    /// What is decoded of a way next: the marker's tokens, and those of the translation after it.
    fn markers_and_tokens(&self, way: &Open) -> Vec<u32> {
        let Insertion { words, tokens, markers, .. } = self.insertion;
        let (marker, part) = match &way.closed {
            None => (&markers[0], &tokens[words[way.start]..words[self.last_end(way.start)]]),
            Some((_, end)) => (&markers[1], &tokens[words[*end]..]),
        };
        [&marker[..], part].concat()
    }

    /// The last place where an entity that starts at a word may end.
    fn last_end(&self, start: usize) -> usize {
        (start + self.search.longest).min(self.insertion.words.len() - 1)
    }

    /// Decodes ways on.
    fn go_on(&mut self, batch: Vec<Open>, open: &mut BinaryHeap<Open>) {
        let Insertion { words, markers, marked, .. } = self.insertion;
        let (mut rows, mut wanted) = (Rows::default(), Vec::new());
        let base = self.cache.rows() as u32;
        let mut firsts = Vec::with_capacity(batch.len());
        for way in &batch {
            firsts.push((rows.len(), wanted.len()));
            let inputs = self.markers_and_tokens(way);
            let mut seen: Vec<u32> = self.rows_before(words[way.start]).collect();
            seen.extend(way.closed.iter().flat_map(|(rows, _)| rows));
            for (number, token) in inputs.iter().enumerate() {
                seen.push(base + rows.len() as u32);
                let ends = way.closed.is_some().then_some(self.model.config.end);
                wanted.extend(inputs.get(number + 1).copied().or(ends).map(|next| (rows.len(), next)));
                if way.closed.is_none() {
                    wanted.push((rows.len(), markers[1][0]));
                }
                rows.add(*token, seen.len() - 1, *marked, seen.clone());
            }
        }
        let values = self.decode(&rows, &wanted);
        for (way, (row, value)) in batch.into_iter().zip(firsts) {
            match &way.closed {
                None => self.close(&way, base + row as u32, &values[value..], open),
                Some((_, end)) => {
                    let count = self.markers_and_tokens(&way).len();
                    let log_probability = way.score + values[value..value + count].iter().sum::<f32>();
                    self.keep(Inserted { words: [way.start, *end], log_probability });
                }
            }
        }
    }

    /// The ways in which an opened entity may end; `values` are two for every row from `row` on: that of the token after it,
    /// and that of a closing marker. The last row has the second only.
    fn close(&self, way: &Open, row: u32, values: &[f32], open: &mut BinaryHeap<Open>) {
        let Insertion { words, markers, .. } = self.insertion;
        let (marker, first) = (markers[0].len(), words[way.start]);
        let ends = way.start + 1..=self.last_end(way.start);
        let count = marker + words[*ends.end()] - first;
        for end in ends.filter(|&end| words[end] > words[end - 1]) {
            // Rows up to the last token inside.
            let length = marker + words[end] - first;
            let inside: f32 = (0..length - 1).map(|number| values[2 * number]).sum();
            let closing = if length == count { 2 * (length - 1) } else { 2 * (length - 1) + 1 };
            let score = way.score + inside + values[closing];
            let rows = (row..row + length as u32).collect();
            open.push(Open {
                bound: score + self.rest[words[end]],
                score,
                start: way.start,
                closed: Some((rows, end)),
            });
        }
    }

    fn keep(&mut self, found: Inserted) {
        let order = |other: &Inserted| {
            other.log_probability.total_cmp(&found.log_probability).reverse().then(other.words.cmp(&found.words))
        };
        let at = self.best.partition_point(|other| order(other).is_lt());
        self.best.insert(at, found);
        self.best.truncate(self.search.best);
    }

    /// Decodes rows; gives the log-probabilities of tokens after them, by row and token, the rows ascending.
    fn decode(&mut self, rows: &Rows, wanted: &[(usize, u32)]) -> Vec<f32> {
        let (width, vocabulary) = (self.model.width(), self.model.vocabulary());
        let states = self.model.decode(rows, &mut self.cache, self.memory);
        let mut values = Vec::with_capacity(wanted.len());
        let mut rest = wanted;
        for start in (0..rows.len()).step_by(ROWS) {
            let end = (start + ROWS).min(rows.len());
            self.model.logits(&states[start * width..end * width], &mut self.logits);
            self.logits.par_chunks_exact_mut(vocabulary).for_each(log_probabilities);
            let (here, later) = rest.split_at(rest.partition_point(|(row, _)| *row < end));
            values.extend(here.iter().map(|(row, token)| self.logits[(row - start) * vocabulary + *token as usize]));
            rest = later;
        }
        values
    }
}
