//! The files of SentencePiece models (Kudo and Richardson 2018).

use std::path::Path;

use crate::{Error, Result};

/// What a model file holds.
#[derive(Debug, Clone)]
pub(crate) struct ModelFile {
    /// In their order: a piece's place is its number.
    pub pieces: Vec<Piece>,
    /// Unigram (Kudo 2018), else BPE.
    pub unigram: bool,
    /// Replacements of characters, as they stand in the file; may be empty.
    pub charsmap: Vec<u8>,
    /// A space is put before the text.
    pub prefix: bool,
    /// Of several spaces one counts, and none at the ends.
    pub single_spaces: bool,
}

/// A piece of text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Piece {
    pub text: String,
    pub score: f32,
    /// 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
    pub kind: u64,
}

impl ModelFile {
    /// Reads a model file.
    pub fn open(path: &Path) -> Result<ModelFile> {
        let bytes = std::fs::read(path).map_err(|problem| Error::file(path, problem))?;
        ModelFile::parse(&bytes)
            .ok_or_else(|| Error::model(path, "this is no SentencePiece model; pull or copy it again"))
    }

    /// From its protobuf, `sentencepiece_model.proto`; `None` where it is none, or one that is neither unigram nor BPE.
    pub fn parse(bytes: &[u8]) -> Option<ModelFile> {
        let mut file =
            ModelFile { pieces: Vec::new(), unigram: true, charsmap: Vec::new(), prefix: true, single_spaces: true };
        for field in Fields(bytes) {
            match field? {
                (1, Value::Bytes(piece)) => file.pieces.push(Piece::parse(piece)?),
                (2, Value::Bytes(trainer)) => {
                    for field in Fields(trainer) {
                        if let (3, Value::Number(kind)) = field? {
                            file.unigram = match kind {
                                1 => true,
                                2 => false,
                                _ => return None,
                            };
                        }
                    }
                }
                (3, Value::Bytes(normalizer)) => {
                    for field in Fields(normalizer) {
                        match field? {
                            (2, Value::Bytes(map)) => file.charsmap = map.to_vec(),
                            (3, Value::Number(yes)) => file.prefix = yes != 0,
                            (4, Value::Number(yes)) => file.single_spaces = yes != 0,
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        (!file.pieces.is_empty()).then_some(file)
    }

    /// The pieces as XLM-R and NLLB-200 number them, which were trained with fairseq: four special ones, then those after the
    /// first three of the file (unknown, start, end).
    pub fn pieces_of_fairseq(&self) -> Vec<String> {
        let special = ["<s>", "<pad>", "</s>", "<unk>"].map(str::to_owned);
        special.into_iter().chain(self.pieces.iter().skip(3).map(|piece| piece.text.clone())).collect()
    }
}

impl Piece {
    fn parse(bytes: &[u8]) -> Option<Piece> {
        let mut piece = Piece { text: String::new(), score: 0.0, kind: 1 };
        for field in Fields(bytes) {
            match field? {
                (1, Value::Bytes(text)) => piece.text = std::str::from_utf8(text).ok()?.to_owned(),
                (2, Value::Fixed32(bits)) => {
                    piece.score = Some(f32::from_bits(bits)).filter(|score| score.is_finite())?
                }
                (3, Value::Number(kind)) => piece.kind = kind,
                _ => {}
            }
        }
        Some(piece)
    }
}

/// The fields of a protobuf message.
struct Fields<'a>(&'a [u8]);

enum Value<'a> {
    Number(u64),
    Fixed32(u32),
    Bytes(&'a [u8]),
    Other,
}

impl<'a> Iterator for Fields<'a> {
    /// Number and value; `None` inside for bytes that are no message.
    type Item = Option<(u64, Value<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let key = self.number()?;
        let value = match key & 7 {
            0 => Value::Number(self.number()?),
            1 => {
                self.take(8)?;
                Value::Other
            }
            2 => {
                let length = usize::try_from(self.number()?).ok()?;
                Value::Bytes(self.take(length)?)
            }
            5 => Value::Fixed32(u32::from_le_bytes(self.take(4)?.try_into().ok()?)),
            _ => return None,
        };
        Some((key >> 3, value))
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_files_are_refused() {
        for bytes in [&b""[..], b"\x0a", b"\x0a\x05ab", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", b"{}"] {
            assert!(ModelFile::parse(bytes).is_none(), "{bytes:?}");
        }
    }
}
