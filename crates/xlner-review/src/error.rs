//! What can go wrong.

use std::path::PathBuf;

use crate::version::Version;

/// Result of the functions of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Something that cannot be done. Says what, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Options that do not fit together, or a value out of range.
    #[error("{0}")]
    Options(String),
    /// A file of records cannot be read or written.
    #[error(transparent)]
    Formats(#[from] xlner_formats::Error),
    /// A file that is no file of records cannot be read or written.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The store cannot be read or written.
    #[error("{path}: {source}", path = path.display())]
    Store {
        /// The store.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The store is not one of ours, damaged, or in use.
    #[error("{path}: {problem}", path = path.display())]
    BadStore {
        /// The store.
        path: PathBuf,
        /// What is wrong, and the cure.
        problem: String,
    },
    /// A record that does not go into the store, or a version that does not fit its record.
    #[error("{file}, record “{record}”: {problem}", file = file.display())]
    Record {
        /// The file.
        file: PathBuf,
        /// Id of the record.
        record: String,
        /// What is wrong.
        problem: String,
    },
    /// There is no sentence of that id.
    #[error("there is no sentence “{0}” here")]
    NoItem(String),
    /// An operation that the version does not allow.
    #[error("{0}")]
    Refused(String),
    /// The version has changed since the operation's base.
    #[error("the sentence was changed in the meantime: the base of the operation is {base}, the version is at {}", head.seq)]
    Conflict {
        /// What the operation is based on.
        base: u64,
        /// The version as it is.
        head: Box<Version>,
    },
    /// The caller may not do that.
    #[error("{0}")]
    Forbidden(String),
    /// The server cannot listen.
    #[error("cannot listen on {address}: {source}; is another program there? Choose another port")]
    Listen {
        /// The address.
        address: String,
        /// What the system says.
        source: std::io::Error,
    },
}
