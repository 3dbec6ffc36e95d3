//! `xlner tune`.

mod decision;
pub mod encoder;
pub mod ensemble;
pub mod scores;

use anyhow::Result;
use clap::Subcommand;

use crate::context::Context;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Learn which projected entities to keep
    Decision(decision::Args),
    /// Learn the weights of the scores of `project`
    Scores(Box<scores::Args>),
    /// Learn what the vote of each system of `ensemble` is worth
    Ensemble(ensemble::Args),
    /// Fine-tune an encoder to align words (AWESoME)
    Encoder(encoder::Args),
}

pub fn run(args: Args, context: &Context) -> Result<()> {
    match args.what {
        What::Decision(args) => decision::run(args, context),
        What::Scores(args) => scores::run(*args, context),
        What::Ensemble(args) => ensemble::run(args, context),
        What::Encoder(args) => encoder::run(args, context),
    }
}
