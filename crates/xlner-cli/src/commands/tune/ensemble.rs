//! `xlner tune ensemble`.

use std::path::PathBuf;

use anyhow::Result;
use xlner::ensemble::{LearnReport, LearnWeightsJob};
use xlner_core::tags::Scheme;
use xlner_formats::{Format, ReadOptions};

use crate::context::{Context, failed};
use crate::print::print;

const EXAMPLES: &str = "\
Examples:
  xlner tune ensemble dev.direct.jsonl dev.tagger.conll --gold dev.gold.conll -o weights.toml
  xlner ensemble test.direct.jsonl test.tagger.conll --weights weights.toml -o out.conll

The files are what several systems found in the same sentences; the weights say what the vote of each is worth.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What the systems found in the sentences of --gold; of pairs the target side counts
    #[arg(value_name = "FILE", required = true)]
    votes: Vec<PathBuf>,
    /// The same sentences with their gold entities
    #[arg(long, value_name = "FILE")]
    gold: PathBuf,
    /// Where to write the weights (TOML), for --weights of `ensemble`
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Write the figures as JSON to standard output
    #[arg(long)]
    json: bool,
    /// Format of the files [default: from their names]
    #[arg(long, value_name = "FORMAT", help_heading = "Formats")]
    from_format: Option<Format>,
    /// Tag scheme of the files [default: detected]
    #[arg(long, help_heading = "Formats")]
    scheme: Option<Scheme>,
}

pub fn run(args: Args, context: &Context) -> Result<()> {
    let options = ReadOptions { format: args.from_format, scheme: args.scheme, ..context.read() };
    let job = LearnWeightsJob { votes: args.votes, gold: args.gold, options, weights: args.output };
    let report = job.run().map_err(failed)?;
    if args.json {
        print(&report)?;
    }
    tell(&report, context);
    Ok(())
}

/// Says what the weights come to.
pub fn tell(report: &LearnReport, context: &Context) {
    let single: Vec<String> = report.single.iter().map(|f1| format!("{f1:.4}")).collect();
    context.note(format_args!(
        "F1 on what was learnt from: {:.4}; of the systems alone: {}",
        report.f1,
        single.join(", ")
    ));
}
