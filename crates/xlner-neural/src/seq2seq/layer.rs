//! The layers of encoder and decoder.

use rayon::prelude::*;

use super::config::{Config, Family, Stack};
use super::state::{Cache, Memory, Rows};
use crate::Result;
use crate::nn::{Activation, Heads, LayerNorm, Linear, Precision, Scope, add, attend, softmax};

const EPSILON: f32 = 1e-5;

/// A sub-layer with its residual connection: the norm stands before it (M2M100) or after the sum (Marian).
fn residual(family: Family, norm: &LayerNorm, rows: &mut Vec<f32>, sub_layer: impl FnOnce(&[f32]) -> Vec<f32>) {
    let mut output = match family {
        Family::M2m100 => {
            let mut normed = rows.clone();
            norm.apply(&mut normed);
            sub_layer(&normed)
        }
        Family::Marian => sub_layer(rows),
    };
    add(&mut output, rows);
    if family == Family::Marian {
        norm.apply(&mut output);
    }
    *rows = output;
}

/// Two linear layers with an activation between them.
struct FeedForward {
    inner: Linear,
    activation: Activation,
    outer: Linear,
    norm: LayerNorm,
}

impl FeedForward {
    fn load(config: &Config, stack: Stack, weights: &Scope<'_>, precision: Precision) -> Result<FeedForward> {
        Ok(FeedForward {
            inner: Linear::load(&weights.at("fc1"), config.width, stack.inner, precision)?,
            activation: config.activation,
            outer: Linear::load(&weights.at("fc2"), stack.inner, config.width, precision)?,
            norm: LayerNorm::load(&weights.at("final_layer_norm"), config.width, EPSILON)?,
        })
    }

    fn apply(&self, family: Family, rows: &mut Vec<f32>) {
        residual(family, &self.norm, rows, |rows| {
            let mut inner = self.inner.forward(rows);
            self.activation.apply(&mut inner);
            self.outer.forward(&inner)
        });
    }
}

/// Queries, keys and values of the same rows.
struct SelfAttention {
    /// Queries, keys and values beside each other.
    projections: Linear,
    output: Linear,
    norm: LayerNorm,
}

impl SelfAttention {
    fn load(config: &Config, weights: &Scope<'_>, precision: Precision) -> Result<SelfAttention> {
        let attention = weights.at("self_attn");
        let parts = ["q_proj", "k_proj", "v_proj"].map(|name| attention.at(name));
        let width = config.width;
        Ok(SelfAttention {
            projections: Linear::load_joined(&parts, width, width, precision)?,
            output: Linear::load(&attention.at("out_proj"), width, width, precision)?,
            norm: LayerNorm::load(&weights.at("self_attn_layer_norm"), width, EPSILON)?,
        })
    }
}

/// A layer of the encoder.
pub(super) struct EncoderLayer {
    family: Family,
    heads: usize,
    attention: SelfAttention,
    feed_forward: FeedForward,
}

impl EncoderLayer {
    pub(super) fn load(config: &Config, weights: &Scope<'_>, precision: Precision) -> Result<EncoderLayer> {
        Ok(EncoderLayer {
            family: config.family,
            heads: config.encoder.heads,
            attention: SelfAttention::load(config, weights, precision)?,
            feed_forward: FeedForward::load(config, config.encoder, weights, precision)?,
        })
    }

    /// Replaces the rows of sentences of the given lengths, packed one after another, by the layer's output.
    pub(super) fn apply(&self, rows: &mut Vec<f32>, lengths: &[usize]) {
        residual(self.family, &self.attention.norm, rows, |rows| {
            let width = self.attention.output.inputs();
            let projected = self.attention.projections.forward(rows);
            let mut context = vec![0.0; rows.len()];
            let mut jobs = Vec::with_capacity(lengths.len());
            let (mut inputs, mut outputs) = (&projected[..], &mut context[..]);
            for &length in lengths {
                let (input, others) = inputs.split_at(length * 3 * width);
                let (output, rest) = outputs.split_at_mut(length * width);
                jobs.push((input, output, length));
                (inputs, outputs) = (others, rest);
            }
            let (heads, size) = (self.heads, width / self.heads);
            jobs.into_par_iter().for_each(|(data, output, rows)| {
                let parts = [0, 1, 2].map(|part| Heads { data, start: part * width, stride: 3 * width, rows });
                attend(parts, heads, size, (size as f32).sqrt().recip(), |_, _| {}, output);
            });
            self.attention.output.forward(&context)
        });
        self.feed_forward.apply(self.family, rows);
    }
}

/// A layer of the decoder.
pub(super) struct DecoderLayer {
    family: Family,
    heads: usize,
    attention: SelfAttention,
    /// Queries of the attention to the encoder's states.
    queries: Linear,
    /// Its keys and values beside each other.
    memory: Linear,
    output: Linear,
    norm: LayerNorm,
    feed_forward: FeedForward,
}

impl DecoderLayer {
    pub(super) fn load(config: &Config, weights: &Scope<'_>, precision: Precision) -> Result<DecoderLayer> {
        let (width, cross) = (config.width, weights.at("encoder_attn"));
        Ok(DecoderLayer {
            family: config.family,
            heads: config.decoder.heads,
            attention: SelfAttention::load(config, weights, precision)?,
            queries: Linear::load(&cross.at("q_proj"), width, width, precision)?,
            memory: Linear::load_joined(&["k_proj", "v_proj"].map(|name| cross.at(name)), width, width, precision)?,
            output: Linear::load(&cross.at("out_proj"), width, width, precision)?,
            norm: LayerNorm::load(&weights.at("encoder_attn_layer_norm"), width, EPSILON)?,
            feed_forward: FeedForward::load(config, config.decoder, weights, precision)?,
        })
    }

    /// Keys and values of the encoder's states, beside each other.
    pub(super) fn remember(&self, states: &[f32]) -> Vec<f32> {
        self.memory.forward(states)
    }

    /// Replaces new rows by the layer's output; their keys and values go into the cache.
    pub(super) fn apply(&self, input: &mut Vec<f32>, rows: &Rows, cache: &mut Cache, memory: &Memory, layer: usize) {
        residual(self.family, &self.attention.norm, input, |input| {
            let projected = self.attention.projections.forward(input);
            let width = self.attention.output.inputs();
            cache.add(layer, &projected, width);
            let mut context = vec![0.0; input.len()];
            let each = context.par_chunks_exact_mut(width).zip(projected.par_chunks_exact(3 * width)).enumerate();
            each.for_each(|(row, (context, projected))| {
                attend_to_seen(&projected[..width], cache, layer, rows.seen(row), self.heads, context);
            });
            self.attention.output.forward(&context)
        });
        residual(self.family, &self.norm, input, |input| {
            let queries = self.queries.forward(input);
            let width = self.output.inputs();
            let size = width / self.heads;
            let mut context = vec![0.0; input.len()];
            let mut jobs = Vec::new();
            let mut outputs = &mut context[..];
            for group in rows.by_sentence() {
                let (output, rest) = outputs.split_at_mut(group.len() * width);
                jobs.push((group, output));
                outputs = rest;
            }
            jobs.into_par_iter().for_each(|(group, output)| {
                let sentence = rows.sentences[group.start];
                let (data, keys) = memory.of(layer, sentence, 2 * width);
                let queries = &queries[group.start * width..group.end * width];
                let parts = [
                    Heads { data: queries, start: 0, stride: width, rows: group.len() },
                    Heads { data, start: 0, stride: 2 * width, rows: keys },
                    Heads { data, start: width, stride: 2 * width, rows: keys },
                ];
                attend(parts, self.heads, size, (size as f32).sqrt().recip(), |_, _| {}, output);
            });
            self.output.forward(&context)
        });
        self.feed_forward.apply(self.family, input);
    }
}

/// Attention of one query to the rows of the cache that its sequence consists of.
fn attend_to_seen(query: &[f32], cache: &Cache, layer: usize, seen: &[u32], heads: usize, context: &mut [f32]) {
    let size = query.len() / heads;
    let scale = (size as f32).sqrt().recip();
    // All scores of a head lie one after another.
    let mut scores = vec![0.0; heads * seen.len()];
    for (place, row) in seen.iter().enumerate() {
        let keys = cache.keys(layer, *row);
        for (head, (query, key)) in query.chunks_exact(size).zip(keys.chunks_exact(size)).enumerate() {
            scores[head * seen.len() + place] = dot(query, key) * scale;
        }
    }
    scores.chunks_exact_mut(seen.len()).for_each(softmax);
    for (place, row) in seen.iter().enumerate() {
        let values = cache.values(layer, *row);
        for (head, (context, values)) in context.chunks_exact_mut(size).zip(values.chunks_exact(size)).enumerate() {
            let weight = scores[head * seen.len() + place];
            context.iter_mut().zip(values).for_each(|(sum, value)| *sum += weight * value);
        }
    }
}

/// Scalar product, summed in lanes so that it is done several values at a time.
fn dot(one: &[f32], other: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut sums = [0.0; LANES];
    let (ones, others) = (one.chunks_exact(LANES), other.chunks_exact(LANES));
    let rest: f32 = ones.remainder().iter().zip(others.remainder()).map(|(x, y)| x * y).sum();
    for (one, other) in ones.zip(others) {
        for ((sum, x), y) in sums.iter_mut().zip(one).zip(other) {
            *sum += x * y;
        }
    }
    sums.iter().sum::<f32>() + rest
}
