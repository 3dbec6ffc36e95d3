//! The stage in which a translation model scores candidates.

use xlner_core::{ModelError, Pair};

use crate::Result;
use crate::engine::step::{Fail, Step, of_pair};
use crate::progress::Stage;
use crate::project::TranslationScores;

impl Step for TranslationScores<'_> {
    fn name(&self) -> &'static str {
        "score"
    }

    fn stage(&self) -> Stage {
        Stage::Score
    }

    fn signature(&self) -> String {
        TranslationScores::signature(self)
    }

    fn work(&mut self, pairs: &mut [Pair], first: u64, fail: Fail<'_>) -> Result<()> {
        for index in 0..pairs.len() {
            if let Err(error) = self.fill(&mut pairs[index]) {
                let error = match error {
                    ModelError::Sentence { problem, .. } => ModelError::Sentence { index, problem },
                    error => error,
                };
                return Err(of_pair(error, pairs, first, fail));
            }
        }
        Ok(())
    }
}
