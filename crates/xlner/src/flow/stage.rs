//! A step of a flow: its batches, the run folder, figures, progress.

use std::sync::mpsc::{Sender, SyncSender};

use super::batch::Batch;
use super::{Batches, StageFigures, tell};
use crate::Result;
use crate::engine::folder::{PAIRS, RunFolder};
use crate::engine::key::Key;
use crate::engine::pump::timed;
use crate::engine::step::{Fail, Step};
use crate::progress::Progress;

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
    step.finish()?;
    Ok(figures)
}
