//! The integration tests of the crate, one binary.

mod aligner;
mod mutations;
mod real_data;
mod support;
