//! The stage that translates.

use rayon::prelude::*;
use serde_json::json;
use xlner_core::contracts::{ModelResult, Translation, Translator};
use xlner_core::tokenize::tokenize_sentence;
use xlner_core::{Pair, Sentence};

use super::back;
use crate::Result;
use crate::engine::step::{Fail, Step, of_pair};
use crate::progress::Stage;
use crate::signs::Signs;
use crate::translate::plain_text;

/// Who makes a translation, and of what.
pub(crate) struct Translating<'a> {
    pub translator: &'a mut dyn Translator,
    pub what: What,
    /// Language of the translation.
    pub lang: Option<String>,
    pub signs: Signs,
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

impl Step for Translating<'_> {
    fn name(&self) -> &'static str {
        match self.what {
            What::Source | What::Target => "translate",
            What::Back => "translate-back",
        }
    }

    fn stage(&self) -> Stage {
        match self.what {
            What::Source | What::Target => Stage::Translate,
            What::Back => Stage::TranslateBack,
        }
    }

    fn signature(&self) -> String {
        format!("{} {:?} {:?}", self.translator.signature(), self.what, self.lang)
    }

    fn work(&mut self, pairs: &mut [Pair], first: u64, fail: Fail<'_>) -> Result<()> {
        let texts = self.texts(pairs);
        let translations = translate(self.translator, &texts).map_err(|error| of_pair(error, pairs, first, fail))?;
        self.signs.translated(self.translator.figures());
        self.put(pairs, translations, first, fail)
    }
}

impl Translating<'_> {
    /// As [`work`](Step::work), and keeps with every pair all translations that the translator gives: text and score.
    pub fn work_best(&mut self, pairs: &mut [Pair], first: u64, fail: Fail<'_>) -> Result<()> {
        let texts = self.texts(pairs);
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let found = self.translator.translate_best(&texts).map_err(|error| of_pair(error, pairs, first, fail))?;
        self.signs.translated(self.translator.figures());
        let mut translations = Vec::with_capacity(found.len());
        for (pair, best) in pairs.iter_mut().zip(found) {
            let each = best.iter().map(|one| json!({"text": one.text, "score": one.score}));
            pair.extra.insert("n_best".to_owned(), each.collect());
            translations.push(best.into_iter().next().unwrap_or_default());
        }
        self.put(pairs, translations, first, fail)
    }

    /// The texts that are translated.
    fn texts(&self, pairs: &[Pair]) -> Vec<String> {
        let what = self.what;
        pairs.par_iter().map(|pair| text(pair, what)).collect()
    }

    /// Puts translations where they belong, tokenised.
    fn put(&self, pairs: &mut [Pair], translations: Vec<Translation>, first: u64, fail: Fail<'_>) -> Result<()> {
        let lang = self.lang.as_deref();
        let tokenized = translations.into_par_iter().map(|translation| sentence(translation.text, lang));
        let sentences: Vec<xlner_core::Result<Sentence>> = tokenized.collect();
        // Of several errors the first pair's.
        for (number, (pair, sentence)) in (first..).zip(pairs.iter_mut().zip(sentences)) {
            let sentence = sentence.map_err(|error| fail(number, pair, error.to_string()))?;
            match self.what {
                What::Source => pair.target = sentence,
                What::Target => pair.source = sentence,
                What::Back => back::keep(pair, &sentence)?,
            }
        }
        Ok(())
    }
}

/// The text that is translated.
fn text(pair: &Pair, what: What) -> String {
    match what {
        What::Source | What::Back => plain_text(&pair.source),
        What::Target => plain_text(&pair.target),
    }
}

/// A translation, tokenised.
pub(crate) fn sentence(text: String, lang: Option<&str>) -> xlner_core::Result<Sentence> {
    let mut sentence = Sentence::from_text(text);
    sentence.lang = lang.map(str::to_owned);
    tokenize_sentence(&mut sentence)?;
    Ok(sentence)
}

pub(super) fn translate(translator: &mut dyn Translator, texts: &[String]) -> ModelResult<Vec<Translation>> {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    translator.translate(&texts)
}
