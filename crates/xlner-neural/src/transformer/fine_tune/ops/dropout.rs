//! Dropout (Srivastava et al. 2014), decided by a hash: the same seed drops the same values, whatever the number of threads.

use candle_core::{CpuStorage, CustomOp1, Device, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::{Pass, read, shaped, slice};

/// Values that a thread works on at a time.
const CHUNK: usize = 1 << 14;

/// A hash of two numbers (Steele, Lea and Flood 2014, “Fast splittable pseudorandom number generators”, `mix64`).
pub(in super::super) fn mix(seed: u64, index: u64) -> u64 {
    let mut z = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number from 0 to below 1.
pub(in super::super) fn uniform(seed: u64, index: u64) -> f64 {
    (mix(seed, index) >> 11) as f64 / (1u64 << 53) as f64
}

/// Which values of one operation are dropped.
#[derive(Clone, Copy)]
pub(super) struct Drops {
    seed: u64,
    least: u32,
    scale: f32,
}

impl Drops {
    /// What the value `index` is multiplied by: 0, or 1 / (1 − probability).
    pub fn factor(&self, index: usize) -> f32 {
        let index = index as u64;
        let bits = (mix(self.seed, index / 2) >> (32 * (index % 2))) as u32;
        if bits < self.least { 0.0 } else { self.scale }
    }

    fn apply(&self, values: &mut [f32]) {
        values.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, values)| {
            for (at, value) in values.iter_mut().enumerate() {
                *value *= self.factor(chunk * CHUNK + at);
            }
        });
    }
}

impl Pass {
    /// The next operation's drops; `None` where it drops nothing.
    pub(super) fn drops(&self, probability: f64) -> Option<Drops> {
        let seed = self.seed.filter(|_| probability > 0.0)?;
        let number = self.drops.replace(self.drops.get() + 1);
        let least = (probability * f64::from(u32::MAX)) as u32;
        Some(Drops { seed: mix(seed, number), least, scale: (1.0 - probability).recip() as f32 })
    }

    /// Drops values with the given probability and scales the others up, so that their mean remains.
    pub fn dropout(&self, x: &Tensor, probability: f64) -> Result<Tensor> {
        let Some(drops) = self.drops(probability) else { return Ok(x.clone()) };
        if self.fused {
            return x.contiguous()?.apply_op1(drops);
        }
        x * self.mask(&drops, x.shape(), x.device())?
    }

    /// What values are multiplied by. Other devices draw it themselves; the trainer seeds them before every step.
    pub(super) fn mask(&self, drops: &Drops, shape: &Shape, device: &Device) -> Result<Tensor> {
        if device.is_cpu() {
            let mut mask = vec![1.0; shape.elem_count()];
            drops.apply(&mut mask);
            return Tensor::from_vec(mask, shape, device);
        }
        let kept = Tensor::rand(0f32, 1f32, shape, device)?.ge(drops.least as f32 / u32::MAX as f32)?;
        kept.to_dtype(candle_core::DType::F32)? * f64::from(drops.scale)
    }
}

impl CustomOp1 for Drops {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let mut values = slice(x, layout)?.to_vec();
        self.apply(&mut values);
        Ok((CpuStorage::F32(values), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let mut gradient = read(gradient, <[f32]>::to_vec)?;
        self.apply(&mut gradient);
        Ok(Some(shaped(gradient, x)?))
    }
}
