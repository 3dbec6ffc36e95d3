//! Checkpoints made up for tests.

pub mod checkpoint;
pub mod ctranslate2;
pub mod tiny_bert;
pub mod torch;
