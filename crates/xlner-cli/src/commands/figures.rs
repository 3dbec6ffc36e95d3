//! Flags of the commands that compare predictions with gold.

use std::collections::BTreeMap;

use clap::Args;
use clap::builder::RangedU64ValueParser;
use xlner_core::tags::Scheme;
use xlner_eval::Resampling;
use xlner_formats::{Column, Format, ReadOptions};

use crate::context::{Context, UsageError};

/// What counts in figures of predictions against gold, and how both are read.
#[derive(Args)]
pub struct FiguresArgs {
    /// Labels that do not count; --map is applied first
    #[arg(long, value_name = "LABELS", value_delimiter = ',')]
    pub ignore: Vec<String>,
    /// Replace labels before counting
    #[arg(long, value_name = "FROM=TO", value_delimiter = ',', value_parser = mapping)]
    pub map: Vec<(String, String)>,
    /// Bootstrap samples for the 95% confidence intervals; 0 for none
    #[arg(long, default_value_t = Resampling::default().bootstrap, value_name = "N", value_parser = resamples())]
    bootstrap: usize,
    /// Random swaps for the p-values between systems; 0 for none
    #[arg(long, default_value_t = Resampling::default().randomization, value_name = "N", value_parser = resamples())]
    randomization: usize,
    /// Seed of both
    #[arg(long, default_value_t = Resampling::default().seed, value_name = "N")]
    seed: u64,
    /// Format of predictions and gold [default: from their names]
    #[arg(long, value_name = "FORMAT")]
    pub from_format: Option<Format>,
    /// Tag scheme of all files: iob1, iob2, ioe1, ioe2, iobes, bilou, io [default: detected, in each file]
    #[arg(long)]
    scheme: Option<Scheme>,
    /// Column of the tokens, by name or number
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    token_column: Option<Column>,
    /// Column of the tags, by name or number (-1 is the last) [default: detected]
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    tag_column: Option<Column>,
    /// Tags that the ids of Hugging Face rows stand for, in order
    #[arg(long, value_name = "TAGS", value_delimiter = ',')]
    labels: Option<Vec<String>>,
}

/// Mappings of labels.
///
/// # Errors
/// A label that is to become two others.
pub fn mappings(given: &[(String, String)]) -> Result<BTreeMap<String, String>, UsageError> {
    let mut map = BTreeMap::new();
    for (from, to) in given {
        if let Some(other) = map.insert(from.clone(), to.clone()).filter(|other| other != to) {
            return Err(UsageError(format!("--map: {from} is to become {other} and {to}; give one")));
        }
    }
    Ok(map)
}

impl FiguresArgs {
    /// How the files are read.
    pub fn read(&self, context: &Context) -> ReadOptions {
        ReadOptions {
            format: self.from_format,
            scheme: self.scheme,
            token_column: self.token_column.clone(),
            tag_column: self.tag_column.clone(),
            labels: self.labels.clone(),
            ..context.read()
        }
    }

    /// Intervals and significance.
    pub fn resampling(&self) -> Resampling {
        Resampling { bootstrap: self.bootstrap, randomization: self.randomization, seed: self.seed }
    }
}

/// Reads a label and what replaces it.
pub fn mapping(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((from, to)) if !from.is_empty() && !to.is_empty() => Ok((from.to_owned(), to.to_owned())),
        _ => Err("a mapping is FROM=TO, as in GPE=LOC".into()),
    }
}

/// Reads a number of replicates.
fn resamples() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(..=xlner_eval::Resampling::MOST as u64)
}
