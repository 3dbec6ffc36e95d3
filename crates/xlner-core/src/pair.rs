//! The record: a source sentence, its translation, and what the stages have found out about them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Alignment, Extra, Result, Sentence, Span};

/// A source sentence and its translation, the target sentence.
///
/// JSON (`DESIGN.md`, "The record"): `{"id","source":{…},"target":{…},"alignment":[[0,0,0.99],…]}`, and optionally
/// - `scores`: columns of matching scores by name, each a list of `[source entity, start, end, score]`;
/// - `projection`: how the projection went ([`Projection`]).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// Name of the pair, unique within a file.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The sentence with known entities.
    pub source: Sentence,
    /// Its translation.
    pub target: Sentence,
    /// Links between their tokens; `None` where not aligned yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alignment: Option<Alignment>,
    /// Given matching scores by name (`nmt`, …).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scores: BTreeMap<String, Vec<CandidateScore>>,
    /// How the projection of this pair went; `None` before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub projection: Option<Projection>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Pair {
    /// Checks that the parts fit each other (the sentences were checked when they were read).
    pub fn validate(&self) -> Result<()> {
        self.source.validate()?;
        self.target.validate()?;
        if let Some(alignment) = &self.alignment
            && self.source.is_tokenized()
            && self.target.is_tokenized()
        {
            alignment.validate(self.source.len(), self.target.len())?;
        }
        Ok(())
    }
}

/// A given score of a source entity and a target span. JSON: `[source entity, start, end, score]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "(usize, usize, usize, f64)", into = "(usize, usize, usize, f64)")]
pub struct CandidateScore {
    /// Index of the source entity.
    pub entity: usize,
    /// Target span.
    pub span: Span,
    /// The score; higher is better.
    pub score: f64,
}

impl From<(usize, usize, usize, f64)> for CandidateScore {
    fn from((entity, start, end, score): (usize, usize, usize, f64)) -> Self {
        CandidateScore { entity, span: Span::new(start, end), score }
    }
}

impl From<CandidateScore> for (usize, usize, usize, f64) {
    fn from(score: CandidateScore) -> Self {
        (score.entity, score.span.start, score.span.end, score.score)
    }
}

/// How the projection of a pair went.
///
/// JSON: `{"objective":1.5,"bound":1.5,"unprojected":[{"entity":1,"reason":"unaligned"}]}`. The assignment is proven
/// optimal where `objective == bound`; heuristic and greedy projection give no bound.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Projection {
    /// Sum of the scores of the chosen matches.
    pub objective: f64,
    /// Proven upper bound of the objective, where the solver proves one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<f64>,
    /// Source entities that were not projected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unprojected: Vec<Unprojected>,
}

/// A source entity that was not projected, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unprojected {
    /// Index of the source entity.
    pub entity: usize,
    /// Why.
    pub reason: Reason,
}

/// Why a source entity was not projected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Reason {
    /// No token of it is linked.
    Unaligned,
    /// The target sentence has no token.
    EmptyTarget,
    /// There is no candidate, or none with a positive score.
    NoCandidate,
    /// Every candidate scores below the given minimum.
    BelowMinimum,
    /// Every range of linked tokens is too short for the length-ratio threshold (heuristic projection).
    TooShort,
    /// Other entities took the tokens of its candidates.
    Conflict,
    /// The constraint on the number of projections cannot be met in this sentence.
    Infeasible,
    /// The decision gives it too low a probability.
    Improbable,
}

impl Reason {
    /// The name used in records and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Unaligned => "unaligned",
            Reason::EmptyTarget => "empty-target",
            Reason::NoCandidate => "no-candidate",
            Reason::BelowMinimum => "below-minimum",
            Reason::TooShort => "too-short",
            Reason::Conflict => "conflict",
            Reason::Infeasible => "infeasible",
            Reason::Improbable => "improbable",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_of_the_design_comes_back_as_it_was() {
        let json = r#"{"id":"s1","source":{"lang":"en","text":"Obama visited Berlin .","tokens":["Obama","visited","Berlin","."],"entities":[{"start":0,"end":1,"label":"PER","score":0.98}]},"target":{"lang":"de","text":"Obama besuchte Berlin .","tokens":["Obama","besuchte","Berlin","."],"entities":[{"start":0,"end":1,"label":"PER","score":0.91,"probability":0.97,"from":0}]},"alignment":[[0,0,0.99],[1,1],[2,2,0.97],[3,3]],"scores":{"nmt":[[0,0,1,0.7]]},"gold":[1,2]}"#;
        let pair: Pair = serde_json::from_str(json).unwrap();
        pair.validate().unwrap();
        assert_eq!(pair.scores["nmt"][0].span, Span::new(0, 1));
        assert_eq!(serde_json::to_string(&pair).unwrap(), json);
    }

    #[test]
    fn reasons_have_one_name() {
        for reason in [Reason::Unaligned, Reason::TooShort, Reason::BelowMinimum, Reason::EmptyTarget] {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
        }
    }
}
