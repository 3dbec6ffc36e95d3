//! What translates.

use crate::Result;

/// A translation of one text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Translation {
    /// The translation; empty for an empty text.
    pub text: String,
    /// How probable the model finds it: mean log-probability of a token (natural logarithm, ≤ 0); `None` where the engine
    /// does not say.
    pub score: Option<f64>,
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
    /// [`Error::Engine`](crate::Error::Engine) where the engine fails after every retry,
    /// [`Error::Sentence`](crate::Error::Sentence) where one text is at fault.
    fn translate(&mut self, texts: &[&str]) -> Result<Vec<Translation>>;
}
