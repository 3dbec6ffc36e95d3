//! Word alignments: one per pair, in the order of the pairs.

mod naacl;
mod pharaoh;

use std::path::Path;

use xlner_core::{Alignment, Link, ReferenceAlignment};

use crate::error::{ErrorKind, Result};
use crate::line_reader::LineReader;
use crate::reader::{Reader, Status};
use crate::{Format, Output, ReadOptions, WriteOptions};

/// Reads alignments.
pub type AlignmentReader = Reader<ReferenceAlignment>;

/// Writes alignments to a file that appears when it is finished.
pub trait AlignmentWriter: Send {
    /// Writes the alignment of one pair.
    ///
    /// # Errors
    /// Where writing fails.
    fn write(&mut self, alignment: &Alignment) -> Result<()>;

    /// Writes the gold alignment of one pair.
    ///
    /// # Errors
    /// Where writing fails.
    fn write_reference(&mut self, alignment: &ReferenceAlignment) -> Result<()>;

    /// Ends the file.
    ///
    /// # Errors
    /// Where writing fails; the file is then as it was before.
    fn finish(self: Box<Self>) -> Result<()>;
}

pub(crate) fn read(path: &Path, format: Format, options: &ReadOptions) -> Result<AlignmentReader> {
    match format {
        Format::Naacl => naacl::read(path, options),
        _ => pharaoh::read(path, options),
    }
}

pub(crate) fn write(output: Output, format: Format, options: &WriteOptions) -> Box<dyn AlignmentWriter> {
    match format {
        Format::Naacl => Box::new(naacl::NaaclWriter::new(output, options)),
        _ => Box::new(pharaoh::PharaohWriter::new(output, options)),
    }
}

/// A link as it stands in a file.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Marked {
    link: Link,
    sure: bool,
}

/// Sure and possible links from a list; every sure link is possible too, and a link given as both is sure.
fn reference(links: Vec<Marked>) -> ReferenceAlignment {
    let sure: Alignment = links.iter().filter(|marked| marked.sure).map(|marked| marked.link).collect();
    if links.iter().all(|marked| marked.sure) {
        return ReferenceAlignment { possible: sure.clone(), sure };
    }
    let only_possible = links.iter().map(|marked| marked.link).filter(|link| !sure.contains(link.source, link.target));
    let possible = sure.links().iter().copied().chain(only_possible).collect();
    ReferenceAlignment { sure, possible }
}

/// The links of a gold alignment, each once, those that are only possible marked so.
fn marked(alignment: &ReferenceAlignment) -> impl Iterator<Item = Marked> {
    // A sure link may be missing among the possible ones of an alignment that was made by hand.
    let all: Alignment = alignment.possible.links().iter().chain(alignment.sure.links()).copied().collect();
    let links: Vec<Link> = all.links().to_vec();
    links.into_iter().map(|link| {
        let sure = alignment.sure.of_source(link.source as usize).iter().find(|known| known.target == link.target);
        Marked { link: sure.copied().unwrap_or(link), sure: sure.is_some() }
    })
}

/// The links of an alignment.
fn of_alignment(alignment: &Alignment) -> impl Iterator<Item = Marked> {
    let sure = |link: &Link| !alignment.is_possible(link.source, link.target);
    alignment.links().iter().map(move |link| Marked { link: *link, sure: sure(link) })
}

/// The format of a file whose name does not tell it: that of its first line that is not blank, if it is one of alignments.
pub(crate) fn look(path: &Path, options: &ReadOptions) -> Result<Option<Format>> {
    let mut lines = LineReader::open(path, &Status::new(path, options))?;
    while let Some(line) = lines.next()? {
        if !line.text.trim().is_empty() {
            return Ok(if pharaoh::fits(line.text) {
                Some(Format::Pharaoh)
            } else {
                naacl::fits(line.text).then_some(Format::Naacl)
            });
        }
    }
    // Nothing but empty alignments.
    Ok(Some(Format::Pharaoh))
}

/// A token number from a file, counted from 0.
fn token(text: &str, one_based: bool) -> Option<u32> {
    let number: u32 = number(text)?;
    if one_based { number.checked_sub(1) } else { Some(number) }
}

/// A number without sign.
fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn probability(text: &str) -> Option<f64> {
    text.parse().ok().filter(|probability| (0.0..=1.0).contains(probability))
}

fn bad_link(link: &str, expected: &'static str) -> ErrorKind {
    ErrorKind::BadLink { link: crate::error::shorten(link), expected }
}
