//! Records as rows of Arrow tables, and back: what Parquet files hold and what Python's tables are.
//!
//! The columns are the fields of the JSON record. Three have another shape: unknown fields are JSON text in a column `extra` beside
//! them (an `id` that is a number too), `regions` are JSON text, and `scores` is a list of `{name, entity, start, end, score}`. All
//! values of a list have one type, so a link is a list of numbers, and the mark of a possible link is a fourth number, 0.
//!
//! ```
//! use xlner_core::{Pair, Sentence};
//! use xlner_formats::arrow::{RecordRow, pairs_to_batch};
//!
//! let pair = Pair { source: Sentence::from_tokens(["a"]), target: Sentence::from_text("A"), ..Pair::default() };
//! let batch = pairs_to_batch(&[pair.clone()])?;
//! let back: Pair = RecordRow::new(&batch, 0).read().unwrap();
//! assert_eq!(back, pair);
//! # Ok::<(), arrow_schema::ArrowError>(())
//! ```

mod cell;
mod columns;
mod row;
mod schema;

#[cfg(feature = "parquet")]
pub(crate) use cell::in_utc;
pub use columns::{pairs_to_batch, sentences_to_batch};
pub use row::RecordRow;
pub use schema::{is_record, pair_schema, sentence_schema};
