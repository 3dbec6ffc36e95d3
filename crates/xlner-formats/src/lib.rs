//! Readers and writers of the file formats of named-entity data and word alignments.
//!
//! Four readers, named after what they give: [`read_sentences`], [`read_pairs`], [`read_tags`] (tokens and tags as written),
//! [`read_alignments`]; three writers: [`write_sentences`], [`write_pairs`], [`write_alignments`]. The file's name tells the
//! format and the compression (`.gz`, `.zst`), the options force it; `-` is standard input or output.
//!
//! Files are streamed. UTF-8 with or without byte order mark, LF or CRLF, is read; characters are never changed. A file
//! that is written appears when [`finish`](SentenceWriter::finish) succeeds, and not at all otherwise.
//!
//! ```no_run
//! use std::path::Path;
//! use xlner_formats::{ReadOptions, WriteOptions, read_sentences, write_sentences};
//!
//! # fn main() -> xlner_formats::Result<()> {
//! let mut writer = write_sentences(Path::new("en.jsonl.gz"), &WriteOptions::default())?;
//! for sentence in read_sentences(Path::new("en.conll"), &ReadOptions::default())? {
//!     writer.write(&sentence?)?;
//! }
//! writer.finish()
//! # }
//! ```

mod alignments;
mod annotated;
#[cfg(feature = "parquet")]
pub mod arrow;
mod brat;
mod columns;
mod compression;
mod error;
mod fence;
mod format;
mod input;
mod json;
mod limits;
mod line_reader;
mod notes;
mod options;
mod output;
#[cfg(feature = "parquet")]
mod parquet;
mod pieces;
mod read;
mod reader;
mod record;
mod regions;
mod small;
mod text;
mod unfinished;
mod webanno;
mod write;

pub use alignments::{AlignmentReader, AlignmentWriter};
pub use columns::{PREFIX, TagReader, Tagged};
pub use error::{Error, ErrorKind, Result};
pub use fence::fence;
pub use format::Format;
pub use json::label_studio_config;
pub use limits::MAX_SENTENCE_TOKENS;
pub use notes::{Note, NoteKind, Notes, Place};
pub use options::{Column, ReadOptions, Side, WriteOptions};
pub use output::Output;
pub use pieces::{compress_pairs, write_pieces};
pub use read::{Records, read_alignments, read_pairs, read_records, read_sentences, read_tags};
pub use reader::Reader;
pub use record::{PairReader, PairWriter, SentenceReader, SentenceWriter};
pub use small::read_small_text;
pub use unfinished::{Unfinished, is_abandoned, remove_unfinished, sweep};
pub use write::{write_alignments, write_pairs, write_sentences};
