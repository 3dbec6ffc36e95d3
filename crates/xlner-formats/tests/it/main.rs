//! The integration tests of the crate, one binary.

mod bombs;
mod common;
mod conllu;
mod extra_fields;
mod hostile;
mod json_more;
mod json_tools;
mod links;
mod mutations;
mod offsets;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(feature = "parquet")]
mod parquet_damage;
mod published;
mod real_data;
mod regions;
mod round_trip;
mod scans;
mod scans_page;
mod shapes;
mod speech;
mod support;
mod valid;
mod webanno;
