//! Layer normalisation.

use rayon::prelude::*;
use rten_simd::SimdOp;
use rten_vecmath::{Normalize, NormalizeOptions, Sum, SumSquareSub};

use super::{CHUNK, Scope};
use crate::Result;

/// Normalises every row to mean 0 and variance 1, then scales and shifts it (Ba, Kiros and Hinton 2016, eq. 3 and 4).
#[derive(Debug, Clone)]
pub struct LayerNorm {
    scale: Vec<f32>,
    shift: Vec<f32>,
    epsilon: f32,
}

impl LayerNorm {
    /// A norm of rows as long as `scale`; `epsilon` is added to the variance. Panics where the lengths differ.
    pub fn new(scale: Vec<f32>, shift: Vec<f32>, epsilon: f32) -> LayerNorm {
        assert_eq!(scale.len(), shift.len(), "a scale and a shift per value");
        LayerNorm { scale, shift, epsilon }
    }

    /// The norm of `weight` and `bias` of a checkpoint.
    ///
    /// # Errors
    /// [`Error::Model`](crate::Error::Model) where they are missing or of another length.
    pub fn load(weights: &Scope<'_>, width: usize, epsilon: f32) -> Result<LayerNorm> {
        Ok(LayerNorm::new(weights.tensor("weight", &[width])?, weights.tensor("bias", &[width])?, epsilon))
    }

    /// Normalises rows in place.
    pub fn apply(&self, rows: &mut [f32]) {
        let width = self.scale.len();
        rows.par_chunks_mut(width * (CHUNK / width).max(1)).for_each(|rows| {
            for row in rows.chunks_exact_mut(width) {
                let mean = Sum::new(row).dispatch() / width as f32;
                let variance = SumSquareSub::new(row, mean).dispatch() / width as f32;
                let options = NormalizeOptions {
                    pre_scale_bias: mean,
                    scale: (variance + self.epsilon).sqrt().recip(),
                    element_scale: Some(&self.scale),
                    bias: 0.0,
                    element_bias: Some(&self.shift),
                };
                Normalize::new_mut(row, options).dispatch();
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_normalised() {
        let norm = LayerNorm::new(vec![1.0, 2.0, 3.0, 0.5], vec![0.0, 1.0, -1.0, 0.25], 1e-5);
        let mut rows = [1.0, 2.0, 3.0, 6.0, -1.0, -1.0, -1.0, -1.0];
        norm.apply(&mut rows);
        let deviation = (3.5f64 + 1e-5).sqrt();
        let expected = [-2.0 / deviation, -2.0 / deviation + 1.0, -1.0, 1.5 / deviation + 0.25, 0.0, 1.0, -1.0, 0.25];
        for (found, expected) in rows.iter().zip(expected) {
            assert!((f64::from(*found) - expected).abs() < 1e-6, "{rows:?}");
        }
    }
}
