//! `xlner label`.

use std::path::PathBuf;

use anyhow::Result;
use xlner::{Back, LabelJob, LabelModels, TranslatorOptions, open_tagger, open_translator};
use xlner_core::Tagger;
use xlner_formats::ReadOptions;

use super::judge::{JudgeArgs, OpenJudge};
use super::options::{AlignerArgs, EncoderLinks, InputArgs, MethodArgs, NmtArgs, OutputArgs, RunArgs, scorer};
use super::taggers::{TaggerArgs, tell};
use super::translate::EngineArgs;
use crate::bars::Bars;
use crate::context::{Context, UsageError, failed};

const EXAMPLES: &str = "\
Examples:
  xlner label --from sr --via en --engine apertium sentences.txt -o sentences.conll
  xlner label --from sr --engine lookup --model sr-en.tsv --tagger en.tagger in.conll -o out.jsonl
  xlner label --from sr --engine apertium --run work/ --report figures.json in.txt -o out.conll
  xlner label --from sw --translations sw.en.txt sw.txt -o sw.conll

Each sentence is translated into --via and tagged there; the entities are projected back. With --run every stage keeps \
its output, and rerunning the same command resumes where it stopped. With --shard 3/8 the third of eight processes \
does its part in the same --run folder; without --shard the whole is then put together from what is there.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Sentences: tokenised (tags in it are ignored), or raw text, one a line; `-` is standard input, text unless --from-format says otherwise
    #[arg(default_value = "-")]
    input: PathBuf,
    /// Treat the input as documents: a whole text file, or the text of each record. They are split into sentences for the
    /// work, and written whole
    #[arg(long, help_heading = "Formats")]
    documents: bool,
    /// Language of the sentences (BCP 47)
    #[arg(long, value_name = "CODE", help_heading = "Translation")]
    from: String,
    /// Language to translate into, one that has a tagger
    #[arg(long, value_name = "CODE", default_value = "en", help_heading = "Translation")]
    via: String,
    /// Ready translations, line by line, in place of an engine
    #[arg(long, value_name = "FILE", conflicts_with = "engine", help_heading = "Translation")]
    translations: Option<PathBuf>,
    #[command(flatten)]
    engine: EngineArgs,

    /// Translate back as well, and use it: project entities over the back-translation, or compose its links, or intersect
    /// those with the direct ones
    #[arg(long, value_name = "project|compose|intersect", help_heading = "Translation")]
    back: Option<Back>,
    /// What the engine loads to translate back: a table, a mode, an address [default: found by the languages]
    #[arg(long, value_name = "MODEL", requires = "back", help_heading = "Translation")]
    back_model: Vec<String>,

    /// Tagger of the language --via: `default` (English, built in), a model file or folder, `cmd:PROGRAM`, `http://…` with
    /// --tagger-model
    #[arg(long, value_name = "MODEL", default_value = "default", help_heading = "Taggers")]
    tagger: String,
    /// Tagger of the sentences' own language, for --scores tagger=… and --candidates tagger
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
    /// A model of `train --fusion`: it reads each sentence beside its tagged translation and finds the entities, in place of projection
    #[arg(long, value_name = "MODEL", help_heading = "Taggers")]
    fusion: Option<String>,
    #[command(flatten)]
    run: RunArgs,

    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    input_options: InputArgs,
    /// Projection by markers is for `transfer`
    #[arg(long, hide = true)]
    markers: bool,
}

pub fn run(args: Args, context: &Context) -> Result<()> {
    if args.markers {
        return Err(UsageError(
            "--markers needs entities before translation, which only `transfer` has; the counterpart for `label` is \
             --scores codec=1"
                .into(),
        )
        .into());
    }
    let job = LabelJob {
        input: args.input.clone(),
        input_options: args.input_options.options(&args.input, &args.from, context),
        documents: args.documents,
        translations: args.translations.clone().map(|path| (path, args.input_options.beside(context))),
        via: args.via.clone(),
        back: args.back,
        // A bitext has the translation, which is the source of the projection, first.
        aligner: args.aligner.options(ReadOptions {
            lang: Some(args.via.clone()),
            target_lang: Some(args.from.clone()),
            ..context.read()
        }),
        method: args.method.options()?,
        run: args.run.options(),
        output_options: args.output.options(context),
        output: args.output.output,
    };
    job.check().map_err(failed)?;
    let translator = args.engine.options(&args.from, &args.via, context)?;
    if translator.is_none() && args.translations.is_none() {
        return Err(UsageError(
            "what translates? --engine apertium, nllb, marian, ct2, http or lookup; or give --translations FILE".into(),
        )
        .into());
    }
    let mut back_translator = None;
    if args.back.is_some()
        && let Some(back) = args.engine.options(&args.via, &args.from, context)?
    {
        let back = TranslatorOptions { models: args.back_model, ..back };
        back_translator = Some(open_translator(&back).map_err(failed)?);
    }
    let mut translator = translator.as_ref().map(open_translator).transpose().map_err(failed)?;
    let tagger = args.taggers.open(&args.tagger)?;
    let encoder = args.aligner.encoder()?;
    let target_tagger = args.target_tagger.as_deref().map(|name| args.taggers.open_target(name)).transpose()?;
    let mut nmt = args.nmt.open([&args.via, &args.from])?;
    let judge = args.judge.open()?;
    let fusion = args.fusion.as_deref().map(open_tagger).transpose().map_err(failed)?;
    let report = {
        let mut bars = Bars::new(context);
        let models = LabelModels {
            translator: translator.as_deref_mut().map(|translator| translator as _),
            tagger: &*tagger,
            target_tagger: target_tagger.as_deref().map(|tagger| tagger as &dyn Tagger),
            back_translator: back_translator.as_deref_mut().map(|translator| translator as _),
            scorer: scorer(&mut nmt),
            fusion: fusion.as_deref().map(|tagger| tagger as &dyn Tagger),
            judging: judge.as_ref().map(OpenJudge::judging),
            encoder: encoder.as_ref().map(EncoderLinks::aligner),
        };
        job.run(models, &mut |progress| bars.show(progress)).map_err(failed)?
    };
    tell(&*tagger, context);
    args.run.tell(&report, judge.is_some(), context)
}
