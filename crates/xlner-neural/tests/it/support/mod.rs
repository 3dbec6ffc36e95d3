//! Checkpoints made up for tests.

pub mod checkpoint;
pub mod ctranslate2;
#[cfg(feature = "fine-tune")]
pub mod reference;
pub mod tiny_bert;
pub mod torch;
