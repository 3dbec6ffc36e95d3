//! The job `tag`: sentences → the same sentences with the entities that a tagger finds.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;
use xlner_core::tokenize::tokenize_sentence;
use xlner_core::{Pair, Sentence};
use xlner_formats::{
    Format, PairReader, PairWriter, ReadOptions, Records, SentenceReader, SentenceWriter, Side, WriteOptions,
    read_records, write_pairs, write_sentences,
};
use xlner_models::Tagger;

use crate::progress::{Listener, Progress, Stage};
use crate::project::output;
use crate::stream::BATCH;
use crate::{Error, Result};

/// Finds the entities of sentences.
#[derive(Debug, Clone)]
pub struct TagJob {
    /// The sentences, or pairs of which one side is tagged; `-` is standard input. Entities that are there are replaced.
    pub input: PathBuf,
    /// How they are read. Tags need not be there.
    pub input_options: ReadOptions,
    /// Which side of pairs is tagged.
    pub side: Side,
    /// Whether the probability of every tag is written for every token; JSONL and Parquet hold them.
    pub probabilities: bool,
    /// Where the sentences go, in their order; pairs are kept whole by formats that hold them, others get the tagged side.
    pub output: PathBuf,
    /// How they are written.
    pub output_options: WriteOptions,
}

/// Figures of a run of `tag`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct TagReport {
    /// Sentences tagged.
    pub sentences: u64,
    /// Their tokens.
    pub tokens: u64,
    /// Entities found.
    pub entities: u64,
    /// Sentences tokenised by us.
    pub tokenized_sentences: u64,
    /// Seconds that the tagger worked; reading and writing go on meanwhile.
    pub seconds: f64,
}

impl TagJob {
    /// Checks what can be checked without reading anything.
    ///
    /// # Errors
    /// [`Error::Options`].
    pub fn check(&self) -> Result<()> {
        output::check(&self.output, &self.output_options)?;
        if self.probabilities && !holds_records(&self.output, &self.output_options) {
            return Err(Error::Options(format!(
                "{}: --probabilities are written to records only; write JSONL (--to-format jsonl)",
                self.output.display()
            )));
        }
        Ok(())
    }

    /// Does the job. The output appears when all is done; only standard output is written to as it goes.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn run(&self, tagger: &dyn Tagger, listener: Listener<'_>) -> Result<TagReport> {
        self.check()?;
        let mut source = Source::open(&self.input, &self.input_options)?;
        let side = if matches!(source.records, Reader::Pairs(_)) { self.side } else { Side::Source };
        let mut writer = Writer::create(&self.output, &self.output_options, &source, side)?;
        let mut report = TagReport::default();
        let mut done: Vec<Pair> = Vec::new();
        let mut current = source.batch()?;
        while !current.is_empty() || !done.is_empty() {
            // One batch is written, the next read, while this one is worked on.
            let first = report.sentences + 1;
            let ends = current.is_empty();
            let work = || self.tag(tagger, side, &mut current, first);
            let write = || done.drain(..).try_for_each(|pair| writer.write(&pair));
            let read = || if ends { Ok(Vec::new()) } else { source.batch() };
            let (worked, (wrote, next)) = rayon::join(work, || rayon::join(write, read));
            wrote?;
            report.add(worked?);
            done = std::mem::replace(&mut current, next?);
            if !ends {
                listener(Progress { stage: Stage::Tag, done: report.sentences, total: source.estimate() });
            }
        }
        writer.finish()?;
        Ok(report)
    }

    fn tag(&self, tagger: &dyn Tagger, side: Side, pairs: &mut [Pair], first: u64) -> Result<TagReport> {
        let start = Instant::now();
        let mut report = TagReport { sentences: pairs.len() as u64, ..TagReport::default() };
        let mut sentences = Vec::with_capacity(pairs.len());
        for (pair, number) in pairs.iter_mut().zip(first..) {
            let mut sentence = std::mem::take(of(pair, side));
            if !sentence.is_tokenized() {
                let tokenized = tokenize_sentence(&mut sentence);
                tokenized.map_err(|error| wrong(&self.input, number, pair, &sentence, error.to_string()))?;
                report.tokenized_sentences += 1;
            }
            sentences.push(sentence);
        }
        let result = tagger.tag(&mut sentences, self.probabilities);
        if let Err(error) = result {
            return Err(match error {
                xlner_models::Error::Sentence { index, problem } => {
                    let at = index.min(sentences.len().saturating_sub(1));
                    wrong(&self.input, first + at as u64, &pairs[at], &sentences[at], problem)
                }
                error => error.into(),
            });
        }
        for (pair, sentence) in pairs.iter_mut().zip(sentences) {
            report.tokens += sentence.len() as u64;
            report.entities += sentence.entities.len() as u64;
            *of(pair, side) = sentence;
        }
        report.seconds = start.elapsed().as_secs_f64();
        Ok(report)
    }
}

impl TagReport {
    fn add(&mut self, other: TagReport) {
        self.sentences += other.sentences;
        self.tokens += other.tokens;
        self.entities += other.entities;
        self.tokenized_sentences += other.tokenized_sentences;
        self.seconds += other.seconds;
    }
}

/// Something is wrong with a sentence of a file, counted from 1.
fn wrong(file: &Path, number: u64, pair: &Pair, sentence: &Sentence, problem: String) -> Error {
    let id = if pair.id.is_empty() { sentence.extra.get("id").and_then(|id| id.as_str()) } else { Some(&*pair.id) };
    Error::Sentence { file: file.to_owned(), number, id: id.unwrap_or_default().to_owned(), problem }
}

fn of(pair: &mut Pair, side: Side) -> &mut Sentence {
    match side {
        Side::Source => &mut pair.source,
        Side::Target => &mut pair.target,
    }
}

fn holds_records(path: &Path, options: &WriteOptions) -> bool {
    matches!(options.format.or_else(|| Format::from_path(path)), Some(Format::Jsonl | Format::Parquet))
}

/// Where the sentences come from; a sentence alone is the source of a pair.
struct Source {
    records: Reader,
    /// Bytes of the file, where it is one.
    bytes: Option<u64>,
    count: u64,
}

enum Reader {
    Sentences(SentenceReader),
    Pairs(PairReader),
}

impl Source {
    fn open(path: &Path, options: &ReadOptions) -> Result<Source> {
        let options = ReadOptions { no_tags: true, side: None, ..options.clone() };
        let records = match read_records(path, &options)? {
            Records::Sentences(reader) => Reader::Sentences(reader),
            Records::Pairs(reader) => Reader::Pairs(reader),
            Records::Alignments(_) => {
                return Err(Error::Options(format!(
                    "{}: alignments hold no sentences; give sentences or pairs (--from-format)",
                    path.display()
                )));
            }
        };
        let bytes = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|file| file.len());
        Ok(Source { records, bytes, count: 0 })
    }

    fn batch(&mut self) -> Result<Vec<Pair>> {
        let batch: Vec<Pair> = match &mut self.records {
            Reader::Sentences(reader) => reader
                .take(BATCH)
                .map(|sentence| Ok(Pair { source: sentence?, ..Pair::default() }))
                .collect::<Result<_>>()?,
            Reader::Pairs(reader) => reader.take(BATCH).collect::<std::result::Result<_, _>>()?,
        };
        self.count += batch.len() as u64;
        Ok(batch)
    }

    /// How many sentences there are, as far as the bytes read tell.
    fn estimate(&self) -> Option<u64> {
        let read = match &self.records {
            Reader::Sentences(reader) => reader.bytes_read(),
            Reader::Pairs(reader) => reader.bytes_read(),
        };
        let estimate = self.count as f64 * self.bytes? as f64 / read.max(1) as f64;
        Some((estimate as u64).max(self.count))
    }
}

/// Where the sentences go.
enum Writer {
    Pairs(Box<dyn PairWriter>),
    Sentences(Box<dyn SentenceWriter>, Side),
}

impl Writer {
    fn create(path: &Path, options: &WriteOptions, source: &Source, side: Side) -> Result<Writer> {
        Ok(match source.records {
            Reader::Pairs(_) if holds_records(path, options) => Writer::Pairs(write_pairs(path, options)?),
            _ => Writer::Sentences(write_sentences(path, options)?, side),
        })
    }

    fn write(&mut self, pair: &Pair) -> Result<()> {
        match self {
            Writer::Pairs(writer) => writer.write(pair)?,
            Writer::Sentences(writer, Side::Source) => writer.write(&pair.source)?,
            Writer::Sentences(writer, Side::Target) => writer.write(&pair.target)?,
        }
        Ok(())
    }

    fn finish(self) -> Result<()> {
        match self {
            Writer::Pairs(writer) => writer.finish()?,
            Writer::Sentences(writer, _) => writer.finish()?,
        }
        Ok(())
    }
}
