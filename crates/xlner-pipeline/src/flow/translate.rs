//! The stage that translates.

use std::sync::mpsc::{Sender, SyncSender};

use xlner_core::tokenize::{detokenize, tokenize_sentence};
use xlner_core::{Pair, Sentence};
use xlner_formats::Side;
use xlner_models::{Translation, Translator};

use super::batch::Batch;
use super::folder::{PAIRS, RunFolder};
use super::key::Key;
use super::{Fail, StageFigures, tell};
use crate::progress::{Progress, Stage};
use crate::stream::timed;
use crate::{Error, Result};

/// Name of the stage in the run folder.
const TRANSLATE: &str = "translate";

/// Who makes the side that is missing.
pub(crate) struct Translating<'a> {
    pub translator: &'a mut dyn Translator,
    /// The side that is there.
    pub from: Side,
    /// Language of the translation.
    pub lang: Option<String>,
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
        let Translating { translator, from, lang } = self;
        let to_side = if from == Side::Source { Side::Target } else { Side::Source };
        let signature = format!("{} {from:?} {lang:?}", translator.signature());
        for batch in batches {
            let mut batch = batch?;
            let key = Key::of(TRANSLATE).after(batch.key).text(&signature).key();
            let mut pairs = batch.take(folder)?;
            let made = timed(&mut figures.seconds, || {
                folder.keep(TRANSLATE, key, PAIRS, |path| {
                    let texts = texts(&pairs, from);
                    let translations =
                        translate(translator, &texts).map_err(|error| of_pair(error, &pairs, batch.first(), fail))?;
                    for (number, (pair, translation)) in (batch.first()..).zip(pairs.iter_mut().zip(translations)) {
                        let sentence = sentence(translation, lang.clone());
                        let sentence = sentence.map_err(|error| fail(number, pair, error.to_string()))?;
                        *of(pair, to_side) = sentence;
                    }
                    RunFolder::save(path, &pairs)
                })
            })?;
            let count = if made { &mut figures.sentences } else { &mut figures.reused };
            *count += batch.length;
            let done = figures.sentences + figures.reused;
            tell(events, Progress { stage: Stage::Translate, done, total: None });
            if to.send(Batch { key, stage: TRANSLATE, pairs: made.then_some(pairs), ..batch }).is_err() {
                break;
            }
        }
        Ok(figures)
    }
}

/// The texts of the side that is there.
fn texts(pairs: &[Pair], from: Side) -> Vec<String> {
    let text = |pair: &Pair| match from {
        Side::Source => plain_text(&pair.source),
        Side::Target => plain_text(&pair.target),
    };
    pairs.iter().map(text).collect()
}

/// A side of a pair.
pub(super) fn of(pair: &mut Pair, side: Side) -> &mut Sentence {
    match side {
        Side::Source => &mut pair.source,
        Side::Target => &mut pair.target,
    }
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

/// The text of a sentence as people write it: where it is nothing but its tokens and spaces, the tokens are put together
/// again.
pub(crate) fn plain_text(sentence: &Sentence) -> String {
    let spaced = sentence.len() > 1 && {
        let tokens: usize = sentence.tokens().map(|token| token.len() + 1).sum();
        tokens == sentence.text().len() + 1
    };
    if spaced {
        let tokens: Vec<&str> = sentence.tokens().collect();
        detokenize(&tokens, sentence.lang.as_deref())
    } else {
        sentence.text().to_owned()
    }
}
