//! The stage that finds entities.

use std::sync::mpsc::{Receiver, Sender, SyncSender};

use xlner_core::{Pair, Sentence};
use xlner_formats::Side;
use xlner_models::Tagger;

use super::batch::Batch;
use super::folder::{PAIRS, RunFolder};
use super::key::Key;
use super::translate::of_pair;
use super::{Fail, StageFigures, tell};
use crate::Result;
use crate::progress::{Progress, Stage};
use crate::stream::timed;

/// Name of the stage in the run folder.
const TAG: &str = "tag";

/// Who finds the entities of which side.
#[derive(Clone, Copy)]
pub(crate) struct Taggers<'a> {
    /// Those of the source; `None` where they are known.
    pub source: Option<&'a dyn Tagger>,
    /// Those that the scores and candidates of projection look at on the target side.
    pub target: Option<&'a dyn Tagger>,
}

impl Taggers<'_> {
    /// Tags batch after batch. Without any tagger the pairs are only kept, so that they can be read again.
    pub fn run(
        &self,
        folder: &RunFolder,
        fail: Fail<'_>,
        from: &Receiver<Batch>,
        to: &SyncSender<Batch>,
        events: &Sender<Progress>,
    ) -> Result<StageFigures> {
        let mut figures = StageFigures::default();
        let signature = |tagger: Option<&dyn Tagger>| tagger.map(Tagger::signature).unwrap_or_default();
        let signatures = [signature(self.source), signature(self.target)];
        for mut batch in from {
            let key = Key::of(TAG).after(batch.key).text(&signatures[0]).text(&signatures[1]).key();
            let mut tagged = None;
            let made = timed(&mut figures.seconds, || {
                folder.keep(TAG, key, PAIRS, |path| {
                    let mut pairs = batch.take(folder)?;
                    self.tag(&mut pairs, batch.first(), fail)?;
                    RunFolder::save(path, &pairs)?;
                    tagged = Some(pairs);
                    Ok(())
                })
            })?;
            let count = if made { &mut figures.sentences } else { &mut figures.reused };
            *count += batch.length;
            let done = figures.sentences + figures.reused;
            tell(events, Progress { stage: Stage::Tag, done, total: None });
            if to.send(Batch { key, stage: TAG, pairs: tagged, ..batch }).is_err() {
                break;
            }
        }
        Ok(figures)
    }

    fn tag(&self, pairs: &mut [Pair], first: u64, fail: Fail<'_>) -> Result<()> {
        let sides = [(self.source, Side::Source), (self.target, Side::Target)];
        for (tagger, side) in sides {
            let Some(tagger) = tagger else { continue };
            let mut sentences: Vec<Sentence> = pairs.iter_mut().map(|pair| std::mem::take(of(pair, side))).collect();
            // The scores of projection look at the probabilities of the target side.
            let result = tagger.tag(&mut sentences, side == Side::Target);
            pairs.iter_mut().zip(sentences).for_each(|(pair, sentence)| *of(pair, side) = sentence);
            result.map_err(|error| of_pair(error, pairs, first, fail))?;
        }
        Ok(())
    }
}

/// A side of a pair.
fn of(pair: &mut Pair, side: Side) -> &mut Sentence {
    match side {
        Side::Source => &mut pair.source,
        Side::Target => &mut pair.target,
    }
}
