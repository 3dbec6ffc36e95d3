//! What is trained with where nobody says it: by the size of data and model.

use std::path::Path;

use crate::Result;
use crate::transformer::config::Config;

/// Steps that a training has about, where few sentences would give fewer.
const STEPS: usize = 600;
/// Epochs at least, and at most.
const EPOCHS: [usize; 2] = [3, 30];
/// Fewer sentences than this come in smaller batches.
const FEW: usize = 400;

/// Epochs, sentences of a batch, and the largest learning rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    /// Passes over the data.
    pub epochs: usize,
    /// Sentences of a batch.
    pub batch_size: usize,
    /// Largest learning rate.
    pub learning_rate: f64,
}

impl Choice {
    /// For so many sentences and the checkpoint in `init`; `adapter`: only an adapter is trained. Few sentences are seen more
    /// often, so that there are enough steps (Mosbach, Andriushchenko and Klakow 2021, §6), and small models learn at a higher
    /// rate than large ones. `batch_size`: where that is given.
    ///
    /// # Errors
    /// Where `config.json` cannot be read.
    pub fn of(init: &Path, sentences: usize, batch_size: Option<usize>, adapter: bool) -> Result<Choice> {
        Ok(Choice::for_sizes(Config::read(init)?.hidden, sentences, batch_size, adapter))
    }

    fn for_sizes(hidden: usize, sentences: usize, batch_size: Option<usize>, adapter: bool) -> Choice {
        let batch_size = batch_size.unwrap_or(if sentences < FEW { 8 } else { 16 }).max(1);
        let steps = sentences.div_ceil(batch_size).max(1);
        let rate = (5e-5 * (768.0 / hidden as f64).powf(2.5)).clamp(1e-5, 5e-4);
        Choice {
            epochs: STEPS.div_ceil(steps).clamp(EPOCHS[0], EPOCHS[1]),
            batch_size,
            learning_rate: if adapter { 10.0 * rate } else { rate },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_the_sizes() {
        let of = |hidden, sentences| Choice::for_sizes(hidden, sentences, None, false);
        assert_eq!(of(768, 12_000), Choice { epochs: 3, batch_size: 16, learning_rate: 5e-5 });
        assert_eq!((of(384, 100).epochs, of(384, 100).batch_size), (30, 8));
        assert_eq!((of(384, 800).epochs, of(384, 3000).epochs), (12, 4));
        let rates = [256, 384, 768, 1024].map(|hidden| of(hidden, 800).learning_rate);
        assert!(rates.is_sorted_by(|a, b| a > b) && (2.7e-4..2.9e-4).contains(&rates[1]), "{rates:?}");
        assert_eq!(Choice::for_sizes(768, 800, Some(32), true).epochs, 24);
        assert!(Choice::for_sizes(768, 0, None, false).epochs == 30);
    }
}
