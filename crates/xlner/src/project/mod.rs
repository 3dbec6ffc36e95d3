//! The job `project`: pairs whose source entities are known → the same pairs with the entities of the target.

mod filter;
mod learn;
pub(crate) mod method;
mod prepare;
mod report;
mod run;
pub(crate) mod stage;
mod translation;

use std::path::PathBuf;

use xlner_core::Pair;
use xlner_core::{Tagger, TranslationScorer};
use xlner_formats::{ReadOptions, WriteOptions};

pub use filter::{FilterFigures, FilterOptions};
pub use learn::LearntScores;
pub use method::{MethodKind, MethodOptions, parse_solver};
pub use report::{Gap, Inputs, Origin, ProjectReport, Proofs, Seconds};

pub(crate) use translation::{NO_MODEL, TranslationScores};

use crate::align::EncoderAligner;
use crate::aligner::AlignerOptions;
use crate::engine::output::check_entities;
use crate::engine::source::{self, Input, Source};
use crate::eval::Judge;
use crate::progress::Listener;
use crate::signs::Signs;
use crate::{Error, Result};
use prepare::Preparation;
use run::Run;

/// The error for scores and candidates of a tagger where nothing is known to be a tagger's.
const NO_OPINION: &str = "the scores tagger and tagger-any and the candidates tagger want a tagger's opinion of the target: give \
     option `target_tagger`; or where the target's tags are a tagger's, say option `target_tags` tagger (gold tags would be copied into the \
     result); or give records with the probabilities that `xlner tag` with option `probabilities` writes";

/// The error for a tagger that nothing looks at.
pub(crate) const IDLE_TAGGER: &str = "option `target_tagger` is not asked for anything: add option `scores` span=1,tagger=0.5 or option `candidates` tagger";

/// Projects entities.
///
/// Links are taken from the file of links, else from the records, where the first record has some. Then, and where a
/// trained model gives them, pairs are streamed: memory follows the batch. Else the built-in aligner is trained on the
/// pairs and on every extra bitext, and all pairs are held in memory until they are written; so they are with the score
/// `span`, which looks at the whole corpus.
#[derive(Debug, Clone)]
pub struct ProjectJob {
    /// The pairs.
    pub input: Input,
    /// A file of links, one alignment a pair.
    pub alignment: Option<PathBuf>,
    /// How it is read.
    pub alignment_options: ReadOptions,
    /// The built-in aligner, where there are no links. Any of its options given, links of records are not used.
    pub aligner: AlignerOptions,
    /// How entities are projected.
    pub method: MethodOptions,
    /// What the entities are that the target sentences already have.
    pub target_tags: TargetTags,
    /// A file of gold entities that the target's are compared with, and how it is read.
    pub gold: Option<(PathBuf, ReadOptions)>,
    /// Whether records are written with the links that were used, those of the aligner included.
    pub keep_links: bool,
    /// Where the result goes; formats that hold pairs and entities (JSONL, Parquet) get the pairs, others the target
    /// sentences.
    pub output: PathBuf,
    /// How it is written.
    pub output_options: WriteOptions,
}

/// What a projection may ask beside the pairs. What the method does not look at is refused.
#[derive(Default)]
pub struct ProjectModels<'a> {
    /// Of the target language: gives the opinion that the scores `tagger` and `tagger-any` and the candidates of a tagger look
    /// at.
    pub target_tagger: Option<&'a dyn Tagger>,
    /// Gives the links, whatever links there are, instead of the built-in aligner.
    pub encoder: Option<EncoderAligner<'a>>,
    /// Gives the scores `nmt` and `codec`; without it they are read from the records.
    pub scorer: Option<&'a mut dyn TranslationScorer>,
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

impl ProjectJob {
    /// Checks what can be checked without reading anything.
    ///
    /// # Errors
    /// [`Error::Options`].
    fn check(&self, models: &ProjectModels<'_>) -> Result<()> {
        self.method.check()?;
        if self.gold.is_some() && self.method.filters.leaves_out_sentences() {
            return Err(Error::Option {
                field: "gold",
                problem: "has every sentence, and filters that drop sentences leave some out: let them drop entities"
                    .into(),
            });
        }
        let files = matches!(self.input, Input::Files { .. });
        let opinion = self.target_tags == TargetTags::Tagger || models.target_tagger.is_some();
        match self.method.needs_tagger() {
            true if files && !opinion => return Err(Error::Options(NO_OPINION.into())),
            false if models.target_tagger.is_some() => return Err(Error::Options(IDLE_TAGGER.into())),
            false if opinion => {
                return Err(Error::Options(
                    "nothing looks at the target's tags: add option `scores` span=1,tagger=0.5 or option `candidates` tagger, or leave out \
                     option `target_tags`"
                        .into(),
                ));
            }
            _ => {}
        }
        if models.scorer.is_none() && self.method.needs_scorer() && files {
            return Err(Error::Options(NO_MODEL.into()));
        }
        if models.encoder.is_some() && self.alignment.is_some() {
            return Err(Error::Options(
                "option `alignment` gives the links, and so does option `encoder`: leave out one".into(),
            ));
        }
        check_entities(&self.output, &self.output_options)?;
        let mut inputs = self.input.paths();
        inputs.extend(self.alignment.as_deref());
        inputs.extend(self.aligner.paths());
        inputs.extend(self.gold.as_ref().map(|(path, _)| path.as_path()));
        if inputs.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
            return Err(Error::Options("standard input (-) can be read once only".into()));
        }
        if self.aligner.is_given() {
            let method = self.method.resolve(self.alignment.is_some())?;
            let links = method::needs_links(&method) || self.method.filters.needs_links();
            let wanted = self.alignment.is_none() && links;
            if !wanted && !method::needs_posteriors(&method) {
                return Err(Error::Options(
                    "the aligner has nothing to do: leave out option `aligner`, option `bitext` and option `dictionary`, or take its score too \
                     (option `scores` align=1,span=1)"
                        .into(),
                ));
            }
        }
        Ok(())
    }

    /// Does the job. The output appears when all is done; only standard output is written to as it goes.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn run<'a>(&'a self, models: ProjectModels<'a>, listener: Listener<'a>) -> Result<ProjectReport> {
        self.check(&models)?;
        let mut source = self.open()?;
        let linked = self.linked(&mut source, &models)?;
        let method = self.method.resolve(linked)?;
        let corpus_wide = method::needs_posteriors(&method);
        let links = method::needs_links(&method) || self.method.filters.needs_links();
        let origin = match (links, &self.aligner.model) {
            (true, _) if linked && !corpus_wide => match models.encoder {
                Some(_) => Origin::Encoder,
                None => Origin::Given,
            },
            (false, _) if !corpus_wide => Origin::None,
            (_, Some(_)) => Origin::Model,
            (_, None) => Origin::Trained,
        };
        let signs = Signs::default();
        let run = Run {
            job: self,
            judge: self.judge()?,
            preparation: Preparation::new(self, models, &signs)?,
            signs,
            report: ProjectReport::new(Some(&method), origin),
            method,
            listener,
        };
        match (origin, &self.aligner.model) {
            (Origin::Model, Some(model)) if !corpus_wide && !self.aligner.trains() => {
                run.stream_with_model(source, model)
            }
            (Origin::Model | Origin::Trained, _) => run.in_memory(source),
            _ => run.stream(source, None),
        }
    }

    /// Opens the gold entities; the pairs are called as they will be when written.
    fn judge(&self) -> Result<Option<Judge>> {
        let stdout = self.output.as_os_str() == "-";
        let name = if stdout { self.input.name() } else { &self.output };
        self.gold.as_ref().map(|(path, options)| Judge::open(path, options, name)).transpose()
    }

    /// Opens the pairs.
    fn open(&self) -> Result<Source> {
        Source::open(&self.input, self.alignment.as_deref().map(|path| (path, &self.alignment_options)))
    }

    /// Whether the pairs have links, or get them from an encoder.
    fn linked(&self, source: &mut Source, models: &ProjectModels<'_>) -> Result<bool> {
        Ok(self.alignment.is_some()
            || models.encoder.is_some()
            || !self.aligner.is_given() && source.peek()?.is_some_and(|pair| pair.alignment.is_some()))
    }

    /// Makes a pair ready: tokens, links that fit them, no entities of unknown origin in the target.
    fn prepare(&self, pair: &mut Pair, number: u64, realign: bool) -> Result<()> {
        if realign {
            pair.alignment = None;
        }
        if self.ignores_target_tags() {
            pair.target.entities.clear();
        }
        source::tokenize(pair).map_err(|error| self.fail(number, pair, error.into()))
    }

    fn drop_links(&self, pair: &mut Pair) {
        if !self.keep_links {
            pair.alignment = None;
        }
    }

    fn ignores_target_tags(&self) -> bool {
        self.target_tags == TargetTags::Ignored
    }

    /// The error of a pair.
    fn fail(&self, number: u64, pair: &Pair, problem: xlner_project::Error) -> Error {
        let of_links = matches!(problem, xlner_project::Error::Core(xlner_core::Error::LinkOutOfRange { .. }));
        let file = self.alignment.as_deref().filter(|_| of_links).unwrap_or(self.input.name());
        Error::of_pair(file, number, pair, problem)
    }
}
