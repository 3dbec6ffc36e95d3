//! What translates.

use serde::Serialize;

use super::ModelResult;

/// A translation of one text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Translation {
    /// The translation; empty for an empty text.
    pub text: String,
    /// How probable the model finds it: mean log-probability of a token (natural logarithm, ≤ 0); `None` where the engine
    /// does not say.
    pub score: Option<f64>,
}

impl From<String> for Translation {
    /// A translation whose probability is not known.
    fn from(text: String) -> Translation {
        Translation { text, score: None }
    }
}

/// What a translator has done so far. What an engine does not know is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TranslatorFigures {
    /// Texts translated.
    pub texts: u64,
    /// Words that the engine has no translation for, or cannot inflect; they stand in the translation as they are.
    pub unknown_words: u64,
    /// Texts given back as they are, because that was asked for where there is no translation.
    pub untranslated: u64,
    /// Texts with letters whose translation is empty.
    pub empty: u64,
    /// Failures that were made good: a process started again, a request sent again.
    pub retries: u64,
    /// Batches whose answer did not hold one translation per text, and that were sent again text by text.
    pub split_batches: u64,
}

/// Translates from one language, fixed when it was made, into another.
pub trait Translator: Send {
    /// Name of the engine, model and languages: what a translation that was kept depends on.
    fn signature(&self) -> String;

    /// Translates texts of one sentence or more each: as many translations as texts, in their order, always. A line break
    /// inside a text counts as a space. What can be retried is retried; where the engine still fails nothing is returned
    /// for the batch, so that nothing is lost or repeated when the caller tries it again.
    ///
    /// # Errors
    /// [`ModelError::Failed`](super::ModelError::Failed) where the engine fails after every retry,
    /// [`ModelError::Sentence`](super::ModelError::Sentence) where one text is at fault.
    fn translate(&mut self, texts: &[&str]) -> ModelResult<Vec<Translation>>;

    /// The best translations of every text, the best first: as many as the engine was opened for. An engine that knows one
    /// gives one.
    ///
    /// # Errors
    /// As [`translate`](Self::translate).
    fn translate_best(&mut self, texts: &[&str]) -> ModelResult<Vec<Vec<Translation>>> {
        Ok(self.translate(texts)?.into_iter().map(|translation| vec![translation]).collect())
    }

    /// What it has done so far.
    fn figures(&self) -> TranslatorFigures {
        TranslatorFigures::default()
    }
}
