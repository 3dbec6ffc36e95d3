//! The candidates of a corpus, and what is known of each.

use rayon::prelude::*;
use xlner_core::{Pair, Span};

use super::corpus::Corpus;
use super::features::{self, Projected, Row, View};

/// Labels that the source tagger gives a lower probability are no candidates.
const SOURCE_LEAST: f32 = 0.02;
/// Spans that the target tagger alone finds, with a lower probability, are no candidates.
const TARGET_LEAST: f32 = 0.1;

/// A target span that may be an entity of a label.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Index of its pair.
    pub pair: usize,
    /// The target span.
    pub span: Span,
    /// The label, as a number ([`Pool::label`]).
    pub label: u16,
    /// Index of the target entity that was projected there; `None` where the target tagger alone found it.
    pub projected: Option<usize>,
}

/// The candidates of a corpus with their features.
#[derive(Debug, Clone, Default)]
pub struct Pool {
    /// By pair.
    pub candidates: Vec<Candidate>,
    /// One row a candidate.
    pub(crate) rows: Vec<Row>,
    pub(crate) labels: Vec<String>,
    /// Whether a tagger gave its opinion of the target side.
    pub(crate) target: bool,
}

impl Pool {
    /// The candidates of pairs whose source entities were handed over ([`hand_over`](super::hand_over)) and projected. The
    /// target's probabilities are the opinion of a tagger that was not learnt from these very sentences; without any, the
    /// pool is of the source's evidence alone.
    pub fn new(pairs: &[Pair]) -> Pool {
        let corpus = Corpus::new(pairs);
        let found: Vec<Vec<(Candidate, Row)>> =
            (0..pairs.len()).into_par_iter().map(|index| of_pair(&corpus, index, &pairs[index])).collect();
        let (candidates, rows) = found.into_iter().flatten().unzip();
        Pool { candidates, rows, target: corpus.has_target(), labels: corpus.labels }
    }

    /// The label that a number stands for.
    pub fn label(&self, number: u16) -> &str {
        &self.labels[usize::from(number)]
    }

    /// Number of candidates.
    pub fn len(&self) -> usize {
        self.candidates.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.candidates.is_empty()
    }
}

fn of_pair(corpus: &Corpus, index: usize, pair: &Pair) -> Vec<(Candidate, Row)> {
    let (source, target) = (&corpus.source[index], &corpus.target[index]);
    let projected: Vec<Projected<'_>> = pair
        .target
        .entities
        .iter()
        .enumerate()
        .filter_map(|(number, entity)| {
            let from = pair.source.entities.get(entity.from?)?;
            Some(Projected { number, entity, source: source.at(from.span)? })
        })
        .collect();
    let mut found: Vec<(Span, u16)> = Vec::new();
    let mut add = |span: Span, label: u16| {
        if !found.contains(&(span, label)) {
            found.push((span, label));
        }
    };
    for projected in &projected {
        let labels = projected.source.labels.iter().filter(|(_, p)| *p >= SOURCE_LEAST);
        labels.for_each(|(label, _)| add(projected.entity.span, *label));
    }
    for marginal in target.spans.iter().flatten() {
        let labels = marginal.labels.iter().filter(|(_, p)| *p >= TARGET_LEAST);
        labels.for_each(|(label, _)| add(marginal.span, *label));
    }
    let rows = found.into_iter().map(|(span, label)| {
        let view = View::new(corpus, index, pair, &projected, span, label);
        let projected = view.projected.map(|projected| projected.number);
        (Candidate { pair: index, span, label, projected }, features::row(&view))
    });
    rows.collect()
}
