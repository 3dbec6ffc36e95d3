//! Linking and projecting pairs that are in memory.

use xlner_align::Scratch;
use xlner_core::{Pair, Posteriors};
use xlner_project::span::{SpanModel, SpanProjector, SpanStage};
use xlner_project::{Matching, Method, Projector, Workspace};

use super::method;
use crate::aligner::{Aligner, Extraction};
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
    /// The error of a pair, by its index.
    pub fail: &'a (dyn Fn(usize, &Pair, xlner_project::Error) -> Error + Sync),
}

/// Seconds of both steps.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CorpusClock {
    pub align: f64,
    pub project: f64,
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
        timed(&mut clock.project, || match (self.method, self.aligner) {
            (Method::Match(matching), Some(aligner)) if method::has_span(matching) => {
                self.by_corpus(pairs, matching, aligner, listener)
            }
            _ => self.pair_by_pair(pairs, listener),
        })?;
        Ok(clock)
    }

    /// Gives the pairs that have no links the aligner's.
    fn link(&self, pairs: &mut [Pair], aligner: &Aligner, listener: Listener<'_>) -> Result<()> {
        let total = Some(pairs.len() as u64);
        pump::all(
            pairs,
            |scratch: &mut Scratch, pair, number| {
                if pair.alignment.is_none() {
                    let links = aligner.links(pair, &Extraction::default(), scratch);
                    pair.alignment = Some(links.map_err(|error| self.failed(number, pair, error.into()))?);
                }
                Ok(())
            },
            |done| listener(Progress { stage: Stage::Align, done, total }),
        )
    }

    fn pair_by_pair(&self, pairs: &mut [Pair], listener: Listener<'_>) -> Result<()> {
        let (projector, total) = (Projector { method: self.method.clone() }, Some(pairs.len() as u64));
        pump::all(
            pairs,
            |workspace: &mut Workspace, pair, number| {
                projector.apply(pair, workspace).map_err(|error| self.failed(number, pair, error))
            },
            |done| listener(Progress { stage: Stage::Project, done, total }),
        )
    }

    /// Projects with the score `span`, which looks at all pairs before it decides on one.
    fn by_corpus(
        &self,
        pairs: &mut [Pair],
        matching: &Matching,
        aligner: &Aligner,
        listener: Listener<'_>,
    ) -> Result<()> {
        let projector = SpanProjector {
            model: SpanModel::default(),
            matching: matching.clone(),
            correct_labels: !self.keep_labels,
        };
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
