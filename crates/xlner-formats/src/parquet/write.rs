//! Writing records as Parquet.

use std::sync::Arc;

use arrow_json::ReaderBuilder;
use arrow_json::reader::Decoder;
use arrow_schema::{Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde_json::Value;
use xlner_core::extra::to_value;
use xlner_core::{Pair, Sentence};

use super::shape;
use crate::Output;
use crate::error::{Error, ErrorKind, Result};
use crate::record::{PairWriter, SentenceWriter};

/// Rows gathered before they are written.
const BATCH: usize = 1024;
/// Rows of a row group; the writer holds one in memory.
const ROW_GROUP: usize = 1 << 16;

/// Writes pairs or sentences as rows.
pub(crate) struct ParquetWriter {
    writer: ArrowWriter<Output>,
    decoder: Decoder,
    rows: Vec<Value>,
}

impl ParquetWriter {
    pub(crate) fn pairs(output: Output) -> Result<Self> {
        ParquetWriter::new(output, shape::pair_schema())
    }

    pub(crate) fn sentences(output: Output) -> Result<Self> {
        ParquetWriter::new(output, shape::sentence_schema())
    }

    fn new(output: Output, schema: Schema) -> Result<Self> {
        let path = output.path().to_owned();
        let fail = |message: String| Error::in_file(&path, ErrorKind::Parquet(message));
        let schema: SchemaRef = Arc::new(schema);
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROW_GROUP))
            .build();
        let writer = ArrowWriter::try_new(output, Arc::clone(&schema), Some(properties))
            .map_err(|error| fail(error.to_string()))?;
        let decoder = ReaderBuilder::new(schema).build_decoder().map_err(|error| fail(error.to_string()))?;
        Ok(ParquetWriter { writer, decoder, rows: Vec::new() })
    }

    fn fail(&self, message: impl ToString) -> Error {
        Error::in_file(self.writer.inner().path(), ErrorKind::Parquet(message.to_string()))
    }

    fn push(&mut self, row: Value) -> Result<()> {
        self.rows.push(row);
        if self.rows.len() == BATCH { self.write_batch() } else { Ok(()) }
    }

    fn write_batch(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.rows);
        self.decoder.serialize(&rows).map_err(|error| self.fail(error))?;
        if let Some(batch) = self.decoder.flush().map_err(|error| self.fail(error))? {
            self.writer.write(&batch).map_err(|error| self.fail(error))?;
        }
        Ok(())
    }

    fn end(mut self) -> Result<()> {
        self.write_batch()?;
        let path = self.writer.inner().path().to_owned();
        let output =
            self.writer.into_inner().map_err(|error| Error::in_file(&path, ErrorKind::Parquet(error.to_string())))?;
        output.finish()
    }
}

impl SentenceWriter for ParquetWriter {
    fn write(&mut self, sentence: &Sentence) -> Result<()> {
        let mut row = to_value(sentence).map_err(|error| self.fail(error))?;
        shape::fold_sentence(&mut row);
        self.push(row)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.end()
    }
}

impl PairWriter for ParquetWriter {
    fn write(&mut self, pair: &Pair) -> Result<()> {
        let mut row = to_value(pair).map_err(|error| self.fail(error))?;
        shape::fold_pair(&mut row);
        self.push(row)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.end()
    }
}
