//! What the stages of a job have in common.

use xlner_core::Pair;

use crate::progress::Stage;
use crate::{Error, Result};

/// The error of a pair, by its number in the input, counted from 1, and what is wrong with it.
pub(crate) type Fail<'a> = &'a (dyn Fn(u64, &Pair, String) -> Error + Sync);

/// A stage that works on a batch at a time.
pub(crate) trait Step: Send {
    /// Its name in the run folder.
    fn name(&self) -> &'static str;

    /// What a listener hears of.
    fn stage(&self) -> Stage;

    /// All that its work depends on beside the pairs.
    fn signature(&self) -> String;

    /// Works on the pairs of a batch; `first` is the number of the first of them.
    fn work(&mut self, pairs: &mut [Pair], first: u64, fail: Fail<'_>) -> Result<()>;

    /// Ends, when no more pairs come.
    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}

/// The error of a batch, which names the pair where one is at fault.
pub(crate) fn of_pair(error: xlner_core::ModelError, pairs: &[Pair], first: u64, fail: Fail<'_>) -> Error {
    match error {
        xlner_core::ModelError::Sentence { index, problem } if index < pairs.len() => {
            fail(first + index as u64, &pairs[index], problem)
        }
        error => error.into(),
    }
}
