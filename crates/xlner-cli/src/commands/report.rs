//! `xlner report`.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Result;
use xlner::ReportJob;
use xlner::report::{Analysis, Cost, SystemAnalysis};
use xlner_formats::{Output, ReadOptions};

use super::figures::{FiguresArgs, mappings};
use crate::context::{Context, UsageError, failed};

const EXAMPLES: &str = "\
Examples:
  xlner report --pairs projected.jsonl -o report.html
  xlner report --pairs projected.jsonl --gold gold.conll --ignore MISC,DATE -o report.html
  xlner report --gold gold.conll --pred ours.conll --pred theirs.jsonl -o report.html
  xlner report --pairs projected.jsonl --alignment links.pharaoh --gold gold.conll --json
  xlner report --pairs p.jsonl --gold gold.conll --attribute --gold-source en.conll -o report.html

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
    /// Labelled sentences that the systems have learnt from; repeatable. Figures are told by whether the form of an entity is one there
    /// [default: whether it is a gold entity of an earlier sentence]
    #[arg(long, value_name = "FILE")]
    train: Vec<PathBuf>,

    /// Say what each stage costs in F1: one at a time is replaced by gold, by class of error
    #[arg(long)]
    attribute: bool,
    /// The right entities of the source, sentence by sentence: --attribute projects again with them
    #[arg(long, value_name = "FILE", requires = "attribute")]
    gold_source: Option<PathBuf>,
    /// The right links, one alignment a pair: --attribute projects again with them
    #[arg(long, value_name = "FILE", requires = "attribute")]
    gold_alignment: Option<PathBuf>,

    /// Language of texts that are not tokenised and do not name one (BCP 47)
    #[arg(long, value_name = "CODE")]
    lang: Option<String>,

    /// Heading of the report
    #[arg(long, default_value = "Report", value_name = "TEXT")]
    title: String,
    /// Examples shown of each class
    #[arg(long, default_value_t = 10, value_name = "N")]
    examples: usize,
    #[command(flatten)]
    figures: FiguresArgs,

    /// The analysis as JSON on standard output
    #[arg(long)]
    json: bool,
    /// Where to write the HTML file; `-` is standard output [default: -, with --json nowhere]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub fn run(args: Args, context: &Context) -> Result<()> {
    let inputs = [&args.pairs, &args.gold, &args.alignment, &args.gold_source, &args.gold_alignment];
    let inputs = inputs.into_iter().flatten().chain(&args.pred).chain(&args.train);
    if inputs.filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(UsageError("standard input (-) can be read once only".into()).into());
    }
    let html = html(args.output.as_deref(), args.json, std::io::stdout().is_terminal())?;
    let analysis = job(&args, context)?.run().map_err(failed)?;
    if let Some(path) = html {
        write(&path, &analysis.html())?;
    }
    if args.json {
        write("-".as_ref(), &(serde_json::to_string_pretty(&analysis)? + "\n"))?;
    }
    summary(&analysis, context);
    Ok(())
}

/// Where the HTML file goes.
///
/// # Errors
/// Where it would go where JSON goes, or fill a terminal.
fn html(output: Option<&Path>, json: bool, terminal: bool) -> Result<Option<PathBuf>, UsageError> {
    match output {
        Some(path) if json && path == Path::new("-") => {
            Err(UsageError("--json is written to standard output; give -o a file".into()))
        }
        Some(path) => Ok(Some(path.to_owned())),
        None if json => Ok(None),
        None if terminal => Err(UsageError(
            "the report is an HTML file, and would fill the terminal: give -o report.html (-o - writes it here all the same)".into(),
        )),
        None => Ok(Some("-".into())),
    }
}

fn job(args: &Args, context: &Context) -> Result<ReportJob, UsageError> {
    Ok(ReportJob {
        systems: args.pairs.iter().chain(&args.pred).cloned().collect(),
        gold: args.gold.clone(),
        alignment: args.alignment.clone(),
        train: args.train.clone(),
        attribute: args.attribute,
        gold_source: args.gold_source.clone(),
        gold_alignment: args.gold_alignment.clone(),
        read: ReadOptions {
            one_based: args.one_based,
            lang: args.lang.clone(),
            target_lang: args.lang.clone(),
            ..args.figures.read(context)
        },
        map: mappings(&args.figures.map)?,
        ignore: args.figures.ignore.iter().cloned().collect(),
        title: args.title.clone(),
        examples: args.examples,
        resampling: args.figures.resampling(),
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_does_not_fill_a_terminal_unless_it_is_asked_to() {
        assert!(html(None, false, true).is_err());
        assert_eq!(html(None, false, false).unwrap(), Some("-".into()));
        assert_eq!(html(Some(Path::new("-")), false, true).unwrap(), Some("-".into()));
        assert_eq!(html(None, true, true).unwrap(), None);
        assert_eq!(html(Some(Path::new("r.html")), true, true).unwrap(), Some("r.html".into()));
        assert!(html(Some(Path::new("-")), true, false).is_err());
    }
}
