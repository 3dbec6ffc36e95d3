//! Pharaoh notation: one line a pair, links `i-j` (source-target) separated by spaces.
//!
//! `i?j` and `ipj` are possible links; `i-j:p` carries a probability. An empty line is an alignment without links.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use xlner_core::{Alignment, Link, ReferenceAlignment};

use super::{AlignmentReader, AlignmentWriter, Marked, bad_link, marked, of_alignment, probability, reference, token};
use crate::error::{Error, ErrorKind, Result};
use crate::line_reader::LineReader;
use crate::notes::NoteKind;
use crate::reader::Status;
use crate::{Output, ReadOptions, WriteOptions};

pub(super) fn read(path: &Path, options: &ReadOptions) -> Result<AlignmentReader> {
    let status = Status::new(path, options);
    let mut lines = LineReader::open(path, &status)?;
    let (file, one_based) = (path.to_owned(), options.one_based);
    let (counts, most) = (Arc::clone(&status), options.limits().values());
    // Links, as long as none is at token 0 of either side.
    let mut without_zero = (!one_based).then_some(0);
    let items = std::iter::from_fn(move || {
        let line = match lines.next() {
            Ok(Some(line)) => line,
            Ok(None) => {
                let suspicious = without_zero.take().is_some_and(|links| links >= FEW);
                let noted = counts.note(FROM_ONE, usize::from(suspicious), |kind| Error::in_file(&file, kind));
                return noted.err().map(Err);
            }
            Err(error) => return Some(Err(error)),
        };
        let alignment = parse(line.text, one_based, most).map_err(|kind| Error::at_line(&file, line.number, kind));
        if let (Ok(alignment), Some(links)) = (&alignment, without_zero) {
            let all = alignment.possible.links();
            let zero = all.iter().any(|link| link.source == 0 || link.target == 0);
            without_zero = (!zero).then(|| links + all.len());
        }
        Some(alignment)
    });
    Ok(AlignmentReader::new(items, &status))
}

/// Whether a line is one of links.
pub(super) fn fits(line: &str) -> bool {
    parse(line, false, usize::MAX).is_ok()
}

/// Fewer links say nothing of what they are counted from.
const FEW: usize = 3;

/// Files of links in which no token 0 is linked.
pub(crate) const FROM_ONE: NoteKind = NoteKind::new(
    "links-from-one",
    "alignment files in which no token 0 is linked (are the links counted from 1? they were read as counted from 0)",
);

fn parse(line: &str, one_based: bool, most: usize) -> std::result::Result<ReferenceAlignment, ErrorKind> {
    let words = line.split_ascii_whitespace();
    if line.len() / 2 > most && words.clone().count() > most {
        return Err(ErrorKind::TooManyValues { what: "an alignment", limit: most });
    }
    let links = words.map(|word| parse_link(word, one_based)).collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(reference(links))
}

fn parse_link(word: &str, one_based: bool) -> std::result::Result<Marked, ErrorKind> {
    let expected = if one_based {
        "`i-j`, `i?j`, `ipj` or `i-j:p`, tokens counted from 1, p from 0 to 1"
    } else {
        "`i-j`, `i?j`, `ipj` or `i-j:p`, p from 0 to 1"
    };
    let parsed = || {
        let (link, p) = match word.split_once(':') {
            Some((link, p)) => (link, probability(p)?),
            None => (word, 1.0),
        };
        let at = link.find(['-', '?', 'p'])?;
        let (source, target) = (token(&link[..at], one_based)?, token(&link[at + 1..], one_based)?);
        let sure = link.as_bytes()[at] == b'-';
        Some(Marked { link: Link { source, target, probability: p }, sure })
    };
    parsed().ok_or_else(|| bad_link(word, expected))
}

/// Writes Pharaoh notation; possible links as `i?j`.
pub(super) struct PharaohWriter {
    output: Output,
    probabilities: bool,
    first: u64,
    line: String,
}

impl PharaohWriter {
    pub(super) fn new(output: Output, options: &WriteOptions) -> Self {
        let first = u64::from(options.one_based);
        PharaohWriter { output, probabilities: options.probabilities, first, line: String::new() }
    }

    fn put(&mut self, links: impl Iterator<Item = Marked>) -> Result<()> {
        self.line.clear();
        for (index, Marked { link, sure }) in links.enumerate() {
            let space = if index == 0 { "" } else { " " };
            let mark = if sure { '-' } else { '?' };
            let [source, target] = [link.source, link.target].map(|token| u64::from(token) + self.first);
            let written = if self.probabilities && link.probability != 1.0 {
                write!(self.line, "{space}{source}{mark}{target}:{}", link.probability)
            } else {
                write!(self.line, "{space}{source}{mark}{target}")
            };
            written.expect("writing to a string does not fail");
        }
        self.line.push('\n');
        self.output.put(self.line.as_bytes())
    }
}

impl AlignmentWriter for PharaohWriter {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_notations() {
        let alignment = parse("0-0 1?1 2p1 3-2:0.25", false, 100).unwrap();
        assert_eq!(alignment.sure.len(), 2);
        assert_eq!(alignment.possible.len(), 4);
        assert_eq!(alignment.sure.of_source(3)[0].probability, 0.25);
        assert_eq!(parse("1-1", true, 100).unwrap(), parse("0-0", false, 100).unwrap());
        assert_eq!(parse("", false, 100).unwrap(), ReferenceAlignment::default());
    }

    #[test]
    fn what_is_no_link_is_refused() {
        for bad in
            ["0", "0-", "-0", "0-x", "0--1", "0-1-2", "0-1:2", "0-1:nan", "0-1:", "4294967296-0", "0:1", "0–1", "é-1"]
        {
            assert!(parse(bad, false, 100).is_err(), "{bad}");
        }
        assert!(parse("0-1", true, 100).unwrap_err().to_string().contains("counted from 1"));
    }
}
