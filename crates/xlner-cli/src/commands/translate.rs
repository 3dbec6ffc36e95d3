//! `xlner translate`.

mod engine;

use std::path::PathBuf;

use anyhow::Result;
use xlner::{TranslateJob, open_translator};
use xlner_formats::{Format, ReadOptions, Side, WriteOptions};

pub use engine::EngineArgs;

use crate::bars::Bars;
use crate::context::{Context, UsageError, failed};
use crate::print::counted;

const EXAMPLES: &str = "\
Examples:
  xlner translate --engine apertium --from sr --to en news.txt -o news.en.txt
  xlner translate --engine lookup --model table.tsv --from sr --to en sr.conll -o pairs.jsonl
  xlner translate --engine http --model http://localhost:5000 --from sr --to en sr.txt -o pairs.tsv
  xlner translate --engine http --model https://host/v1 --http-model NAME --from sr --to en sr.txt

One translation is written for every sentence, in their order: into .jsonl and .tsv each sentence with its translation, \
into .txt the translations. Tokenised sentences are put together before they are translated; translations are tokenised \
by us.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Sentences: raw text, one a line, or tokenised (tags are kept); `-` is standard input
    input: PathBuf,
    /// Language of the sentences (BCP 47)
    #[arg(long, value_name = "CODE")]
    from: String,
    /// Language to translate into (BCP 47)
    #[arg(long, value_name = "CODE")]
    to: String,

    #[command(flatten)]
    engine: EngineArgs,

    /// Where to write; `-` is standard output
    #[arg(long, short, default_value = "-", value_name = "FILE", help_heading = "Output")]
    output: PathBuf,
    /// Format of the output [default: from its name, else text, with --n-best jsonl]
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    to_format: Option<Format>,
    /// Write the translations tokenised, into text and tsv
    #[arg(long, help_heading = "Output")]
    to_tokens: bool,
    /// nllb, marian, ct2: write the N best translations of every sentence, with their mean log-probabilities, into the field
    /// n_best of its record (jsonl)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=100), help_heading = "Output")]
    n_best: Option<u8>,
    /// Format of the input [default: from its name]
    #[arg(long, value_name = "FORMAT", help_heading = "Formats")]
    from_format: Option<Format>,
    /// Which sentence of pairs is translated
    #[arg(long, value_name = "source|target", help_heading = "Formats")]
    side: Option<Side>,
    /// The text is already tokenised: split it at spaces
    #[arg(long, help_heading = "Formats")]
    tokenized: bool,
}

pub fn run(args: Args, context: &Context) -> Result<()> {
    let options = match args.n_best {
        Some(best) => args.engine.options_for(&args.from, &args.to, best.into(), context)?,
        None => args.engine.options(&args.from, &args.to, context)?,
    };
    let Some(options) = options else {
        return Err(UsageError("what translates? --engine apertium, nllb, marian, ct2, http or lookup".into()).into());
    };
    let usual = if args.n_best.is_some() { Format::Jsonl } else { Format::Text };
    let format = context.output_format(args.to_format, &args.output, usual);
    let job = TranslateJob {
        input_options: ReadOptions {
            format: args.from_format.or_else(|| context.standard_input(&args.input)),
            lang: Some(args.from.clone()),
            target_lang: Some(args.from),
            side: args.side,
            tokenized: args.tokenized,
            ..context.read()
        },
        input: args.input,
        to: args.to,
        output: args.output,
        output_options: WriteOptions { format, tokenized: args.to_tokens, ..WriteOptions::default() },
        n_best: args.n_best.is_some(),
    };
    job.check().map_err(failed)?;
    let mut translator = open_translator(&options).map_err(failed)?;
    let report = {
        let mut bars = Bars::new(context);
        job.run(&mut *translator, &mut |progress| bars.show(progress)).map_err(failed)?
    };
    let figures = report.translator;
    let remarks = [
        (figures.unknown_words, "words unknown to the engine"),
        (figures.untranslated, "sentences kept as they are"),
        (figures.empty, "empty translations"),
        (figures.retries, "failures made good"),
        (figures.split_batches, "requests split up"),
    ];
    let remarks = remarks.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("; {what}: {count}"));
    context.note(format_args!("{} translated{}", counted(report.sentences, "sentence"), remarks.collect::<String>()));
    context.detail(format_args!(
        "{:.2} s ({:.0} sentences a second) by {}",
        report.seconds,
        report.sentences as f64 / report.seconds.max(1e-9),
        translator.signature()
    ));
    Ok(())
}
