//! `xlner report`.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Result;
use xlner::ReportJob;
use xlner::report::{Analysis, Cost, SystemAnalysis};
use xlner_core::tags::Scheme;
use xlner_eval::Resampling;
use xlner_formats::{Column, Format, Output, ReadOptions};

use super::options::{mapping, resamples};
use crate::context::{Context, UsageError, failed};

const EXAMPLES: &str = "\
Examples:
  xlner report --pairs projected.jsonl -o report.html
  xlner report --pairs projected.jsonl --gold gold.conll --ignore MISC,DATE -o report.html
  xlner report --gold gold.conll --pred ours.conll --pred theirs.jsonl -o report.html
  xlner report --pairs projected.jsonl --alignment links.pharaoh --gold gold.conll --json
  xlner report --pairs projected.jsonl --gold gold.conll --attribute --gold-source en.conll -o report.html

The report is one HTML file that needs no network. Links tell missed entities apart: where the records carry none, give \
them with --alignment (`xlner align`).";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES, group = clap::ArgGroup::new("input").required(true).args(["pairs", "pred"]))]
pub struct Args {
    /// Records of pairs, with projected entities; their field `gold`, if they have it, is gold
    #[arg(long, value_name = "FILE")]
    pairs: Option<PathBuf>,
    /// Predicted entities, sentences or records; give it again for each system to compare
    #[arg(long, value_name = "FILE")]
    pred: Vec<PathBuf>,
    /// Gold entities, sentence by sentence: columns with tags, or records
    #[arg(long, value_name = "FILE")]
    gold: Option<PathBuf>,
    /// Links of the pairs, one alignment a pair (Pharaoh `i-j`, NAACL); they replace those in the records
    #[arg(long, value_name = "FILE")]
    alignment: Option<PathBuf>,
    /// Links count from 1
    #[arg(long, requires = "alignment")]
    one_based: bool,

    /// Say what each stage costs in F1: one at a time is replaced by gold, by class of error
    #[arg(long)]
    attribute: bool,
    /// The right entities of the source, sentence by sentence: --attribute projects again with them
    #[arg(long, value_name = "FILE", requires = "attribute")]
    gold_source: Option<PathBuf>,
    /// The right links, one alignment a pair: --attribute projects again with them
    #[arg(long, value_name = "FILE", requires = "attribute")]
    gold_alignment: Option<PathBuf>,

    /// Heading of the report
    #[arg(long, default_value = "Report", value_name = "TEXT")]
    title: String,
    /// Examples shown of each class
    #[arg(long, default_value_t = 10, value_name = "N")]
    examples: usize,
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

    /// Format of predictions and gold [default: from their names]
    #[arg(long, value_name = "FORMAT")]
    from_format: Option<Format>,
    /// Tag scheme of all files: iob1, iob2, ioe1, ioe2, iobes, bilou, io [default: found by looking, in each file]
    #[arg(long)]
    scheme: Option<Scheme>,
    /// Column of the tokens, by name or number
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    token_column: Option<Column>,
    /// Column of the tags, by name or number (-1 is the last) [default: found by looking]
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    tag_column: Option<Column>,
    /// Tags that the ids of Hugging Face rows stand for, in order
    #[arg(long, value_name = "TAGS", value_delimiter = ',')]
    labels: Option<Vec<String>>,

    /// The analysis as JSON on standard output
    #[arg(long)]
    json: bool,
    /// Where to write the HTML file; `-` is standard output [default: -, with --json nowhere]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub fn run(args: Args, context: &Context) -> Result<()> {
    let inputs = [&args.pairs, &args.gold, &args.alignment, &args.gold_source, &args.gold_alignment];
    let inputs = inputs.into_iter().flatten().chain(&args.pred);
    if inputs.filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(UsageError("standard input (-) can be read once only".into()).into());
    }
    let html = match (&args.output, args.json) {
        (Some(path), true) if path.as_os_str() == "-" => {
            return Err(UsageError("--json is written to standard output; give -o a file".into()).into());
        }
        (Some(path), _) => Some(path.clone()),
        (None, true) => None,
        (None, false) => Some("-".into()),
    };
    let analysis = job(&args, context).run().map_err(failed)?;
    if let Some(path) = html {
        write(&path, &analysis.html())?;
    }
    if args.json {
        write("-".as_ref(), &(serde_json::to_string_pretty(&analysis)? + "\n"))?;
    }
    summary(&analysis, context);
    Ok(())
}

fn job(args: &Args, context: &Context) -> ReportJob {
    ReportJob {
        systems: args.pairs.iter().chain(&args.pred).cloned().collect(),
        gold: args.gold.clone(),
        alignment: args.alignment.clone(),
        attribute: args.attribute,
        gold_source: args.gold_source.clone(),
        gold_alignment: args.gold_alignment.clone(),
        read: ReadOptions {
            format: args.from_format,
            scheme: args.scheme,
            token_column: args.token_column.clone(),
            tag_column: args.tag_column.clone(),
            labels: args.labels.clone(),
            one_based: args.one_based,
            ..context.read()
        },
        map: args.map.iter().cloned().collect(),
        ignore: args.ignore.iter().cloned().collect(),
        title: args.title.clone(),
        examples: args.examples,
        resampling: Resampling { bootstrap: args.bootstrap, randomization: args.randomization, seed: args.seed },
    }
}

fn write(path: &std::path::Path, text: &str) -> Result<()> {
    let mut output = Output::create(path)?;
    output.write_all(text.as_bytes())?;
    output.finish()?;
    Ok(())
}

/// One line per system, on stderr.
fn summary(analysis: &Analysis, context: &Context) {
    for SystemAnalysis { name, figures, errors, predicted, attribution, .. } in &analysis.systems {
        match figures {
            Some(figures) => {
                let list: Vec<String> =
                    errors.iter().map(|group| format!("{} {}", group.class.title(), group.count)).collect();
                let list = if list.is_empty() { "none".into() } else { list.join(", ") };
                context.note(format_args!("{name}: F1 {:.4}; errors: {list}", figures.micro.f1));
            }
            None => {
                let entities: u64 = predicted.values().sum();
                context.note(format_args!("{name}: {} sentences, {entities} entities, no gold", analysis.sentences));
            }
        }
        if let Some(attribution) = attribution {
            let again = attribution.projected_again.iter().flat_map(|again| &again.stages);
            for (way, costs) in
                [("by class", attribution.by_class.iter().collect()), ("projected again", again.collect())]
            {
                let costs: Vec<&Cost> = costs;
                let list: Vec<String> =
                    costs.iter().map(|cost| format!("{} {:+.4}", cost.stage.title(), cost.cost)).collect();
                if !list.is_empty() {
                    context.note(format_args!("{name}: what gold would add, {way}: {}", list.join(", ")));
                }
            }
        }
    }
}
