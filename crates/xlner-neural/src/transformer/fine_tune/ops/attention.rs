//! Attention of every sentence to itself, with DeBERTa's distances where the model has them.

use std::sync::{Arc, OnceLock};

use candle_core::{CpuStorage, CustomOp3, DType, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::dropout::Drops;
use super::matrix::{Matrix, product};
use super::{Pass, read, shaped, slice};
use crate::nn::softmax;

/// How sentences lie in packed rows.
#[derive(Clone)]
pub(in super::super) struct Sentences {
    pub lengths: Arc<Vec<usize>>,
}

/// What distances of sub-words add to scores (He et al. 2021, eq. 4): vectors of `used` distances, of keys and of queries.
#[derive(Clone)]
pub(in super::super) struct Tables {
    pub keys: Option<Tensor>,
    pub queries: Option<Tensor>,
    pub distances: Distances,
}

/// The row of the tables for every distance, query − key + longest sentence − 1.
#[derive(Clone)]
pub(in super::super) struct Distances {
    pub rows: Arc<Vec<u32>>,
    pub longest: usize,
}

impl Distances {
    pub(super) fn row(&self, query: usize, key: usize) -> usize {
        self.rows[query + self.longest - 1 - key] as usize
    }
}

impl Pass {
    /// softmax(scale · Q Kᵀ + what distances add) V of every sentence, with `heads` heads; Q, K and V lie beside each other.
    pub fn attention(
        &self,
        projected: &Tensor,
        sentences: &Sentences,
        heads: usize,
        tables: Option<&Tables>,
        dropout: f64,
    ) -> Result<Tensor> {
        let width = projected.dims2()?.1 / 3 / heads;
        let both =
            tables.map_or(0, |tables| usize::from(tables.keys.is_some()) + usize::from(tables.queries.is_some()));
        let scale = ((width * (1 + both)) as f32).sqrt().recip();
        let drops = self.drops(dropout);
        if !self.fused {
            return self.composed(projected, sentences, [heads, width], scale, tables, drops);
        }
        let none = Tensor::zeros(1, DType::F32, projected.device())?;
        let table = |table: Option<&Tensor>| table.map_or(Ok(none.clone()), Tensor::contiguous);
        let keys = table(tables.and_then(|tables| tables.keys.as_ref()))?;
        let queries = table(tables.and_then(|tables| tables.queries.as_ref()))?;
        let attention = Attention {
            lengths: sentences.lengths.clone(),
            heads,
            width,
            scale,
            drops,
            distances: tables.map(|tables| tables.distances.clone()),
            uses: [tables.is_some_and(|t| t.keys.is_some()), tables.is_some_and(|t| t.queries.is_some())],
            probabilities: OnceLock::new(),
        };
        projected.contiguous()?.apply_op3(&keys, &queries, attention)
    }
}

struct Attention {
    lengths: Arc<Vec<usize>>,
    heads: usize,
    width: usize,
    scale: f32,
    drops: Option<Drops>,
    distances: Option<Distances>,
    /// Whether there are vectors of distances of keys, and of queries.
    uses: [bool; 2],
    /// Of every head: the probabilities of all sentences, one after another.
    probabilities: OnceLock<Vec<Vec<f32>>>,
}

/// The arguments, for one head.
#[derive(Clone, Copy)]
struct Head<'a> {
    projected: &'a [f32],
    tables: [&'a [f32]; 2],
    number: usize,
    rows: usize,
}

impl Attention {
    fn hidden(&self) -> usize {
        self.heads * self.width
    }

    /// Queries (0), keys (1) or values (2) of rows of a head.
    fn part<'a>(&self, head: Head<'a>, part: usize, start: usize, rows: usize) -> Matrix<'a> {
        let stride = 3 * self.hidden();
        let column = part * self.hidden() + head.number * self.width;
        Matrix::part(head.projected, start * stride + column, [rows, self.width], stride)
    }

    /// Vectors of distances of keys (0) or queries (1), for a head.
    fn table<'a>(&self, head: Head<'a>, which: usize) -> (Matrix<'a>, usize) {
        let rows = head.tables[which].len() / self.hidden();
        let table = Matrix::part(head.tables[which], head.number * self.width, [rows, self.width], self.hidden());
        (table, rows)
    }

    /// What the probability `index` of a head is multiplied by.
    fn factor(&self, drops: &Drops, head: usize, index: usize) -> f32 {
        let all: usize = self.lengths.iter().map(|length| length * length).sum();
        drops.factor(head * all + index)
    }

    /// Context and probabilities of a head.
    fn forward(&self, head: Head<'_>) -> (Vec<f32>, Vec<f32>) {
        // Products with the vectors of all distances, of which every score takes its own.
        let far: [Option<(Vec<f32>, usize)>; 2] = [0, 1].map(|which| {
            self.uses[which].then(|| {
                let (table, used) = self.table(head, which);
                (product(self.part(head, which, 0, head.rows), table.transposed(), self.scale), used)
            })
        });
        let (mut context, mut probabilities) = (Vec::with_capacity(head.rows * self.width), Vec::new());
        let mut start = 0;
        for &length in self.lengths.iter() {
            let (queries, keys) = (self.part(head, 0, start, length), self.part(head, 1, start, length));
            let mut scores = product(queries, keys.transposed(), self.scale);
            if let Some(distances) = &self.distances {
                for (query, row) in scores.chunks_exact_mut(length).enumerate() {
                    for (key, score) in row.iter_mut().enumerate() {
                        let at = distances.row(query, key);
                        if let Some((dots, used)) = &far[0] {
                            *score += dots[(start + query) * used + at];
                        }
                        if let Some((dots, used)) = &far[1] {
                            *score += dots[(start + key) * used + at];
                        }
                    }
                }
            }
            scores.chunks_exact_mut(length).for_each(softmax);
            let first = probabilities.len();
            probabilities.extend_from_slice(&scores);
            if let Some(drops) = &self.drops {
                let values = scores.iter_mut().enumerate();
                values.for_each(|(at, value)| *value *= self.factor(drops, head.number, first + at));
            }
            context.extend(product(Matrix::new(&scores, length), self.part(head, 2, start, length), 1.0));
            start += length;
        }
        (context, probabilities)
    }

    /// Gradients of queries, keys and values of a head, and of its vectors of distances.
    fn backward(&self, head: Head<'_>, gradient: &[f32], probabilities: &[f32]) -> [Vec<f32>; 5] {
        let used = [0, 1].map(|which| if self.uses[which] { self.table(head, which).1 } else { 0 });
        let mut far = used.map(|used| vec![0.0; head.rows * used]);
        let [mut queries, mut keys, mut values] = [const { Vec::new() }; 3];
        let (mut start, mut first) = (0, 0);
        for &length in self.lengths.iter() {
            let probabilities = &probabilities[first..first + length * length];
            let column = start * self.hidden() + head.number * self.width;
            let gradient = Matrix::part(gradient, column, [length, self.width], self.hidden());
            let mut of_scores = product(gradient, self.part(head, 2, start, length).transposed(), 1.0);
            let mut dropped = probabilities.to_vec();
            if let Some(drops) = &self.drops {
                for (at, (value, gradient)) in dropped.iter_mut().zip(&mut of_scores).enumerate() {
                    let factor = self.factor(drops, head.number, first + at);
                    *value *= factor;
                    *gradient *= factor;
                }
            }
            values.extend(product(Matrix::new(&dropped, length).transposed(), gradient, 1.0));
            for (row, probabilities) in of_scores.chunks_exact_mut(length).zip(probabilities.chunks_exact(length)) {
                let mean: f32 = row.iter().zip(probabilities).map(|(gradient, p)| gradient * p).sum();
                row.iter_mut().zip(probabilities).for_each(|(gradient, p)| *gradient = p * (*gradient - mean));
            }
            if let Some(distances) = &self.distances {
                for (query, row) in of_scores.chunks_exact(length).enumerate() {
                    for (key, gradient) in row.iter().enumerate() {
                        let at = distances.row(query, key);
                        if self.uses[0] {
                            far[0][(start + query) * used[0] + at] += gradient;
                        }
                        if self.uses[1] {
                            far[1][(start + key) * used[1] + at] += gradient;
                        }
                    }
                }
            }
            let of_scores = Matrix::new(&of_scores, length);
            queries.extend(product(of_scores, self.part(head, 1, start, length), self.scale));
            keys.extend(product(of_scores.transposed(), self.part(head, 0, start, length), self.scale));
            start += length;
            first += length * length;
        }
        let mut tables = [Vec::new(), Vec::new()];
        for (which, sums) in [&mut queries, &mut keys].into_iter().enumerate().filter(|(which, _)| self.uses[*which]) {
            let far = Matrix::new(&far[which], used[which]);
            let more = product(far, self.table(head, which).0, self.scale);
            sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
            tables[which] = product(far.transposed(), self.part(head, which, 0, head.rows), self.scale);
        }
        let [of_keys, of_queries] = tables;
        [queries, keys, values, of_keys, of_queries]
    }

    /// Puts the values of heads beside each other, from column `start` of rows of `stride` values on.
    fn join<'a>(&self, heads: impl Iterator<Item = &'a [f32]>, start: usize, stride: usize, output: &mut [f32]) {
        for (head, values) in heads.enumerate() {
            for (row, values) in output.chunks_exact_mut(stride).zip(values.chunks_exact(self.width)) {
                row[start + head * self.width..][..self.width].copy_from_slice(values);
            }
        }
    }
}

impl CustomOp3 for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn cpu_fwd(
        &self,
        projected: &CpuStorage,
        lp: &Layout,
        keys: &CpuStorage,
        lk: &Layout,
        queries: &CpuStorage,
        lq: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (projected, tables) = (slice(projected, lp)?, [slice(keys, lk)?, slice(queries, lq)?]);
        let rows = lp.shape().dims2()?.0;
        let head = |number| self.forward(Head { projected, tables, number, rows });
        let (contexts, probabilities): (Vec<_>, Vec<_>) = (0..self.heads).into_par_iter().map(head).unzip();
        let mut output = vec![0.0; rows * self.hidden()];
        self.join(contexts.iter().map(|context| &context[..]), 0, self.hidden(), &mut output);
        // Only the first pass is differentiated; there is no second.
        let _ = self.probabilities.set(probabilities);
        Ok((CpuStorage::F32(output), Shape::from((rows, self.hidden()))))
    }

    fn bwd(
        &self,
        projected: &Tensor,
        keys: &Tensor,
        queries: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let probabilities = self.probabilities.get().map_or(&[][..], Vec::as_slice);
        let rows = projected.dims2()?.0;
        let heads = read(projected, |projected| {
            read(keys, |keys| {
                read(queries, |queries| {
                    read(gradient, |gradient| {
                        let of_head = |(number, probabilities): (usize, &Vec<f32>)| {
                            let head = Head { projected, tables: [keys, queries], number, rows };
                            self.backward(head, gradient, probabilities)
                        };
                        probabilities.par_iter().enumerate().map(of_head).collect::<Vec<_>>()
                    })
                })
            })
        })????;
        let part = |part: usize| heads.iter().map(move |head| &head[part][..]);
        let mut of_projected = vec![0.0; projected.elem_count()];
        for which in 0..3 {
            self.join(part(which), which * self.hidden(), 3 * self.hidden(), &mut of_projected);
        }
        let table = |which: usize, of: &Tensor| -> Result<Option<Tensor>> {
            if !self.uses[which] {
                return Ok(None);
            }
            let mut values = vec![0.0; of.elem_count()];
            self.join(part(3 + which), 0, self.hidden(), &mut values);
            Ok(Some(shaped(values, of)?))
        };
        let (of_keys, of_queries) = (table(0, keys)?, table(1, queries)?);
        Ok((Some(shaped(of_projected, projected)?), of_keys, of_queries))
    }
}
