//! How models are opened by their names: the only place that knows all kinds.

mod translator;

use std::path::Path;
use std::time::Duration;

use xlner_core::contracts::Judge;
use xlner_core::{Encoder, Tagger, TranslationScorer};
#[cfg(feature = "http")]
use xlner_models::HttpOptions;
#[cfg(feature = "transformers")]
use xlner_models::hub;
use xlner_models::{
    CapitalsTagger, CommandOptions, CommandTagger, Precision, SubWords, TransformerTaggerOptions, is_built_in, open_crf,
};
#[cfg(feature = "http")]
use xlner_models::{ServerJudge, ServerTagger};
#[cfg(feature = "transformers")]
use xlner_neural::seq2seq::{Seq2Seq, Seq2SeqEncoder, Seq2SeqOptions, is_translation_model};
#[cfg(feature = "transformers")]
use xlner_neural::transformer::{TransformerEncoder, TransformerTagger};

use crate::{Error, Result};

pub use translator::{Engine, TranslatorOptions, open_translator};

/// Before the label of the baseline that takes capitalised words for entities.
const CAPITALS: &str = "capitals:";
/// Before the command line of a program that tags.
const COMMAND: &str = "cmd:";

/// Options of a tagger; each kind has some of them, and refuses the others where they are given.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TaggerOptions {
    /// Transformers: what they calculate in.
    pub precision: Option<Precision>,
    /// Transformers: which sub-words speak for their token.
    pub sub_words: Option<SubWords>,
    /// Transformers: the tags of the classes, in their order, instead of those of `config.json`. Servers: the labels that they are
    /// asked for.
    pub labels: Option<Vec<String>>,
    /// Programs: how long they may be silent. Servers: the longest time from a request to the end of its answer.
    pub timeout: Option<Duration>,
    /// Servers: the model that is to be used, which must be named.
    pub model: Option<String>,
    /// Servers: name of the environment variable that holds the API key.
    pub key_variable: Option<String>,
    /// Servers: requests a second, at most.
    pub rate: Option<f64>,
    /// Servers: times that a request is sent again after a failure that may pass.
    pub retries: Option<u32>,
    /// Servers: sentences in a request, at most.
    pub batch: Option<usize>,
}

/// Opens a tagger: `default` (or `en`) is the built-in one, English, which finds `PER`, `LOC` and `ORG`; `capitals:LABEL` is
/// [`CapitalsTagger`]; `cmd:PROGRAM` a program that speaks JSON lines ([`CommandTagger`]); `http://…` an OpenAI-compatible server
/// (feature `http`); a file is a model of ours; a folder, or a name on the Hub (`organisation/model`), a transformer as Hugging
/// Face keeps it.
///
/// # Errors
/// Where it is not there, or damaged.
pub fn open_tagger(name: &str) -> Result<Box<dyn Tagger>> {
    open_tagger_with(name, &TaggerOptions::default())
}

/// The same with options.
///
/// # Errors
/// Those of [`open_tagger`]; [`Error::Options`] where options are given that this tagger has not.
pub fn open_tagger_with(name: &str, options: &TaggerOptions) -> Result<Box<dyn Tagger>> {
    let kind = TaggerKind::of(name);
    options.check(name, kind)?;
    Ok(match kind {
        TaggerKind::Capitals("") => {
            return Err(Error::Options("the label is missing: write capitals:PER".into()));
        }
        TaggerKind::Capitals(label) => Box::new(CapitalsTagger::new(label)),
        TaggerKind::Command(command) => {
            let usual = CommandOptions::default();
            let timeout = options.timeout.unwrap_or(usual.timeout);
            Box::new(CommandTagger::new(command, CommandOptions { timeout })?)
        }
        TaggerKind::Server => return open_server(name, options),
        TaggerKind::Transformer => {
            let TaggerOptions { precision, sub_words, labels, .. } = options.clone();
            let (precision, sub_words) = (precision.unwrap_or_default(), sub_words.unwrap_or_default());
            return open_transformer(name, TransformerTaggerOptions { precision, sub_words, labels });
        }
        TaggerKind::Crf => Box::new(open_crf(name)?),
    })
}

/// What the name of a tagger tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TaggerKind<'n> {
    Capitals(&'n str),
    Command(&'n str),
    Server,
    Transformer,
    Crf,
}

impl TaggerKind<'_> {
    fn of(name: &str) -> TaggerKind<'_> {
        let path = Path::new(name);
        if let Some(label) = name.strip_prefix(CAPITALS) {
            TaggerKind::Capitals(label)
        } else if let Some(command) = name.strip_prefix(COMMAND) {
            TaggerKind::Command(command)
        } else if name.starts_with("http://") || name.starts_with("https://") {
            TaggerKind::Server
        } else if !is_built_in(name) && (path.is_dir() || !path.exists() && name.contains('/')) {
            TaggerKind::Transformer
        } else {
            TaggerKind::Crf
        }
    }
}

impl TaggerOptions {
    /// Whether the tagger has all options that are given.
    fn check(&self, name: &str, kind: TaggerKind<'_>) -> Result<()> {
        let of_servers = self.model.is_some()
            || self.key_variable.is_some()
            || self.rate.is_some()
            || self.retries.is_some()
            || self.batch.is_some();
        let problem = if (self.precision.is_some() || self.sub_words.is_some()) && kind != TaggerKind::Transformer {
            "precision and a way to join sub-words are options of transformers, and it is none"
        } else if self.labels.is_some() && !matches!(kind, TaggerKind::Transformer | TaggerKind::Server) {
            "labels are options of transformers and servers, and it is neither"
        } else if self.timeout.is_some() && !matches!(kind, TaggerKind::Command(_) | TaggerKind::Server) {
            "a time limit is for a tagger that is a program (cmd:…) or a server (http://…), and it is neither"
        } else if of_servers && kind != TaggerKind::Server {
            "a model by its name, a key, a rate, retries and a number of sentences a request are for a tagger behind a server \
             (http://…), and it is none"
        } else {
            return Ok(());
        };
        Err(Error::Options(format!("{name}: {problem}")))
    }
}

/// Opens a judge by the address of an OpenAI-compatible server (feature `http`); of the options those of servers count.
///
/// # Errors
/// [`Error::Options`] where it is no address, options of other models are given, or servers are not built in.
pub fn open_judge(address: &str, options: &TaggerOptions) -> Result<Box<dyn Judge>> {
    if TaggerKind::of(address) != TaggerKind::Server {
        return Err(Error::Options(format!("{address}: a judge is a language model behind a server: give http://…")));
    }
    if options.labels.is_some() {
        return Err(Error::Options(format!("{address}: a judge is asked for no labels")));
    }
    options.check(address, TaggerKind::Server)?;
    #[cfg(feature = "http")]
    return Ok(Box::new(ServerJudge::open(address, &options.http())?));
    #[cfg(not(feature = "http"))]
    Err(Error::Options(format!("{address}: {NO_SERVERS}")))
}

#[cfg(feature = "http")]
impl TaggerOptions {
    /// How a server is asked.
    fn http(&self) -> HttpOptions {
        let usual = HttpOptions::default();
        HttpOptions {
            model: self.model.clone(),
            key_variable: self.key_variable.clone(),
            timeout: self.timeout.unwrap_or(usual.timeout),
            retries: self.retries.unwrap_or(usual.retries),
            batch: self.batch.unwrap_or(usual.batch),
            rate: self.rate,
            ..usual
        }
    }
}

#[cfg(feature = "http")]
fn open_server(name: &str, options: &TaggerOptions) -> Result<Box<dyn Tagger>> {
    Ok(Box::new(ServerTagger::open(name, options.labels.as_deref().unwrap_or_default(), &options.http())?))
}

#[cfg(not(feature = "http"))]
const NO_SERVERS: &str = "this build asks no servers; build xlner with feature `http`";

#[cfg(not(feature = "http"))]
fn open_server(name: &str, _: &TaggerOptions) -> Result<Box<dyn Tagger>> {
    Err(Error::Options(format!("{name}: {NO_SERVERS}")))
}

#[cfg(feature = "transformers")]
fn open_transformer(name: &str, options: TransformerTaggerOptions) -> Result<Box<dyn Tagger>> {
    Ok(Box::new(TransformerTagger::load(&hub::resolve(name, None)?, options)?))
}

#[cfg(not(feature = "transformers"))]
fn open_transformer(name: &str, _: TransformerTaggerOptions) -> Result<Box<dyn Tagger>> {
    let path = Path::new(name);
    match path.is_dir() {
        true => Err(xlner_models::Error::model(
            path,
            "a folder is a transformer, and this xlner was built without the feature `transformers`",
        )
        .into()),
        false => Err(xlner_models::Error::model(
            path,
            "cannot open: No such file or directory; models of the Hub need an xlner that was built with the feature `transformers`",
        )
        .into()),
    }
}

/// Opens an encoder: a folder as Hugging Face keeps models, or a name on the Hub ([`hub::resolve`](xlner_models::hub::resolve)); of a
/// translation model (NLLB-200, M2M100, Marian, CTranslate2's too) its encoder. Its vectors are those after `layer`; 0 is the
/// embeddings, `None` what is published: the eighth, or the last of fewer, and of translation models the last. It calculates in
/// `precision`.
///
/// # Errors
/// [`Error::Options`] where transformers are not built in; else [`Error::Model`]: there is no such layer, or the model is not
/// there, damaged, or of another kind.
pub fn open_encoder(name: &str, layer: Option<usize>, precision: Precision) -> Result<Box<dyn Encoder>> {
    #[cfg(feature = "transformers")]
    {
        let folder = hub::resolve(name, None)?;
        Ok(match is_translation_model(&folder)? {
            true => Box::new(Seq2SeqEncoder::load(&folder, layer, precision)?),
            false => Box::new(TransformerEncoder::load(&folder, layer, precision)?),
        })
    }
    #[cfg(not(feature = "transformers"))]
    {
        let _ = (layer, precision);
        Err(Error::Options(format!("{name}: this xlner was built without the feature `transformers`")))
    }
}

/// Opens the encoder of a translation model, as [`open_encoder`] does, and of no other.
///
/// # Errors
/// As [`open_encoder`]; [`Error::Options`] as well where the model does not translate.
pub fn open_translation_encoder(name: &str, layer: Option<usize>, precision: Precision) -> Result<Box<dyn Encoder>> {
    #[cfg(feature = "transformers")]
    if !is_translation_model(&hub::resolve(name, None)?)? {
        return Err(Error::Options(format!("{name} is no translation model; take NLLB-200, M2M100 or Marian")));
    }
    open_encoder(name, layer, precision)
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
