//! `lookup`: a table of given translations.

use std::path::Path;
use std::str::FromStr;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use xlner_core::Pair;
use xlner_core::contracts::{ModelResult, Translation, Translator, TranslatorFigures};
use xlner_formats::{NoteKind, Place, ReadOptions, read_pairs};

use super::wrong;
use crate::{Error, Result};

/// Texts that a thread looks up at a time.
const CHUNK: usize = 64;
/// Pairs of a table that are read before all threads make digests of them.
const READ: usize = 1 << 14;

/// Options of [`Lookup`].
#[derive(Debug, Clone, Default)]
pub struct LookupOptions {
    /// What is done with a text that is in no table.
    pub missing: Missing,
    /// How tables are read, and where it is noted that a text has several translations.
    pub read: ReadOptions,
}

const SEVERAL: NoteKind =
    NoteKind::new("several-translations", "texts of a table with another translation further up (the first counts)");

/// What is done with a text that is in no table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Missing {
    /// It is an error, which names the text.
    #[default]
    Error,
    /// It is given back as it is, and counted.
    Keep,
}

impl FromStr for Missing {
    type Err = String;

    fn from_str(name: &str) -> std::result::Result<Missing, String> {
        match name {
            "error" => Ok(Missing::Error),
            "keep" => Ok(Missing::Keep),
            _ => Err(format!("“{name}” is not `error` or `keep`")),
        }
    }
}

/// Translations from tables. Of two translations of one text the first counts.
///
/// A text is looked for as it is, then with single spaces, then in NFC without white space: it is found however it is tokenised.
pub struct Lookup {
    table: Table,
    missing: Missing,
    signature: String,
    /// Names of the tables, for messages.
    files: String,
    figures: TranslatorFigures,
}

impl Lookup {
    /// Reads the tables: whatever `xlner-formats` reads pairs from (`source<TAB>target`, bitext, records; `.gz`, `.zst`).
    ///
    /// # Errors
    /// [`Error::Options`] where there is no table, [`Error::Model`] where one cannot be read.
    pub fn open(tables: &[String], [from, to]: [&str; 2], options: &LookupOptions) -> Result<Lookup> {
        if tables.is_empty() {
            return Err(wrong("lookup wants a table of translations, `source<TAB>target` (option `model` FILE)"));
        }
        let mut table = Table::default();
        let mut hash = Sha256::new();
        for file in tables {
            let failed = |error: xlner_formats::Error| Error::model(Path::new(file), cause(&error));
            let mut pairs = read_pairs(Path::new(file), &options.read).map_err(failed)?;
            loop {
                let read: Vec<Pair> =
                    pairs.by_ref().take(READ).collect::<std::result::Result<_, _>>().map_err(failed)?;
                if read.is_empty() {
                    break;
                }
                let digests: Vec<Digests> = read.par_iter().with_min_len(CHUNK).map(Digests::of).collect();
                for (pair, digests) in read.iter().zip(digests) {
                    hash.update(digests.whole);
                    if !table.insert(&digests, pair.target.text()) {
                        let place = Place::file(file).record(pair.source.text());
                        options.read.note(SEVERAL, 1, &place).map_err(failed)?;
                    }
                }
            }
        }
        let hash = hash.finalize();
        let checksum: String = hash[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        let missing = options.missing;
        let signature = format!("lookup {from} {to} {checksum} {missing:?}");
        let files = tables.join(", ");
        Ok(Lookup { table, missing, signature, files, figures: TranslatorFigures::default() })
    }
}

impl Lookup {
    /// What is wrong with a text that is in no table.
    fn not_found(&self, text: &str) -> String {
        let (count, files) = (self.table.len(), &self.files);
        let turned = match self.table.has_translation(text) {
            true => " (it is among their translations: is the table in the other direction?)",
            false => "",
        };
        let s = if count == 1 { "" } else { "s" };
        format!(
            "“{text}” is not among the {count} text{s} of {files}{turned}; add it there, or give it back as it is (option `missing` keep)"
        )
    }
}

impl Translator for Lookup {
    fn signature(&self) -> String {
        self.signature.clone()
    }

    fn translate(&mut self, texts: &[&str]) -> ModelResult<Vec<Translation>> {
        let find = |(index, text): (usize, &&str)| match self.table.get(text) {
            Some(translation) => Ok((translation.to_owned(), false)),
            None if text.trim().is_empty() => Ok((String::new(), false)),
            None if self.missing == Missing::Keep => Ok(((*text).to_owned(), true)),
            None => Err(Error::Sentence { index, problem: self.not_found(text) }),
        };
        let found: Vec<Result<(String, bool)>> = texts.par_iter().enumerate().with_min_len(CHUNK).map(find).collect();
        // Of several errors the first text's.
        let found: Vec<(String, bool)> = found.into_iter().collect::<Result<_>>()?;
        self.figures.texts += texts.len() as u64;
        self.figures.untranslated += found.iter().filter(|(_, kept)| *kept).count() as u64;
        let is_lost = |(text, (found, _)): (&&str, &(String, bool))| {
            found.trim().is_empty() && text.chars().any(char::is_alphabetic)
        };
        self.figures.empty += texts.iter().zip(&found).filter(|pair| is_lost(*pair)).count() as u64;
        let translations = found.into_iter().map(|(text, _)| text.into()).collect();
        Ok(translations)
    }

    fn figures(&self) -> TranslatorFigures {
        self.figures
    }
}

/// Texts and their translations. Of the texts only digests are kept, and the translations stand one after another in one: a
/// table of millions takes little more memory than the translations themselves.
#[derive(Default)]
struct Table {
    translations: String,
    /// Where each translation ends.
    ends: Vec<usize>,
    /// The number of each text's translation.
    exact: FxHashMap<Key, usize>,
    /// The same by the normalised forms of texts that are not in it.
    normalized: FxHashMap<Key, usize>,
}

/// The first half of the SHA-256 of a text: two texts that share it are not to be found.
type Key = [u8; 16];

/// The digests of a pair of a table.
struct Digests {
    exact: Key,
    /// Of the normalised form of the text, where it is another.
    normalized: Option<Key>,
    /// Of both texts, whole.
    whole: [u8; 32],
}

impl Digests {
    fn of(pair: &Pair) -> Digests {
        let (source, target) = (pair.source.text(), pair.target.text());
        let normalized = normalize(source);
        let mut whole = Sha256::new();
        for text in [source, target] {
            whole.update((text.len() as u64).to_le_bytes());
            whole.update(text);
        }
        Digests {
            exact: digest(source),
            normalized: (normalized != source).then(|| digest(&normalized)),
            whole: whole.finalize().into(),
        }
    }
}

fn digest(text: &str) -> Key {
    let mut half = [0; 16];
    half.copy_from_slice(&Sha256::digest(text)[..16]);
    half
}

impl Table {
    /// Adds a translation; `false` where the text has another already.
    fn insert(&mut self, source: &Digests, target: &str) -> bool {
        let number = self.ends.len();
        if let Some(&known) = self.exact.get(&source.exact) {
            return self.translation(known) == target;
        }
        self.exact.insert(source.exact, number);
        if let Some(normalized) = source.normalized {
            self.normalized.entry(normalized).or_insert(number);
        }
        self.translations.push_str(target);
        self.ends.push(self.translations.len());
        true
    }

    fn translation(&self, number: usize) -> &str {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.translations[start..self.ends[number]]
    }

    fn get(&self, text: &str) -> Option<&str> {
        let number = self.exact.get(&digest(text)).or_else(|| {
            let spaced: Vec<&str> = text.split_whitespace().collect();
            self.exact.get(&digest(&spaced.join(" "))).or_else(|| self.normalized.get(&digest(&normalize(text))))
        });
        Some(self.translation(*number?))
    }

    /// Whether a text is a translation, not one that is translated. Goes through the whole table.
    fn has_translation(&self, text: &str) -> bool {
        let wanted = normalize(text);
        (0..self.ends.len()).any(|number| normalize(self.translation(number)) == wanted)
    }

    fn len(&self) -> usize {
        self.ends.len()
    }
}

/// NFC without white space.
fn normalize(text: &str) -> String {
    let mut normalized = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if word.is_ascii() {
            normalized.push_str(word);
        } else {
            normalized.extend(word.nfc());
        }
    }
    normalized
}

/// What is wrong, without the file's name, which the error for it names already.
fn cause(error: &xlner_formats::Error) -> String {
    let line = error.line().map(|line| format!("line {line}: ")).unwrap_or_default();
    let source = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
    format!("{line}{}{source}", error.kind())
}
