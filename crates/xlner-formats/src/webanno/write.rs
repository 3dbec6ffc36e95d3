//! Writing WebAnno TSV: one layer, named entities.

use std::fmt::Write as _;

use xlner_core::Sentence;

use super::escape;
use crate::error::{Error, ErrorKind, Result, shorten};
use crate::record::{SentenceWriter, record_id};
use crate::{Format, Output};

const HEADER: &str = "#FORMAT=WebAnno TSV 3.3\n\
    #T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value\n\n";

/// Writes sentences as one document.
pub(crate) struct WebAnnoWriter {
    output: Output,
    sentences: u64,
    /// UTF-16 units of the document before the sentence.
    offset: usize,
    /// Number of the annotation that comes next.
    annotation: u64,
}

impl WebAnnoWriter {
    pub(crate) fn new(output: Output) -> Self {
        WebAnnoWriter { output, sentences: 0, offset: 0, annotation: 1 }
    }

    fn refuse(what: &str, why: &'static str) -> ErrorKind {
        ErrorKind::NotRepresentable { what: format!("“{}”", shorten(what)), format: Format::WebAnno.name(), why }
    }

    /// The lines of a sentence, and the number of the annotation that comes next.
    fn lines(&self, sentence: &Sentence) -> std::result::Result<(String, u64), ErrorKind> {
        if !sentence.is_tokenized() {
            return Err(Self::refuse(sentence.text(), "the sentence has no tokens yet; tokenise it first"));
        }
        if sentence.tokens().any(str::is_empty) {
            return Err(Self::refuse(sentence.text(), "a token is empty"));
        }
        if let Some(entity) = sentence.entities.iter().find(|entity| entity.label.is_empty()) {
            return Err(Self::refuse(sentence.span_text(entity.span), "its label is empty; map it to another"));
        }
        let mut lines = String::new();
        let mut next = self.annotation;
        if self.sentences == 0 {
            lines.push_str(HEADER);
        }
        lines.push('\n');
        for line in sentence.text().split('\n') {
            // Only what ends a line or begins an escape would be read as something else.
            let line = line.replace('\\', "\\\\").replace('\t', "\\t").replace('\r', "\\r");
            lines.push_str("#Text=");
            lines.push_str(&line);
            lines.push('\n');
        }
        // The number of each entity that must have one: of several tokens, or beside another.
        let covering =
            |token: usize| sentence.entities.iter().filter(move |entity| entity.span.range().contains(&token));
        let numbers: Vec<Option<u64>> = sentence
            .entities
            .iter()
            .map(|entity| {
                let alone = entity.span.len() == 1 && covering(entity.span.start).count() == 1;
                (!alone).then(|| {
                    next += 1;
                    next - 1
                })
            })
            .collect();
        let units = |text: &str| text.encode_utf16().count();
        for (index, token) in sentence.tokens().enumerate() {
            let bytes = sentence.byte_range(index);
            let start = self.offset + units(&sentence.text()[..bytes.start]);
            let end = start + units(token);
            let mut values: Vec<String> = Vec::new();
            let mut identifiers: Vec<String> = Vec::new();
            for (entity, number) in sentence.entities.iter().zip(&numbers) {
                if entity.span.range().contains(&index) {
                    let number = number.map(|number| format!("[{number}]")).unwrap_or_default();
                    values.push(format!("{}{number}", escape(&entity.label)));
                    identifiers.push(format!("*{number}"));
                }
            }
            let cell = |values: Vec<String>| if values.is_empty() { "_".to_owned() } else { values.join("|") };
            let (identifiers, values) = (cell(identifiers), cell(values));
            let token = token.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r");
            writeln!(lines, "{}-{}\t{start}-{end}\t{token}\t{identifiers}\t{values}\t", self.sentences + 1, index + 1)
                .map_err(|_| Self::refuse(&token, "it cannot be formatted"))?;
        }
        Ok((lines, next))
    }
}

impl SentenceWriter for WebAnnoWriter {
    fn write(&mut self, sentence: &Sentence) -> Result<()> {
        let fail = |kind| Error::in_file(self.output.path(), kind).in_record(&record_id(sentence));
        let (lines, next) = self.lines(sentence).map_err(fail)?;
        self.output.put(lines.as_bytes())?;
        self.sentences += 1;
        self.annotation = next;
        self.offset += sentence.text().encode_utf16().count() + 1;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        if self.sentences == 0 {
            self.output.put(HEADER.as_bytes())?;
        }
        self.output.finish()
    }
}
