//! Files of all formats.

use std::path::PathBuf;

use pyo3::prelude::*;
use xlner_core::Pair;
use xlner_formats::{Notes, Records, Side, read_records, write_pairs, write_sentences};

use crate::error::Failure;
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

fn alignments(path: &std::path::Path) -> Failure {
    Failure::options(format!("{}: alignments hold no sentences; give sentences or pairs (format)", path.display()))
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
        let pairs = match read_records(&path, &options)? {
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
pub fn write(py: Python<'_>, lines: Vec<String>, pairs: bool, path: PathBuf, arguments: String) -> PyResult<()> {
    call::run(py, None, move |_| {
        let arguments = options::parse::<FileOptions>(&arguments)?;
        let (side, options) = (arguments.side()?, arguments.write()?);
        let format = options.format.or_else(|| xlner_formats::Format::from_path(&path));
        if pairs && side.is_none() && format.is_some_and(|format| format.holds_pairs()) {
            let mut writer = write_pairs(&path, &options)?;
            records::pairs(&lines)?.iter().try_for_each(|pair| writer.write(pair))?;
            return Ok(writer.finish()?);
        }
        let sentences = match pairs {
            true => records::pairs(&lines)?.into_iter().map(|pair| of(pair, side)).collect(),
            false => records::raw_sentences(&lines)?,
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
        let (options, writing) =
            (options::parse::<FileOptions>(&reading)?.read()?, options::parse::<FileOptions>(&writing)?);
        let (side, write) = (writing.side()?, writing.write()?);
        let mut done = 0;
        let mut count = || {
            done += 1;
            if done % BATCH == 0 {
                listener(xlner::Progress { stage: xlner::Stage::Read, done, total: None });
            }
        };
        let format = write.format.or_else(|| xlner_formats::Format::from_path(&output));
        match read_records(&input, &options)? {
            Records::Pairs(pairs) if side.is_none() && format.is_some_and(|format| format.holds_pairs()) => {
                let mut writer = write_pairs(&output, &write)?;
                for pair in pairs {
                    writer.write(&pair?)?;
                    count();
                }
                writer.finish()?;
            }
            Records::Pairs(pairs) => {
                let mut writer = write_sentences(&output, &write)?;
                for pair in pairs {
                    writer.write(&of(pair?, side))?;
                    count();
                }
                writer.finish()?;
            }
            Records::Sentences(sentences) => {
                let mut writer = write_sentences(&output, &write)?;
                for sentence in sentences {
                    writer.write(&sentence?)?;
                    count();
                }
                writer.finish()?;
            }
            Records::Alignments(_) => return Err(alignments(&input)),
        }
        Ok((done, remarks(&options.notes)))
    })
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
