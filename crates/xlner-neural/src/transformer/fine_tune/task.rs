//! What a network is trained to do, as the trainer sees it.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::Tensor;

use super::model::Network;
use super::ops::Pass;
use crate::Result;

/// A kind of training: its data, its loss, and what is written in the end.
pub(super) trait Task {
    /// Sub-words of every item.
    fn rows(&self) -> Vec<usize>;

    /// What the losses of these items are divided by, > 0.
    fn weight(&self, items: &[usize], epoch: u64) -> f64;

    /// The sum of the losses of these items over `weight`, a scalar.
    fn loss(&self, network: &Network<'_>, pass: &Pass, items: &[usize], epoch: u64, weight: f64) -> Result<Tensor>;

    /// What the network is worth on data held out, the larger the better; `None` where there is none.
    fn measure(&self, _: &Network<'_>) -> Result<Option<f64>> {
        Ok(None)
    }

    /// Writes the model with these weights.
    fn write(&self, folder: &Path, tensors: BTreeMap<&str, &Tensor>) -> Result<()>;
}
