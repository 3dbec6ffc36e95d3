//! Filters of a job: their options, and what they left out.

use std::collections::BTreeMap;

use serde::Serialize;
use xlner_core::Pair;
use xlner_project::filters::{Drops, Filter, filter, restrict_target};

/// Filters of projected entities, after the decision.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FilterOptions {
    /// Which ones, each once.
    pub filters: Vec<Filter>,
    /// What they drop; `None`: in `transfer` the sentence, else the entity.
    pub drops: Option<Drops>,
    /// Whether the counterpart of a one-token entity stays one token long.
    pub restrict_target: bool,
}

/// What filters left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct FilterFigures {
    /// Source entities that a filter rejected, by filter; one may be rejected by several.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Target entities taken out.
    pub entities: u64,
    /// Sentences left out.
    pub sentences: u64,
    /// Entities made one token long.
    pub restricted: u64,
}

impl FilterOptions {
    /// Whether any is asked for.
    pub(crate) fn is_given(&self) -> bool {
        !self.filters.is_empty() || self.restrict_target
    }

    /// Whether sentences are left out, where nothing else is usual.
    pub(crate) fn leaves_out_sentences(&self) -> bool {
        !self.filters.is_empty() && self.drops == Some(Drops::Sentence)
    }

    /// Whether links are looked at.
    pub(crate) fn needs_links(&self) -> bool {
        self.restrict_target || self.filters.iter().any(|filter| filter.needs_links())
    }

    /// Filters a projected pair; says whether it is to be written.
    pub(crate) fn apply(&self, pair: &mut Pair, usual: Drops, figures: &mut Option<FilterFigures>) -> bool {
        if !self.is_given() {
            return true;
        }
        let figures = figures.get_or_insert_default();
        if self.restrict_target {
            figures.restricted += restrict_target(pair);
        }
        let rejected = filter(pair, &self.filters, self.drops.unwrap_or(usual));
        for (filter, count) in self.filters.iter().zip(rejected.by_filter) {
            *figures.rejected.entry(filter.as_str()).or_default() += count;
        }
        figures.entities += rejected.entities;
        figures.sentences += u64::from(rejected.sentence);
        !rejected.sentence
    }
}
