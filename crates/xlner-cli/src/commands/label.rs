//! `xlner label`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use xlner_formats::{Format, ReadOptions, WriteOptions};
use xlner_models::{Tagger, TranslatorOptions, open_tagger, open_translator};
use xlner_pipeline::{Back, LabelJob, LabelModels};

use super::options::{AlignerArgs, EncoderLinks, MethodArgs, RunArgs};
use super::translate::EngineArgs;
use crate::bars::Bars;
use crate::context::{Context, UsageError, failed, model_failed};

const EXAMPLES: &str = "\
Examples:
  xlner label --from sr --via en --engine apertium sentences.txt -o sentences.conll
  xlner label --from sr --via en --engine lookup --model sr-en.tsv --tagger en.tagger in.conll -o out.jsonl
  xlner label --from sr --via en --engine apertium --run work/ --report figures.json in.txt -o out.conll

Each sentence is translated into --via and tagged there; the entities are projected back. With --run every stage keeps \
what it made, and the same command started again goes on where it stopped. With --shard 3/8 a third of eight processes \
does its part in the same --run folder; without --shard the whole is then put together from what is there.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Sentences: tokenised (tags are not looked at), or raw text, one a line; `-` is standard input
    input: PathBuf,
    /// The input is documents: a whole text file, or the text of every record; they are taken apart into sentences and
    /// written whole
    #[arg(long, help_heading = "Formats")]
    documents: bool,
    /// Their language (BCP 47)
    #[arg(long, value_name = "CODE", help_heading = "Translation")]
    from: String,
    /// Language they are translated into, which there is a tagger for
    #[arg(long, value_name = "CODE", default_value = "en", help_heading = "Translation")]
    via: String,
    #[command(flatten)]
    engine: EngineArgs,

    /// Translate back as well, and use it: project entities over the back-translation, or compose its links, or intersect
    /// those with the direct ones
    #[arg(long, value_name = "project|compose|intersect", help_heading = "Translation")]
    back: Option<Back>,
    /// What the engine loads to translate back: a table, a mode, an address [default: found by the languages]
    #[arg(long, value_name = "MODEL", requires = "back", help_heading = "Translation")]
    back_model: Vec<String>,

    /// Tagger of the language --via: `default` (English, built in), a model file or folder
    #[arg(long, value_name = "MODEL", default_value = "default", help_heading = "Taggers")]
    tagger: String,
    /// Tagger of the sentences' own language, for --scores tagger=… and --candidates tagger
    #[arg(long, value_name = "MODEL", help_heading = "Taggers")]
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
    /// Format of the input [default: from its name]
    #[arg(long, value_name = "FORMAT", help_heading = "Formats")]
    from_format: Option<Format>,
    /// Raw text is tokenised already: split it at spaces
    #[arg(long, help_heading = "Formats")]
    tokenized: bool,
}

pub fn run(args: Args, context: &Context) -> Result<()> {
    let input_options = ReadOptions {
        format: args.from_format,
        lang: Some(args.from.clone()),
        tokenized: args.tokenized,
        ..ReadOptions::default()
    };
    let stdout = args.output == Path::new("-");
    let job = LabelJob {
        input: args.input,
        input_options,
        documents: args.documents,
        via: args.via.clone(),
        back: args.back,
        // A bitext has the translation, which is the source of the projection, first.
        aligner: args.aligner.options(ReadOptions {
            lang: Some(args.via.clone()),
            target_lang: Some(args.from.clone()),
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
    let Some(translator) = args.engine.options(&args.from, &args.via)? else {
        return Err(UsageError("what translates? --engine apertium, nllb, marian, http or lookup".into()).into());
    };
    let mut back_translator = None;
    if args.back.is_some()
        && let Some(back) = args.engine.options(&args.via, &args.from)?
    {
        let back = TranslatorOptions { models: args.back_model, ..back };
        back_translator = Some(open_translator(&back).map_err(model_failed)?);
    }
    let mut translator = open_translator(&translator).map_err(model_failed)?;
    let tagger = open_tagger(&args.tagger).map_err(model_failed)?;
    let encoder = args.aligner.encoder()?;
    let target_tagger = args.target_tagger.as_deref().map(open_tagger).transpose().map_err(model_failed)?;
    let report = {
        let mut bars = Bars::new(context);
        let models = LabelModels {
            translator: &mut *translator,
            tagger: &*tagger,
            target_tagger: target_tagger.as_deref().map(|tagger| tagger as &dyn Tagger),
            back_translator: back_translator.as_deref_mut().map(|translator| translator as _),
            encoder: encoder.as_ref().map(EncoderLinks::aligner),
        };
        job.run(models, &mut |progress| bars.show(progress)).map_err(failed)?
    };
    args.run.tell(&report, context)
}
