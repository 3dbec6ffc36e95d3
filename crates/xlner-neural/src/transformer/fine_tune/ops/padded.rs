//! Attention of sentences padded to the longest, by operations that every device has.

use candle_core::{D, DType, Device, Result, Tensor};

use super::Pass;
use super::attention::{Sentences, Tables};
use super::dropout::Drops;

impl Pass {
    /// What [`attention`](Pass::attention) is, with `scale` and with some of the weights dropped.
    pub(super) fn composed(
        &self,
        projected: &Tensor,
        sentences: &Sentences,
        [heads, width]: [usize; 2],
        scale: f32,
        tables: Option<&Tables>,
        drops: Option<Drops>,
    ) -> Result<Tensor> {
        let device = projected.device();
        let padding = Padding::new(&sentences.lengths, device)?;
        let (count, longest) = (sentences.lengths.len(), padding.longest);
        let zeros = Tensor::zeros((1, projected.dims2()?.1), projected.dtype(), device)?;
        let rows = Tensor::cat(&[projected, &zeros], 0)?.index_select(&padding.spread, 0)?;
        let parts = rows.reshape((count, longest, 3, heads, width))?.permute((2, 0, 3, 1, 4))?;
        let part = |part: usize| self.cast(&parts.get(part)?.contiguous()?);
        let (queries, keys, values) = (part(0)?, part(1)?, part(2)?);
        let scores = |a: &Tensor, b: &Tensor| a.matmul(&b.t()?)?.to_dtype(DType::F32)? * f64::from(scale);
        let mut sum = scores(&queries, &keys)?;
        if let Some(tables) = tables {
            let at = |query: usize, key: usize| tables.distances.row(query, key) as u32;
            let by_head = |table: &Tensor| -> Result<Tensor> {
                let table = table.reshape(((), heads, width))?.transpose(0, 1)?.unsqueeze(0)?;
                let table = table.broadcast_as((count, heads, table.dim(2)?, width))?;
                self.cast(&table.contiguous()?)
            };
            let index = |of: &dyn Fn(usize, usize) -> u32| -> Result<Tensor> {
                let index = (0..longest * longest).map(|place| of(place / longest, place % longest)).collect();
                let index = Tensor::from_vec::<_, u32>(index, (1, 1, longest, longest), device)?;
                index.broadcast_as((count, heads, longest, longest))?.contiguous()
            };
            if let Some(table) = &tables.keys {
                sum = (sum + scores(&queries, &by_head(table)?)?.gather(&index(&at)?, D::Minus1)?)?;
            }
            if let Some(table) = &tables.queries {
                let by_key =
                    scores(&keys, &by_head(table)?)?.gather(&index(&|key, query| at(query, key))?, D::Minus1)?;
                sum = (sum + by_key.transpose(2, 3)?)?;
            }
        }
        let sum = sum.broadcast_add(&padding.hidden)?;
        let exponents = sum.broadcast_sub(&sum.max_keepdim(D::Minus1)?.detach())?.exp()?;
        let mut weights = exponents.broadcast_div(&exponents.sum_keepdim(D::Minus1)?)?;
        if let Some(drops) = &drops {
            weights = (&weights * self.mask(drops, weights.shape(), device)?)?;
        }
        let context = self.cast(&weights)?.matmul(&values)?.to_dtype(DType::F32)?;
        let context = context.transpose(1, 2)?.reshape((count * longest, heads * width))?;
        context.index_select(&padding.packed, 0)
    }
}

/// Between packed rows and rows padded to the longest sentence.
struct Padding {
    longest: usize,
    /// The packed row of every padded one; padding is the row after the last.
    spread: Tensor,
    /// The padded row of every packed one.
    packed: Tensor,
    /// −∞, nearly, for keys that are padding: sentences × 1 × 1 × longest.
    hidden: Tensor,
}

impl Padding {
    fn new(lengths: &[usize], device: &Device) -> Result<Padding> {
        let (longest, rows) = (lengths.iter().copied().max().unwrap_or(0), lengths.iter().sum::<usize>());
        let (mut spread, mut packed, mut hidden) = (Vec::new(), Vec::with_capacity(rows), Vec::new());
        for (sentence, &length) in lengths.iter().enumerate() {
            for at in 0..longest {
                if at < length {
                    spread.push(packed.len() as u32);
                    packed.push((sentence * longest + at) as u32);
                } else {
                    spread.push(rows as u32);
                }
                hidden.push(if at < length { 0f32 } else { -1e9 });
            }
        }
        Ok(Padding {
            longest,
            spread: Tensor::from_vec(spread, lengths.len() * longest, device)?,
            packed: Tensor::from_vec(packed, rows, device)?,
            hidden: Tensor::from_vec(hidden, (lengths.len(), 1, 1, longest), device)?,
        })
    }
}
