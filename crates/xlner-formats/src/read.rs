//! The four readers.

use std::path::Path;
use std::sync::Arc;

use crate::compression::Codec;
use crate::error::{Error, ErrorKind, Result};
use crate::line_reader::LineReader;
use crate::reader::Status;
use crate::{AlignmentReader, Format, PairReader, ReadOptions, SentenceReader, TagReader};
use crate::{alignments, brat, columns, json, regions, text, webanno};

/// The command's flag for the format of what is read.
pub(crate) const FROM_FORMAT: &str = "option `from_format`";
/// The same for alignments that stand beside other files.
pub(crate) const ALIGNMENT_FORMAT: &str = "option `from_format`, beside other files option `alignment_format`";
/// The command's flag for the format of what is written.
pub(crate) const TO_FORMAT: &str = "option `to_format`";

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
        if given.is_none() && path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("spacy")) {
            let why = "write .conll, which `spacy convert` makes a .spacy file of, or .json in the format spacy";
            let what = "a DocBin, spaCy's binary form,".to_owned();
            return Err(Error::in_file(
                path,
                match option == TO_FORMAT {
                    true => ErrorKind::NotRepresentable { what, format: "spacy", why },
                    false => ErrorKind::DocBin,
                },
            ));
        }
        if given.is_none() && is_csv(path) {
            return Err(Error::in_file(path, ErrorKind::Csv));
        }
        if given.is_none()
            && let Some((what, cure)) = foreign(path)
        {
            return Err(Error::in_file(path, ErrorKind::Foreign { what, cure }));
        }
        let known = || Format::names(|format| self.held_by(format) && (option != TO_FORMAT || format.is_written()));
        let format = given
            .or_else(|| Format::from_path(path))
            .ok_or_else(|| Error::in_file(path, ErrorKind::UnknownFormat { option, known: known() }))?;
        if self.held_by(format) {
            return Ok(format);
        }
        if given.is_none() && path.is_dir() {
            return Err(Error::folder(path));
        }
        let kind = ErrorKind::WrongFormat { format: format.name(), wanted: self.name(), known: known() };
        Err(Error::in_file(path, kind))
    }
}

/// What a file is that no format is, by its name, and what to do.
fn foreign(path: &Path) -> Option<(&'static str, &'static str)> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    Some(match extension.as_str() {
        "xlsx" | "xls" | "ods" | "numbers" => ("spreadsheets", "save it as text, with tabs between the columns (.tsv)"),
        "docx" | "doc" | "odt" | "rtf" | "pdf" | "epub" => {
            ("documents of word processors", "save its text, one sentence a line (.txt)")
        }
        "zip" | "tar" | "tgz" | "7z" | "rar" => ("archives", "unpack it first"),
        "bz2" | "xz" | "lz4" => ("this compression", "unpack it first; .gz and .zst are read as they are"),
        "arrow" | "feather" => ("Arrow files", "write it as Parquet (.parquet) or JSON lines (.jsonl)"),
        "pkl" | "pickle" => ("pickled objects", "write them as JSON lines (.jsonl)"),
        _ => return None,
    })
}

/// Whether the name says comma-separated values.
fn is_csv(path: &Path) -> bool {
    Codec::strip_extension(path).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"))
}

/// The format of a file of sentences: given, told by the name, or for XML and HTML by the content.
fn sentence_format(path: &Path, options: &ReadOptions) -> Result<Format> {
    let known = options.format.or_else(|| Format::from_path(path));
    if known.is_none() && regions::is_markup(path) {
        return regions::look(path);
    }
    Content::Sentences.format(path, known, FROM_FORMAT)
}

/// Reads sentences: from scans and transcripts with a region for each token, columns, plain lines (not tokenised), JSON of all kinds, brat, Parquet, or one side of pairs.
///
/// # Errors
/// Where the file cannot be opened, its format is not told, or its first lines are not what the format wants. Whatever
/// is wrong later comes out of the iterator, which then ends.
pub fn read_sentences(path: &Path, options: &ReadOptions) -> Result<SentenceReader> {
    let format = sentence_format(path, options)?;
    let status = Status::new(path, options);
    let lines = || LineReader::open(path, &status);
    Ok(match format {
        _ if format.is_columns() => columns_or_webanno(lines()?, format, options, &status)?,
        Format::WebAnno => SentenceReader::new(webanno::sentences(lines()?, options, &status)?, &status),
        Format::Text => SentenceReader::new(text::sentences(lines()?, options, &status), &status),
        Format::Brat => SentenceReader::new(brat::sentences(path, options, &status)?, &status),
        Format::Parquet => return parquet::sentences(path, options),
        _ if format.has_regions() => SentenceReader::new(
            regions::sentences(regions::Input::open(path, format, &status)?, path, options, &status),
            &status,
        ),
        _ => {
            let mut items = json::open(path, format, &status)?;
            if format == Format::Json && items.peek()?.is_some_and(regions::is_whisper) {
                let input = regions::Input::whisper(items, &status);
                return Ok(SentenceReader::new(regions::sentences(input, path, options, &status), &status));
            }
            SentenceReader::new(json::sentences_of(items, format, options, &status), &status)
        }
    })
}

/// Reads columns; a file that says that it is WebAnno TSV is read as this.
fn columns_or_webanno(
    mut lines: LineReader,
    format: Format,
    options: &ReadOptions,
    status: &Arc<Status>,
) -> Result<SentenceReader> {
    Ok(if webanno::fits(&mut lines)? {
        SentenceReader::new(webanno::sentences(lines, options, status)?, status)
    } else {
        SentenceReader::new(columns::sentences(lines, format, options, status)?, status)
    })
}

/// Reads pairs: records, MasakhaNER × MAFAND items, bitext (`source<TAB>target`, `source ||| target`; not tokenised), Parquet.
///
/// # Errors
/// As [`read_sentences`].
pub fn read_pairs(path: &Path, options: &ReadOptions) -> Result<PairReader> {
    let format = Content::Pairs.format(path, options.format, FROM_FORMAT)?;
    let status = Status::new(path, options);
    Ok(match format {
        Format::Jsonl => {
            let items = json::open(path, format, &status)?;
            PairReader::new(json::pairs_of(items, options, &status), &status)
        }
        Format::Parquet => return parquet::pairs(path, options),
        _ => PairReader::new(text::pairs(LineReader::open(path, &status)?, format, options, &status)?, &status),
    })
}

/// What a file holds.
pub enum Records {
    /// Sentences.
    Sentences(SentenceReader),
    /// Pairs.
    Pairs(PairReader),
    /// Alignments.
    Alignments(AlignmentReader),
}

/// Reads whatever the file holds: the format tells, or where it holds both sentences and pairs, the file's first
/// bytes do. Of pairs one side is read where the options name it.
///
/// # Errors
/// As [`read_sentences`].
pub fn read_records(path: &Path, options: &ReadOptions) -> Result<Records> {
    let given = options.format.or_else(|| Format::from_path(path));
    let status = Status::new(path, options);
    match given {
        Some(format) if format.holds_alignments() => Ok(Records::Alignments(read_alignments(path, options)?)),
        Some(Format::Bitext) => Ok(Records::Pairs(read_pairs(path, options)?)),
        Some(format @ (Format::Tsv | Format::Text)) => {
            let mut lines = LineReader::open(path, &status)?;
            let pairs = match format {
                Format::Tsv => {
                    let tags = webanno::fits(&mut lines)? || columns::has_tags(&mut lines, format, options)?;
                    if !tags {
                        columns::check_quotes(&mut lines)?;
                    }
                    !tags
                }
                _ => text::has_bars(&mut lines)?,
            };
            Ok(match format {
                _ if pairs => Records::Pairs(PairReader::new(text::pairs(lines, format, options, &status)?, &status)),
                Format::Tsv => Records::Sentences(columns_or_webanno(lines, format, options, &status)?),
                _ => Records::Sentences(SentenceReader::new(text::sentences(lines, options, &status), &status)),
            })
        }
        Some(format @ Format::Jsonl) if options.side.is_none() => {
            let mut items = json::open(path, format, &status)?;
            Ok(if json::has_pairs(&mut items, options)? {
                Records::Pairs(PairReader::new(json::pairs_of(items, options, &status), &status))
            } else {
                Records::Sentences(SentenceReader::new(json::sentences_of(items, format, options, &status), &status))
            })
        }
        Some(Format::Parquet) if options.side.is_none() && parquet::has_pairs(path, options)? => {
            Ok(Records::Pairs(read_pairs(path, options)?))
        }
        _ => Ok(Records::Sentences(read_sentences(path, options)?)),
    }
}

/// Parquet, where this build has it.
#[cfg(feature = "parquet")]
mod parquet {
    use super::{PairReader, Path, ReadOptions, Result, SentenceReader, Status, json};
    use crate::Format;
    use crate::parquet::ParquetItems;

    pub(super) fn sentences(path: &Path, options: &ReadOptions) -> Result<SentenceReader> {
        let status = Status::new(path, options);
        let items = ParquetItems::open(path, options, &status)?;
        let options = items.with_labels(options);
        Ok(SentenceReader::new(json::sentences_of(items, Format::Parquet, &options, &status), &status))
    }

    pub(super) fn pairs(path: &Path, options: &ReadOptions) -> Result<PairReader> {
        let status = Status::new(path, options);
        let items = ParquetItems::open(path, options, &status)?;
        Ok(PairReader::new(json::pairs_of(items, options, &status), &status))
    }

    pub(super) fn has_pairs(path: &Path, options: &ReadOptions) -> Result<bool> {
        Ok(ParquetItems::open(path, options, &Status::new(path, options))?.has_pairs())
    }
}

/// Parquet, where this build lacks it.
#[cfg(not(feature = "parquet"))]
mod parquet {
    use super::{Error, ErrorKind, Format, PairReader, Path, ReadOptions, Result, SentenceReader};

    fn missing<T>(path: &Path) -> Result<T> {
        let kind = ErrorKind::FeatureMissing { format: Format::Parquet.name(), feature: "parquet" };
        Err(Error::in_file(path, kind))
    }

    pub(super) fn sentences(path: &Path, _: &ReadOptions) -> Result<SentenceReader> {
        missing(path)
    }

    pub(super) fn pairs(path: &Path, _: &ReadOptions) -> Result<PairReader> {
        missing(path)
    }

    pub(super) fn has_pairs(path: &Path, _: &ReadOptions) -> Result<bool> {
        missing(path)
    }
}

/// Reads tokens and tags: from columns as they are written, from formats that hold entities as their IOB2 tags (or
/// those of the scheme in the options).
///
/// # Errors
/// As [`read_sentences`].
pub fn read_tags(path: &Path, options: &ReadOptions) -> Result<TagReader> {
    let format = sentence_format(path, options)?;
    if format.is_columns() {
        let status = Status::new(path, options);
        let mut lines = LineReader::open(path, &status)?;
        if !webanno::fits(&mut lines)? {
            return TagReader::columns(lines, format, options, status);
        }
        let sentences = SentenceReader::new(webanno::sentences(lines, options, &status)?, &status);
        return Ok(TagReader::sentences(path, sentences, options));
    }
    Ok(TagReader::sentences(path, read_sentences(path, options)?, options))
}

/// Reads alignments, with sure and possible links.
///
/// # Errors
/// As [`read_sentences`].
pub fn read_alignments(path: &Path, options: &ReadOptions) -> Result<AlignmentReader> {
    let known = options.format.or_else(|| Format::from_path(path).filter(|format| format.holds_alignments()));
    // Many names are in use. What is no regular file (standard input, a pipe) can be read once only.
    let twice = path != Path::new("-") && std::fs::metadata(path).map_or(true, |file| file.is_file());
    let known = match known {
        None if twice => alignments::look(path, options)?,
        known => known,
    };
    let format = Content::Alignments.format(path, known, ALIGNMENT_FORMAT)?;
    alignments::read(path, format, options)
}
