//! One layer of an encoder.

use rayon::prelude::*;

use super::config::{Config, Family};
use super::deberta::{self, Distances};
use crate::Result;
use crate::nn::{Activation, Embedding, Heads, LayerNorm, Linear, Precision, Scope, add, attend};

/// What layers need for their work, one after the other; its memory is used again.
#[derive(Default)]
pub(super) struct Room {
    projected: Vec<f32>,
    context: Vec<f32>,
    rows: Vec<f32>,
    inner: Vec<f32>,
}

/// Self-attention and two linear layers, each followed by a sum and a norm.
pub(super) struct Layer {
    heads: usize,
    /// Queries, keys and values beside each other.
    projections: Linear,
    distances: Option<Distances>,
    attended: Linear,
    attended_norm: LayerNorm,
    inner: Linear,
    activation: Activation,
    outer: Linear,
    outer_norm: LayerNorm,
}

impl Layer {
    /// The layer whose tensors are in `weights`; `table`: DeBERTa's vectors of distances.
    pub fn load(
        config: &Config,
        weights: &Scope<'_>,
        table: Option<&Embedding>,
        precision: Precision,
    ) -> Result<Layer> {
        let (hidden, epsilon) = (config.hidden, config.epsilon);
        let attention = weights.at(if config.family == Family::Distilbert { "attention" } else { "attention.self" });
        let joined =
            |names: [&str; 3]| Linear::load_joined(&names.map(|name| attention.at(name)), hidden, hidden, precision);
        let projections = match config.family {
            Family::Bert | Family::Roberta => joined(["query", "key", "value"])?,
            Family::DebertaV1 => deberta::projections(config, &attention, precision)?,
            Family::Deberta => joined(["query_proj", "key_proj", "value_proj"])?,
            Family::Distilbert => joined(["q_lin", "k_lin", "v_lin"])?,
        };
        let [attended, attended_norm, inner, outer, outer_norm] = match config.family {
            Family::Distilbert => ["attention.out_lin", "sa_layer_norm", "ffn.lin1", "ffn.lin2", "output_layer_norm"],
            _ => [
                "attention.output.dense",
                "attention.output.LayerNorm",
                "intermediate.dense",
                "output.dense",
                "output.LayerNorm",
            ],
        };
        Ok(Layer {
            heads: config.heads,
            projections,
            distances: table.map_or(Ok(None), |table| Distances::load(config, &attention, table))?,
            attended: Linear::load(&weights.at(attended), hidden, hidden, precision)?,
            attended_norm: LayerNorm::load(&weights.at(attended_norm), hidden, epsilon)?,
            inner: Linear::load(&weights.at(inner), hidden, config.inner, precision)?,
            activation: config.activation,
            outer: Linear::load(&weights.at(outer), config.inner, hidden, precision)?,
            outer_norm: LayerNorm::load(&weights.at(outer_norm), hidden, epsilon)?,
        })
    }

    /// The layer's output for the rows of sentences of the given lengths, packed one after another; what was in `output` is
    /// replaced.
    pub fn forward(&self, input: &[f32], lengths: &[usize], room: &mut Room, output: &mut Vec<f32>) {
        self.projections.forward_into(input, &mut room.projected);
        room.context.resize(input.len(), 0.0);
        self.attention(&room.projected, lengths, &mut room.context);
        let rows = &mut room.rows;
        self.attended.forward_into(&room.context, rows);
        add(rows, input);
        self.attended_norm.apply(rows);
        self.inner.forward_into(rows, &mut room.inner);
        self.activation.apply(&mut room.inner);
        self.outer.forward_into(&room.inner, output);
        add(output, rows);
        self.outer_norm.apply(output);
    }

    /// Writes what the rows of each sentence attend to.
    fn attention(&self, projected: &[f32], lengths: &[usize], context: &mut [f32]) {
        let hidden = self.projections.inputs();
        let mut jobs = Vec::with_capacity(lengths.len());
        let (mut inputs, mut outputs) = (projected, context);
        for &length in lengths {
            let (rows, others) = inputs.split_at(length * 3 * hidden);
            let (output, rest) = outputs.split_at_mut(length * hidden);
            jobs.push((rows, output, length));
            (inputs, outputs) = (others, rest);
        }
        jobs.into_par_iter().for_each(|(rows, output, length)| self.attend(rows, length, output));
    }

    fn attend(&self, projected: &[f32], rows: usize, output: &mut [f32]) {
        let hidden = self.projections.inputs();
        let width = hidden / self.heads;
        let parts = [0, 1, 2].map(|part| Heads { data: projected, start: part * hidden, stride: 3 * hidden, rows });
        let terms = self.distances.as_ref().map_or(1, Distances::terms);
        let scale = ((width * terms) as f32).sqrt().recip();
        match &self.distances {
            Some(distances) => {
                let bias = distances.bias(parts[0], parts[1], width, scale);
                attend(parts, self.heads, width, scale, bias, output);
            }
            None => attend(parts, self.heads, width, scale, |_, _| {}, output),
        }
    }
}
