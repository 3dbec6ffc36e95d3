//! Linear layers.

use rayon::prelude::*;
use rten_gemm::{BiasVector, GemmExecutor, GemmInputA, GemmInputB, GemmUninitOptions, PackedBMatrix};
use rten_simd::SimdOp;
use rten_tensor::NdTensorView;
use rten_vecmath::{ExtendInit, MinMax, Quantize};

use super::Scope;
use super::matrix::F32;
use crate::{Precision, Result};

thread_local! {
    static INT8: GemmExecutor<u8, i8, i32> = GemmExecutor::default();
}

/// y = x Wᵀ + b, its weights laid out once for the fastest product.
pub struct Linear {
    inputs: usize,
    outputs: usize,
    bias: Option<Vec<f32>>,
    weights: Packed,
}

/// Weights in 8 bits.
struct Bytes {
    matrix: PackedBMatrix<i8>,
    /// What the weights of an output are multiplied by.
    scales: Vec<f32>,
    /// Their sums: an input's zero point times them is what it adds to an output too much. (rten-gemm 0.27 takes zero points
    /// itself, but mixes up those of different rows.)
    sums: Vec<i32>,
}

enum Packed {
    F32(PackedBMatrix<f32>),
    Int8(Bytes),
}

impl std::fmt::Debug for Linear {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Linear").field("inputs", &self.inputs).field("outputs", &self.outputs).finish_non_exhaustive()
    }
}

impl Linear {
    /// A layer of `weight` (outputs × `inputs`, row by row, as PyTorch keeps it) and `bias` (one per output). Panics where
    /// the sizes do not fit.
    pub fn new(weight: &[f32], bias: Option<Vec<f32>>, inputs: usize, precision: Precision) -> Linear {
        assert!(inputs > 0 && weight.len().is_multiple_of(inputs), "{} weights for {inputs} inputs", weight.len());
        let outputs = weight.len() / inputs;
        assert!(bias.as_ref().is_none_or(|bias| bias.len() == outputs), "a bias for each of {outputs} outputs");
        let weights = match precision {
            Precision::F32 => {
                let weight = NdTensorView::from_data_with_strides([inputs, outputs], weight, [1, inputs]);
                let weight = weight.expect("rows lie behind each other");
                Packed::F32(F32.with(|gemm| gemm.prepack_b(weight)))
            }
            Precision::Int8 => Packed::Int8(Bytes::new(weight, inputs)),
        };
        Linear { inputs, outputs, bias, weights }
    }

    /// The layer of `weight` and, where there is one, `bias` of a checkpoint.
    ///
    /// # Errors
    /// [`Error::Model`] where `weight` is missing, or one of them has another shape.
    pub fn load(weights: &Scope<'_>, inputs: usize, outputs: usize, precision: Precision) -> Result<Linear> {
        Linear::load_joined(std::slice::from_ref(weights), inputs, outputs, precision)
    }

    /// Several layers of the same input as one: outputs behind each other, `outputs` each. Either all have a bias or none;
    /// one that is missing beside others counts as 0.
    ///
    /// # Errors
    /// Those of [`load`](Self::load).
    pub fn load_joined(parts: &[Scope<'_>], inputs: usize, outputs: usize, precision: Precision) -> Result<Linear> {
        let (mut weight, mut bias) = (Vec::with_capacity(parts.len() * outputs * inputs), Vec::new());
        let biased = parts.iter().any(|part| part.contains("bias"));
        for part in parts {
            weight.append(&mut part.tensor("weight", &[outputs, inputs])?);
            if part.contains("bias") {
                bias.append(&mut part.tensor("bias", &[outputs])?);
            } else if biased {
                bias.resize(bias.len() + outputs, 0.0);
            }
        }
        Ok(Linear::new(&weight, biased.then_some(bias), inputs, precision))
    }

    /// Values of an input row.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Values of an output row.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The outputs of rows of inputs. Panics where these are no whole rows.
    pub fn forward(&self, rows: &[f32]) -> Vec<f32> {
        let mut output = Vec::new();
        self.forward_into(rows, &mut output);
        output
    }

    /// The same; what was in `output` is replaced.
    pub fn forward_into(&self, rows: &[f32], output: &mut Vec<f32>) {
        assert!(rows.len().is_multiple_of(self.inputs), "{} values in rows of {}", rows.len(), self.inputs);
        let count = rows.len() / self.inputs;
        output.clear();
        output.reserve(count * self.outputs);
        match &self.weights {
            Packed::F32(matrix) => self.forward_f32(matrix, rows, count, output),
            Packed::Int8(bytes) => self.forward_int8(bytes, rows, count, output),
        }
    }

    fn forward_f32(&self, matrix: &PackedBMatrix<f32>, rows: &[f32], count: usize, output: &mut Vec<f32>) {
        let rows = GemmInputA::Unpacked(NdTensorView::from_data([count, self.inputs], rows));
        let bias = self.bias.as_deref().map(BiasVector::Row);
        F32.with(|gemm| {
            output.extend_init(|space| {
                let options = GemmUninitOptions { bias, ..GemmUninitOptions::default() };
                gemm.gemm_uninit(&mut space[..count * self.outputs], rows, GemmInputB::Packed(matrix), options)
                    .expect("the layer's sizes fit its input")
            });
        });
    }

    fn forward_int8(&self, weights: &Bytes, rows: &[f32], count: usize, output: &mut Vec<f32>) {
        let inputs = Quantized::new(rows, self.inputs);
        let bytes = GemmInputA::Unpacked(NdTensorView::from_data([count, self.inputs], &inputs.bytes[..]));
        let mut sums: Vec<i32> = Vec::with_capacity(count * self.outputs);
        INT8.with(|gemm| {
            sums.extend_init(|space| {
                let (space, weights) = (&mut space[..count * self.outputs], GemmInputB::Packed(&weights.matrix));
                gemm.gemm_uninit(space, bytes, weights, GemmUninitOptions::default())
                    .expect("the layer's sizes fit its input")
            });
        });
        output.resize(count * self.outputs, 0.0);
        let rows = output.par_chunks_exact_mut(self.outputs).zip(sums.par_chunks_exact(self.outputs));
        let rows = rows.zip(inputs.zeros.par_iter().zip(&inputs.scales)).with_min_len(8);
        rows.for_each(|((output, sums), (zero, row_scale))| {
            let (zero, weights) = (i32::from(*zero), weights.sums.iter().zip(&weights.scales));
            for ((output, sum), (weight_sum, scale)) in output.iter_mut().zip(sums).zip(weights) {
                *output = (sum - zero * weight_sum) as f32 * (row_scale * scale);
            }
            if let Some(bias) = &self.bias {
                output.iter_mut().zip(bias).for_each(|(output, bias)| *output += bias);
            }
        });
    }
}

impl Bytes {
    fn new(weight: &[f32], inputs: usize) -> Bytes {
        let outputs = weight.len() / inputs;
        INT8.with(|gemm| {
            // Without dot-product instructions sums of two products saturate unless a bit is spared.
            let most = if gemm.may_saturate() { 63.0 } else { 127.0 };
            let mut bytes = vec![0i8; weight.len()];
            let (mut scales, mut sums) = (vec![0.0; outputs], vec![0; outputs]);
            let rows = bytes.chunks_exact_mut(inputs).zip(weight.chunks_exact(inputs));
            for ((bytes, weight), (scale, sum)) in rows.zip(scales.iter_mut().zip(&mut sums)) {
                let largest = weight.iter().fold(0f32, |largest, weight| largest.max(weight.abs()));
                *scale = largest / most;
                let inverse = if largest > 0.0 { most / largest } else { 0.0 };
                for (byte, weight) in bytes.iter_mut().zip(weight) {
                    *byte = (weight * inverse).round() as i8;
                    *sum += i32::from(*byte);
                }
            }
            let bytes = NdTensorView::from_data_with_strides([inputs, outputs], &bytes[..], [1, inputs]);
            Bytes { matrix: gemm.prepack_b(bytes.expect("rows lie behind each other")), scales, sums }
        })
    }
}

/// Rows in 8 bits: value = scale · (byte − zero), scale and zero per row.
struct Quantized {
    bytes: Vec<u8>,
    zeros: Vec<u8>,
    scales: Vec<f32>,
}

impl Quantized {
    fn new(rows: &[f32], width: usize) -> Quantized {
        let parts: Vec<(Vec<u8>, u8, f32)> = rows
            .par_chunks_exact(width)
            .with_min_len(8)
            .map(|row| {
                let (least, most) = MinMax::new(row).dispatch();
                let (least, most) = (least.min(0.0), most.max(0.0));
                let scale = (most - least) / 255.0;
                let inverse = if scale > 0.0 { scale.recip() } else { 0.0 };
                let zero = (-least * inverse).round() as u8;
                let mut bytes = Vec::with_capacity(width);
                bytes.extend_init(|space| Quantize::new(row, &mut space[..width], inverse, zero).dispatch());
                (bytes, zero, scale)
            })
            .collect();
        let mut quantized = Quantized { bytes: Vec::with_capacity(rows.len()), zeros: Vec::new(), scales: Vec::new() };
        for (bytes, zero, scale) in parts {
            quantized.bytes.extend_from_slice(&bytes);
            quantized.zeros.push(zero);
            quantized.scales.push(scale);
        }
        quantized
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(count: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..count).map(|_| next()).collect()
    }

    fn expected(rows: &[f32], weight: &[f32], bias: &[f32], inputs: usize) -> Vec<f64> {
        let product = |row: &[f32], weight: &[f32]| {
            row.iter().zip(weight).map(|(x, w)| f64::from(*x) * f64::from(*w)).sum::<f64>()
        };
        let outputs = rows.chunks_exact(inputs).flat_map(|row| {
            weight.chunks_exact(inputs).zip(bias).map(move |(weight, bias)| product(row, weight) + f64::from(*bias))
        });
        outputs.collect()
    }

    #[test]
    fn as_by_the_formula() {
        for (inputs, outputs) in [(1, 1), (7, 5), (64, 33), (300, 130)] {
            for count in [0, 1, 2, 17] {
                let (rows, weight) = (values(count * inputs, 1), values(inputs * outputs, 2));
                let bias = values(outputs, 3);
                let expected = expected(&rows, &weight, &bias, inputs);
                for (precision, most) in [(Precision::F32, 1e-4), (Precision::Int8, 0.02 * (inputs as f64).sqrt())] {
                    let found = Linear::new(&weight, Some(bias.clone()), inputs, precision).forward(&rows);
                    assert_eq!(found.len(), expected.len());
                    for (found, expected) in found.iter().zip(&expected) {
                        assert!((f64::from(*found) - expected).abs() < most, "{precision}: {found} for {expected}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_row_does_not_depend_on_the_others_nor_on_threads() {
        let (inputs, outputs) = (300, 130);
        let (rows, weight) = (values(40 * inputs, 4), values(inputs * outputs, 5));
        for precision in [Precision::F32, Precision::Int8] {
            let layer = Linear::new(&weight, None, inputs, precision);
            let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let all = pool(1).install(|| layer.forward(&rows));
            assert!(pool(3).install(|| layer.forward(&rows)) == all, "{precision}");
            let alone: Vec<f32> = rows.chunks_exact(inputs).flat_map(|row| layer.forward(row)).collect();
            assert!(alone == all, "{precision}");
        }
    }

    #[test]
    fn zeros_stay_zeros() {
        let layer = Linear::new(&[0.0; 6], None, 3, Precision::Int8);
        assert_eq!(layer.forward(&[0.0; 3]), [0.0; 2]);
    }
}
