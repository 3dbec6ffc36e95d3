//! Parquet: records with the columns of their JSON, and Hugging Face rows.
//!
//! Records have the columns of [`arrow`](crate::arrow).
//! The label list of Hugging Face rows is read from the metadata that `datasets` writes.

mod bounds;
mod clean;
mod read;
mod write;

pub(crate) use read::ParquetItems;
pub(crate) use write::ParquetWriter;
