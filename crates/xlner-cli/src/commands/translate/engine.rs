//! The flags that choose what translates.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use xlner::{Engine, TranslatorOptions};
use xlner_formats::ReadOptions;
use xlner_models::{HttpApi, Missing};

use crate::context::{Context, UsageError};

/// Engines that load a model here.
const MODELS: [Engine; 3] = [Engine::Nllb, Engine::Marian, Engine::Ct2];

/// What translates.
#[derive(Args)]
pub struct EngineArgs {
    /// What translates: apertium (rules), nllb, marian (models), ct2 (models as CTranslate2 keeps them), http (a server), lookup (a
    /// table of given translations)
    #[arg(long, value_name = "ENGINE", help_heading = "Translation")]
    engine: Option<Engine>,
    /// What the engine loads. nllb, marian, ct2: a folder, or a name on the Hugging Face Hub; http: the address of a server; lookup:
    /// tables `source<TAB>target` (repeatable); apertium: a mode, if not the one that the languages imply
    #[arg(long, value_name = "MODEL", requires = "engine", help_heading = "Translation")]
    model: Vec<String>,

    /// lookup: a text that is in no table is an error, or is kept as it is [default: error]
    #[arg(long, value_name = "error|keep", requires = "engine", help_heading = "Translation")]
    missing: Option<Missing>,
    /// apertium, http: seconds to wait for an answer [default: 60, 120]
    #[arg(long, value_name = "SECONDS", requires = "engine", help_heading = "Translation")]
    timeout: Option<u32>,
    /// apertium: pipelines beside each other [default: as many as --threads]
    #[arg(long, value_name = "N", requires = "engine", help_heading = "Translation")]
    processes: Option<usize>,
    /// apertium: folder of the language data [default: that of the program]
    #[arg(long, value_name = "DIR", requires = "engine", help_heading = "Translation")]
    apertium_data: Option<PathBuf>,
    /// apertium: a sentence on which it fails every time is kept as it is, instead of ending the job
    #[arg(long, requires = "engine", help_heading = "Translation")]
    pass_through: bool,
    /// http: how the server is spoken to [default: as its address tells; …/v1 is openai]
    #[arg(long, value_name = "libretranslate|openai", requires = "engine", help_heading = "Translation")]
    http_api: Option<HttpApi>,
    /// http: the model that an OpenAI-compatible server is to use
    #[arg(long, value_name = "NAME", requires = "engine", help_heading = "Translation")]
    http_model: Option<String>,
    /// http: name of the environment variable that holds the API key
    #[arg(long, value_name = "VARIABLE", requires = "engine", help_heading = "Translation")]
    api_key_env: Option<String>,
    /// http: requests a second, at most
    #[arg(long, value_name = "X", requires = "engine", help_heading = "Translation")]
    rate: Option<f64>,
    /// http: sentences in a request, at most [default: 16]
    #[arg(long, value_name = "N", requires = "engine", help_heading = "Translation")]
    request_size: Option<usize>,
    /// http: times that a request is sent again after a failure that may pass [default: 6]
    #[arg(long, value_name = "N", requires = "engine", help_heading = "Translation")]
    retries: Option<u32>,
    /// nllb, marian, ct2: numeric precision of the network; int8 is several times faster [default: f32; of ct2 what the weights
    /// are kept in]
    #[arg(long, value_name = "f32|int8", value_parser = ["f32", "int8"], requires = "engine", help_heading = "Translation")]
    precision: Option<String>,
    /// nllb, marian, ct2: hypotheses that are followed at once; 1 is greedy search [default: 4]
    #[arg(long, value_name = "N", requires = "engine", help_heading = "Translation")]
    beams: Option<usize>,
    /// nllb, marian, ct2: over 0 long translations are favoured [default: 1]
    #[arg(long, value_name = "X", requires = "engine", allow_negative_numbers = true, help_heading = "Translation")]
    length_penalty: Option<f64>,
    /// nllb, marian, ct2: branch, tag or commit of a model on the Hub [default: main]
    #[arg(long, value_name = "REVISION", requires = "engine", help_heading = "Translation")]
    revision: Option<String>,
}

impl EngineArgs {
    /// The options of the translator from one language into another; `None` where no engine is named.
    ///
    /// # Errors
    /// Flags that are another engine's.
    pub fn options(&self, from: &str, to: &str, context: &Context) -> Result<Option<TranslatorOptions>> {
        let Some(engine) = self.engine else { return Ok(None) };
        self.check(engine)?;
        let mut options = TranslatorOptions::new(engine, from, to);
        options.models.clone_from(&self.model);
        options.lookup.missing = self.missing.unwrap_or_default();
        let ReadOptions { strict, notes, .. } = context.read();
        options.lookup.read = ReadOptions { strict, notes, ..ReadOptions::default() };
        let timeout = self.timeout.map(|seconds| Duration::from_secs(seconds.into()));
        let apertium = &mut options.apertium;
        apertium.timeout = timeout.unwrap_or(apertium.timeout);
        apertium.processes = self.processes.unwrap_or(apertium.processes);
        apertium.data.clone_from(&self.apertium_data);
        apertium.pass_through = self.pass_through;
        let http = &mut options.http;
        http.timeout = timeout.unwrap_or(http.timeout);
        http.api = self.http_api;
        http.model.clone_from(&self.http_model);
        http.key_variable.clone_from(&self.api_key_env);
        http.rate = self.rate;
        http.batch = self.request_size.unwrap_or(http.batch);
        http.retries = self.retries.unwrap_or(http.retries);
        #[cfg(feature = "transformers")]
        self.set_seq2seq(&mut options)?;
        Ok(Some(options))
    }

    /// The same with an engine that gives several translations of a sentence.
    ///
    /// # Errors
    /// Where it is one that gives one only.
    pub fn options_for(
        &self,
        from: &str,
        to: &str,
        best: usize,
        context: &Context,
    ) -> Result<Option<TranslatorOptions>> {
        let mut options = self.options(from, to, context)?;
        if let Some(options) = options.as_mut() {
            if !MODELS.contains(&options.engine) {
                return Err(UsageError(format!("--n-best is not for --engine {}; leave it out", options.engine)).into());
            }
            self.set_best(options, best);
        }
        Ok(options)
    }

    #[cfg(feature = "transformers")]
    fn set_best(&self, options: &mut TranslatorOptions, best: usize) {
        let search = &mut options.seq2seq.search;
        search.best = best;
        // Beams that are asked for are those that are taken.
        search.beams = self.beams.unwrap_or(search.beams.max(best));
    }

    /// Without models no engine is opened that would look at it.
    #[cfg(not(feature = "transformers"))]
    fn set_best(&self, _: &mut TranslatorOptions, _: usize) {}

    #[cfg(feature = "transformers")]
    fn set_seq2seq(&self, options: &mut TranslatorOptions) -> Result<()> {
        let seq2seq = &mut options.seq2seq;
        if let Some(precision) = &self.precision {
            seq2seq.precision = Some(precision.parse().map_err(crate::context::model_failed)?);
        }
        seq2seq.search.beams = self.beams.unwrap_or(seq2seq.search.beams);
        seq2seq.search.length_penalty = self.length_penalty.unwrap_or(seq2seq.search.length_penalty);
        seq2seq.revision.clone_from(&self.revision);
        Ok(())
    }

    fn check(&self, engine: Engine) -> Result<()> {
        let models = &MODELS;
        let flags: [(&str, bool, &[Engine]); 16] = [
            ("--precision", self.precision.is_some(), models),
            ("--beams", self.beams.is_some(), models),
            ("--length-penalty", self.length_penalty.is_some(), models),
            ("--revision", self.revision.is_some(), models),
            ("--missing", self.missing.is_some(), &[Engine::Lookup]),
            ("--timeout", self.timeout.is_some(), &[Engine::Apertium, Engine::Http]),
            ("--processes", self.processes.is_some(), &[Engine::Apertium]),
            ("--apertium-data", self.apertium_data.is_some(), &[Engine::Apertium]),
            ("--pass-through", self.pass_through, &[Engine::Apertium]),
            ("--http-api", self.http_api.is_some(), &[Engine::Http]),
            ("--http-model", self.http_model.is_some(), &[Engine::Http]),
            ("--api-key-env", self.api_key_env.is_some(), &[Engine::Http]),
            ("--rate", self.rate.is_some(), &[Engine::Http]),
            ("--request-size", self.request_size.is_some(), &[Engine::Http]),
            ("--retries", self.retries.is_some(), &[Engine::Http]),
            ("--model", self.model.len() > 1, &[Engine::Lookup]),
        ];
        match flags.iter().find(|(_, given, engines)| *given && !engines.contains(&engine)) {
            Some(("--model", ..)) => Err(UsageError(format!("--engine {engine} takes --model once")).into()),
            Some((flag, ..)) => Err(UsageError(format!("{flag} is not for --engine {engine}; leave it out")).into()),
            None => Ok(()),
        }
    }
}
