//! `xlner ensemble`.

use std::path::PathBuf;

use anyhow::Result;
use xlner::ensemble::{AverageJob, EnsembleJob, EnsembleReport, LearnWeightsJob, VoteWeights};
use xlner_core::tags::Scheme;
use xlner_formats::{Format, ReadOptions};

use super::options::OutputArgs;
use super::tell::write_report;
use crate::context::{Context, UsageError, failed};
use crate::print::counted;

const EXAMPLES: &str = "\
Examples:
  xlner ensemble direct.conll composed.conll via-de.conll -o out.conll
  xlner ensemble direct.jsonl=2 tagger.conll --min-score 0.6 -o out.conll
  xlner ensemble label.jsonl train-tagged.jsonl --average -o out.conll
  xlner tune ensemble dev.direct.jsonl dev.tagger.conll --gold dev.gold.conll -o weights.toml
  xlner ensemble test.direct.jsonl test.tagger.conll --weights weights.toml -o out.conll

Every file is what one system found in the same sentences: a route of projection, an aligner, a source language, another \
translation, a tagger applied as it is. An entity that one of them has is a candidate, its score the share of the weight of \
those that have it, or how probable it is by weights that were learnt; the matcher chooses.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What the systems found, and by hand what a vote is worth [default weight: 1]; of pairs the target side counts
    #[arg(value_name = "FILE[=WEIGHT]", required = true, value_parser = vote)]
    votes: Vec<(PathBuf, Option<f64>)>,

    /// Average the systems' distributions over tags instead of counting votes: by the entities' `probability`, else a tagger's
    /// probabilities (`xlner tag --probabilities`), else certain; translate-test and translate-train, say
    #[arg(long, conflicts_with_all = ["weights", "learn_weights", "min_score"], help_heading = "Weights")]
    average: bool,
    /// Weights that `xlner tune ensemble` learnt
    #[arg(long, value_name = "FILE", help_heading = "Weights")]
    weights: Option<PathBuf>,
    /// Learn weights on these sentences with their gold entities, instead of choosing entities
    #[arg(long, value_name = "GOLD", requires = "save_weights", conflicts_with_all = ["weights", "min_score"], hide = true)]
    learn_weights: Option<PathBuf>,
    /// Where the weights go that are learnt (TOML)
    #[arg(long, value_name = "FILE", requires = "learn_weights", hide = true)]
    save_weights: Option<PathBuf>,
    /// Candidates of a lower score are dropped, 0 to 1 [default: 0.5, or what was learnt]
    #[arg(long, value_name = "X", help_heading = "Weights")]
    min_score: Option<f64>,

    #[command(flatten)]
    output: OutputArgs,
    /// Where to write figures, as JSON
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    report: Option<PathBuf>,

    /// Language of the sentences, where the files do not name it
    #[arg(long, value_name = "CODE", help_heading = "Formats")]
    lang: Option<String>,
    /// Format of the files [default: from their names]
    #[arg(long, value_name = "FORMAT", help_heading = "Formats")]
    from_format: Option<Format>,
    /// Tag scheme of the files [default: detected]
    #[arg(long, help_heading = "Formats")]
    scheme: Option<Scheme>,
}

/// `FILE[=WEIGHT]`; a name that contains `=` is split only where a number follows it.
fn vote(text: &str) -> Result<(PathBuf, Option<f64>), String> {
    match text.rsplit_once('=') {
        Some((file, weight)) if !file.is_empty() && weight.parse::<f64>().is_ok() => {
            Ok((file.into(), weight.parse().ok()))
        }
        _ => Ok((text.into(), None)),
    }
}

pub fn run(args: Args, context: &Context) -> Result<()> {
    let options = ReadOptions { format: args.from_format, scheme: args.scheme, ..context.read_in(args.lang) };
    let by_hand = args.votes.iter().any(|(_, weight)| weight.is_some());
    if by_hand && args.average {
        return Err(UsageError("--average takes every file alike: leave out the weights (FILE=WEIGHT)".into()).into());
    }
    if by_hand && (args.weights.is_some() || args.learn_weights.is_some()) {
        return Err(UsageError("weights are given by hand (FILE=WEIGHT), or learnt, not both".into()).into());
    }
    let votes: Vec<PathBuf> = args.votes.iter().map(|(file, _)| file.clone()).collect();
    if let (Some(gold), Some(weights)) = (args.learn_weights, args.save_weights) {
        context.note("note: --learn-weights will go away; use `xlner tune ensemble`");
        let report = LearnWeightsJob { votes, gold, options, weights }.run().map_err(failed)?;
        super::tune::ensemble::tell(&report, context);
        return args.report.map_or(Ok(()), |path| write_report(&path, &report, context));
    }
    if args.average {
        let output_options = args.output.options(context);
        let report = AverageJob { votes, options, output: args.output.output, output_options }.run().map_err(failed)?;
        tell(&report, context);
        return args.report.map_or(Ok(()), |path| write_report(&path, &report, context));
    }
    let weights = match &args.weights {
        Some(path) => VoteWeights::read(path).map_err(failed)?,
        None => VoteWeights::Shares(args.votes.iter().map(|(_, weight)| weight.unwrap_or(1.0)).collect()),
    };
    let job = EnsembleJob {
        votes,
        options,
        weights,
        min_score: args.min_score,
        output_options: args.output.options(context),
        output: args.output.output,
    };
    let report = job.run().map_err(failed)?;
    tell(&report, context);
    args.report.map_or(Ok(()), |path| write_report(&path, &report, context))
}

/// What a person wants to know of the run.
fn tell(report: &EnsembleReport, context: &Context) {
    context.note(format_args!(
        "{}, {}, {}",
        counted(report.sentences, "sentence"),
        counted(report.proposals, "candidate"),
        counted(report.entities, "entity")
    ));
    for vote in &report.votes {
        context.detail(format_args!("{}: {} entities, {} chosen", vote.file.display(), vote.entities, vote.chosen));
    }
}
