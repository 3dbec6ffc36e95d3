//! DeBERTa-v2's convolution over neighbouring sub-words, beside its first layer.

use super::config::Config;
use crate::Result;
use crate::nn::{Activation, LayerNorm, Linear, Precision, Scope, add};

/// The convolution, as a linear layer of a sub-word and its neighbours.
pub(super) struct Convolution {
    /// Neighbours of a sub-word, itself included.
    width: usize,
    layer: Linear,
    activation: Activation,
    norm: LayerNorm,
}

impl Convolution {
    pub fn load(config: &Config, weights: &Scope<'_>, precision: Precision) -> Result<Option<Convolution>> {
        let Some(convolution) = &config.convolution else { return Ok(None) };
        let (hidden, width) = (config.hidden, convolution.width);
        let kept = weights.tensor("conv.weight", &[hidden, hidden, width])?;
        // From output × input × neighbour to output × neighbour × input, so that neighbouring rows are one row.
        let mut weight = vec![0.0; kept.len()];
        for (to, from) in weight.chunks_exact_mut(hidden * width).zip(kept.chunks_exact(hidden * width)) {
            for (input, from) in from.chunks_exact(width).enumerate() {
                for (neighbour, value) in from.iter().enumerate() {
                    to[neighbour * hidden + input] = *value;
                }
            }
        }
        let bias = weights.tensor("conv.bias", &[hidden])?;
        Ok(Some(Convolution {
            width,
            layer: Linear::new(&weight, Some(bias), hidden * width, precision),
            activation: convolution.activation,
            norm: LayerNorm::load(&weights.at("LayerNorm"), hidden, config.epsilon)?,
        }))
    }

    /// Adds the convolution of the first layer's `input` to its `output`, and normalises; beyond a sentence's ends are zeros.
    pub fn apply(&self, input: &[f32], lengths: &[usize], output: &mut [f32]) {
        let hidden = self.layer.outputs();
        let mut windows = Vec::with_capacity(input.len() * self.width);
        let mut start = 0;
        for &length in lengths {
            for at in 0..length {
                for neighbour in 0..self.width {
                    match (at + neighbour).checked_sub(self.width / 2).filter(|at| *at < length) {
                        Some(at) => windows.extend_from_slice(&input[(start + at) * hidden..][..hidden]),
                        None => windows.resize(windows.len() + hidden, 0.0),
                    }
                }
            }
            start += length;
        }
        let mut convolved = self.layer.forward(&windows);
        self.activation.apply(&mut convolved);
        add(output, &convolved);
        self.norm.apply(output);
    }
}
