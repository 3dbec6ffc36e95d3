//! Word alignments against gold ones, pair by pair.

use std::path::{Path, PathBuf};

use xlner_core::ReferenceAlignment;
use xlner_eval::{AlignmentEvaluation, AlignmentEvaluator};
use xlner_formats::ReadOptions;

use crate::engine::file::{File, Parallel};
use crate::{Error, Result};

/// Compares alignments with a gold one that has sure and possible links.
#[derive(Debug, Clone)]
pub struct AlignmentEvalJob {
    /// The gold alignment.
    pub gold: PathBuf,
    /// How it is read.
    pub gold_options: ReadOptions,
    /// Alignments, one file per system.
    pub alignments: Vec<PathBuf>,
    /// How they are read.
    pub options: ReadOptions,
}

impl AlignmentEvalJob {
    /// Does the job: the figures, system by system.
    ///
    /// # Errors
    /// [`Error::UnequalFiles`] where an alignment is missing, [`Error::Empty`] where there is none.
    pub fn run(&self) -> Result<Vec<AlignmentEvaluation>> {
        self.alignments.iter().map(|path| self.evaluate(path)).collect()
    }

    fn evaluate(&self, path: &Path) -> Result<AlignmentEvaluation> {
        let gold = File::links(&self.gold, &self.gold_options)?;
        let mut files = Parallel { files: vec![gold, File::links(path, &self.options)?] };
        let mut evaluator = AlignmentEvaluator::new();
        while let Some(pairs) = files.next()? {
            let mut links = pairs.into_iter().map(|pair| pair.alignment.unwrap_or_default());
            let (gold, links) = (links.next().unwrap_or_default(), links.next().unwrap_or_default());
            evaluator.push(&ReferenceAlignment::from(&gold), &links);
        }
        let figures = evaluator.finish();
        if figures.sentences == 0 {
            return Err(Error::Empty { file: self.gold.clone(), noun: "alignment" });
        }
        Ok(figures)
    }
}
