//! From raw pairs to projected ones: translate, tag, train the aligner, project. Every stage keeps what it made in the run
//! folder, so that a second start goes on where the first stopped, and the stages work beside each other: while one batch
//! is translated the one before it is tagged and those before that are projected.
//!
//! Translating and tagging go by batches of [`BATCH`] pairs, projecting by windows of [`WINDOW`] batches: its score looks
//! at all pairs of a window before it decides on one. The aligner is trained once, on the first pairs.

mod back;
mod batch;
mod folder;
mod key;
mod shard;
mod tag;
mod translate;
mod window;

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use serde::Serialize;
use xlner_core::Pair;
use xlner_project::Method;

pub use back::Back;
pub(crate) use folder::RunFolder;
pub(crate) use key::Key;
pub use shard::Shard;
pub(crate) use tag::Taggers;
pub(crate) use translate::{Translating, What};

use crate::align::EncoderAligner;
use crate::aligner::AlignerOptions;
use crate::progress::{Listener, Progress};
use crate::{Error, Result};
use batch::{Batch, Reader};
use window::Windows;

/// Pairs that are translated and tagged together.
pub(crate) const BATCH: usize = 1000;
/// Batches that are projected together.
pub(crate) const WINDOW: u64 = 32;
/// Batches that may wait between two stages.
const WAITING: usize = 2;

/// The error of a pair, by its number in the input, counted from 1, and what is wrong with it.
pub(crate) type Fail<'a> = &'a (dyn Fn(u64, &Pair, String) -> Error + Sync);

/// What is to be done with pairs.
pub(crate) struct Flow<'a> {
    pub folder: &'a RunFolder,
    pub taggers: Taggers<'a>,
    pub aligner: &'a AlignerOptions,
    /// Gives the links instead of the built-in aligner, which then gives the posteriors only.
    pub encoder: Option<EncoderAligner<'a>>,
    /// The built-in aligner is trained on that many pairs at least (whole batches).
    pub train_pairs: u64,
    pub method: &'a Method,
    pub keep_labels: bool,
    /// How back-translations are used.
    pub back: Option<Back>,
    pub shard: Shard,
    pub fail: Fail<'a>,
}

/// What a stage has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct StageFigures {
    /// Sentences that it worked on.
    pub sentences: u64,
    /// Sentences of which the run folder already had what it makes.
    pub reused: u64,
    /// Wall-clock seconds that it worked; stages work beside each other.
    pub seconds: f64,
}

/// What the stages have done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct FlowFigures {
    /// Translation.
    pub translate: StageFigures,
    /// Translation back.
    pub translate_back: StageFigures,
    /// Finding entities.
    pub tag: StageFigures,
    /// Training the aligner, over pairs it was trained on.
    pub train: StageFigures,
    /// Projection, asking the aligner included.
    pub project: StageFigures,
}

impl Flow<'_> {
    /// Sends pairs through the stages and hands them to `write` in their order; with a shard those of its windows. Without
    /// `translate` both sides are there; `back` makes back-translations.
    ///
    /// # Errors
    /// Of several errors that of the earliest stage. What was made before is kept.
    pub fn run(
        &self,
        translate: Option<Translating<'_>>,
        back: Option<Translating<'_>>,
        pairs: &mut (dyn Iterator<Item = Result<Pair>> + Send),
        write: &mut (dyn FnMut(Pair) -> Result<()> + Send),
        listener: Listener<'_>,
    ) -> Result<FlowFigures> {
        let Flow { folder, taggers, fail, .. } = self;
        let windows = Windows::new(self)?;
        let reader = Reader { shard: self.shard, sample: windows.sample(), fail: *fail };
        let (events, heard) = channel::<Progress>();
        thread::scope(|scope| {
            let (to_back, returning) = sync_channel(WAITING);
            let (to_tag, tagging) = sync_channel(WAITING);
            let (to_project, projecting) = sync_channel(WAITING);
            let told = events.clone();
            let translated = scope.spawn(move || match translate {
                Some(translating) => translating.run(reader.batches(pairs), folder, *fail, &to_back, &told),
                None => pass(reader.batches(pairs), &to_back),
            });
            let told = events.clone();
            let returned = scope.spawn(move || match back {
                Some(back) => back.run(returning.iter().map(Ok), folder, *fail, &to_tag, &told),
                None => pass(returning.iter().map(Ok), &to_tag),
            });
            let told = events.clone();
            let tagged = scope.spawn(move || taggers.run(folder, *fail, &tagging, &to_project, &told));
            let projected = scope.spawn(move || windows.run(&projecting, write, &events));
            listen(&heard, listener);
            // In the order of the stages, so that it is always the same error.
            let translate = joined(translated)?;
            let translate_back = joined(returned)?;
            let tag = joined(tagged)?;
            let (train, project) = joined(projected)?;
            Ok(FlowFigures { translate, translate_back, tag, train, project })
        })
    }
}

/// Tells the listener what the stages say, until all have ended.
fn listen(heard: &Receiver<Progress>, listener: Listener<'_>) {
    heard.iter().for_each(listener);
}

/// Hands batches on as they are.
fn pass(batches: impl Iterator<Item = Result<Batch>>, to: &SyncSender<Batch>) -> Result<StageFigures> {
    for batch in batches {
        if to.send(batch?).is_err() {
            break;
        }
    }
    Ok(StageFigures::default())
}

/// Tells how far a stage is; nobody may be listening any more.
fn tell(events: &Sender<Progress>, progress: Progress) {
    let _ = events.send(progress);
}

/// The result of a thread; a panic goes on here.
fn joined<T>(handle: thread::ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
