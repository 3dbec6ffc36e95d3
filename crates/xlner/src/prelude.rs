//! What most programs name: `use xlner::prelude::*;`.

pub use xlner_core::contracts::{ModelError, ModelResult};
pub use xlner_core::{Alignment, Encoder, Entity, Pair, Sentence, Span, Tagger, Translator};

pub use crate::{Aligner, ProjectModels, ProjectReport, Projector, open_tagger, open_translator};
