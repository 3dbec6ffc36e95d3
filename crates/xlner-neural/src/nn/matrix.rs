//! Products of matrices that are no weights.

use rayon::prelude::*;
use rten_gemm::{GemmExecutor, GemmInputA, GemmInputB, GemmOptions};
use rten_tensor::NdTensorView;

use super::CHUNK;

thread_local! {
    /// What multiplies `f32` with the fastest instructions of this machine.
    pub(super) static F32: GemmExecutor<f32, f32, f32> = GemmExecutor::default();
}

/// A matrix within a slice: `rows` × `columns`, from `start` on, its rows `stride` values apart.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub data: &'a [f32],
    pub start: usize,
    pub rows: usize,
    pub columns: usize,
    pub stride: usize,
}

impl<'a> View<'a> {
    fn strided(self, shape: [usize; 2], strides: [usize; 2]) -> NdTensorView<'a, f32, 2> {
        let needed = if self.rows == 0 || self.columns == 0 { 0 } else { (self.rows - 1) * self.stride + self.columns };
        NdTensorView::from_data_with_strides(shape, &self.data[self.start..][..needed], strides)
            .expect("rows are contiguous")
    }

    pub fn matrix(self) -> NdTensorView<'a, f32, 2> {
        self.strided([self.rows, self.columns], [self.stride, 1])
    }

    pub fn transposed(self) -> NdTensorView<'a, f32, 2> {
        self.strided([self.columns, self.rows], [1, self.stride])
    }
}

/// `output = scale · a · b`; panics where the sizes do not fit.
pub(super) fn multiply(a: NdTensorView<'_, f32, 2>, b: NdTensorView<'_, f32, 2>, scale: f32, output: &mut [f32]) {
    F32.with(|gemm| {
        let options = GemmOptions { alpha: scale, ..GemmOptions::default() };
        gemm.gemm(output, GemmInputA::Unpacked(a), GemmInputB::Unpacked(b), options).expect("matrices fit each other");
    });
}

/// The product of `a` (`rows` × n) and `b` (n × `columns`), times `scale`; `rows` × `columns` values are written. Panics
/// where the sizes do not fit.
pub fn product(a: &[f32], b: &[f32], rows: usize, columns: usize, scale: f32, output: &mut [f32]) {
    let depth = a.len() / rows.max(1);
    let a = View { data: a, start: 0, rows, columns: depth, stride: depth };
    let b = View { data: b, start: 0, rows: depth, columns, stride: columns };
    multiply(a.matrix(), b.matrix(), scale, output);
}

/// The product of `a` (`rows` × n) and the transpose of `b` (`columns` × n), times `scale`; `rows` × `columns` values are
/// written. Panics where the sizes do not fit.
pub fn product_transposed(a: &[f32], b: &[f32], rows: usize, columns: usize, scale: f32, output: &mut [f32]) {
    let depth = a.len() / rows.max(1);
    let a = View { data: a, start: 0, rows, columns: depth, stride: depth };
    let b = View { data: b, start: 0, rows: columns, columns: depth, stride: depth };
    multiply(a.matrix(), b.transposed(), scale, output);
}

/// Adds `other` to `values`. Panics where the lengths differ.
pub fn add(values: &mut [f32], other: &[f32]) {
    assert_eq!(values.len(), other.len(), "as many values on both sides");
    values.par_chunks_mut(CHUNK).zip(other.par_chunks(CHUNK)).for_each(|(values, other)| {
        for (value, other) in values.iter_mut().zip(other) {
            *value += other;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products() {
        let a = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let (mut straight, mut transposed) = ([0.0; 4], [0.0; 4]);
        product(&a, &[1.0, 0.0, 2.0, 1.0, 0.0, 3.0], 2, 2, 2.0, &mut straight);
        product_transposed(&a, &[1.0, 2.0, 0.0, 0.0, 1.0, 3.0], 2, 2, 2.0, &mut transposed);
        assert_eq!(straight, [10.0, 22.0, 28.0, 46.0]);
        assert_eq!(transposed, straight);
    }
}
