//! What is done with pairs before they are projected.

use xlner_core::Pair;

use super::{ProjectJob, ProjectModels, TranslationScores};
use crate::Result;
use crate::align::EncoderAligner;
use crate::engine::pump::{self, BATCH};
use crate::engine::source::Source;
use crate::engine::step::Step;
use crate::flow::Taggers;
use crate::flow::job::sentence_error;
use crate::progress::{Listener, Progress, Stage};
use crate::signs::Signs;

/// Makes pairs ready batch by batch: tokens, links, the opinion of a tagger, the scores of a translation model.
pub(super) struct Preparation<'a> {
    job: &'a ProjectJob,
    /// Links that records have are dropped.
    realign: bool,
    encoder: Option<EncoderAligner<'a>>,
    steps: Vec<Box<dyn Step + 'a>>,
    /// Pairs must have a tagger's probabilities, as nothing else gives an opinion.
    wants_probabilities: bool,
}

impl<'a> Preparation<'a> {
    /// Of a job with its models.
    ///
    /// # Errors
    /// [`Error::Options`](crate::Error::Options) for a model that is not asked for anything.
    pub fn new(job: &'a ProjectJob, models: ProjectModels<'a>, signs: &Signs) -> Result<Preparation<'a>> {
        let ProjectModels { target_tagger, encoder, scorer } = models;
        let mut steps: Vec<Box<dyn Step + 'a>> = Vec::new();
        if target_tagger.is_some() {
            steps.push(Box::new(Taggers {
                source: None,
                target: target_tagger,
                uncertain: false,
                signs: signs.clone(),
            }));
        }
        if let Some(scores) = TranslationScores::new(&job.method, scorer)? {
            steps.push(Box::new(scores));
        }
        Ok(Preparation {
            job,
            realign: job.alignment.is_none() && job.aligner.is_given(),
            encoder,
            steps,
            wants_probabilities: job.ignores_target_tags() && target_tagger.is_none() && job.method.needs_tagger(),
        })
    }

    /// Makes a batch ready; `first` is the number of its first pair, counted from 1.
    pub fn work(&mut self, pairs: &mut [Pair], first: u64) -> Result<()> {
        let job = self.job;
        pump::each(pairs, first, |(): &mut (), pair, number| {
            job.prepare(pair, number, self.realign)?;
            // Probabilities are written by taggers alone.
            match self.wants_probabilities && pair.target.probabilities.is_none() && !pair.target.is_empty() {
                true => Err(job.fail(number, pair, xlner_project::Error::NoTagger)),
                false => Ok(()),
            }
        })?;
        if let Some(encoder) = &self.encoder {
            encoder.link(pairs, &|index, pair, problem| job.fail(first + index as u64, pair, problem))?;
        }
        let fail = |number, pair: &Pair, problem| sentence_error(job.input.name(), number, pair, problem);
        self.steps.iter_mut().try_for_each(|step| step.work(pairs, first, &fail))
    }

    /// All pairs of a source, ready.
    pub fn all(&mut self, source: &mut Source, listener: Listener<'_>) -> Result<Vec<Pair>> {
        let mut pairs = Vec::new();
        loop {
            let mut batch = pump::read(source, BATCH)?;
            if batch.is_empty() {
                return Ok(pairs);
            }
            self.work(&mut batch, pairs.len() as u64 + 1)?;
            pairs.append(&mut batch);
            listener(Progress { stage: Stage::Read, done: pairs.len() as u64, total: source.estimate() });
        }
    }
}
