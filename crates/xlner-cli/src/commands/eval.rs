//! `xlner eval`.

pub(super) mod table;
mod text;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use xlner::eval::{AlignmentEvalJob, EvalJob, EvalReport, alignments_json};
use xlner_eval::Mode;
use xlner_formats::{Column, Output, ReadOptions, Side};

use super::figures::{FiguresArgs, mappings};
use crate::context::{Context, UsageError, failed};

const EXAMPLES: &str = "\
Examples:
  xlner eval --gold gold.conll --pred pred.conll
  xlner eval --gold gold.conll --pred ours.conll --pred theirs.conll --ignore MISC,DATE
  xlner eval --gold pairs.jsonl --pred projected.jsonl --json
  xlner eval --gold-alignment gold.pharaoh --alignment links.pharaoh

Figures are fractions of 1; entities are counted as seqeval 1.2.2 counts them.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES, group = clap::ArgGroup::new("truth").required(true).args(["gold", "gold_alignment"]))]
pub struct Args {
    /// Gold entities: columns with tags, or records (their field `gold` if they have it, else the target's entities)
    #[arg(long, value_name = "FILE", requires = "pred")]
    gold: Option<PathBuf>,
    /// Predicted entities; give it again for each system to compare
    #[arg(long, value_name = "FILE", requires = "gold")]
    pred: Vec<PathBuf>,
    /// Gold alignment, with sure and possible links
    #[arg(long, value_name = "FILE", requires = "alignment", conflicts_with = "gold")]
    gold_alignment: Option<PathBuf>,
    /// Alignment; give it again for each system to compare
    #[arg(long, value_name = "FILE", requires = "gold_alignment")]
    alignment: Vec<PathBuf>,

    /// default: malformed tag sequences are repaired as conlleval does; strict: only what the scheme allows counts
    #[arg(long, default_value_t = Mode::Default, value_name = "default|strict")]
    mode: Mode,
    #[command(flatten)]
    figures: FiguresArgs,
    /// Column of the tags in the gold file, if it differs
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    gold_tag_column: Option<Column>,
    /// Which sentence of a pair counts; with `source` the field `gold` does not
    #[arg(long, default_value = "target", value_name = "source|target")]
    side: Side,
    /// Language of texts that are not tokenised and do not name one (BCP 47)
    #[arg(long, value_name = "CODE")]
    lang: Option<String>,
    /// Links in the gold alignment count from 1
    #[arg(long)]
    gold_one_based: bool,
    /// Links in the alignments count from 1
    #[arg(long)]
    one_based: bool,

    /// JSON instead of a table
    #[arg(long)]
    json: bool,
    /// Where to write; `-` is standard output
    #[arg(long, short, default_value = "-", value_name = "FILE")]
    output: PathBuf,
}

pub fn run(args: Args, context: &Context) -> Result<()> {
    let files = [&args.gold, &args.gold_alignment].into_iter().flatten().chain(&args.pred).chain(&args.alignment);
    if files.filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(UsageError("standard input (-) can be read once only".into()).into());
    }
    let color = context.color && args.output.as_os_str() == "-";
    let output = args.output.clone();
    let report = match (args.gold.clone(), args.gold_alignment.clone()) {
        (Some(gold), _) => entities(gold, args, context, color)?,
        (None, Some(gold)) => alignments(gold, args, context, color)?,
        (None, None) => return Err(UsageError("--gold or --gold-alignment is needed".into()).into()),
    };
    let mut output = Output::create(&output)?;
    output.write_all(report.as_bytes())?;
    output.finish()?;
    Ok(())
}

fn entities(gold: PathBuf, args: Args, context: &Context, color: bool) -> Result<String> {
    let job = EvalJob {
        gold,
        predictions: args.pred,
        read: ReadOptions {
            side: Some(args.side),
            lang: args.lang.clone(),
            target_lang: args.lang,
            ..args.figures.read(context)
        },
        gold_tag_column: args.gold_tag_column,
        mode: args.mode,
        resampling: args.figures.resampling(),
        map: mappings(&args.figures.map)?,
        ignore: args.figures.ignore.into_iter().collect(),
    };
    let report = job.run().map_err(failed)?;
    tell(&job.gold, &report, context)?;
    if args.json { report.json().map_err(failed) } else { Ok(table(&job.gold, &report, color)) }
}

/// The figures as a table.
pub fn table(gold: &Path, report: &EvalReport, color: bool) -> String {
    text::entities(&gold.display().to_string(), &report.figures, color)
}

/// What is odd about the files that were compared.
///
/// # Errors
/// With `--strict`, where their tokens differ.
pub fn tell(gold: &Path, report: &EvalReport, context: &Context) -> Result<()> {
    let gold = gold.display();
    for other in report.other_tokens.iter().filter(|other| other.sentences > 0) {
        let (first, count, difference) = (&other.first, other.sentences, &other.difference);
        context.sign(format_args!(
            "{first}: other tokens than in {gold}; such sentences: {count}; the first that differs: {difference}"
        ))?;
    }
    for system in report.figures.systems.iter().filter(|system| system.repaired != Default::default()) {
        context.detail(format_args!(
            "{}: {} malformed tags repaired; gold: {}",
            system.name, system.repaired.predicted, system.repaired.gold
        ));
    }
    Ok(())
}

fn alignments(gold: PathBuf, args: Args, context: &Context, color: bool) -> Result<String> {
    let format = args.figures.from_format;
    let options = |one_based| ReadOptions { format, one_based, ..context.read() };
    let job = AlignmentEvalJob {
        gold,
        gold_options: options(args.gold_one_based),
        alignments: args.alignment,
        options: options(args.one_based),
    };
    let names = job.alignments.iter().map(|path| path.display().to_string());
    let systems: Vec<_> = names.zip(job.run().map_err(failed)?).collect();
    if args.json { alignments_json(&systems).map_err(failed) } else { Ok(text::alignments(&job.gold, &systems, color)) }
}
