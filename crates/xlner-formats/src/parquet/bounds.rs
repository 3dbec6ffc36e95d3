//! What is looked at before rows are decoded or turned into JSON: a file of a kilobyte may hold millions of values.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, OffsetSizeTrait, RecordBatch};
use arrow_schema::{DataType, Fields};
use parquet::file::metadata::ParquetMetaData;

use crate::ReadOptions;
use crate::error::ErrorKind;

/// Rows turned into JSON at a time.
const ROWS: usize = 1024;
/// Values of a column that are decoded at a time, where rows are alike.
const VALUES: usize = 1 << 22;

/// How many rows to decode at a time.
///
/// # Errors
/// Where the counts say that some row must hold more values than a list may have.
pub(super) fn rows(metadata: &ParquetMetaData, options: &ReadOptions) -> Result<usize, ErrorKind> {
    let mut rows = ROWS;
    for group in metadata.row_groups() {
        let count = usize::try_from(group.num_rows()).unwrap_or_default().max(1);
        for column in group.columns() {
            let values = usize::try_from(column.num_values()).unwrap_or(usize::MAX);
            let path = column.column_path().parts();
            // `tokens`, `source.tokens.list.element`
            let limit = if path.iter().any(|part| part == "tokens") {
                options.sentence_limit()
            } else {
                options.limits().values()
            };
            if values / count > limit {
                return Err(too_long(limit, options));
            }
            rows = rows.min((VALUES / (values / count).max(1)).max(1));
        }
    }
    Ok(rows)
}

fn too_long(limit: usize, options: &ReadOptions) -> ErrorKind {
    if limit == options.sentence_limit() {
        ErrorKind::TooManyTokens { limit }
    } else {
        ErrorKind::TooManyValues { what: "a list", limit }
    }
}

/// Checks the lists of decoded rows.
///
/// # Errors
/// The first row with a list that is too long, and why.
pub(super) fn lists(batch: &RecordBatch, options: &ReadOptions) -> Result<(), (usize, ErrorKind)> {
    for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        list(field.name(), column, options)?;
    }
    Ok(())
}

fn list(name: &str, array: &ArrayRef, options: &ReadOptions) -> Result<(), (usize, ErrorKind)> {
    let longest = match array.data_type() {
        DataType::List(_) => longest::<i32>(array),
        DataType::LargeList(_) => longest::<i64>(array),
        DataType::Struct(_) => {
            let own = array.as_struct();
            return own
                .fields()
                .iter()
                .zip(own.columns())
                .try_for_each(|(field, column)| list(field.name(), column, options));
        }
        _ => return Ok(()),
    };
    let limit = if name == "tokens" { options.sentence_limit() } else { options.limits().values() };
    match longest {
        Some((row, length)) if length > limit => Err((row, too_long(limit, options))),
        _ => Ok(()),
    }
}

/// The row with the longest list, and its length.
fn longest<O: OffsetSizeTrait>(array: &ArrayRef) -> Option<(usize, usize)> {
    array.as_list::<O>().offsets().lengths().enumerate().max_by_key(|(_, length)| *length)
}

/// The path of a column that stands twice, in a row or in a struct of it.
pub(super) fn twice(fields: &Fields) -> Option<String> {
    fields.iter().enumerate().find_map(|(at, field)| {
        if fields[..at].iter().any(|other| other.name() == field.name()) {
            return Some(field.name().clone());
        }
        let inner = match field.data_type() {
            DataType::Struct(fields) => twice(fields),
            DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
                match item.data_type() {
                    DataType::Struct(fields) => twice(fields),
                    _ => None,
                }
            }
            _ => None,
        };
        inner.map(|inner| format!("{}.{inner}", field.name()))
    })
}
