//! The job `project`: pairs whose source entities are known → the same pairs with the entities of the target.

mod learn;
pub(crate) mod method;
pub(crate) mod output;
mod report;
mod run;
pub(crate) mod stage;
mod translation;

use std::path::PathBuf;

use xlner_core::Pair;
use xlner_formats::{ReadOptions, WriteOptions};
use xlner_models::TranslationScorer;

pub use learn::LearntScores;
pub use method::{MethodKind, MethodOptions, parse_solver};
pub use report::{Gap, Inputs, Origin, ProjectReport, Proofs, Seconds};

pub(crate) use translation::{NO_MODEL, TranslationScores};

use crate::aligner::AlignerOptions;
use crate::input::{self, Input, Pairs};
use crate::progress::Listener;
use crate::{Error, Result};
use run::Run;

/// The error for scores and candidates of a tagger where nothing is known to be a tagger's.
const NO_OPINION: &str = "the scores tagger and tagger-any and the candidates tagger want a tagger's opinion of the target: where the \
     target's tags are a tagger's, say --target-tags tagger (gold tags would be copied into the result); or give records with the \
     probabilities that `xlner tag --probabilities` writes";

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
    /// Where the result goes; formats that hold pairs and entities (JSONL, Parquet) get the pairs, others the target
    /// sentences.
    pub output: PathBuf,
    /// How it is written.
    pub output_options: WriteOptions,
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
    pub fn check(&self) -> Result<()> {
        self.method.check()?;
        match (self.method.needs_tagger(), self.target_tags) {
            (true, TargetTags::Ignored) if matches!(self.input, Input::Files { .. }) => {
                return Err(Error::Options(NO_OPINION.into()));
            }
            (false, TargetTags::Tagger) => {
                return Err(Error::Options(
                    "nothing looks at the target's tags: add --scores span=1,tagger=0.5 or --candidates tagger, or leave out \
                     --target-tags"
                        .into(),
                ));
            }
            _ => {}
        }
        output::check(&self.output, &self.output_options)?;
        let mut inputs = self.input.paths();
        inputs.extend(self.alignment.as_deref());
        inputs.extend(self.aligner.paths());
        if inputs.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
            return Err(Error::Options("standard input (-) can be read once only".into()));
        }
        if self.aligner.is_given() {
            let method = self.method.resolve(self.alignment.is_some())?;
            let wanted = self.alignment.is_none() && method::needs_links(&method);
            if !wanted && !method::needs_posteriors(&method) {
                return Err(Error::Options(
                    "the aligner has nothing to do: leave out --aligner, --bitext and --dictionary, or take its score too \
                     (--scores align=1,span=1)"
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
    pub fn run(&self, listener: Listener<'_>) -> Result<ProjectReport> {
        self.run_with(None, listener)
    }

    /// The same with a translation model for the scores `nmt` and `codec`; without one they are read from the records.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn run_with(
        &self,
        scorer: Option<&mut dyn TranslationScorer>,
        listener: Listener<'_>,
    ) -> Result<ProjectReport> {
        self.check()?;
        if scorer.is_none() && self.method.needs_scorer() && matches!(self.input, Input::Files { .. }) {
            return Err(Error::Options(NO_MODEL.into()));
        }
        let translation = TranslationScores::new(&self.method, scorer.map(|scorer| scorer as _))?;
        let links = self.alignment.as_deref().map(|path| (path, &self.alignment_options));
        let mut pairs = Pairs::open(&self.input, links)?;
        let given =
            links.is_some() || !self.aligner.is_given() && pairs.peek()?.is_some_and(|pair| pair.alignment.is_some());
        let method = self.method.resolve(given)?;
        let span = method::needs_posteriors(&method);
        let ours = span || (!given && method::needs_links(&method));
        let origin = match (ours, &self.aligner.model) {
            (true, Some(_)) => Origin::Model,
            (true, None) => Origin::Trained,
            (false, _) if method::needs_links(&method) => Origin::Given,
            (false, _) => Origin::None,
        };
        let run = Run {
            job: self,
            realign: links.is_none() && self.aligner.is_given(),
            report: ProjectReport::new(Some(&method), origin),
            method,
            translation,
            listener,
        };
        match (ours, &self.aligner.model) {
            (false, _) => run.stream(pairs, None),
            (true, Some(model)) if !span && !self.aligner.trains() => run.stream_with_model(pairs, model),
            (true, _) => run.in_memory(pairs),
        }
    }

    /// Makes a pair ready: tokens, links that fit them, no entities of unknown origin in the target.
    fn prepare(&self, pair: &mut Pair, number: u64, realign: bool) -> Result<()> {
        if realign {
            pair.alignment = None;
        }
        if self.target_tags == TargetTags::Ignored {
            pair.target.entities.clear();
            // Probabilities are written by taggers alone.
            if self.method.needs_tagger() && pair.target.probabilities.is_none() && !pair.target.is_empty() {
                return Err(self.fail(number, pair, xlner_project::Error::NoTagger));
            }
        }
        input::tokenize(pair).map_err(|error| self.fail(number, pair, error.into()))
    }

    /// Gives the pairs that are read the scores of a translation model.
    fn score(&self, pair: &mut Pair, number: u64, realign: bool, scores: &mut TranslationScores<'_>) -> Result<()> {
        self.prepare(pair, number, realign)?;
        scores.fill(pair).map_err(|error| match error {
            xlner_models::Error::Sentence { problem, .. } => {
                Error::Sentence { file: self.input.name().to_owned(), number, id: pair.id.clone(), problem }
            }
            error => error.into(),
        })
    }

    /// The error of a pair.
    fn fail(&self, number: u64, pair: &Pair, problem: xlner_project::Error) -> Error {
        let of_links = matches!(problem, xlner_project::Error::Core(xlner_core::Error::LinkOutOfRange { .. }));
        let file = self.alignment.as_deref().filter(|_| of_links).unwrap_or(self.input.name());
        Error::of_pair(file, number, pair, problem)
    }
}
