//! Disentangled attention: what the distance of two sub-words adds to their score (He, Gao and Chen 2021, “DeBERTaV3” and
//! “DeBERTa: Decoding-enhanced BERT with disentangled attention”, §3.1, eq. 4).

use super::config::{Config, Relative};
use crate::Result;
use crate::nn::{Embedding, Heads, LayerNorm, Linear, Precision, Scope};

/// The table of vectors of distances, as all layers use it; `None` where the model has none.
pub(super) fn table(config: &Config, encoder: &Scope<'_>) -> Result<Option<Embedding>> {
    let Some(relative) = &config.relative else { return Ok(None) };
    let mut table = encoder.tensor("rel_embeddings.weight", &[2 * relative.span, config.hidden])?;
    if relative.norm {
        LayerNorm::load(&encoder.at("LayerNorm"), config.hidden, config.epsilon)?.apply(&mut table);
    }
    Ok(Some(Embedding::new(table, config.hidden)))
}

/// Version 1's queries, keys and values, which it keeps in one matrix, head by head; keys have no bias.
pub(super) fn projections(config: &Config, attention: &Scope<'_>, precision: Precision) -> Result<Linear> {
    let hidden = config.hidden;
    let kept = attention.tensor("in_proj.weight", &[3 * hidden, hidden])?;
    // From head × part × row to part × head × row.
    let size = hidden / config.heads * hidden;
    let mut weight = Vec::with_capacity(kept.len());
    for part in 0..3 {
        for head in kept.chunks_exact(3 * size) {
            weight.extend_from_slice(&head[part * size..][..size]);
        }
    }
    let mut bias = attention.tensor("q_bias", &[hidden])?;
    bias.resize(2 * hidden, 0.0);
    bias.append(&mut attention.tensor("v_bias", &[hidden])?);
    Ok(Linear::new(&weight, Some(bias), hidden, precision))
}

/// A layer's vectors of distances, as keys and as queries.
pub(super) struct Distances {
    /// Where `c2p`: 2·span rows.
    keys: Option<Embedding>,
    /// Where `p2c`.
    queries: Option<Embedding>,
    relative: Relative,
}

impl Distances {
    pub fn load(config: &Config, attention: &Scope<'_>, table: &Embedding) -> Result<Option<Distances>> {
        let Some(relative) = &config.relative else { return Ok(None) };
        let [own_keys, own_queries] = relative.own;
        let project = |wanted: bool, shared: &str, own: &str| -> Result<Option<Embedding>> {
            if !wanted {
                return Ok(None);
            }
            let name = if relative.shared { shared } else { own };
            let layer = Linear::load(&attention.at(name), config.hidden, config.hidden, Precision::F32)?;
            Ok(Some(Embedding::new(layer.forward(table.table()), config.hidden)))
        };
        Ok(Some(Distances {
            keys: project(relative.content_to_position, "key_proj", own_keys)?,
            queries: project(relative.position_to_content, "query_proj", own_queries)?,
            relative: relative.clone(),
        }))
    }

    /// Terms of a score; attention is scaled by the root of width times their number.
    pub fn terms(&self) -> usize {
        1 + usize::from(self.keys.is_some()) + usize::from(self.queries.is_some())
    }

    /// What to add to the scores of one sentence, head by head: `add(head, scores)`.
    pub fn bias<'a>(
        &'a self,
        queries: Heads<'a>,
        keys: Heads<'a>,
        width: usize,
        scale: f32,
    ) -> impl FnMut(usize, &mut [f32]) + 'a {
        let rows = queries.rows;
        // The rows of the table by query − key + rows − 1, ascending; only those between the first and the last are used.
        let indices: Vec<usize> =
            (0..2 * rows.max(1) - 1).map(|at| self.relative.row(at as i64 + 1 - rows.max(1) as i64)).collect();
        let first = indices[0];
        let used = indices[indices.len() - 1] + 1 - first;
        let mut dots = vec![0.0; rows * used];
        move |head, scores| {
            if let Some(table) = &self.keys {
                queries.scores(head, width, distances(table, first, used), scale, &mut dots);
                for (query, (row, dots)) in scores.chunks_exact_mut(rows).zip(dots.chunks_exact(used)).enumerate() {
                    for (key, score) in row.iter_mut().enumerate() {
                        *score += dots[indices[query + rows - 1 - key] - first];
                    }
                }
            }
            if let Some(table) = &self.queries {
                keys.scores(head, width, distances(table, first, used), scale, &mut dots);
                for (query, row) in scores.chunks_exact_mut(rows).enumerate() {
                    for (key, (score, dots)) in row.iter_mut().zip(dots.chunks_exact(used)).enumerate() {
                        *score += dots[indices[query + rows - 1 - key] - first];
                    }
                }
            }
        }
    }
}

fn distances(table: &Embedding, first: usize, rows: usize) -> Heads<'_> {
    let stride = table.width();
    Heads { data: &table.table()[first * stride..], start: 0, stride, rows }
}

impl Relative {
    /// Row of the table for a distance (query − key): distances up to half the buckets have their own, larger ones share them
    /// by logarithm (DeBERTaV2, `make_log_bucket_position`).
    pub(super) fn row(&self, distance: i64) -> usize {
        let bucket = match self.buckets {
            Some(buckets) if distance.unsigned_abs() as usize > buckets / 2 => {
                let half = (buckets / 2) as f32;
                let far = (distance.unsigned_abs() as f32 / half).ln() / ((self.most - 1) as f32 / half).ln();
                (((far * (half - 1.0)).ceil() + half) as i64) * distance.signum()
            }
            _ => distance,
        };
        (bucket + self.span as i64).clamp(0, 2 * self.span as i64 - 1) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_share_buckets_by_logarithm() {
        let relative = Relative {
            span: 8,
            buckets: Some(8),
            most: 32,
            content_to_position: true,
            position_to_content: true,
            shared: true,
            own: ["", ""],
            norm: false,
        };
        // By hand: half is 4; 5 → ceil(ln(5/4)/ln(31/4)·3)+4 = 5, 9 → ceil(1.19)+4 = 6, 31 → 3+4 = 7.
        for (distance, bucket) in
            [(0, 0), (3, 3), (4, 4), (5, 5), (9, 6), (31, 7), (-5, -5), (-31, -7), (200, 7), (-200, -8)]
        {
            assert_eq!(relative.row(distance) as i64 - 8, bucket, "{distance}");
        }
        let every = Relative { buckets: None, ..relative };
        assert_eq!((every.row(-20), every.row(-3), every.row(20)), (0, 5, 15));
    }
}
