//! `xlner tune scores`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use xlner::project::LearntScores;
use xlner::{Input, ProjectJob, ProjectModels, Projector, TargetTags};
use xlner_core::Tagger;
use xlner_core::tags::Scheme;
use xlner_formats::{Format, Output, ReadOptions, WriteOptions};

use crate::bars::Bars;
use crate::commands::options::{AlignerArgs, EncoderLinks, MethodArgs, NmtArgs, scorer};
use crate::commands::taggers::TargetTaggerArgs;
use crate::context::{Context, failed};
use crate::print::print;

const EXAMPLES: &str = "\
Examples:
  xlner tune scores --pairs dev.jsonl --scores span=1,string=0.5 -o weights.toml
  xlner tune scores --pairs dev.jsonl --scores span=1,tagger=0.5 --target-tagger de.tagger -o w.toml
  xlner project --pairs corpus.jsonl --scores weights.toml -o projected.jsonl

Each weight in turn takes the value that gives the best micro F1, until none gives a better one. The gold entities of the \
target stand in the field `gold` of the records, or in the file --gold. All pairs are held in memory.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES, group = clap::ArgGroup::new("learnt").required(true).args(["scores"]))]
pub struct Args {
    /// Pairs with source entities, and gold entities of the target in the field `gold`
    #[arg(long, value_name = "FILE")]
    pairs: PathBuf,
    /// Gold entities of the target sentences instead of those in the records
    #[arg(long, value_name = "FILE")]
    gold: Option<PathBuf>,
    /// Where to write the weights (TOML), for --scores of `project`, `label` and `transfer`
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Write the figures as JSON to standard output
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    aligner: AlignerArgs,
    #[command(flatten)]
    method: MethodArgs,
    #[command(flatten)]
    nmt: NmtArgs,
    /// Language of source sentences that do not name one (BCP 47)
    #[arg(long, value_name = "CODE", help_heading = "Formats")]
    source_lang: Option<String>,
    /// Language of target sentences that do not name one (BCP 47)
    #[arg(long, value_name = "CODE", help_heading = "Formats")]
    target_lang: Option<String>,
    /// Tagger of the target language, for the scores tagger and tagger-any
    #[arg(long, value_name = "MODEL", help_heading = "Taggers")]
    target_tagger: Option<String>,
    #[command(flatten)]
    taggers: TargetTaggerArgs,
    /// Format of the pairs [default: from their name]
    #[arg(long, value_name = "FORMAT", help_heading = "Formats")]
    from_format: Option<Format>,
    /// Tag scheme of --gold [default: detected]
    #[arg(long, help_heading = "Formats")]
    scheme: Option<Scheme>,
}

pub fn run(args: Args, context: &Context) -> Result<()> {
    let read = ReadOptions {
        format: args.from_format,
        lang: args.source_lang.clone(),
        target_lang: args.target_lang.clone(),
        ..context.read()
    };
    let job = ProjectJob {
        input: Input::Pairs { path: args.pairs.clone(), options: read.clone() },
        alignment: None,
        alignment_options: context.read(),
        projector: Projector {
            aligner: args.aligner.options(ReadOptions { format: None, ..read }),
            method: args.method.options()?,
            target_tags: TargetTags::Ignored,
            keep_links: false,
        },
        gold: None,
        // Nothing is written there.
        output: "-".into(),
        output_options: WriteOptions { format: Some(Format::Jsonl), ..WriteOptions::default() },
    };
    let encoder = args.aligner.encoder()?;
    let target_tagger = args.target_tagger.as_deref().map(|name| args.taggers.open_target(name)).transpose()?;
    let mut nmt = args.nmt.open_between(args.source_lang.as_ref(), args.target_lang.as_ref())?;
    let models = ProjectModels {
        target_tagger: target_tagger.as_deref().map(|tagger| tagger as &dyn Tagger),
        encoder: encoder.as_ref().map(EncoderLinks::aligner),
        scorer: scorer(&mut nmt),
        ..ProjectModels::default()
    };
    let gold_options = ReadOptions { scheme: args.scheme, ..context.read() };
    let gold = args.gold.as_deref().map(|path| (path, &gold_options));
    let learnt = {
        let mut bars = Bars::new(context);
        job.learn_weights(gold, models, &mut |progress| bars.show(progress)).map_err(failed)?
    };
    write(&learnt, args.gold.as_deref().unwrap_or(&args.pairs), &args.output)?;
    if args.json {
        print(&learnt)?;
    }
    tell(&learnt, context);
    Ok(())
}

/// Writes learnt weights as a file for `--scores` and `--job`.
pub fn write(learnt: &LearntScores, gold: &Path, output: &Path) -> Result<()> {
    let mut file = Output::create(output)?;
    writeln!(file, "# Learnt by `xlner tune scores` on {}\nscores = \"{}\"", gold.display(), learnt.scores)?;
    Ok(file.finish()?)
}

/// Says what the weights come to.
pub fn tell(learnt: &LearntScores, context: &Context) {
    context.note(format_args!(
        "F1 on what was learnt from: {:.4}, before {:.4}: {}",
        learnt.f1, learnt.f1_before, learnt.scores
    ));
}
