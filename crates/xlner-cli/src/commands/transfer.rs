//! `xlner transfer`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use xlner_core::tags::Scheme;
use xlner_formats::{Format, ReadOptions, WriteOptions};
use xlner_models::{Tagger, open_tagger, open_translator};
use xlner_pipeline::TransferJob;

use super::options::{AlignerArgs, EncoderLinks, MethodArgs, RunArgs};
use super::translate::EngineArgs;
use crate::bars::Bars;
use crate::context::{Context, failed, model_failed};

const EXAMPLES: &str = "\
Examples:
  xlner transfer --to es --engine apertium --source en.conll -o es.conll
  xlner transfer --to sw --translations sw.txt --source en.conll -o sw.conll
  xlner transfer --to es --engine apertium --source en.txt --tagger default --run work/ -o es.jsonl

Each source sentence is translated, and its entities are put where they belong in the translation: training data for a \
tagger (`xlner train`). With --run every stage keeps what it made, and the same command started again goes on where it \
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
    /// Find the entities of the source with a tagger: `default` (English, built in), a model file or folder
    #[arg(long, value_name = "MODEL", help_heading = "Source")]
    tagger: Option<String>,

    /// Language to translate into (BCP 47)
    #[arg(long, value_name = "CODE", help_heading = "Translation")]
    to: String,
    /// Translations that are given, sentence by sentence, instead of an engine
    #[arg(long, value_name = "FILE", conflicts_with = "engine", help_heading = "Translation")]
    translations: Option<PathBuf>,
    #[command(flatten)]
    engine: EngineArgs,
    /// Tagger of the target language, for --scores tagger=… and --candidates tagger
    #[arg(long, value_name = "MODEL", help_heading = "Translation")]
    target_tagger: Option<String>,

    #[command(flatten)]
    aligner: AlignerArgs,
    #[command(flatten)]
    method: MethodArgs,
    #[command(flatten)]
    run: RunArgs,

    /// Where to write; `-` is standard output
    #[arg(long, short, default_value = "-", value_name = "FILE", help_heading = "Output")]
    output: PathBuf,
    /// Format of the output [default: from its name; conll on standard output]
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    to_format: Option<Format>,
    /// Format of the source [default: from its name]
    #[arg(long, value_name = "FORMAT", help_heading = "Formats")]
    from_format: Option<Format>,
    /// Tag scheme of the source [default: found by looking]
    #[arg(long, help_heading = "Formats")]
    scheme: Option<Scheme>,
    /// Raw text is tokenised already: split it at spaces
    #[arg(long, help_heading = "Formats")]
    tokenized: bool,
}

pub fn run(args: Args, context: &Context) -> Result<()> {
    let read = ReadOptions { tokenized: args.tokenized, ..ReadOptions::default() };
    let stdout = args.output == Path::new("-");
    let job = TransferJob {
        source: args.source,
        source_options: ReadOptions {
            format: args.from_format,
            scheme: args.scheme,
            lang: Some(args.from.clone()),
            no_tags: args.tagger.is_some(),
            ..read.clone()
        },
        translations: args.translations.map(|path| (path, read.clone())),
        to: args.to.clone(),
        aligner: args.aligner.options(ReadOptions {
            lang: Some(args.from.clone()),
            target_lang: Some(args.to.clone()),
            ..ReadOptions::default()
        }),
        method: args.method.options(),
        run: args.run.options(),
        output: args.output,
        output_options: WriteOptions {
            format: args.to_format.or(stdout.then_some(Format::Conll)),
            ..WriteOptions::default()
        },
    };
    job.check().map_err(failed)?;
    let translator = args.engine.options(&args.from, &args.to)?;
    let mut translator = translator.as_ref().map(open_translator).transpose().map_err(model_failed)?;
    let open = |name: &Option<String>| name.as_deref().map(open_tagger).transpose().map_err(model_failed);
    let encoder = args.aligner.encoder()?;
    let (tagger, target_tagger) = (open(&args.tagger)?, open(&args.target_tagger)?);
    let report = {
        let mut bars = Bars::new(context);
        fn borrowed(tagger: &Option<Box<dyn Tagger>>) -> Option<&dyn Tagger> {
            tagger.as_deref().map(|tagger| tagger as &dyn Tagger)
        }
        job.run(
            translator.as_deref_mut().map(|translator| translator as _),
            borrowed(&tagger),
            borrowed(&target_tagger),
            encoder.as_ref().map(EncoderLinks::aligner),
            &mut |progress| bars.show(progress),
        )
        .map_err(failed)?
    };
    args.run.tell(&report, context)
}
