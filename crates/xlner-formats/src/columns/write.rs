//! Writing columns.

use std::io::Write as _;

use serde_json::Value;
use xlner_core::Sentence;
use xlner_core::tags::shape::first_layer;
use xlner_core::tags::{self, Scheme};

use super::cells::{is_blank, lang_of};
use super::{ANNOTATORS, COMMENTS, EMPTY_MARKER, KEY, NO_ANNOTATOR, ROWS, TAG_KEY, conllu, is_known};
use crate::error::{Error, ErrorKind, Result, shorten};
use crate::record::record_id;
use crate::{Format, Output, SentenceWriter, WriteOptions};

/// The columns of HIPE-2022; tags are written into the second.
const HIPE: [&str; 10] = [
    "TOKEN",
    "NE-COARSE-LIT",
    "NE-COARSE-METO",
    "NE-FINE-LIT",
    "NE-FINE-METO",
    "NE-FINE-COMP",
    "NE-NESTED",
    "NEL-LIT",
    "NEL-METO",
    "MISC",
];

/// Writes sentences as columns.
pub(crate) struct ColumnWriter {
    output: Output,
    format: Format,
    scheme: Scheme,
    lang: Option<String>,
    /// Something was written.
    begun: bool,
    /// The lines of one sentence, written only when all of it is known to be fine.
    lines: Vec<u8>,
}

impl ColumnWriter {
    pub(crate) fn new(output: Output, format: Format, options: &WriteOptions) -> Self {
        ColumnWriter {
            output,
            format,
            scheme: options.scheme(),
            lang: options.lang.clone(),
            begun: false,
            lines: Vec::new(),
        }
    }

    fn format_sentence(&mut self, sentence: &Sentence) -> std::result::Result<(), ErrorKind> {
        if !sentence.is_tokenized() {
            return Err(self.refuse(sentence.text(), "the sentence has no tokens yet; tokenise it first"));
        }
        let tags = tags::encode(sentence.len(), &sentence.entities, self.scheme)?;
        if matches!(self.format, Format::Uner | Format::ConllU) {
            self.comments(sentence)?;
        }
        if self.format == Format::Hipe {
            if !self.begun {
                writeln!(self.lines, "{}", HIPE.join("\t")).map_err(ErrorKind::Write)?;
            }
            for comment in comments(sentence).filter(|comment| !is_known(comment)) {
                writeln!(self.lines, "{comment}").map_err(ErrorKind::Write)?;
            }
        }
        let key = sentence.extra.get(KEY).and_then(Value::as_str).filter(|key| is_key(key)).unwrap_or(TAG_KEY);
        let kept = sentence.extra.get(ROWS).filter(|_| self.format == Format::ConllU).and_then(Value::as_array);
        let kept = kept
            .and_then(|rows| conllu::with_tags(rows.iter().filter_map(Value::as_str), sentence.tokens(), &tags, key));
        if let Some(rows) = kept {
            for (token, tag) in sentence.tokens().zip(&tags) {
                self.check(token, tag)?;
            }
            for row in rows {
                writeln!(self.lines, "{row}").map_err(ErrorKind::Write)?;
            }
            return writeln!(self.lines).map_err(ErrorKind::Write);
        }
        if sentence.is_empty() {
            writeln!(self.lines, "{EMPTY_MARKER}").map_err(ErrorKind::Write)?;
        }
        let annotators = sentence.extra.get(ANNOTATORS).and_then(Value::as_array);
        let annotators = annotators.filter(|list| list.len() == sentence.len());
        for (index, (token, tag)) in sentence.tokens().zip(&tags).enumerate() {
            self.check(token, tag)?;
            let number = index + 1;
            let lines = &mut self.lines;
            match self.format {
                Format::Conll2003 => writeln!(lines, "{token} _ _ {tag}"),
                Format::PanX => {
                    let lang = sentence.lang.as_ref().or(self.lang.as_ref());
                    let Some(lang) = lang.filter(|lang| lang_of(&format!("{lang}:")).is_some()) else {
                        let why = "PAN-X names the language of every token; give its code with option `lang`";
                        return Err(self.refuse(token, why));
                    };
                    writeln!(lines, "{lang}:{token}\t{tag}")
                }
                Format::Hipe => {
                    let last = index + 1 == sentence.len();
                    let glued = !last && sentence.byte_range(index).end == sentence.byte_range(index + 1).start;
                    let flags = match (glued, last) {
                        (true, _) => "NoSpaceAfter",
                        (_, true) => "EndOfSentence",
                        _ => "_",
                    };
                    let empty = "_\t".repeat(HIPE.len() - 3);
                    writeln!(lines, "{token}\t{tag}\t{empty}{flags}")
                }
                Format::Uner => {
                    let kept = annotators.and_then(|list| list[index].as_str()).filter(|cells| is_pair_of_cells(cells));
                    writeln!(lines, "{number}\t{token}\t{tag}\t{}", kept.unwrap_or(NO_ANNOTATOR))
                }
                Format::ConllU => {
                    let glued = index + 1 < sentence.len()
                        && sentence.byte_range(index).end == sentence.byte_range(index + 1).start;
                    let glue = if glued { "|SpaceAfter=No" } else { "" };
                    writeln!(lines, "{number}\t{token}\t_\t_\t_\t_\t_\t_\t_\t{key}={tag}{glue}")
                }
                _ => writeln!(lines, "{token}\t{tag}"),
            }
            .map_err(ErrorKind::Write)?;
        }
        self.lines.push(b'\n');
        Ok(())
    }

    fn comments(&mut self, sentence: &Sentence) -> std::result::Result<(), ErrorKind> {
        let id = record_id(sentence);
        if id.contains(['\n', '\r']) || id.trim() != id {
            return Err(self.refuse(&id, "the id is not one line; change it"));
        }
        let text = sentence.text();
        // A text with a line break has no place in a comment: the tokens alone are written.
        let text = (!text.contains(['\n', '\r'])).then(|| format!("# text = {text}"));
        let id = (!id.is_empty()).then(|| format!("# sent_id = {id}"));
        let mut known = [("# sent_id", id), ("# text", text)];
        let lines = &mut self.lines;
        let mut put = |line: &str| writeln!(lines, "{line}").map_err(ErrorKind::Write);
        for comment in comments(sentence) {
            match known.iter_mut().find(|(name, _)| *name == comment) {
                Some((_, line)) => line.take().map_or(Ok(()), |line| put(&line))?,
                None => put(comment)?,
            }
        }
        known.into_iter().filter_map(|(_, line)| line).try_for_each(|line| put(&line))
    }

    /// Refuses what would be read as something else.
    fn check(&self, token: &str, tag: &str) -> std::result::Result<(), ErrorKind> {
        let spaces = self.format == Format::Conll2003;
        let breaks = |text: &str| text.contains(['\t', '\n', '\r']) || (spaces && text.contains(' '));
        if breaks(token) || (spaces && token.is_empty()) {
            let why = if spaces {
                "columns are separated by spaces, so that a token can neither be empty nor hold white space"
            } else {
                "a token on a line of its own can hold neither tab nor line break"
            };
            return Err(self.refuse(token, why));
        }
        if tag != "O"
            && (breaks(tag)
                || is_blank(tag)
                || (self.format == Format::ConllU && tag.contains('|'))
                || tag != tag.trim_matches(' ')
                || first_layer(tag).is_some())
        {
            return Err(self.refuse(tag, "the label holds characters that separate columns; map it to another"));
        }
        let numbered = matches!(self.format, Format::Uner | Format::ConllU | Format::PanX);
        if token == "-DOCSTART-" && !numbered {
            return Err(self.refuse(token, "in columns it means the start of a document"));
        }
        Ok(())
    }

    fn refuse(&self, what: &str, why: &'static str) -> ErrorKind {
        ErrorKind::NotRepresentable { what: format!("“{}”", shorten(what)), format: self.format.name(), why }
    }
}

/// Whether a text can be the name of an attribute in MISC.
fn is_key(text: &str) -> bool {
    !text.is_empty() && !text.contains(['=', '|', '\t', '\n', '\r'])
}

/// Whether a text is two cells.
fn is_pair_of_cells(text: &str) -> bool {
    text.matches('\t').count() == 1 && !text.contains(['\n', '\r'])
}

/// The comments that a sentence keeps.
fn comments(sentence: &Sentence) -> impl Iterator<Item = &str> {
    let comments = sentence.extra.get(COMMENTS).and_then(Value::as_array).into_iter().flatten();
    comments.filter_map(Value::as_str).filter(|comment| comment.starts_with('#') && !comment.contains(['\n', '\r']))
}

impl SentenceWriter for ColumnWriter {
    fn write(&mut self, sentence: &Sentence) -> Result<()> {
        self.lines.clear();
        self.format_sentence(sentence)
            .map_err(|kind| Error::in_file(self.output.path(), kind).in_record(&record_id(sentence)))?;
        self.begun = true;
        self.output.put(&self.lines)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.output.finish()
    }
}
