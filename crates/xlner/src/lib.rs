//! Named-entity annotations for languages that have none, by annotation projection: a sentence whose entities are known in one
//! language, its translation, and the links between their words show where the entities stand in the translation.
//!
//! In memory, pairs in and the same pairs out, with the default method, the one of the command `xlner project`: the built-in
//! aligner is trained on the pairs, the score `span` says how well a span of the translation matches an entity, and the
//! assignment with the largest sum of scores is found exactly.
//!
//! ```
//! use xlner::prelude::*;
//!
//! let mut source = Sentence::from_tokens(["Obama", "visited", "Berlin", "."]);
//! source.entities = vec![Entity::new(0..1, "PER"), Entity::new(2..3, "LOC")];
//! let target = Sentence::from_tokens(["Gestern", "besuchte", "Obama", "Berlin", "."]);
//! let mut pairs = vec![Pair { source, target, ..Pair::default() }];
//!
//! xlner::Projector::default().apply(&mut pairs)?;
//!
//! let found = &pairs[0].target.entities;
//! assert_eq!((found[0].label.as_str(), found[0].span.range()), ("PER", 2..3));
//! assert_eq!((found[1].label.as_str(), found[1].span.range()), ("LOC", 3..4));
//! # Ok::<(), xlner::Error>(())
//! ```
//!
//! [`Projector::apply_with`] takes models ([`ProjectModels`]): a tagger that finds the source's entities, a translator that makes the
//! side that is missing, a trained aligner. Each is a trait of [`xlner_core::contracts`], so that any program can bring its
//! own; `examples/own_tagger.rs` does.
//!
//! From files to files there are jobs: a job is a value whose fields are its options; [`ProjectJob::run`] and [`AlignJob::run`] do it
//! and tell a listener how far they are ([`Progress`]). Pairs go through in batches on all threads of the current rayon pool and
//! come out in their order: same input, same options, same bytes out, whatever the number of threads.

#[cfg(feature = "fine-tune")]
pub mod adapt;
pub mod align;
mod aligner;
pub mod convert;
mod counts;
pub mod decision;
mod documents;
pub mod drawing;
mod engine;
pub mod ensemble;
mod error;
pub mod eval;
#[cfg(feature = "fine-tune")]
pub mod fine_tune;
mod flow;
pub mod label;
mod open;
pub mod prelude;
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
pub use aligner::{Aligner, AlignerOptions, LinkExtraction};
pub use convert::{ConvertJob, ConvertReport, DoubtOrder, Overlaps};
pub use engine::folder::RunFolder;
pub use engine::key::{Key, KeyBuilder};
pub use engine::source::Input;
pub use error::{Error, Result};
pub use eval::{AlignmentEvalJob, EvalJob, EvalReport};
#[cfg(feature = "fine-tune")]
pub use fine_tune::{FineTuneJob, FineTuneReport, Schedule};
pub use flow::{Back, FlowFigures, FlowReport, RunOptions, Shard, StageFigures};
pub use label::{LabelJob, LabelModels};
pub use open::{
    Engine, TaggerOptions, TranslatorOptions, open_encoder, open_judge, open_scorer, open_tagger, open_tagger_with,
    open_translation_encoder, open_translator,
};
pub use progress::{Listener, Progress, Stage};
pub use project::{Passes, ProjectJob, ProjectModels, ProjectReport, Projector, TargetTags};
pub use report::ReportJob;
pub use self_train::{SelfTrainJob, SelfTrainReport};
pub use tag::{TagJob, TagReport};
pub use train::{CrfOptions, ModelOptions, SentenceWeights, TrainJob, TrainReport};
pub use transfer::{TransferJob, TransferModels};
pub use translate::{TranslateJob, TranslateReport};
