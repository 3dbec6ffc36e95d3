//! The job `translate`: sentences → their translations.

use std::path::PathBuf;

use serde::Serialize;
use xlner_core::contracts::{Translator, TranslatorFigures};
use xlner_core::tokenize::detokenize;
use xlner_core::{Pair, Sentence};
use xlner_formats::{Format, ReadOptions, Side, WriteOptions};

use crate::engine::output::{Output, format};
use crate::engine::pump::pump;
use crate::engine::source::Source;
use crate::engine::step::Step;
use crate::flow::{Translating, What};
use crate::progress::{Listener, Progress, Stage};
use crate::signs::Signs;
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
                "{}: several translations of a sentence are written into records; take jsonl (option `to_format` jsonl)",
                self.output.display()
            ))),
            Some(format) if format.holds_sentences() || format.holds_pairs() => Ok(()),
            Some(format) => Err(Error::Options(format!(
                "{}: format {format} holds no translations; write text, tsv or jsonl, say (option `to_format`)",
                self.output.display()
            ))),
            None => Err(Error::Options(format!(
                "{}: the name does not tell the format of the output; give it with option `to_format` (text, tsv, jsonl, …)",
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
        let mut source = Source::sentences(&self.input, &self.input_options, Side::Source)?;
        let mut output = self.output()?;
        let failed = |number, pair: &Pair, problem| Error::Sentence {
            file: self.input.clone(),
            number,
            id: pair.id.clone(),
            problem,
        };
        let mut report = TranslateReport::default();
        let signs = Signs::default();
        let lang = Some(self.to.clone());
        let mut step = Translating { translator, what: What::Source, lang, signs: signs.clone() };
        let clock = pump(
            &mut source,
            BATCH,
            |pairs, first| {
                report.sentences += pairs.len() as u64;
                match self.n_best {
                    true => step.work_best(pairs, first, &failed),
                    false => step.work(pairs, first, &failed),
                }
            },
            |pair| output.write(pair),
            |done, source| listener(Progress { stage: Stage::Translate, done, total: source.estimate() }),
        )?;
        signs.tell(&self.input_options, &self.input)?;
        output.finish()?;
        report.seconds = clock.work;
        report.translator = step.translator.figures();
        Ok(report)
    }

    fn format(&self) -> Option<Format> {
        format(&self.output, &self.output_options)
    }

    fn output(&self) -> Result<Output<'static>> {
        let pairs = self.format().is_some_and(|format| format.holds_pairs() && format != Format::Text);
        match pairs {
            true => Output::pairs(&self.output, &self.output_options),
            false => Output::side(&self.output, &self.output_options, Side::Target),
        }
    }
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
