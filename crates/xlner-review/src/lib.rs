//! People correct projected entities, on a local page in the browser.
//!
//! - [`Store`]: records, and every operation that a person does on them, kept for good in one file;
//! - [`server`]: the page and its interface;
//! - [`suggest`](learn::suggest): what corrections say of the sentences that nobody has looked at yet;
//! - [`agreement`]: how far annotators agree; [`export`], [`import`], [`offline`]: out and back;
//! - [`effort`]: how much of that saves looking, by simulation.

pub mod agreement;
pub mod effort;
pub mod error;
pub mod export;
pub mod flags;
pub mod images;
pub mod import;
pub mod item;
pub mod learn;
pub mod offline;
mod page;
pub mod people;
pub mod queue;
pub mod repeats;
pub mod server;
pub mod store;
pub mod version;

pub use error::{Error, Result};
pub use store::Store;

/// A text short enough for a message.
pub(crate) fn shorten(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
