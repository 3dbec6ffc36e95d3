//! Errors of the output that name the place in the input.

use std::path::Path;

use anyhow::anyhow;
use xlner_formats::{Error, ErrorKind};

/// The error for a sentence that the output cannot hold: it names the place in the input, and the cure.
pub fn refused(error: Error, input: Option<&Path>, line: Option<u64>) -> anyhow::Error {
    let (Some(input), ErrorKind::Invalid(_) | ErrorKind::NotRepresentable { .. }) = (input, error.kind()) else {
        return error.into();
    };
    let mut place = input.display().to_string();
    if let Some(line) = line {
        place += &format!(", line {line}");
    }
    if let Some(record) = error.record() {
        place += &format!(", record “{record}”");
    }
    let cure = match error.kind() {
        ErrorKind::Invalid(xlner_core::Error::Overlap(..)) => "; --overlaps longest keeps the longer one",
        _ => "",
    };
    anyhow!("{place}: {}{cure}", error.kind())
}
