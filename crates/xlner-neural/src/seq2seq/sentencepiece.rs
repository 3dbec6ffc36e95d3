//! SentencePiece models (Kudo and Richardson 2018): their normalisation, and both ways of cutting text into pieces, unigram
//! (Kudo 2018) and BPE.

use std::path::Path;

use rustc_hash::FxHashMap;

use crate::sentencepiece::{ModelFile, Piece};
use crate::{Error, Result};

/// What SentencePiece writes for a space.
pub(super) const SPACE: &str = "▁";
/// By how much an unknown character is less probable than the least probable piece (`kUnkPenalty`).
const UNKNOWN: f32 = 10.0;

/// A model file.
pub(super) struct SentencePiece {
    /// Scores by text.
    pieces: FxHashMap<String, f32>,
    longest: usize,
    least: f32,
    unigram: bool,
    charsmap: Option<Charsmap>,
    prefix: bool,
    single_spaces: bool,
}

impl SentencePiece {
    /// Reads a model file.
    pub(super) fn open(path: &Path) -> Result<SentencePiece> {
        SentencePiece::of(ModelFile::open(path)?, path)
    }

    /// The model that a file, `path`, holds.
    pub(super) fn of(file: ModelFile, path: &Path) -> Result<SentencePiece> {
        SentencePiece::new(file)
            .ok_or_else(|| Error::model(path, "it has no pieces, or damaged ones; pull or copy it again"))
    }

    fn new(file: ModelFile) -> Option<SentencePiece> {
        let mut model = SentencePiece {
            pieces: FxHashMap::default(),
            longest: 0,
            least: 0.0,
            unigram: file.unigram,
            charsmap: match file.charsmap.is_empty() {
                true => None,
                false => Some(Charsmap::parse(&file.charsmap)?),
            },
            prefix: file.prefix,
            single_spaces: file.single_spaces,
        };
        for Piece { text, score, kind } in file.pieces {
            // Only normal and user-defined pieces are found in text.
            if matches!(kind, 1 | 4) && !text.is_empty() {
                model.longest = model.longest.max(text.len());
                model.least = model.least.min(score);
                model.pieces.insert(text, score);
            }
        }
        (!model.pieces.is_empty()).then_some(model)
    }

    /// The pieces of a text; what is in none of them is a piece of its own, unknown characters one after another one.
    pub(super) fn pieces(&self, text: &str) -> Vec<String> {
        let text = self.normalize(text);
        let cut = if self.unigram { self.unigram(&text) } else { self.merged(&text) };
        let mut pieces: Vec<String> = Vec::new();
        let mut unknown = false;
        for piece in cut {
            let known = self.pieces.contains_key(piece);
            match pieces.last_mut() {
                Some(last) if unknown && !known => last.push_str(piece),
                _ => pieces.push(piece.to_owned()),
            }
            unknown = !known;
        }
        pieces
    }

    fn normalize(&self, text: &str) -> String {
        let mapped = self.charsmap.as_ref().map(|map| map.apply(text));
        let text = mapped.as_deref().unwrap_or(text);
        let mut output = String::with_capacity(text.len() + 8);
        let spaced = if self.single_spaces { text.trim_matches(' ') } else { text };
        if spaced.is_empty() {
            return output;
        }
        if self.prefix {
            output.push_str(SPACE);
        }
        let mut before = false;
        for character in spaced.chars() {
            match character {
                ' ' if before && self.single_spaces => {}
                ' ' => output.push_str(SPACE),
                character => output.push(character),
            }
            before = character == ' ';
        }
        output
    }

    /// The most probable cut (Viterbi).
    fn unigram<'t>(&self, text: &'t str) -> Vec<&'t str> {
        let unknown = self.least - UNKNOWN;
        // Best score of a cut that ends at a byte, and where its last piece begins.
        let mut best: Vec<(f32, usize)> = vec![(f32::NEG_INFINITY, 0); text.len() + 1];
        best[0].0 = 0.0;
        for (start, character) in text.char_indices() {
            let before = best[start].0;
            let single = start + character.len_utf8();
            let mut end = single;
            let mut found_single = false;
            loop {
                if let Some(score) = self.pieces.get(&text[start..end]) {
                    found_single |= end == single;
                    if before + score > best[end].0 {
                        best[end] = (before + score, start);
                    }
                }
                match text[end..].chars().next() {
                    Some(next) if end + next.len_utf8() - start <= self.longest => end += next.len_utf8(),
                    _ => break,
                }
            }
            if !found_single && before + unknown > best[single].0 {
                best[single] = (before + unknown, start);
            }
        }
        let mut pieces = Vec::new();
        let mut end = text.len();
        while end > 0 {
            let start = best[end].1;
            pieces.push(&text[start..end]);
            end = start;
        }
        pieces.reverse();
        pieces
    }

    /// Merges, again and again, the two neighbours whose union is the piece of the highest score, the first of equal ones.
    fn merged<'t>(&self, text: &'t str) -> Vec<&'t str> {
        let mut ends: Vec<usize> = text.char_indices().map(|(start, character)| start + character.len_utf8()).collect();
        let mut starts: Vec<usize> = text.char_indices().map(|(start, _)| start).collect();
        let score = |start: usize, end: usize| self.pieces.get(&text[start..end]).copied();
        // Score of the union of every piece with the next.
        let mut unions: Vec<Option<f32>> = (1..starts.len()).map(|next| score(starts[next - 1], ends[next])).collect();
        loop {
            let mut best: Option<(usize, f32)> = None;
            for (place, union) in unions.iter().enumerate() {
                if let Some(score) = union
                    && best.is_none_or(|(_, other)| *score > other)
                {
                    best = Some((place, *score));
                }
            }
            let Some((place, _)) = best else { break };
            ends.remove(place);
            starts.remove(place + 1);
            unions.remove(place);
            if place > 0 {
                unions[place - 1] = score(starts[place - 1], ends[place]);
            }
            if place < unions.len() {
                unions[place] = score(starts[place], ends[place + 1]);
            }
        }
        starts.into_iter().zip(ends).map(|(start, end)| &text[start..end]).collect()
    }
}

/// Replacements of characters: a double array (Darts) from what is replaced to where its replacement begins.
struct Charsmap {
    units: Vec<u32>,
    replacements: Vec<u8>,
}

impl Charsmap {
    fn parse(bytes: &[u8]) -> Option<Charsmap> {
        let (size, rest) = bytes.split_first_chunk::<4>()?;
        let size = u32::from_le_bytes(*size) as usize;
        let (units, replacements) = rest.split_at_checked(size)?;
        let units =
            units.chunks_exact(4).map(|unit| u32::from_le_bytes([unit[0], unit[1], unit[2], unit[3]])).collect();
        Some(Charsmap { units, replacements: replacements.to_vec() })
    }

    /// Replaces, from left to right, the longest that is in the map.
    fn apply(&self, text: &str) -> String {
        let mut output = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            match self.longest(rest.as_bytes()) {
                Some((length, replacement)) if rest.is_char_boundary(length) => {
                    output.push_str(replacement);
                    rest = &rest[length..];
                }
                _ => {
                    output.push(character);
                    rest = &rest[character.len_utf8()..];
                }
            }
        }
        output
    }

    fn longest(&self, text: &[u8]) -> Option<(usize, &str)> {
        let offset = |unit: u32| ((unit >> 10) << ((unit & (1 << 9)) >> 6)) as usize;
        let mut node = offset(*self.units.first()?);
        let mut found = None;
        for (place, byte) in text.iter().enumerate() {
            node ^= usize::from(*byte);
            let Some(&unit) = self.units.get(node) else { break };
            if unit & 0x8000_00ff != u32::from(*byte) {
                break;
            }
            node ^= offset(unit);
            if unit >> 8 & 1 == 1 {
                let Some(leaf) = self.units.get(node) else { break };
                found = Some((place + 1, (leaf & 0x7fff_ffff) as usize));
            }
        }
        let (length, start) = found?;
        let bytes = self.replacements.get(start..)?.split(|byte| *byte == 0).next()?;
        Some((length, std::str::from_utf8(bytes).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, bytes.len() as u8], bytes].concat()
    }

    /// A model of pieces with scores; `kind`: 1 unigram, 2 BPE.
    fn model(kind: u8, pieces: &[(&str, f32)]) -> SentencePiece {
        let mut bytes = field(2, &[3 << 3, kind]);
        for (text, score) in pieces {
            let piece = [field(1, text.as_bytes()), vec![2 << 3 | 5], score.to_le_bytes().to_vec()].concat();
            bytes.extend(field(1, &piece));
        }
        SentencePiece::new(ModelFile::parse(&bytes).unwrap()).unwrap()
    }

    #[test]
    fn the_most_probable_cut() {
        let model = model(1, &[("▁", -3.0), ("▁a", -2.0), ("b", -2.0), ("ab", -1.0), ("▁ab", -3.5), ("c", -4.0)]);
        assert_eq!(model.pieces("ab"), ["▁ab"]);
        assert_eq!(model.pieces("  abc  b "), ["▁ab", "c", "▁", "b"]);
        assert_eq!(model.pieces("axyb"), ["▁a", "xy", "b"]);
        assert!(model.pieces("  ").is_empty() && model.pieces("").is_empty());
    }

    #[test]
    fn merges_in_the_order_of_scores() {
        let model = model(
            2,
            &[
                ("ab", -1.0),
                ("bc", 0.0),
                ("▁a", -2.0),
                ("abc", -3.0),
                ("▁", -9.0),
                ("a", -9.0),
                ("b", -9.0),
                ("c", -9.0),
            ],
        );
        assert_eq!(model.pieces("abc"), ["▁a", "bc"]);
        assert_eq!(model.pieces("abx"), ["▁", "ab", "x"]);
    }
}
