//! How models are opened by their names: the only place that knows all kinds.

use std::path::Path;
use std::str::FromStr;

use xlner_core::{Encoder, Tagger, TranslationScorer, Translator};
#[cfg(feature = "http")]
use xlner_models::HttpTranslator;
#[cfg(feature = "transformers")]
use xlner_models::hub;
use xlner_models::{
    Apertium, ApertiumOptions, CapitalsTagger, HttpOptions, Lookup, LookupOptions, Precision, TransformerTaggerOptions,
    is_built_in, open_crf,
};
#[cfg(feature = "transformers")]
use xlner_neural::seq2seq::{Seq2Seq, Seq2SeqOptions};
#[cfg(feature = "transformers")]
use xlner_neural::transformer::{TransformerEncoder, TransformerTagger};

use crate::{Error, Result};

/// Before the label of the baseline that takes capitalised words for entities.
const CAPITALS: &str = "capitals:";

/// Opens a tagger: `default` (or `en`) is the built-in one, English, which finds `PER`, `LOC` and `ORG`; `capitals:LABEL` is
/// [`CapitalsTagger`]; a file is a model of ours; a folder, or a name on the Hub (`organisation/model`), a transformer as Hugging Face keeps it.
///
/// # Errors
/// Where it is not there, or damaged.
pub fn open_tagger(name: &str) -> Result<Box<dyn Tagger>> {
    open_tagger_with(name, TransformerTaggerOptions::default())
}

/// The same with options, which only a transformer has.
///
/// # Errors
/// Those of [`open_tagger`]; [`Error::Options`] where options are given that another tagger has not.
pub fn open_tagger_with(name: &str, options: TransformerTaggerOptions) -> Result<Box<dyn Tagger>> {
    let path = Path::new(name);
    let given = options != TransformerTaggerOptions::default();
    let label = name.strip_prefix(CAPITALS);
    if label.is_none() && !is_built_in(name) && (path.is_dir() || !path.exists() && name.contains('/')) {
        return open_transformer(name, options);
    }
    if given {
        let problem = "precision, labels and a way to join sub-words are options of transformers, and it is none";
        return Err(Error::Options(format!("{name}: {problem}")));
    }
    match label {
        Some("") => Err(Error::Options("the label is missing: write capitals:PER".into())),
        Some(label) => Ok(Box::new(CapitalsTagger::new(label))),
        None => Ok(Box::new(open_crf(name)?)),
    }
}

#[cfg(feature = "transformers")]
fn open_transformer(name: &str, options: TransformerTaggerOptions) -> Result<Box<dyn Tagger>> {
    Ok(Box::new(TransformerTagger::load(&hub::resolve(name, None)?, options)?))
}

#[cfg(not(feature = "transformers"))]
fn open_transformer(name: &str, _: TransformerTaggerOptions) -> Result<Box<dyn Tagger>> {
    let path = Path::new(name);
    // Without them a name that is no folder can only be a file of ours.
    match path.is_dir() {
        true => Err(xlner_models::Error::model(
            path,
            "a folder is a transformer, and this xlner was built without the feature `transformers`",
        )
        .into()),
        false => Ok(Box::new(open_crf(name)?)),
    }
}

/// Opens an encoder: a folder as Hugging Face keeps models, or a name on the Hub ([`hub::resolve`](xlner_models::hub::resolve)). Its
/// vectors are those behind `layer`; 0 is the embeddings, `None` the last. It calculates in `precision`.
///
/// # Errors
/// [`Error::Options`] where transformers are not built in; else [`Error::Model`]: there is no such layer, or the model is not
/// there, damaged, or of another kind.
pub fn open_encoder(name: &str, layer: Option<usize>, precision: Precision) -> Result<Box<dyn Encoder>> {
    #[cfg(feature = "transformers")]
    return Ok(Box::new(TransformerEncoder::load(&hub::resolve(name, None)?, layer, precision)?));
    #[cfg(not(feature = "transformers"))]
    {
        let _ = (layer, precision);
        Err(Error::Options(format!("{name}: this xlner was built without the feature `transformers`")))
    }
}

/// Opens a translation model that says how probable given translations are: NLLB-200 or M2M100, a folder as Hugging Face keeps
/// models or a name on its Hub ([`hub::resolve`](xlner_models::hub::resolve)), which calculates in `precision`.
///
/// # Errors
/// [`Error::Options`] for a model that translates in one direction only, or where transformers are not built in; else
/// [`Error::Model`]: it does not know a language, is not there, damaged, or of another kind.
pub fn open_scorer(name: &str, precision: Precision, [from, to]: [&str; 2]) -> Result<Box<dyn TranslationScorer>> {
    #[cfg(feature = "transformers")]
    {
        let options = Seq2SeqOptions { precision: Some(precision), ..Seq2SeqOptions::default() };
        let scorer = Seq2Seq::open(name, from, to, &options)?;
        if scorer.is_marian() {
            return Err(Error::Options(format!(
                "{name} is a Marian model, which translates in one direction; take NLLB-200 or M2M100"
            )));
        }
        // The other way as well, found out before the long work.
        scorer.knows(to, from)?;
        Ok(Box::new(scorer))
    }
    #[cfg(not(feature = "transformers"))]
    {
        let _ = (precision, from, to);
        Err(Error::Options(format!(
            "{name}: this build has no translation models; build with the feature `transformers`"
        )))
    }
}

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
