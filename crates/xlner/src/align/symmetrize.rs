//! Links of two directions, made elsewhere → one alignment.

use std::path::PathBuf;

use serde::Serialize;
use xlner_align::symmetrize::{Symmetrize, symmetrize};
use xlner_core::{Alignment, Pair};
use xlner_formats::{ReadOptions, WriteOptions};

use crate::engine::file::{File, Parallel};
use crate::engine::output::Output;
use crate::{Error, Result};

/// Merges given links of both directions, as `atools` of fast_align does.
#[derive(Debug, Clone)]
pub struct SymmetrizeJob {
    /// Links of the forward model, an alignment a line, source before target token.
    pub forward: PathBuf,
    /// Links of the reverse model, source before target token as well.
    pub reverse: PathBuf,
    /// How they are read.
    pub options: ReadOptions,
    /// How they are merged; any that does not need posteriors.
    pub method: Symmetrize,
    /// Less probable links are left out; 0 keeps all.
    pub threshold: f64,
    /// Where the links go.
    pub output: PathBuf,
    /// How they are written.
    pub output_options: WriteOptions,
}

/// Figures of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct SymmetrizeReport {
    /// Pairs.
    pub sentences: u64,
    /// Links of the forward model, of the reverse model, of the result.
    pub links: [u64; 3],
}

impl SymmetrizeJob {
    /// Does the job. The output appears when all is done; only standard output is written to as it goes.
    ///
    /// # Errors
    /// [`Error::Options`] for a method that needs posteriors; files that cannot be read or have different numbers of lines.
    pub fn run(&self) -> Result<SymmetrizeReport> {
        if self.method.needs_posteriors() {
            return Err(Error::Options(format!(
                "option `symmetrize` {} needs posteriors, not links; give grow-diag-final-and, say",
                self.method
            )));
        }
        if !(0.0..=1.0).contains(&self.threshold) {
            return Err(Error::Options("option `threshold` is a probability, 0 to 1".into()));
        }
        let open = |path| File::links(path, &self.options);
        let mut files = Parallel { files: vec![open(&self.forward)?, open(&self.reverse)?] };
        let mut output = Output::alignments(&self.output, &self.output_options)?;
        let mut report = SymmetrizeReport::default();
        while let Some(pairs) = files.next()? {
            let mut links = pairs.into_iter().map(|pair| pair.alignment.unwrap_or_default());
            let (a, b) = (links.next().unwrap_or_default(), links.next().unwrap_or_default());
            let end = |of: fn(&xlner_core::Link) -> u32| {
                a.links().iter().chain(b.links()).map(|link| of(link) as usize + 1).max().unwrap_or(0)
            };
            let merged = symmetrize(&a, &b, end(|link| link.source), end(|link| link.target), self.method)
                .map_err(|error| Error::Options(error.to_string()))?;
            let merged: Alignment =
                merged.links().iter().filter(|link| link.probability >= self.threshold).copied().collect();
            report.sentences += 1;
            for (count, links) in report.links.iter_mut().zip([&a, &b, &merged]) {
                *count += links.len() as u64;
            }
            output.write(Pair { alignment: Some(merged), ..Pair::default() })?;
        }
        output.finish()?;
        Ok(report)
    }
}
