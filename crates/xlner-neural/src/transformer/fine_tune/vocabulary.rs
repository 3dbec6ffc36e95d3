//! Vocabulary augmentation: pieces of a language's own that a tokeniser gets, those that shorten its text most (Chau and Smith
//! 2021, “Specializing multilingual language models”, §3).
//!
//! Candidates are runs of the pieces that words are cut into. In turn the one is taken that saves the most pieces, and the words
//! that hold it are cut anew, as the tokeniser will cut them: word pieces by the longest match, a unigram model by the best sum
//! of scores, byte pairs by a further merge, of two pieces only. The trainers of the library `tokenizers` would give another
//! vocabulary in every run, as they go through hash maps of random order.

use std::collections::{BTreeMap, BinaryHeap};
use std::path::Path;

use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::{Value, json};

use crate::tokenizer::Tokenizer;
use crate::{Error, Result};

/// Letters of a new piece at most.
const LONGEST: usize = 16;
/// How often a run occurs at least.
const LEAST: u64 = 2;
/// How far the score of what a unigram model does not know is below that of its rarest piece, as in SentencePiece.
const UNKNOWN: f64 = 10.0;

/// A piece that was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewPiece {
    /// Its text, as it stands in the vocabulary.
    pub text: String,
    /// Numbers of the pieces that it used to be split into; none where it was unknown.
    pub parts: Vec<u32>,
}

/// A vocabulary with more pieces.
pub(super) struct Augmented {
    /// As `tokenizer.json` describes it.
    pub description: Value,
    /// The number of the first new piece; the others follow.
    pub first: usize,
    pub pieces: Vec<NewPiece>,
}

/// Adds up to `count` pieces for `words`, which have the counts given; `description`: of the tokeniser, as in `tokenizer.json`.
/// Fewer are added where no further run of pieces occurs twice.
///
/// # Errors
/// [`Error::Model`] for a tokeniser of another kind.
pub(super) fn augment(
    path: &Path,
    tokenizer: &Tokenizer,
    mut description: Value,
    words: &BTreeMap<String, u64>,
    count: usize,
) -> Result<Augmented> {
    let first = 1 + largest_number(&description);
    if count == 0 {
        return Ok(Augmented { description, first, pieces: Vec::new() });
    }
    let wrong = |problem: String| Error::model(path, problem);
    let mut search = Search::new(&description, tokenizer, words).map_err(wrong)?;
    let mut pieces = Vec::new();
    for _ in 0..count {
        let Some((piece, merged, score)) = search.next() else { break };
        add(&mut description, &piece.text, first + pieces.len(), merged.as_ref(), score);
        pieces.push(piece);
    }
    Ok(Augmented { description, first, pieces })
}

/// The largest number of a piece or an added token.
fn largest_number(description: &Value) -> usize {
    let vocabulary = match &description["model"]["vocab"] {
        Value::Object(pieces) => pieces.values().filter_map(Value::as_u64).max().unwrap_or(0) as usize,
        Value::Array(pieces) => pieces.len().saturating_sub(1),
        _ => 0,
    };
    let added = description["added_tokens"].as_array().into_iter().flatten().filter_map(|token| token["id"].as_u64());
    added.map(|id| id as usize).fold(vocabulary, usize::max)
}

/// Adds a piece to the model of a tokeniser.
fn add(description: &mut Value, text: &str, number: usize, merged: Option<&[String; 2]>, score: f64) {
    let added = description["added_tokens"].as_array().cloned().unwrap_or_default();
    let model = &mut description["model"];
    match &mut model["vocab"] {
        Value::Object(pieces) => {
            pieces.insert(text.into(), number.into());
        }
        Value::Array(pieces) => {
            // Tokens that were added after the pieces keep their numbers only where they stand among them.
            while pieces.len() < number {
                let token = added.iter().find(|token| token["id"] == pieces.len());
                let free = || format!("<unused {}>", pieces.len()).into();
                pieces.push(json!([token.map_or_else(free, |token| token["content"].clone()), -1e4]));
            }
            pieces.push(json!([text, score]));
        }
        _ => unreachable!("the search took this vocabulary"),
    }
    if let (Some(pair), Some(merges)) = (merged, model["merges"].as_array_mut()) {
        let as_text = merges.first().is_some_and(Value::is_string);
        merges.push(if as_text { pair.join(" ").into() } else { json!(pair) });
    }
}

enum Kind {
    WordPiece { prefix: String },
    Unigram { scores: FxHashMap<String, f64>, unknown: f64 },
    BytePairs,
}

/// A piece of a word: its text, and the numbers of the old pieces in it; one that has none is unknown.
#[derive(Clone, PartialEq, Eq)]
struct Piece {
    text: String,
    parts: Vec<u32>,
}

/// What may become a piece: its text, and of byte pairs the two that make it.
type Run = (String, Option<[String; 2]>);

struct Search {
    kind: Kind,
    /// Old and new pieces, with the old ones in each.
    known: FxHashMap<String, Vec<u32>>,
    /// Words as pieces, and how often they occur.
    words: Vec<(String, Vec<Piece>, u64)>,
    /// Of every run how often it occurs, and what it saves.
    gains: FxHashMap<Run, (u64, u64)>,
    /// Words that hold it, or held it.
    holders: FxHashMap<Run, FxHashSet<u32>>,
    heap: BinaryHeap<(u64, std::cmp::Reverse<Run>)>,
    /// Pieces of all words.
    pieces: u64,
}

impl Search {
    fn new(
        description: &Value,
        tokenizer: &Tokenizer,
        words: &BTreeMap<String, u64>,
    ) -> std::result::Result<Search, String> {
        let model = &description["model"];
        let damaged = || "its vocabulary is not as that of any tokeniser; fetch it again".to_owned();
        let mut known = FxHashMap::default();
        let kind = match (model["type"].as_str(), &model["vocab"]) {
            (Some("WordPiece"), Value::Object(_)) => {
                Kind::WordPiece { prefix: model["continuing_subword_prefix"].as_str().unwrap_or("##").to_owned() }
            }
            (Some("Unigram"), Value::Array(pieces)) => {
                let mut scores = FxHashMap::default();
                for (number, piece) in pieces.iter().enumerate() {
                    let (text, score) =
                        (piece[0].as_str().ok_or_else(damaged)?, piece[1].as_f64().ok_or_else(damaged)?);
                    known.insert(text.to_owned(), vec![number as u32]);
                    scores.insert(text.to_owned(), score);
                }
                let least = scores.values().copied().fold(0.0, f64::min);
                Kind::Unigram { scores, unknown: least - UNKNOWN }
            }
            (Some("BPE"), Value::Object(_)) if model["byte_fallback"] != true => Kind::BytePairs,
            (kind, _) => {
                let kind = kind.unwrap_or("none that is named");
                return Err(format!(
                    "its tokeniser is of the kind {kind}; WordPiece, Unigram and byte-level BPE can have further pieces"
                ));
            }
        };
        for (text, number) in model["vocab"].as_object().into_iter().flatten() {
            known.insert(text.clone(), vec![number.as_u64().ok_or_else(damaged)? as u32]);
        }
        let mut search = Search {
            kind,
            known,
            words: Vec::new(),
            gains: FxHashMap::default(),
            holders: FxHashMap::default(),
            heap: BinaryHeap::new(),
            pieces: 0,
        };
        for (at, (word, count)) in words.iter().enumerate() {
            let pieces = match search.kind {
                Kind::BytePairs => {
                    let known =
                        |text: String| Piece { parts: search.known.get(&text).cloned().unwrap_or_default(), text };
                    tokenizer.cut(word)?.into_iter().map(known).collect()
                }
                _ => search.cut(word),
            };
            search.pieces += pieces.len() as u64 * count;
            search.words.push((word.clone(), pieces, *count));
            search.count(at, true);
        }
        let gains = search.gains.iter().map(|(run, (_, gain))| (*gain, std::cmp::Reverse(run.clone())));
        search.heap = gains.collect();
        Ok(search)
    }

    /// The best run, made a piece; with the two pieces that were merged, and its score.
    fn next(&mut self) -> Option<(NewPiece, Option<[String; 2]>, f64)> {
        let (run, count) = loop {
            let (gain, std::cmp::Reverse(run)) = self.heap.pop()?;
            match self.gains.get(&run) {
                // Of the entries of a run the one counts that says what it saves now.
                Some((count, now)) if *now == gain && *count >= LEAST && !self.known.contains_key(&run.0) => {
                    break (run, *count);
                }
                // It saves less than when it was entered.
                Some((_, now)) if *now < gain && *now > 0 => self.heap.push((*now, std::cmp::Reverse(run))),
                _ => {}
            }
        };
        let holders = self.holders.remove(&run).unwrap_or_default();
        let mut holders: Vec<u32> = holders.into_iter().collect();
        holders.sort_unstable();
        let parts = holders.iter().find_map(|word| self.parts(*word as usize, &run)).unwrap_or_default();
        let score = self.score(&run.0, count);
        self.known.insert(run.0.clone(), parts.clone());
        for word in holders {
            let at = word as usize;
            self.count(at, false);
            let pieces = match &run.1 {
                Some(pair) => merge(&self.words[at].1, pair, &run.0),
                None => self.cut(&self.words[at].0),
            };
            self.words[at].1 = pieces;
            self.count(at, true);
            for run in self.runs(at).into_iter().map(|(run, _)| run) {
                let gain = self.gains.get(&run).map_or(0, |(_, gain)| *gain);
                self.heap.push((gain, std::cmp::Reverse(run)));
            }
        }
        Some((NewPiece { text: run.0, parts }, run.1, score))
    }

    /// The score of a new piece in a unigram model: its share of all pieces, but better than that of its parts together.
    fn score(&mut self, text: &str, count: u64) -> f64 {
        let Kind::Unigram { scores, unknown } = &mut self.kind else { return 0.0 };
        let share = (count as f64 / self.pieces.max(1) as f64).ln();
        let of_parts = best(text, scores, *unknown).iter().map(|(_, score)| score).sum::<f64>();
        let score = share.max(of_parts + 0.1).min(0.0);
        scores.insert(text.to_owned(), score);
        score
    }

    /// The old pieces in a run of a word.
    fn parts(&self, word: usize, run: &Run) -> Option<Vec<u32>> {
        let (_, pieces, _) = &self.words[word];
        self.ranges(pieces)
            .into_iter()
            .find(|(start, end)| self.run(pieces, *start, *end) == *run)
            .map(|(start, end)| pieces[start..end].iter().flat_map(|piece| piece.parts.clone()).collect())
    }

    /// Counts the runs of a word, or no longer.
    fn count(&mut self, word: usize, more: bool) {
        let times = self.words[word].2;
        for (run, gain) in self.runs(word) {
            if more {
                self.holders.entry(run.clone()).or_default().insert(word as u32);
            }
            let sums = self.gains.entry(run).or_default();
            let change = |sum: &mut u64, by: u64| *sum = if more { *sum + by } else { sum.saturating_sub(by) };
            change(&mut sums.0, times);
            change(&mut sums.1, times * gain);
        }
    }

    /// The runs of a word, and what each saves where it becomes a piece: pieces, and once more what is unknown.
    fn runs(&self, word: usize) -> Vec<(Run, u64)> {
        let (_, pieces, _) = &self.words[word];
        let gain = |(start, end): (usize, usize)| {
            let unknown = pieces[start..end].iter().filter(|piece| piece.parts.is_empty()).count();
            (self.run(pieces, start, end), (end - start - 1 + unknown) as u64)
        };
        self.ranges(pieces).into_iter().map(gain).filter(|(_, gain)| *gain > 0).collect()
    }

    /// Where runs begin and end.
    fn ranges(&self, pieces: &[Piece]) -> Vec<(usize, usize)> {
        let mut ranges = Vec::new();
        for start in 0..pieces.len() {
            let mut letters = 0;
            for end in start + 1..=pieces.len() {
                letters += pieces[end - 1].text.chars().count();
                let pair = matches!(self.kind, Kind::BytePairs);
                if letters > LONGEST + 2 * (end - start) || pair && end - start > 2 {
                    break;
                }
                ranges.push((start, end));
            }
        }
        ranges
    }

    fn run(&self, pieces: &[Piece], start: usize, end: usize) -> Run {
        let run = &pieces[start..end];
        match &self.kind {
            Kind::WordPiece { prefix } => {
                let inner = run[1..].iter().map(|piece| piece.text.strip_prefix(&**prefix).unwrap_or(&piece.text));
                (run[0].text.clone() + &inner.collect::<String>(), None)
            }
            Kind::Unigram { .. } => (run.iter().map(|piece| &*piece.text).collect(), None),
            Kind::BytePairs => {
                let text = run.iter().map(|piece| &*piece.text).collect();
                (text, (run.len() == 2).then(|| [run[0].text.clone(), run[1].text.clone()]))
            }
        }
    }

    /// A word cut into the pieces that are known now.
    fn cut(&self, word: &str) -> Vec<Piece> {
        let piece = |text: String| Piece { parts: self.known.get(&text).cloned().unwrap_or_default(), text };
        match &self.kind {
            Kind::WordPiece { prefix } => self.longest(word, prefix),
            Kind::Unigram { scores, unknown } => {
                best(word, scores, *unknown).into_iter().map(|(text, _)| piece(text.to_owned())).collect()
            }
            Kind::BytePairs => unreachable!("byte pairs are merged"),
        }
    }

    /// The longest piece that is known, from the start on; a letter where there is none.
    fn longest(&self, word: &str, prefix: &str) -> Vec<Piece> {
        let (mut pieces, mut start) = (Vec::new(), 0);
        while start < word.len() {
            let before = if start > 0 { prefix } else { "" };
            let ends = word[start..].char_indices().map(|(at, letter)| start + at + letter.len_utf8());
            let ends: Vec<usize> = ends.collect();
            let found = ends.iter().rev().find_map(|end| {
                let text = format!("{before}{}", &word[start..*end]);
                self.known.get(&text).map(|parts| (*end, Piece { text, parts: parts.clone() }))
            });
            let letter = || (ends[0], Piece { text: format!("{before}{}", &word[start..ends[0]]), parts: Vec::new() });
            let (end, piece) = found.unwrap_or_else(letter);
            pieces.push(piece);
            start = end;
        }
        pieces
    }
}

/// The cut of a word whose sum of scores is largest (Viterbi), with the scores.
fn best<'w>(word: &'w str, scores: &FxHashMap<String, f64>, unknown: f64) -> Vec<(&'w str, f64)> {
    let bounds: Vec<usize> = word.char_indices().map(|(at, _)| at).chain([word.len()]).collect();
    let mut paths: Vec<(f64, usize, f64)> = vec![(f64::NEG_INFINITY, 0, 0.0); bounds.len()];
    paths[0].0 = 0.0;
    for end in 1..bounds.len() {
        for start in end.saturating_sub(3 * LONGEST)..end {
            let score = match scores.get(&word[bounds[start]..bounds[end]]) {
                Some(score) => *score,
                None if end - start == 1 => unknown,
                None => continue,
            };
            let sum = paths[start].0 + score;
            if sum > paths[end].0 {
                paths[end] = (sum, start, score);
            }
        }
    }
    let (mut pieces, mut end) = (Vec::new(), bounds.len() - 1);
    while end > 0 {
        let (_, start, score) = paths[end];
        pieces.push((&word[bounds[start]..bounds[end]], score));
        end = start;
    }
    pieces.reverse();
    pieces
}

/// Two pieces made one wherever they stand beside each other.
fn merge(pieces: &[Piece], pair: &[String; 2], text: &str) -> Vec<Piece> {
    let (mut merged, mut at) = (Vec::with_capacity(pieces.len()), 0);
    while at < pieces.len() {
        let together = pieces.get(at + 1).is_some_and(|next| pieces[at].text == pair[0] && next.text == pair[1]);
        if together {
            let parts = [&pieces[at].parts[..], &pieces[at + 1].parts].concat();
            merged.push(Piece { text: text.to_owned(), parts });
            at += 2;
        } else {
            merged.push(pieces[at].clone());
            at += 1;
        }
    }
    merged
}

#[cfg(test)]
mod tests;
