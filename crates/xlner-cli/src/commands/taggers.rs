//! How commands open their taggers.

use std::time::Duration;

use anyhow::Result;
use clap::Args;
use xlner::{TaggerOptions, open_tagger_with};
use xlner_core::{ServerFigures, Tagger};
use xlner_models::{Precision, SubWords};

use crate::context::{Context, failed};

/// Options of `--tagger` and `--target-tagger`.
#[derive(Args)]
pub struct TaggerArgs {
    /// --tagger is a transformer: its numeric precision; int8 is faster, tags may differ slightly [default: f32]
    #[arg(long, value_name = "f32|int8", requires = "tagger", help_heading = "Taggers")]
    tagger_precision: Option<Precision>,
    /// --tagger is a transformer: which sub-words represent their token: the first, the mean of all, or the most certain [default: first]
    #[arg(long, value_name = "first|mean|max", requires = "tagger", help_heading = "Taggers")]
    tagger_sub_words: Option<SubWords>,
    /// --tagger is a transformer: the tags of its classes, in their order, instead of those that its config.json names; a server:
    /// the labels that it is asked for [default: PER,LOC,ORG]
    #[arg(long, value_name = "TAGS", value_delimiter = ',', requires = "tagger", help_heading = "Taggers")]
    tagger_labels: Option<Vec<String>>,
    #[command(flatten)]
    outside: OutsideArgs,
    #[command(flatten)]
    target: TargetTaggerArgs,
}

/// Options of the tagger of the target language.
#[derive(Args)]
pub struct TargetTaggerArgs {
    /// --target-tagger is a transformer: its numeric precision; int8 is faster, tags may differ slightly [default: f32]
    #[arg(long, value_name = "f32|int8", requires = "target_tagger", help_heading = "Taggers")]
    target_tagger_precision: Option<Precision>,
    /// --target-tagger is a transformer: which sub-words represent their token [default: first]
    #[arg(long, value_name = "first|mean|max", requires = "target_tagger", help_heading = "Taggers")]
    target_tagger_sub_words: Option<SubWords>,
    /// --target-tagger is a transformer: the tags of its classes, in their order; a server: the labels that it is asked for
    #[arg(long, value_name = "TAGS", value_delimiter = ',', requires = "target_tagger", help_heading = "Taggers")]
    target_tagger_labels: Option<Vec<String>>,
    /// --target-tagger is a program or a server: seconds that it may be silent [default: 300, 120]
    #[arg(long, value_name = "SECONDS", requires = "target_tagger", help_heading = "Taggers")]
    target_tagger_timeout: Option<u32>,
    /// --target-tagger is a server (http): the model that it is to use
    #[arg(long, value_name = "NAME", requires = "target_tagger", help_heading = "Taggers")]
    target_tagger_model: Option<String>,
    /// --target-tagger is a server (http): name of the environment variable that holds the API key
    #[arg(long, value_name = "VARIABLE", requires = "target_tagger", help_heading = "Taggers")]
    target_tagger_api_key_env: Option<String>,
}

/// Options of taggers that are not ours.
#[derive(Args)]
pub struct OutsideArgs {
    /// cmd: seconds that the program may be silent while an answer is outstanding; http: seconds to wait for an answer
    /// [default: 300, 120]
    #[arg(long, value_name = "SECONDS", requires = "tagger", help_heading = "Taggers")]
    tagger_timeout: Option<u32>,
    /// http: the model that the server is to use
    #[arg(long, value_name = "NAME", requires = "tagger", help_heading = "Taggers")]
    tagger_model: Option<String>,
    /// http: name of the environment variable that holds the API key
    #[arg(long, value_name = "VARIABLE", requires = "tagger", help_heading = "Taggers")]
    tagger_api_key_env: Option<String>,
    /// http: requests a second, at most
    #[arg(long, value_name = "X", requires = "tagger", help_heading = "Taggers")]
    tagger_rate: Option<f64>,
    /// http: times that a request is sent again after a failure that may pass [default: 6]
    #[arg(long, value_name = "N", requires = "tagger", help_heading = "Taggers")]
    tagger_retries: Option<u32>,
    /// http: sentences in a request, at most [default: 16]
    #[arg(long, value_name = "N", requires = "tagger", help_heading = "Taggers")]
    tagger_request_size: Option<usize>,
}

impl OutsideArgs {
    /// The options of a tagger of that kind.
    pub fn options(&self) -> TaggerOptions {
        TaggerOptions {
            timeout: self.tagger_timeout.map(|seconds| Duration::from_secs(seconds.into())),
            model: self.tagger_model.clone(),
            key_variable: self.tagger_api_key_env.clone(),
            rate: self.tagger_rate,
            retries: self.tagger_retries,
            batch: self.tagger_request_size,
            ..TaggerOptions::default()
        }
    }
}

/// Says what a tagger behind a server has done, and what it told that was not taken.
pub fn tell(tagger: &dyn Tagger, context: &Context) {
    let ServerFigures { requests, retries, split_batches, refused, tokens_sent, tokens_received, .. } =
        tagger.figures();
    if refused > 0 {
        context.note(format_args!(
            "note: {refused} entities were left out: the server's model told them, and their text does not stand in the sentence"
        ));
    }
    if requests > 0 {
        context.note(format_args!(
            "server: {requests} requests, {retries} sent again, {split_batches} asked again sentence by sentence; {tokens_sent} tokens \
             sent, {tokens_received} received"
        ));
    }
}

impl TaggerArgs {
    /// Opens `--tagger`.
    pub fn open(&self, name: &str) -> Result<Box<dyn Tagger>> {
        let options = TaggerOptions {
            precision: self.tagger_precision,
            sub_words: self.tagger_sub_words,
            labels: self.tagger_labels.clone(),
            ..self.outside.options()
        };
        open_tagger_with(name, &options).map_err(failed)
    }

    /// Opens `--target-tagger`.
    pub fn open_target(&self, name: &str) -> Result<Box<dyn Tagger>> {
        self.target.open_target(name)
    }
}

impl TargetTaggerArgs {
    /// Opens `--target-tagger`.
    pub fn open_target(&self, name: &str) -> Result<Box<dyn Tagger>> {
        let timeout = self.target_tagger_timeout.map(|seconds| Duration::from_secs(seconds.into()));
        let options = TaggerOptions {
            precision: self.target_tagger_precision,
            sub_words: self.target_tagger_sub_words,
            labels: self.target_tagger_labels.clone(),
            timeout,
            model: self.target_tagger_model.clone(),
            key_variable: self.target_tagger_api_key_env.clone(),
            ..TaggerOptions::default()
        };
        open_tagger_with(name, &options).map_err(failed)
    }
}
