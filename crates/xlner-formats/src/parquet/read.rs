//! Reading Parquet as JSON values.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow_json::LineDelimitedWriter;
use arrow_schema::Schema;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use serde_json::Value;
use xlner_core::extra::Numbers;

use super::shape;
use crate::error::{Error, ErrorKind, Result};
use crate::json::Items;
use crate::{Column, ReadOptions};

/// Rows turned into JSON at a time.
const BATCH: usize = 1024;

/// The rows of a Parquet file as JSON values; the line of a value is its row, counted from 1.
pub(crate) struct ParquetItems {
    file: PathBuf,
    batches: ParquetRecordBatchReader,
    is_record: bool,
    labels: Option<Vec<String>>,
    lines: Vec<u8>,
    at: usize,
    row: u64,
    item: String,
}

impl ParquetItems {
    pub(crate) fn open(path: &Path, options: &ReadOptions) -> Result<Self> {
        let fail = |kind| Error::in_file(path, kind);
        if path == Path::new("-") {
            return Err(fail(ErrorKind::Parquet("its end is read first, so it cannot be standard input".into())));
        }
        let file = File::open(path).map_err(|error| fail(ErrorKind::Open(error)))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file)
            .map_err(|error| fail(ErrorKind::Parquet(error.to_string())))?;
        let is_record = shape::is_record(builder.schema());
        let labels = label_list(builder.schema(), options);
        let batches =
            builder.with_batch_size(BATCH).build().map_err(|error| fail(ErrorKind::Parquet(error.to_string())))?;
        Ok(ParquetItems {
            file: path.to_owned(),
            batches,
            is_record,
            labels,
            lines: Vec::new(),
            at: 0,
            row: 0,
            item: String::new(),
        })
    }

    /// The options with the label list of the file's metadata, where they give none.
    pub(crate) fn with_labels(&self, options: &ReadOptions) -> ReadOptions {
        let labels = options.labels.clone().or_else(|| self.labels.clone());
        ReadOptions { labels, ..options.clone() }
    }

    /// Whether the rows are pairs.
    pub(crate) fn has_pairs(&self) -> bool {
        use arrow_array::RecordBatchReader as _;
        self.is_record && self.batches.schema().field_with_name("source").is_ok()
    }

    fn fail(&self, message: impl ToString) -> Error {
        Error::at_line(&self.file, self.row + 1, ErrorKind::Parquet(message.to_string()))
    }

    /// Turns the next batch into lines; `false` at the end.
    fn next_batch(&mut self) -> Result<bool> {
        let Some(batch) = self.batches.next() else { return Ok(false) };
        let batch = batch.map_err(|error| self.fail(error))?;
        let mut writer = LineDelimitedWriter::new(Vec::new());
        writer.write(&batch).and_then(|()| writer.finish()).map_err(|error| self.fail(error))?;
        self.lines = writer.into_inner();
        self.at = 0;
        Ok(true)
    }
}

impl Items for ParquetItems {
    fn file(&self) -> &Path {
        &self.file
    }

    fn next(&mut self) -> Result<Option<(u64, &str)>> {
        while self.at >= self.lines.len() {
            if !self.next_batch()? {
                return Ok(None);
            }
        }
        let rest = &self.lines[self.at..];
        let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let line = std::str::from_utf8(&rest[..length]).map_err(|error| self.fail(error))?;
        if self.is_record {
            let mut record: Value = serde_json::from_str(line).map_err(|error| self.fail(error))?;
            shape::unfold(&mut record);
            self.item = serde_json::to_string(&Numbers(&record)).map_err(|error| self.fail(error))?;
        } else {
            line.clone_into(&mut self.item);
        }
        self.at += length + 1;
        self.row += 1;
        Ok(Some((self.row, &self.item)))
    }
}

/// The tags that tag ids stand for, from the metadata of `datasets`: `info.features.<column>.feature.names`.
fn label_list(schema: &Schema, options: &ReadOptions) -> Option<Vec<String>> {
    let metadata: Value = serde_json::from_str(schema.metadata().get("huggingface")?).ok()?;
    let features = metadata.get("info")?.get("features")?.as_object()?;
    let names = |feature: &Value| {
        let names = feature.get("feature").unwrap_or(feature).get("names")?.as_array()?;
        names.iter().map(|name| name.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
    };
    match &options.tag_column {
        Some(Column::Name(column)) => names(features.get(column)?),
        _ => crate::json::TAG_FIELDS.iter().find_map(|column| names(features.get(*column)?)),
    }
}
