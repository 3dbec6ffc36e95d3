//! From raw pairs to projected ones: steps ([`Step`]) that translate, tag and score, then training the aligner, and
//! projection. Every stage keeps what it made in the run folder, so that a second start goes on where the first stopped, and
//! the stages work beside each other: while one batch is translated the one before it is tagged and those before that are
//! projected.
//!
//! Steps go by batches of [`BATCH`] pairs, projecting by windows of [`WINDOW`] batches: its score looks at all pairs of a
//! window before it decides on one. The aligner is trained once, on the first pairs.

mod back;
mod batch;
pub(crate) mod job;
mod mark;
mod score;
mod shard;
mod stage;
mod tag;
mod translate;
mod window;

use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::thread;

use serde::Serialize;
use xlner_core::Pair;
use xlner_project::Method;

pub use back::Back;
pub use job::{FlowReport, RunOptions};
pub(crate) use mark::Marking;
pub use shard::Shard;
pub(crate) use tag::{Taggers, tag_beside};
pub(crate) use translate::{Translating, What};

use crate::Result;
use crate::align::EncoderAligner;
use crate::aligner::AlignerOptions;
use crate::decision::{DecisionFigures, Judging, OpenDecision};
use crate::engine::folder::RunFolder;
use crate::engine::step::{Fail, Step};
use crate::progress::{Listener, Progress};
use batch::{Batch, Reader};
use window::Windows;

/// Pairs that are translated and tagged together.
pub(crate) const BATCH: usize = 1000;
/// Batches that are projected together.
pub(crate) const WINDOW: u64 = 32;
/// Batches that may wait between two stages.
const WAITING: usize = 8;

/// What is to be done with pairs.
pub(crate) struct Flow<'a> {
    pub folder: &'a RunFolder,
    pub aligner: &'a AlignerOptions,
    /// Gives the links instead of the built-in aligner, which then gives the posteriors only.
    pub encoder: Option<EncoderAligner<'a>>,
    /// The built-in aligner is trained on that many pairs at least (whole batches).
    pub train_pairs: u64,
    /// How entities are projected; `None` where a step has done it.
    pub method: Option<&'a Method>,
    pub keep_labels: bool,
    /// The decision on uncertain source entities.
    pub decision: Option<&'a OpenDecision>,
    /// Who is asked where it is unsure.
    pub judging: Option<Judging<'a>>,
    /// Whether pairs get links, though the method looks at an aligner's posteriors alone: filters look at them.
    pub links: bool,
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
    /// Translation, that of marked text too.
    pub translate: StageFigures,
    /// Translation back.
    pub translate_back: StageFigures,
    /// Finding entities.
    pub tag: StageFigures,
    /// Scoring candidates with a translation model.
    pub score: StageFigures,
    /// Training the aligner, over pairs it was trained on.
    pub train: StageFigures,
    /// Projection, asking the aligner included.
    pub project: StageFigures,
    /// What was decided, in the windows of this shard.
    #[serde(skip)]
    pub decision: Option<DecisionFigures>,
}

impl FlowFigures {
    /// Those of a step by its name.
    fn of(&mut self, step: &str) -> &mut StageFigures {
        match step {
            "translate-back" => &mut self.translate_back,
            "tag" => &mut self.tag,
            "score" => &mut self.score,
            _ => &mut self.translate,
        }
    }
}

impl Flow<'_> {
    /// Sends pairs through the steps and projection and hands them to `write` in their order; with a shard those of its
    /// windows. There is a step at least: pairs that are projected are read again from what it has kept.
    ///
    /// # Errors
    /// Of several errors that of the earliest stage. What was made before is kept.
    pub fn run(
        &self,
        steps: Vec<Box<dyn Step + '_>>,
        pairs: &mut (dyn Iterator<Item = Result<Pair>> + Send),
        write: &mut (dyn FnMut(Pair) -> Result<()> + Send),
        listener: Listener<'_>,
    ) -> Result<FlowFigures> {
        let Flow { folder, fail, .. } = *self;
        let windows = Windows::new(self)?;
        let reader = Reader { shard: self.shard, sample: windows.sample(), fail };
        let (events, heard) = channel::<Progress>();
        thread::scope(|scope| {
            let mut batches: Batches<'_> = Box::new(reader.batches(pairs));
            let mut working = Vec::with_capacity(steps.len());
            for mut step in steps {
                let (to, next) = sync_channel(WAITING);
                let from = std::mem::replace(&mut batches, Box::new(next.into_iter().map(Ok)));
                let (name, told) = (step.name(), events.clone());
                working.push((name, scope.spawn(move || stage::run(&mut *step, from, folder, fail, &to, &told))));
            }
            let projected = scope.spawn(move || windows.run(batches, write, &events));
            listen(&heard, listener);
            // In the order of the stages, so that it is always the same error.
            let mut figures = FlowFigures::default();
            for (name, step) in working {
                *figures.of(name) = joined(step)?;
            }
            (figures.train, figures.project, figures.decision) = joined(projected)?;
            Ok(figures)
        })
    }
}

/// Batches on their way from one stage to the next.
type Batches<'b> = Box<dyn Iterator<Item = Result<Batch>> + Send + 'b>;

/// Tells the listener what the stages say, until all have ended.
fn listen(heard: &Receiver<Progress>, listener: Listener<'_>) {
    heard.iter().for_each(listener);
}

/// Tells how far a stage is; nobody may be listening any more.
fn tell(events: &Sender<Progress>, progress: Progress) {
    let _ = events.send(progress);
}

/// The result of a thread; a panic goes on here.
fn joined<T>(handle: thread::ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
