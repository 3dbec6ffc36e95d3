//! Word alignment without a neural network.

pub mod similarity;
pub mod symmetrize;
