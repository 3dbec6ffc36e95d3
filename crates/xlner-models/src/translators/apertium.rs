//! `apertium`: rule-based translation by the program of that name, kept running.

mod escape;
mod modes;
mod pool;
mod process;

use std::path::PathBuf;
use std::time::Duration;

use super::{TranslatorOptions, wrong};
use crate::{Error, Result, Translation, Translator, TranslatorFigures};
use modes::ENGINE;
use pool::Pool;
use process::Launch;

/// Options of [`Engine::Apertium`](super::Engine::Apertium).
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
pub(super) struct Apertium {
    pool: Pool,
    signature: String,
    figures: TranslatorFigures,
}

impl Apertium {
    pub(super) fn open(options: &TranslatorOptions) -> Result<Apertium> {
        let ApertiumOptions { program, data, attempts, timeout, .. } = &options.apertium;
        if *attempts == 0 || timeout.is_zero() {
            return Err(wrong("apertium: the number of attempts and the time limit are at least 1"));
        }
        let mut launch = Launch { program: program.clone(), arguments: Vec::new() };
        let installed = modes::installed(&launch, data.as_deref())?;
        let mode = match options.models.as_slice() {
            [] => modes::find(&installed, &options.from, &options.to)?,
            [mode] if installed.contains(mode) => mode.clone(),
            [mode] => {
                let there = installed.join(", ");
                return Err(Error::engine(ENGINE, format!("no mode {mode} is installed; installed are: {there}")));
            }
            _ => return Err(wrong("apertium translates by one mode; give --model once, or leave it out")),
        };
        let folder = data.iter().flat_map(|data| ["-d".to_owned(), data.display().to_string()]);
        launch.arguments = folder.chain(["-f", "none", "-z", mode.as_str()].map(str::to_owned)).collect();
        let signature = format!("apertium {mode} {}", modes::checksum(data.as_deref(), &mode)?);
        let pool = Pool::new(launch, options.apertium.clone());
        Ok(Apertium { pool, signature, figures: TranslatorFigures::default() })
    }
}

impl Translator for Apertium {
    fn signature(&self) -> String {
        self.signature.clone()
    }

    fn translate(&mut self, texts: &[&str]) -> Result<Vec<Translation>> {
        let translations = self.pool.translate(texts, &mut self.figures)?;
        self.figures.texts += texts.len() as u64;
        Ok(translations)
    }

    fn figures(&self) -> TranslatorFigures {
        self.figures
    }
}
