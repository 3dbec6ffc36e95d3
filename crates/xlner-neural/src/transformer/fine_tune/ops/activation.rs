//! What stands between two linear layers.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;
use rten_simd::SimdUnaryOp;
use rten_vecmath::Exp;

use super::{Pass, read, shaped, slice};
use crate::nn::Activation;

/// Values that a thread works on at a time.
const CHUNK: usize = 1 << 14;
/// √(2/π), of the approximation of the error function by tanh.
const ROOT: f32 = 0.797_884_6;

impl Pass {
    /// The function, applied to every value.
    pub fn activation(&self, x: &Tensor, function: Activation) -> Result<Tensor> {
        if self.fused {
            return x.contiguous()?.apply_op1(Function(function));
        }
        match function {
            Activation::Gelu => x.gelu_erf(),
            Activation::GeluTanh => x.gelu(),
            Activation::QuickGelu => x * sigmoid(&(x * 1.702)?)?,
            Activation::Relu => x.relu(),
            Activation::Silu => x * sigmoid(x)?,
            Activation::Tanh => x.tanh(),
            Activation::Identity => Ok(x.clone()),
        }
    }
}

fn sigmoid(x: &Tensor) -> Result<Tensor> {
    (x.neg()?.exp()? + 1.0)?.recip()
}

struct Function(Activation);

impl CustomOp1 for Function {
    fn name(&self) -> &'static str {
        "activation"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let mut values = slice(x, layout)?.to_vec();
        self.0.apply(&mut values);
        Ok((CpuStorage::F32(values), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, output: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let gradient = read(x, |x| read(output, |y| read(gradient, |gradient| self.backward(x, y, gradient))))???;
        Ok(Some(shaped(gradient, x)?))
    }
}

impl Function {
    fn backward(&self, x: &[f32], y: &[f32], gradient: &[f32]) -> Vec<f32> {
        let mut result = vec![0.0; x.len()];
        let inputs = x.par_chunks(CHUNK).zip(y.par_chunks(CHUNK)).zip(gradient.par_chunks(CHUNK));
        result.par_chunks_mut(CHUNK).zip(inputs).for_each(|(result, ((x, y), gradient))| {
            self.slopes(x, y, result);
            result.iter_mut().zip(gradient).for_each(|(slope, gradient)| *slope *= gradient);
        });
        result
    }

    /// The derivative at x, where the function is y.
    fn slopes(&self, x: &[f32], y: &[f32], slopes: &mut [f32]) {
        let mut each = |slope: &dyn Fn(f32, f32) -> f32| {
            slopes.iter_mut().zip(x.iter().zip(y)).for_each(|(result, (x, y))| *result = slope(*x, *y));
        };
        match self.0 {
            // Φ(x) + x φ(x), where Φ(x) = y / x.
            Activation::Gelu => {
                slopes.iter_mut().zip(x).for_each(|(slope, x)| *slope = -0.5 * x * x);
                Exp {}.map_mut(slopes);
                for (slope, (x, y)) in slopes.iter_mut().zip(x.iter().zip(y)) {
                    let density = *slope * 0.398_942_3;
                    let probability = if x.abs() > 1e-4 { y / x } else { 0.5 + 0.398_942_3 * x };
                    *slope = probability + x * density;
                }
            }
            Activation::GeluTanh => each(&|x, _| {
                let tanh = (ROOT * (x + 0.044_715 * x * x * x)).tanh();
                0.5 * (1.0 + tanh) + 0.5 * x * (1.0 - tanh * tanh) * ROOT * (1.0 + 3.0 * 0.044_715 * x * x)
            }),
            Activation::QuickGelu => each(&|x, y| {
                let sigmoid = (1.0 + (-1.702 * x).exp()).recip();
                sigmoid + 1.702 * y * (1.0 - sigmoid)
            }),
            Activation::Relu => each(&|x, _| if x > 0.0 { 1.0 } else { 0.0 }),
            Activation::Silu => each(&|x, y| {
                let sigmoid = (1.0 + (-x).exp()).recip();
                sigmoid + y * (1.0 - sigmoid)
            }),
            Activation::Tanh => each(&|_, y| 1.0 - y * y),
            Activation::Identity => slopes.fill(1.0),
        }
    }
}
