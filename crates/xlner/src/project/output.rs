//! Where projected pairs go.

use std::path::Path;

use xlner_core::Pair;
use xlner_formats::{Format, PairWriter, SentenceWriter, WriteOptions, write_pairs, write_sentences};

use crate::{Error, Result};

/// Writes whole pairs where the format holds them with their entities, else the target sentences.
pub(crate) enum Writer {
    Pairs(Box<dyn PairWriter>),
    Targets(Box<dyn SentenceWriter>),
}

/// The format that the output will have; `None` where the name does not tell it and none is given.
fn format(path: &Path, options: &WriteOptions) -> Option<Format> {
    options.format.or_else(|| Format::from_path(path))
}

/// Checks that entities can be written there.
pub(crate) fn check(path: &Path, options: &WriteOptions) -> Result<()> {
    match format(path, options) {
        Some(format @ (Format::Text | Format::Bitext | Format::Pharaoh | Format::Naacl)) => Err(Error::Options(
            format!("{}: format {format} holds no entities; write conll or jsonl, say (--to-format)", path.display()),
        )),
        Some(_) => Ok(()),
        None => Err(Error::Options(format!(
            "{}: the name does not tell the format of the output; give it with --to-format (conll, jsonl, …)",
            path.display()
        ))),
    }
}

impl Writer {
    pub fn create(path: &Path, options: &WriteOptions) -> Result<Writer> {
        check(path, options)?;
        Ok(match format(path, options) {
            Some(Format::Jsonl | Format::Parquet) => Writer::Pairs(write_pairs(path, options)?),
            _ => Writer::Targets(write_sentences(path, options)?),
        })
    }

    pub fn write(&mut self, pair: &Pair) -> Result<()> {
        match self {
            Writer::Pairs(writer) => writer.write(pair)?,
            Writer::Targets(writer) => writer.write(&pair.target)?,
        }
        Ok(())
    }

    pub fn finish(self) -> Result<()> {
        match self {
            Writer::Pairs(writer) => writer.finish()?,
            Writer::Targets(writer) => writer.finish()?,
        }
        Ok(())
    }
}
