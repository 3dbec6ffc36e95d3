//! What says how probable a given translation is.

use super::ModelResult;
use crate::Span;

/// A translation whose probability is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenTranslation<'a> {
    /// Index of the source text.
    pub source: usize,
    /// Its language, BCP 47.
    pub lang: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// Says how probable given translations are.
pub trait TranslationScorer: Send {
    /// Name and checksum of the model: what a score that was kept depends on.
    fn signature(&self) -> String;

    /// How probable each of `targets` is as a translation of its source text, a text of the language `from` (BCP 47; source and
    /// target may be of one language): mean log-probability of a token, the one that ends it included, one that tells the
    /// language not (natural logarithm, ≤ 0). The targets of one source share what is calculated for it.
    ///
    /// # Errors
    /// [`ModelError::Options`](super::ModelError::Options) for a language that the model does not know,
    /// [`ModelError::Sentence`](super::ModelError::Sentence), with the index of the source, where a text is too long.
    fn score(&mut self, from: &str, sources: &[&str], targets: &[GivenTranslation<'_>]) -> ModelResult<Vec<f64>>;

    /// Where one pair of markers, `[` and `]`, stands in a given translation, for every text of `marked`: that is `plain` with
    /// markers round a part. `langs` are those of the texts and of the translation, which is given by its words. The most
    /// probable places, the best first, at most [`MarkerOptions::best`].
    ///
    /// # Errors
    /// [`ModelError::Options`](super::ModelError::Options) for a language that the model does not know, or markers that it has no
    /// tokens for; [`ModelError::Sentence`](super::ModelError::Sentence) with the index 0 where a text is too long.
    fn place_markers(
        &mut self,
        langs: [&str; 2],
        plain: &str,
        marked: &[&str],
        words: &[&str],
        options: &MarkerOptions,
    ) -> ModelResult<Vec<Vec<Placement>>>;
}

/// How places of markers are searched (CODEC).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MarkerOptions {
    /// Places that are looked at in the end; as many as published by default, 5.
    pub best: usize,
    /// Words between the markers at most; 10.
    pub longest: usize,
    /// By how much (natural logarithm) a place may turn out better than it looks; infinite: none is overlooked. 1.
    pub slack: f32,
}

impl Default for MarkerOptions {
    fn default() -> MarkerOptions {
        MarkerOptions { best: 5, longest: 10, slack: 1.0 }
    }
}

/// A place of markers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placement {
    /// The words between them.
    pub span: Span,
    /// Log-probability (natural logarithm) of the translation with markers there, as a whole.
    pub log_probability: f64,
}
