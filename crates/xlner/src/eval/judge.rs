//! Pairs judged against gold while a job writes them.

use std::path::Path;

use xlner_core::Pair;
use xlner_eval::{EvalOptions, Resampling};
use xlner_formats::{ReadOptions, Side};

use super::EvalReport;
use super::entities::Tally;
use super::input::{Role, TagFile};
use crate::engine::file::Items as _;
use crate::{Error, Result};

/// Compares the target entities of pairs with those of a file, sentence by sentence.
pub(crate) struct Judge {
    gold: TagFile,
    prediction: [TagFile; 1],
    tally: Tally,
}

impl Judge {
    /// Opens the file; `name` is what the pairs are called.
    ///
    /// # Errors
    /// What opening reports.
    pub fn open(gold: &Path, options: &ReadOptions, name: &Path) -> Result<Judge> {
        let gold = TagFile::open(gold, Role::Gold, options)?;
        let prediction = [TagFile::given(name, gold.scheme())];
        let tally = Tally::new(EvalOptions::default(), &gold, &prediction);
        Ok(Judge { gold, prediction, tally })
    }

    /// Judges the next pair.
    ///
    /// # Errors
    /// [`Error::Place`] where its tokens are not those of gold, [`Error::UnequalFiles`] where gold has ended.
    pub fn push(&mut self, pair: &Pair) -> Result<()> {
        let [prediction] = &mut self.prediction;
        prediction.take(pair, Role::Prediction, Side::Target)?;
        if self.gold.next()?.is_none() {
            return Err(self.unequal(self.gold.count()));
        }
        self.tally.add(&self.gold, &self.prediction)
    }

    /// The figures, with 95 % intervals.
    ///
    /// # Errors
    /// [`Error::UnequalFiles`] where gold has more sentences.
    pub fn finish(mut self) -> Result<EvalReport> {
        if self.gold.next()?.is_some() {
            while self.gold.next()?.is_some() {}
            return Err(self.unequal(self.gold.count()));
        }
        Ok(self.tally.finish(&Resampling::default()))
    }

    fn unequal(&self, gold: u64) -> Error {
        let [prediction] = &self.prediction;
        Error::UnequalFiles {
            first: self.gold.path().to_owned(),
            first_count: crate::engine::file::counted(gold, "sentence"),
            second: prediction.path().to_owned(),
            second_count: format!("{} or more", prediction.count()),
        }
    }
}
