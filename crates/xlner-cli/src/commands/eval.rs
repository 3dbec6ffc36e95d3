//! `xlner eval`.

pub(super) mod table;
mod text;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use xlner::eval::{AlignmentEvalJob, EvalJob, EvalReport, alignments_json};
use xlner_core::tags::Scheme;
use xlner_eval::{Mode, Resampling};
use xlner_formats::{Column, Format, Output, ReadOptions, Side};

use super::options::{mapping, resamples};
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
    /// Tag scheme of all files: iob1, iob2, ioe1, ioe2, iobes, bilou, io [default: found by looking, in each file]
    #[arg(long)]
    scheme: Option<Scheme>,
    /// Labels not counted, as they are called after --map
    #[arg(long, value_name = "LABELS", value_delimiter = ',')]
    ignore: Vec<String>,
    /// Labels to be replaced before counting
    #[arg(long, value_name = "FROM=TO", value_delimiter = ',', value_parser = mapping)]
    map: Vec<(String, String)>,

    /// Bootstrap samples for the 95% confidence intervals; 0 for none
    #[arg(long, default_value_t = Resampling::default().bootstrap, value_name = "N", value_parser = resamples())]
    bootstrap: usize,
    /// Random swaps for the p-values between systems; 0 for none
    #[arg(long, default_value_t = Resampling::default().randomization, value_name = "N", value_parser = resamples())]
    randomization: usize,
    /// Seed of both
    #[arg(long, default_value_t = Resampling::default().seed, value_name = "N")]
    seed: u64,

    /// Format of all files [default: from their names]
    #[arg(long, value_name = "FORMAT")]
    from_format: Option<Format>,
    /// Column of the tokens, by name or number
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    token_column: Option<Column>,
    /// Column of the tags, by name or number (-1 is the last) [default: found by looking]
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    tag_column: Option<Column>,
    /// Column of the tags in the gold file, where it is another
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    gold_tag_column: Option<Column>,
    /// Tags that the ids of Hugging Face rows stand for, in order
    #[arg(long, value_name = "TAGS", value_delimiter = ',')]
    labels: Option<Vec<String>>,
    /// Which sentence of a pair counts; with `source` the field `gold` does not
    #[arg(long, default_value = "target", value_name = "source|target")]
    side: Side,
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
            format: args.from_format,
            scheme: args.scheme,
            token_column: args.token_column,
            tag_column: args.tag_column,
            labels: args.labels,
            side: Some(args.side),
            ..context.read()
        },
        gold_tag_column: args.gold_tag_column,
        mode: args.mode,
        map: args.map.into_iter().collect(),
        ignore: args.ignore.into_iter().collect(),
        resampling: Resampling { bootstrap: args.bootstrap, randomization: args.randomization, seed: args.seed },
    };
    let report = job.run().map_err(failed)?;
    tell(&job.gold, &report, context);
    if args.json { report.json().map_err(failed) } else { Ok(table(&job.gold, &report, color)) }
}

/// The figures as a table.
pub fn table(gold: &Path, report: &EvalReport, color: bool) -> String {
    text::entities(&gold.display().to_string(), &report.figures, color)
}

/// What is odd about the files that were compared.
pub fn tell(gold: &Path, report: &EvalReport, context: &Context) {
    let gold = gold.display();
    for other in report.other_tokens.iter().filter(|other| other.sentences > 0) {
        let (first, count) = (&other.first, other.sentences);
        context.note(format_args!("note: {first}: other tokens than in {gold}; such sentences: {count}"));
    }
    for system in report.figures.systems.iter().filter(|system| system.repaired != Default::default()) {
        context.detail(format_args!(
            "{}: {} malformed tags repaired; gold: {}",
            system.name, system.repaired.predicted, system.repaired.gold
        ));
    }
}

fn alignments(gold: PathBuf, args: Args, context: &Context, color: bool) -> Result<String> {
    let options = |one_based| ReadOptions { format: args.from_format, one_based, ..context.read() };
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
