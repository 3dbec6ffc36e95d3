//! Cross-entropy.

use candle_core::{CpuStorage, CustomOp1, D, Device, Layout, Result, Shape, Tensor};

use super::{Pass, read, shaped, slice};
use crate::nn::softmax;

/// What a row of scores should say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct Target {
    pub row: u32,
    pub class: u32,
    /// What it counts.
    pub weight: f32,
}

/// The rows, classes and weights of targets as tensors.
fn tensors(targets: &[Target], device: &Device) -> Result<[Tensor; 3]> {
    let count = targets.len();
    Ok([
        Tensor::from_vec(targets.iter().map(|target| target.row).collect::<Vec<_>>(), count, device)?,
        Tensor::from_vec(targets.iter().map(|target| target.class).collect::<Vec<_>>(), (count, 1), device)?,
        Tensor::from_vec(targets.iter().map(|target| target.weight).collect::<Vec<_>>(), (count, 1), device)?,
    ])
}

impl Pass {
    /// Σ weight · −log softmax(scores)[class] over the targets.
    pub fn cross_entropy(&self, scores: &Tensor, given: &[Target]) -> Result<Tensor> {
        if self.fused {
            return scores.contiguous()?.apply_op1(CrossEntropy { targets: given.to_vec() });
        }
        let [rows, classes, weights] = tensors(given, scores.device())?;
        let scores = scores.index_select(&rows, 0)?;
        let scores = scores.broadcast_sub(&scores.max_keepdim(D::Minus1)?.detach())?;
        let sums = scores.exp()?.sum_keepdim(D::Minus1)?.log()?;
        ((sums - scores.gather(&classes, 1)?)? * weights)?.sum_all()
    }
}

struct CrossEntropy {
    targets: Vec<Target>,
}

impl CustomOp1 for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross-entropy"
    }

    fn cpu_fwd(&self, scores: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (scores, width) = (slice(scores, layout)?, layout.shape().dims2()?.1);
        let loss = |target: &Target| {
            let row = &scores[target.row as usize * width..][..width];
            let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let sum: f64 = row.iter().map(|score| f64::from(score - most).exp()).sum();
            f64::from(target.weight) * (sum.ln() - f64::from(row[target.class as usize] - most))
        };
        let loss: f64 = self.targets.iter().map(loss).sum();
        Ok((CpuStorage::F32(vec![loss as f32]), Shape::from(())))
    }

    fn bwd(&self, scores: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let (factor, width) = (gradient.to_scalar::<f32>()?, scores.dims2()?.1);
        let gradient = read(scores, |scores| {
            let mut gradient = vec![0.0; scores.len()];
            let mut row = vec![0.0; width];
            for target in &self.targets {
                let start = target.row as usize * width;
                row.copy_from_slice(&scores[start..start + width]);
                softmax(&mut row);
                row[target.class as usize] -= 1.0;
                let weight = factor * target.weight;
                let sums = gradient[start..start + width].iter_mut().zip(&row);
                sums.for_each(|(sum, value)| *sum += weight * value);
            }
            gradient
        })?;
        Ok(Some(shaped(gradient, scores)?))
    }
}
