//! The integration tests of the crate, one binary.

mod europarl;
mod exact;
mod hostile;
mod span;
mod support;
