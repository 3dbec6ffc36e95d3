//! The four readers.

use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::{AlignmentReader, Format, PairReader, ReadOptions, SentenceReader, TagReader};
use crate::{alignments, columns, json, text};

/// What is to be read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Sentences,
    Pairs,
    Alignments,
}

impl Content {
    const fn name(self) -> &'static str {
        match self {
            Content::Sentences => "sentences",
            Content::Pairs => "pairs",
            Content::Alignments => "alignments",
        }
    }

    fn held_by(self, format: Format) -> bool {
        match self {
            Content::Sentences => format.holds_sentences(),
            Content::Pairs => format.holds_pairs(),
            Content::Alignments => format.holds_alignments(),
        }
    }

    /// The format given, or the one that the name tells, if it holds this.
    pub(crate) fn format(self, path: &Path, given: Option<Format>, option: &'static str) -> Result<Format> {
        let known = || Format::names(|format| self.held_by(format));
        let format = given
            .or_else(|| Format::from_path(path))
            .ok_or_else(|| Error::in_file(path, ErrorKind::UnknownFormat { option, known: known() }))?;
        if self.held_by(format) {
            return Ok(format);
        }
        let kind = ErrorKind::WrongFormat { format: format.name(), wanted: self.name(), known: known() };
        Err(Error::in_file(path, kind))
    }
}

/// Reads sentences: from columns, plain lines (not tokenised), JSON of all kinds, brat, Parquet, or one side of pairs.
///
/// # Errors
/// Where the file cannot be opened, its format is not told, or its first lines are not what the format wants. Whatever
/// is wrong later comes out of the iterator, which then ends.
pub fn read_sentences(path: &Path, options: &ReadOptions) -> Result<SentenceReader> {
    let format = Content::Sentences.format(path, options.format, "--from-format")?;
    let status = Arc::default();
    Ok(match format {
        Format::Conll | Format::Conll2003 | Format::PanX | Format::Uner | Format::ConllU | Format::Tsv => {
            SentenceReader::new(columns::sentences(path, format, options, &status)?, &status)
        }
        Format::Text => SentenceReader::new(text::sentences(path, options, &status)?, &status),
        _ => SentenceReader::new(json::sentences(path, format, options, &status)?, &status),
    })
}

/// Reads pairs: records, MasakhaNER × MAFAND items, bitext (`source<TAB>target`, `source ||| target`; not tokenised), Parquet.
///
/// # Errors
/// As [`read_sentences`].
pub fn read_pairs(path: &Path, options: &ReadOptions) -> Result<PairReader> {
    let format = Content::Pairs.format(path, options.format, "--from-format")?;
    let status = Arc::default();
    Ok(match format {
        Format::Jsonl => PairReader::new(json::pairs(path, format, options, &status)?, &status),
        _ => PairReader::new(text::pairs(path, format, options, &status)?, &status),
    })
}

/// Reads tokens and tags: from columns as they are written, from formats that hold entities as their IOB2 tags (or
/// those of the scheme in the options).
///
/// # Errors
/// As [`read_sentences`].
pub fn read_tags(path: &Path, options: &ReadOptions) -> Result<TagReader> {
    let format = Content::Sentences.format(path, options.format, "--from-format")?;
    match format {
        Format::Conll | Format::Conll2003 | Format::PanX | Format::Uner | Format::ConllU | Format::Tsv => {
            TagReader::columns(path, format, options)
        }
        _ => Ok(TagReader::sentences(path, read_sentences(path, options)?, options)),
    }
}

/// Reads alignments, with sure and possible links.
///
/// # Errors
/// As [`read_sentences`].
pub fn read_alignments(path: &Path, options: &ReadOptions) -> Result<AlignmentReader> {
    let format = Content::Alignments.format(path, options.format, "--from-format")?;
    alignments::read(path, format, options)
}
