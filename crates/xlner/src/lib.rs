//! Stages wired into jobs: read, align, project, write.
//!
//! A job is a value whose fields are its options; [`ProjectJob::run`] and [`AlignJob::run`] do it and tell a listener how
//! far they are ([`Progress`]). Pairs go through in batches on all threads of the current rayon pool and come out in their
//! order: same input, same options, same bytes out, whatever the number of threads.

#[cfg(feature = "fine-tune")]
pub mod adapt;
pub mod align;
mod aligner;
pub mod convert;
mod counts;
pub mod decision;
mod documents;
mod engine;
pub mod ensemble;
mod error;
pub mod eval;
#[cfg(feature = "fine-tune")]
pub mod fine_tune;
mod flow;
pub mod label;
mod open;
mod progress;
pub mod project;
pub mod report;
pub mod self_train;
mod signs;
pub mod silver;
pub mod tag;
pub mod train;
pub mod transfer;
pub mod translate;

#[cfg(feature = "fine-tune")]
pub use adapt::{AdaptJob, AdaptReport};
pub use align::{AlignJob, EncoderAligner, RankJob, RankReport, Ranked, ServeJob, SimilarityJob, SymmetrizeJob};
pub use aligner::{Aligner, AlignerOptions, Extraction};
pub use convert::{ConvertJob, ConvertReport, Overlaps};
pub use engine::folder::RunFolder;
pub use engine::key::{Key, KeyBuilder};
pub use engine::source::Input;
pub use error::{Error, Result};
pub use eval::{AlignmentEvalJob, EvalJob, EvalReport};
#[cfg(feature = "fine-tune")]
pub use fine_tune::{FineTuneJob, FineTuneReport};
pub use flow::{Back, FlowFigures, FlowReport, RunOptions, Shard, StageFigures};
pub use label::{LabelJob, LabelModels};
pub use open::{Engine, TranslatorOptions, open_encoder, open_scorer, open_tagger, open_tagger_with, open_translator};
pub use progress::{Listener, Progress, Stage};
pub use project::{ProjectJob, ProjectModels, ProjectReport, TargetTags};
pub use report::ReportJob;
pub use self_train::{SelfTrainJob, SelfTrainReport};
pub use tag::{TagJob, TagReport};
pub use train::{CrfOptions, ModelOptions, SentenceWeights, TrainJob, TrainReport};
pub use transfer::{TransferJob, TransferModels};
pub use translate::{TranslateJob, TranslateReport};
