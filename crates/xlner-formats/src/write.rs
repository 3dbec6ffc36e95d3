//! The three writers.

use std::path::Path;

use crate::alignments::{self, AlignmentWriter};
use crate::brat::BratWriter;
use crate::columns::ColumnWriter;
use crate::error::{Error, ErrorKind, Result};
use crate::json::JsonWriter;
use crate::read::{Content, TO_FORMAT};
use crate::record::{PairWriter, SentenceWriter};
use crate::text::TextWriter;
use crate::webanno::WebAnnoWriter;
use crate::{Format, Output, WriteOptions};

/// Writes sentences.
///
/// # Errors
/// Where the format is not told or the file cannot be written.
pub fn write_sentences(path: &Path, options: &WriteOptions) -> Result<Box<dyn SentenceWriter>> {
    let format = Content::Sentences.format(path, options.format, TO_FORMAT)?;
    if format == Format::Json {
        let known = Format::names(|format| matches!(format, Format::HuggingFace | Format::LabelStudio | Format::Spacy));
        return Err(Error::in_file(path, ErrorKind::UnknownFormat { option: TO_FORMAT, known }));
    }
    if format.has_regions() {
        let why = "it is read only; write jsonl, which keeps the regions";
        let kind = ErrorKind::NotRepresentable { what: "a sentence".to_owned(), format: format.name(), why };
        return Err(Error::in_file(path, kind));
    }
    if format == Format::Brat {
        return Ok(Box::new(BratWriter::new(path)?));
    }
    if cfg!(not(feature = "parquet")) && format == Format::Parquet {
        return Err(no_parquet(path));
    }
    let output = Output::create(path)?;
    Ok(match format {
        #[cfg(feature = "parquet")]
        Format::Parquet => Box::new(crate::parquet::ParquetWriter::sentences(output)?),
        _ if format.is_columns() => Box::new(ColumnWriter::new(output, format, options)),
        Format::WebAnno => Box::new(WebAnnoWriter::new(output)),
        Format::Text => Box::new(TextWriter::new(output, format, options)),
        _ => Box::new(JsonWriter::new(output, format, options)),
    })
}

/// Writes pairs.
///
/// # Errors
/// As [`write_sentences`].
pub fn write_pairs(path: &Path, options: &WriteOptions) -> Result<Box<dyn PairWriter>> {
    let format = Content::Pairs.format(path, options.format, TO_FORMAT)?;
    if cfg!(not(feature = "parquet")) && format == Format::Parquet {
        return Err(no_parquet(path));
    }
    let output = Output::create(path)?;
    Ok(match format {
        #[cfg(feature = "parquet")]
        Format::Parquet => Box::new(crate::parquet::ParquetWriter::pairs(output)?),
        Format::Jsonl => Box::new(JsonWriter::new(output, format, options)),
        _ => Box::new(TextWriter::new(output, format, options)),
    })
}

/// Writes alignments.
///
/// # Errors
/// As [`write_sentences`].
pub fn write_alignments(path: &Path, options: &WriteOptions) -> Result<Box<dyn AlignmentWriter>> {
    let format = Content::Alignments.format(path, options.format, TO_FORMAT)?;
    Ok(alignments::write(Output::create(path)?, format, options))
}

fn no_parquet(path: &Path) -> Error {
    Error::in_file(path, ErrorKind::FeatureMissing { format: Format::Parquet.name(), feature: "parquet" })
}
