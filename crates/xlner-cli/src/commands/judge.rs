//! How commands ask a judge.

use std::time::Duration;

use anyhow::Result;
use clap::Args;
use xlner::decision::Judging;
use xlner::{TaggerOptions, open_judge};
use xlner_core::contracts::Judge;

use crate::context::failed;

/// A language model that looks at entities that the decision is unsure of.
#[derive(Args)]
pub struct JudgeArgs {
    /// Ask a language model about entities that the decision is unsure of: the address of an OpenAI-compatible server. It says where each
    /// stands in the target, or that it does not
    #[arg(long, value_name = "http://…", requires = "judge_model", help_heading = "Judge")]
    judge: Option<String>,
    /// Ask about entities that are kept with a lower probability
    #[arg(
        long,
        value_name = "P",
        default_value_t = 0.6,
        requires = "judge",
        allow_negative_numbers = true,
        help_heading = "Judge"
    )]
    judge_below: f64,
    /// The model that the server is to use
    #[arg(long, value_name = "NAME", requires = "judge", help_heading = "Judge")]
    judge_model: Option<String>,
    /// Name of the environment variable that holds the API key
    #[arg(long, value_name = "VARIABLE", requires = "judge", help_heading = "Judge")]
    judge_api_key_env: Option<String>,
    /// Seconds to wait for an answer [default: 120]
    #[arg(long, value_name = "SECONDS", requires = "judge", help_heading = "Judge")]
    judge_timeout: Option<u32>,
    /// Requests a second, at most
    #[arg(long, value_name = "X", requires = "judge", help_heading = "Judge")]
    judge_rate: Option<f64>,
    /// Times that a request is sent again after a failure that may pass [default: 6]
    #[arg(long, value_name = "N", requires = "judge", help_heading = "Judge")]
    judge_retries: Option<u32>,
    /// Pairs in a request, at most [default: 16]
    #[arg(long, value_name = "N", requires = "judge", help_heading = "Judge")]
    judge_request_size: Option<usize>,
}

/// A judge that is ready, and what it is asked about.
pub struct OpenJudge {
    judge: Box<dyn Judge>,
    below: f64,
}

impl OpenJudge {
    /// As the jobs take it.
    pub fn judging(&self) -> Judging<'_> {
        Judging { judge: &*self.judge, below: self.below }
    }
}

impl JudgeArgs {
    /// Makes the judge ready, where there is one. Nothing is asked yet.
    ///
    /// # Errors
    /// Options that are out of range, or a key that is not there.
    pub fn open(&self) -> Result<Option<OpenJudge>> {
        let options = TaggerOptions {
            timeout: self.judge_timeout.map(|seconds| Duration::from_secs(seconds.into())),
            model: self.judge_model.clone(),
            key_variable: self.judge_api_key_env.clone(),
            rate: self.judge_rate,
            retries: self.judge_retries,
            batch: self.judge_request_size,
            ..TaggerOptions::default()
        };
        let open = |address: &String| -> Result<OpenJudge> {
            let judge = open_judge(address, &options).map_err(failed)?;
            Ok(OpenJudge { judge, below: self.judge_below })
        };
        self.judge.as_ref().map(open).transpose()
    }
}
