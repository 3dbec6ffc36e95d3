//! `xlner project`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::ValueEnum;
use xlner::{Input, ProjectJob, ProjectModels, ProjectReport, Projector, TargetTags};
use xlner_core::Tagger;
use xlner_core::tags::Scheme;
use xlner_formats::{Column, Format, ReadOptions, WriteOptions};

use super::eval;
use super::judge::{JudgeArgs, OpenJudge};
use super::options::{AlignerArgs, EncoderLinks, MethodArgs, NmtArgs, scorer};
use super::taggers::TargetTaggerArgs;
use super::tell::{tell_decision, tell_filters, write_report};
use super::tune;
use crate::bars::Bars;
use crate::context::{Context, UsageError, links_failed};
use crate::print::{counted, out};

const EXAMPLES: &str = "\
Examples:
  xlner project --source en.conll --target sw.txt -o sw.conll
  xlner project --source en.conll --target sw.conll --gold sw.conll -o sw.projected.conll
  xlner project --source en.conll --target de.txt --bitext more.tsv --dictionary d.tsv -o de.conll
  xlner project --pairs pairs.jsonl -o projected.jsonl --report projection.json
  xlner project --source en.conll --target de.txt --alignment a.pharaoh --method heuristic
  xlner project --pairs pairs.jsonl --scores weights.toml -o projected.jsonl    # of `tune scores`
  xlner project --source en.conll --target de.txt --aligner awesome --encoder mbert/ -o de.conll

Without links (--alignment, or `alignment` in the records) the built-in aligner is trained on the pairs and every \
--bitext; the pairs are then held in memory. With links they are streamed.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES, group = clap::ArgGroup::new("input").required(true).args(["source", "pairs"]))]
pub struct Args {
    /// Source sentences with entities
    #[arg(long, value_name = "FILE", requires = "target", help_heading = "Pairs")]
    source: Option<PathBuf>,
    /// Their translations, sentence by sentence: tokenised (tags in it are ignored), or raw text, one sentence a line
    #[arg(long, value_name = "FILE", requires = "source", help_heading = "Pairs")]
    target: Option<PathBuf>,
    /// Records of pairs, in place of two files; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["source", "target"], help_heading = "Pairs")]
    pairs: Option<PathBuf>,
    /// Language of source sentences that do not name one (BCP 47), for tokenising raw text
    #[arg(long, value_name = "CODE", help_heading = "Pairs")]
    source_lang: Option<String>,
    /// Language of target sentences that do not name one (BCP 47), for tokenising raw text
    #[arg(long, value_name = "CODE", help_heading = "Pairs")]
    target_lang: Option<String>,
    /// The text is already tokenised: split it at spaces
    #[arg(long, help_heading = "Pairs")]
    tokenized: bool,

    /// Where to write; `-` is standard output
    #[arg(long, short, default_value = "-", value_name = "FILE", help_heading = "Output")]
    output: PathBuf,
    /// Format of the output [default: from its name, else conll, with --pairs jsonl]
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    to_format: Option<Format>,
    /// Whether records (jsonl, parquet) are written with the links that were used, the aligner's included
    #[arg(long, value_name = "keep|none", default_value = "keep", help_heading = "Output")]
    links: Links,
    /// Gold entities of the target sentences, to score the result as `eval` does. They are read only when everything is projected; in
    /// records the field `gold` counts, if there is one
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    gold: Option<PathBuf>,
    /// Where to write figures of the run, as JSON
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    report: Option<PathBuf>,

    /// Links, one alignment a pair (Pharaoh `i-j`, NAACL)
    #[arg(long, value_name = "FILE", help_heading = "Alignment")]
    alignment: Option<PathBuf>,
    /// Format of --alignment [default: from its name, else detected]
    #[arg(long, value_name = "FORMAT", requires = "alignment", help_heading = "Formats")]
    alignment_format: Option<Format>,
    /// Links count from 1 (Pharaoh)
    #[arg(long, requires = "alignment", help_heading = "Alignment")]
    one_based: bool,
    #[command(flatten)]
    aligner: AlignerArgs,

    #[command(flatten)]
    method: MethodArgs,
    #[command(flatten)]
    nmt: NmtArgs,
    #[command(flatten)]
    judge: JudgeArgs,
    /// What the target's tags are: ignored, or a tagger's opinion for the scores tagger and tagger-any and the candidates
    /// tagger. Gold tags taken for a tagger's end up in the result
    #[arg(long, value_name = "ignore|tagger", default_value = "ignore", help_heading = "Method")]
    target_tags: Tags,
    /// Tagger of the target language, for --scores tagger=… and --candidates tagger
    #[arg(long, value_name = "MODEL", conflicts_with = "target_tags", help_heading = "Taggers")]
    target_tagger: Option<String>,
    #[command(flatten)]
    taggers: TargetTaggerArgs,

    /// Learn the weights of --scores on the target sentences with their gold entities, instead of writing entities
    #[arg(long, value_name = "GOLD", requires_all = ["save_weights", "scores"], hide = true)]
    learn_weights: Option<PathBuf>,
    /// Where the weights go that are learnt: a file for --job, of this command, label or transfer
    #[arg(long, value_name = "FILE", requires = "learn_weights", hide = true)]
    save_weights: Option<PathBuf>,

    /// Format of the pairs, or of both --source and --target [default: from their names]
    #[arg(long, value_name = "FORMAT", help_heading = "Formats")]
    from_format: Option<Format>,
    /// Format of --source, if it differs
    #[arg(long, value_name = "FORMAT", requires = "source", help_heading = "Formats")]
    source_format: Option<Format>,
    /// Format of --target, if it differs
    #[arg(long, value_name = "FORMAT", requires = "target", help_heading = "Formats")]
    target_format: Option<Format>,
    /// Format of --gold [default: from its name]
    #[arg(long, value_name = "FORMAT", requires = "gold", help_heading = "Formats")]
    gold_format: Option<Format>,
    /// Format of every --bitext [default: from its name]
    #[arg(long, value_name = "FORMAT", help_heading = "Formats")]
    bitext_format: Option<Format>,
    /// Tag scheme of the input [default: detected]
    #[arg(long, help_heading = "Formats")]
    scheme: Option<Scheme>,
    /// Column of the tokens, by name or number
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true, help_heading = "Formats")]
    token_column: Option<Column>,
    /// Column of the tags, by name or number (-1 is the last) [default: detected]
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true, help_heading = "Formats")]
    tag_column: Option<Column>,
    /// Tags that the ids of Hugging Face rows stand for, in order
    #[arg(long, value_name = "TAGS", value_delimiter = ',', help_heading = "Formats")]
    labels: Option<Vec<String>>,
}

/// Values of `--links`.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Links {
    Keep,
    None,
}

/// Values of `--target-tags`.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Tags {
    Ignore,
    Tagger,
}

pub fn run(args: Args, context: &Context) -> Result<()> {
    let job = job(&args, context)?;
    let of_links = |error| links_failed(error, args.one_based || args.alignment.is_none());
    if args.aligner.by_encoder() && args.alignment.is_some() {
        return Err(UsageError("--alignment gives the links, and so does --encoder: leave out one".into()).into());
    }
    let encoder = args.aligner.encoder()?;
    let target_tagger = args.target_tagger.as_deref().map(|name| args.taggers.open_target(name)).transpose()?;
    let mut nmt = args.nmt.open_between(args.source_lang.as_ref(), args.target_lang.as_ref())?;
    let judge = args.judge.open()?;
    let models = ProjectModels {
        target_tagger: target_tagger.as_deref().map(|tagger| tagger as &dyn Tagger),
        encoder: encoder.as_ref().map(EncoderLinks::aligner),
        scorer: scorer(&mut nmt),
        judging: judge.as_ref().map(OpenJudge::judging),
        ..ProjectModels::default()
    };
    let mut bars = Bars::new(context);
    if let (Some(gold), Some(weights)) = (&args.learn_weights, &args.save_weights) {
        let options = ReadOptions { scheme: args.scheme, ..context.read() };
        let learnt =
            job.learn_weights(Some((gold, &options)), models, &mut |progress| bars.show(progress)).map_err(of_links)?;
        drop(bars);
        context.note("note: --learn-weights will go away; use `xlner tune scores`");
        tune::scores::write(&learnt, gold, weights)?;
        tune::scores::tell(&learnt, context);
        return Ok(());
    }
    let report = job.run(models, &mut |progress| bars.show(progress)).map_err(of_links)?;
    drop(bars);
    if let Some(path) = &args.report {
        write_report(path, &report, context)?;
    }
    tell(&report, judge.is_some(), context);
    if let (Some(gold), Some(evaluation)) = (&args.gold, &report.evaluation) {
        eval::tell(gold, evaluation, context)?;
        // Entities and figures do not mix.
        match args.output.as_os_str() == "-" {
            true => context.note(eval::table(gold, evaluation, false).trim_end()),
            false => out(format_args!("{}", eval::table(gold, evaluation, context.color).trim_end()))?,
        }
    }
    Ok(())
}

fn job(args: &Args, context: &Context) -> Result<ProjectJob> {
    let method = args.method.options()?;
    let input = input(args, context)?;
    let stdout = |path: &Path| path.as_os_str() == "-";
    if stdout(&args.output) && args.report.as_deref().is_some_and(stdout) {
        return Err(UsageError("--report and the entities cannot both go to standard output".into()).into());
    }
    let usual = if args.pairs.is_some() { Format::Jsonl } else { Format::Conll };
    let format = context.output_format(args.to_format, &args.output, usual);
    Ok(ProjectJob {
        input,
        alignment: args.alignment.clone(),
        alignment_options: ReadOptions { format: args.alignment_format, one_based: args.one_based, ..context.read() },
        projector: Projector {
            method,
            aligner: args.aligner.options(ReadOptions {
                format: args.bitext_format,
                lang: args.source_lang.clone(),
                target_lang: args.target_lang.clone(),
                tokenized: args.tokenized,
                ..context.read()
            }),
            target_tags: match args.target_tags {
                Tags::Ignore => TargetTags::Ignored,
                Tags::Tagger => TargetTags::Tagger,
            },
            keep_links: args.links == Links::Keep,
        },
        gold: args.gold.clone().map(|gold| {
            let labels = args.labels.clone();
            (gold, ReadOptions { format: args.gold_format, scheme: args.scheme, labels, ..context.read() })
        }),
        output: args.output.clone(),
        output_options: WriteOptions { format, ..WriteOptions::default() },
    })
}

fn input(args: &Args, context: &Context) -> Result<Input> {
    let options = |format: Option<Format>| ReadOptions {
        format: format.or(args.from_format),
        scheme: args.scheme,
        token_column: args.token_column.clone(),
        tag_column: args.tag_column.clone(),
        labels: args.labels.clone(),
        lang: args.source_lang.clone(),
        target_lang: args.target_lang.clone(),
        tokenized: args.tokenized,
        ..context.read()
    };
    match (&args.pairs, &args.source, &args.target) {
        (Some(path), ..) => Ok(Input::Pairs { path: path.clone(), options: options(None) }),
        (None, Some(source), Some(target)) => Ok(Input::Files {
            source: source.clone(),
            source_options: options(args.source_format),
            target: target.clone(),
            target_options: ReadOptions {
                lang: args.target_lang.clone(),
                no_tags: args.target_tags == Tags::Ignore,
                ..options(args.target_format)
            },
        }),
        _ => Err(UsageError("give --source and --target, or --pairs".into()).into()),
    }
}

/// What a person wants to know of the run.
fn tell(report: &ProjectReport, judged: bool, context: &Context) {
    let reasons: Vec<String> = report.unprojected.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
    let left = if reasons.is_empty() { String::new() } else { format!("; not projected: {}", reasons.join(", ")) };
    context.note(format_args!(
        "{}, {}, {} projected{left}",
        counted(report.sentences, "sentence"),
        counted(report.source_entities, "source entity"),
        report.projected
    ));
    context.note_long_pairs(report.input.long_pairs);
    if report.input.target_tags > 0 {
        context.note(format_args!(
            "note: {} entities of the target were taken for a tagger's opinion (--target-tags tagger); if they are gold, the result \
             is a copy of them",
            report.input.target_tags
        ));
    }
    tell_decision(report.decision, judged, context);
    tell_filters(report.filters.as_ref(), context);
    if report.solver.with_gap > 0 {
        context.note(format_args!(
            "note: {} sentences are not proven to be solved best; --report lists them with their bounds",
            report.solver.with_gap
        ));
    }
    let seconds = report.seconds;
    context.detail(format_args!(
        "seconds: read {:.2}, train {:.2}, align {:.2}, project {:.2}, write {:.2}",
        seconds.read, seconds.train, seconds.align, seconds.project, seconds.write
    ));
}
