//! The integration tests of the crate, one binary.

mod golden_rules;
mod samples;
