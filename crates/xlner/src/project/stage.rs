//! Linking and projecting pairs that are in memory.

use rayon::prelude::*;
use xlner_align::Scratch;
use xlner_core::{Entity, Pair, Posteriors};
use xlner_project::decision::{Decided, decide, hand_over, take_back};
use xlner_project::scores::span::{SpanModel, SpanProjector, SpanStage};
use xlner_project::{Matching, Method, PairProjector, Workspace};

use super::method;
use crate::aligner::{Aligner, LinkExtraction};
use crate::decision::{DecisionFigures, Judging, OpenDecision, opinions};
use crate::engine::pump::{self, timed};
use crate::progress::{Listener, Progress, Stage};
use crate::{Error, Result};

/// Projects the pairs of a corpus.
pub(crate) struct CorpusProjector<'a> {
    pub method: &'a Method,
    /// Gives the links and posteriors that the method looks at; pairs that have links keep them.
    pub aligner: Option<&'a Aligner>,
    /// Whether labels stay those of the source entities ([`super::MethodOptions::keep_labels`]).
    pub keep_labels: bool,
    /// Whether pairs without links get the aligner's, though the method looks at its posteriors alone.
    pub keep_links: bool,
    /// The decision on uncertain source entities; `None` where none is made.
    pub decision: Option<&'a OpenDecision>,
    /// Who is asked where the decision is unsure.
    pub judging: Option<Judging<'a>>,
    /// The error of a pair, by its index.
    pub fail: &'a (dyn Fn(usize, &Pair, xlner_project::Error) -> Error + Sync),
}

/// Seconds of both steps.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CorpusClock {
    pub align: f64,
    pub project: f64,
    /// What was decided, where a decision was made.
    pub decision: Option<DecisionFigures>,
}

impl CorpusProjector<'_> {
    /// Links the pairs where the method needs it, and projects.
    ///
    /// # Errors
    /// That of the first pair that cannot be projected.
    pub fn run(&self, pairs: &mut [Pair], listener: Listener<'_>) -> Result<CorpusClock> {
        let mut clock = CorpusClock::default();
        if let Some(aligner) = self.aligner.filter(|_| method::needs_links(self.method)) {
            timed(&mut clock.align, || self.link(pairs, aligner, listener))?;
        }
        let mut figures = None;
        timed(&mut clock.project, || match (self.method, self.aligner) {
            (Method::Match(matching), Some(aligner)) if method::has_span(matching) => match self.decision {
                Some(decision) if pairs.iter().any(|pair| pair.source.probabilities.is_some()) => {
                    figures = Some(self.decide(pairs, decision, matching, aligner, listener)?);
                    Ok(())
                }
                _ => self.by_corpus(pairs, matching, !self.keep_labels, aligner, listener),
            },
            _ => self.pair_by_pair(pairs, listener),
        })?;
        clock.decision = figures;
        // After the projection, which must not see them.
        if let Some(aligner) = self.aligner.filter(|_| self.keep_links) {
            timed(&mut clock.align, || self.link(pairs, aligner, listener))?;
        }
        Ok(clock)
    }

    /// Gives the pairs that have no links the aligner's.
    fn link(&self, pairs: &mut [Pair], aligner: &Aligner, listener: Listener<'_>) -> Result<()> {
        let total = Some(pairs.len() as u64);
        pump::all(
            pairs,
            |scratch: &mut Scratch, pair, number| {
                if pair.alignment.is_none() {
                    let links = aligner.links(pair, &LinkExtraction::of_entities(), scratch);
                    pair.alignment = Some(links.map_err(|error| self.failed(number, pair, error.into()))?);
                }
                Ok(())
            },
            |done| listener(Progress { stage: Stage::Align, done, total }),
        )
    }

    fn pair_by_pair(&self, pairs: &mut [Pair], listener: Listener<'_>) -> Result<()> {
        let (projector, total) = (PairProjector { method: self.method.clone() }, Some(pairs.len() as u64));
        pump::all(
            pairs,
            |workspace: &mut Workspace, pair, number| {
                projector.apply(pair, workspace).map_err(|error| self.failed(number, pair, error))
            },
            |done| listener(Progress { stage: Stage::Project, done, total }),
        )
    }

    /// Projects all spans that the source's tagger holds possible; returns the source entities that were there.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn uncertain(&self, pairs: &mut [Pair], listener: Listener<'_>) -> Result<Vec<Option<Vec<Entity>>>> {
        let before = pairs.par_iter_mut().map(|pair| hand_over(&mut pair.source)).collect();
        if let (Method::Match(matching), Some(aligner)) = (self.method, self.aligner) {
            let matching = Matching { uncertain: true, ..matching.clone() };
            self.by_corpus(pairs, &matching, false, aligner, listener)?;
        }
        Ok(before)
    }

    /// Projects uncertain entities and keeps what the decision holds right. A corpus that it does not know its way about in is
    /// projected without it.
    fn decide(
        &self,
        pairs: &mut [Pair],
        open: &OpenDecision,
        matching: &Matching,
        aligner: &Aligner,
        listener: Listener<'_>,
    ) -> Result<DecisionFigures> {
        let given: Vec<_> = pairs.iter().map(|pair| pair.target.probabilities.clone()).collect();
        let mut before = self.uncertain(pairs, listener)?;
        opinions(pairs)?;
        let decided = decide(&open.decision, open.cut, pairs, &mut before);
        pairs.iter_mut().zip(given).for_each(|(pair, given)| pair.target.probabilities = given);
        match decided.map_err(|error| Error::Options(error.to_string()))? {
            Some(Decided { threshold, candidates, kept, target_tagger, .. }) => {
                let all = pairs.iter().flat_map(|pair| &pair.target.entities);
                let sum: f64 = all.filter_map(|entity| entity.probability).sum();
                let mean_probability = if kept > 0 { sum / kept as f64 } else { 0.0 };
                let judge = self.judging.map(|judging| judging.settle(pairs, self.fail)).transpose()?;
                Ok(DecisionFigures {
                    abstained: false,
                    candidates,
                    kept,
                    left_out: candidates - kept,
                    mean_probability,
                    threshold,
                    target_tagger,
                    judge,
                    ..DecisionFigures::of_one(pairs.len())
                })
            }
            None => {
                take_back(pairs, &mut before);
                self.by_corpus(pairs, matching, !self.keep_labels, aligner, listener)?;
                Ok(DecisionFigures { abstained: true, corpora_abstained: 1, ..DecisionFigures::of_one(pairs.len()) })
            }
        }
    }

    /// Projects with the score `span`, which looks at all pairs before it decides on one.
    fn by_corpus(
        &self,
        pairs: &mut [Pair],
        matching: &Matching,
        correct_labels: bool,
        aligner: &Aligner,
        listener: Listener<'_>,
    ) -> Result<()> {
        let projector = SpanProjector { model: SpanModel::default(), matching: matching.clone(), correct_labels };
        let posteriors = |scratch: &mut Scratch, pair: &Pair| -> Posteriors { aligner.posteriors(pair, scratch) };
        let result = projector.project_corpus(pairs, &posteriors, &mut |stage, done, total| {
            // Stages one after the other, on one scale.
            let before = match stage {
                SpanStage::Counting => 0,
                SpanStage::Learning => total,
                SpanStage::Projecting => 2 * total,
            };
            listener(Progress { stage: Stage::Project, done: (before + done) as u64, total: Some(3 * total as u64) });
        });
        result.map_err(|(index, error)| (self.fail)(index, &pairs[index], error))
    }

    /// The error of a pair by its number, counted from 1.
    fn failed(&self, number: u64, pair: &Pair, problem: xlner_project::Error) -> Error {
        (self.fail)(number as usize - 1, pair, problem)
    }
}
