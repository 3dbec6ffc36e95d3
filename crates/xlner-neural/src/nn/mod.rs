//! The parts of transformers, computed on the CPU over flat rows of `f32`.
//!
//! A matrix is a slice, row by row; the caller knows its width. Sentences of a batch are packed one after another without
//! padding: what works row by row ([`Linear`], [`LayerNorm`], [`Activation`]) takes all rows at once, and [`attend`] is called
//! once per sentence. The threads of the current rayon pool are used; a row's result depends neither on their number nor
//! on the rows beside it.

mod activation;
mod attention;
mod embedding;
mod linear;
mod matrix;
mod norm;
mod weights;

pub use crate::Precision;
pub use activation::{Activation, softmax};
pub use attention::{Heads, attend};
pub use embedding::Embedding;
pub use linear::Linear;
pub use matrix::{add, product, product_transposed};
pub use norm::LayerNorm;
pub(crate) use weights::adapter;
pub use weights::{Scope, Tensors};

/// Values a thread works on at a time where every value stands for itself.
const CHUNK: usize = 1 << 16;
