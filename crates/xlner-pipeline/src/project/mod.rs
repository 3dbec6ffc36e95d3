//! The job `project`: pairs whose source entities are known → the same pairs with the entities of the target.

mod method;
mod output;
mod report;
mod run;

use std::path::PathBuf;

use xlner_core::Pair;
use xlner_formats::{ReadOptions, WriteOptions};

pub use method::{MethodKind, MethodOptions, parse_solver};
pub use report::{Gap, Inputs, Origin, ProjectReport, Proofs, Seconds};

use crate::input::{self, Input, Pairs};
use crate::progress::Listener;
use crate::{Error, Result};
use run::Run;

/// Projects entities.
///
/// Links are taken from the file of links, else from the records. Pairs are streamed: memory follows the batch.
#[derive(Debug, Clone)]
pub struct ProjectJob {
    /// The pairs.
    pub input: Input,
    /// A file of links, one alignment a pair.
    pub alignment: Option<PathBuf>,
    /// How it is read.
    pub alignment_options: ReadOptions,
    /// How entities are projected.
    pub method: MethodOptions,
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
    pub fn check(&self) -> Result<()> {
        self.method.check()?;
        output::check(&self.output, &self.output_options)?;
        let mut inputs = self.input.paths();
        inputs.extend(self.alignment.as_deref());
        if inputs.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
            return Err(Error::Options("standard input (-) can be read once only".into()));
        }
        Ok(())
    }

    /// Does the job. The output appears when all is done; only standard output is written to as it goes.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn run(&self, listener: Listener<'_>) -> Result<ProjectReport> {
        self.check()?;
        let links = self.alignment.as_deref().map(|path| (path, &self.alignment_options));
        let pairs = Pairs::open(&self.input, links)?;
        let method = self.method.resolve()?;
        let origin = if method::needs_links(&method) { Origin::Given } else { Origin::None };
        let run = Run { job: self, report: ProjectReport::new(&method, origin), method, listener };
        run.stream(pairs)
    }

    /// Makes a pair ready: tokens, links that fit them.
    fn prepare(&self, pair: &mut Pair, number: u64) -> Result<()> {
        input::tokenize(pair).map_err(|error| self.fail(number, pair, error.into()))
    }

    /// The error of a pair.
    fn fail(&self, number: u64, pair: &Pair, problem: xlner_project::Error) -> Error {
        let of_links = matches!(problem, xlner_project::Error::Core(xlner_core::Error::LinkOutOfRange { .. }));
        let file = self.alignment.as_deref().filter(|_| of_links).unwrap_or(self.input.name());
        Error::of_pair(file, number, pair, problem)
    }
}
