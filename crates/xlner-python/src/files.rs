//! Files of all formats.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use pyo3::prelude::*;
use xlner::{ConvertJob, Input, Overlaps};
use xlner_core::Pair;
use xlner_formats::{
    Format, Notes, ReadOptions, Records, Side, WriteOptions, read_records, write_pairs, write_sentences,
};

use crate::error::{Failure, Result};
use crate::options::FileOptions;
use crate::{call, options, records};

/// Records between two looks at whether somebody still waits for the result.
const BATCH: u64 = 2048;

/// What was left out or repaired: what it is, how often, where first.
type Remarks = Vec<(String, u64, String)>;

fn remarks(notes: &Notes) -> Remarks {
    let place = |place: &xlner_formats::Place| {
        let line = place.line.map(|line| format!(", line {line}")).unwrap_or_default();
        format!("{}{line}", place.file.display())
    };
    notes.list().iter().map(|note| (note.kind.text.to_owned(), note.count, place(&note.first))).collect()
}

fn alignments(path: &Path) -> Failure {
    Failure::options(format!("{}: the file holds alignments, and neither sentences nor pairs", path.display()))
}

/// Reads a file: whether it holds pairs, its records, and what was left out or repaired.
#[pyfunction]
#[pyo3(signature = (path, arguments, progress=None))]
pub fn read(
    py: Python<'_>,
    path: PathBuf,
    arguments: String,
    progress: Option<Py<PyAny>>,
) -> PyResult<(bool, Vec<String>, Remarks)> {
    call::run(py, progress, move |listener| {
        let options = options::parse::<FileOptions>(&arguments)?.read()?;
        let mut lines = Vec::new();
        let mut push = |line: serde_json::Result<String>| {
            lines.push(line.map_err(Failure::model)?);
            let done = lines.len() as u64;
            if done.is_multiple_of(BATCH) {
                listener(xlner::Progress { stage: xlner::Stage::Read, done, total: None });
            }
            Ok::<_, Failure>(())
        };
        let opened = read_records(&path, &options);
        let pairs = match opened.map_err(|error| Failure::from(error).renamed("from_format", "format"))? {
            Records::Pairs(mut pairs) => {
                pairs.try_for_each(|pair| push(serde_json::to_string(&pair?)))?;
                true
            }
            Records::Sentences(mut sentences) => {
                sentences.try_for_each(|sentence| push(serde_json::to_string(&sentence?)))?;
                false
            }
            Records::Alignments(_) => return Err(alignments(&path)),
        };
        Ok((pairs, lines, remarks(&options.notes)))
    })
}

/// Writes pairs or sentences; the file appears when it is whole.
#[pyfunction]
pub fn write(py: Python<'_>, given: records::Records, pairs: bool, path: PathBuf, arguments: String) -> PyResult<()> {
    call::run(py, None, move |_| {
        let arguments = options::parse::<FileOptions>(&arguments)?;
        let (side, options) = (arguments.side()?, arguments.write()?);
        let format = format(&path, &options, "format")?;
        if pairs && side.is_none() && format.holds_pairs() {
            let mut writer = write_pairs(&path, &options)?;
            records::pairs(&given)?.iter().try_for_each(|pair| writer.write(pair))?;
            return Ok(writer.finish()?);
        }
        let tokens = format.needs_tokens();
        let sentences = match (pairs, tokens) {
            (true, true) => records::tokenized_pairs(&given)?.into_iter().map(|pair| of(pair, side)).collect(),
            (true, false) => records::pairs(&given)?.into_iter().map(|pair| of(pair, side)).collect(),
            (false, true) => records::sentences(&given)?,
            (false, false) => records::raw_sentences(&given)?,
        };
        let mut writer = write_sentences(&path, &options)?;
        sentences.iter().try_for_each(|sentence| writer.write(sentence))?;
        Ok(writer.finish()?)
    })
}

/// Copies a file into another format, record by record; returns the number of records, and what was left out or repaired.
#[pyfunction]
#[pyo3(signature = (input, output, reading, writing, progress=None))]
pub fn convert(
    py: Python<'_>,
    input: PathBuf,
    output: PathBuf,
    reading: String,
    writing: String,
    progress: Option<Py<PyAny>>,
) -> PyResult<(u64, Remarks)> {
    call::run(py, progress, move |listener| {
        let options = options::parse::<FileOptions>(&reading)?.read()?;
        let writing = options::parse::<FileOptions>(&writing)?;
        let (side, output_options) = (writing.side()?, writing.write()?);
        let format = format(&output, &output_options, "to_format")?;
        // Where the output holds no pairs the target is written; what the input holds is known when it is looked at.
        let side = match side {
            None if !format.holds_pairs() && !format.holds_alignments() => {
                let pairs = matches!(
                    read_records(&input, &ReadOptions { notes: Notes::default(), ..options.clone() })?,
                    Records::Pairs(_)
                );
                pairs.then_some(Side::Target)
            }
            side => side,
        };
        let job = ConvertJob {
            input: Input::Pairs { path: input, options: options.clone() },
            alignment: None,
            skip: 0,
            limit: u64::MAX,
            gold: false,
            side,
            map: BTreeMap::new(),
            ignore: BTreeSet::new(),
            overlaps: Overlaps::Keep,
            tokenize: false,
            output,
            output_options,
        };
        let report = job.run(listener)?;
        Ok((report.written, remarks(&options.notes)))
    })
}

/// The format of an output, by the option or its name.
fn format(path: &Path, options: &WriteOptions, option: &str) -> Result<Format> {
    options
        .format
        .or_else(|| Format::from_path(path))
        .ok_or_else(|| Failure::format(path, format!("the name does not tell the format; give it (option `{option}`)")))
}

/// A side of a pair, the target where none is named.
fn of(pair: Pair, side: Option<Side>) -> xlner_core::Sentence {
    let id = pair.id_value();
    let mut sentence = match side {
        Some(Side::Source) => pair.source,
        _ => pair.target,
    };
    if let (Some(id), None) = (id, sentence.extra.get("id")) {
        sentence.extra.insert("id", id);
    }
    sentence
}
