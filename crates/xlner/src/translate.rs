//! The job `translate`: sentences → their translations.

use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;
use xlner_core::tokenize::detokenize;
use xlner_core::{Pair, Sentence};
use xlner_formats::{
    Format, PairWriter, ReadOptions, SentenceReader, SentenceWriter, WriteOptions, read_sentences, write_pairs,
    write_sentences,
};
use xlner_models::{Translator, TranslatorFigures};

use crate::flow::{Step, Translating, What};
use crate::progress::{Listener, Progress, Stage};
use crate::{Error, Result};

/// Sentences that are translated together. Memory follows it: one batch is read, one translated, one written at a time.
const BATCH: usize = 512;

/// Translates sentences.
#[derive(Debug, Clone)]
pub struct TranslateJob {
    /// The sentences; of pairs the side that the options name. `-` is standard input.
    pub input: PathBuf,
    /// How they are read. Tags need not be there; where they are, they are kept on the source side.
    pub input_options: ReadOptions,
    /// Language of the translations, BCP 47: our tokeniser goes by it.
    pub to: String,
    /// Where the translations go, in the order of the sentences: formats of pairs get each sentence and its translation,
    /// others (plain text) the translations.
    pub output: PathBuf,
    /// How they are written.
    pub output_options: WriteOptions,
    /// Whether all translations are written that the translator gives of a sentence, into records: their texts and scores
    /// stand in the field `n_best`, the first is the target.
    pub n_best: bool,
}

/// Figures of a run of `translate`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct TranslateReport {
    /// Sentences translated.
    pub sentences: u64,
    /// Seconds that the translator worked; reading and writing go on meanwhile.
    pub seconds: f64,
    /// What the translator says.
    pub translator: TranslatorFigures,
}

impl TranslateJob {
    /// Checks what can be checked without reading anything.
    ///
    /// # Errors
    /// [`Error::Options`].
    pub fn check(&self) -> Result<()> {
        match self.format() {
            Some(format) if self.n_best && format != Format::Jsonl => Err(Error::Options(format!(
                "{}: several translations of a sentence are written into records; take jsonl (--to-format jsonl)",
                self.output.display()
            ))),
            Some(format) if format.holds_sentences() || format.holds_pairs() => Ok(()),
            Some(format) => Err(Error::Options(format!(
                "{}: format {format} holds no translations; write text, tsv or jsonl, say (--to-format)",
                self.output.display()
            ))),
            None => Err(Error::Options(format!(
                "{}: the name does not tell the format of the output; give it with --to-format (text, tsv, jsonl, …)",
                self.output.display()
            ))),
        }
    }

    /// Does the job. The output appears when all is done; only standard output is written to as it goes.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn run(&self, translator: &mut dyn Translator, listener: Listener<'_>) -> Result<TranslateReport> {
        self.check()?;
        let mut source = read_sentences(&self.input, &self.input_options)?;
        let mut writer = self.writer()?;
        let bytes = std::fs::metadata(&self.input).ok().filter(std::fs::Metadata::is_file).map(|file| file.len());
        let failed = |number: u64, pair: &Pair, problem: String| Error::Sentence {
            file: self.input.clone(),
            number,
            id: pair.id.clone(),
            problem,
        };
        let mut report = TranslateReport::default();
        let mut done: Vec<Pair> = Vec::new();
        let mut current = read(&mut source)?;
        while !current.is_empty() || !done.is_empty() {
            let (first, ends) = (report.sentences + 1, current.is_empty());
            let start = Instant::now();
            let mut seconds = 0.0;
            let translate = || {
                let lang = Some(self.to.clone());
                let mut step = Translating { translator: &mut *translator, what: What::Source, lang };
                let translated = match self.n_best {
                    true => step.work_best(&mut current, first, &failed),
                    false => step.work(&mut current, first, &failed),
                };
                seconds = start.elapsed().as_secs_f64();
                translated
            };
            let write = || done.drain(..).try_for_each(|pair| writer.write(&pair));
            let read_next = || if ends { Ok(Vec::new()) } else { read(&mut source) };
            let (translated, (wrote, next)) = rayon::join(translate, || rayon::join(write, read_next));
            // In the order of the sentences, so that it is always the same error.
            wrote?;
            translated?;
            report.seconds += seconds;
            report.sentences += current.len() as u64;
            done = std::mem::replace(&mut current, next?);
            if !ends {
                let total = bytes.map(|bytes| estimate(report.sentences + current.len() as u64, bytes, &source));
                listener(Progress { stage: Stage::Translate, done: report.sentences, total });
            }
        }
        writer.finish()?;
        report.translator = translator.figures();
        Ok(report)
    }

    fn format(&self) -> Option<Format> {
        self.output_options.format.or_else(|| Format::from_path(&self.output))
    }

    fn writer(&self) -> Result<Writer> {
        let pairs = self.format().is_some_and(|format| format.holds_pairs() && format != Format::Text);
        Ok(match pairs {
            true => Writer::Pairs(write_pairs(&self.output, &self.output_options)?),
            false => Writer::Translations(write_sentences(&self.output, &self.output_options)?),
        })
    }
}

/// The next batch, each sentence the source of a pair; empty at the end.
fn read(source: &mut SentenceReader) -> Result<Vec<Pair>> {
    let pair = |sentence: xlner_formats::Result<Sentence>| {
        let source = sentence?;
        let id = source.extra.get("id").and_then(|id| id.as_str()).unwrap_or_default().to_owned();
        Ok(Pair { id, source, ..Pair::default() })
    };
    source.take(BATCH).map(pair).collect()
}

/// How many sentences there are, as far as the bytes read tell.
fn estimate(read: u64, bytes: u64, source: &SentenceReader) -> u64 {
    let estimate = read as f64 * bytes as f64 / source.bytes_read().max(1) as f64;
    (estimate as u64).max(read)
}

/// The text of a sentence as people write it: where it is nothing but its tokens and the spaces between them, these are put
/// together again.
pub(crate) fn plain_text(sentence: &Sentence) -> String {
    if is_joined(sentence) {
        let tokens: Vec<&str> = sentence.tokens().collect();
        detokenize(&tokens, sentence.lang.as_deref())
    } else {
        sentence.text().to_owned()
    }
}

/// Whether the text is nothing but several tokens and the spaces between them.
pub(crate) fn is_joined(sentence: &Sentence) -> bool {
    let gaps = (1..sentence.len()).map(|index| sentence.byte_range(index - 1).end..sentence.byte_range(index).start);
    let inside = sentence.len() > 1
        && sentence.byte_range(0).start == 0
        && sentence.byte_range(sentence.len() - 1).end == sentence.text().len();
    inside && gaps.into_iter().all(|gap| &sentence.text()[gap] == " ")
}

/// Where the translations go.
enum Writer {
    Pairs(Box<dyn PairWriter>),
    Translations(Box<dyn SentenceWriter>),
}

impl Writer {
    fn write(&mut self, pair: &Pair) -> Result<()> {
        match self {
            Writer::Pairs(writer) => writer.write(pair)?,
            Writer::Translations(writer) => writer.write(&pair.target)?,
        }
        Ok(())
    }

    fn finish(self) -> Result<()> {
        match self {
            Writer::Pairs(writer) => writer.finish()?,
            Writer::Translations(writer) => writer.finish()?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_put_together_unless_the_text_is_there() {
        assert_eq!(plain_text(&Sentence::from_tokens(["Hello", ",", "world", "!"])), "Hello, world!");
        let sentence = Sentence::from_text_and_tokens("Hello ,  world!", ["Hello", ",", "world", "!"]).unwrap();
        assert_eq!(plain_text(&sentence), "Hello ,  world!");
        assert_eq!(plain_text(&Sentence::from_text("a , b")), "a , b");
        assert_eq!(plain_text(&Sentence::default()), "");
    }
}
