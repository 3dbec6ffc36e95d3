//! The scores that a translation model gives: `nmt` (T-Projection) and `codec` (CODEC).

use xlner_core::Pair;
use xlner_core::contracts::{MarkerOptions, ModelError, ModelResult, TranslationScorer};
use xlner_project::scores::{NmtOptions, score_candidates, score_markers};
use xlner_project::{CandidateKind, CandidateSet, Candidates};

use super::MethodOptions;
use crate::{Error, Result};

/// The error for scores without what gives them.
pub(crate) const NO_MODEL: &str = "the scores nmt and codec ask for a translation model: give option `nmt_model`, NLLB-200 or M2M100, a folder or a name on the Hub";

/// Which of the scores are given, and by what.
pub(crate) struct TranslationScores<'a> {
    scorer: &'a mut dyn TranslationScorer,
    nmt: bool,
    codec: bool,
    /// Spans that get the score `nmt`.
    set: CandidateSet,
    candidates: Candidates,
}

impl<'a> TranslationScores<'a> {
    /// The scores that a method asks for; `None` where it asks for none and there is no model.
    ///
    /// # Errors
    /// [`Error::Options`] for a model that is not asked for anything.
    pub fn new(
        method: &MethodOptions,
        scorer: Option<&'a mut dyn TranslationScorer>,
    ) -> Result<Option<TranslationScores<'a>>> {
        let [nmt, codec] = method.translation_scores();
        let Some(scorer) = scorer else { return Ok(None) };
        if !nmt && !codec {
            return Err(Error::Options(
                "option `nmt_model` is not asked for anything: add option `scores` nmt=1, or option `scores` codec=1"
                    .into(),
            ));
        }
        Ok(Some(TranslationScores { scorer, nmt, codec, set: method.translated(), candidates: Candidates::default() }))
    }

    /// All that the scores depend on.
    pub fn signature(&self) -> String {
        let (nmt, codec) = (NmtOptions::default(), self.places());
        format!("{} {:?} {:?} {nmt:?} {codec:?}", self.scorer.signature(), [self.nmt, self.codec], self.set)
    }

    fn places(&self) -> MarkerOptions {
        MarkerOptions { longest: self.set.max_length, ..MarkerOptions::default() }
    }

    /// Gives a tokenised pair the scores; what is wrong with it is the error.
    pub fn fill(&mut self, pair: &mut Pair) -> ModelResult<()> {
        if pair.source.entities.is_empty() || pair.target.is_empty() {
            return Ok(());
        }
        let wrong = |problem: String| ModelError::Sentence { index: 0, problem };
        let langs = [&pair.source.lang, &pair.target.lang].map(|lang| lang.clone().unwrap_or_default());
        if langs.iter().any(String::is_empty) {
            let problem = "the languages of both sides must be known for the scores nmt and codec (option `source_lang`, option `target_lang`)";
            return Err(wrong(problem.into()));
        }
        let langs = [langs[0].as_str(), langs[1].as_str()];
        if self.nmt {
            // Links come later; what they leave of n-grams is looked up then.
            let mut set = self.set.clone();
            if set.kind == CandidateKind::Aligned && pair.alignment.is_none() {
                set.kind = CandidateKind::Ngram;
            }
            self.candidates.fill(&set, pair).map_err(|error| wrong(error.to_string()))?;
            let spans: Vec<_> = (0..self.candidates.len()).map(|candidate| self.candidates.span(candidate)).collect();
            score_candidates(self.scorer, pair, &spans, langs, NmtOptions::default())?;
        }
        if self.codec {
            let options = self.places();
            score_markers(self.scorer, pair, langs, &options)?;
        }
        Ok(())
    }
}
