//! Column formats: one token a line, a blank line between sentences.
//!
//! CoNLL-2002 and -2003 and everything like them, MasakhaNER, PAN-X, Universal NER, CoNLL-U and CoNLL-U Plus, HIPE.
//!
//! **Looking.** Where options do not say it, the first [`PREFIX`] bytes of the file do: tabs separate the columns where most
//! lines have one, else runs of spaces; the tags are in the only column that holds nothing but tags (columns of chunks and
//! of nothing but `O` count last; two that remain are an error); the tokens are in the first column that holds neither tags
//! nor running numbers. A header line, or `# global.columns`, names the columns. The tag scheme and the shape of the
//! tags are found in the same bytes.
//!
//! **Lines.** `-DOCSTART-` ends a sentence and is passed over. A line that begins with `#` and is not a token line by its columns and its
//! tag is a comment, kept in the field `comments`. A line of spaces and tabs is a blank line; several blank lines are one. No-break and
//! other spaces are part of tokens.
//!
//! **Sentences without tokens** would vanish between blank lines and shift a sentence-parallel file. They are written
//! as the comment `# sentence without tokens` and a blank line, and read from it.

mod cells;
mod conllu;
mod find;
mod layout;
mod line;
mod quoted;
mod read;
mod tagged;
mod write;

use std::path::Path;
use std::sync::Arc;

use xlner_core::tokenize::tokenize_sentence;
use xlner_core::{Sentence, tags};

pub(crate) use cells::is_tag;
pub(crate) use quoted::{QUOTED, check_quotes, is_quoted};
pub(crate) use read::{MARKS as OUTSIDE_MARKS, has_tags};
pub use tagged::Tagged;
pub(crate) use write::ColumnWriter;

use crate::error::{Error, Result};
use crate::line_reader::LineReader;
use crate::notes::{NoteKind, REPAIRED_TAGS};
use crate::reader::Status;
use crate::record::record_id;
use crate::{Format, ReadOptions};
use read::ColumnReader;

/// Bytes of a column file that are looked at to find its layout and its tag scheme.
pub const PREFIX: usize = 1 << 18;

/// The field of a sentence that keeps the comments before it.
const COMMENTS: &str = "comments";
/// The field of a sentence that keeps its lines of CoNLL-U.
const ROWS: &str = "conllu";
/// The field of a sentence that keeps the key of its tags in MISC, where it is another than [`TAG_KEY`].
const KEY: &str = "conllu_tag_key";
/// The usual key of tags in MISC.
const TAG_KEY: &str = "NER";
/// The field of a sentence that keeps the last two columns of Universal NER, for each token.
const ANNOTATORS: &str = "annotators";

/// Those columns where nobody is named.
const NO_ANNOTATOR: &str = "-\t-";

/// Whether a comment stands for the id or the text of the sentence, which have places of their own.
fn is_known(comment: &str) -> bool {
    matches!(comment, "# sent_id" | "# text")
}

const OTHER_TEXT: NoteKind = NoteKind::new(
    "text-of-other-tokens",
    "comments “# text” in which the tokens do not stand (left out; the text is put together from the tokens)",
);

/// The line that stands for a sentence without tokens.
const EMPTY_MARKER: &str = "# sentence without tokens";

/// Reads tokens and tags as they stand in the file.
///
/// [`next_into`](Self::next_into) uses one buffer for all sentences; the iterator makes a new one each time.
pub struct TagReader {
    source: TagSource,
    status: Arc<Status>,
    /// Whether a sentence was given.
    given: bool,
    failed: bool,
}

enum TagSource {
    Columns(Box<ColumnReader>),
    /// Formats that hold entities: their tags are made, in the given scheme.
    Sentences(Box<dyn Iterator<Item = Result<Sentence>> + Send>, tags::Scheme, std::path::PathBuf),
}

impl TagReader {
    pub(crate) fn columns(
        lines: LineReader,
        format: Format,
        options: &ReadOptions,
        status: Arc<Status>,
    ) -> Result<TagReader> {
        let reader = ColumnReader::new(lines, format, options, &status)?;
        Ok(TagReader { source: TagSource::Columns(Box::new(reader)), status, given: false, failed: false })
    }

    pub(crate) fn sentences(path: &Path, sentences: crate::SentenceReader, options: &ReadOptions) -> TagReader {
        let scheme = options.scheme.unwrap_or(tags::Scheme::Iob2);
        let status = sentences.status();
        let source = TagSource::Sentences(Box::new(sentences), scheme, path.to_owned());
        TagReader { source, status, given: false, failed: false }
    }

    /// The tag scheme given or found.
    pub fn scheme(&self) -> tags::Scheme {
        match &self.source {
            TagSource::Columns(reader) => reader.scheme(),
            TagSource::Sentences(_, scheme, _) => *scheme,
        }
    }

    /// Bytes read from the file so far, as they lie on the disk.
    pub fn bytes_read(&self) -> u64 {
        self.status.bytes_read()
    }

    /// What was left out so far, by kind. Tags come as they are written: none is repaired here.
    pub fn notes(&self) -> Vec<crate::Note> {
        self.status.notes()
    }

    /// Replaces `sentence` by the next one; `false` at the end of the file.
    ///
    /// # Errors
    /// Where the file cannot be read or a line is not what the lines before it promise.
    pub fn next_into(&mut self, sentence: &mut Tagged) -> Result<bool> {
        match &mut self.source {
            TagSource::Columns(reader) => {
                let found = reader.next_into(sentence)?;
                if !found {
                    self.status.check_read(self.given)?;
                }
                self.given = true;
                Ok(found)
            }
            TagSource::Sentences(sentences, scheme, file) => {
                sentence.clear();
                let Some(mut next) = sentences.next().transpose()? else { return Ok(false) };
                let line = self.status.line();
                let bad = |error: xlner_core::Error, sentence: &Sentence| {
                    let error = match line {
                        Some(line) => Error::at_line(file, line, error.into()),
                        None => Error::in_file(file, error.into()),
                    };
                    error.in_record(&record_id(sentence))
                };
                if !next.is_tokenized() {
                    // Tools leave the tokens out where there is no entity.
                    tokenize_sentence(&mut next).map_err(|error| bad(error, &next))?;
                }
                let tags = tags::encode(next.len(), &next.entities, *scheme).map_err(|error| bad(error, &next))?;
                for (token, tag) in next.tokens().zip(&tags) {
                    sentence.push(token, tag);
                }
                sentence.id.push_str(&record_id(&next));
                Ok(true)
            }
        }
    }
}

impl Iterator for TagReader {
    type Item = Result<Tagged>;

    fn next(&mut self) -> Option<Result<Tagged>> {
        if self.failed {
            return None;
        }
        let mut sentence = Tagged::new();
        match self.next_into(&mut sentence) {
            Ok(true) => Some(Ok(sentence)),
            Ok(false) => None,
            Err(error) => {
                self.failed = true;
                Some(Err(error))
            }
        }
    }
}

/// Reads the sentences of a column file.
pub(crate) fn sentences(
    lines: LineReader,
    format: Format,
    options: &ReadOptions,
    status: &Arc<Status>,
) -> Result<impl Iterator<Item = Result<Sentence>> + Send + 'static> {
    let mut reader = ColumnReader::new(lines, format, options, status)?;
    let mut tagged = Tagged::new();
    let lang = options.lang.clone();
    let status = Arc::clone(status);
    Ok(std::iter::from_fn(move || match reader.next_into(&mut tagged) {
        Ok(false) => None,
        Err(error) => Some(Err(error)),
        Ok(true) => {
            let fail = |kind| Error::at_line(reader.file(), tagged.line, kind).in_record(tagged.id());
            status.set_line(tagged.line);
            let bad = |error: xlner_core::Error| {
                // The line of the first tag that is none.
                let is_bad = |tag: &str| tags::Tag::parse(tag, reader.scheme()).is_err();
                let line = tagged.tags().position(is_bad).map_or(tagged.line, |index| tagged.line_of(index));
                Error::at_line(reader.file(), line, error.into()).in_record(tagged.id())
            };
            Some(to_sentence(&tagged, reader.scheme()).map_err(bad).and_then(|(mut sentence, repaired)| {
                status.note(REPAIRED_TAGS, repaired, fail)?;
                let other = tagged.text.as_ref().is_some_and(|text| text != sentence.text());
                status.note(OTHER_TEXT, usize::from(other), fail)?;
                sentence.lang = Some(&tagged.lang).filter(|lang| !lang.is_empty()).or(lang.as_ref()).cloned();
                Ok(sentence)
            }))
        }
    }))
}

/// The sentence, and how many of its tags were repaired.
fn to_sentence(tagged: &Tagged, scheme: tags::Scheme) -> xlner_core::Result<(Sentence, usize)> {
    // A text in which the tokens do not stand (other quotation marks, another sentence) is passed over.
    let fits = |text: String| Sentence::from_text_and_tokens(text, tagged.tokens()).ok();
    let sentence = tagged.text.clone().and_then(fits).or_else(|| spaced(tagged).and_then(fits));
    let mut sentence = sentence.unwrap_or_else(|| Sentence::from_tokens(tagged.tokens()));
    let tags: Vec<&str> = tagged.tags().collect();
    let decoded = tags::decode(&tags, scheme)?;
    sentence.entities = decoded.entities;
    if !tagged.id.is_empty() {
        sentence.extra.insert("id", tagged.id.as_str().into());
    }
    if tagged.comments.iter().any(|comment| !is_known(comment)) {
        sentence.extra.insert(COMMENTS, tagged.comments.as_slice().into());
    }
    if !tagged.rows.is_empty() {
        sentence.extra.insert(ROWS, tagged.rows.as_slice().into());
    }
    if !tagged.tag_key.is_empty() {
        sentence.extra.insert(KEY, tagged.tag_key.as_str().into());
    }
    if tagged.annotators.iter().any(|cells| cells != NO_ANNOTATOR) {
        sentence.extra.insert(ANNOTATORS, tagged.annotators.as_slice().into());
    }
    Ok((sentence, decoded.repaired))
}

/// The text that `SpaceAfter=No` tells.
fn spaced(tagged: &Tagged) -> Option<String> {
    if !tagged.glue.contains(&true) {
        return None;
    }
    let mut text = String::new();
    for (token, &glued) in tagged.tokens().zip(&tagged.glue) {
        text.push_str(token);
        if !glued {
            text.push(' ');
        }
    }
    Some(text.trim_end_matches(' ').to_owned())
}
