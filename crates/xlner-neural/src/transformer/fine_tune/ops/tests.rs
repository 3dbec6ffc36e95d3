//! Every operation against the chain of candle's own, values and gradients.

use std::sync::Arc;

use candle_core::{DType, Device, Tensor, Var};

use super::{Distances, Pass, Sentences, Tables, Target, uniform};
use crate::nn::Activation;

fn random(shape: &[usize], seed: u64) -> Var {
    let count = shape.iter().product::<usize>() as u64;
    let values: Vec<f32> = (0..count).map(|at| uniform(seed, at) as f32 * 4.0 - 2.0).collect();
    Var::from_vec(values, shape, &Device::Cpu).unwrap()
}

fn passes(seed: Option<u64>) -> [Pass; 2] {
    [true, false].map(|fused| Pass::new(fused, DType::F32, seed))
}

fn difference(a: &Tensor, b: &Tensor) -> f32 {
    assert_eq!(a.dims(), b.dims());
    let largest = |t: &Tensor| t.flatten_all().unwrap().max(0).unwrap().to_scalar::<f32>().unwrap();
    largest(&(a - b).unwrap().abs().unwrap())
}

/// Values and gradients by `variables` agree.
fn agree(what: &str, seed: Option<u64>, variables: &[&Var], compute: &dyn Fn(&Pass) -> Tensor) {
    let [one, two] = passes(seed).map(|pass| {
        let output = compute(&pass);
        let weights = random(output.dims(), 99);
        let gradients = (&output * weights.as_tensor()).unwrap().sum_all().unwrap().backward().unwrap();
        let of = |variable: &&Var| gradients.get(variable.as_tensor()).unwrap_or_else(|| panic!("{what}")).clone();
        (output, variables.iter().map(of).collect::<Vec<_>>())
    });
    assert!(difference(&one.0, &two.0) < 1e-5, "{what}: {}", difference(&one.0, &two.0));
    for (index, (one, two)) in one.1.iter().zip(&two.1).enumerate() {
        assert!(difference(one, two) < 5e-5, "{what}, gradient {index}: {}", difference(one, two));
    }
}

#[test]
fn row_by_row() {
    let (x, w, b) = (random(&[7, 20], 1), random(&[33, 20], 2), random(&[33], 3));
    agree("linear", None, &[&x, &w, &b], &|pass| pass.linear(&x, &w, Some(&b)).unwrap());
    agree("linear without bias", None, &[&x, &w], &|pass| pass.linear(&x, &w, None).unwrap());
    let (scale, shift) = (random(&[20], 4), random(&[20], 5));
    agree("norm", None, &[&x, &scale, &shift], &|pass| pass.norm(&x, &scale, &shift, 1e-6).unwrap());
    use Activation::{Gelu, GeluTanh, Identity, QuickGelu, Relu, Silu, Tanh};
    for function in [Gelu, GeluTanh, QuickGelu, Relu, Silu, Tanh, Identity] {
        agree(&format!("{function:?}"), None, &[&x], &|pass| pass.activation(&x, function).unwrap());
    }
    agree("dropout", Some(7), &[&x], &|pass| pass.dropout(&x, 0.3).unwrap());
    let targets = [(0, 3, 0.5), (2, 19, 0.25), (2, 0, 1.0)].map(|(row, class, weight)| Target { row, class, weight });
    agree("loss", None, &[&x], &|pass| pass.cross_entropy(&x, &targets).unwrap());
}

#[test]
fn attention() {
    let (heads, width, longest) = (3, 4, 6);
    let x = random(&[12, 3 * heads * width], 1);
    let sentences = Sentences { lengths: Arc::new(vec![5, 1, 6]) };
    agree("attention", None, &[&x], &|pass| pass.attention(&x, &sentences, heads, None, 0.0).unwrap());
    let one = Sentences { lengths: Arc::new(vec![12]) };
    agree("attention with dropout", Some(3), &[&x], &|p| p.attention(&x, &one, heads, None, 0.2).unwrap());
    let (keys, queries) = (random(&[9, heads * width], 2), random(&[9, heads * width], 3));
    let rows = Arc::new((0..2 * longest as u32 - 1).map(|at| at.min(8)).collect());
    let distances = Distances { rows, longest };
    for (with_keys, with_queries) in [(true, true), (true, false), (false, true)] {
        let tables = Tables {
            keys: with_keys.then(|| keys.as_tensor().clone()),
            queries: with_queries.then(|| queries.as_tensor().clone()),
            distances: distances.clone(),
        };
        let mut variables = vec![&x];
        variables.extend(with_keys.then_some(&keys));
        variables.extend(with_queries.then_some(&queries));
        agree("distances", None, &variables, &|p| p.attention(&x, &sentences, heads, Some(&tables), 0.0).unwrap());
    }
}

#[test]
fn as_many_are_dropped_as_asked_for() {
    let ones = Tensor::ones((100, 1000), DType::F32, &Device::Cpu).unwrap();
    let pass = Pass::new(true, DType::F32, Some(1));
    let first = pass.dropout(&ones, 0.1).unwrap();
    let mean = first.mean_all().unwrap().to_scalar::<f32>().unwrap();
    assert!((mean - 1.0).abs() < 0.005, "{mean}");
    assert!(difference(&first, &pass.dropout(&ones, 0.1).unwrap()) > 1.0, "every operation drops others");
    let again = Pass::new(true, DType::F32, Some(1)).dropout(&ones, 0.1).unwrap();
    assert_eq!(difference(&first, &again), 0.0);
}
