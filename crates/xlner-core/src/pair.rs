//! The record: a source sentence, its translation, and what the stages have found out about them.

use std::collections::BTreeMap;

use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::extra::{Numbers, id_text, protect_integers};
use crate::{Alignment, Error, Extra, Result, Sentence, Span};

/// A source sentence and its translation, the target sentence.
///
/// JSON (`DESIGN.md`, "The record"): `{"id","source":{…},"target":{…},"alignment":[[0,0,0.99],…]}`, and optionally
/// - `scores`: columns of matching scores by name, each a list of `[source entity, start, end, score]`;
/// - `projection`: how the projection went ([`Projection`]).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(try_from = "Raw")]
pub struct Pair {
    /// Name of the pair, unique within a file.
    pub id: String,
    /// Whether the name is a number in the file that it comes from, and is written as one.
    pub numeric_id: bool,
    /// The sentence with known entities.
    pub source: Sentence,
    /// Its translation.
    pub target: Sentence,
    /// Links between their tokens; `None` where not aligned yet.
    pub alignment: Option<Alignment>,
    /// Given matching scores by name (`nmt`, …).
    pub scores: BTreeMap<String, Vec<CandidateScore>>,
    /// How the projection of this pair went; `None` before it.
    pub projection: Option<Projection>,
    /// Unknown fields.
    pub extra: Extra,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    id: Value,
    source: Sentence,
    target: Sentence,
    #[serde(default)]
    alignment: Option<Alignment>,
    #[serde(default)]
    scores: Option<BTreeMap<String, Vec<CandidateScore>>>,
    #[serde(default)]
    projection: Option<Projection>,
    #[serde(flatten)]
    extra: Extra,
}

impl TryFrom<Raw> for Pair {
    type Error = Error;

    fn try_from(raw: Raw) -> Result<Self> {
        let Raw { id, source, target, alignment, scores, projection, extra } = raw;
        let mut pair = Pair {
            source,
            target,
            alignment,
            scores: scores.unwrap_or_default(),
            projection,
            extra,
            ..Pair::default()
        };
        pair.set_id(&id)?;
        Ok(pair)
    }
}

impl Serialize for Pair {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(id) = self.id_value() {
            map.serialize_entry("id", &Numbers(&id))?;
        }
        map.serialize_entry("source", &self.source)?;
        map.serialize_entry("target", &self.target)?;
        if let Some(alignment) = &self.alignment {
            map.serialize_entry("alignment", alignment)?;
        }
        if !self.scores.is_empty() {
            map.serialize_entry("scores", &self.scores)?;
        }
        if let Some(projection) = &self.projection {
            map.serialize_entry("projection", projection)?;
        }
        for (name, value) in self.extra.iter() {
            map.serialize_entry(name, &Numbers(value))?;
        }
        map.end()
    }
}

impl Pair {
    /// Pairs of more cells (source × target tokens) than this are long: sentences that were not split. The built-in aligner
    /// cuts them into pieces, and the score `span` looks for an entity close to its links only, so that time and memory
    /// stay linear in their length.
    pub const LONG: usize = 1 << 16;

    /// Whether the pair is long ([`LONG`](Self::LONG)).
    pub fn is_long(&self) -> bool {
        self.source.len().saturating_mul(self.target.len()) > Pair::LONG
    }

    /// The id as JSON has it, a text or a number; `None` where the pair has none.
    pub fn id_value(&self) -> Option<Value> {
        let number = || {
            serde_json::from_str(&protect_integers(&self.id)).ok().filter(|id| id_text(id).as_deref() == Some(&self.id))
        };
        let text = || Value::String(self.id.clone());
        (!self.id.is_empty()).then(|| if self.numeric_id { number().unwrap_or_else(text) } else { text() })
    }

    /// Sets the id, a text or a number as JSON has it; `null` takes it away.
    ///
    /// # Errors
    /// [`Error::Invalid`] where it is neither.
    pub fn set_id(&mut self, id: &Value) -> Result<()> {
        let text = match id {
            Value::Null => Some("".into()),
            id => id_text(id),
        };
        let text = text.ok_or_else(|| Error::Invalid(format!("the id {id} is neither a text nor a number")))?;
        self.numeric_id = !id.is_null() && id.as_str().is_none_or(|id| id != text);
        self.id = text.into_owned();
        Ok(())
    }

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
    /// The judge says that the target does not have it, or that it is no entity.
    Judged,
    /// A filter rejects it (`comp-src`, `comp-tgt`, `comp-ins`).
    Filtered,
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
            Reason::Judged => "judged",
            Reason::Filtered => "filtered",
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
    fn an_id_stays_text_or_number() {
        for id in ["7", "\"7\"", "18446744073709551616", "1.5"] {
            let json = format!(r#"{{"id":{id},"source":{{"text":"a"}},"target":{{"text":"b"}}}}"#);
            let pair: Pair = serde_json::from_str(&protect_integers(&json)).unwrap();
            assert_eq!(pair.id, id.trim_matches('"'));
            assert_eq!(serde_json::to_string(&pair).unwrap(), json);
        }
        let renamed = Pair { id: "x".into(), numeric_id: true, ..Pair::default() };
        assert_eq!(renamed.id_value().unwrap(), "x");
        let json = r#"{"id":[1],"source":{"text":"a"},"target":{"text":"b"}}"#;
        assert!(serde_json::from_str::<Pair>(json).unwrap_err().to_string().contains("id [1]"));
    }

    #[test]
    fn reasons_have_one_name() {
        for reason in [Reason::Unaligned, Reason::TooShort, Reason::BelowMinimum, Reason::EmptyTarget] {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
        }
    }
}
