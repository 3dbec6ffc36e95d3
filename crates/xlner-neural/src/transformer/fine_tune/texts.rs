//! Text as sub-words, to be masked, and how a tokeniser cuts it.

use std::path::Path;

use xlner_core::Sentence;

use super::masked::Text;
use crate::transformer::tokenizer::Tokens;
use crate::transformer::{SubWordTokenizer, windows};
use crate::{Error, Result};

/// Names of the mask where the folder's settings give none.
const MASKS: [&str; 2] = ["[MASK]", "<mask>"];

/// How a tokeniser cuts a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CutFigures {
    /// Tokens of the text.
    pub words: u64,
    /// Sub-words, without special ones.
    pub pieces: u64,
    /// Tokens with a sub-word that stands for what is unknown.
    pub unknown: u64,
}

/// The number of the mask.
pub(super) fn mask(init: &Path, tokenizer: &SubWordTokenizer) -> Result<u32> {
    for file in ["special_tokens_map.json", "tokenizer_config.json"] {
        let named = crate::transformer::pieces::json(&init.join(file))?;
        let name = named["mask_token"].as_str().or_else(|| named["mask_token"]["content"].as_str());
        if let Some(number) = name.and_then(|name| tokenizer.tokenizer.number(name)) {
            return Ok(number);
        }
    }
    MASKS.iter().find_map(|name| tokenizer.tokenizer.number(name)).ok_or_else(|| {
        Error::model(init, "its tokeniser has no mask ([MASK], <mask>): the encoder cannot learn from masked words")
    })
}

/// The number of the piece that stands for what is unknown.
pub(super) fn unknown(tokenizer: &SubWordTokenizer) -> Result<Option<u32>> {
    let model = &tokenizer.tokenizer.description()?["model"];
    let by_name = model["unk_token"].as_str().and_then(|name| tokenizer.tokenizer.number(name));
    Ok(by_name.or_else(|| model["unk_id"].as_u64().map(|id| id as u32)))
}

pub(super) fn cut_figures(
    tokenizer: &SubWordTokenizer,
    sentences: &[Sentence],
    unknown: Option<u32>,
) -> Result<CutFigures> {
    let sentences: Vec<&Sentence> = sentences.iter().collect();
    let mut figures = CutFigures { words: 0, pieces: 0, unknown: 0 };
    for (sentence, tokens) in sentences.iter().zip(tokenizer.encode_all(&sentences)?) {
        figures.words += sentence.len() as u64;
        let mut last = None;
        for (word, id) in tokens.words.iter().zip(&tokens.ids).filter(|(word, _)| word.is_some()) {
            figures.pieces += 1;
            if Some(*id) == unknown && last != *word {
                figures.unknown += 1;
                last = *word;
            }
        }
    }
    Ok(figures)
}

/// Sentences as sub-words; those without any are left out. `before`: sentences in front of them, for errors.
pub(super) fn texts(
    tokenizer: &SubWordTokenizer,
    sentences: &[Sentence],
    longest: usize,
    before: usize,
) -> Result<Vec<Text>> {
    let sentences: Vec<&Sentence> = sentences.iter().collect();
    let tokens = numbered(tokenizer.encode_all(&sentences), before)?;
    let mut texts = Vec::with_capacity(tokens.len());
    for (index, tokens) in tokens.iter().enumerate() {
        let mut found = Vec::new();
        let cut = windows::cut(index, tokens, longest, &mut found);
        cut.map_err(|problem| Error::Sentence { index: before + index, problem })?;
        let mut text = Text { windows: Vec::new(), rows: Vec::new() };
        let mut start = 0;
        for window in found {
            text.rows.extend(window.counts.map(|row| (start + row) as u32));
            start += window.ids.len();
            text.windows.push(window.ids);
        }
        if !text.rows.is_empty() {
            texts.push(text);
        }
    }
    Ok(texts)
}

/// Every pair as one text, in both orders, in which words of either side are masked and found by the other.
pub(super) fn pairs(
    tokenizer: &SubWordTokenizer,
    pairs: &[(Sentence, Sentence)],
    longest: usize,
    before: usize,
) -> Result<Vec<Text>> {
    let sides: Vec<&Sentence> = pairs.iter().flat_map(|(source, target)| [source, target]).collect();
    let tokens = numbered(tokenizer.encode_all(&sides), before)?;
    let pairs = tokens.chunks_exact(2).filter_map(|sides| {
        let both = [together(&sides[0], &sides[1]), together(&sides[1], &sides[0])];
        let empty = sides.iter().any(|side| side.words.iter().all(Option::is_none));
        (!empty && both[0].windows[0].len() <= longest).then_some(both)
    });
    Ok(pairs.flatten().collect())
}

/// Two sentences one after another: the frame of the first, and the second without its beginning.
pub(super) fn together(first: &Tokens, second: &Tokens) -> Text {
    let rest = second.words.iter().take_while(|word| word.is_none()).count();
    let ids = [&first.ids[..], &second.ids[rest..]].concat();
    let words = first.words.iter().chain(&second.words[rest..]);
    let rows = words.zip(0..).filter(|(word, _)| word.is_some()).map(|(_, row)| row).collect();
    Text { windows: vec![ids], rows }
}

fn numbered<T>(result: Result<T>, before: usize) -> Result<T> {
    result.map_err(|error| match error {
        Error::Sentence { index, problem } => Error::Sentence { index: before + index, problem },
        error => error,
    })
}
