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
    /// An NLLB-200 or M2M100 checkpoint (feature `transformers`).
    Nllb,
    /// A Marian checkpoint (feature `transformers`).
    Marian,
    /// A translator of either kind that CTranslate2's converters wrote (feature `transformers`).
    Ct2,
}

impl Engine {
    /// All engines.
    pub const ALL: [Engine; 6] =
        [Engine::Apertium, Engine::Http, Engine::Lookup, Engine::Nllb, Engine::Marian, Engine::Ct2];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Engine::Apertium => "apertium",
            Engine::Http => "http",
            Engine::Lookup => "lookup",
            Engine::Nllb => "nllb",
            Engine::Marian => "marian",
            Engine::Ct2 => "ct2",
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
    /// a server, `lookup` tables of translations, `nllb`, `marian` and `ct2` a folder or a name on the Hugging Face Hub.
    pub models: Vec<String>,
    /// Options of `apertium`.
    pub apertium: ApertiumOptions,
    /// Options of `http`.
    pub http: HttpOptions,
    /// Options of `lookup`.
    pub lookup: LookupOptions,
    /// Options of `nllb`, `marian` and `ct2`.
    #[cfg(feature = "transformers")]
    pub seq2seq: crate::seq2seq::Seq2SeqOptions,
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
            #[cfg(feature = "transformers")]
            seq2seq: crate::seq2seq::Seq2SeqOptions::default(),
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
        #[cfg(feature = "transformers")]
        Engine::Nllb | Engine::Marian | Engine::Ct2 => Box::new(crate::seq2seq::Seq2Seq::of(options)?),
        #[cfg(not(feature = "transformers"))]
        Engine::Nllb | Engine::Marian | Engine::Ct2 => {
            return Err(wrong(format!(
                "this build has no engine {}; build with `--features transformers`",
                options.engine
            )));
        }
    })
}

/// The error for an option that is not as it should be.
fn wrong(message: impl Into<String>) -> Error {
    Error::Options(message.into())
}
