//! `xlner silver`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use xlner::silver::{SilverFigures, SilverFinishJob, SilverSampleJob};
use xlner_eval::Resampling;
use xlner_formats::{Format, ReadOptions, WriteOptions};

use crate::context::{Context, failed};
use crate::print::counted;

const EXAMPLES: &str = "\
Examples:
  xlner silver sample a.jsonl b.jsonl c.jsonl --size 200 -o judge.jsonl
  xlner review judge.jsonl --store judge.db
  xlner review export --store judge.db -o judged.jsonl
  xlner silver finish a.jsonl b.jsonl c.jsonl --judged judged.jsonl -o silver.jsonl --json

Each file is what one system found in the same sentences: a route of projection, another translation, a tagger. An entity \
that half of them or more have is in the set.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Draw the sentences that people judge: more of those on which the systems disagree
    #[command(after_help = EXAMPLES)]
    Sample(Sample),
    /// Put what people judged into the set, and say how good the whole is
    #[command(after_help = EXAMPLES)]
    Finish(Finish),
}

#[derive(clap::Args)]
struct Sample {
    #[command(flatten)]
    routes: Routes,
    /// Sentences to judge
    #[arg(long, value_name = "N", default_value_t = 200)]
    size: usize,
    /// Seed of the drawing
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Where the records to judge go (JSONL or Parquet); `-` is standard output
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
}

#[derive(clap::Args)]
struct Finish {
    #[command(flatten)]
    routes: Routes,
    /// The sample, judged: its records with the right entities in `gold`, as `xlner review export` writes them
    #[arg(long, value_name = "FILE")]
    judged: PathBuf,
    /// Bootstrap samples for the 95 % interval
    #[arg(long, default_value_t = Resampling::default().bootstrap, value_name = "N")]
    bootstrap: usize,
    /// Seed of the bootstrap
    #[arg(long, default_value_t = Resampling::default().seed, value_name = "N")]
    seed: u64,
    /// Where the set goes (JSONL or Parquet)
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Write the figures as JSON to standard output
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct Routes {
    /// What the systems found in the same sentences; of pairs the target side counts
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Format of the files [default: from their names]
    #[arg(long, value_name = "FORMAT", help_heading = "Formats")]
    from_format: Option<Format>,
}

/// Records, on standard output too.
fn write(output: &std::path::Path) -> WriteOptions {
    let stdout = output.as_os_str() == "-";
    WriteOptions { format: stdout.then_some(Format::Jsonl), ..WriteOptions::default() }
}

pub fn run(args: Args, context: &Context) -> Result<()> {
    match args.what {
        What::Sample(args) => sample(args, context),
        What::Finish(args) => finish(args, context),
    }
}

fn sample(args: Sample, context: &Context) -> Result<()> {
    let drawn = SilverSampleJob {
        options: ReadOptions { format: args.routes.from_format, ..context.read() },
        routes: args.routes.files,
        size: args.size,
        seed: args.seed,
        output_options: write(&args.output),
        output: args.output,
    }
    .run()
    .map_err(failed)?;
    context.note(format_args!(
        "{} of {} sentences to judge; {} entities in the set",
        drawn.sample, drawn.sentences, drawn.entities
    ));
    if drawn.sample < args.size {
        context.note(format_args!("note: there are no more than {} sentences", drawn.sentences));
    }
    for (stratum, number) in drawn.strata.iter().zip(1..) {
        context.detail(format_args!("stratum {number}: {} of {} sentences", stratum.judged, stratum.sentences));
    }
    Ok(())
}

fn finish(args: Finish, context: &Context) -> Result<()> {
    let figures = SilverFinishJob {
        options: ReadOptions { format: args.routes.from_format, ..context.read() },
        routes: args.routes.files,
        judged: args.judged,
        judged_options: context.read(),
        resampling: Resampling { bootstrap: args.bootstrap, randomization: 0, seed: args.seed },
        output_options: write(&args.output),
        output: args.output,
    }
    .run()
    .map_err(failed)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&figures)?);
    }
    let SilverFigures { sentences, entities, judged, not_judged, set, majority, .. } = &figures;
    context.note(format_args!(
        "{}, {}, {} judged",
        counted(*sentences as u64, "sentence"),
        counted(*entities as u64, "entity"),
        counted(*judged as u64, "sentence")
    ));
    if *not_judged > 0 {
        context.note(format_args!("note: {not_judged} records of the sample have no `gold` and count as not judged"));
    }
    let [low, high] = set.ci95;
    context.note(format_args!("F1 of the set {:.4}, 95 % interval {low:.4} to {high:.4}", set.f1));
    let [low, high] = majority.ci95;
    context.note(format_args!("F1 of the majority without corrections {:.4}, {low:.4} to {high:.4}", majority.f1));
    Ok(())
}
