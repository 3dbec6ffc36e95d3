//! Parquet: records with the columns of their JSON, and Hugging Face rows.
//!
//! Rows go through JSON, so a Parquet file holds what a JSON line holds: `source` and `target` are structs with `tokens`, a list of
//! text, and `entities`, a list of structs. Three things have another shape than in JSON: unknown fields are JSON text in
//! a column `extra` beside them, `regions` are JSON text, and `scores` is a list of `{name, entity, start, end, score}`.
//! The label list of Hugging Face rows is read from the metadata that `datasets` writes.

mod bounds;
mod clean;
mod read;
mod shape;
mod write;

pub(crate) use read::ParquetItems;
pub(crate) use write::ParquetWriter;
