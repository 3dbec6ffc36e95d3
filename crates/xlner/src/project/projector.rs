//! Projection of pairs that are in memory, and the options that it shares with the job.

use std::path::Path;

use xlner_core::{Pair, Tagger, TranslationScorer, Translator};

use super::method::{needs_links, needs_posteriors};
use super::run::Run;
use super::{IDLE_TAGGER, MethodOptions, NO_MODEL, NO_OPINION, ProjectReport};
use crate::align::EncoderAligner;
use crate::aligner::{Aligner, AlignerOptions};
use crate::decision::Judging;
use crate::progress::Listener;
use crate::{Error, Result};

/// Projects the entities of source sentences to their translations: pairs in, the same pairs with target entities out.
///
/// Its default is the default method: the built-in aligner is trained on the pairs, unless the first of them has links
/// already; the score is `span` (`align` where there are links); the assignment is exact; and where a tagger gave the source
/// sentences probabilities the default decision chooses what is kept. The job [`ProjectJob`](super::ProjectJob) does the same
/// from files to files.
#[derive(Debug, Clone)]
pub struct Projector {
    /// How entities are projected.
    pub method: MethodOptions,
    /// The built-in aligner, where there are no links. Any of its options given, links of records are not used.
    pub aligner: AlignerOptions,
    /// What the entities are that the target sentences already have.
    pub target_tags: TargetTags,
    /// Whether pairs keep the links that were used, and without any get those of the aligner; files that hold no records
    /// cannot.
    pub keep_links: bool,
}

impl Default for Projector {
    fn default() -> Projector {
        Projector {
            method: MethodOptions::default(),
            aligner: AlignerOptions::default(),
            target_tags: TargetTags::default(),
            keep_links: true,
        }
    }
}

/// What a projection may ask beside the pairs. What the method does not look at is refused.
#[derive(Default)]
pub struct ProjectModels<'a> {
    /// Makes the side that the pairs lack: their sources where the source of the first is empty, else their targets. The
    /// translation is of the language (`lang`) that the empty side of the first pair names.
    pub translator: Option<&'a mut dyn Translator>,
    /// A trained aligner, taken as it is instead of one that is trained on the pairs; links of records are not used then.
    pub aligner: Option<&'a Aligner>,
    /// Of the source language: finds the source entities, whatever entities the source sentences had.
    pub tagger: Option<&'a dyn Tagger>,
    /// Of the target language: gives the opinion that the scores `tagger` and `tagger-any` and the candidates of a tagger look
    /// at.
    pub target_tagger: Option<&'a dyn Tagger>,
    /// Gives the links, whatever links there are, instead of the built-in aligner.
    pub encoder: Option<EncoderAligner<'a>>,
    /// Gives the scores `nmt` and `codec`; without it they are read from the records.
    pub scorer: Option<&'a mut dyn TranslationScorer>,
    /// Who is asked about entities that the decision is unsure of.
    pub judging: Option<Judging<'a>>,
}

/// What the entities are that target sentences have before projection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TargetTags {
    /// Nobody's opinion, possibly gold: dropped before any score or candidate can see them.
    #[default]
    Ignored,
    /// What a tagger of the target language found: the scores `tagger` and `tagger-any` and the candidates of a tagger look at
    /// them.
    Tagger,
}

/// Where pairs come from: errors name it.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// The file of the pairs; empty where they are in memory.
    pub pairs: &'a Path,
    /// The file that gives the links.
    pub links: Option<&'a Path>,
}

impl Place<'_> {
    /// Of pairs in memory.
    pub fn memory() -> Place<'static> {
        Place { pairs: Path::new(""), links: None }
    }

    /// The error of a pair, by its number, counted from 1.
    pub fn fail(&self, number: u64, pair: &Pair, problem: xlner_project::Error) -> Error {
        let of_links = matches!(problem, xlner_project::Error::Core(xlner_core::Error::LinkOutOfRange { .. }));
        let file = self.links.filter(|_| of_links).unwrap_or(self.pairs);
        Error::of_pair(file, number, pair, problem)
    }
}

impl Projector {
    /// Projects the entities of all pairs. Sentences that are not tokenised are tokenised first. The target's entities
    /// before, if any, are gone; every new one carries its `score` and the source entity it comes `from`, and every pair how
    /// the projection went ([`Pair::projection`]).
    ///
    /// Filters that drop sentences ([`FilterOptions`](super::FilterOptions)) take pairs out; nothing else does.
    ///
    /// Same pairs, same options: same entities, whatever the number of threads.
    ///
    /// # Errors
    /// [`Error::Options`] for options that do not go together, and [`Error::Pair`], with the pair's number and id, where one
    /// does not hold what the method needs. Pairs may then be changed in part; none is lost.
    pub fn apply(&self, pairs: &mut Vec<Pair>) -> Result<ProjectReport> {
        self.apply_with(pairs, ProjectModels::default(), &mut |_| ())
    }

    /// The same with models of one's own, and a listener that hears how far it is.
    ///
    /// # Errors
    /// As [`apply`](Self::apply), and those of the models; [`Error::Sentence`] for a sentence that a model cannot work on.
    pub fn apply_with<'a>(
        &'a self,
        pairs: &mut Vec<Pair>,
        models: ProjectModels<'a>,
        listener: Listener<'a>,
    ) -> Result<ProjectReport> {
        let linked = self.linked(&models, || Ok(pairs.first().is_some_and(|pair| pair.alignment.is_some())))?;
        self.apply_as(linked, pairs, models, listener)
    }

    /// The same, where it is known whether the pairs have links.
    pub(super) fn apply_as<'a>(
        &'a self,
        linked: bool,
        pairs: &mut Vec<Pair>,
        models: ProjectModels<'a>,
        listener: Listener<'a>,
    ) -> Result<ProjectReport> {
        self.check(&models, false, false)?;
        Run::new(self, models, Place::memory(), linked, listener)?.apply(pairs)
    }

    /// Checks what can be checked without reading anything. Pairs that are `bare` hold no scores and probabilities; `links`
    /// says whether a file gives the links.
    ///
    /// # Errors
    /// [`Error::Options`].
    pub(super) fn check(&self, models: &ProjectModels<'_>, bare: bool, links: bool) -> Result<()> {
        self.method.check()?;
        let opinion = self.target_tags == TargetTags::Tagger || models.target_tagger.is_some();
        match self.method.needs_tagger() {
            true if bare && !opinion => return Err(Error::Options(NO_OPINION.into())),
            false if models.target_tagger.is_some() => return Err(Error::Options(IDLE_TAGGER.into())),
            false if opinion => {
                return Err(Error::Options(
                    "nothing looks at the target's tags: add option `scores` span=1,tagger=0.5 or option `candidates` tagger, or \
                     leave out option `target_tags`"
                        .into(),
                ));
            }
            _ => {}
        }
        if models.scorer.is_none() && self.method.needs_scorer() && bare {
            return Err(Error::Options(NO_MODEL.into()));
        }
        if models.encoder.is_some() && links {
            return Err(Error::Options(
                "option `alignment` gives the links, and so does option `encoder`: leave out one".into(),
            ));
        }
        if models.aligner.is_some() && self.aligner.is_given() {
            return Err(Error::Options("the aligner is given: leave out its options".into()));
        }
        if self.aligner.is_given() || models.aligner.is_some() {
            let method = self.method.resolve(links)?;
            let wanted = needs_links(&method) || self.method.filters.needs_links();
            if (links || !wanted) && !needs_posteriors(&method) {
                return Err(Error::Options(
                    "the aligner has nothing to do: leave out option `aligner`, option `bitext` and option `dictionary`, or take \
                     its score too (option `scores` align=1,span=1)"
                        .into(),
                ));
            }
        }
        Ok(())
    }

    /// Whether the pairs have links, or get them from an encoder. `first` says whether the first pair has some.
    pub(super) fn linked(&self, models: &ProjectModels<'_>, first: impl FnOnce() -> Result<bool>) -> Result<bool> {
        let given = self.aligner.is_given() || models.aligner.is_some();
        Ok(models.encoder.is_some() || !given && first()?)
    }

    /// Whether entities of the target that are there are dropped.
    pub(super) fn ignores_target_tags(&self) -> bool {
        self.target_tags == TargetTags::Ignored
    }
}
