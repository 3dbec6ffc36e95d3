//! Entities.

use serde::{Deserialize, Serialize};

use crate::{Extra, Span};

/// A span with a label and, where known, how sure we are and where it came from.
///
/// JSON: `{"start":0,"end":1,"label":"PER","score":0.91,"probability":0.97,"from":0,"margin":0.2}`, a half-open token range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Raw", into = "Raw")]
pub struct Entity {
    /// Tokens of the entity; never empty in a valid [`Sentence`](crate::Sentence).
    pub span: Span,
    /// Type: `PER`, `LOC`, …
    pub label: String,
    /// Confidence or matching score; the stage that wrote it says which range it has.
    pub score: Option<f64>,
    /// Calibrated probability that it is right, from 0 to 1: what the decision of projection says.
    pub probability: Option<f64>,
    /// Index of the source entity it was projected from.
    pub from: Option<usize>,
    /// Objective of the chosen assignment minus that of the best assignment without this match (≥ 0).
    pub margin: Option<f64>,
    /// Unknown fields.
    pub extra: Extra,
}

impl Entity {
    /// An entity without score or origin.
    pub fn new(span: impl Into<Span>, label: impl Into<String>) -> Self {
        Entity {
            span: span.into(),
            label: label.into(),
            score: None,
            probability: None,
            from: None,
            margin: None,
            extra: Extra::default(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Raw {
    start: usize,
    end: usize,
    label: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    margin: Option<f64>,
    #[serde(flatten)]
    extra: Extra,
}

impl From<Raw> for Entity {
    fn from(raw: Raw) -> Self {
        Entity {
            span: Span::new(raw.start, raw.end),
            label: raw.label,
            score: raw.score,
            probability: raw.probability,
            from: raw.from,
            margin: raw.margin,
            extra: raw.extra,
        }
    }
}

impl From<Entity> for Raw {
    fn from(entity: Entity) -> Self {
        Raw {
            start: entity.span.start,
            end: entity.span.end,
            label: entity.label,
            score: entity.score,
            probability: entity.probability,
            from: entity.from,
            margin: entity.margin,
            extra: entity.extra,
        }
    }
}
