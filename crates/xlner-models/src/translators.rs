//! The translators, and how one is opened.

mod apertium;
mod http;
mod lookup;

use std::str::FromStr;

pub use apertium::ApertiumOptions;
pub use http::{HttpApi, HttpOptions};
pub use lookup::{LookupOptions, Missing};

use crate::{Error, Result, Translator};

/// What a translation is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Engine {
    /// Rule-based translation by the program `apertium`.
    Apertium,
    /// A server that speaks as LibreTranslate or as OpenAI do (feature `http`).
    Http,
    /// A table of given translations.
    Lookup,
}

impl Engine {
    /// All engines.
    pub const ALL: [Engine; 3] = [Engine::Apertium, Engine::Http, Engine::Lookup];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Engine::Apertium => "apertium",
            Engine::Http => "http",
            Engine::Lookup => "lookup",
        }
    }
}

impl std::fmt::Display for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Engine {
    type Err = String;

    fn from_str(name: &str) -> std::result::Result<Engine, String> {
        Engine::ALL.into_iter().find(|engine| engine.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Engine::ALL.into_iter().map(Engine::name).collect();
            format!("no engine “{name}”; engines: {}", names.join(", "))
        })
    }
}

/// Which translator is wanted.
#[derive(Debug, Clone)]
pub struct TranslatorOptions {
    /// What it translates with.
    pub engine: Engine,
    /// Language of the texts, BCP 47.
    pub from: String,
    /// Language of the translations, BCP 47.
    pub to: String,
    /// What the engine loads: `apertium` a mode (found by the languages where none is given), `http` the address of
    /// a server, `lookup` tables of translations.
    pub models: Vec<String>,
    /// Options of `apertium`.
    pub apertium: ApertiumOptions,
    /// Options of `http`.
    pub http: HttpOptions,
    /// Options of `lookup`.
    pub lookup: LookupOptions,
}

impl TranslatorOptions {
    /// An engine for a pair of languages, with its usual options.
    pub fn new(engine: Engine, from: impl Into<String>, to: impl Into<String>) -> TranslatorOptions {
        TranslatorOptions {
            engine,
            from: from.into(),
            to: to.into(),
            models: Vec::new(),
            apertium: ApertiumOptions::default(),
            http: HttpOptions::default(),
            lookup: LookupOptions::default(),
        }
    }
}

/// Opens a translator.
///
/// # Errors
/// [`Error::Options`] where options do not go together or a language is not known; else those of the engine: what it loads
/// is not there or damaged, it does not start, it does not translate between these languages.
pub fn open_translator(options: &TranslatorOptions) -> Result<Box<dyn Translator>> {
    Ok(match options.engine {
        Engine::Apertium => Box::new(apertium::Apertium::open(options)?),
        #[cfg(feature = "http")]
        Engine::Http => Box::new(http::Server::open(options)?),
        #[cfg(not(feature = "http"))]
        Engine::Http => return Err(wrong("this build has no engine http; build with `--features http`")),
        Engine::Lookup => Box::new(lookup::Lookup::open(options)?),
    })
}

/// The error for an option that is not as it should be.
fn wrong(message: impl Into<String>) -> Error {
    Error::Options(message.into())
}
