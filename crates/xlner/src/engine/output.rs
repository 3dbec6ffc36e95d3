//! Where the pairs of a job go.

use std::path::Path;

use xlner_core::Pair;
use xlner_formats::{
    AlignmentWriter, Format, PairWriter, SentenceWriter, Side, WriteOptions, write_alignments, write_pairs,
    write_sentences,
};

use crate::documents::Documents;
use crate::{Error, Result};

/// What is written of every pair. A file appears when it is whole.
pub(crate) enum Output<'a> {
    /// The pair.
    Pairs(Box<dyn PairWriter>),
    /// One of its sentences.
    Side(Box<dyn SentenceWriter>, Side),
    /// Its links, none where it has none.
    Links(Box<dyn AlignmentWriter>),
    /// The documents that its target sentence is a part of.
    Documents(&'a Documents, Box<dyn SentenceWriter>),
    /// Nothing.
    Nowhere,
}

/// The format that the output will have; `None` where the name does not tell it and none is given.
pub(crate) fn format(path: &Path, options: &WriteOptions) -> Option<Format> {
    options.format.or_else(|| Format::from_path(path))
}

/// Whether the format keeps pairs whole, with everything that is known of them.
pub(crate) fn holds_records(path: &Path, options: &WriteOptions) -> bool {
    matches!(format(path, options), Some(Format::Jsonl | Format::Parquet))
}

/// Checks that entities can be written there.
pub(crate) fn check_entities(path: &Path, options: &WriteOptions) -> Result<()> {
    match format(path, options) {
        Some(format @ (Format::Text | Format::Bitext | Format::Pharaoh | Format::Naacl)) => {
            Err(Error::Options(format!(
                "{}: format {format} holds no entities; write conll or jsonl, say (option `to_format`)",
                path.display()
            )))
        }
        Some(_) => Ok(()),
        None => Err(Error::Options(format!(
            "{}: the name does not tell the format of the output; give it with option `to_format` (conll, jsonl, …)",
            path.display()
        ))),
    }
}

impl<'a> Output<'a> {
    /// Whole pairs where the format holds them with their entities, else the sentences of one side.
    pub fn entities(path: &Path, options: &WriteOptions, side: Side) -> Result<Output<'a>> {
        check_entities(path, options)?;
        Output::records_or(path, options, || Output::side(path, options, side))
    }

    /// The sentences of one side.
    pub fn side(path: &Path, options: &WriteOptions, side: Side) -> Result<Output<'a>> {
        Ok(Output::Side(write_sentences(path, options)?, side))
    }

    /// Whole pairs where the format holds them, else the links.
    pub fn links(path: &Path, options: &WriteOptions) -> Result<Output<'a>> {
        Output::records_or(path, options, || Output::alignments(path, options))
    }

    /// The alignments.
    ///
    /// # Errors
    /// [`Error::Options`] for a format that holds none.
    pub fn alignments(path: &Path, options: &WriteOptions) -> Result<Output<'a>> {
        if let Some(format) = format(path, options).filter(|format| !format.holds_alignments()) {
            return Err(Error::Options(format!(
                "{}: format {format} holds no alignments; write pharaoh, naacl or jsonl, say (option `to_format`)",
                path.display()
            )));
        }
        Ok(Output::Links(write_alignments(path, options)?))
    }

    /// The pairs.
    pub fn pairs(path: &Path, options: &WriteOptions) -> Result<Output<'a>> {
        Ok(Output::Pairs(write_pairs(path, options)?))
    }

    /// The documents that were taken apart.
    pub fn documents(path: &Path, options: &WriteOptions, documents: &'a Documents) -> Result<Output<'a>> {
        Ok(Output::Documents(documents, write_sentences(path, options)?))
    }

    fn records_or(
        path: &Path,
        options: &WriteOptions,
        other: impl FnOnce() -> Result<Output<'a>>,
    ) -> Result<Output<'a>> {
        if holds_records(path, options) { Output::pairs(path, options) } else { other() }
    }

    /// Writes the next pair.
    pub fn write(&mut self, pair: Pair) -> Result<()> {
        match self {
            Output::Pairs(writer) => writer.write(&pair)?,
            Output::Side(writer, Side::Source) => writer.write(&pair.source)?,
            Output::Side(writer, Side::Target) => writer.write(&pair.target)?,
            Output::Links(writer) => writer.write(&pair.alignment.unwrap_or_default())?,
            Output::Documents(documents, writer) => {
                let name = pair.id;
                let whole = documents.put_back(pair.target);
                let whole = whole.map_err(|error| Error::Options(format!("sentence {name}: {error}")))?;
                whole.iter().try_for_each(|document| writer.write(document))?;
            }
            Output::Nowhere => {}
        }
        Ok(())
    }

    /// Ends the output: the file is there now.
    pub fn finish(self) -> Result<()> {
        match self {
            Output::Pairs(writer) => writer.finish()?,
            Output::Side(writer, _) => writer.finish()?,
            Output::Links(writer) => writer.finish()?,
            Output::Documents(documents, mut writer) => {
                documents.rest().iter().try_for_each(|document| writer.write(document))?;
                writer.finish()?;
            }
            Output::Nowhere => {}
        }
        Ok(())
    }
}
