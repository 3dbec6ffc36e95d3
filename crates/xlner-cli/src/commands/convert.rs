//! `xlner convert`.

mod entities;
mod gold;
mod join;
mod progress;
mod refused;

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use xlner_core::tags::Scheme;
use xlner_core::{Pair, Sentence, tokenize::tokenize_sentence};
use xlner_formats::{
    AlignmentReader, Column, Format, PairReader, ReadOptions, Records, SentenceReader, Side, WriteOptions,
    label_studio_config, read_records, write_alignments, write_pairs, write_sentences,
};

use crate::context::{Context, UsageError};
use entities::Changes;
use join::Joined;
use progress::Meter;
use refused::refused;

const EXAMPLES: &str = "\
Examples:
  xlner convert en.conll -o en.jsonl
  xlner convert en.conll03 -o en.conll --to-scheme bilou --map GPE=LOC --ignore MISC,DATE
  xlner convert projected.jsonl --side target -o sw.json --to-format label-studio
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
    /// Join two sentence-parallel files to pairs: the source sentences
    #[arg(long, value_name = "FILE", requires = "target")]
    source: Option<PathBuf>,
    /// Join two sentence-parallel files to pairs: the target sentences
    #[arg(long, value_name = "FILE", requires = "source")]
    target: Option<PathBuf>,
    /// Alignment of the joined pairs
    #[arg(long, value_name = "FILE", requires = "source")]
    alignment: Option<PathBuf>,
    /// Leave out the first sentences, pairs or alignments
    #[arg(long, value_name = "N", default_value_t = 0)]
    skip: u64,
    /// Take that many, and no more
    #[arg(long, value_name = "N", default_value_t = u64::MAX, hide_default_value = true)]
    limit: u64,
    /// Of records take the entities in their field `gold` as those of the target; with --side target write these sentences alone
    #[arg(long)]
    gold: bool,
    /// Where to write; `-` is standard output
    #[arg(long, short, default_value = "-", value_name = "OUT")]
    output: PathBuf,

    /// Format of the input [default: from its name]
    #[arg(long, value_name = "FORMAT")]
    from_format: Option<Format>,
    /// Format of the output [default: from its name]
    #[arg(long, value_name = "FORMAT")]
    to_format: Option<Format>,
    /// Format of --source, where it differs
    #[arg(long, value_name = "FORMAT", requires = "source")]
    source_format: Option<Format>,
    /// Format of --target, where it differs
    #[arg(long, value_name = "FORMAT", requires = "target")]
    target_format: Option<Format>,
    /// Format of --alignment [default: from its name, else found by looking]
    #[arg(long, value_name = "FORMAT", requires = "alignment")]
    alignment_format: Option<Format>,
    /// What becomes of documents that name their sentences (spaCy): a sentence each, or the document as one
    #[arg(long, value_name = "sentences|none", default_value = "sentences")]
    split: Split,
    /// Tag scheme of the input: iob1, iob2, ioe1, ioe2, iobes, bilou, io [default: found by looking]
    #[arg(long, value_name = "SCHEME")]
    from_scheme: Option<Scheme>,
    /// Tag scheme of the output
    #[arg(long, value_name = "SCHEME", default_value_t = Scheme::Iob2)]
    to_scheme: Scheme,
    /// Labels to be replaced
    #[arg(long, value_name = "FROM=TO", value_delimiter = ',', value_parser = mapping)]
    map: Vec<(String, String)>,
    /// Labels whose entities are dropped, as they are called after --map
    #[arg(long, value_name = "LABELS", value_delimiter = ',')]
    ignore: Vec<String>,
    /// What becomes of entities that share a token: error (where the output holds tags), or the longest stays
    #[arg(long, default_value = "error", value_name = "error|longest")]
    overlaps: Overlaps,

    /// Tags that the ids of Hugging Face rows stand for, in order
    #[arg(long, value_name = "TAGS", value_delimiter = ',')]
    labels: Option<Vec<String>>,
    /// Write Hugging Face rows with ids into this list
    #[arg(long, value_name = "TAGS", value_delimiter = ',')]
    to_labels: Option<Vec<String>>,
    /// Column of the tokens, by name or number
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    token_column: Option<Column>,
    /// Column of the tags (or key in MISC, or field), by name or number (-1 is the last) [default: found by looking]
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    tag_column: Option<Column>,
    /// Do not read tags: the input needs none
    #[arg(long)]
    no_tags: bool,

    /// Of pairs, take one side as sentences
    #[arg(long, value_name = "source|target")]
    side: Option<Side>,
    /// Language of the sentences, or of the source side, where the input does not name it
    #[arg(long, value_name = "CODE")]
    lang: Option<String>,
    /// Language of the target side, where the input does not name it
    #[arg(long, value_name = "CODE")]
    target_lang: Option<String>,
    /// Texts are tokenised, spaces separate the tokens: read (plain lines, bitext, brat) and written (plain lines, bitext) so
    #[arg(long)]
    tokenized: bool,
    /// Tokenise texts that have no tokens (done anyway where the output needs tokens)
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
enum Overlaps {
    Error,
    Longest,
}

pub fn run(args: Args, context: &Context) -> Result<()> {
    let read = ReadOptions {
        format: args.from_format,
        scheme: args.from_scheme,
        token_column: args.token_column.clone(),
        tag_column: args.tag_column.clone(),
        no_tags: args.no_tags,
        labels: args.labels.clone(),
        one_based: args.one_based,
        lang: args.lang.clone(),
        target_lang: args.target_lang.clone(),
        // The target gets its gold entities while it is part of its pair.
        side: args.side.filter(|_| !args.gold),
        tokenized: args.tokenized,
        whole_documents: args.split == Split::None,
        ..context.read()
    };
    let write = WriteOptions {
        format: args.to_format,
        scheme: Some(args.to_scheme),
        tokenized: args.tokenized,
        probabilities: args.probabilities,
        one_based: args.to_one_based,
        lang: args.lang.clone(),
        labels: args.to_labels.clone(),
    };
    let inputs = [&args.input, &args.source, &args.target, &args.alignment];
    if inputs.into_iter().flatten().filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(UsageError("standard input (-) can be read once only".into()).into());
    }
    if args.gold && args.side == Some(Side::Source) {
        return Err(
            UsageError("--gold is about the target sentences; take --side target, or leave out one".into()).into()
        );
    }
    let changes = Changes::new(&args.map, &args.ignore, args.overlaps == Overlaps::Longest);
    let mut job =
        Job { args: &args, write, changes, meter: Meter::new(context), tokenized: 0, read: 0, shown: BTreeSet::new() };
    match (&args.input, &args.source, &args.target) {
        (Some(input), _, _) => match read_records(input, &read)? {
            Records::Pairs(reader) if args.gold && args.side.is_some() => job.gold_targets(reader)?,
            Records::Sentences(_) | Records::Alignments(_) if args.gold => {
                return Err(UsageError("--gold is for records of pairs, and the input holds none".into()).into());
            }
            Records::Sentences(reader) => job.sentences(reader)?,
            Records::Pairs(reader) => job.pairs(reader)?,
            Records::Alignments(reader) => job.alignments(reader)?,
        },
        (None, Some(source), Some(target)) => {
            let format = |format: Option<Format>| ReadOptions { format: format.or(read.format), ..read.clone() };
            let links = ReadOptions { format: args.alignment_format, ..read.clone() };
            let source = (source.as_path(), format(args.source_format));
            let target = (target.as_path(), format(args.target_format));
            job.joined(Joined::open(source, target, args.alignment.as_deref().map(|path| (path, links)))?)?
        }
        _ => return Err(UsageError("an input is needed: IN, or --source and --target".into()).into()),
    };
    job.report(context);
    Ok(())
}

/// What was read, the bytes read so far, and its line.
type Item<T> = (T, u64, Option<u64>);

/// A conversion under way.
struct Job<'a> {
    args: &'a Args,
    write: WriteOptions,
    changes: Changes,
    meter: Meter,
    /// Sentences that were tokenised.
    tokenized: u64,
    /// Items that were read.
    read: u64,
    /// Labels that were written.
    shown: BTreeSet<String>,
}

impl Job<'_> {
    /// The format of the output; an unknown one is for the writer to refuse.
    fn format(&self) -> Option<Format> {
        self.args.to_format.or_else(|| Format::from_path(&self.args.output))
    }

    fn refuse(&self, input: &str, wanted: &str) -> anyhow::Error {
        let format = self.format().map_or("the output", Format::name);
        UsageError(format!("the input holds {input}, and {format} holds {wanted}")).into()
    }

    fn sentences(&mut self, mut reader: SentenceReader) -> Result<()> {
        let next = &mut || {
            let sentence = reader.next()?;
            Some(sentence.map(|sentence| (sentence, reader.bytes_read(), reader.line())).map_err(Into::into))
        };
        self.all_sentences(next, |sentence, _| Ok(sentence))
    }

    /// Writes the target sentences of pairs with their gold entities.
    fn gold_targets(&mut self, mut reader: PairReader) -> Result<()> {
        let next = &mut || {
            let pair = reader.next()?;
            Some(pair.map(|pair| (pair, reader.bytes_read(), reader.line())).map_err(Into::into))
        };
        self.all_sentences(next, gold::target)
    }

    /// Writes sentences. `next` gives an item, the bytes read so far and the item's line, `sentence` makes a sentence
    /// of it and its number.
    fn all_sentences<T>(
        &mut self,
        next: &mut dyn FnMut() -> Option<Result<Item<T>>>,
        sentence: impl Fn(T, u64) -> Result<Sentence>,
    ) -> Result<()> {
        if self.format().is_some_and(|format| !format.holds_sentences()) {
            return Err(self.refuse("sentences", "none; to make pairs, join two files with --source and --target"));
        }
        let mut writer = write_sentences(&self.args.output, &self.write)?;
        while let Some((item, bytes, line)) = self.next(next).transpose()? {
            let mut sentence = sentence(item, self.read)?;
            self.tokenize(&mut sentence)?;
            self.changes.sentence(&mut sentence);
            writer.write(&sentence).map_err(|error| refused(error, self.args.input.as_deref(), line))?;
            self.shown.extend(sentence.entities.iter().map(|entity| entity.label.clone()));
            self.meter.tick(bytes);
        }
        Ok(writer.finish()?)
    }

    fn pairs(&mut self, mut reader: PairReader) -> Result<()> {
        self.all_pairs(&mut || {
            let pair = reader.next()?;
            Some(pair.map(|pair| (pair, reader.bytes_read())).map_err(Into::into))
        })
    }

    fn joined(&mut self, mut joined: Joined) -> Result<()> {
        self.all_pairs(&mut || {
            let pair = joined.next()?;
            Some(pair.map(|pair| (pair, joined.bytes_read())))
        })
    }

    /// Writes pairs, or their alignments where the output holds these. `next` gives a pair and the bytes read so far.
    fn all_pairs(&mut self, next: &mut dyn FnMut() -> Option<Result<(Pair, u64)>>) -> Result<()> {
        let format = self.format();
        if format.is_some_and(Format::holds_alignments) {
            let mut writer = write_alignments(&self.args.output, &self.write)?;
            while let Some((pair, bytes)) = self.next(next).transpose()? {
                let number = self.meter.count() + 1;
                let alignment =
                    pair.alignment.with_context(|| format!("pair {number} “{}” has no alignment", pair.id))?;
                writer.write(&alignment)?;
                self.meter.tick(bytes);
            }
            return Ok(writer.finish()?);
        }
        if format.is_some_and(|format| !format.holds_pairs()) {
            return Err(self.refuse("pairs", "sentences; choose one with --side source or --side target"));
        }
        let mut writer = write_pairs(&self.args.output, &self.write)?;
        while let Some((mut pair, bytes)) = self.next(next).transpose()? {
            if self.args.gold {
                gold::take(&mut pair, self.read)?;
            }
            self.tokenize(&mut pair.source)?;
            self.tokenize(&mut pair.target)?;
            self.changes.pair(&mut pair);
            writer.write(&pair)?;
            self.meter.tick(bytes);
        }
        Ok(writer.finish()?)
    }

    fn alignments(&mut self, mut reader: AlignmentReader) -> Result<()> {
        if self.format().is_some_and(|format| !format.holds_alignments()) {
            return Err(self.refuse("alignments", "none; give their texts with --source, --target and --alignment"));
        }
        let mut writer = write_alignments(&self.args.output, &self.write)?;
        while let Some(alignment) = self.next(&mut || reader.next()) {
            writer.write_reference(&alignment?)?;
            self.meter.tick(reader.bytes_read());
        }
        Ok(writer.finish()?)
    }

    /// The next item that --skip and --limit leave; an error is one whatever they say.
    fn next<T, E>(&mut self, next: &mut dyn FnMut() -> Option<Result<T, E>>) -> Option<Result<T, E>> {
        loop {
            if self.read >= self.args.skip.saturating_add(self.args.limit) {
                return None;
            }
            let item = next()?;
            self.read += 1;
            if item.is_err() || self.read > self.args.skip {
                return Some(item);
            }
        }
    }

    fn tokenize(&mut self, sentence: &mut Sentence) -> Result<()> {
        let wanted = self.args.tokenize || self.format().is_some_and(Format::needs_tokens);
        if wanted && !sentence.is_tokenized() {
            tokenize_sentence(sentence)?;
            self.tokenized += 1;
        }
        Ok(())
    }

    fn report(&mut self, context: &Context) {
        self.meter.clear();
        if self.format() == Some(Format::LabelStudio) {
            let config = label_studio_config(self.shown.iter().map(String::as_str));
            context.note(format_args!("Label Studio's labelling configuration for this file:\n{config}"));
        }
        for (count, what) in [
            (self.tokenized, "sentences tokenised"),
            (self.changes.ignored, "entities dropped (--ignore)"),
            (self.changes.overlapping, "entities dropped (they overlap a longer one)"),
        ] {
            if count > 0 {
                context.note(format_args!("{count} {what}"));
            }
        }
        context.detail(format_args!("{} written", self.meter.count()));
    }
}

fn mapping(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((from, to)) if !from.is_empty() && !to.is_empty() => Ok((from.to_owned(), to.to_owned())),
        _ => Err("a mapping is FROM=TO, for example GPE=LOC".into()),
    }
}
