//! Attention.

use super::matrix::{View, multiply};
use super::softmax;

/// The rows of queries, keys or values of one sentence, every head's values beside each other: head `h` has the values
/// `start + h·d .. start + (h+1)·d` of every row, and rows are `stride` values apart. So queries, keys and values may lie in
/// one matrix that one [`Linear`](super::Linear) gave.
#[derive(Debug, Clone, Copy)]
pub struct Heads<'a> {
    /// What they lie in.
    pub data: &'a [f32],
    /// Where the first head's values begin in a row.
    pub start: usize,
    /// Values from row to row.
    pub stride: usize,
    /// Rows.
    pub rows: usize,
}

impl<'a> Heads<'a> {
    fn head(self, head: usize, width: usize) -> View<'a> {
        let start = self.start + head * width;
        View { data: self.data, start, rows: self.rows, columns: width, stride: self.stride }
    }

    /// The scaled dot products of a head's rows with those of `keys`, rows × rows. Panics where the sizes do not fit.
    pub fn scores(self, head: usize, width: usize, keys: Heads<'_>, scale: f32, output: &mut [f32]) {
        multiply(self.head(head, width).matrix(), keys.head(head, width).transposed(), scale, output);
    }
}

/// Multi-head scaled dot-product attention of one sentence (Vaswani et al. 2017, eq. 1): softmax(scale · Q Kᵀ) V for each of
/// `heads` heads of `width` values. `adjust(head, scores)` may change the scores (queries × keys, row by row) before the softmax:
/// hide what must not be seen (−∞), add what positions say. The output has a row per query, the heads side by side.
///
/// Panics where the sizes do not fit; without keys the output is 0.
pub fn attend(
    [queries, keys, values]: [Heads<'_>; 3],
    heads: usize,
    width: usize,
    scale: f32,
    mut adjust: impl FnMut(usize, &mut [f32]),
    output: &mut [f32],
) {
    assert_eq!(keys.rows, values.rows, "a value for every key");
    assert_eq!(output.len(), queries.rows * heads * width, "a row for every query");
    if keys.rows == 0 || queries.rows == 0 {
        output.fill(0.0);
        return;
    }
    let mut scores = vec![0.0; queries.rows * keys.rows];
    let mut context = vec![0.0; queries.rows * width];
    for head in 0..heads {
        queries.scores(head, width, keys, scale, &mut scores);
        adjust(head, &mut scores);
        scores.chunks_exact_mut(keys.rows).for_each(softmax);
        let weights = View { data: &scores, start: 0, rows: queries.rows, columns: keys.rows, stride: keys.rows };
        multiply(weights.matrix(), values.head(head, width).matrix(), 1.0, &mut context);
        for (row, context) in output.chunks_exact_mut(heads * width).zip(context.chunks_exact(width)) {
            row[head * width..][..width].copy_from_slice(context);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_by_the_formula() {
        let (rows, heads, width) = (5, 2, 3);
        let data: Vec<f32> = (0..rows * 18).map(|i| ((i * 7919) % 101) as f32 / 50.0 - 1.0).collect();
        let part = |start| Heads { data: &data, start, stride: 18, rows };
        let mut found = vec![f32::NAN; rows * heads * width];
        let causal = |head: usize, scores: &mut [f32]| {
            for (query, row) in scores.chunks_exact_mut(rows).enumerate() {
                row[0] += head as f32;
                row[query + 1..].fill(f32::NEG_INFINITY);
            }
        };
        attend([part(0), part(6), part(12)], heads, width, 0.5, causal, &mut found);
        let at = |row: usize, column: usize| f64::from(data[row * 18 + column]);
        for query in 0..rows {
            for head in 0..heads {
                let score = |key: usize| {
                    let dot: f64 = (0..width).map(|d| at(query, head * 3 + d) * at(key, 6 + head * 3 + d)).sum();
                    (0.5 * dot + if key == 0 { head as f64 } else { 0.0 }).exp()
                };
                let sum: f64 = (0..=query).map(score).sum();
                for d in 0..width {
                    let expected: f64 = (0..=query).map(|key| score(key) / sum * at(key, 12 + head * 3 + d)).sum();
                    assert!((expected - f64::from(found[query * 6 + head * 3 + d])).abs() < 1e-5);
                }
            }
        }
    }

    #[test]
    fn nothing_to_attend_to() {
        let none = Heads { data: &[], start: 0, stride: 4, rows: 0 };
        let mut output = [1.0; 4];
        attend([Heads { data: &[1.0; 4], rows: 1, ..none }, none, none], 2, 2, 1.0, |_, _| {}, &mut output);
        assert_eq!(output, [0.0; 4]);
    }
}
