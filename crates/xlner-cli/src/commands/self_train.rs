//! `xlner self-train`.

use std::path::PathBuf;

use anyhow::Result;
use xlner::self_train::{LabelFilter, Round};
use xlner::{SelfTrainJob, SelfTrainReport};
use xlner_formats::{Format, ReadOptions, Side};

use super::train::CrfArgs;
use crate::bars::Bars;
use crate::context::{Context, failed};

const EXAMPLES: &str = "\
Examples:
  xlner project --pairs en-sw.jsonl -o projected.jsonl
  xlner self-train --pairs projected.jsonl --filter agreement -o sw.tagger
  xlner self-train --pairs p.jsonl --unlabelled sw.txt --filter 'margin>=1' --run work/ -o sw.tagger
  xlner self-train --init en.tagger --unlabelled news.txt --filter 'probability>=0.9' -o news.tagger

Round 0 learns from the projected labels that pass the filter (without --pairs and --train it is the tagger --init itself). In every further round each fold of the pairs is labelled by \
a tagger of the other folds, unlabelled text by that of all, and what passes is learnt from:
  score>=X, margin>=X   projected labels, where every entity has that score, that margin
  complete              projected labels, where every entity of the source was projected
  agreement             projected labels, where the tagger finds exactly them (from round 1 on)
  probability>=X        else the tagger's labels, where it gives the tag of every token that probability";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Projected pairs (records), whose target side is learnt from; repeatable
    #[arg(long, value_name = "FILE")]
    pairs: Vec<PathBuf>,
    /// Labelled sentences, always learnt from; repeatable
    #[arg(long, value_name = "FILE")]
    train: Vec<PathBuf>,
    /// Sentences without labels, any format; repeatable
    #[arg(long, value_name = "FILE")]
    unlabelled: Vec<PathBuf>,
    /// What labels must be to be learnt from
    #[arg(long, value_name = "CONDITION,…", default_value = "")]
    filter: LabelFilter,
    /// Times that the sentences are labelled anew
    #[arg(long, value_name = "N", default_value_t = 2)]
    rounds: usize,
    /// Parts of the pairs, each labelled by a tagger of the others
    #[arg(long, value_name = "N", default_value_t = 5)]
    folds: usize,
    /// Labelled sentences that every round's tagger is measured on; the best one is kept [default: the last is kept]
    #[arg(long, value_name = "FILE")]
    dev: Option<PathBuf>,
    /// Folder that keeps every tagger; rerunning the same command resumes from it
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
    /// Where to keep the tagger
    #[arg(long, short, value_name = "MODEL")]
    output: PathBuf,
    /// Write the figures of every round as JSON to standard output, instead of a table to standard error
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    crf: CrfArgs,

    /// Language of the sentences, where the files do not name it; the tagger remembers it
    #[arg(long, value_name = "CODE", help_heading = "Formats")]
    lang: Option<String>,
    /// Which side of pairs is labelled, in --train and --dev [default: target]
    #[arg(long, value_name = "source|target", help_heading = "Formats")]
    side: Option<Side>,
    /// Format of the labelled and unlabelled files [default: from their names]
    #[arg(long, value_name = "FORMAT", help_heading = "Formats")]
    from_format: Option<Format>,
}

pub fn run(args: Args, context: &Context) -> Result<()> {
    let json = args.json;
    let job = SelfTrainJob {
        pairs: args.pairs,
        train: args.train,
        unlabelled: args.unlabelled,
        dev: args.dev,
        options: ReadOptions { format: args.from_format, side: args.side, ..context.read_in(args.lang) },
        filter: args.filter,
        rounds: args.rounds,
        folds: args.folds,
        model: args.crf.options(),
        run: args.run,
        output: args.output,
    };
    let report = {
        let mut bars = Bars::new(context);
        job.run(&mut |progress| bars.show(progress)).map_err(failed)?
    };
    match json {
        true => println!("{}", serde_json::to_string_pretty(&report)?),
        false => tell(&report, context),
    }
    Ok(())
}

/// What every round learnt from: the effect of the filter.
fn tell(report: &SelfTrainReport, context: &Context) {
    let head = ["round", "given", "projected", "relabelled", "dropped", "unlabelled", "entities", "agreeing", "dev F1"];
    context.note(row(&head.map(String::from)));
    for (number, round) in report.rounds.iter().enumerate() {
        let Round { given, projected, relabelled, dropped, unlabelled, entities, agreeing, dev, .. } = round;
        let numbers = [number as u64, *given, *projected, *relabelled, *dropped, *unlabelled, *entities];
        let mut cells: Vec<String> = numbers.iter().map(u64::to_string).collect();
        cells.push(agreeing.map_or_else(|| "-".to_owned(), |agreeing| agreeing.to_string()));
        cells.push(dev.as_ref().map_or_else(|| "-".to_owned(), |dev| format!("{:.4}", dev.micro.f1)));
        context.note(row(&cells));
    }
    context.note(format_args!("kept: the tagger of round {}", report.kept));
}

fn row(cells: &[String]) -> String {
    cells.iter().map(|cell| format!("{cell:>12}")).collect::<String>()
}
