//! The decision on a corpus: the target's own tagger, cross-fitted, and the options.

mod cross;
mod tune;

use std::path::PathBuf;
use std::str::FromStr;

use serde::Serialize;
use xlner_project::decision::{Cut, Decision};

pub(crate) use cross::opinions;
pub use cross::{FOLDS, MIN_ENTITIES, MIN_PAIRS};
pub use tune::{Evidence, TuneDecisionJob, TuneDecisionReport};

use crate::{Error, Result};

/// Which decision is asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum DecisionChoice {
    /// The one that comes with the crate.
    #[default]
    Default,
    /// None: every entity of the source is projected as it is.
    None,
    /// A file, as `tune decision` writes it.
    File(PathBuf),
}

impl FromStr for DecisionChoice {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        Ok(match text {
            "default" => DecisionChoice::Default,
            "none" => DecisionChoice::None,
            file => DecisionChoice::File(file.into()),
        })
    }
}

/// Options of the decision. It is made where the source's entities are uncertain: where its sentences carry a tagger's
/// probabilities.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DecisionOptions {
    /// Which one; `None`: the default, where the method allows it.
    pub choice: Option<DecisionChoice>,
    /// What is kept.
    pub cut: Option<Cut>,
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct DecisionFigures {
    /// Whether the corpus was too unlike what the decision was learnt from, and was projected without it.
    pub abstained: bool,
    /// Candidates there were.
    pub candidates: usize,
    /// Entities that were kept.
    pub kept: usize,
    /// The least probability that was kept.
    pub threshold: f64,
    /// Whether the opinion of a tagger of the target language was heard, which wants a corpus of some size.
    pub target_tagger: bool,
}

/// A decision that was read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OpenDecision {
    pub decision: Decision,
    pub cut: Cut,
}

impl DecisionOptions {
    /// Checks what can be checked without files. `span` says whether the method looks at the score `span`.
    pub(crate) fn check(&self, span: bool) -> Result<()> {
        let wanted =
            matches!(self.choice, Some(DecisionChoice::Default | DecisionChoice::File(_))) || self.cut.is_some();
        let range = match self.cut {
            Some(Cut::Probability(least)) => (0.0..=1.0).contains(&least),
            Some(Cut::Precision(wanted)) => wanted > 0.0 && wanted <= 1.0,
            _ => true,
        };
        if !range {
            return Err(Error::Options("probabilities and precisions are numbers from 0 to 1".into()));
        }
        if self.cut.is_some() && self.choice == Some(DecisionChoice::None) {
            return Err(Error::Options(
                "option `decision` none gives no probabilities: leave out option `min_probability` and option `expect`"
                    .into(),
            ));
        }
        if wanted && !span {
            return Err(Error::Options(
                "the decision looks at the whole corpus, as the score span does: take it (option `scores` span=1), or leave out \
                 option `decision`, option `min_probability` and option `expect`"
                    .into(),
            ));
        }
        Ok(())
    }

    /// Reads the decision; `None` where none is made.
    pub(crate) fn open(&self, span: bool) -> Result<Option<OpenDecision>> {
        self.check(span)?;
        let decision = match &self.choice {
            _ if !span => return Ok(None),
            Some(DecisionChoice::None) => return Ok(None),
            None | Some(DecisionChoice::Default) => Decision::default(),
            Some(DecisionChoice::File(path)) => read(path)?,
        };
        Ok(Some(OpenDecision { decision, cut: self.cut.unwrap_or_default() }))
    }
}

/// Reads a file of weights.
pub(crate) fn read(path: &std::path::Path) -> Result<Decision> {
    let text = std::fs::read_to_string(path).map_err(|problem| Error::File { path: path.to_owned(), problem })?;
    Decision::parse(&text).map_err(|problem| {
        let problem = std::io::Error::other(format!("{problem}; `xlner tune decision` writes such a file"));
        Error::File { path: path.to_owned(), problem }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_contradict_are_refused() {
        let options = |choice, cut| DecisionOptions { choice, cut };
        let none = Some(DecisionChoice::None);
        assert!(options(none.clone(), Some(Cut::F1)).check(true).unwrap_err().to_string().contains("option `expect`"));
        assert!(options(Some(DecisionChoice::Default), None).check(false).is_err());
        assert!(options(None, Some(Cut::Probability(1.5))).check(true).is_err());
        assert!(options(None, None).open(false).unwrap().is_none());
        assert!(options(none, None).open(true).unwrap().is_none());
        assert!(options(None, None).open(true).unwrap().is_some());
    }
}
