//! What stands between two linear layers.

use rayon::prelude::*;
use rten_simd::{SimdOp, SimdUnaryOp};
use rten_vecmath::{ApproxGelu, Gelu, Silu, Softmax, Swish, Tanh};

use super::CHUNK;

/// A function applied to every value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// x·Φ(x) (Hendrycks and Gimpel 2016), by the error function.
    Gelu,
    /// The same by tanh.
    GeluTanh,
    /// x·σ(1.702 x), from the same paper.
    QuickGelu,
    /// max(x, 0).
    Relu,
    /// x·σ(x), also called swish.
    Silu,
    /// tanh.
    Tanh,
    /// None at all.
    Identity,
}

impl Activation {
    /// The function by its name in a `config.json` (`transformers.activations`); `None` where we have no such.
    pub fn from_name(name: &str) -> Option<Activation> {
        Some(match name {
            "gelu" | "gelu_python" => Activation::Gelu,
            "gelu_new" | "gelu_fast" | "gelu_pytorch_tanh" | "gelu_accurate" => Activation::GeluTanh,
            "quick_gelu" => Activation::QuickGelu,
            "relu" => Activation::Relu,
            "silu" | "swish" => Activation::Silu,
            "tanh" => Activation::Tanh,
            "linear" => Activation::Identity,
            _ => return None,
        })
    }

    /// Applies it in place.
    pub fn apply(self, values: &mut [f32]) {
        match self {
            Activation::Gelu => each(Gelu {}, values),
            Activation::GeluTanh => each(ApproxGelu {}, values),
            Activation::QuickGelu => each(Swish { alpha: 1.702 }, values),
            Activation::Relu => {
                values.par_chunks_mut(CHUNK).for_each(|chunk| chunk.iter_mut().for_each(|x| *x = x.max(0.0)));
            }
            Activation::Silu => each(Silu {}, values),
            Activation::Tanh => each(Tanh {}, values),
            Activation::Identity => {}
        }
    }
}

fn each(function: impl SimdUnaryOp<f32> + Sync, values: &mut [f32]) {
    values.par_chunks_mut(CHUNK).for_each(|chunk| function.map_mut(chunk));
}

/// Makes probabilities of scores, in place: exp(x) over their sum.
pub fn softmax(scores: &mut [f32]) {
    Softmax::new_mut(scores).dispatch();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The error function by its power series (Abramowitz and Stegun 7.1.5), good for |x| < 4.
    fn erf(x: f64) -> f64 {
        let (mut term, mut sum) = (x, x);
        for n in 1..100 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        sum * 2.0 / std::f64::consts::PI.sqrt()
    }

    #[test]
    fn functions_are_what_they_say() {
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        let tanh =
            |x: f64| 0.5 * x * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3))).tanh());
        let expected: [(&str, &dyn Fn(f64) -> f64); 8] = [
            ("gelu", &|x| 0.5 * x * (1.0 + erf(x / 2f64.sqrt()))),
            ("gelu_new", &tanh),
            ("gelu_pytorch_tanh", &tanh),
            ("quick_gelu", &|x| x * sigmoid(1.702 * x)),
            ("relu", &|x| x.max(0.0)),
            ("swish", &|x| x * sigmoid(x)),
            ("tanh", &f64::tanh),
            ("linear", &|x| x),
        ];
        for (name, function) in expected {
            let inputs: Vec<f32> = (-40..=40).map(|i| i as f32 / 10.0).collect();
            let mut outputs = inputs.clone();
            Activation::from_name(name).unwrap().apply(&mut outputs);
            for (x, y) in inputs.iter().zip(outputs) {
                assert!((function(f64::from(*x)) - f64::from(y)).abs() < 2e-6, "{name}({x}) = {y}");
            }
        }
        assert_eq!(Activation::from_name("mish"), None);
    }

    #[test]
    fn probabilities_sum_to_one() {
        let mut scores = [1.0, 2.0, f32::NEG_INFINITY, 0.0];
        softmax(&mut scores);
        let sum: f64 = [1.0f64, 2.0, 0.0].iter().map(|x| x.exp()).sum();
        for (found, x) in scores.iter().zip([1.0, 2.0, f64::NEG_INFINITY, 0.0]) {
            assert!((f64::from(*found) - x.exp() / sum).abs() < 1e-6);
        }
    }
}
