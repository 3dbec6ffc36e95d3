//! The stage that translates.

use std::sync::mpsc::{Sender, SyncSender};

use rayon::prelude::*;
use xlner_core::tokenize::tokenize_sentence;
use xlner_core::{Pair, Sentence};
use xlner_models::{Translation, Translator};

use super::back;
use super::batch::Batch;
use super::folder::{PAIRS, RunFolder};
use super::key::Key;
use super::{Fail, StageFigures, tell};
use crate::progress::{Progress, Stage};
use crate::stream::timed;
use crate::translate::plain_text;
use crate::{Error, Result};

/// Who makes a translation, and of what.
pub(crate) struct Translating<'a> {
    pub translator: &'a mut dyn Translator,
    pub what: What,
    /// Language of the translation.
    pub lang: Option<String>,
}

/// What is translated, and what becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// The source: it becomes the target.
    Source,
    /// The target: it becomes the source.
    Target,
    /// The source, which is a translation: it becomes the back-translation.
    Back,
}

impl What {
    /// Name of the stage in the run folder.
    fn stage(self) -> &'static str {
        match self {
            What::Source | What::Target => "translate",
            What::Back => "translate-back",
        }
    }
}

impl Translating<'_> {
    /// Translates batch after batch.
    pub fn run(
        self,
        batches: impl Iterator<Item = Result<Batch>>,
        folder: &RunFolder,
        fail: Fail<'_>,
        to: &SyncSender<Batch>,
        events: &Sender<Progress>,
    ) -> Result<StageFigures> {
        let mut figures = StageFigures::default();
        let Translating { translator, what, lang } = self;
        let stage = what.stage();
        let signature = format!("{} {what:?} {lang:?}", translator.signature());
        for batch in batches {
            let mut batch = batch?;
            let key = Key::of(stage).after(batch.key).text(&signature).key();
            let mut pairs = batch.take(folder)?;
            let made = timed(&mut figures.seconds, || {
                folder.keep(stage, key, PAIRS, |path| {
                    let texts = texts(&pairs, what);
                    let translations =
                        translate(translator, &texts).map_err(|error| of_pair(error, &pairs, batch.first(), fail))?;
                    let tokenized = translations.into_par_iter().map(|translation| sentence(translation, lang.clone()));
                    let sentences: Vec<xlner_core::Result<Sentence>> = tokenized.collect();
                    for (number, (pair, sentence)) in (batch.first()..).zip(pairs.iter_mut().zip(sentences)) {
                        let sentence = sentence.map_err(|error| fail(number, pair, error.to_string()))?;
                        match what {
                            What::Source => pair.target = sentence,
                            What::Target => pair.source = sentence,
                            What::Back => back::keep(pair, &sentence)?,
                        }
                    }
                    RunFolder::save(path, &pairs)
                })
            })?;
            let count = if made { &mut figures.sentences } else { &mut figures.reused };
            *count += batch.length;
            let done = figures.sentences + figures.reused;
            tell(events, Progress { stage: Stage::Translate, done, total: None });
            if to.send(Batch { key, stage, pairs: made.then_some(pairs), ..batch }).is_err() {
                break;
            }
        }
        Ok(figures)
    }
}

/// The texts that are translated.
fn texts(pairs: &[Pair], what: What) -> Vec<String> {
    let text = |pair: &Pair| match what {
        What::Source | What::Back => plain_text(&pair.source),
        What::Target => plain_text(&pair.target),
    };
    pairs.par_iter().map(text).collect()
}

/// A translation, tokenised.
fn sentence(translation: Translation, lang: Option<String>) -> xlner_core::Result<Sentence> {
    let mut sentence = Sentence::from_text(translation.text);
    sentence.lang = lang;
    tokenize_sentence(&mut sentence)?;
    Ok(sentence)
}

fn translate(translator: &mut dyn Translator, texts: &[String]) -> xlner_models::Result<Vec<Translation>> {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    translator.translate(&texts)
}

/// The error of a batch, which names the pair where one is at fault.
pub(super) fn of_pair(error: xlner_models::Error, pairs: &[Pair], first: u64, fail: Fail<'_>) -> Error {
    match error {
        xlner_models::Error::Sentence { index, problem } if index < pairs.len() => {
            fail(first + index as u64, &pairs[index], problem)
        }
        error => error.into(),
    }
}
