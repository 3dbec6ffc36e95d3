//! `xlner convert`.

use std::path::PathBuf;

use anyhow::{Result, anyhow};
use xlner::{ConvertJob, DoubtOrder, Input, Overlaps};
use xlner_core::tags::Scheme;
use xlner_formats::{Column, ErrorKind, Format, ReadOptions, Side, WriteOptions};

use super::figures::{mapping, mappings};
use crate::bars::Bars;
use crate::context::{Context, UsageError, is_overlap, links_failed};
use crate::labelling;
use crate::print::counted;

const EXAMPLES: &str = "\
Examples:
  xlner convert en.conll -o en.jsonl
  xlner convert en.conll03 -o en.conll --to-scheme bilou --map GPE=LOC --ignore MISC,DATE
  xlner convert projected.jsonl --side target -o sw.json --to-format label-studio
  xlner convert projected.jsonl --sort margin --max-probability 0.5 -o check-first.jsonl
  xlner convert --source en.conll --target sw.conll --alignment en-sw.pharaoh -o pairs.jsonl
  xlner convert gold.naacl -o gold.pharaoh
  xlner convert train.json --labels O,B-PER,I-PER,B-LOC,I-LOC -o train.conll

Formats, from the file name or by --from-format and --to-format:
  sentences   conll conll2003 panx uner conllu hipe webanno tsv text jsonl hf label-studio doccano brat spacy parquet
  pairs       jsonl bitext tsv text parquet (MasakhaNER × MAFAND items are read)
  alignments  pharaoh naacl
  read only   hocr alto page (scans), ctm vtt whisper (transcripts): sentences whose tokens keep their place
.gz and .zst are read and written.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES, group = clap::ArgGroup::new("from").required(true).args(["input", "source"]))]
pub struct Args {
    /// File to convert; `-` is standard input
    #[arg(value_name = "IN")]
    input: Option<PathBuf>,
    /// Join two sentence-parallel files into pairs: the one with the source sentences
    #[arg(long, value_name = "FILE", requires = "target")]
    source: Option<PathBuf>,
    /// Join two sentence-parallel files into pairs: the one with the target sentences
    #[arg(long, value_name = "FILE", requires = "source")]
    target: Option<PathBuf>,
    /// Alignment of the joined pairs
    #[arg(long, value_name = "FILE", requires = "source")]
    alignment: Option<PathBuf>,
    /// Skip the first N sentences, pairs or alignments
    #[arg(long, value_name = "N", default_value_t = 0)]
    skip: u64,
    /// Stop after N sentences, pairs or alignments
    #[arg(long, value_name = "N", default_value_t = u64::MAX, hide_default_value = true)]
    limit: u64,
    /// Take the target's entities from the records' field `gold`; with --side target write only those sentences
    #[arg(long)]
    gold: bool,
    /// Where to write; `-` is standard output
    #[arg(long, short, default_value = "-", value_name = "OUT")]
    output: PathBuf,

    /// Format of the input [default: from its name]
    #[arg(long, value_name = "FORMAT")]
    from_format: Option<Format>,
    /// Format of the output [default: from its name, else conll, jsonl (pairs) or pharaoh (alignments)]
    #[arg(long, value_name = "FORMAT")]
    to_format: Option<Format>,
    /// Format of --source, if it differs
    #[arg(long, value_name = "FORMAT", requires = "source")]
    source_format: Option<Format>,
    /// Format of --target, if it differs
    #[arg(long, value_name = "FORMAT", requires = "target")]
    target_format: Option<Format>,
    /// Format of --alignment [default: from its name, else detected]
    #[arg(long, value_name = "FORMAT", requires = "alignment")]
    alignment_format: Option<Format>,
    /// How to read documents that mark their sentences (spaCy): one sentence each, or the whole document as one
    #[arg(long, value_name = "sentences|none", default_value = "sentences")]
    split: Split,
    /// Tag scheme of the input: iob1, iob2, ioe1, ioe2, iobes, bilou, io [default: detected]
    #[arg(long, value_name = "SCHEME")]
    from_scheme: Option<Scheme>,
    /// Tag scheme of the output
    #[arg(long, value_name = "SCHEME", default_value_t = Scheme::Iob2)]
    to_scheme: Scheme,
    /// Replace labels
    #[arg(long, value_name = "FROM=TO", value_delimiter = ',', value_parser = mapping)]
    map: Vec<(String, String)>,
    /// Drop entities with these labels; --map is applied first
    #[arg(long, value_name = "LABELS", value_delimiter = ',')]
    ignore: Vec<String>,
    /// How to treat entities that share a token: error (where the output holds tags), or keep the longest
    #[arg(long, default_value = "error", value_name = "error|longest")]
    overlaps: OverlapsArg,

    /// Write what is least sure first: by the smallest `probability` of a sentence's entities (or a score from 0 to 1), or the smallest `margin`
    #[arg(long, value_name = "probability|margin")]
    sort: Option<SortArg>,
    /// Write only sentences whose entities all have at least this probability, 0 to 1
    #[arg(long, value_name = "X", value_parser = probability)]
    min_probability: Option<f64>,
    /// Write only sentences with an entity of at most this probability, 0 to 1: what to check first
    #[arg(long, value_name = "X", value_parser = probability)]
    max_probability: Option<f64>,

    /// Tags that the ids of Hugging Face rows stand for, in order
    #[arg(long, value_name = "TAGS", value_delimiter = ',')]
    labels: Option<Vec<String>>,
    /// Write Hugging Face rows with ids into this list
    #[arg(long, value_name = "TAGS", value_delimiter = ',')]
    to_labels: Option<Vec<String>>,
    /// Column of the tokens, by name or number
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    token_column: Option<Column>,
    /// Column of the tags (or key in MISC, or field), by name or number (-1 is the last) [default: detected]
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    tag_column: Option<Column>,
    /// Do not read tags: the input needs none
    #[arg(long)]
    no_tags: bool,

    /// Write one side of pairs, as sentences
    #[arg(long, value_name = "source|target")]
    side: Option<Side>,
    /// Language of the sentences, or of the source side, where the input does not name it
    #[arg(long, visible_alias = "source-lang", value_name = "CODE")]
    lang: Option<String>,
    /// Language of the target side, where the input does not name it
    #[arg(long, value_name = "CODE")]
    target_lang: Option<String>,
    /// Tokens are separated by spaces, in what is read (plain lines, bitext, brat) and written (plain lines, bitext)
    #[arg(long)]
    tokenized: bool,
    /// Tokenise texts that have no tokens (always done where the output needs tokens)
    #[arg(long, conflicts_with = "tokenized")]
    tokenize: bool,

    /// Links in the input count from 1 (Pharaoh)
    #[arg(long)]
    one_based: bool,
    /// Links in the output count from 1 (Pharaoh)
    #[arg(long)]
    to_one_based: bool,
    /// Write the probabilities of links
    #[arg(long)]
    probabilities: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Split {
    Sentences,
    None,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum OverlapsArg {
    Error,
    Longest,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum SortArg {
    Probability,
    Margin,
}

/// A number from 0 to 1.
fn probability(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| "a probability is a number from 0 to 1".to_owned())
}

pub fn run(args: Args, context: &Context) -> Result<()> {
    let inputs = [&args.input, &args.source, &args.target, &args.alignment];
    if inputs.into_iter().flatten().filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(UsageError("standard input (-) can be read once only".into()).into());
    }
    let read = ReadOptions {
        format: args.from_format,
        scheme: args.from_scheme,
        token_column: args.token_column,
        tag_column: args.tag_column,
        no_tags: args.no_tags,
        labels: args.labels,
        one_based: args.one_based,
        lang: args.lang.clone(),
        target_lang: args.target_lang.clone(),
        tokenized: args.tokenized,
        whole_documents: args.split == Split::None,
        ..context.read()
    };
    let format = |format: Option<Format>| ReadOptions { format: format.or(read.format), ..read.clone() };
    let alignment_options = ReadOptions { format: args.alignment_format, ..read.clone() };
    let input = match (args.input, args.source, args.target) {
        (Some(path), _, _) => Input::Pairs { path, options: read },
        (None, Some(source), Some(target)) => Input::Files {
            source,
            source_options: format(args.source_format),
            target,
            target_options: ReadOptions { lang: args.target_lang, ..format(args.target_format) },
        },
        _ => return Err(UsageError("an input is needed: IN, or --source and --target".into()).into()),
    };
    let job = ConvertJob {
        input,
        alignment: args.alignment.map(|path| (path, alignment_options)),
        skip: args.skip,
        limit: args.limit,
        gold: args.gold,
        side: args.side,
        map: mappings(&args.map)?,
        ignore: args.ignore.into_iter().collect(),
        overlaps: match args.overlaps {
            OverlapsArg::Error => Overlaps::Keep,
            OverlapsArg::Longest => Overlaps::Longest,
        },
        sort: args.sort.map(|sort| match sort {
            SortArg::Probability => DoubtOrder::Probability,
            SortArg::Margin => DoubtOrder::Margin,
        }),
        min_probability: args.min_probability,
        max_probability: args.max_probability,
        tokenize: args.tokenize,
        output_options: WriteOptions {
            format: args.to_format,
            scheme: Some(args.to_scheme),
            tokenized: args.tokenized,
            probabilities: args.probabilities,
            one_based: args.to_one_based,
            lang: args.lang,
            labels: args.to_labels,
        },
        output: args.output,
    };
    let report = {
        let mut bars = Bars::new(context);
        job.run(&mut |progress| bars.show(progress)).map_err(|error| failed(error, args.one_based))?
    };
    let usual = match report.unit {
        "alignment" => Format::Pharaoh,
        "pair" => Format::Jsonl,
        _ => Format::Conll,
    };
    let format = context.output_format(job.output_options.format, &job.output, usual);
    if format == Some(Format::LabelStudio) {
        labelling::print(report.labels.iter().map(String::as_str), context);
    }
    for (count, noun, what) in [
        (report.tokenized, "sentence", "tokenised"),
        (report.ignored, "entity", "dropped (--ignore)"),
        (report.overlapping, "entity", "dropped (overlapping a longer one)"),
        (
            report.left_out,
            "item",
            "left out for the probability of their entities (--min-probability, --max-probability)",
        ),
    ] {
        if count > 0 {
            context.note(format_args!("{} {what}", counted(count, noun)));
        }
    }
    match report.unit {
        "alignment" => context.note(counted(report.written, "alignment")),
        unit => context.note(format_args!("{}, {}", counted(report.written, unit), counted(report.entities, "entity"))),
    }
    Ok(())
}

/// The error of the job, with the flag that helps.
fn failed(error: xlner::Error, one_based: bool) -> anyhow::Error {
    if is_overlap(&error) {
        return anyhow!("{error}; --overlaps longest keeps the longer one");
    }
    match &error {
        xlner::Error::Format(inner) if matches!(inner.kind(), ErrorKind::MissingTagColumn { .. }) => {
            anyhow!("{error}; where there are no tags, --no-tags reads the tokens alone")
        }
        _ => links_failed(error, one_based),
    }
}
