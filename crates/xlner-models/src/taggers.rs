//! The taggers, and how one is opened.

use std::path::Path;
use std::str::FromStr;

use crate::crf::CrfTagger;
use crate::{CapitalsTagger, Error, Precision, Result, Tagger};

/// Before the label of the baseline that takes capitalised words for entities.
const CAPITALS: &str = "capitals:";

/// The built-in tagger of English; `models/ATTRIBUTION.md` says what it was trained on.
const ENGLISH: &[u8] = include_bytes!("../models/en.crf");

/// Which sub-words speak for their token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SubWords {
    /// The first.
    #[default]
    First,
    /// All: the mean of their probabilities.
    Mean,
    /// The one that is surest of its tag; of equal ones the first.
    Max,
}

impl SubWords {
    /// The name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            SubWords::First => "first",
            SubWords::Mean => "mean",
            SubWords::Max => "max",
        }
    }
}

impl std::fmt::Display for SubWords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SubWords {
    type Err = Error;

    fn from_str(name: &str) -> Result<SubWords> {
        let known = [SubWords::First, SubWords::Mean, SubWords::Max].into_iter().find(|known| known.as_str() == name);
        known.ok_or_else(|| {
            Error::Options(format!("“{name}” is no way to join sub-words; there are first, mean and max"))
        })
    }
}

/// How a transformer that classifies tokens is opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransformerTaggerOptions {
    /// What it calculates in.
    pub precision: Precision,
    /// Which sub-words speak for their token.
    pub sub_words: SubWords,
    /// The tags of the classes, in order, instead of those of `config.json`.
    pub labels: Option<Vec<String>>,
}

/// Opens a tagger: `default` (or `en`) is the built-in one, English, which finds `PER`, `LOC` and `ORG`; `capitals:LABEL` is
/// [`CapitalsTagger`]; a file is a model of ours; a folder, or a name on the Hub (`organisation/model`), a transformer as Hugging Face keeps it.
///
/// # Errors
/// Where it is not there, or damaged.
pub fn open_tagger(name: &str) -> Result<Box<dyn Tagger>> {
    open_tagger_with(name, TransformerTaggerOptions::default())
}

/// The same with options, which only a transformer has.
///
/// # Errors
/// Those of [`open_tagger`]; [`Error::Options`] where options are given that another tagger has not.
pub fn open_tagger_with(name: &str, options: TransformerTaggerOptions) -> Result<Box<dyn Tagger>> {
    let path = Path::new(name);
    let given = options != TransformerTaggerOptions::default();
    let label = name.strip_prefix(CAPITALS);
    if label.is_none() && !is_built_in(name) && (path.is_dir() || !path.exists() && name.contains('/')) {
        return open_transformer(name, options);
    }
    if given {
        let problem = "precision, labels and a way to join sub-words are options of transformers, and it is none";
        return Err(Error::Options(format!("{name}: {problem}")));
    }
    match label {
        Some("") => Err(Error::Options("the label is missing: write capitals:PER".into())),
        Some(label) => Ok(Box::new(CapitalsTagger::new(label))),
        None => Ok(Box::new(open_crf(name)?)),
    }
}

/// Opens a CRF: `default` (or `en`), the built-in one, or a model file.
///
/// # Errors
/// Where it is not there, or damaged.
pub fn open_crf(name: &str) -> Result<CrfTagger> {
    let path = Path::new(name);
    match is_built_in(name) {
        true => CrfTagger::from_bytes(ENGLISH).map_err(|problem| Error::model(path, problem)),
        false => CrfTagger::load(path),
    }
}

fn is_built_in(name: &str) -> bool {
    matches!(name, "default" | "en")
}

#[cfg(feature = "transformers")]
fn open_transformer(name: &str, options: TransformerTaggerOptions) -> Result<Box<dyn Tagger>> {
    let folder = crate::hub::resolve(name, None)?;
    Ok(Box::new(crate::transformer::TransformerTagger::load(&folder, options)?))
}

#[cfg(not(feature = "transformers"))]
fn open_transformer(name: &str, _: TransformerTaggerOptions) -> Result<Box<dyn Tagger>> {
    let path = Path::new(name);
    // Without them a name that is no folder can only be a file of ours.
    match path.is_dir() {
        true => Err(Error::model(
            path,
            "a folder is a transformer, and this xlner was built without the feature `transformers`",
        )),
        false => Ok(Box::new(CrfTagger::load(path)?)),
    }
}
