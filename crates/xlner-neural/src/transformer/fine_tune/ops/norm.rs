//! Layer normalisation.

use candle_core::{CpuStorage, CustomOp3, D, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::linear::columns;
use super::{Pass, read, shaped, slice};

/// Rows that a thread works on at a time.
const ROWS: usize = 64;

impl Pass {
    /// Every row normalised to mean 0 and variance 1, scaled and shifted (Ba, Kiros and Hinton 2016, eq. 3 and 4).
    pub fn norm(&self, x: &Tensor, scale: &Tensor, shift: &Tensor, epsilon: f32) -> Result<Tensor> {
        if self.fused {
            return x.contiguous()?.apply_op3(scale, shift, Norm { epsilon });
        }
        let centred = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
        let deviation = (centred.sqr()?.mean_keepdim(D::Minus1)? + f64::from(epsilon))?.sqrt()?;
        centred.broadcast_div(&deviation)?.broadcast_mul(scale)?.broadcast_add(shift)
    }
}

struct Norm {
    epsilon: f32,
}

/// Mean, and one over the standard deviation.
fn moments(row: &[f32], epsilon: f32) -> (f32, f32) {
    let mean = sum(row, |x| x) / row.len() as f32;
    let variance = sum(row, |x| (x - mean) * (x - mean)) / row.len() as f32;
    (mean, (variance + epsilon).sqrt().recip())
}

/// A sum in lanes, which the compiler computes at once.
fn sum(row: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0f32; 16];
    let chunks = row.chunks_exact(16);
    let rest: f32 = chunks.remainder().iter().map(|x| of(*x)).sum();
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, x)| *lane += of(*x));
    }
    lanes.iter().sum::<f32>() + rest
}

impl CustomOp3 for Norm {
    fn name(&self) -> &'static str {
        "layer-norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        scale: &CpuStorage,
        ls: &Layout,
        shift: &CpuStorage,
        lb: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (mut rows, scale, shift) = (slice(x, lx)?.to_vec(), slice(scale, ls)?, slice(shift, lb)?);
        rows.par_chunks_exact_mut(scale.len()).with_min_len(ROWS).for_each(|row| {
            let (mean, inverse) = moments(row, self.epsilon);
            for (value, (scale, shift)) in row.iter_mut().zip(scale.iter().zip(shift)) {
                *value = (*value - mean) * inverse * scale + shift;
            }
        });
        Ok((CpuStorage::F32(rows), lx.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        scale: &Tensor,
        shift: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let width = scale.elem_count();
        let (of_x, scaled, of_shift) = read(x, |x| {
            read(scale, |scale| {
                read(gradient, |gradient| {
                    let (of_x, scaled) = self.backward(x, scale, gradient);
                    (of_x, scaled, columns(gradient, width))
                })
            })
        })???;
        Ok((Some(shaped(of_x, x)?), Some(shaped(columns(&scaled, width), scale)?), Some(shaped(of_shift, shift)?)))
    }
}

impl Norm {
    /// The gradient of x, and what every row adds to that of the scale.
    fn backward(&self, x: &[f32], scale: &[f32], gradient: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let width = scale.len();
        let (mut of_x, mut scaled) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        let outputs = of_x.par_chunks_exact_mut(width).zip(scaled.par_chunks_exact_mut(width));
        let inputs = x.par_chunks_exact(width).zip(gradient.par_chunks_exact(width));
        outputs.zip(inputs).with_min_len(ROWS).for_each(|((of_x, scaled), (x, gradient))| {
            let (mean, inverse) = moments(x, self.epsilon);
            // First the normalised values, and the gradient by them.
            for (value, x) in scaled.iter_mut().zip(x) {
                *value = (x - mean) * inverse;
            }
            for (value, (gradient, scale)) in of_x.iter_mut().zip(gradient.iter().zip(scale)) {
                *value = gradient * scale;
            }
            let of_mean = sum(of_x, |x| x) / width as f32;
            for (normal, gradient) in scaled.iter_mut().zip(gradient) {
                *normal *= gradient;
            }
            // Σ gradient·scale·normal, of the products that are there already.
            let mut lanes = [0f32; 16];
            for (products, scale) in scaled.chunks(16).zip(scale.chunks(16)) {
                lanes.iter_mut().zip(products.iter().zip(scale)).for_each(|(lane, (p, s))| *lane += p * s);
            }
            let of_deviation = lanes.iter().sum::<f32>() / width as f32;
            for (value, x) in of_x.iter_mut().zip(x) {
                *value = inverse * (*value - of_mean - (x - mean) * inverse * of_deviation);
            }
        });
        (of_x, scaled)
    }
}
