//! What is done with pairs before they are projected.

use xlner_core::{Pair, Translator};

use super::projector::Place;
use super::{ProjectModels, Projector, TranslationScores};
use crate::Result;
use crate::align::EncoderAligner;
use crate::engine::pump::{self, BATCH};
use crate::engine::source::{self, Source};
use crate::engine::step::{Fail, Step};
use crate::flow::job::sentence_error;
use crate::flow::{Taggers, Translating, What};
use crate::progress::{Listener, Progress, Stage};
use crate::signs::Signs;

/// Makes pairs ready batch by batch: tokens, links, entities and the opinion of a tagger, the scores of a translation model.
pub(super) struct Preparation<'a> {
    place: Place<'a>,
    /// Makes the side that the pairs lack; [`Translating::what`] is found out when the first pair is seen.
    translator: Option<&'a mut dyn Translator>,
    missing: Option<(What, Option<String>)>,
    /// Links that records have are dropped.
    realign: bool,
    /// So are entities of unknown origin in the target.
    ignores_target_tags: bool,
    encoder: Option<EncoderAligner<'a>>,
    signs: Signs,
    steps: Vec<Box<dyn Step + 'a>>,
    /// Pairs must have a tagger's probabilities, as nothing else gives an opinion.
    wants_probabilities: bool,
}

impl<'a> Preparation<'a> {
    /// With the models of a projection. `uncertain` says whether a decision looks at the source tagger's probabilities.
    ///
    /// # Errors
    /// [`Error::Options`](crate::Error::Options) for a model that is not asked for anything.
    pub fn new(
        projector: &'a Projector,
        models: ProjectModels<'a>,
        place: Place<'a>,
        uncertain: bool,
        signs: &Signs,
    ) -> Result<Preparation<'a>> {
        let ProjectModels { translator, aligner, tagger, target_tagger, encoder, scorer, judging: _ } = models;
        let mut steps: Vec<Box<dyn Step + 'a>> = Vec::new();
        if tagger.is_some() || target_tagger.is_some() {
            steps.push(Box::new(Taggers {
                source: tagger,
                target: target_tagger,
                fused: None,
                uncertain,
                signs: signs.clone(),
            }));
        }
        if let Some(scores) = TranslationScores::new(&projector.method, scorer)? {
            steps.push(Box::new(scores));
        }
        let ignores_target_tags = projector.ignores_target_tags();
        Ok(Preparation {
            place,
            translator,
            missing: None,
            realign: place.links.is_none() && (projector.aligner.is_given() || aligner.is_some()),
            ignores_target_tags,
            encoder,
            signs: signs.clone(),
            steps,
            wants_probabilities: ignores_target_tags && target_tagger.is_none() && projector.method.needs_tagger(),
        })
    }

    /// Makes a batch ready; `first` is the number of its first pair, counted from 1.
    pub fn work(&mut self, pairs: &mut [Pair], first: u64) -> Result<()> {
        let place = self.place;
        let fail = |number, pair: &Pair, problem| sentence_error(place.pairs, number, pair, problem);
        self.translate(pairs, first, &fail)?;
        pump::each(pairs, first, |(): &mut (), pair, number| {
            if self.realign {
                pair.alignment = None;
            }
            if self.ignores_target_tags {
                pair.target.entities.clear();
            }
            source::tokenize(pair).map_err(|error| place.fail(number, pair, error.into()))?;
            // Probabilities are written by taggers alone.
            match self.wants_probabilities && pair.target.probabilities.is_none() && !pair.target.is_empty() {
                true => Err(place.fail(number, pair, xlner_project::Error::NoTagger)),
                false => Ok(()),
            }
        })?;
        if let Some(encoder) = &self.encoder {
            encoder.link(pairs, &|index, pair, problem| place.fail(first + index as u64, pair, problem))?;
        }
        self.steps.iter_mut().try_for_each(|step| step.work(pairs, first, &fail))
    }

    /// Makes the side that the pairs lack.
    fn translate(&mut self, pairs: &mut [Pair], first: u64, fail: Fail<'_>) -> Result<()> {
        let (Some(translator), Some(pair)) = (&mut self.translator, pairs.first()) else { return Ok(()) };
        let (what, lang) = self
            .missing
            .get_or_insert_with(|| match pair.source.text().is_empty() {
                true => (What::Target, pair.source.lang.clone()),
                false => (What::Source, pair.target.lang.clone()),
            })
            .clone();
        let there = |pair: &Pair| match what {
            What::Target => !pair.source.text().is_empty(),
            _ => !pair.target.text().is_empty(),
        };
        if let Some((number, pair)) = (first..).zip(&*pairs).find(|(_, pair)| there(pair)) {
            let problem = "it has both sentences; a translator makes the one that all pairs lack";
            return Err(fail(number, pair, problem.into()));
        }
        Translating { translator: &mut **translator, what, lang, signs: self.signs.clone() }.work(pairs, first, fail)
    }

    /// Ends, when no more pairs come.
    pub fn finish(&mut self) -> Result<()> {
        self.steps.iter_mut().try_for_each(|step| step.finish())
    }

    /// All pairs of a source, ready.
    pub fn all(&mut self, source: &mut Source, listener: Listener<'_>) -> Result<Vec<Pair>> {
        let mut pairs = Vec::new();
        loop {
            let mut batch = pump::read(source, BATCH)?;
            if batch.is_empty() {
                self.finish()?;
                return Ok(pairs);
            }
            self.work(&mut batch, pairs.len() as u64 + 1)?;
            pairs.append(&mut batch);
            listener(Progress { stage: Stage::Read, done: pairs.len() as u64, total: source.estimate() });
        }
    }
}
