//! The operations of a transformer, each with its derivative.
//!
//! Values are rows of `f32`; the sentences of a batch are packed one after another without padding. On the CPU each operation
//! is one pass of our own over its rows ([`candle_core::CustomOp1`] and its kin), as candle has most of them only as chains of
//! smaller ones. On other devices, and where [`Pass::fused`] is off, they are such chains.

mod activation;
mod attention;
mod dropout;
mod linear;
mod loss;
mod matrix;
mod norm;
mod padded;

use std::cell::Cell;

use candle_core::{CpuStorage, DType, Layout, Result, Storage, Tensor, bail};

pub(super) use attention::{Distances, Sentences, Tables};
pub(super) use dropout::{mix, uniform};
pub(super) use loss::Target;

/// How one pass through the model computes.
pub(super) struct Pass {
    /// Whether operations are those of the CPU.
    pub fused: bool,
    /// What products are computed in; all else is in `f32`.
    pub products: DType,
    /// What decides which values are dropped; `None`: nothing is.
    seed: Option<u64>,
    /// Operations so far that drop values.
    drops: Cell<u64>,
}

impl Pass {
    pub fn new(fused: bool, products: DType, seed: Option<u64>) -> Pass {
        Pass { fused, products, seed, drops: Cell::new(0) }
    }

    /// The tensor in what products are computed in.
    fn cast(&self, tensor: &Tensor) -> Result<Tensor> {
        if tensor.dtype() == self.products { Ok(tensor.clone()) } else { tensor.to_dtype(self.products) }
    }
}

/// The values of an argument of a CPU operation.
fn slice<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let Some((start, end)) = layout.contiguous_offsets() else { bail!("the rows are not contiguous") };
    Ok(&storage.as_slice::<f32>()?[start..end])
}

/// Calls `f` with the values of a tensor on the CPU.
pub(super) fn read<R>(tensor: &Tensor, f: impl FnOnce(&[f32]) -> R) -> Result<R> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    let Storage::Cpu(storage) = &*storage else { bail!("the tensor is not on the CPU") };
    Ok(f(slice(storage, layout)?))
}

/// A tensor of the shape of `like` on the CPU.
fn shaped(values: Vec<f32>, like: &Tensor) -> Result<Tensor> {
    Tensor::from_vec(values, like.shape(), like.device())
}

#[cfg(test)]
mod tests;
