//! Word alignment without a neural network.

pub mod symmetrize;
