//! What a projection came to.

use std::collections::BTreeMap;

use serde::Serialize;
use xlner_core::Pair;
use xlner_project::Method;

use super::filter::FilterFigures;
use crate::decision::DecisionFigures;
use crate::eval::EvalReport;
use crate::signs::Places;

/// Sentences listed whose optimum was not proven; the others are counted only.
const LISTED: usize = 100;

/// Figures of a run of `project`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ProjectReport {
    /// Version of xlner.
    pub version: &'static str,
    /// `match`, `heuristic`, in `transfer` `markers`, or in `label` `fusion`: then nothing was projected, and `target_entities` were
    /// found.
    pub method: &'static str,
    /// Scores and their weights (`match`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scores: Option<String>,
    /// Where the links or posteriors came from.
    pub alignment: Origin,
    /// Sentence pairs.
    pub sentences: u64,
    /// Entities of the source sentences.
    pub source_entities: u64,
    /// Source entities that have a counterpart now.
    pub projected: u64,
    /// Source entities that have none, by reason ([`Reason`](xlner_core::Reason)).
    pub unprojected: BTreeMap<&'static str, u64>,
    /// Entities written into target sentences; more than `projected` where an entity may have several counterparts.
    pub target_entities: u64,
    /// What was decided, where the source's entities are uncertain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionFigures>,
    /// What filters left out, where there are some. Sentences that they left out are counted here alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filters: Option<FilterFigures>,
    /// The target's entities against those of the file of gold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<EvalReport>,
    /// What the solver proved.
    pub solver: Proofs,
    /// What of the input was not as it should be.
    pub input: Inputs,
    /// Seconds by stage.
    pub seconds: Seconds,
    /// What speaks for a mistake.
    #[serde(skip)]
    pub(crate) places: Places,
}

/// Where links or posteriors came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Nothing was needed.
    #[default]
    None,
    /// The file of links, or the records.
    Given,
    /// The built-in aligner, trained on the pairs at hand.
    Trained,
    /// A model file.
    Model,
    /// An encoder's vectors.
    Encoder,
}

/// What the solver proved, over the pairs whose source has entities.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Proofs {
    /// Name of the solver; `None` for the heuristic.
    pub name: Option<&'static str>,
    /// Assignments proven to be the best.
    pub proven: u64,
    /// Assignments with a bound above them.
    pub with_gap: u64,
    /// Assignments without a bound (greedy, bipartite, heuristic).
    pub without_bound: u64,
    /// The first hundred with a bound above them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
}

/// An assignment that may not be the best.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gap {
    /// Number of the pair, counted from 1.
    pub sentence: u64,
    /// Its id.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Sum of the scores of the assignment.
    pub objective: f64,
    /// No assignment has a greater sum than this.
    pub bound: f64,
}

/// What of the input was not as it should be, or was added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Inputs {
    /// Pairs of which a side is empty: nothing can be projected.
    pub empty_pairs: u64,
    /// Long pairs ([`Pair::LONG`]) among those that the built-in aligner aligned: it cut them into pieces.
    pub long_pairs: u64,
    /// Tags that broke the rules of their scheme and were read as `conlleval` reads them.
    pub repaired_tags: u64,
    /// Sentences tokenised by us.
    pub tokenized_sentences: u64,
    /// Pairs of other bitexts that the aligner was trained on.
    pub bitext_pairs: u64,
    /// Entries of dictionaries.
    pub dictionary_entries: u64,
    /// Entities of target sentences that were taken for a tagger's opinion, because the user said so.
    pub target_tags: u64,
}

/// Wall-clock seconds by stage. Where pairs are streamed, reading and writing go on beside projecting, so that the sum may
/// be more than the whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Seconds {
    /// Reading.
    pub read: f64,
    /// Training the aligner, or loading its model.
    pub train: f64,
    /// Taking links from the aligner, where that is a step of its own.
    pub align: f64,
    /// Projecting; with a streamed model, or the score `span`, asking the aligner too.
    pub project: f64,
    /// Writing.
    pub write: f64,
}

impl ProjectReport {
    /// Of a method; `None` is projection by markers.
    pub(crate) fn new(method: Option<&Method>, alignment: Origin) -> Self {
        let (name, scores, solver) = match method {
            None => ("markers", None, None),
            Some(Method::Heuristic(_)) => ("heuristic", None, None),
            Some(Method::Match(matching)) => {
                ("match", Some(matching.weights.to_string()), Some(matching.solver.as_str()))
            }
        };
        ProjectReport {
            version: env!("CARGO_PKG_VERSION"),
            method: name,
            scores,
            alignment,
            solver: Proofs { name: solver, ..Proofs::default() },
            ..ProjectReport::default()
        }
    }

    /// Counts a projected pair, the next in order.
    pub(crate) fn count(&mut self, pair: &Pair) {
        self.sentences += 1;
        self.places.add(pair);
        self.input.empty_pairs += u64::from(pair.source.is_empty() || pair.target.is_empty());
        let cut = matches!(self.alignment, Origin::Trained | Origin::Model) && pair.is_long();
        self.input.long_pairs += u64::from(cut);
        let entities = pair.source.entities.len();
        let Some(projection) = &pair.projection else { return };
        self.source_entities += entities as u64;
        self.target_entities += pair.target.entities.len() as u64;
        self.projected += (entities - projection.unprojected.len()) as u64;
        for unprojected in &projection.unprojected {
            *self.unprojected.entry(unprojected.reason.as_str()).or_default() += 1;
        }
        if entities == 0 {
            return;
        }
        match projection.bound {
            None => self.solver.without_bound += 1,
            Some(bound) if bound <= projection.objective => self.solver.proven += 1,
            Some(bound) => {
                self.solver.with_gap += 1;
                if self.solver.gaps.len() < LISTED {
                    let (sentence, id, objective) = (self.sentences, pair.id.clone(), projection.objective);
                    self.solver.gaps.push(Gap { sentence, id, objective, bound });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use xlner_core::{Entity, Projection, Reason, Sentence, Unprojected};

    use super::*;

    #[test]
    fn everything_is_counted_once() {
        let mut report = ProjectReport::new(Some(&Method::default()), Origin::Given);
        let mut pair = Pair {
            id: "a".into(),
            source: Sentence::from_tokens(["x", "y"]),
            target: Sentence::from_tokens(["z"]),
            ..Pair::default()
        };
        pair.source.entities = vec![Entity::new(0..1, "PER"), Entity::new(1..2, "PER")];
        pair.target.entities = vec![Entity::new(0..1, "PER")];
        let unprojected = vec![Unprojected { entity: 1, reason: Reason::Conflict }];
        for bound in [None, Some(1.0), Some(1.5)] {
            pair.projection = Some(Projection { objective: 1.0, bound, unprojected: unprojected.clone() });
            report.count(&pair);
        }
        assert_eq!((report.sentences, report.source_entities, report.projected, report.target_entities), (3, 6, 3, 3));
        assert_eq!(report.unprojected, BTreeMap::from([("conflict", 3)]));
        let Proofs { proven, with_gap, without_bound, gaps, .. } = &report.solver;
        assert_eq!((*proven, *with_gap, *without_bound), (1, 1, 1));
        assert_eq!(gaps, &[Gap { sentence: 3, id: "a".into(), objective: 1.0, bound: 1.5 }]);
    }
}
