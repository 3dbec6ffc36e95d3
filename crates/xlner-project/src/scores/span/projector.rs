//! Projection of a whole corpus by the span score.

use rayon::prelude::*;
use xlner_core::{Pair, Posteriors};

use super::consistency::{Choice, Consistency};
use super::corpus::Corpus;
use super::labels::Labels;
use super::model::{SpanModel, Statistics, longest};
use super::prepared::Prepared;
use super::scorer::SpanScorer;
use crate::{Matching, PairProjector, Result, Workspace};

/// Pairs per step between two calls of the progress function.
const BATCH: usize = 4096;

/// What the projection of a corpus is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanStage {
    /// Posteriors and counts of words.
    Counting,
    /// First pass: how each name is usually projected.
    Learning,
    /// Second pass: the projection.
    Projecting,
}

/// Projects the entities of all pairs of a corpus with the score `span`.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanProjector {
    /// Weights of the measurements.
    pub model: SpanModel,
    /// Candidates, solver and the weights of all scores; `span` is this one.
    pub matching: Matching,
    /// Whether labels are corrected by the majority of the corpus, and adjectives become `MISC` where there is that label.
    pub correct_labels: bool,
}

/// Posteriors of a pair; the buffers `B` of the thread are kept between pairs.
pub type PosteriorsOf<'f, B> = dyn Fn(&mut B, &Pair) -> Posteriors + Sync + 'f;

/// Hears the stage, the pairs done and all pairs.
type Heard<'f> = &'f mut dyn FnMut(SpanStage, usize, usize);

/// A result, or the index of a pair and what is wrong with it.
type PartResult<T> = std::result::Result<T, (usize, crate::Error)>;

impl SpanProjector {
    /// Writes the projected entities and the [`Projection`](xlner_core::Projection) into every pair. The target's
    /// entities before, if any, are gone. Posteriors are asked for once per pair; those of pairs with source entities are
    /// held in memory. `progress` hears the stage, the pairs done and all pairs.
    ///
    /// # Errors
    /// The index of a pair and what is wrong with it; see [`PairProjector::project_with`]. Pairs before it may have been
    /// written already.
    pub fn project_corpus<B: Default>(
        &self,
        pairs: &mut [Pair],
        posteriors: &PosteriorsOf<'_, B>,
        progress: Heard<'_>,
    ) -> PartResult<()> {
        let (statistics, evidence, choices) = learn(&self.model, pairs, posteriors, progress)?;
        let labels = self.project_all(pairs, &statistics, &evidence, &choices, progress)?;
        self.correct(pairs, &labels);
        progress(SpanStage::Projecting, pairs.len(), pairs.len());
        Ok(())
    }

    /// Counts a part of a corpus, for [`Corpus::merge`].
    ///
    /// # Errors
    /// As [`project_corpus`](Self::project_corpus).
    pub fn count<B: Default>(&self, pairs: &[Pair], posteriors: &PosteriorsOf<'_, B>) -> PartResult<Corpus> {
        Ok(count(pairs, posteriors, &mut |_, _, _| ())?.0)
    }

    /// Makes the first pass over a part of a corpus that was counted, for [`Consistency::merge`].
    ///
    /// # Errors
    /// As [`project_corpus`](Self::project_corpus), and [`NotCounted`](crate::Error::NotCounted).
    pub fn learn<B: Default>(
        &self,
        pairs: &[Pair],
        posteriors: &PosteriorsOf<'_, B>,
        corpus: &Corpus,
    ) -> PartResult<Consistency> {
        let evidence = evidence(pairs, posteriors, corpus)?;
        Ok(first_pass(&self.model, pairs, corpus, &evidence, &mut |_, _, _| ()).0)
    }

    /// Projects a part of a corpus of which both passes are known. [`correct`](Self::correct) is then due, when the labels of all
    /// parts are merged ([`Labels::merge`]).
    ///
    /// # Errors
    /// As [`learn`](Self::learn).
    pub fn project<B: Default>(
        &self,
        pairs: &mut [Pair],
        posteriors: &PosteriorsOf<'_, B>,
        statistics: &Statistics,
    ) -> PartResult<Labels> {
        let evidence = evidence(pairs, posteriors, &statistics.corpus)?;
        let quiet: Heard<'_> = &mut |_, _, _| ();
        let (_, choices) = first_pass(&self.model, pairs, &statistics.corpus, &evidence, quiet);
        self.project_all(pairs, statistics, &evidence, &choices, quiet)
    }

    /// Corrects the labels of projected entities, where they are to be corrected.
    pub fn correct(&self, pairs: &mut [Pair], labels: &Labels) {
        if self.correct_labels {
            pairs.par_iter_mut().for_each(|pair| labels.correct(pair));
        }
    }

    /// The second pass.
    fn project_all(
        &self,
        pairs: &mut [Pair],
        statistics: &Statistics,
        evidence: &[Posteriors],
        choices: &[Vec<Vec<Choice>>],
        progress: Heard<'_>,
    ) -> PartResult<Labels> {
        let total = pairs.len();
        let projector = PairProjector::from(self.matching.clone());
        let mut labels = Labels::default();
        for first in (0..total).step_by(BATCH) {
            progress(SpanStage::Projecting, first, total);
            let end = (first + BATCH).min(total);
            let projected: Vec<Result<_>> = pairs[first..end]
                .par_iter()
                .enumerate()
                .map_init(Workspace::default, |workspace, (at, pair)| {
                    let index = first + at;
                    let mut scorer = self.scorer(pair, statistics, &evidence[index], &choices[index]);
                    projector.project_with(pair, &mut [("span", &mut scorer)], workspace)
                })
                .collect();
            for ((index, pair), projected) in (first..end).zip(&mut pairs[first..end]).zip(projected) {
                let (entities, projection) = projected.map_err(|error| (index, error))?;
                pair.target.entities = entities;
                pair.projection = Some(projection);
                labels.add(pair);
            }
        }
        Ok(labels)
    }

    fn scorer(&self, pair: &Pair, statistics: &Statistics, posteriors: &Posteriors, own: &[Vec<Choice>]) -> SpanScorer {
        let entities = pair.source.entities.len();
        if entities == 0 {
            return SpanScorer { scores: Vec::new(), windows: Vec::new() };
        }
        let prepared = Prepared::new(pair, posteriors, &statistics.corpus, Some(&statistics.consistency), own);
        let scored = |entity: usize| {
            let view = prepared.entity(entity);
            (self.model.passes[1].log_odds(&view, longest(view.len())), view.window())
        };
        let (scores, windows) = (0..entities).map(scored).unzip();
        SpanScorer { scores, windows }
    }
}

/// What the first pass over a corpus leaves: statistics, posteriors and choices by pair.
pub(crate) type Learnt = (Statistics, Vec<Posteriors>, Vec<Vec<Vec<Choice>>>);

/// Counts the corpus and makes the first pass.
pub(crate) fn learn<B: Default>(
    model: &SpanModel,
    pairs: &[Pair],
    posteriors: &PosteriorsOf<'_, B>,
    progress: Heard<'_>,
) -> PartResult<Learnt> {
    let (corpus, evidence) = count(pairs, posteriors, progress)?;
    let (consistency, choices) = first_pass(model, pairs, &corpus, &evidence, progress);
    Ok((Statistics { corpus, consistency }, evidence, choices))
}

/// The first pass: how each name is usually projected, and the choices by pair.
fn first_pass(
    model: &SpanModel,
    pairs: &[Pair],
    corpus: &Corpus,
    evidence: &[Posteriors],
    progress: Heard<'_>,
) -> (Consistency, Vec<Vec<Vec<Choice>>>) {
    let mut consistency = Consistency::default();
    let mut choices = Vec::with_capacity(pairs.len());
    for first in (0..pairs.len()).step_by(BATCH) {
        progress(SpanStage::Learning, first, pairs.len());
        let end = (first + BATCH).min(pairs.len());
        let chosen: Vec<(Vec<_>, Vec<_>)> = (first..end)
            .into_par_iter()
            .map(|index| {
                let pair = &pairs[index];
                if pair.source.entities.is_empty() {
                    return (Vec::new(), Vec::new());
                }
                let prepared = Prepared::new(pair, &evidence[index], corpus, None, &[]);
                let entities = pair.source.entities.len();
                let ids = (0..entities).map(|entity| prepared.id(entity)).collect();
                (ids, model.first_choices(&prepared, entities))
            })
            .collect();
        for (ids, own) in chosen {
            for (id, own) in ids.into_iter().zip(&own) {
                consistency.count(id, own);
            }
            choices.push(own);
        }
    }
    (consistency, choices)
}

/// The posteriors of a part of a corpus that was counted.
fn evidence<B: Default>(
    pairs: &[Pair],
    posteriors: &PosteriorsOf<'_, B>,
    corpus: &Corpus,
) -> PartResult<Vec<Posteriors>> {
    match pairs.iter().position(|pair| !corpus.knows(pair)) {
        Some(stranger) => Err((stranger, crate::Error::NotCounted)),
        None => Ok(count(pairs, posteriors, &mut |_, _, _| ())?.1),
    }
}

/// Counts the words of a corpus. Posteriors of pairs without entities are empty in the result.
pub(crate) fn count<B: Default>(
    pairs: &[Pair],
    posteriors: &PosteriorsOf<'_, B>,
    progress: Heard<'_>,
) -> PartResult<(Corpus, Vec<Posteriors>)> {
    let mut corpus = Corpus::default();
    let mut evidence = Vec::with_capacity(pairs.len());
    for first in (0..pairs.len()).step_by(BATCH) {
        progress(SpanStage::Counting, first, pairs.len());
        let end = (first + BATCH).min(pairs.len());
        let found: Vec<Posteriors> = pairs[first..end].par_iter().map_init(B::default, posteriors).collect();
        for ((index, pair), found) in (first..end).zip(&pairs[first..end]).zip(found) {
            pair.validate().map_err(|error| (index, error.into()))?;
            corpus.add(pair, &found);
            evidence.push(if pair.source.entities.is_empty() { Posteriors::default() } else { found });
        }
    }
    Ok((corpus, evidence))
}
