//! `xlner tune decision`.

use std::path::PathBuf;

use anyhow::Result;
use xlner::AlignerOptions;
use xlner::decision::{DecisionChoice, TuneDecisionJob};
use xlner_formats::{Format, ReadOptions};

use crate::bars::Bars;
use crate::context::{Context, failed};
use crate::print::print;

const EXAMPLES: &str = "\
Examples:
  xlner tag --model default --probabilities dev.jsonl -o tagged.jsonl
  xlner tune decision --pairs tagged.jsonl -o mine.decision
  xlner project --pairs corpus.jsonl --decision mine.decision -o projected.jsonl

The records are pairs whose source carries a tagger's probabilities, with the right target entities in the field `gold`. \
Fifty sentences are enough to begin with: the weights stay close to those of --start. Cross-validation says whether they help.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Pairs with probabilities of the source and gold entities of the target; repeatable
    #[arg(long, value_name = "FILE", required = true)]
    pairs: Vec<PathBuf>,
    /// What learning starts from and stays close to: default, none, or a file
    #[arg(long, value_name = "default|none|FILE", default_value = "default")]
    start: DecisionChoice,
    /// How much weights that differ from the start are held back
    #[arg(long, value_name = "X", default_value_t = 300.0)]
    l2: f64,
    /// Other pairs to train the built-in aligner on; repeatable
    #[arg(long, value_name = "FILE")]
    bitext: Vec<PathBuf>,
    /// Where the weights go
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Write the figures as JSON to standard output
    #[arg(long)]
    json: bool,
    /// Format of the pairs [default: from their names]
    #[arg(long, value_name = "FORMAT", help_heading = "Formats")]
    from_format: Option<Format>,
}

pub fn run(args: Args, context: &Context) -> Result<()> {
    let job = TuneDecisionJob {
        pairs: args.pairs,
        options: ReadOptions { format: args.from_format, ..context.read() },
        start: args.start,
        l2: args.l2,
        aligner: AlignerOptions { bitext: args.bitext, ..AlignerOptions::default() },
        output: args.output,
    };
    let report = {
        let mut bars = Bars::new(context);
        job.run(&mut |progress| bars.show(progress)).map_err(failed)?
    };
    if args.json {
        print(&report)?;
    }
    context.note(format_args!("{} pairs, {} entities", report.pairs, report.entities));
    context.note(match report.f1_start {
        Some(start) if report.f1 > start => {
            format!("cross-validated F1 {:.4}, {start:.4} with the start: it helps", report.f1)
        }
        Some(start) => format!("cross-validated F1 {:.4}, {start:.4} with the start: it does not help", report.f1),
        None => format!("cross-validated F1 {:.4}", report.f1),
    });
    Ok(())
}
