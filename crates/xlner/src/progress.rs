//! How far a job is: one event type for all of them.

use serde::Serialize;

/// What a job is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Stage {
    /// Pulling a model from the Hub; counted are bytes.
    Pull,
    /// Reading and tokenising pairs that are held in memory.
    Read,
    /// Translating sentences.
    Translate,
    /// Translating translations back.
    TranslateBack,
    /// Finding entities.
    Tag,
    /// Training an aligner or a tagger; counted are pairs or sentences times iterations.
    Train,
    /// Aligning pairs.
    Align,
    /// Scoring candidates with a translation model.
    Score,
    /// Projecting entities.
    Project,
    /// Converting sentences, pairs or alignments.
    Convert,
}

impl Stage {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Stage::Pull => "pull",
            Stage::Read => "read",
            Stage::Translate => "translate",
            Stage::TranslateBack => "translate back",
            Stage::Tag => "tag",
            Stage::Train => "train",
            Stage::Align => "align",
            Stage::Score => "score",
            Stage::Project => "project",
            Stage::Convert => "convert",
        }
    }

    /// What is counted, in the plural.
    pub const fn unit(self) -> &'static str {
        match self {
            Stage::Pull => "bytes",
            Stage::Translate | Stage::TranslateBack | Stage::Tag => "sentences",
            Stage::Train => "sentences × iterations",
            Stage::Read | Stage::Align | Stage::Score | Stage::Project => "pairs",
            Stage::Convert => "items",
        }
    }
}

/// How far a stage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The stage.
    pub stage: Stage,
    /// Pairs done.
    pub done: u64,
    /// Pairs in all, where that is known; where a file is being streamed, estimated from the bytes read.
    pub total: Option<u64>,
}

/// Who wants to know how far a job is; called from the thread that runs the job, between batches.
pub type Listener<'a> = &'a mut dyn FnMut(Progress);
