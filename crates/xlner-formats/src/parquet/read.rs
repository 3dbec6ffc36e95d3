//! Reading Parquet as JSON values.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use serde_json::Value;
use xlner_core::extra::Numbers;

use super::{bounds, clean};
use crate::arrow::{self, RecordRow};
use crate::error::{Error, ErrorKind, Result};
use crate::fence::fence;
use crate::json::Items;
use crate::notes::LeftOut;
use crate::reader::Status;
use crate::{Column, ReadOptions};

/// The rows of a Parquet file as JSON values; the line of a value is its row, counted from 1.
pub(crate) struct ParquetItems {
    file: PathBuf,
    options: ReadOptions,
    status: Arc<Status>,
    batches: ParquetRecordBatchReader,
    is_record: bool,
    labels: Option<Vec<String>>,
    batch: Option<RecordBatch>,
    at: usize,
    row: u64,
    item: String,
}

impl ParquetItems {
    pub(crate) fn open(path: &Path, options: &ReadOptions, status: &Arc<Status>) -> Result<Self> {
        let fail = |kind| Error::in_file(path, kind);
        if path == Path::new("-") {
            return Err(fail(ErrorKind::Parquet("its end is read first, so it cannot be standard input".into())));
        }
        let file = File::open(path).map_err(|error| fail(ErrorKind::Open(error)))?;
        let builder = decode(|| ParquetRecordBatchReaderBuilder::try_new(file)).map_err(fail)?;
        if let Some(name) = bounds::twice(builder.schema().fields()) {
            return Err(fail(ErrorKind::Parquet(format!("two columns are called {name}; rename one"))));
        }
        let is_record = arrow::is_record(builder.schema());
        let labels = label_list(builder.schema(), options);
        let rows = bounds::rows(builder.metadata(), options).map_err(fail)?;
        let batches = decode(|| builder.with_batch_size(rows).build()).map_err(fail)?;
        Ok(ParquetItems {
            file: path.to_owned(),
            options: options.clone(),
            status: Arc::clone(status),
            batches,
            is_record,
            labels,
            batch: None,
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

    /// Decodes the next batch; `false` at the end.
    fn next_batch(&mut self) -> Result<bool> {
        let (file, row) = (&self.file, self.row + 1);
        let at = |kind| Error::at_line(file, row, kind);
        let Some(batch) = decode(|| self.batches.next().transpose()).map_err(at)? else { return Ok(false) };
        bounds::lists(&batch, &self.options).map_err(|(index, kind)| Error::at_line(file, row + index as u64, kind))?;
        let mut left_out = LeftOut::default();
        let clean = decode(|| clean::batch(&batch, &mut left_out)).map_err(at)?;
        for (kind, count) in left_out.iter() {
            let first = (0..batch.num_rows()).find(|&index| {
                let mut own = LeftOut::default();
                decode(|| clean::batch(&batch.slice(index, 1), &mut own)).is_ok()
                    && own.iter().any(|(found, _)| found == kind)
            });
            let line = row + first.unwrap_or_default() as u64;
            self.status.note(kind, count as usize, |error| Error::at_line(file, line, error))?;
        }
        self.batch = Some(clean);
        self.at = 0;
        Ok(true)
    }
}

/// Work of the decoder: what goes wrong there, a panic too, is an error.
fn decode<T, E: ToString>(work: impl FnOnce() -> std::result::Result<T, E>) -> std::result::Result<T, ErrorKind> {
    match fence(work) {
        Ok(result) => result.map_err(|error| ErrorKind::Parquet(error.to_string())),
        Err(panic) => Err(ErrorKind::Parquet(format!("it is damaged ({panic}); make it again, or fetch it again"))),
    }
}

impl Items for ParquetItems {
    fn file(&self) -> &Path {
        &self.file
    }

    fn next(&mut self) -> Result<Option<(u64, &str)>> {
        while self.batch.as_ref().is_none_or(|batch| self.at >= batch.num_rows()) {
            if !self.next_batch()? {
                return Ok(None);
            }
        }
        let Some(batch) = &self.batch else { return Ok(None) };
        let record: Value = decode(|| RecordRow::new(batch, self.at).read())
            .map_err(|kind| Error::at_line(&self.file, self.row + 1, kind))?;
        self.item = serde_json::to_string(&Numbers(&record)).map_err(|error| self.fail(error))?;
        self.at += 1;
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
