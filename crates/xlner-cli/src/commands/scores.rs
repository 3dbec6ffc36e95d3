//! `--scores`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use xlner_project::Weights;

/// What `--scores` takes.
#[derive(Clone)]
pub enum Scores {
    Weights(Weights),
    /// A file that `tune scores` wrote.
    File(PathBuf),
}

pub fn parse_scores(text: &str) -> Result<Scores, String> {
    match Path::new(text).extension() {
        Some(extension) if extension == "toml" => Ok(Scores::File(text.into())),
        _ => text.parse().map(Scores::Weights).map_err(|error: xlner_project::Error| error.to_string()),
    }
}

impl Scores {
    /// The weights.
    ///
    /// # Errors
    /// A file that cannot be read, or holds no weights.
    pub fn weights(&self) -> Result<Weights> {
        let path = match self {
            Scores::Weights(weights) => return Ok(weights.clone()),
            Scores::File(path) => path,
        };
        let read = || {
            let table: toml::Table = xlner_formats::read_small_text(path).context("cannot open")?.parse()?;
            let scores = table.get("scores").and_then(toml::Value::as_str);
            Ok(scores.context("there is no text `scores`; `xlner tune scores` writes such files")?.parse()?)
        };
        read().map_err(|error: anyhow::Error| anyhow!("{}: {error:#}", path.display()))
    }
}
