//! Linear layers.

use std::cell::Cell;

use rayon::prelude::*;
use rten_gemm::{GemmExecutor, GemmInputA, GemmInputB, GemmOptions, GemmUninitOptions, PackedBMatrix};
use rten_tensor::NdTensorView;
use rten_vecmath::ExtendInit;

use super::Scope;
use super::matrix::F32;
use crate::{Precision, Result};

/// Rows that are multiplied at once in 8 bits: their sums stay in the processor's cache until they are scaled.
const ROWS: usize = 128;

thread_local! {
    static INT8: GemmExecutor<u8, i8, i32> = GemmExecutor::default();
    static ROOM: Cell<Room> = Cell::default();
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
                let weight = weight.expect("rows are contiguous");
                Packed::F32(F32.with(|gemm| gemm.prepack_b(weight)))
            }
            Precision::Int8 => Packed::Int8(Bytes::new(weight, inputs)),
        };
        Linear { inputs, outputs, bias, weights }
    }

    /// The layer of `weight` and, where there is one, `bias` of a checkpoint.
    ///
    /// # Errors
    /// [`Error::Model`](crate::Error::Model) where `weight` is missing, or one of them has another shape.
    pub fn load(weights: &Scope<'_>, inputs: usize, outputs: usize, precision: Precision) -> Result<Linear> {
        Linear::load_joined(std::slice::from_ref(weights), inputs, outputs, precision)
    }

    /// Several layers of the same input as one: outputs one after another, `outputs` each. Either all have a bias or none;
    /// one that is missing beside others counts as 0.
    ///
    /// # Errors
    /// Those of [`load`](Self::load).
    pub fn load_joined(parts: &[Scope<'_>], inputs: usize, outputs: usize, precision: Precision) -> Result<Linear> {
        // Memory is taken for what is there, not for what `config.json` says.
        let (mut weight, mut bias) = (Vec::new(), Vec::new());
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
        let weights = GemmInputB::Packed(matrix);
        F32.with(|gemm| match &self.bias {
            // What is there already the product is added to, which costs less than a bias of its own.
            Some(bias) => {
                (0..count).for_each(|_| output.extend_from_slice(bias));
                let options = GemmOptions { beta: 1.0, ..GemmOptions::default() };
                gemm.gemm(output, rows, weights, options).expect("the layer's sizes fit its input");
            }
            None => output.extend_init(|space| {
                gemm.gemm_uninit(&mut space[..count * self.outputs], rows, weights, GemmUninitOptions::default())
                    .expect("the layer's sizes fit its input")
            }),
        });
    }

    fn forward_int8(&self, weights: &Bytes, rows: &[f32], count: usize, output: &mut Vec<f32>) {
        output.resize(count * self.outputs, 0.0);
        let parts = rows.par_chunks(ROWS * self.inputs).zip(output.par_chunks_mut(ROWS * self.outputs));
        parts.for_each(|(rows, output)| {
            // Taken, not borrowed: a thread that waits within the product may begin another part.
            let mut room = ROOM.take();
            room.quantize(rows, self.inputs);
            room.multiply(weights, self.inputs, output.len());
            let sums = output.par_chunks_exact_mut(self.outputs).zip(room.sums.par_chunks_exact(self.outputs));
            let scaled = sums.zip(room.scales.par_iter()).with_min_len(16);
            scaled.for_each(|((output, sums), row)| self.scale(weights, sums, *row, output));
            ROOM.set(room);
        });
    }

    /// What the sums of a row stand for, with the bias.
    fn scale(&self, weights: &Bytes, sums: &[i32], Scale { zero, scale: row }: Scale, output: &mut [f32]) {
        let weights = weights.sums.iter().zip(&weights.scales);
        let outputs = output.iter_mut().zip(sums).zip(weights);
        match &self.bias {
            Some(bias) => outputs.zip(bias).for_each(|(((output, sum), (weight_sum, scale)), bias)| {
                *output = (sum - zero * weight_sum) as f32 * (row * scale) + bias;
            }),
            None => outputs.for_each(|((output, sum), (weight_sum, scale))| {
                *output = (sum - zero * weight_sum) as f32 * (row * scale);
            }),
        }
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
            Bytes { matrix: gemm.prepack_b(bytes.expect("rows are contiguous")), scales, sums }
        })
    }
}

/// How a row in 8 bits is read: value = scale · (byte − zero).
#[derive(Debug, Clone, Copy)]
struct Scale {
    zero: i32,
    scale: f32,
}

/// What a thread needs for rows in 8 bits, used again and again.
#[derive(Default)]
struct Room {
    bytes: Vec<u8>,
    scales: Vec<Scale>,
    sums: Vec<i32>,
}

impl Room {
    /// Rows in 8 bits.
    fn quantize(&mut self, rows: &[f32], width: usize) {
        self.bytes.clear();
        self.bytes.reserve(rows.len());
        self.scales.clear();
        for row in rows.chunks_exact(width) {
            let (least, most) = range(row);
            let scale = (most - least) / 255.0;
            let inverse = if scale > 0.0 { scale.recip() } else { 0.0 };
            let zero = (-least * inverse).round();
            // From 2²³ on floats are whole numbers: what is added to it is rounded, and stands in the last bits.
            const WHOLE: f32 = (1 << 23) as f32;
            let whole = |value: &f32| (value * inverse + (WHOLE + zero)).clamp(WHOLE, WHOLE + 255.0);
            let byte = |value: &f32| whole(value).to_bits() as u8;
            self.bytes.extend(row.iter().map(byte));
            self.scales.push(Scale { zero: zero as i32, scale });
        }
    }

    /// The products of the rows with the weights, `count` in all.
    fn multiply(&mut self, weights: &Bytes, width: usize, count: usize) {
        self.sums.clear();
        self.sums.reserve(count);
        let rows = GemmInputA::Unpacked(NdTensorView::from_data([self.scales.len(), width], &self.bytes[..]));
        INT8.with(|gemm| {
            self.sums.extend_init(|space| {
                let weights = GemmInputB::Packed(&weights.matrix);
                gemm.gemm_uninit(&mut space[..count], rows, weights, GemmUninitOptions::default())
                    .expect("the layer's sizes fit its input")
            });
        });
    }
}

/// The least and the largest of values and 0, found in lanes so that several are looked at at a time.
fn range(values: &[f32]) -> (f32, f32) {
    const LANES: usize = 16;
    let (mut least, mut most) = ([0f32; LANES], [0f32; LANES]);
    let chunks = values.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks.chain([rest]) {
        for ((least, most), value) in least.iter_mut().zip(&mut most).zip(chunk) {
            *least = if *value < *least { *value } else { *least };
            *most = if *value > *most { *value } else { *most };
        }
    }
    (least.into_iter().fold(0.0, f32::min), most.into_iter().fold(0.0, f32::max))
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
