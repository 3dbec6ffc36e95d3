//! Writing columns.

use std::io::Write as _;

use xlner_core::Sentence;
use xlner_core::tags::{self, Scheme};

use super::EMPTY_MARKER;
use super::layout::is_blank;
use crate::error::{Error, ErrorKind, Result, shorten};
use crate::record::record_id;
use crate::{Format, Output, SentenceWriter, WriteOptions};

/// Writes sentences as columns.
pub(crate) struct ColumnWriter {
    output: Output,
    format: Format,
    scheme: Scheme,
    lang: Option<String>,
    /// The lines of one sentence, written only when all of it is known to be fine.
    lines: Vec<u8>,
}

impl ColumnWriter {
    pub(crate) fn new(output: Output, format: Format, options: &WriteOptions) -> Self {
        ColumnWriter { output, format, scheme: options.scheme(), lang: options.lang.clone(), lines: Vec::new() }
    }

    fn format_sentence(&mut self, sentence: &Sentence) -> std::result::Result<(), ErrorKind> {
        if !sentence.is_tokenized() {
            return Err(self.refuse(sentence.text(), "the sentence has no tokens yet; tokenise it first"));
        }
        let tags = tags::encode(sentence.len(), &sentence.entities, self.scheme)?;
        if matches!(self.format, Format::Uner | Format::ConllU) {
            self.comments(sentence)?;
        }
        if sentence.is_empty() {
            writeln!(self.lines, "{EMPTY_MARKER}").map_err(ErrorKind::Write)?;
        }
        for (index, (token, tag)) in sentence.tokens().zip(&tags).enumerate() {
            self.check(index, token, tag)?;
            let number = index + 1;
            let lines = &mut self.lines;
            match self.format {
                Format::Conll2003 => writeln!(lines, "{token} _ _ {tag}"),
                Format::PanX => {
                    let lang = sentence.lang.as_ref().or(self.lang.as_ref());
                    let Some(lang) = lang.filter(|lang| super::layout::lang_of(&format!("{lang}:")).is_some()) else {
                        let why = "PAN-X names the language of every token; give its code with --lang";
                        return Err(self.refuse(token, why));
                    };
                    writeln!(lines, "{lang}:{token}\t{tag}")
                }
                Format::Uner => writeln!(lines, "{number}\t{token}\t{tag}\t-\t-"),
                Format::ConllU => {
                    let glued = index + 1 < sentence.len()
                        && sentence.byte_range(index).end == sentence.byte_range(index + 1).start;
                    let glue = if glued { "|SpaceAfter=No" } else { "" };
                    writeln!(lines, "{number}\t{token}\t_\t_\t_\t_\t_\t_\t_\tNER={tag}{glue}")
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
        if !id.is_empty() {
            writeln!(self.lines, "# sent_id = {id}").map_err(ErrorKind::Write)?;
        }
        // A text with a line break has no place in a comment: the tokens alone are written.
        if !sentence.text().contains(['\n', '\r']) {
            writeln!(self.lines, "# text = {}", sentence.text()).map_err(ErrorKind::Write)?;
        }
        Ok(())
    }

    /// Refuses what would be read as something else.
    fn check(&self, index: usize, token: &str, tag: &str) -> std::result::Result<(), ErrorKind> {
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
        if breaks(tag) || is_blank(tag) || (self.format == Format::ConllU && tag.contains('|')) {
            return Err(self.refuse(tag, "the label holds characters that separate columns; map it to another"));
        }
        let numbered = matches!(self.format, Format::Uner | Format::ConllU | Format::PanX);
        if index == 0 && token == "-DOCSTART-" && !numbered {
            return Err(self.refuse(token, "at the start of a sentence it means the start of a document"));
        }
        Ok(())
    }

    fn refuse(&self, what: &str, why: &'static str) -> ErrorKind {
        ErrorKind::NotRepresentable { what: format!("“{}”", shorten(what)), format: self.format.name(), why }
    }
}

impl SentenceWriter for ColumnWriter {
    fn write(&mut self, sentence: &Sentence) -> Result<()> {
        self.lines.clear();
        self.format_sentence(sentence)
            .map_err(|kind| Error::in_file(self.output.path(), kind).in_record(&record_id(sentence)))?;
        self.output.put(&self.lines)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.output.finish()
    }
}
