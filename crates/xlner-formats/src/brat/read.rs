//! Reading brat's documents.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use xlner_core::Sentence;

use super::files;
use crate::ReadOptions;
use crate::annotated::{self, Annotation, Tokens};
use crate::compression::Codec;
use crate::error::{Error, ErrorKind, Result, shorten};
use crate::input::Input;
use crate::line_reader::LineReader;
use crate::reader::Status;

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
        error.into_iter().chain(sentences.into_iter().map(Ok))
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
    documents.sort();
    Ok(documents)
}

/// A text-bound annotation; `start..end` of its parts count the characters of the document.
struct Bound {
    line: u64,
    id: String,
    label: String,
    parts: Vec<(usize, usize)>,
    text: String,
}

/// A part of an annotation that lies in one line.
struct Part {
    start: usize,
    end: usize,
    /// Index of its annotation.
    bound: usize,
}

fn document(
    text_file: &Path,
    annotation_file: &Path,
    options: &ReadOptions,
    status: &Arc<Status>,
) -> Result<Vec<Sentence>> {
    let text = Input::open(text_file, status)?.read_text()?;
    let bounds = read_annotations(annotation_file, status)?;
    let characters: Vec<usize> = text.char_indices().map(|(byte, _)| byte).chain([text.len()]).collect();
    let fail = |bound: &Bound, problem| {
        let (start, end) = bound.parts.first().zip(bound.parts.last()).map_or((0, 0), |(a, b)| (a.0, b.1));
        let kind = ErrorKind::BadAnnotation { start, end, label: bound.label.clone(), problem };
        Error::at_line(annotation_file, bound.line, kind).in_record(&bound.id)
    };
    let mut parts = Vec::new();
    for (index, bound) in bounds.iter().enumerate() {
        let mut covered = String::new();
        for &(start, end) in &bound.parts {
            let range = characters.get(start).zip(characters.get(end)).filter(|(start, end)| start < end);
            let (&from, &to) = range.ok_or_else(|| fail(bound, "does not lie in its text"))?;
            covered.push_str(&text[from..to]);
            lines_of(&text[from..to], start, |start, end| parts.push(Part { start, end, bound: index }));
        }
        if !annotated::same_but_for_spaces(&covered, &bound.text) {
            return Err(fail(bound, "does not stand where its own text does"));
        }
    }
    parts.sort_by_key(|part| (part.start, part.end, part.bound));
    let mut of_bound = vec![0; bounds.len()];
    parts.iter().for_each(|part| of_bound[part.bound] += 1);

    let mut sentences = Vec::new();
    let mut parts = parts.iter().peekable();
    // Characters before the line; a byte order mark is one, and no part of the first line.
    let mut before = 0;
    let mut rest = text.as_str();
    if let Some(marked) = text.strip_prefix('\u{feff}') {
        (before, rest) = (1, marked);
    }
    while !rest.is_empty() {
        let (line, next) = rest.split_once('\n').unwrap_or((rest, ""));
        let length = line.chars().count();
        let line = line.strip_suffix('\r').unwrap_or(line);
        let shown = line.chars().count();
        let mut annotations = Vec::new();
        let mut last = None;
        while let Some(part) = parts.next_if(|part| part.start < before + length) {
            let bound = &bounds[part.bound];
            // A part that begins at the byte order mark begins at the line.
            let start = part.start.saturating_sub(before);
            let end = (part.end - before).min(shown);
            let mut annotation = Annotation::new(start, end, bound.label.as_str());
            annotation.id = (of_bound[part.bound] > 1).then(|| bound.id.clone());
            annotations.push(annotation);
            last = Some(bound);
        }
        let sentence = annotated::sentence(line.to_owned(), Tokens::Unknown, &annotations, None, options);
        sentences.push(sentence.map_err(|kind| match last {
            Some(bound) => Error::at_line(annotation_file, bound.line, kind),
            None => Error::at_line(text_file, sentences.len() as u64 + 1, kind),
        })?);
        before += length + 1;
        rest = next;
    }
    Ok(sentences)
}

/// Cuts a part at line ends; of what was cut, white space alone is left out.
fn lines_of(text: &str, start: usize, mut visit: impl FnMut(usize, usize)) {
    let mut at = start;
    let is_cut = text.contains('\n');
    for line in text.split('\n') {
        let length = line.chars().count();
        if !is_cut || !line.chars().all(char::is_whitespace) {
            visit(at, at + length);
        }
        at += length + 1;
    }
}

fn read_annotations(path: &Path, status: &Arc<Status>) -> Result<Vec<Bound>> {
    let mut lines = LineReader::open(path, status)?;
    let mut bounds = Vec::new();
    while let Some(line) = lines.next()? {
        if !line.text.starts_with('T') {
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
