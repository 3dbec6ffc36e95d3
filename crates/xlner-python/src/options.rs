//! Options, as Python hands them over: an object of JSON whose fields are the keyword arguments.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use xlner::decision::{DecisionChoice, DecisionOptions};
use xlner::project::{MethodKind, MethodOptions, parse_solver};
use xlner::{AlignerOptions, Projector, TargetTags};
use xlner_align::similarity::Extraction;
use xlner_eval::{Mode, Resampling};
use xlner_formats::{Column, Format, ReadOptions, Side, WriteOptions};
use xlner_project::decision::Cut;

use crate::error::{Failure, Result};

/// Reads an object of options.
pub fn parse<T: DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| {
        let message = error.to_string();
        Failure::options(message.rfind(" at line ").map_or(message.as_str(), |at| &message[..at]))
    })
}

fn named<T: FromStr<Err: ToString>>(field: &str, text: Option<&String>) -> Result<Option<T>> {
    text.map(|text| text.parse().map_err(|error: T::Err| Failure::options(format!("{field}: {}", error.to_string()))))
        .transpose()
}

/// Options of a projection.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct ProjectOptions {
    method: Option<String>,
    merge_distance: Option<usize>,
    length_ratio: Option<f64>,
    max_ranges: Option<usize>,
    only_first: bool,
    edition: Option<String>,
    candidates: Option<String>,
    max_length: Option<usize>,
    stop_tokens: Option<Vec<String>>,
    scores: Option<String>,
    solver: Option<String>,
    constraint: Option<String>,
    min_score: Option<f64>,
    keep_labels: bool,
    decision: Option<String>,
    min_probability: Option<f64>,
    expect: Option<String>,
    target_tags: Option<String>,
    bitext: Vec<PathBuf>,
    dictionary: Vec<PathBuf>,
    extraction: Option<String>,
    distortion: f64,
}

impl ProjectOptions {
    /// How links are taken from an encoder's vectors, and how much tokens at the same place are favoured.
    pub fn encoder(&self) -> Result<(Extraction, f64)> {
        if !(0.0..=1.0).contains(&self.distortion) {
            return Err(Failure::options("distortion is a number from 0 to 1"));
        }
        Ok((named("extraction", self.extraction.as_ref())?.unwrap_or(Extraction::Argmax), self.distortion))
    }

    /// The projector.
    pub fn projector(self) -> Result<Projector> {
        let edition = named("edition", self.edition.as_ref())?;
        let cut = match (self.min_probability, self.expect.as_deref()) {
            (Some(_), Some(_)) => {
                return Err(Failure::options("min_probability and expect both say what is kept: give one"));
            }
            (Some(least), None) => Some(Cut::Probability(least)),
            (None, Some("f1")) => Some(Cut::F1),
            (None, Some(text)) => match text.strip_prefix("precision=").map(str::parse) {
                Some(Ok(wanted)) => Some(Cut::Precision(wanted)),
                _ => return Err(Failure::options(format!("expect: “{text}” is neither f1 nor precision=X"))),
            },
            (None, None) => None,
        };
        let target_tags = match self.target_tags.as_deref() {
            None | Some("ignore") => TargetTags::Ignored,
            Some("tagger") => TargetTags::Tagger,
            Some(other) => {
                return Err(Failure::options(format!("target_tags: “{other}” is neither ignore nor tagger")));
            }
        };
        let choice = self.decision.map(|text| text.parse::<DecisionChoice>().unwrap_or_else(|never| match never {}));
        Ok(Projector {
            method: MethodOptions {
                method: named::<MethodKind>("method", self.method.as_ref())?.unwrap_or_default(),
                merge_distance: self.merge_distance,
                length_ratio: self.length_ratio,
                max_ranges: self.max_ranges,
                only_first: self.only_first,
                edition,
                candidates: named("candidates", self.candidates.as_ref())?,
                max_length: self.max_length,
                stop_tokens: self.stop_tokens,
                scores: named("scores", self.scores.as_ref())?,
                solver: self.solver.as_deref().map(parse_solver).transpose()?,
                constraint: named("constraint", self.constraint.as_ref())?,
                min_score: self.min_score,
                keep_labels: self.keep_labels,
                decision: DecisionOptions { choice, cut },
                ..MethodOptions::default()
            },
            aligner: AlignerOptions { bitext: self.bitext, dictionary: self.dictionary, ..AlignerOptions::default() },
            target_tags,
            ..Projector::default()
        })
    }
}

/// How a file is read or written.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct FileOptions {
    format: Option<String>,
    scheme: Option<String>,
    token_column: Option<String>,
    tag_column: Option<String>,
    labels: Option<Vec<String>>,
    lang: Option<String>,
    target_lang: Option<String>,
    side: Option<String>,
    tokenized: bool,
    one_based: bool,
    strict: bool,
}

impl FileOptions {
    /// For reading.
    pub fn read(&self) -> Result<ReadOptions> {
        Ok(ReadOptions {
            format: named::<Format>("format", self.format.as_ref())?,
            scheme: named("scheme", self.scheme.as_ref())?,
            token_column: named::<Column>("token_column", self.token_column.as_ref())?,
            tag_column: named::<Column>("tag_column", self.tag_column.as_ref())?,
            labels: self.labels.clone(),
            lang: self.lang.clone(),
            target_lang: self.target_lang.clone(),
            side: self.side()?,
            tokenized: self.tokenized,
            one_based: self.one_based,
            strict: self.strict,
            ..ReadOptions::default()
        })
    }

    /// For writing.
    pub fn write(&self) -> Result<WriteOptions> {
        Ok(WriteOptions {
            format: named::<Format>("format", self.format.as_ref())?,
            scheme: named("scheme", self.scheme.as_ref())?,
            tokenized: self.tokenized,
            one_based: self.one_based,
            lang: self.lang.clone(),
            labels: self.labels.clone(),
            ..WriteOptions::default()
        })
    }

    /// The side of a pair that is meant.
    pub fn side(&self) -> Result<Option<Side>> {
        named("side", self.side.as_ref())
    }
}

/// How entities are compared.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EvaluateOptions {
    mode: Option<String>,
    ignore: BTreeSet<String>,
    map: BTreeMap<String, String>,
    bootstrap: usize,
    randomization: usize,
    seed: u64,
}

impl Default for EvaluateOptions {
    fn default() -> EvaluateOptions {
        let Resampling { bootstrap, randomization, seed } = Resampling::default();
        EvaluateOptions { mode: None, ignore: BTreeSet::new(), map: BTreeMap::new(), bootstrap, randomization, seed }
    }
}

impl EvaluateOptions {
    /// What is counted, and how it is resampled.
    pub fn options(self) -> Result<(xlner_eval::EvalOptions, Resampling)> {
        let mode = named::<Mode>("mode", self.mode.as_ref())?.unwrap_or_default();
        for (field, count) in [("bootstrap", self.bootstrap), ("randomization", self.randomization)] {
            if count > Resampling::MOST {
                return Err(Failure::options(format!("{field} is a number from 0 to {}", Resampling::MOST)));
            }
        }
        let options = xlner_eval::EvalOptions { mode, map: self.map, ignore: self.ignore };
        Ok((options, Resampling { bootstrap: self.bootstrap, randomization: self.randomization, seed: self.seed }))
    }
}
