//! The decision on a corpus: the target's own tagger, cross-fitted, and the options.

mod cross;
mod judge;
mod relearn;
mod tune;

use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use xlner_project::decision::{Cut, Decision};

pub(crate) use cross::opinions;
pub use cross::{FOLDS, MIN_ENTITIES, MIN_PAIRS};
pub use judge::{JudgeFigures, Judging};
pub use relearn::Relearner;
pub use tune::{TuneDecisionJob, TuneDecisionReport, TuningSet};

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

/// What was decided. A corpus is what is decided on at once: all pairs in `project`, a window of them in `label` and
/// `transfer`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct DecisionFigures {
    /// Corpora.
    pub corpora: usize,
    /// Pairs of the largest one: so far the evidence of the corpus goes.
    pub scope: usize,
    /// Whether no decision was made: the corpus, or every one of them, was too unlike what the decision was learnt from, and
    /// was projected without it.
    pub abstained: bool,
    /// Corpora of which that is so.
    pub corpora_abstained: usize,
    /// Candidates there were.
    pub candidates: usize,
    /// Entities that were kept.
    pub kept: usize,
    /// Candidates that were left out.
    pub left_out: usize,
    /// Mean probability of what was kept: the precision that is expected.
    pub mean_probability: f64,
    /// The least probability that was kept.
    pub threshold: f64,
    /// Whether the opinion of a tagger of the target language was heard, which wants a corpus of some size.
    pub target_tagger: bool,
    /// What a judge was asked and said, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge: Option<JudgeFigures>,
}

impl DecisionFigures {
    /// Of one corpus of so many pairs.
    pub(crate) fn of_one(pairs: usize) -> DecisionFigures {
        DecisionFigures { corpora: 1, scope: pairs, ..DecisionFigures::default() }
    }

    /// Adds those of other corpora. The threshold is the lowest.
    pub(crate) fn add(&mut self, other: &DecisionFigures) {
        let (ours, theirs) = (self.corpora - self.corpora_abstained, other.corpora - other.corpora_abstained);
        let kept = (self.kept + other.kept).max(1) as f64;
        let sum = self.mean_probability * self.kept as f64 + other.mean_probability * other.kept as f64;
        *self = DecisionFigures {
            corpora: self.corpora + other.corpora,
            scope: self.scope.max(other.scope),
            abstained: self.abstained && other.abstained,
            corpora_abstained: self.corpora_abstained + other.corpora_abstained,
            candidates: self.candidates + other.candidates,
            kept: self.kept + other.kept,
            left_out: self.left_out + other.left_out,
            mean_probability: sum / kept,
            threshold: match (ours, theirs) {
                (0, _) => other.threshold,
                (_, 0) => self.threshold,
                _ => self.threshold.min(other.threshold),
            },
            target_tagger: (ours == 0 || self.target_tagger)
                && (theirs == 0 || other.target_tagger)
                && ours + theirs > 0,
            judge: match (self.judge, &other.judge) {
                (Some(mut sum), Some(new)) => {
                    sum.add(new);
                    Some(sum)
                }
                (sum, new) => sum.or(*new),
            },
        };
    }
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
    let text =
        xlner_formats::read_small_text(path).map_err(|problem| Error::File { path: path.to_owned(), problem })?;
    Decision::parse(&text).map_err(|problem| {
        let problem = std::io::Error::other(format!("{problem}; `xlner tune decision` writes such a file"));
        Error::File { path: path.to_owned(), problem }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_windows_add_up() {
        let one = |kept, mean_probability, threshold| DecisionFigures {
            candidates: 10,
            kept,
            left_out: 10 - kept,
            mean_probability,
            threshold,
            target_tagger: true,
            ..DecisionFigures::of_one(100)
        };
        let mut all = one(3, 0.8, 0.3);
        all.add(&one(1, 0.4, 0.2));
        all.add(&DecisionFigures { abstained: true, corpora_abstained: 1, ..DecisionFigures::of_one(700) });
        assert_eq!((all.corpora, all.corpora_abstained, all.scope, all.abstained), (3, 1, 700, false));
        assert_eq!((all.candidates, all.kept, all.left_out, all.threshold, all.target_tagger), (20, 4, 16, 0.2, true));
        assert!((all.mean_probability - 0.7).abs() < 1e-12);
    }

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
