//! Errors, one exception class a kind (`python/xlner/_errors.py`).

use std::path::{Path, PathBuf};

use pyo3::prelude::*;
use pyo3::types::PyDict;

/// What went wrong, and where.
#[derive(Debug)]
pub struct Failure(Box<Inner>);

#[derive(Debug)]
struct Inner {
    /// Name of the exception class.
    kind: &'static str,
    message: String,
    file: Option<PathBuf>,
    line: Option<u64>,
    /// Id of the record.
    record: Option<String>,
    /// Its number in the input, counted from 1.
    number: Option<u64>,
    /// An exception that a stage of the user's raised.
    cause: Option<PyErr>,
}

/// Result of work that is done without Python.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// Options that do not go together.
    pub fn options(message: impl ToString) -> Failure {
        Failure::new("OptionsError", message)
    }

    /// A record that is not as it should be, by its number, counted from 1.
    pub fn record(number: u64, id: &str, message: impl ToString) -> Failure {
        let quoted = if id.is_empty() { String::new() } else { format!(" “{id}”") };
        let message = format!("record {number}{quoted}: {}", message.to_string());
        Inner { number: Some(number), record: named(id), ..Inner::new("RecordError", message) }.into()
    }

    /// A model that cannot be loaded, run or trained.
    pub fn model(message: impl ToString) -> Failure {
        Failure::new("ModelError", message)
    }

    /// A file that cannot be read or written.
    pub fn file(path: &Path, message: impl ToString) -> Failure {
        let (name, message) = (path.display(), message.to_string());
        let message = if message.starts_with(&format!("{name}: ")) { message } else { format!("{name}: {message}") };
        Inner { file: Some(path.to_owned()), ..Inner::new("FileError", message) }.into()
    }

    /// A file that breaks the rules of its format, or has none.
    pub fn format(path: &Path, message: impl ToString) -> Failure {
        let mut failure = Failure::file(path, message);
        failure.0.kind = "FormatError";
        failure
    }

    fn new(kind: &'static str, message: impl ToString) -> Failure {
        Inner::new(kind, message).into()
    }

    /// The same failure, not naming a folder that was made for the call.
    pub fn without_folder(mut self, folder: &Path) -> Failure {
        self.0.message = self.0.message.replace(&format!("{}/", folder.display()), "");
        self.0.file = self.0.file.take().filter(|file| !file.starts_with(folder));
        self
    }

    /// The same failure, with another name for an option.
    pub fn renamed(mut self, from: &str, to: &str) -> Failure {
        self.0.message = self.0.message.replace(&format!("`{from}`"), &format!("`{to}`"));
        self
    }

    /// The same failure with the exception that it comes from, which is then what Python sees.
    pub fn caused_by(mut self, cause: Option<PyErr>) -> Failure {
        self.0.cause = cause.or(self.0.cause.take());
        self
    }

    /// The exception.
    pub fn raise(self, py: Python<'_>) -> PyErr {
        let Inner { kind, message, file, line, record, number, cause } = *self.0;
        if let Some(cause) = cause {
            if number.is_some() {
                let note = format!("xlner: {message}");
                // A note that cannot be added must not hide the exception.
                let _ = cause.value(py).call_method1("add_note", (note,));
            }
            return cause;
        }
        let make = || {
            let fields = PyDict::new(py);
            fields.set_item("file", file.map(|file| file.display().to_string()))?;
            fields.set_item("line", line)?;
            fields.set_item("record", record)?;
            fields.set_item("number", number)?;
            py.import("xlner._errors")?.getattr(kind)?.call((message,), Some(&fields))
        };
        make().map_or_else(|error| error, PyErr::from_value)
    }
}

impl Inner {
    fn new(kind: &'static str, message: impl ToString) -> Inner {
        Inner { kind, message: message.to_string(), file: None, line: None, record: None, number: None, cause: None }
    }
}

impl From<Inner> for Failure {
    fn from(inner: Inner) -> Failure {
        Failure(Box::new(inner))
    }
}

fn named(id: &str) -> Option<String> {
    (!id.is_empty()).then(|| id.to_owned())
}

fn place(file: PathBuf) -> Option<PathBuf> {
    (!file.as_os_str().is_empty()).then_some(file)
}

impl From<xlner::Error> for Failure {
    fn from(error: xlner::Error) -> Failure {
        let message = error.to_string();
        match error {
            xlner::Error::Options(_) | xlner::Error::Option { .. } => Failure::options(message),
            xlner::Error::Format(error) => error.into(),
            xlner::Error::Align(_) => Failure::model(message),
            xlner::Error::File { path, .. } => Inner { file: Some(path), ..Inner::new("FileError", message) }.into(),
            xlner::Error::Model(error) => match error {
                xlner_core::ModelError::Options(_) => Failure::options(message),
                _ => Failure::model(message),
            },
            xlner::Error::Sentence { file, number, id, .. }
            | xlner::Error::Record { file, number, id, .. }
            | xlner::Error::Pair { file, number, id, .. } => Inner {
                file: place(file),
                number: Some(number),
                record: named(&id),
                ..Inner::new("RecordError", message)
            }
            .into(),
            _ => Failure::new("XlnerError", message),
        }
    }
}

impl From<xlner_formats::Error> for Failure {
    fn from(error: xlner_formats::Error) -> Failure {
        use xlner_formats::ErrorKind::{Open, Read, Write};
        let message = match std::error::Error::source(&error) {
            Some(source) if matches!(error.kind(), Open(_) | Read(_) | Write(_)) => format!("{error}: {source}"),
            _ => error.to_string(),
        };
        let kind = if matches!(error.kind(), Open(_) | Read(_) | Write(_)) { "FileError" } else { "FormatError" };
        Inner {
            file: Some(error.file().to_owned()),
            line: error.line(),
            record: error.record().map(str::to_owned),
            ..Inner::new(kind, message)
        }
        .into()
    }
}
