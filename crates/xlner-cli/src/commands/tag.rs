//! `xlner tag`.

use std::path::PathBuf;

use anyhow::Result;
use xlner::{TagJob, TaggerOptions, open_tagger_with};
use xlner_formats::{Format, ReadOptions, Side, WriteOptions};
use xlner_models::{Precision, SubWords};

use super::taggers::{OutsideArgs, tell};
use crate::bars::Bars;
use crate::context::{Context, failed};
use crate::print::counted;

const EXAMPLES: &str = "\
Examples:
  xlner tag --model default news.txt -o news.conll
  xlner tag --model sw.tagger in.conll -o out.conll
  xlner tag --model default --probabilities in.conll -o out.jsonl
  xlner tag --model default pairs.jsonl -o tagged.jsonl
  xlner tag --model sw.fused tagged.jsonl -o sw.jsonl    # of `train --fusion`: tags the targets
  xlner tag --tagger 'cmd:python my_tagger.py' in.conll -o out.conll
  xlner tag --tagger http://127.0.0.1:8000/v1 --tagger-model NAME in.conll -o out.conll
  xlner tag --model Davlan/xlm-roberta-base-ner-hrl --precision int8 in.conll -o out.conll

`default` is the built-in tagger: English; persons, places, organisations. `cmd:` runs a program, which reads one JSON record a \
line, {\"id\",\"tokens\",\"text\",\"lang\"}, and answers one a line, {\"id\",\"entities\":[{\"start\",\"end\",\"label\",\"score\"}]}. Entities that are there are replaced; everything \
else in records is kept. In JSONL each entity has its probability as score.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Sentences: tokenised (tags in it are ignored), or raw text, one a line; or pairs; `-` is standard input, text unless --from-format says otherwise
    #[arg(default_value = "-")]
    input: PathBuf,
    /// `default` (English, built in), a model file or folder, `cmd:PROGRAM` (a program that speaks JSON lines), `http://…` (an
    /// OpenAI-compatible server, with --tagger-model), or `capitals:PER` (capitalised words, all of one label: a baseline)
    #[arg(long = "model", visible_alias = "tagger", value_name = "MODEL", default_value = "default")]
    tagger: String,
    #[command(flatten)]
    outside: OutsideArgs,
    /// transformers: numeric precision; int8 is faster, tags may differ slightly [default: f32]
    #[arg(long, value_name = "f32|int8", help_heading = "Transformers")]
    precision: Option<Precision>,
    /// transformers: which sub-words represent their token: the first, the mean of all, or the most certain [default: first]
    #[arg(long, value_name = "first|mean|max", help_heading = "Transformers")]
    sub_words: Option<SubWords>,
    /// transformers: the tags of the model's classes, in their order, instead of those that its config.json names; http: the
    /// labels that are asked for [default: PER,LOC,ORG]
    #[arg(
        long,
        visible_alias = "tagger-labels",
        value_name = "TAGS",
        value_delimiter = ',',
        help_heading = "Transformers"
    )]
    labels: Option<Vec<String>>,
    /// Which sentence of pairs is tagged [default: source; target by a model of `train --fusion`, which reads it beside its tagged
    /// source]
    #[arg(long, value_name = "source|target")]
    side: Option<Side>,
    /// Write the probability of every tag for every token, into records
    #[arg(long)]
    probabilities: bool,

    /// Where to write; `-` is standard output
    #[arg(long, short, default_value = "-", value_name = "FILE", help_heading = "Output")]
    output: PathBuf,
    /// Format of the output [default: from its name, else conll, with --probabilities jsonl]
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    to_format: Option<Format>,
    /// Format of the input [default: from its name]
    #[arg(long, value_name = "FORMAT", help_heading = "Formats")]
    from_format: Option<Format>,
    /// Language of the text (BCP 47), for the tokeniser
    #[arg(long, value_name = "CODE", help_heading = "Formats")]
    lang: Option<String>,
    /// The text is already tokenised: split it at spaces
    #[arg(long, help_heading = "Formats")]
    tokenized: bool,
}

pub fn run(args: Args, context: &Context) -> Result<()> {
    let usual = if args.probabilities { Format::Jsonl } else { Format::Conll };
    let format = context.output_format(args.to_format, &args.output, usual);
    let job = TagJob {
        input: args.input.clone(),
        input_options: ReadOptions {
            format: args.from_format.or_else(|| context.standard_input(&args.input)),
            tokenized: args.tokenized,
            ..context.read_in(args.lang)
        },
        side: args.side,
        probabilities: args.probabilities,
        output: args.output,
        output_options: WriteOptions { format, ..WriteOptions::default() },
    };
    job.check().map_err(failed)?;
    let options = TaggerOptions {
        precision: args.precision,
        sub_words: args.sub_words,
        labels: args.labels,
        ..args.outside.options()
    };
    let tagger = open_tagger_with(&args.tagger, &options).map_err(failed)?;
    let report = {
        let mut bars = Bars::new(context);
        job.run(&*tagger, &mut |progress| bars.show(progress)).map_err(failed)?
    };
    context.note(format_args!("{}, {}", counted(report.sentences, "sentence"), counted(report.entities, "entity")));
    tell(&*tagger, context);
    context.detail(format_args!(
        "{} tokens, {} sentences tokenised; tagged in {:.2} s ({:.0} sentences a second) by {}",
        report.tokens,
        report.tokenized_sentences,
        report.seconds,
        report.sentences as f64 / report.seconds.max(1e-9),
        tagger.signature()
    ));
    Ok(())
}
