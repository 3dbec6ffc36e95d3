//! Sentences that are longer than a model takes.

use std::ops::Range;

use rayon::prelude::*;

use super::BATCH;
use super::tokenizer::Tokens;
use crate::{Error, Result};

/// A part of a sentence that goes through the model at once.
#[derive(Debug, PartialEq)]
pub(super) struct Window {
    sentence: usize,
    /// With the special sub-words that frame the sentence.
    pub ids: Vec<u32>,
    /// Rows of the window that count; the others are its frame, and what other windows see more of.
    pub counts: Range<usize>,
}

/// What a model that takes `longest` sub-words says of every sub-word of sentences that is not special: rows of `width` values,
/// one list per sentence.
///
/// A sentence that does not fit is read in windows that share a quarter of their sub-words; a sub-word in two of them counts in
/// the one that shows more of what is around it.
pub(crate) fn run(
    longest: usize,
    sentences: &[Tokens],
    width: usize,
    compute: impl Fn(&[&[u32]]) -> Result<Vec<f32>> + Sync,
) -> Result<Vec<Vec<f32>>> {
    let mut windows = Vec::new();
    for (index, tokens) in sentences.iter().enumerate() {
        cut(index, tokens, longest, &mut windows).map_err(|problem| Error::Sentence { index, problem })?;
    }
    let mut batches: Vec<&[Window]> = Vec::new();
    let mut rest = &windows[..];
    while !rest.is_empty() {
        let mut sum = 0;
        let fits = rest.iter().take_while(|window| {
            sum += window.ids.len();
            sum <= BATCH
        });
        let (batch, others) = rest.split_at(fits.count().max(1));
        batches.push(batch);
        rest = others;
    }
    let rows = |batch: &&[Window]| {
        let ids: Vec<&[u32]> = batch.iter().map(|window| &window.ids[..]).collect();
        compute(&ids).map_err(|error| match error {
            Error::Sentence { index, problem } => Error::Sentence { index: batch[index].sentence, problem },
            other => other,
        })
    };
    let computed: Vec<Vec<f32>> = batches.par_iter().map(rows).collect::<Result<_>>()?;
    let mut results = vec![Vec::new(); sentences.len()];
    for (batch, mut rows) in batches.iter().zip(computed.iter().map(|rows| &rows[..])) {
        for window in *batch {
            let (own, others) = rows.split_at(window.ids.len() * width);
            results[window.sentence].extend_from_slice(&own[window.counts.start * width..window.counts.end * width]);
            rows = others;
        }
    }
    Ok(results)
}

/// Cuts a sentence into windows of `longest` sub-words at most.
pub(super) fn cut(
    sentence: usize,
    tokens: &Tokens,
    longest: usize,
    windows: &mut Vec<Window>,
) -> std::result::Result<(), String> {
    let before = tokens.words.iter().take_while(|word| word.is_none()).count();
    let after = tokens.words[before..].iter().rev().take_while(|word| word.is_none()).count();
    let (frame, inside) = (before + after, &tokens.ids[before..tokens.ids.len() - after]);
    if inside.is_empty() {
        return Ok(());
    }
    if longest < frame + 4 {
        return Err(format!("the model takes {longest} sub-words, too few for any sentence"));
    }
    let room = longest - frame;
    let shared = room / 4;
    let mut start = 0;
    loop {
        let end = (start + room).min(inside.len());
        let mut ids = tokens.ids[..before].to_vec();
        ids.extend_from_slice(&inside[start..end]);
        ids.extend_from_slice(&tokens.ids[tokens.ids.len() - after..]);
        let first = if start == 0 { 0 } else { shared / 2 };
        let last = if end == inside.len() { end - start } else { end - start - (shared - shared / 2) };
        windows.push(Window { sentence, ids, counts: before + first..before + last });
        if end == inside.len() {
            return Ok(());
        }
        start += room - shared;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sub_word_counts_once() {
        for length in 0..60 {
            let ids: Vec<u32> = (0..length + 2).collect();
            let words = (0..length + 2).map(|at| (at > 0 && at <= length).then(|| at - 1)).collect();
            let mut windows = Vec::new();
            cut(3, &Tokens { ids, words }, 12, &mut windows).unwrap();
            let counted: Vec<u32> = windows.iter().flat_map(|w| w.ids[w.counts.clone()].to_vec()).collect();
            assert_eq!(counted, (1..=length).collect::<Vec<_>>());
            for window in &windows {
                assert!(window.ids.len() <= 12 && window.ids[0] == 0 && *window.ids.last().unwrap() == length + 1);
                assert_eq!(window.sentence, 3);
            }
        }
        let tokens = Tokens { ids: vec![0, 1, 2], words: vec![None, Some(0), None] };
        assert!(cut(0, &tokens, 5, &mut Vec::new()).unwrap_err().contains("too few"));
    }
}
