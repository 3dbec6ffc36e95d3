//! What the stages that work batch by batch have in common: the run folder, figures, progress.

use std::sync::mpsc::{Sender, SyncSender};

use xlner_core::Pair;

use super::batch::Batch;
use super::folder::{PAIRS, RunFolder};
use super::key::Key;
use super::{Batches, Fail, StageFigures, tell};
use crate::progress::{Progress, Stage};
use crate::stream::timed;
use crate::{Error, Result};

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
}

/// Sends batch after batch through a stage, unless the run folder has what it makes of it.
pub(super) fn run(
    step: &mut dyn Step,
    batches: Batches<'_>,
    folder: &RunFolder,
    fail: Fail<'_>,
    to: &SyncSender<Batch>,
    events: &Sender<Progress>,
) -> Result<StageFigures> {
    let mut figures = StageFigures::default();
    let (name, signature) = (step.name(), step.signature());
    for batch in batches {
        let mut batch = batch?;
        let key = Key::of(name).after(batch.key).text(&signature).key();
        let mut worked_on = None;
        let made = timed(&mut figures.seconds, || {
            folder.keep(name, key, PAIRS, |path| {
                let mut pairs = batch.take(folder)?;
                step.work(&mut pairs, batch.first(), fail)?;
                RunFolder::save(path, &pairs)?;
                worked_on = Some(pairs);
                Ok(())
            })
        })?;
        let count = if made { &mut figures.sentences } else { &mut figures.reused };
        *count += batch.length;
        let done = figures.sentences + figures.reused;
        tell(events, Progress { stage: step.stage(), done, total: None });
        if to.send(Batch { key, stage: name, pairs: worked_on, ..batch }).is_err() {
            break;
        }
    }
    Ok(figures)
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
