//! The format of the NAACL 2003 and ACL 2005 shared tasks (Mihalcea and Pedersen 2003, section 2): one link a line,
//! `sentence source target [S|P] [confidence]`, all counted from 1.
//!
//! Sentences without links have no line: those between two that have some are filled in, those after the last are not
//! known to the reader. Token 0 is the empty word; its links are passed over.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use xlner_core::{Alignment, Link, ReferenceAlignment};

use super::{AlignmentReader, AlignmentWriter, Marked, bad_link, marked, number, of_alignment, probability, reference};
use crate::error::{Error, ErrorKind, Result};
use crate::line_reader::LineReader;
use crate::reader::Status;
use crate::{Output, ReadOptions, WriteOptions};

const EXPECTED: &str = "`sentence source target [S|P] [confidence]`, counted from 1";

pub(super) fn read(path: &Path, options: &ReadOptions) -> Result<AlignmentReader> {
    let status = Status::new(path, options);
    let lines = LineReader::open(path, &status)?;
    let mut items = Items { lines, file: path.to_owned(), next: None, pending: None };
    Ok(AlignmentReader::new(std::iter::from_fn(move || items.next().transpose()), &status))
}

struct Items {
    lines: LineReader,
    file: PathBuf,
    /// Number of the sentence to be given next; `None` before the first line.
    next: Option<u64>,
    /// A line that was read and not used yet.
    pending: Option<(u64, Option<Marked>)>,
}

impl Items {
    fn next(&mut self) -> Result<Option<ReferenceAlignment>> {
        if self.pending.is_none() {
            self.pending = self.read_line()?;
        }
        let Some((sentence, _)) = self.pending else { return Ok(None) };
        // Files that count sentences from 0 begin with 0.
        let current = *self.next.get_or_insert(sentence.min(1));
        self.lines.begin();
        let mut links = Vec::new();
        while let Some((sentence, link)) = self.pending
            && sentence == current
        {
            links.extend(link);
            self.pending = self.read_line()?;
        }
        self.next = Some(current + 1);
        Ok(Some(reference(links)))
    }

    fn read_line(&mut self) -> Result<Option<(u64, Option<Marked>)>> {
        while let Some(line) = self.lines.next()? {
            if line.text.trim().is_empty() {
                continue;
            }
            let fail = |kind| Error::at_line(&self.file, line.number, kind);
            let (sentence, link) = parse(line.text).ok_or_else(|| fail(bad_link(line.text, EXPECTED)))?;
            let last = self.pending.map_or(self.next.unwrap_or(0), |(sentence, _)| sentence);
            if sentence < last {
                let expected = "in the order of the sentences; sort the file by its first column (`sort -n -s -k1,1`)";
                return Err(fail(ErrorKind::BadLine { line: line.text.to_owned(), expected }));
            }
            if sentence - last > 10_000_000 {
                let expected = "a line that follows the one before it: too many sentences lie between";
                return Err(fail(ErrorKind::BadLine { line: line.text.to_owned(), expected }));
            }
            return Ok(Some((sentence, link)));
        }
        Ok(None)
    }
}

/// Whether a line is one of these.
pub(super) fn fits(line: &str) -> bool {
    parse(line).is_some()
}

/// A sentence number and a link, which is `None` where one of its tokens is the empty word.
fn parse(line: &str) -> Option<(u64, Option<Marked>)> {
    let mut words = line.split_ascii_whitespace();
    let sentence = number(words.next()?)?;
    let (source, target): (u32, u32) = (number(words.next()?)?, number(words.next()?)?);
    let mut word = words.next();
    let sure = match word {
        Some("S") => true,
        Some("P") => false,
        _ => true,
    };
    if matches!(word, Some("S" | "P")) {
        word = words.next();
    }
    let p = match word {
        Some(text) => probability(text)?,
        None => 1.0,
    };
    if words.next().is_some() {
        return None;
    }
    let link = (source > 0 && target > 0)
        .then(|| Marked { link: Link { source: source - 1, target: target - 1, probability: p }, sure });
    Some((sentence, link))
}

/// Writes the format of the shared tasks.
pub(super) struct NaaclWriter {
    output: Output,
    probabilities: bool,
    sentence: u64,
    lines: Vec<u8>,
}

impl NaaclWriter {
    pub(super) fn new(output: Output, options: &WriteOptions) -> Self {
        NaaclWriter { output, probabilities: options.probabilities, sentence: 0, lines: Vec::new() }
    }

    fn put(&mut self, links: impl Iterator<Item = Marked>) -> Result<()> {
        self.sentence += 1;
        self.lines.clear();
        for Marked { link, sure } in links {
            let mark = if sure { 'S' } else { 'P' };
            let (source, target) = (u64::from(link.source) + 1, u64::from(link.target) + 1);
            let written = if self.probabilities {
                writeln!(self.lines, "{} {source} {target} {mark} {}", self.sentence, link.probability)
            } else {
                writeln!(self.lines, "{} {source} {target} {mark}", self.sentence)
            };
            written.map_err(|error| self.output.failed(error))?;
        }
        self.output.put(&self.lines)
    }
}

impl AlignmentWriter for NaaclWriter {
    fn write(&mut self, alignment: &Alignment) -> Result<()> {
        self.put(of_alignment(alignment))
    }

    fn write_reference(&mut self, alignment: &ReferenceAlignment) -> Result<()> {
        self.put(marked(alignment))
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.output.finish()
    }
}
