//! The job `silver sample`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use xlner_eval::stratified::{allocate, sample};
use xlner_formats::{ReadOptions, WriteOptions};

use super::routes::SilverSet;
use crate::engine::output::{Output, holds_records};
use crate::{Error, Result};

/// The field of a record that says which sentence of the set it is.
pub(super) const FIELD: &str = "silver";

/// Draws the sentences that people judge.
#[derive(Debug, Clone)]
pub struct SilverSampleJob {
    /// What the routes found in the same sentences; of pairs the target side counts.
    pub routes: Vec<PathBuf>,
    /// How they are read.
    pub options: ReadOptions,
    /// Sentences to judge.
    pub size: usize,
    /// Seed of the drawing.
    pub seed: u64,
    /// Where they go: records (JSONL, Parquet), in an order of chance, so that who judges the first of them only has judged
    /// a smaller sample.
    pub output: PathBuf,
    /// How they are written.
    pub output_options: WriteOptions,
}

/// What was drawn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SilverSample {
    /// Sentences of the set, and entities in it.
    pub sentences: usize,
    /// Entities of the set.
    pub entities: usize,
    /// Sentences to judge.
    pub sample: usize,
    /// The strata, the least doubtful first.
    pub strata: Vec<Stratum>,
}

/// Sentences that are about as doubtful.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Stratum {
    /// Sentences.
    pub sentences: usize,
    /// Of these, sentences to judge, or judged.
    pub judged: usize,
}

/// Which sentence of the set a record is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Place {
    /// Counted from 1.
    pub sentence: usize,
    /// Its stratum, counted from 1.
    pub stratum: usize,
}

impl SilverSampleJob {
    /// Does the job.
    ///
    /// # Errors
    /// See [`Error`]; files of other sentences than the first are named with the sentence.
    pub fn run(&self) -> Result<SilverSample> {
        if self.size < 2 {
            return Err(Error::Options(
                "a sample of fewer than two sentences tells nothing; judge fifty or more".into(),
            ));
        }
        check_records(&self.output, &self.output_options)?;
        let mut output = Output::pairs(&self.output, &self.output_options)?;
        let SilverSet { pairs, units, doubts } = SilverSet::read(&self.routes, &self.options)?;
        let places: Vec<usize> = units.iter().map(|unit| unit.stratum).collect();
        let drawn = sample(&places, &allocate(&places, &doubts, self.size), self.seed);
        for &at in &drawn {
            let mut pair = pairs[at].clone();
            let place = Place { sentence: at + 1, stratum: places[at] + 1 };
            pair.extra.remove("gold");
            pair.extra.insert(FIELD, serde_json::json!(place));
            output.write(pair)?;
        }
        output.finish()?;
        Ok(SilverSample {
            sentences: pairs.len(),
            entities: pairs.iter().map(|pair| pair.target.entities.len()).sum(),
            sample: drawn.len(),
            strata: counts(&places, drawn.iter().copied()),
        })
    }
}

/// Sentences of every stratum, all and judged.
pub(super) fn counts(places: &[usize], judged: impl Iterator<Item = usize>) -> Vec<Stratum> {
    let count = places.iter().max().map_or(0, |last| last + 1);
    let mut strata = vec![Stratum::default(); count];
    places.iter().for_each(|&stratum| strata[stratum].sentences += 1);
    judged.for_each(|at| strata[places[at]].judged += 1);
    strata
}

/// Records alone keep which sentence they are, and the source side.
pub(super) fn check_records(path: &std::path::Path, options: &WriteOptions) -> Result<()> {
    if holds_records(path, options) {
        return Ok(());
    }
    Err(Error::Options(format!(
        "{}: write records, as .jsonl or .parquet; other formats cannot say what was judged",
        path.display()
    )))
}
