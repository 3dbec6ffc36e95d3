//! Products of matrices of any layout.

use rten_gemm::{GemmExecutor, GemmInputA, GemmInputB, GemmUninitOptions};
use rten_tensor::NdTensorView;
use rten_vecmath::ExtendInit;

thread_local! {
    static F32: GemmExecutor<f32, f32, f32> = GemmExecutor::default();
}

/// A matrix within a slice.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    data: &'a [f32],
    shape: [usize; 2],
    strides: [usize; 2],
}

impl<'a> Matrix<'a> {
    /// All of `data`, in rows of `columns` values.
    pub fn new(data: &'a [f32], columns: usize) -> Matrix<'a> {
        Matrix { data, shape: [data.len() / columns.max(1), columns], strides: [columns, 1] }
    }

    /// `rows` × `columns` values from `start` on, rows `stride` values apart.
    pub fn part(data: &'a [f32], start: usize, [rows, columns]: [usize; 2], stride: usize) -> Matrix<'a> {
        let needed = if rows == 0 || columns == 0 { 0 } else { (rows - 1) * stride + columns };
        Matrix { data: &data[start..start + needed], shape: [rows, columns], strides: [stride, 1] }
    }

    pub fn transposed(self) -> Matrix<'a> {
        let ([rows, columns], [row, column]) = (self.shape, self.strides);
        Matrix { shape: [columns, rows], strides: [column, row], ..self }
    }

    fn view(self) -> NdTensorView<'a, f32, 2> {
        NdTensorView::from_data_with_strides(self.shape, self.data, self.strides).expect("rows are contiguous")
    }
}

/// `scale · a · b`. Panics where the sizes do not fit.
pub(super) fn product(a: Matrix<'_>, b: Matrix<'_>, scale: f32) -> Vec<f32> {
    let count = a.shape[0] * b.shape[1];
    let mut output = Vec::with_capacity(count);
    if a.shape[1] == 0 {
        output.resize(count, 0.0);
        return output;
    }
    F32.with(|gemm| {
        output.extend_init(|space| {
            let options = GemmUninitOptions { alpha: scale, ..GemmUninitOptions::default() };
            let (a, b) = (GemmInputA::Unpacked(a.view()), GemmInputB::Unpacked(b.view()));
            gemm.gemm_uninit(&mut space[..count], a, b, options).expect("matrices fit each other")
        });
    });
    output
}
