//! How a transformer that classifies tokens is opened. It stands here and not with the networks, so that a build without them
//! reads the options as well.

use std::str::FromStr;

use crate::{Error, Precision, Result};

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
