//! What can go wrong in a job.

use std::path::{Path, PathBuf};

use xlner_core::{ModelError, Pair};
use xlner_project::scores::{CODEC, NMT};

/// Result of the functions of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// A job that cannot be begun or cannot go on. Its output is then not there, or as it was before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Options that do not go together, or are out of range. Found before any file is touched, but for what depends on
    /// what a file holds.
    #[error("{0}")]
    Options(String),
    /// An option that is out of range, or does not fit the others or what a file holds.
    #[error("option `{field}` {problem}")]
    Option {
        /// The field of the job.
        field: &'static str,
        /// What is wrong with it, as the rest of a sentence that begins with the option's name.
        problem: String,
    },
    /// A file that cannot be read or written, or breaks the rules of its format.
    #[error(transparent)]
    Format(#[from] xlner_formats::Error),
    /// Files of which item n of one should belong to item n of the other, and that have different numbers of items.
    #[error(
        "{} holds {first_count}, {} holds {second_count}; item n of one must belong to item n of the other (an empty sentence still has its line)",
        first.display(), second.display()
    )]
    UnequalFiles {
        /// A file.
        first: PathBuf,
        /// What it holds: `799 sentences`.
        first_count: String,
        /// The file that should go with it.
        second: PathBuf,
        /// What that holds.
        second_count: String,
    },
    /// A model file that is damaged, or of another version.
    #[error(transparent)]
    Align(#[from] xlner_align::Error),
    /// A file that cannot be read or written.
    #[error("{}: {}", path.display(), xlner_models::what_failed(problem))]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        problem: std::io::Error,
    },
    /// A model or engine that cannot be loaded, run or trained.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// What a run folder keeps cannot be read.
    #[error("{problem}; {} was kept by a run and is damaged: delete it and start the same command again", path.display())]
    Kept {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: xlner_formats::Error,
    },
    /// A sentence that a model or engine cannot work on.
    #[error("{}sentence {number}{}: {problem}", place(file), quoted(id))]
    Sentence {
        /// The file it comes from; empty where it was in memory.
        file: PathBuf,
        /// Its number in the file, counted from 1.
        number: u64,
        /// Its id; empty where it has none.
        id: String,
        /// What is wrong.
        problem: String,
    },
    /// A file without anything in it.
    #[error("{}: there is no {noun}", file.display())]
    Empty {
        /// The file.
        file: PathBuf,
        /// What should be there.
        noun: &'static str,
    },
    /// A file, or a part of it, that is not what is wanted: a sentence that does not fit the others it is compared with, say.
    #[error("{place}: {problem}")]
    Place {
        /// The file, with line and id of the sentence where they are known.
        place: String,
        /// What is wrong.
        problem: String,
    },
    /// A record that lacks something, or holds something that does not fit.
    #[error("{}, record {number}{}: {problem}", file.display(), quoted(id))]
    Record {
        /// The file.
        file: PathBuf,
        /// Its number in the file, counted from 1.
        number: u64,
        /// Its id; empty where it has none.
        id: String,
        /// What is wrong.
        problem: String,
    },
    /// A pair that cannot be worked on.
    #[error("{}pair {number}{}: {problem}{}", place(file), quoted(id), cure(problem))]
    Pair {
        /// The file the pair, or the part of it that is wrong, comes from; empty where it was in memory.
        file: PathBuf,
        /// Number of the pair in the file, counted from 1.
        number: u64,
        /// Its id; empty where it has none.
        id: String,
        /// What is wrong with it.
        problem: xlner_project::Error,
    },
}

impl Error {
    /// A file is not what is wanted.
    pub(crate) fn of_file(file: &Path, problem: impl ToString) -> Error {
        Error::Place { place: file.display().to_string(), problem: problem.to_string() }
    }

    /// Something is wrong with a pair of a file, counted from 1.
    pub(crate) fn of_pair(file: &Path, number: u64, pair: &Pair, problem: xlner_project::Error) -> Error {
        Error::Pair { file: file.to_owned(), number, id: pair.id.clone(), problem }
    }
}

impl From<xlner_models::Error> for Error {
    fn from(error: xlner_models::Error) -> Error {
        Error::Model(error.into())
    }
}

#[cfg(feature = "transformers")]
impl From<xlner_neural::Error> for Error {
    fn from(error: xlner_neural::Error) -> Error {
        Error::Model(error.into())
    }
}

impl From<serde_json::Error> for Error {
    /// For JSON that xlner itself wrote or is writing: records in a run folder, figures of `eval`.
    fn from(error: serde_json::Error) -> Error {
        Error::Options(format!("JSON of xlner's own cannot be read or written: {error}"))
    }
}

/// The cause of an error for which there is a flag.
fn cure(problem: &xlner_project::Error) -> String {
    match problem {
        xlner_project::Error::NoScore(name) if [NMT, CODEC].contains(&name.as_str()) => {
            "; option `nmt_model` MODEL makes it".to_owned()
        }
        xlner_project::Error::NoTagger => {
            "; `xlner tag` with option `probabilities` makes them, or say option `target_tags` tagger where the target's entities are a tagger's"
                .to_owned()
        }
        _ => String::new(),
    }
}

/// The file of a sentence or pair; nothing where it was in memory.
fn place(file: &Path) -> String {
    if file.as_os_str().is_empty() { String::new() } else { format!("{}, ", file.display()) }
}

fn quoted(id: &str) -> String {
    if id.is_empty() { String::new() } else { format!(" “{id}”") }
}
