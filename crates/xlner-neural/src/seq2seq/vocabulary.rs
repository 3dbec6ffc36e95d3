//! From text to token numbers and back, as `transformers` does it for these models.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;
use serde_json::Value;
use xlner_core::Sentence;
use xlner_models::languages;

use super::sentencepiece::{SPACE, SentencePiece};
use super::{codes, ctranslate2};
use crate::sentencepiece::ModelFile;
use crate::tokenizer::Tokenizer;
use crate::transformer::Tokens;
use crate::{Error, Result};

/// The tokens of a checkpoint.
pub struct Vocabulary {
    folder: PathBuf,
    kind: Kind,
    end: u32,
    /// NLLB as it was first published: the language stands after the text.
    legacy: bool,
}

enum Kind {
    /// `tokenizer.json`: NLLB-200 and M2M100 where they have one.
    Json(Box<Tokenizer>),
    /// `sentencepiece.bpe.model`, with `vocab.json` M2M100, without NLLB-200.
    Pieces { pieces: SentencePiece, names: Names },
    /// `source.spm`, `target.spm` and `vocab.json`: Marian.
    Marian { source: SentencePiece, target: SentencePiece, names: Names },
}

/// Pieces by number, and back.
struct Names {
    numbers: FxHashMap<String, u32>,
    names: Vec<String>,
    unknown: u32,
    /// The languages come after the pieces.
    pieces: usize,
}

/// What stands round a text in a translation from one language into another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranslationDirection {
    before: Vec<u32>,
    after: Vec<u32>,
    /// The token that every translation begins with, where there is one.
    pub first: Option<u32>,
}

impl Vocabulary {
    /// Reads the files of a checkpoint's folder.
    ///
    /// # Errors
    /// [`Error::Model`] where they are missing or damaged, [`Error::File`] where one cannot be read.
    pub fn open(folder: &Path) -> Result<Vocabulary> {
        let has = |name: &str| folder.join(name).is_file();
        // CTranslate2's own numbers of the tokens.
        let listed = ctranslate2::vocabulary(folder)?;
        let (kind, end) = if has("source.spm") {
            let names = match listed {
                Some(names) => Names::of(names),
                None => Names::open(&folder.join("vocab.json"))?,
            };
            let end = names.get("</s>", folder)?;
            let [source, target] = ["source.spm", "target.spm"].map(|name| SentencePiece::open(&folder.join(name)));
            (Kind::Marian { source: source?, target: target?, names }, end)
        } else if has("tokenizer.json") {
            let path = folder.join("tokenizer.json");
            let tokenizer = Tokenizer::open(&path)?;
            let end = tokenizer.number("</s>").ok_or_else(|| Error::model(&path, "it has no token </s>"))?;
            // The list is filled up after what the tokenizer knows.
            let mut known = listed.iter().flatten().zip(0..).filter(|(name, _)| !name.starts_with("madeupword"));
            if let Some((name, number)) = known.find(|(name, number)| tokenizer.number(name) != Some(*number)) {
                let problem = format!(
                    "token {number} is {name} in shared_vocabulary, and another here; they belong to different models"
                );
                return Err(Error::model(&path, problem));
            }
            (Kind::Json(Box::new(tokenizer)), end)
        } else if has("sentencepiece.bpe.model") {
            let path = folder.join("sentencepiece.bpe.model");
            let file = ModelFile::open(&path)?;
            let names = match (listed, has("vocab.json")) {
                (Some(names), _) => Names::of(names).ending_before_languages(),
                (None, true) => {
                    let languages = codes::M2M100.split_whitespace().map(|code| format!("__{code}__"));
                    Names::open(&folder.join("vocab.json"))?.with_languages(languages)
                }
                (None, false) => {
                    let languages = codes::NLLB.split_whitespace().chain(["<mask>"]).map(str::to_owned);
                    Names::of(file.pieces_of_fairseq()).with_languages(languages)
                }
            };
            let end = names.get("</s>", folder)?;
            (Kind::Pieces { pieces: SentencePiece::of(file, &path)?, names }, end)
        } else {
            let needed = match listed {
                Some(_) => {
                    "copy tokenizer.json or sentencepiece.bpe.model (NLLB-200, M2M100), or source.spm and target.spm (Marian) \
                    into it from the model that was converted"
                }
                None => {
                    "tokenizer.json or sentencepiece.bpe.model (NLLB-200), sentencepiece.bpe.model and vocab.json (M2M100), or \
                    source.spm, target.spm and vocab.json (Marian)"
                }
            };
            return Err(Error::model(folder, format!("there is no tokeniser in it: {needed}")));
        };
        let legacy = std::fs::read(folder.join("tokenizer_config.json")).ok();
        let legacy = legacy.and_then(|text| serde_json::from_slice::<Value>(&text).ok());
        let legacy = legacy.is_some_and(|config| config["legacy_behaviour"].as_bool().unwrap_or(false));
        Ok(Vocabulary { folder: folder.to_owned(), kind, end, legacy })
    }

    /// What stands round a text that is translated between two languages (BCP 47).
    ///
    /// # Errors
    /// [`Error::Options`] where the model does not know one of them.
    pub fn direction(&self, from: &str, to: &str) -> Result<TranslationDirection> {
        if let Kind::Marian { names, .. } = &self.kind {
            let before = names.language(to, &self.folder)?.into_iter().collect();
            return Ok(TranslationDirection { before, after: vec![self.end], first: None });
        }
        let (source, target) = (self.language(from)?, self.language(to)?);
        let (before, after) = self.frame(source);
        Ok(TranslationDirection { before, after, first: Some(target) })
    }

    /// What stands before and after a text of a language, given by its token.
    fn frame(&self, language: u32) -> (Vec<u32>, Vec<u32>) {
        match self.legacy {
            true => (vec![], vec![self.end, language]),
            false => (vec![language], vec![self.end]),
        }
    }

    /// The pieces of a tokenised sentence, which stands as a text to be translated from its language. Every token is cut by
    /// itself, as `is_split_into_words` of `transformers` does. For Marian nothing names a language.
    pub(super) fn sentence(&self, sentence: &Sentence) -> std::result::Result<Tokens, String> {
        if !sentence.is_tokenized() {
            return Err("it is not tokenised".into());
        }
        let (before, after) = match (&self.kind, &sentence.lang) {
            (Kind::Marian { .. }, _) => (vec![], vec![self.end]),
            (_, Some(lang)) => self.frame(self.language(lang).map_err(|problem| problem.to_string())?),
            (_, None) => {
                return Err("its language is not known, and the encoder of this translation model wants it: name the \
                     languages of both sides (option `source_lang`, option `target_lang`)"
                    .into());
            }
        };
        let mut tokens = Tokens { words: vec![None; before.len()], ids: before };
        let mut add = |word: Option<u32>, ids: Vec<u32>| {
            tokens.words.extend(std::iter::repeat_n(word, ids.len()));
            tokens.ids.extend(ids);
        };
        for (word, text) in (0..).zip(sentence.tokens()) {
            let ids = match &self.kind {
                Kind::Json(tokenizer) => tokenizer.encode(text, false)?.get_ids().to_vec(),
                Kind::Pieces { pieces, names } => names.numbers(pieces, text),
                Kind::Marian { source, names, .. } => names.numbers(source, text),
            };
            add(Some(word), ids);
        }
        add(None, after);
        Ok(tokens)
    }

    fn language(&self, code: &str) -> Result<u32> {
        let number = |name: &str| match &self.kind {
            Kind::Json(tokenizer) => tokenizer.number(name),
            Kind::Pieces { names, .. } | Kind::Marian { names, .. } => names.numbers.get(name).copied(),
        };
        // A model has the languages of NLLB-200 or those of M2M100.
        let nllb = number("eng_Latn").is_some();
        let name = match nllb {
            true => languages::nllb(code)?.to_owned(),
            false => format!("__{}__", languages::m2m100(code)?),
        };
        number(&name).ok_or_else(|| {
            Error::Options(format!("{} does not know the language {code} ({name})", self.folder.display()))
        })
    }

    /// The tokens of a text to be translated, with what stands round them.
    ///
    /// # Errors
    /// [`Error::Model`] where the tokeniser does not know what to do with the text.
    pub fn source(&self, direction: &TranslationDirection, text: &str) -> Result<Vec<u32>> {
        let mut tokens = direction.before.clone();
        match &self.kind {
            Kind::Marian { source, names, .. } => tokens.extend(names.numbers(source, text)),
            _ => tokens.extend(self.plain(text)?),
        }
        tokens.extend(&direction.after);
        Ok(tokens)
    }

    /// The tokens of a translation, from the first that is forced to the one that ends it.
    ///
    /// # Errors
    /// Those of [`source`](Self::source).
    pub fn target(&self, direction: &TranslationDirection, text: &str) -> Result<Vec<u32>> {
        let mut tokens: Vec<u32> = direction.first.into_iter().collect();
        tokens.extend(self.plain(text)?);
        tokens.push(self.end);
        Ok(tokens)
    }

    /// The tokens of a word of a translation, as it is after a space.
    ///
    /// # Errors
    /// Those of [`source`](Self::source).
    pub fn word(&self, word: &str) -> Result<Vec<u32>> {
        self.plain(word)
    }

    /// The tokens of a text of the target side.
    fn plain(&self, text: &str) -> Result<Vec<u32>> {
        Ok(match &self.kind {
            Kind::Json(tokenizer) => {
                let encoding = tokenizer.encode(text, false);
                encoding.map_err(|problem| Error::model(&self.folder, problem))?.get_ids().to_vec()
            }
            Kind::Pieces { pieces, names } => names.numbers(pieces, text),
            Kind::Marian { target, names, .. } => names.numbers(target, text),
        })
    }

    /// The text of tokens; what is no text is left out.
    ///
    /// # Errors
    /// [`Error::Model`] where the tokeniser fails.
    pub fn text(&self, tokens: &[u32]) -> Result<String> {
        match &self.kind {
            Kind::Json(tokenizer) => Ok(tokenizer.decode(tokens)?.trim().to_owned()),
            Kind::Pieces { names, .. } | Kind::Marian { names, .. } => Ok(names.text(tokens)),
        }
    }
}

impl Names {
    fn open(path: &Path) -> Result<Names> {
        let text = std::fs::read(path).map_err(|problem| Error::file(path, problem))?;
        let numbers: FxHashMap<String, u32> =
            serde_json::from_slice(&text).map_err(|problem| Error::model(path, problem.to_string()))?;
        let mut names = vec![String::new(); numbers.len()];
        for (name, number) in &numbers {
            let place = names.get_mut(*number as usize);
            *place.ok_or_else(|| {
                Error::model(path, format!("piece {name} has the number {number} of {}", numbers.len()))
            })? = name.clone();
        }
        let unknown = *numbers.get("<unk>").ok_or_else(|| Error::model(path, "it has no token <unk>"))?;
        Ok(Names { numbers, pieces: names.len(), names, unknown })
    }

    /// Of pieces in their order.
    fn of(names: Vec<String>) -> Names {
        let numbers: FxHashMap<String, u32> = names.iter().cloned().zip(0..).collect();
        let unknown = numbers.get("<unk>").copied().unwrap_or_default();
        Names { numbers, pieces: names.len(), names, unknown }
    }

    /// Of pieces with languages after them.
    fn ending_before_languages(mut self) -> Names {
        let language =
            |name: &str| name == "ace_Arab" || name.len() > 4 && name.starts_with("__") && name.ends_with("__");
        self.pieces = self.names.iter().position(|name| language(name)).unwrap_or(self.names.len());
        self
    }

    fn with_languages(mut self, languages: impl Iterator<Item = String>) -> Names {
        for name in languages {
            self.numbers.insert(name.clone(), self.names.len() as u32);
            self.names.push(name);
        }
        self
    }

    fn get(&self, name: &str, folder: &Path) -> Result<u32> {
        self.numbers.get(name).copied().ok_or_else(|| Error::model(folder, format!("vocab.json has no token {name}")))
    }

    fn numbers(&self, pieces: &SentencePiece, text: &str) -> Vec<u32> {
        pieces.pieces(text).iter().map(|piece| self.numbers.get(piece).copied().unwrap_or(self.unknown)).collect()
    }

    fn text(&self, tokens: &[u32]) -> String {
        let special = |name: &str| matches!(name, "<s>" | "</s>" | "<pad>" | "<unk>" | "");
        let names = tokens.iter().filter_map(|token| self.names[..self.pieces].get(*token as usize));
        let text: String = names.filter(|name| !special(name)).map(String::as_str).collect();
        text.replace(SPACE, " ").trim().to_owned()
    }

    /// The token that tells Marian the target language; `None` where the model has one language only.
    fn language(&self, to: &str, folder: &Path) -> Result<Option<u32>> {
        let mut known: Vec<&str> =
            self.numbers.keys().filter_map(|name| name.strip_prefix(">>")?.strip_suffix("<<")).collect();
        if known.is_empty() {
            return Ok(None);
        }
        let mut codes = vec![to.to_owned()];
        codes.extend(languages::nllb(to).map(str::to_owned));
        codes.extend(languages::apertium(to).unwrap_or_default());
        if let Some(number) = codes.iter().find_map(|code| self.numbers.get(&format!(">>{code}<<"))) {
            return Ok(Some(*number));
        }
        known.sort_unstable();
        Err(Error::Options(format!("{} translates into {}, not into {to}", folder.display(), known.join(", "))))
    }
}
