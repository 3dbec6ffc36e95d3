//! AdamW.

use std::cell::RefCell;

use candle_core::{CpuStorage, Device, InplaceOp2, Layout, Result, Tensor, Var};
use rayon::prelude::*;

use super::ops::read;

/// Values that a thread works on at a time.
const CHUNK: usize = 1 << 15;
const BETAS: [f64; 2] = [0.9, 0.999];
const EPSILON: f64 = 1e-8;

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2), as `torch.optim.AdamW` computes it: β₁ 0.9,
/// β₂ 0.999, ε 1e-8. Biases and norms, whatever is a vector, do not decay.
pub(super) struct AdamW {
    decay: f64,
    steps: u64,
    moments: Vec<Moments>,
    /// A parameter whose values from some place on have a learning rate of their own.
    tier: Option<(usize, Tier)>,
}

/// From which value on, and what the learning rate is multiplied by there.
#[derive(Debug, Clone, Copy)]
struct Tier {
    first: usize,
    factor: f64,
}

/// Running means of a parameter's gradient and of its square.
enum Moments {
    Host(RefCell<[Vec<f32>; 2]>),
    Device([Tensor; 2]),
}

impl AdamW {
    pub fn new(variables: &[&Var], decay: f64) -> Result<AdamW> {
        let moments = |variable: &&Var| {
            Ok(match variable.device() {
                Device::Cpu => Moments::Host(RefCell::new([0, 1].map(|_| vec![0.0; variable.elem_count()]))),
                _ => Moments::Device([variable.zeros_like()?, variable.zeros_like()?]),
            })
        };
        Ok(AdamW { decay, steps: 0, moments: variables.iter().map(moments).collect::<Result<_>>()?, tier: None })
    }

    /// Gives the values of the parameter `at` from the value `first` on a learning rate that is `factor` times as large.
    pub fn set_tier(&mut self, at: usize, first: usize, factor: f64) {
        self.tier = Some((at, Tier { first, factor }));
    }

    /// Changes the parameters by their gradients, times `factor`.
    pub fn step(&mut self, variables: &[&Var], gradients: &[Option<Tensor>], rate: f64, factor: f64) -> Result<()> {
        self.steps += 1;
        let corrections = BETAS.map(|beta| 1.0 - beta.powf(self.steps as f64));
        for (at, ((variable, gradient), moments)) in variables.iter().zip(gradients).zip(&mut self.moments).enumerate()
        {
            let Some(gradient) = gradient else { continue };
            let tier = self.tier.filter(|(tiered, _)| *tiered == at).map(|(_, tier)| tier);
            let decay = if variable.rank() > 1 { rate * self.decay } else { 0.0 };
            match moments {
                Moments::Host(moments) => {
                    let step = rate / corrections[0];
                    let update = Update { moments, factor, decay, step, correction: corrections[1].sqrt(), tier };
                    variable.inplace_op2(&gradient.contiguous()?, &update)?;
                }
                Moments::Device([mean, square]) => {
                    let gradient = (gradient * factor)?;
                    *mean = ((&*mean * BETAS[0])? + (&gradient * (1.0 - BETAS[0]))?)?;
                    *square = ((&*square * BETAS[1])? + (gradient.sqr()? * (1.0 - BETAS[1]))?)?;
                    let root = ((square.sqrt()? / corrections[1].sqrt())? + EPSILON)?;
                    let mut change = (mean.div(&root)? * (rate / corrections[0]))?;
                    if let Some(tier) = tier {
                        let of = |at| if at < tier.first { 1f32 } else { tier.factor as f32 };
                        let factors: Vec<f32> = (0..change.elem_count()).map(of).collect();
                        change = (change * Tensor::from_vec(factors, variable.shape(), variable.device())?)?;
                    }
                    variable.set(&((variable.as_tensor() * (1.0 - decay))? - change)?)?;
                }
            }
        }
        Ok(())
    }

    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The running means, of every parameter in turn.
    pub fn moments(&self, variables: &[&Var]) -> Result<Vec<[Tensor; 2]>> {
        let of = |(moments, variable): (&Moments, &&Var)| match moments {
            Moments::Host(moments) => {
                let tensor = |values: &Vec<f32>| Tensor::from_vec(values.clone(), variable.shape(), &Device::Cpu);
                let [mean, square] = &*moments.borrow();
                Ok([tensor(mean)?, tensor(square)?])
            }
            Moments::Device(tensors) => Ok(tensors.clone()),
        };
        self.moments.iter().zip(variables).map(of).collect()
    }

    /// Goes on where another run of it stopped.
    pub fn restore(&mut self, steps: u64, moments: Vec<[Tensor; 2]>) -> Result<()> {
        self.steps = steps;
        for (own, given) in self.moments.iter_mut().zip(moments) {
            match own {
                Moments::Host(own) => {
                    let [mean, square] = given;
                    *own.borrow_mut() = [read(&mean, <[f32]>::to_vec)?, read(&square, <[f32]>::to_vec)?];
                }
                Moments::Device(own) => {
                    let [mean, square] = given;
                    let device = own[0].device().clone();
                    *own = [mean.to_device(&device)?, square.to_device(&device)?];
                }
            }
        }
        Ok(())
    }
}

/// One parameter's step on the CPU, in one pass.
struct Update<'a> {
    moments: &'a RefCell<[Vec<f32>; 2]>,
    factor: f64,
    /// Learning rate times decay.
    decay: f64,
    /// Learning rate over the correction of the first moment.
    step: f64,
    /// Root of the correction of the second moment.
    correction: f64,
    tier: Option<Tier>,
}

impl InplaceOp2 for Update<'_> {
    fn name(&self) -> &'static str {
        "adamw"
    }

    fn cpu_fwd(&self, values: &mut CpuStorage, lv: &Layout, gradient: &CpuStorage, lg: &Layout) -> Result<()> {
        let (Some((start, end)), Some((first, last))) = (lv.contiguous_offsets(), lg.contiguous_offsets()) else {
            candle_core::bail!("parameters are not contiguous")
        };
        let CpuStorage::F32(values) = values else { candle_core::bail!("parameters are kept in f32") };
        let (values, gradient) = (&mut values[start..end], &gradient.as_slice::<f32>()?[first..last]);
        let [mean, square] = &mut *self.moments.borrow_mut();
        let (factor, keep, step) = (self.factor as f32, (1.0 - self.decay) as f32, self.step as f32);
        let (correction, epsilon) = (self.correction.recip() as f32, EPSILON as f32);
        let betas = BETAS.map(|beta| beta as f32);
        let rest = BETAS.map(|beta| (1.0 - beta) as f32);
        let moments = mean.par_chunks_mut(CHUNK).zip(square.par_chunks_mut(CHUNK));
        let steps = [step, self.tier.map_or(step, |tier| step * tier.factor as f32)];
        let first = self.tier.map_or(usize::MAX, |tier| tier.first);
        values.par_chunks_mut(CHUNK).zip(gradient.par_chunks(CHUNK)).zip(moments).enumerate().for_each(
            |(chunk, ((values, gradient), (mean, square)))| {
                let tiered = first.saturating_sub(chunk * CHUNK).min(values.len());
                let moments = mean.iter_mut().zip(square);
                let all = values.iter_mut().zip(gradient).zip(moments).enumerate();
                for (at, ((value, gradient), (mean, square))) in all {
                    let step = steps[usize::from(at >= tiered)];
                    let gradient = gradient * factor;
                    *mean = betas[0] * *mean + rest[0] * gradient;
                    *square = betas[1] * *square + rest[1] * gradient * gradient;
                    *value = *value * keep - step * *mean / (square.sqrt() * correction + epsilon);
                }
            },
        );
        Ok(())
    }
}

/// The norm of all gradients together.
pub(super) fn norm(gradients: &[Option<Tensor>]) -> Result<f64> {
    let mut sum = 0.0;
    for gradient in gradients.iter().flatten() {
        sum += match gradient.device() {
            Device::Cpu => read(gradient, |values| {
                let squares: Vec<f64> = values.par_chunks(CHUNK).map(squares).collect();
                squares.iter().sum::<f64>()
            })?,
            _ => f64::from(gradient.sqr()?.sum_all()?.to_scalar::<f32>()?),
        };
    }
    Ok(sum.sqrt())
}

/// The sum of squares, in lanes, which the compiler computes at once.
fn squares(values: &[f32]) -> f64 {
    let mut lanes = [0f32; 16];
    for chunk in values.chunks(16) {
        lanes.iter_mut().zip(chunk).for_each(|(lane, x)| *lane += x * x);
    }
    lanes.iter().map(|lane| f64::from(*lane)).sum()
}

/// The learning rate's factor at a step, from 0: it rises in a straight line over the first `warmup` steps, and falls to 0 at
/// the last (`get_linear_schedule_with_warmup` of `transformers`).
pub(super) fn schedule(step: u64, warmup: u64, steps: u64) -> f64 {
    match step < warmup {
        true => step as f64 / warmup as f64,
        false => steps.saturating_sub(step) as f64 / steps.saturating_sub(warmup).max(1) as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_by_the_formula() {
        let values = [1.0f64, -2.0, 0.5, 3.0];
        let gradients = [[0.1, -0.2, 0.0, 5.0], [0.3, 0.1, -0.7, -4.0]];
        let variable = Var::from_vec(values.map(|v| v as f32).to_vec(), (2, 2), &Device::Cpu).unwrap();
        let mut adam = AdamW::new(&[&variable], 0.1).unwrap();
        let (mut expected, mut mean, mut square) = (values, [0.0f64; 4], [0.0f64; 4]);
        for (step, gradients) in gradients.iter().enumerate() {
            let gradient = Tensor::from_vec(gradients.map(|g| g as f32).to_vec(), (2, 2), &Device::Cpu).unwrap();
            adam.step(&[&variable], &[Some(gradient)], 0.01, 0.5).unwrap();
            for at in 0..4 {
                let gradient = gradients[at] * 0.5;
                mean[at] = 0.9 * mean[at] + 0.1 * gradient;
                square[at] = 0.999 * square[at] + 0.001 * gradient * gradient;
                let power = step as i32 + 1;
                let (m, v) = (mean[at] / (1.0 - 0.9f64.powi(power)), square[at] / (1.0 - 0.999f64.powi(power)));
                expected[at] -= 0.01 * (0.1 * expected[at] + m / (v.sqrt() + 1e-8));
            }
        }
        let found = variable.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        for (found, expected) in found.iter().zip(expected) {
            assert!((f64::from(*found) - expected).abs() < 1e-6, "{found} {expected}");
        }
    }

    #[test]
    fn new_rows_learn_faster() {
        let count = CHUNK + 6;
        let changed = |tier: Option<(usize, f64)>| {
            let variable = Var::zeros((count / 2, 2), candle_core::DType::F32, &Device::Cpu).unwrap();
            let mut adam = AdamW::new(&[&variable], 0.0).unwrap();
            if let Some((first, factor)) = tier {
                adam.set_tier(0, first, factor);
            }
            let gradient = Tensor::ones((count / 2, 2), candle_core::DType::F32, &Device::Cpu).unwrap();
            adam.step(&[&variable], &[Some(gradient)], 0.01, 1.0).unwrap();
            variable.flatten_all().unwrap().to_vec1::<f32>().unwrap()
        };
        let plain = changed(None);
        for first in [3, CHUNK, CHUNK + 4] {
            let tiered = changed(Some((first, 5.0)));
            for at in 0..count {
                let expected = plain[at] * if at < first { 1.0 } else { 5.0 };
                assert!((tiered[at] - expected).abs() < 1e-6, "{at} {first}");
            }
        }
    }

    #[test]
    fn rates_rise_and_fall() {
        let rates: Vec<f64> = (0..6).map(|step| schedule(step, 2, 6)).collect();
        assert_eq!(rates, [0.0, 0.5, 1.0, 0.75, 0.5, 0.25]);
        assert_eq!((schedule(0, 0, 4), schedule(4, 4, 4)), (1.0, 0.0));
    }

    #[test]
    fn norms() {
        let tensor = |values: &[f32]| Some(Tensor::new(values, &Device::Cpu).unwrap());
        assert_eq!(norm(&[tensor(&[3.0]), None, tensor(&[0.0, 4.0])]).unwrap(), 5.0);
    }
}
