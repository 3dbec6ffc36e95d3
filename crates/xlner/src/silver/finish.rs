//! The job `silver finish`.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::json;
use xlner_core::{Entity, Pair};
use xlner_eval::Resampling;
use xlner_eval::stratified::{Interval, JudgedCounts, estimate};
use xlner_formats::{ReadOptions, WriteOptions, read_pairs};

use super::routes::SilverSet;
use super::sample::{FIELD, Place, Stratum, check_records, counts};
use crate::convert::gold;
use crate::engine::output::Output;
use crate::{Error, Result};

/// Puts what people judged into the set, and says how good the whole is.
#[derive(Debug, Clone)]
pub struct SilverFinishJob {
    /// The files that the sample was drawn from.
    pub routes: Vec<PathBuf>,
    /// How they are read.
    pub options: ReadOptions,
    /// The sample, judged: its records with the right entities in `gold`. Those without were not judged.
    pub judged: PathBuf,
    /// How it is read.
    pub judged_options: ReadOptions,
    /// Bootstrap replicates and their seed.
    pub resampling: Resampling,
    /// Where the set goes: the majority's entities, in judged sentences those of people.
    pub output: PathBuf,
    /// How it is written.
    pub output_options: WriteOptions,
}

/// How good a set is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SilverFigures {
    /// Sentences of the set.
    pub sentences: usize,
    /// Entities in it as it is written.
    pub entities: usize,
    /// Sentences that were judged.
    pub judged: usize,
    /// Records of the sample that have no `gold`: nobody judged them.
    pub not_judged: usize,
    /// Of the set as it is written, against people: F1 and its 95 % interval.
    #[serde(flatten)]
    pub set: Interval,
    /// The same before the judged sentences were put right: how good the routes' majority is.
    pub majority: Interval,
    /// How many entities people would find in all sentences, estimated.
    pub gold: f64,
    /// The strata, the least doubtful first.
    pub strata: Vec<Stratum>,
}

impl SilverFinishJob {
    /// Does the job. The set appears when all is done.
    ///
    /// # Errors
    /// See [`Error`]; a record that is not from the sample of these files is named.
    pub fn run(&self) -> Result<SilverFigures> {
        check_records(&self.output, &self.output_options)?;
        let mut output = Output::pairs(&self.output, &self.output_options)?;
        let SilverSet { mut pairs, mut units, .. } = SilverSet::read(&self.routes, &self.options)?;
        let places: Vec<usize> = units.iter().map(|unit| unit.stratum).collect();
        let (mut judged, mut not_judged) = (Vec::new(), 0);
        for (record, number) in read_pairs(&self.judged, &self.judged_options)?.zip(1..) {
            let record = record?;
            let failed =
                |problem: String| Error::Sentence { file: self.judged.clone(), number, id: record.id.clone(), problem };
            let at = self.place(&record, &pairs, &places).map_err(&failed)?;
            let Some(gold) = gold::field(&record).map_err(&failed)? else {
                not_judged += 1;
                continue;
            };
            if units[at].judged.is_some() {
                return Err(failed("it is there twice; export one version of every sentence".into()));
            }
            let pair = &mut pairs[at];
            if let Some(wrong) = gold.iter().find(|e| e.span.is_empty() || e.span.end > pair.target.len()) {
                return Err(failed(format!(
                    "gold entity {} does not fit its {} tokens",
                    wrong.span,
                    pair.target.len()
                )));
            }
            let same = |a: &&Entity| gold.iter().any(|b| a.span == b.span && a.label == b.label);
            let right = pair.target.entities.iter().filter(same).count() as f64;
            units[at].judged = Some(JudgedCounts { right, gold: gold.len() as f64 });
            pair.target.entities = gold;
            pair.extra.insert(FIELD, json!({ "judged": true }));
            judged.push(at);
        }
        let estimated = estimate(&units, &self.resampling).ok_or_else(|| {
            Error::Options(format!(
                "{}: {} of its records have a field `gold`, and two at least must have been judged; `xlner review export` \
                 writes it",
                self.judged.display(),
                judged.len()
            ))
        })?;
        let entities = pairs.iter().map(|pair| pair.target.entities.len()).sum();
        let sentences = pairs.len();
        pairs.into_iter().try_for_each(|pair| output.write(pair))?;
        output.finish()?;
        Ok(SilverFigures {
            sentences,
            entities,
            judged: judged.len(),
            not_judged,
            set: estimated.corrected,
            majority: estimated.found,
            gold: estimated.gold,
            strata: counts(&places, judged.into_iter()),
        })
    }

    /// Index of the sentence that a judged record is.
    fn place(&self, record: &Pair, pairs: &[Pair], places: &[usize]) -> std::result::Result<usize, String> {
        let field = record.extra.get(FIELD).ok_or_else(|| {
            format!(
                "it has no field `{FIELD}`, which says which sentence it is; judge the records of `xlner silver sample`"
            )
        })?;
        let place: Place =
            serde_json::from_value(field.clone()).map_err(|error| format!("field `{FIELD}`: {error}"))?;
        let at = place.sentence.wrapping_sub(1);
        let same = pairs
            .get(at)
            .is_some_and(|pair| pair.target.tokens().eq(record.target.tokens()) && places[at] + 1 == place.stratum);
        if !same {
            return Err(format!(
                "it is not sentence {} of these files; give the files that the sample was drawn from, unchanged",
                place.sentence
            ));
        }
        Ok(at)
    }
}
