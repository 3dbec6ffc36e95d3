//! `xlner train`.

mod transformer;

use std::path::PathBuf;

use anyhow::Result;
use xlner::{CrfOptions, ModelOptions, SentenceWeights, TrainJob, TrainReport};
use xlner_formats::{Format, ReadOptions, Side};
use xlner_models::crf::CrfTrainOptions;

use crate::bars::Bars;
use crate::context::{Context, UsageError, failed};

const EXAMPLES: &str = "\
Examples:
  xlner train --train en.train.conll --dev en.dev.conll -o en.tagger
  xlner train --train sw.projected.jsonl --weights score --raw sw.txt -o sw.tagger
  xlner train --train finance.conll --init default --dev finance.dev.conll -o finance.tagger
  xlner train --train en.conll --names FIRST=first.txt --names CITY=cities.txt -o en.tagger --json
  xlner train --model-type transformer --init xlm-roberta-base/ --train sw.jsonl -o sw.model

A CRF needs no other model and trains in about a minute on 10,000 sentences. What helps it most: raw text of the language \
(--raw, the more the better) and lists of names (--names). With --init the weights stay close to those of that tagger, the closer \
the larger --l1 and --l2 are; what the new sentences say nothing of stays as it was. A transformer is fine-tuned from a model \
that is there (--init), and written as a folder that `transformers` loads too.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Labelled sentences, or pairs whose target side is labelled; repeatable
    #[arg(long, required = true, value_name = "FILE")]
    train: Vec<PathBuf>,
    /// Labelled sentences that the tagger is measured on
    #[arg(long, value_name = "FILE")]
    dev: Option<PathBuf>,
    /// What is trained
    #[arg(long, default_value = "crf", value_name = "crf|transformer")]
    model_type: ModelType,
    /// Where to keep the tagger
    #[arg(long, short, value_name = "MODEL")]
    output: PathBuf,
    /// How much a sentence counts: all equally, or by the mean score of its entities, which projection writes
    #[arg(long, default_value = "equal", value_name = "equal|score")]
    weights: SentenceWeights,
    /// Write the figures as JSON to standard output
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    crf: CrfArgs,
    #[command(flatten)]
    transformer: transformer::TransformerArgs,

    /// Which side of pairs is labelled [default: target, where projection puts entities]
    #[arg(long, value_name = "source|target", help_heading = "Formats")]
    side: Option<Side>,
    /// Language of the labelled sentences (BCP 47), where they do not name it; the model remembers it
    #[arg(long, value_name = "CODE", help_heading = "Formats")]
    lang: Option<String>,
    /// Format of the labelled files [default: from their names]
    #[arg(long, value_name = "FORMAT", help_heading = "Formats")]
    from_format: Option<Format>,
}

/// How a CRF is trained.
#[derive(clap::Args)]
pub struct CrfArgs {
    /// Model to continue training from. For a CRF: a tagger, as a general one for a domain of its own (`default` is the built-in one). For a
    /// transformer: a folder as Hugging Face keeps models, or a name on its Hub
    #[arg(long, value_name = "PATH|HUB_ID")]
    init: Option<String>,
    /// A list of names, one a line, under a name of its own: CITY=cities.txt. Lists under one name are merged; repeatable
    #[arg(long, value_name = "NAME=FILE", value_parser = parse_names, help_heading = "CRF")]
    names: Vec<(String, PathBuf)>,
    /// Raw text of the language, one sentence a line, or any format; repeatable
    #[arg(long, value_name = "FILE", help_heading = "CRF")]
    raw: Vec<PathBuf>,
    /// Weight of the L1 norm: the larger, the smaller the model
    #[arg(long, value_name = "X", default_value_t = CrfTrainOptions::default().l1, allow_negative_numbers = true, help_heading = "CRF")]
    l1: f64,
    /// Weight of the squared L2 norm: the larger, the closer to 0 all weights stay
    #[arg(long, value_name = "X", default_value_t = CrfTrainOptions::default().l2, allow_negative_numbers = true, help_heading = "CRF")]
    l2: f64,
    /// Features seen fewer times are left out
    #[arg(long, value_name = "N", default_value_t = CrfTrainOptions::default().min_count, help_heading = "CRF")]
    min_count: u32,
    /// Iterations at most
    #[arg(long, value_name = "N", default_value_t = CrfTrainOptions::default().iterations, help_heading = "CRF")]
    iterations: usize,
    /// Training ends where ten iterations lower the objective by less than this share
    #[arg(long, value_name = "X", default_value_t = CrfTrainOptions::default().tolerance, allow_negative_numbers = true, help_heading = "CRF")]
    tolerance: f64,
    /// Learn last and single tokens of entities apart (IOBES)
    #[arg(long, help_heading = "CRF")]
    iobes: bool,
    /// What the training data is called, for `xlner models`
    #[arg(long, value_name = "TEXT", default_value = "", help_heading = "CRF")]
    data_name: String,
}

impl CrfArgs {
    /// The options of the pipeline.
    pub fn options(self) -> CrfOptions {
        CrfOptions {
            train: CrfTrainOptions {
                l1: self.l1,
                l2: self.l2,
                min_count: self.min_count,
                iterations: self.iterations,
                tolerance: self.tolerance,
                iobes: self.iobes,
                data: self.data_name,
                ..CrfTrainOptions::default()
            },
            init: self.init,
            names: self.names,
            raw: self.raw,
        }
    }
}

/// What can be trained.
#[derive(Clone, Copy, clap::ValueEnum)]
enum ModelType {
    /// Linear-chain CRF
    Crf,
    /// A transformer that classifies tokens, fine-tuned
    Transformer,
}

fn parse_names(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, file)) if !name.is_empty() && !file.is_empty() => Ok((name.to_owned(), file.into())),
        _ => Err("a list is given as NAME=FILE, `CITY=cities.txt`".into()),
    }
}

pub fn run(args: Args, context: &Context) -> Result<()> {
    match args.model_type {
        ModelType::Crf => args.transformer.refuse()?,
        ModelType::Transformer => {
            let names = !args.crf.names.is_empty()
                || !args.crf.raw.is_empty()
                || args.crf.iobes
                || !args.crf.data_name.is_empty();
            if names {
                let problem = "--names, --raw, --iobes and --data-name go with --model-type crf";
                return Err(UsageError(problem.into()).into());
            }
            return transformer::run(args, context);
        }
    }
    let json = args.json;
    let job = job(args, context);
    let report = {
        let mut bars = Bars::new(context);
        job.run(&mut |progress| bars.show(progress)).map_err(failed)?
    };
    tell(&report, context);
    if json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    }
    Ok(())
}

fn job(args: Args, context: &Context) -> TrainJob {
    let model = ModelOptions::Crf(args.crf.options());
    TrainJob {
        train: args.train,
        dev: args.dev,
        options: ReadOptions { format: args.from_format, side: args.side, ..context.read_in(args.lang) },
        weights: args.weights,
        model,
        output: args.output,
    }
}

fn tell(report: &TrainReport, context: &Context) {
    let entities: u64 = report.train.entities.values().sum();
    context.note(format_args!(
        "trained on {} sentences with {entities} entities in {:.1} s: {} features, {:.2} MB",
        report.train.sentences,
        report.seconds,
        report.features,
        report.bytes as f64 / 1e6
    ));
    context.detail(format_args!(
        "{} features looked at, {} iterations, objective {:.1}; {} words clustered by {} tokens of text",
        report.candidate_features, report.iterations, report.objective, report.clustered_words, report.raw_tokens
    ));
    if let Some(dev) = &report.dev {
        let micro = &dev.micro;
        context.note(format_args!(
            "dev: precision {:.4}, recall {:.4}, F1 {:.4} on {} sentences",
            micro.precision, micro.recall, micro.f1, dev.sentences
        ));
    }
}
