//! Translators, by their engines.

use std::str::FromStr;

use xlner_core::Translator;
#[cfg(feature = "http")]
use xlner_models::HttpTranslator;
use xlner_models::{Apertium, ApertiumOptions, HttpOptions, Lookup, LookupOptions};
#[cfg(feature = "transformers")]
use xlner_neural::seq2seq::{Seq2Seq, Seq2SeqOptions};

use crate::{Error, Result};

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
    pub seq2seq: Seq2SeqOptions,
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
            seq2seq: Seq2SeqOptions::default(),
        }
    }
}

/// Opens a translator.
///
/// # Errors
/// [`Error::Options`] where the engine is not built in; else [`Error::Model`]: options do not go together, a language is not
/// known, what the engine loads is not there or damaged, it does not start, it does not translate between these languages.
pub fn open_translator(options: &TranslatorOptions) -> Result<Box<dyn Translator>> {
    let TranslatorOptions { engine, from, to, models, .. } = options;
    let languages = [from.as_str(), to.as_str()];
    Ok(match engine {
        Engine::Apertium => Box::new(Apertium::open(models, languages, &options.apertium)?),
        #[cfg(feature = "http")]
        Engine::Http => Box::new(HttpTranslator::open(models, languages, &options.http)?),
        #[cfg(not(feature = "http"))]
        Engine::Http => {
            return Err(Error::Options("this build has no engine http; build with the feature `http`".into()));
        }
        Engine::Lookup => Box::new(Lookup::open(models, languages, &options.lookup)?),
        #[cfg(feature = "transformers")]
        Engine::Nllb | Engine::Marian | Engine::Ct2 => Box::new(open_seq2seq(options)?),
        #[cfg(not(feature = "transformers"))]
        Engine::Nllb | Engine::Marian | Engine::Ct2 => {
            return Err(Error::Options(format!(
                "this build has no engine {engine}; build with the feature `transformers`"
            )));
        }
    })
}

/// One model, of the engine's kind.
#[cfg(feature = "transformers")]
fn open_seq2seq(options: &TranslatorOptions) -> Result<Seq2Seq> {
    let TranslatorOptions { engine, from, to, models, seq2seq, .. } = options;
    let [model] = &models[..] else {
        return Err(Error::Options(format!(
            "{engine} takes one model (option `model`): a folder, or a name on the Hub; {} are given",
            models.len()
        )));
    };
    let translator = Seq2Seq::open(model, from, to, seq2seq)?;
    let right = match (translator.is_ctranslate2(), translator.is_marian()) {
        (true, _) => Engine::Ct2,
        (false, true) => Engine::Marian,
        (false, false) => Engine::Nllb,
    };
    match right == *engine {
        true => Ok(translator),
        false => Err(Error::Options(format!("{model} is no model for the engine {engine}, but for {right}"))),
    }
}
