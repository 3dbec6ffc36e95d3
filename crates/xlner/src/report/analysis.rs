//! What a report says: counts, figures, curves, examples. It is [`serde::Serialize`]: what `xlner report` gives as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use xlner_core::{Entity, Pair};
use xlner_eval::{Calibration, Comparison, Evaluation};

use super::attribute::Attribution;
use super::classify::{ErrorClass, Finding};
use super::curve::Curve;
use super::excerpt::Excerpt;
use super::slices::{LabelConsistency, Part, SeenIn};

/// Everything that a report shows.
#[derive(Debug, Clone, Serialize)]
pub struct Analysis {
    /// Heading.
    pub title: String,
    /// Sentences (or pairs).
    pub sentences: u64,
    /// Target tokens.
    pub tokens: u64,
    /// Gold entities by label; `None` where nothing is known of gold.
    pub gold: Option<BTreeMap<String, u64>>,
    /// What was counted and how, as [`xlner_eval`] says it; `None` without gold.
    pub signature: Option<String>,
    /// One per file of predictions.
    pub systems: Vec<SystemAnalysis>,
    /// One per pair of systems; empty without gold.
    pub comparisons: Vec<Comparison>,
    /// Sentences in which the systems differ, drawn evenly; empty for one system.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// Sentences in which the systems differ.
    #[serde(skip_serializing_if = "is_zero")]
    pub different: u64,
    /// What `seen` means in the systems' figures by form; `None` without gold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen_in: Option<SeenIn>,
    /// How consistently gold labels its forms; `None` without gold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consistency: Option<LabelConsistency>,
}

/// What is said of one file of predictions.
#[derive(Debug, Clone, Serialize)]
pub struct SystemAnalysis {
    /// Name of the file.
    pub name: String,
    /// Predicted entities by label.
    pub predicted: BTreeMap<String, u64>,
    /// Precision, recall, F1 and so on, of the entities written as IOB2 tags; `None` without gold.
    pub figures: Option<Evaluation>,
    /// What became of the source entities; `None` where no sentence has a source side.
    pub projection: Option<ProjectionCounts>,
    /// One per class, in the order of [`ErrorClass::ALL`], without those that do not occur; empty without gold.
    pub errors: Vec<ErrorGroup>,
    /// What each stage costs, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution: Option<Attribution>,
    /// Whether probabilities mean what they say; `None` without gold, or where no entity has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    /// Labels against labels; `None` without gold.
    pub confusion: Option<Confusion>,
    /// The scores of predicted entities; `None` where no entity has one.
    pub score: Option<Curve>,
    /// Their margins.
    pub margin: Option<Curve>,
    /// Entities by number of tokens.
    pub lengths: Vec<Length>,
    /// Figures by number of tokens of the sentence; empty without gold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sentence_lengths: Vec<Part>,
    /// Figures of entities whose form was seen before ([`Analysis::seen_in`]), and of those whose form was not; empty without gold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by_form: Vec<Part>,
    /// How consistently the predictions label their forms.
    pub consistency: LabelConsistency,
    /// The most frequent forms.
    pub frequent: Frequent,
    /// Sentences to look at: with gold those that have entities and no error, else those that have entities.
    pub sentences: Vec<Example>,
    /// Sentences with source entities that were not projected, by reason; only without gold (with gold, the errors show them).
    pub unprojected: BTreeMap<&'static str, Vec<Example>>,
    /// Sentences whose tokens are written otherwise than in gold.
    pub other_tokens: u64,
}

/// What became of the source entities.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ProjectionCounts {
    /// Pairs with a source side.
    pub pairs: u64,
    /// Pairs that have links.
    pub aligned: u64,
    /// Source entities.
    pub source_entities: u64,
    /// Of those, the ones that an entity of the target names as its origin.
    pub projected: u64,
    /// The others, by reason; `unknown` where none is given.
    pub unprojected: BTreeMap<&'static str, u64>,
}

/// The errors of a class.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorGroup {
    /// The class.
    pub class: ErrorClass,
    /// Errors: a gold and a predicted entity that were matched are one.
    pub count: u64,
    /// Gold entities not found.
    pub gold: u64,
    /// Predicted entities that are wrong.
    pub predicted: u64,
    /// The same by label of the gold and of the predicted entity: `[gold, predicted]`.
    pub labels: BTreeMap<String, [u64; 2]>,
    /// Why the source entity was not projected (class `unprojected`); `unknown` where the projection does not say.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub reasons: BTreeMap<&'static str, u64>,
    /// Some of them, in the order of the file, drawn evenly.
    pub examples: Vec<Example>,
}

/// A sentence to look at.
#[derive(Debug, Clone, Serialize)]
pub struct Example {
    /// Number of the sentence in the file, counted from 1.
    pub number: u64,
    /// Its id; empty where it has none.
    pub id: String,
    /// The gold entity that was not found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gold: Option<Named>,
    /// The predicted entity that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicted: Option<Named>,
    /// The source entity that belongs to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Named>,
    /// Why it was not projected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// What of the sentence is meant; `None` for the sentence as a whole.
    #[serde(skip)]
    pub finding: Option<Finding>,
    /// The tokens of the pair that are shown.
    #[serde(skip)]
    pub excerpt: Excerpt,
    /// These tokens of the sentence, or the pair: predictions are the target's entities. Everything counts from the excerpt's
    /// first tokens.
    #[serde(skip)]
    pub pair: Pair,
    /// Its gold entities, where known.
    #[serde(skip)]
    pub gold_entities: Option<Vec<Entity>>,
}

/// A sentence in which the systems differ.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    /// Number of the sentence in the files, counted from 1.
    pub number: u64,
    /// Its id; empty where it has none.
    pub id: String,
    /// The gold entities, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gold: Option<Vec<Named>>,
    /// The entities of each system.
    pub systems: Vec<Vec<Named>>,
    /// The tokens of the pair that are shown.
    #[serde(skip)]
    pub excerpt: Excerpt,
    /// These tokens of the first system's pair, with its links.
    #[serde(skip)]
    pub pair: Pair,
    /// Gold entities in it, where known.
    #[serde(skip)]
    pub gold_entities: Option<Vec<Entity>>,
    /// Each system's entities in it.
    #[serde(skip)]
    pub versions: Vec<Vec<Entity>>,
}

/// An entity and its words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Named {
    /// First token.
    pub start: usize,
    /// Exclusive end: one past the last token.
    pub end: usize,
    /// Label.
    pub label: String,
    /// Words, 200 characters at most.
    pub form: String,
}

/// Labels of gold against labels of predictions, of the entities that were matched one to one ([`ErrorClass`]), whether or not
/// their spans are equal. The last row is predictions without a gold entity, the last column gold entities without a prediction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// Labels that occur, in order; of more than 100 the most frequent, and a last one that stands for all others.
    pub labels: Vec<String>,
    /// Labels that the last one stands for; 0 where all are there.
    #[serde(skip_serializing_if = "is_zero")]
    pub others: usize,
    /// `counts[gold][predicted]`, one more row and column than labels.
    pub counts: Vec<Vec<u64>>,
}

/// Entities of a number of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Length {
    /// Tokens; the last length stands for all from there on.
    pub tokens: usize,
    /// Gold entities; `None` without gold.
    pub gold: Option<u64>,
    /// Predicted entities.
    pub predicted: u64,
    /// Of those, right ones; `None` without gold.
    pub right: Option<u64>,
}

/// The most frequent forms, most frequent first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Frequent {
    /// Gold entities that share no token with a predicted one.
    pub missed: Vec<Form>,
    /// Predicted entities that share no token with a gold one.
    pub spurious: Vec<Form>,
    /// Source entities from which nothing was projected.
    pub unprojected: Vec<Form>,
    /// Predicted entities; only without gold.
    pub predicted: Vec<Form>,
}

/// A form with its label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Form {
    /// Words, 200 characters at most.
    pub form: String,
    /// Label.
    pub label: String,
    /// How often.
    pub count: u64,
}

fn is_zero<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
