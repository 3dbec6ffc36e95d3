//! Writing records as Parquet.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use xlner_core::{Pair, Sentence};

use crate::Output;
use crate::arrow::{pair_schema, pairs_to_batch, sentence_schema, sentences_to_batch};
use crate::error::{Error, ErrorKind, Result};
use crate::record::{PairWriter, SentenceWriter};

/// Rows gathered before they are written.
const BATCH: usize = 1024;
/// Rows of a row group; the writer holds one in memory.
const ROW_GROUP: usize = 1 << 16;

/// Writes pairs or sentences as rows.
pub(crate) struct ParquetWriter<T> {
    writer: ArrowWriter<Output>,
    rows: Vec<T>,
    to_batch: fn(&[T]) -> std::result::Result<RecordBatch, ArrowError>,
}

impl ParquetWriter<Pair> {
    pub(crate) fn pairs(output: Output) -> Result<Self> {
        ParquetWriter::new(output, pair_schema(), pairs_to_batch)
    }
}

impl ParquetWriter<Sentence> {
    pub(crate) fn sentences(output: Output) -> Result<Self> {
        let to_batch = |rows: &[Sentence]| sentences_to_batch(&rows.iter().collect::<Vec<_>>());
        ParquetWriter::new(output, sentence_schema(), to_batch)
    }
}

impl<T> ParquetWriter<T> {
    fn new(
        output: Output,
        schema: Schema,
        to_batch: fn(&[T]) -> std::result::Result<RecordBatch, ArrowError>,
    ) -> Result<Self> {
        let path = output.path().to_owned();
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROW_GROUP))
            .build();
        let writer = ArrowWriter::try_new(output, Arc::new(schema), Some(properties))
            .map_err(|error| Error::in_file(&path, ErrorKind::Parquet(error.to_string())))?;
        Ok(ParquetWriter { writer, rows: Vec::new(), to_batch })
    }

    fn fail(&self, message: impl ToString) -> Error {
        Error::in_file(self.writer.inner().path(), ErrorKind::Parquet(message.to_string()))
    }

    fn push(&mut self, row: T) -> Result<()> {
        self.rows.push(row);
        if self.rows.len() == BATCH { self.write_batch() } else { Ok(()) }
    }

    fn write_batch(&mut self) -> Result<()> {
        let batch = (self.to_batch)(&self.rows).map_err(|error| self.fail(error))?;
        self.rows.clear();
        self.writer.write(&batch).map_err(|error| self.fail(error))
    }

    fn end(mut self) -> Result<()> {
        self.write_batch()?;
        let path = self.writer.inner().path().to_owned();
        let output =
            self.writer.into_inner().map_err(|error| Error::in_file(&path, ErrorKind::Parquet(error.to_string())))?;
        output.finish()
    }
}

impl SentenceWriter for ParquetWriter<Sentence> {
    fn write(&mut self, sentence: &Sentence) -> Result<()> {
        self.push(sentence.clone())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.end()
    }
}

impl PairWriter for ParquetWriter<Pair> {
    fn write(&mut self, pair: &Pair) -> Result<()> {
        self.push(pair.clone())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.end()
    }
}
