//! Reading brat's documents.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use xlner_core::Sentence;

use super::files;
use crate::ReadOptions;
use crate::annotated::{self, Annotation, Characters, Tokens, Unit};
use crate::compression::Codec;
use crate::error::{Error, ErrorKind, Result, shorten};
use crate::input::Input;
use crate::limits::check_text;
use crate::line_reader::{LineReader, line_ranges};
use crate::notes::{LeftOut, NoteKind};
use crate::reader::Status;

const RELATIONS: NoteKind = NoteKind::new("relations", "relations between entities (left out)");
const EVENTS: NoteKind = NoteKind::new("events", "events (left out)");
const ATTRIBUTES: NoteKind = NoteKind::new("attributes", "attributes of entities (left out)");
const NORMALIZATIONS: NoteKind = NoteKind::new("normalizations", "links of entities to a knowledge base (left out)");
const REMARKS: NoteKind = NoteKind::new("annotator-notes", "notes of annotators (left out)");
const OTHERS: NoteKind = NoteKind::new("other-annotations", "lines of annotations of another kind (left out)");
const SEVERAL_PARTS: NoteKind =
    NoteKind::new("split-entities", "entities of several parts or lines (each part is an entity of its own)");

/// Reads the sentences of a document or a folder of documents.
pub(crate) fn sentences(
    path: &Path,
    options: &ReadOptions,
    status: &Arc<Status>,
) -> Result<impl Iterator<Item = Result<Sentence>> + Send + 'static> {
    let documents = if path.is_dir() { documents_in(path)? } else { vec![files(path)] };
    let (options, status) = (options.clone(), Arc::clone(status));
    Ok(documents.into_iter().flat_map(move |(text, annotations)| {
        let (sentences, error) = match document(&text, &annotations, &options, &status) {
            Ok(sentences) => (sentences, None),
            Err(error) => (Vec::new(), Some(Err(error))),
        };
        let status = Arc::clone(&status);
        let part: Arc<Path> = annotations.into();
        error.into_iter().chain(sentences.into_iter().map(move |(line, sentence)| {
            status.set_line(line);
            status.set_part(&part);
            Ok(sentence)
        }))
    }))
}

fn documents_in(folder: &Path) -> Result<Vec<(PathBuf, PathBuf)>> {
    let failed = |error| Error::in_file(folder, ErrorKind::Open(error));
    let mut documents = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if Codec::strip_extension(&path).extension().is_some_and(|extension| extension == "ann") {
            documents.push(files(&path));
        }
    }
    if documents.is_empty() {
        return Err(Error::folder(folder));
    }
    documents.sort();
    Ok(documents)
}

/// A text-bound annotation; `start..end` of its parts are the offsets of the document.
struct Bound {
    line: u64,
    id: String,
    label: String,
    parts: Vec<(usize, usize)>,
    text: String,
}

/// Bytes of the text: a part of an annotation that lies in one line.
struct Part {
    bytes: Range<usize>,
    /// Index of its annotation.
    bound: usize,
}

fn document(
    text_file: &Path,
    annotation_file: &Path,
    options: &ReadOptions,
    status: &Arc<Status>,
) -> Result<Vec<(u64, Sentence)>> {
    let text = Input::open(text_file, status)?.read_text()?;
    let bounds = read_annotations(annotation_file, status)?;
    let at = |bound: &Bound, kind| Error::at_line(annotation_file, bound.line, kind).in_record(&bound.id);
    let fail = |bound: &Bound, problem| {
        let (start, end) = bound.parts.first().zip(bound.parts.last()).map_or((0, 0), |(a, b)| (a.0, b.1));
        at(bound, ErrorKind::BadAnnotation { start, end, label: bound.label.clone(), problem })
    };
    let places = places(&text, &bounds).map_err(|(bound, problem)| fail(bound, problem))?;
    // A byte order mark is no part of the first line.
    let first = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let lines: Vec<Range<usize>> =
        line_ranges(&text[first..]).map(|line| line.start + first..line.end + first).collect();
    let mut parts = Vec::new();
    for (index, (bound, ranges)) in bounds.iter().zip(places).enumerate() {
        let before = parts.len();
        for range in ranges {
            parts.extend(in_lines(&text, &lines, range).map(|bytes| Part { bytes, bound: index }));
        }
        status.note(SEVERAL_PARTS, usize::from(parts.len() > before + 1), |kind| at(bound, kind))?;
    }
    parts.sort_by_key(|part| (part.bytes.start, part.bytes.end, part.bound));
    let mut of_bound = vec![0; bounds.len()];
    parts.iter().for_each(|part| of_bound[part.bound] += 1);

    let mut sentences = Vec::new();
    let mut parts = parts.iter().peekable();
    for (number, line) in lines.into_iter().enumerate() {
        let shown = &text[line.clone()];
        check_text(shown, options).map_err(|kind| Error::at_line(text_file, number as u64 + 1, kind))?;
        let characters = Characters::of(shown);
        let mut annotations = Vec::new();
        let mut last = None;
        // Where a format cannot hold two entities of one place, this is the line to name.
        let (mut until, mut overlapping) = (0, None);
        while let Some(part) = parts.next_if(|part| part.bytes.start < line.end || part.bytes.end <= line.end) {
            let bound = &bounds[part.bound];
            if part.bytes.start < until {
                overlapping.get_or_insert(bound.line);
            }
            until = until.max(part.bytes.end);
            let [start, end] =
                [part.bytes.start, part.bytes.end].map(|byte| characters.before(byte.saturating_sub(line.start)));
            let mut annotation = Annotation::new(start, end, bound.label.as_str());
            annotation.id = (of_bound[part.bound] > 1).then(|| bound.id.clone());
            annotations.push(annotation);
            last = Some(bound);
        }
        let place = |kind| match last {
            Some(bound) => at(bound, kind),
            None => Error::at_line(text_file, number as u64 + 1, kind),
        };
        let mut left_out = LeftOut::default();
        let sentence =
            annotated::sentence(shown.to_owned(), Tokens::Unknown, &annotations, None, options, &mut left_out);
        sentences.push((overlapping.unwrap_or(last.map_or(0, |bound: &Bound| bound.line)), sentence.map_err(place)?));
        status.note_all(&left_out, place)?;
    }
    Ok(sentences)
}

/// Bytes of the parts of all annotations. What the offsets count (characters, UTF-16 units, CRLF as one) is found by the texts that stand
/// beside them: the first way in which all of them fit.
///
/// # Errors
/// The annotation that does not fit where characters are counted, and what is wrong.
fn places<'a>(
    text: &str,
    bounds: &'a [Bound],
) -> std::result::Result<Vec<Vec<Range<usize>>>, (&'a Bound, &'static str)> {
    let by = |(unit, skipped): (Unit, usize)| {
        let mut starts = Vec::with_capacity(text.len());
        for (at, length) in unit.starts(&text[skipped..]) {
            let at = at + skipped;
            starts.extend((0..length.max(usize::from(at == text.len()))).map(|inner| (inner == 0).then_some(at)));
        }
        let byte = |offset: usize| starts.get(offset).copied().flatten();
        let place = |bound: &'a Bound| {
            let ranges: Option<Vec<Range<usize>>> = bound
                .parts
                .iter()
                .map(|&(start, end)| byte(start).zip(byte(end)).filter(|(a, b)| a < b).map(|(a, b)| a..b))
                .collect();
            let ranges = ranges.ok_or((bound, "does not lie in its text"))?;
            let covered: String = ranges.iter().map(|range| &text[range.clone()]).collect();
            if annotated::same_but_for_spaces(&covered, &bound.text) {
                Ok(ranges)
            } else {
                Err((bound, "does not stand where its own text does"))
            }
        };
        bounds.iter().map(place).collect::<std::result::Result<Vec<_>, _>>()
    };
    // A byte order mark counts, unless an editor put it there later.
    let units = || std::iter::once(Unit::CHARACTERS).chain(Unit::ALL);
    let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut ways = units().map(|unit| (unit, 0)).chain(units().map(|unit| (unit, mark)).filter(|_| mark > 0));
    by((Unit::CHARACTERS, 0)).or_else(|problem| ways.find_map(|way| by(way).ok()).ok_or(problem))
}

/// The parts of a range that lie in the lines; where it goes over a line end, those of white space alone are left out.
fn in_lines(text: &str, lines: &[Range<usize>], range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let first = lines.partition_point(|line| line.end < range.start);
    let parts: Vec<Range<usize>> = lines[first..]
        .iter()
        .take_while(|line| line.start < range.end)
        .map(|line| line.start.max(range.start)..line.end.min(range.end))
        .filter(|part| part.start < part.end)
        .collect();
    let is_cut = parts.len() > 1;
    let blank = |part: &Range<usize>| text[part.clone()].chars().all(char::is_whitespace);
    let keep: Vec<bool> = parts.iter().map(|part| !is_cut || !blank(part)).collect();
    parts.into_iter().zip(keep).filter_map(|(part, keep)| keep.then_some(part))
}

fn read_annotations(path: &Path, status: &Arc<Status>) -> Result<Vec<Bound>> {
    let mut lines = LineReader::open(path, status)?;
    let mut bounds = Vec::new();
    while let Some(line) = lines.next()? {
        let left_out = match line.text.as_bytes().first() {
            Some(b'T') => None,
            Some(b'R' | b'*') => Some(RELATIONS),
            Some(b'E') => Some(EVENTS),
            Some(b'A' | b'M') => Some(ATTRIBUTES),
            Some(b'N') => Some(NORMALIZATIONS),
            Some(b'#') => Some(REMARKS),
            _ if line.text.trim().is_empty() => continue,
            _ => Some(OTHERS),
        };
        if let Some(kind) = left_out {
            let id = line.text.split('\t').next().unwrap_or_default();
            status.note(kind, 1, |kind| Error::at_line(path, line.number, kind).in_record(id))?;
            continue;
        }
        let bound = parse(line.text, line.number).ok_or_else(|| {
            let expected = "an annotation of brat (`T1<TAB>LABEL start end<TAB>text`)";
            Error::at_line(path, line.number, ErrorKind::BadLine { line: shorten(line.text), expected })
        })?;
        bounds.push(bound);
    }
    Ok(bounds)
}

fn parse(line: &str, number: u64) -> Option<Bound> {
    let mut columns = line.splitn(3, '\t');
    let (id, middle, text) = (columns.next()?, columns.next()?, columns.next().unwrap_or_default());
    let (label, offsets) = middle.split_once(' ')?;
    let parts = offsets
        .split(';')
        .map(|part| {
            let (start, end) = part.split_once(' ')?;
            Some((start.parse().ok()?, end.parse().ok()?))
        })
        .collect::<Option<Vec<(usize, usize)>>>()?;
    Some(Bound { line: number, id: id.to_owned(), label: label.to_owned(), parts, text: text.to_owned() })
}
