//! The engines that translate without networks of ours.

mod apertium;
pub(crate) mod http;
mod lookup;

pub use apertium::{Apertium, ApertiumOptions};
#[cfg(feature = "http")]
pub use http::HttpTranslator;
pub use http::{HttpApi, HttpOptions};
pub use lookup::{Lookup, LookupOptions, Missing};

use crate::Error;

/// The error for an option that is not as it should be.
fn wrong(message: impl Into<String>) -> Error {
    Error::Options(message.into())
}
