//! `apertium`: rule-based translation by the program of that name, kept running.

mod escape;
mod modes;
mod pool;
mod process;

use std::path::PathBuf;
use std::time::Duration;

use xlner_core::contracts::{ModelResult, Translation, Translator, TranslatorFigures};

use super::wrong;
use crate::{Error, Result};
use modes::ENGINE;
use pool::Pool;
use process::Launch;

/// Pipelines beside each other, at most.
const MOST_PROCESSES: usize = 1024;

/// Options of [`Apertium`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApertiumOptions {
    /// The program; found as a shell finds it.
    pub program: PathBuf,
    /// Folder of the language data, if not the program's own.
    pub data: Option<PathBuf>,
    /// Pipelines that run beside each other; 0: as many as the rayon pool has threads. Translations do not depend on it.
    pub processes: usize,
    /// A pipeline that does not answer for so long is started again.
    pub timeout: Duration,
    /// Times that a text is sent alone before it is held to be at fault; at least 1.
    pub attempts: usize,
    /// A text that is at fault is given back as it is, and counted, instead of being an error.
    pub pass_through: bool,
}

impl Default for ApertiumOptions {
    fn default() -> ApertiumOptions {
        ApertiumOptions {
            program: "apertium".into(),
            data: None,
            processes: 0,
            timeout: Duration::from_secs(60),
            attempts: 3,
            pass_through: false,
        }
    }
}

/// Translates by `apertium -f none -z MODE`: texts go in and come out one after the other, ended by a zero byte, so that any
/// number of them shares the start of a pipeline. What one text becomes does not depend on the others.
pub struct Apertium {
    pool: Pool,
    signature: String,
    figures: TranslatorFigures,
}

impl Apertium {
    /// Finds the mode that translates between two languages (BCP 47), or takes the one that is named. Pipelines are started when
    /// there is something to translate.
    ///
    /// # Errors
    /// [`Error::Options`] for options out of range, several modes, or a language that is not known; [`Error::Engine`] where the program does not start or has
    /// no such mode.
    pub fn open(modes: &[String], [from, to]: [&str; 2], options: &ApertiumOptions) -> Result<Apertium> {
        let ApertiumOptions { program, data, attempts, timeout, .. } = options;
        if *attempts == 0 || timeout.is_zero() {
            return Err(wrong("apertium: the number of attempts and the time limit are at least 1"));
        }
        if options.processes > MOST_PROCESSES {
            return Err(wrong(format!("apertium: {MOST_PROCESSES} pipelines at most (option `processes`)")));
        }
        let mut launch = Launch { program: program.clone(), arguments: Vec::new() };
        let installed = modes::installed(&launch, data.as_deref())?;
        let mode = match modes {
            [] => modes::find(&installed, from, to)?,
            [mode] if installed.contains(mode) => mode.clone(),
            [mode] => {
                let there = installed.join(", ");
                return Err(Error::engine(ENGINE, format!("no mode {mode} is installed; installed are: {there}")));
            }
            _ => return Err(wrong("apertium translates by one mode; give option `model` once, or leave it out")),
        };
        let folder = data.iter().flat_map(|data| ["-d".to_owned(), data.display().to_string()]);
        launch.arguments = folder.chain(["-f", "none", "-z", mode.as_str()].map(str::to_owned)).collect();
        let signature = format!("apertium {mode} {}", modes::checksum(data.as_deref(), &mode)?);
        let pool = Pool::new(launch, options.clone());
        Ok(Apertium { pool, signature, figures: TranslatorFigures::default() })
    }
}

impl Translator for Apertium {
    fn signature(&self) -> String {
        self.signature.clone()
    }

    fn translate(&mut self, texts: &[&str]) -> ModelResult<Vec<Translation>> {
        let translations = self.pool.translate(texts, &mut self.figures)?;
        self.figures.texts += texts.len() as u64;
        Ok(translations)
    }

    fn figures(&self) -> TranslatorFigures {
        self.figures
    }
}
