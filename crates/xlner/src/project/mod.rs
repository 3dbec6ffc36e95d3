//! The job `project`: pairs whose source entities are known → the same pairs with the entities of the target.

mod filter;
mod learn;
pub(crate) mod method;
mod parts;
mod prepare;
mod projector;
mod report;
mod run;
pub(crate) mod stage;
mod translation;

use std::path::PathBuf;

use xlner_formats::{ReadOptions, Side, WriteOptions};

pub use filter::{FilterFigures, FilterOptions};
pub use learn::LearntScores;
pub use method::{MethodKind, MethodOptions, parse_solver};
pub use parts::Passes;
pub use projector::{ProjectModels, Projector, TargetTags};
pub use report::{Gap, Inputs, Origin, ProjectReport, Proofs, Seconds};

pub(crate) use translation::{NO_MODEL, TranslationScores};

use crate::engine::output::{Output, check_entities, holds_records};
use crate::engine::source::{Input, Source};
use crate::eval::Judge;
use crate::progress::Listener;
use crate::{Error, Result};
use projector::Place;
use run::{End, Run};

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
    /// How they are aligned and projected.
    pub projector: Projector,
    /// A file of gold entities that the target's are compared with, and how it is read.
    pub gold: Option<(PathBuf, ReadOptions)>,
    /// Where the result goes; formats that hold pairs and entities (JSONL, Parquet) get the pairs, others the target
    /// sentences.
    pub output: PathBuf,
    /// How it is written.
    pub output_options: WriteOptions,
}

impl ProjectJob {
    /// Checks what can be checked without reading anything.
    ///
    /// # Errors
    /// [`Error::Options`].
    fn check(&self, models: &ProjectModels<'_>) -> Result<()> {
        if self.gold.is_some() && self.projector.method.filters.leaves_out_sentences() {
            return Err(Error::Option {
                field: "gold",
                problem: "has every sentence, and filters that drop sentences leave some out: let them drop entities"
                    .into(),
            });
        }
        let bare = matches!(self.input, Input::Files { .. });
        self.projector.check(models, bare, self.alignment.is_some())?;
        check_entities(&self.output, &self.output_options)?;
        let mut inputs = self.input.paths();
        inputs.extend(self.alignment.as_deref());
        inputs.extend(self.projector.aligner.paths());
        inputs.extend(self.gold.as_ref().map(|(path, _)| path.as_path()));
        if inputs.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
            return Err(Error::Options("standard input (-) can be read once only".into()));
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
        let run = Run::new(&self.projector, models, self.place(), linked, listener)?;
        // Before the long work: a folder that is not there is found out at once.
        let end = End {
            output: Output::entities(&self.output, &self.output_options, Side::Target)?,
            judge: self.judge()?,
            input: &self.input,
        };
        match (run.streams(), holds_records(&self.output, &self.output_options)) {
            (true, _) => run.stream(source, end),
            (false, true) => run.in_memory(source, end),
            (false, false) => run.without_new_links().in_memory(source, end),
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
        let first = || Ok(source.peek()?.is_some_and(|pair| pair.alignment.is_some()));
        Ok(self.alignment.is_some() || self.projector.linked(models, first)?)
    }

    /// Where the pairs come from.
    fn place(&self) -> Place<'_> {
        Place { pairs: self.input.name(), links: self.alignment.as_deref() }
    }
}
