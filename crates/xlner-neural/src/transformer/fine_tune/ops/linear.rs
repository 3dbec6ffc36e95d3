//! Linear layers.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, DType, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::matrix::{Matrix, product};
use super::{Pass, read, shaped, slice};

impl Pass {
    /// x Wᵀ + b, with W outputs × inputs.
    pub fn linear(&self, x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
        let (x, weight) = (&x.contiguous()?, &weight.contiguous()?);
        if self.fused {
            return match bias {
                Some(bias) => x.apply_op3(weight, bias, Linear),
                None => x.apply_op2(weight, Linear),
            };
        }
        let output = self.cast(x)?.matmul(&self.cast(weight)?.t()?)?.to_dtype(DType::F32)?;
        match bias {
            Some(bias) => output.broadcast_add(bias),
            None => Ok(output),
        }
    }
}

struct Linear;

fn forward(x: &[f32], weight: &[f32], bias: Option<&[f32]>, inputs: usize) -> (CpuStorage, Shape) {
    let (rows, outputs) = (x.len() / inputs, weight.len() / inputs);
    let mut output = product(Matrix::new(x, inputs), Matrix::new(weight, inputs).transposed(), 1.0);
    if let Some(bias) = bias {
        output.par_chunks_exact_mut(outputs).with_min_len(16).for_each(|row| {
            row.iter_mut().zip(bias).for_each(|(value, bias)| *value += bias);
        });
    }
    (CpuStorage::F32(output), Shape::from((rows, outputs)))
}

/// The gradients of x and W.
fn backward(x: &Tensor, weight: &Tensor, gradient: &Tensor) -> Result<(Tensor, Tensor)> {
    let (outputs, inputs) = weight.dims2()?;
    let of_x = read(gradient, |gradient| {
        read(weight, |weight| product(Matrix::new(gradient, outputs), Matrix::new(weight, inputs), 1.0))
    })??;
    let of_weight = read(gradient, |gradient| {
        read(x, |x| product(Matrix::new(gradient, outputs).transposed(), Matrix::new(x, inputs), 1.0))
    })??;
    Ok((shaped(of_x, x)?, shaped(of_weight, weight)?))
}

impl CustomOp2 for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn cpu_fwd(&self, x: &CpuStorage, lx: &Layout, w: &CpuStorage, lw: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok(forward(slice(x, lx)?, slice(w, lw)?, None, lw.shape().dims2()?.1))
    }

    fn bwd(&self, x: &Tensor, w: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (of_x, of_weight) = backward(x, w, gradient)?;
        Ok((Some(of_x), Some(of_weight)))
    }
}

impl CustomOp3 for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        w: &CpuStorage,
        lw: &Layout,
        b: &CpuStorage,
        lb: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        Ok(forward(slice(x, lx)?, slice(w, lw)?, Some(slice(b, lb)?), lw.shape().dims2()?.1))
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        b: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (of_x, of_weight) = backward(x, w, gradient)?;
        let of_bias = read(gradient, |gradient| columns(gradient, b.elem_count()))?;
        Ok((Some(of_x), Some(of_weight), Some(shaped(of_bias, b)?)))
    }
}

/// The sums of columns.
pub(super) fn columns(rows: &[f32], width: usize) -> Vec<f32> {
    let mut sums = vec![0.0; width];
    for row in rows.chunks_exact(width) {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
    sums
}
