//! `xlner transfer`.

use std::path::PathBuf;

use anyhow::Result;
use xlner::{TransferJob, TransferModels, open_translator};
use xlner_core::Tagger;
use xlner_core::tags::Scheme;
use xlner_formats::ReadOptions;
use xlner_project::markers::Markers;

use super::judge::{JudgeArgs, OpenJudge};
use super::options::{AlignerArgs, EncoderLinks, InputArgs, MethodArgs, NmtArgs, OutputArgs, RunArgs, scorer};
use super::taggers::{TaggerArgs, tell};
use super::translate::EngineArgs;
use crate::bars::Bars;
use crate::context::{Context, failed};

const EXAMPLES: &str = "\
Examples:
  xlner transfer --to es --engine apertium --source en.conll -o es.conll
  xlner transfer --to sw --translations sw.txt --source en.conll -o sw.conll
  xlner transfer --to es --engine apertium --markers --source en.conll -o es.conll
  xlner transfer --to zh --engine http --model http://localhost:5000 --markers xml --source en.jsonl
  xlner transfer --to es --engine apertium --source en.txt --tagger default --run work/ -o es.jsonl

Each source sentence is translated, and its entities are put where they belong in the translation: training data for a \
tagger (`xlner train`). With --run every stage keeps its output, and rerunning the same command resumes where it \
stopped.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Labelled source sentences; with --tagger their labels are not looked at
    #[arg(long, value_name = "FILE", help_heading = "Source")]
    source: PathBuf,
    /// Language of the source (BCP 47)
    #[arg(long, value_name = "CODE", default_value = "en", help_heading = "Source")]
    from: String,
    /// Find the entities of the source with a tagger: `default` (English, built in), a model file or folder, `cmd:PROGRAM`, `http://…` with
    /// --tagger-model
    #[arg(long, value_name = "MODEL", help_heading = "Source")]
    tagger: Option<String>,

    /// Language to translate into (BCP 47)
    #[arg(long, value_name = "CODE", help_heading = "Translation")]
    to: String,
    /// Ready translations, line by line, in place of an engine
    #[arg(long, value_name = "FILE", conflicts_with = "engine", help_heading = "Translation")]
    translations: Option<PathBuf>,
    #[command(flatten)]
    engine: EngineArgs,
    /// Project by markers that go through the translation. `brackets` (EasyProject; without a value): [entities] are translated in
    /// their text and alone; `xml` (LabelPigeon): a letter for each entity, <a>Berlin</a>, which may stand in each other. A sentence that
    /// loses a marker is left out
    #[arg(
        long,
        value_name = "brackets|xml",
        num_args = 0..=1,
        default_missing_value = "brackets",
        requires = "engine",
        help_heading = "Method"
    )]
    markers: Option<Markers>,
    /// Tagger of the target language, for --scores tagger=… and --candidates tagger
    #[arg(long, value_name = "MODEL", help_heading = "Taggers")]
    target_tagger: Option<String>,
    #[command(flatten)]
    taggers: TaggerArgs,

    #[command(flatten)]
    aligner: AlignerArgs,
    #[command(flatten)]
    method: MethodArgs,
    #[command(flatten)]
    nmt: NmtArgs,
    #[command(flatten)]
    judge: JudgeArgs,
    #[command(flatten)]
    run: RunArgs,

    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    input_options: InputArgs,
    /// Tag scheme of the source [default: detected]
    #[arg(long, help_heading = "Formats")]
    scheme: Option<Scheme>,
}

pub fn run(args: Args, context: &Context) -> Result<()> {
    let read = args.input_options.options(&args.source, &args.from, context);
    let job = TransferJob {
        source: args.source,
        source_options: ReadOptions { scheme: args.scheme, no_tags: args.tagger.is_some(), ..read.clone() },
        translations: args.translations.map(|path| (path, ReadOptions { format: None, ..read })),
        markers: args.markers,
        to: args.to.clone(),
        aligner: args.aligner.options(ReadOptions {
            lang: Some(args.from.clone()),
            target_lang: Some(args.to.clone()),
            ..context.read()
        }),
        method: args.method.options()?,
        run: args.run.options(),
        output_options: args.output.options(context),
        output: args.output.output,
    };
    job.check().map_err(failed)?;
    let translator = args.engine.options(&args.from, &args.to, context)?;
    let mut translator = translator.as_ref().map(open_translator).transpose().map_err(failed)?;
    let encoder = args.aligner.encoder()?;
    let tagger = args.tagger.as_deref().map(|name| args.taggers.open(name)).transpose()?;
    let target_tagger = args.target_tagger.as_deref().map(|name| args.taggers.open_target(name)).transpose()?;
    let mut nmt = args.nmt.open([&args.from, &args.to])?;
    let judge = args.judge.open()?;
    let report = {
        let mut bars = Bars::new(context);
        fn borrowed(tagger: &Option<Box<dyn Tagger>>) -> Option<&dyn Tagger> {
            tagger.as_deref().map(|tagger| tagger as &dyn Tagger)
        }
        let models = TransferModels {
            translator: translator.as_deref_mut().map(|translator| translator as _),
            tagger: borrowed(&tagger),
            target_tagger: borrowed(&target_tagger),
            encoder: encoder.as_ref().map(EncoderLinks::aligner),
            scorer: scorer(&mut nmt),
            judging: judge.as_ref().map(OpenJudge::judging),
        };
        job.run(models, &mut |progress| bars.show(progress)).map_err(failed)?
    };
    if let Some(tagger) = &tagger {
        tell(&**tagger, context);
    }
    args.run.tell(&report, judge.is_some(), context)
}
