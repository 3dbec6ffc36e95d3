//! `xlner align`.

mod encoder;
mod rank;

use std::path::{Path, PathBuf};

use anyhow::Result;
use xlner::align::SimilarityJob;
use xlner::{AlignJob, Aligner, AlignerOptions, Input, LinkExtraction, ServeJob, SymmetrizeJob, open_encoder};
use xlner_align::similarity;
use xlner_align::symmetrize::{Direction, Symmetrize};
use xlner_core::Encoder;
use xlner_formats::{Format, ReadOptions, WriteOptions};
use xlner_models::Precision;

use crate::bars::Bars;
use crate::context::{Context, UsageError, failed};
use crate::print::counted;

const EXAMPLES: &str = "\
Examples:
  xlner align --bitext train.tsv -o links.pharaoh
  xlner align --source a.txt --target b.txt --save-model en-de.xla -o links.pharaoh
  xlner align --model en-de.xla --bitext new.tsv -o new.pharaoh
  xlner align --model en-de.xla --train --bitext new.tsv --save-model better.xla -o new.pharaoh
  xlner align --model en-de.xla --serve < pairs.tsv
  xlner align --forward f.pharaoh --reverse r.pharaoh --symmetrize grow-diag-final -o s.pharaoh
  xlner align --bitext train.tsv --evidence neural.pharaoh -o links.pharaoh
  xlner align --rank en.txt fr.txt --target sw.txt
  xlner align --similarity itermax --encoder mbert/ --layer 8 --bitext new.tsv -o new.pharaoh
  xlner align --similarity softmax --encoder nllb --source-lang en --target-lang sw --bitext b.tsv

A file ending in .tsv is `source<TAB>target`, in .txt or .bitext `source ||| target`; spaces separate the tokens. One \
line is written for every line read, empty where nothing is linked. Pairs are streamed; training reads them in \
every pass from a temporary file.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES, group = clap::ArgGroup::new("input").multiple(true).args(["bitext", "source", "serve", "forward", "rank"]))]
pub struct Args {
    /// Pairs to align; given again, or with --source and --target, more pairs to train on [default: standard input, `source ||| target`]
    #[arg(long, value_name = "FILE")]
    bitext: Vec<PathBuf>,
    /// Source sentences to align: columns (tags are not needed), or one sentence a line
    #[arg(long, value_name = "FILE", requires = "target")]
    source: Option<PathBuf>,
    /// Their translations, sentence by sentence
    #[arg(long, value_name = "FILE")]
    target: Option<PathBuf>,
    /// Tokenise the text instead of splitting it at spaces
    #[arg(long)]
    tokenize: bool,
    /// Source language (BCP 47), for --tokenize and --encoder
    #[arg(long, value_name = "CODE")]
    source_lang: Option<String>,
    /// Target language (BCP 47), for --tokenize and --encoder
    #[arg(long, value_name = "CODE")]
    target_lang: Option<String>,

    /// Answer pairs line by line: `source<TAB>target`, `source ||| target` or a record in, at once
    /// `{"alignment":[[0,0,0.99],…],"confidence":0.9}` out
    #[arg(long, requires = "model", conflicts_with_all = ["bitext", "source", "train", "save_model", "dictionary", "vectors", "output"])]
    serve: bool,
    /// Rank languages as sources of projection, best first: translations of --target into each, sentence by sentence, an
    /// empty line where there is none. An aligner is trained for each; what counts is how sure its links are, how many
    /// names are spelt alike, and how much text there is
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "target", conflicts_with_all = ["bitext", "source", "serve", "forward", "model", "save_model", "similarity", "output", "min_confidence", "evidence"])]
    rank: Vec<PathBuf>,
    /// --rank: JSON instead of a table
    #[arg(long, requires = "rank")]
    json: bool,
    /// Merge given links instead of aligning: those of the forward model; both files are `source-target`
    #[arg(long, value_name = "LINKS", requires = "reverse", conflicts_with_all = ["bitext", "source", "serve", "model", "save_model", "dictionary", "vectors", "similarity"])]
    forward: Option<PathBuf>,
    /// Those of the reverse model
    #[arg(long, value_name = "LINKS", requires = "forward")]
    reverse: Option<PathBuf>,

    /// A trained model; it aligns as it is, without --train
    #[arg(long, value_name = "MODEL")]
    model: Option<PathBuf>,
    /// Train --model further
    #[arg(long, requires = "model")]
    train: bool,
    /// Where to keep the trained model
    #[arg(long, value_name = "MODEL")]
    save_model: Option<PathBuf>,
    /// Word translations, `word<TAB>translation`, known before; repeatable
    #[arg(long, value_name = "FILE")]
    dictionary: Vec<PathBuf>,

    /// Vectors of words in one space, in the text format of fastText and word2vec: a file of both languages, or one of the
    /// source and one of the target language
    #[arg(long, value_name = "FILE")]
    vectors: Vec<PathBuf>,
    /// Links of the first pairs (not of more --bitext) that another aligner found, an alignment a line: evidence in training
    /// and in aligning
    #[arg(long, value_name = "LINKS", conflicts_with_all = ["serve", "forward", "similarity"])]
    evidence: Option<PathBuf>,
    /// What training may hold, as 4GB or 500MB; where a text needs more, its rarest pairs of words are left out [default:
    /// half of the machine's memory]
    #[arg(long, value_name = "SIZE", value_parser = memory, conflicts_with_all = ["serve", "forward", "similarity"])]
    memory: Option<u64>,

    /// Align by an encoder, without training: argmax, itermax, match (SimAlign), softmax, entmax (AWESoME; softmax with a
    /// translation model is TransAlign)
    #[arg(long, value_name = "METHOD", requires = "encoder", conflicts_with_all = ["model", "save_model", "dictionary", "vectors", "symmetrize", "threshold", "direction"])]
    similarity: Option<similarity::Extraction>,
    /// The encoder of --similarity: a folder as Hugging Face keeps models, or a name on its Hub; a translation model (NLLB-200,
    /// M2M100, Marian) wants --source-lang and --target-lang
    #[arg(long, value_name = "MODEL", requires = "similarity")]
    encoder: Option<String>,
    /// The layer whose vectors are compared; 0 is the embeddings [default: 8, of a translation model the last]
    #[arg(long, value_name = "N", requires = "similarity")]
    layer: Option<usize>,
    /// Numeric precision of the encoder; int8 is faster, links may differ slightly
    #[arg(long, value_name = "f32|int8", default_value = "f32", requires = "similarity")]
    precision: Precision,
    /// Favour tokens at the same relative position, 0 to 1
    #[arg(long, value_name = "KAPPA", default_value = "0", requires = "similarity")]
    distortion: f64,

    #[command(flatten)]
    tuning: encoder::TuningArgs,

    /// Whose links: forward (source tokens generate target tokens), reverse, or both
    #[arg(long, default_value = "both", value_name = "forward|reverse|both", value_parser = ["forward", "reverse", "both"])]
    direction: String,
    /// How the two directions are merged: intersect, union, grow-diag, grow-diag-final, grow-diag-final-and, soft (mean posterior), soft-grow
    /// (soft, then tokens without a link take one beside those found) [default: soft-grow]
    #[arg(long, value_name = "METHOD")]
    symmetrize: Option<Symmetrize>,
    /// Less probable links are left out [default: with soft and soft-grow 0.4, else 0]
    #[arg(long, value_name = "P", allow_negative_numbers = true)]
    threshold: Option<f64>,
    /// Pairs of less confidence (0 to 1: mean probability of the best links, times the share of tokens with a counterpart,
    /// times the root of the length ratio) get no links; records get the field `confidence`
    #[arg(long, value_name = "C", allow_negative_numbers = true, conflicts_with_all = ["similarity", "forward", "serve"])]
    min_confidence: Option<f64>,
    /// Write probabilities, `i-j:p`
    #[arg(long)]
    probabilities: bool,

    /// Format of what is aligned [default: from the names]
    #[arg(long, value_name = "FORMAT")]
    from_format: Option<Format>,
    /// Format of the links: pharaoh, naacl, or jsonl for whole records [default: from the name, else pharaoh]
    #[arg(long, value_name = "FORMAT")]
    to_format: Option<Format>,
    /// Where to write the links; `-` is standard output [default: -, with --save-model nowhere]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub fn run(args: Args, context: &Context) -> Result<()> {
    if !args.rank.is_empty() {
        return rank::run(args, context);
    }
    if args.target.is_some() && args.source.is_none() {
        return Err(UsageError("--target goes with --source (or with --rank)".into()).into());
    }
    if args.serve {
        return serve(args, context);
    }
    if let (Some(forward), Some(reverse)) = (args.forward.clone(), args.reverse.clone()) {
        return merge(args, forward, reverse, context);
    }
    let encoder = args.encoder.clone().zip(args.similarity);
    let (layer, precision, distortion, tuning) = (args.layer, args.precision, args.distortion, args.tuning.clone());
    let job = job(args, context)?;
    if let Some((encoder, extraction)) = encoder {
        let tuned = tuning.run(&job, &encoder, layer, extraction, context)?;
        // Of a tuned encoder links are written where they are asked for.
        if tuned.is_some() && job.output.is_none() {
            return Ok(());
        }
        let encoder = tuned.unwrap_or(encoder);
        let open = || open_encoder(&encoder, layer, precision).map_err(failed);
        return by_similarity(job, open, extraction, distortion, context);
    }
    let report = {
        let mut bars = Bars::new(context);
        job.run(&mut |progress| bars.show(progress)).map_err(failed)?
    };
    context.note_long_pairs(report.long_pairs);
    if report.unsure_pairs > 0 {
        context.note(format_args!(
            "{} of {} pairs got no links (--min-confidence)",
            report.unsure_pairs, report.sentences
        ));
    }
    let more = [
        (report.bitext_pairs, "more pair"),
        (report.dictionary_entries, "dictionary entry"),
        (report.vectors, "vector"),
    ];
    let more: Vec<String> =
        more.iter().filter(|(count, _)| *count > 0).map(|(count, what)| counted(*count, what)).collect();
    let more = if more.is_empty() { String::new() } else { format!("; also trained on {}", more.join(", ")) };
    context.note(format_args!("{}{more}", linked(report.sentences, report.empty_pairs, report.links)));
    Ok(())
}

/// What was linked, in words.
fn linked(pairs: u64, empty: u64, links: u64) -> String {
    let empty = if empty > 0 { format!(" ({empty} with an empty side)") } else { String::new() };
    format!("{}{empty}, {}", counted(pairs, "pair"), counted(links, "link"))
}

fn serve(args: Args, context: &Context) -> Result<()> {
    let extraction = extraction(&args)?;
    let Some(model) = args.model else { return Err(UsageError("--serve needs a --model".into()).into()) };
    let job = ServeJob { extraction, tokenize: args.tokenize, langs: [args.source_lang, args.target_lang] };
    let aligner = Aligner::load(&model).map_err(failed)?;
    let report = job.run(&aligner, &mut std::io::stdin().lock(), &mut std::io::stdout().lock()).map_err(failed)?;
    context.detail(format_args!("{} pairs aligned", report.sentences));
    match report.failed {
        0 => Ok(()),
        failed => anyhow::bail!("{failed} lines were no pairs; they were answered with an error"),
    }
}

fn merge(args: Args, forward: PathBuf, reverse: PathBuf, context: &Context) -> Result<()> {
    let output = args.output.unwrap_or_else(|| PathBuf::from("-"));
    let format = context.output_format(args.to_format, &output, Format::Pharaoh);
    let job = SymmetrizeJob {
        forward,
        reverse,
        options: ReadOptions { format: args.from_format, ..context.read() },
        method: args.symmetrize.unwrap_or(Symmetrize::GrowDiagFinalAnd),
        threshold: args.threshold.unwrap_or(0.0),
        output,
        output_options: WriteOptions { format, probabilities: args.probabilities, ..WriteOptions::default() },
    };
    let report = job.run().map_err(failed)?;
    let [forward, reverse, merged] = report.links;
    context.note(format_args!("{} pairs: {forward} and {reverse} links became {merged}", report.sentences));
    Ok(())
}

fn by_similarity(
    job: AlignJob,
    open: impl FnOnce() -> Result<Box<dyn Encoder>>,
    extraction: similarity::Extraction,
    distortion: f64,
    context: &Context,
) -> Result<()> {
    if !job.aligner.bitext.is_empty() {
        return Err(UsageError("--similarity aligns without training: give one --bitext".into()).into());
    }
    let job = SimilarityJob {
        input: job.input,
        extraction,
        distortion,
        output: job.output.unwrap_or_else(|| PathBuf::from("-")),
        output_options: job.output_options,
    };
    let encoder = open()?;
    let report = {
        let mut bars = Bars::new(context);
        job.run(&*encoder, &mut |progress| bars.show(progress)).map_err(failed)?
    };
    context.note(format_args!(
        "{} by {}",
        linked(report.sentences, report.empty_pairs, report.links),
        encoder.signature()
    ));
    Ok(())
}

fn job(args: Args, context: &Context) -> Result<AlignJob> {
    let extraction = extraction(&args)?;
    let options = ReadOptions {
        format: args.from_format,
        no_tags: true,
        lang: args.source_lang.clone(),
        target_lang: args.target_lang.clone(),
        tokenized: !args.tokenize,
        ..context.read()
    };
    let evidence = options.clone();
    let of = |path: &Path| args.from_format.or_else(|| context.standard_input(path));
    let mut bitext = args.bitext;
    let input = match (args.source, args.target) {
        (Some(source), Some(target)) => Input::Files {
            source_options: ReadOptions { format: of(&source), ..options.clone() },
            target_options: ReadOptions { format: of(&target), lang: args.target_lang, ..options.clone() },
            source,
            target,
        },
        _ => {
            let path = if bitext.is_empty() { PathBuf::from("-") } else { bitext.remove(0) };
            Input::Pairs { options: ReadOptions { format: of(&path), ..options.clone() }, path }
        }
    };
    // The format of the first is not that of the others, unless it is one of pairs.
    let format = options.format.filter(|format| format.holds_pairs());
    let output =
        args.output.or_else(|| (args.save_model.is_none() && !args.tuning.asked_for()).then(|| PathBuf::from("-")));
    let written =
        output.as_deref().map_or(args.to_format, |path| context.output_format(args.to_format, path, Format::Pharaoh));
    Ok(AlignJob {
        input,
        aligner: AlignerOptions {
            model: args.model,
            bitext,
            bitext_options: ReadOptions { format, ..options },
            dictionary: args.dictionary,
            vectors: args.vectors,
            memory: args.memory,
        },
        evidence: args.evidence.map(|path| (path, ReadOptions { format: None, ..evidence })),
        train: args.train,
        save_model: args.save_model,
        extraction,
        min_confidence: args.min_confidence,
        output,
        output_options: WriteOptions { format: written, probabilities: args.probabilities, ..WriteOptions::default() },
    })
}

fn extraction(args: &Args) -> Result<LinkExtraction> {
    let usual = LinkExtraction::default();
    let direction = match (args.direction.as_str(), args.symmetrize) {
        ("both", None) => usual.direction,
        ("both", Some(method)) => Direction::Both(method),
        (_, Some(_)) => {
            return Err(UsageError("--symmetrize merges both directions; leave out --direction".into()).into());
        }
        ("forward", None) => Direction::Forward,
        _ => Direction::Reverse,
    };
    let soft = matches!(direction, Direction::Both(method) if method.needs_posteriors());
    let threshold = if soft { usual.threshold } else { 0.0 };
    Ok(LinkExtraction { direction, threshold: args.threshold.unwrap_or(threshold), ..usual })
}

/// Bytes from `4GB`, `500MB`, `2GiB` or a number of bytes.
fn memory(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is no size; give it as 4GB or 500MB");
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "t" | "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => f64::from(1 << 20),
        "gib" => f64::from(1 << 30),
        "tib" => f64::from(1 << 20) * f64::from(1 << 20),
        _ => return Err(wrong()),
    };
    Ok((number * factor) as u64)
}

#[cfg(test)]
mod tests {
    use super::memory;

    #[test]
    fn sizes() {
        let sizes = ["4GB", "1.5 gb", "500M", "2GiB", "1000"].map(memory).map(Result::unwrap);
        assert_eq!(sizes, [4_000_000_000, 1_500_000_000, 500_000_000, 2 << 30, 1000]);
        assert!(["", "GB", "4XB", "-1GB", "1.2.3"].iter().all(|text| memory(text).is_err()));
    }
}
