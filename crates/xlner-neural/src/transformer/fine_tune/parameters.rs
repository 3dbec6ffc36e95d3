//! The weights of a model that is trained, by the names that `transformers` has for them.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{DType, Device, Tensor, Var};

use super::ops::{mix, uniform};
use crate::nn::Tensors;
use crate::transformer::config::{Config, Family};
use crate::{Error, Result};

/// One tensor.
pub(super) enum Parameter {
    /// It stays as it is.
    Frozen(Tensor),
    /// It is trained.
    Trained(Var),
}

impl Parameter {
    pub fn tensor(&self) -> &Tensor {
        match self {
            Parameter::Frozen(tensor) => tensor,
            Parameter::Trained(var) => var.as_tensor(),
        }
    }
}

/// All tensors; the order is that of their names.
pub(super) struct Parameters {
    tensors: BTreeMap<String, Parameter>,
    prefix: &'static str,
    /// What the product of an adapter's factors is multiplied by.
    pub scale: f64,
}

impl Parameters {
    /// Reads those that `config` asks for. `freeze`: layers from the first that stay as they are, with the embeddings.
    pub fn load(config: &Config, weights: &Tensors, freeze: Option<usize>, device: &Device) -> Result<Parameters> {
        let prefix = config.family.prefix();
        let start = format!("{prefix}.");
        let base = match weights.names().any(|name| name.starts_with(&start)) {
            true => weights.root().at(prefix),
            false => weights.root(),
        };
        let mut parameters = Parameters { tensors: BTreeMap::new(), prefix, scale: 0.0 };
        for (name, shape, needed) in tensors(config) {
            if !needed && !base.contains(&name) {
                continue;
            }
            let tensor = Tensor::from_vec(base.tensor(&name, &shape)?, shape, device)?;
            let trained = freeze.is_none_or(|layers| !is_frozen(&name, layers));
            parameters.add(format!("{prefix}.{name}"), tensor, trained)?;
        }
        Ok(parameters)
    }

    /// Adds a tensor that is trained, or is not.
    pub fn add(&mut self, name: String, tensor: Tensor, trained: bool) -> Result<()> {
        let parameter =
            if trained { Parameter::Trained(Var::from_tensor(&tensor)?) } else { Parameter::Frozen(tensor) };
        self.tensors.insert(name, parameter);
        Ok(())
    }

    /// A linear layer with weights drawn from a normal distribution around 0, and a bias of 0.
    pub fn add_random(
        &mut self,
        name: &str,
        shape: [usize; 2],
        deviation: f64,
        seed: u64,
        device: &Device,
    ) -> Result<()> {
        let seed = mix(seed, 0x4845_4144);
        // Box and Muller 1958.
        let normal = |at: u64| {
            let (radius, angle) = (1.0 - uniform(seed, 2 * at), uniform(seed, 2 * at + 1) * std::f64::consts::TAU);
            ((-2.0 * radius.ln()).sqrt() * angle.cos() * deviation) as f32
        };
        let weight: Vec<f32> = (0..(shape[0] * shape[1]) as u64).map(normal).collect();
        self.add(format!("{name}.weight"), Tensor::from_vec(weight, &shape[..], device)?, true)?;
        self.add(format!("{name}.bias"), Tensor::zeros(shape[0], DType::F32, device)?, true)
    }

    /// The tensor of a whole name. Panics where there is none: names come from the same list.
    pub fn whole(&self, name: &str) -> &Tensor {
        self.find(name).unwrap_or_else(|| panic!("{name} was loaded"))
    }

    /// A tensor of the encoder.
    pub fn of(&self, name: &str) -> &Tensor {
        self.whole(&format!("{}.{name}", self.prefix))
    }

    /// A tensor of the encoder that not all models have.
    pub fn optional(&self, name: &str) -> Option<&Tensor> {
        self.find(&format!("{}.{name}", self.prefix))
    }

    /// The whole name of a tensor of the encoder.
    pub fn name(&self, name: &str) -> String {
        format!("{}.{name}", self.prefix)
    }

    fn find(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name).map(Parameter::tensor)
    }

    /// All tensors by name.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.tensors.iter().map(|(name, parameter)| (&name[..], parameter.tensor()))
    }

    /// Those that are trained.
    pub fn trained(&self) -> impl Iterator<Item = (&str, &Var)> {
        self.tensors.iter().filter_map(|(name, parameter)| match parameter {
            Parameter::Trained(var) => Some((&name[..], var)),
            Parameter::Frozen(_) => None,
        })
    }

    /// Sets those that are trained to given values.
    pub fn set(&self, path: &Path, values: &dyn Fn(&str) -> Option<Tensor>) -> Result<()> {
        for (name, var) in self.trained() {
            let value = values(name).filter(|value| value.dims() == var.dims());
            let value =
                value.ok_or_else(|| Error::model(path, format!("tensor {name} is missing in the checkpoint")))?;
            var.set(&value.to_device(var.device())?)?;
        }
        Ok(())
    }
}

/// Whether a tensor is in the embeddings or one of the first `layers`.
fn is_frozen(name: &str, layers: usize) -> bool {
    let layer = |rest: &str| rest.split('.').next().and_then(|number| number.parse::<usize>().ok());
    match name.split_once("layer.") {
        Some((_, rest)) => layer(rest).is_some_and(|layer| layer < layers),
        // The convolution of DeBERTa is a part of the first layer.
        None => layers > 0 || !name.contains(".conv."),
    }
}

/// The names of the parts of a layer.
pub(super) struct LayerNames {
    /// `None` where one matrix makes queries, keys and values.
    pub projections: Option<[&'static str; 3]>,
    pub attended: &'static str,
    pub attended_norm: &'static str,
    pub inner: &'static str,
    pub outer: &'static str,
    pub outer_norm: &'static str,
}

impl LayerNames {
    pub fn of(family: Family) -> LayerNames {
        let projections = match family {
            Family::Bert | Family::Roberta => {
                Some(["attention.self.query", "attention.self.key", "attention.self.value"])
            }
            Family::DebertaV1 => None,
            Family::Deberta => {
                Some(["attention.self.query_proj", "attention.self.key_proj", "attention.self.value_proj"])
            }
            Family::Distilbert => Some(["attention.q_lin", "attention.k_lin", "attention.v_lin"]),
        };
        match family {
            Family::Distilbert => LayerNames {
                projections,
                attended: "attention.out_lin",
                attended_norm: "sa_layer_norm",
                inner: "ffn.lin1",
                outer: "ffn.lin2",
                outer_norm: "output_layer_norm",
            },
            _ => LayerNames {
                projections,
                attended: "attention.output.dense",
                attended_norm: "attention.output.LayerNorm",
                inner: "intermediate.dense",
                outer: "output.dense",
                outer_norm: "output.LayerNorm",
            },
        }
    }
}

/// Where the layers are.
pub(super) fn encoder(family: Family) -> &'static str {
    if family == Family::Distilbert { "transformer" } else { "encoder" }
}

/// Every tensor of the encoder: its name, its shape, and whether it must be there.
fn tensors(config: &Config) -> Vec<(String, Vec<usize>, bool)> {
    let (hidden, inner, embedded) = (config.hidden, config.inner, config.embedded);
    let mut list = Vec::new();
    let mut add = |name: String, shape: &[usize]| list.push((name, shape.to_vec(), true));
    add("embeddings.word_embeddings.weight".into(), &[config.vocabulary, embedded]);
    if config.absolute {
        add("embeddings.position_embeddings.weight".into(), &[config.positions, embedded]);
    }
    if config.types > 0 {
        add("embeddings.token_type_embeddings.weight".into(), &[config.types, embedded]);
    }
    if embedded != hidden {
        add("embeddings.embed_proj.weight".into(), &[hidden, embedded]);
    }
    let encoder = encoder(config.family);
    let mut norms = vec!["embeddings.LayerNorm".to_owned()];
    let mut linear = Vec::new();
    let names = LayerNames::of(config.family);
    for layer in 0..config.layers {
        let at = |name: &str| format!("{encoder}.layer.{layer}.{name}");
        match names.projections {
            Some(names) => linear.extend(names.map(|name| (at(name), hidden, hidden))),
            None => {
                add(at("attention.self.in_proj.weight"), &[3 * hidden, hidden]);
                add(at("attention.self.q_bias"), &[hidden]);
                add(at("attention.self.v_bias"), &[hidden]);
            }
        }
        linear.push((at(names.attended), hidden, hidden));
        linear.push((at(names.inner), inner, hidden));
        linear.push((at(names.outer), hidden, inner));
        norms.extend([at(names.attended_norm), at(names.outer_norm)]);
        if let Some(relative) = config.relative.as_ref().filter(|relative| !relative.shared) {
            let own = [relative.content_to_position, relative.position_to_content].into_iter().zip(relative.own);
            let own = own.filter(|(used, _)| *used);
            linear.extend(own.map(|(_, name)| (at(&format!("attention.self.{name}")), hidden, hidden)));
        }
    }
    if let Some(relative) = &config.relative {
        add(format!("{encoder}.rel_embeddings.weight"), &[2 * relative.span, hidden]);
        norms.extend(relative.norm.then(|| format!("{encoder}.LayerNorm")));
    }
    if let Some(convolution) = &config.convolution {
        add(format!("{encoder}.conv.conv.weight"), &[hidden, hidden, convolution.width]);
        add(format!("{encoder}.conv.conv.bias"), &[hidden]);
        norms.push(format!("{encoder}.conv.LayerNorm"));
    }
    for norm in norms {
        add(format!("{norm}.weight"), &[hidden]);
        add(format!("{norm}.bias"), &[hidden]);
    }
    for (name, outputs, inputs) in linear {
        list.push((format!("{name}.weight"), vec![outputs, inputs], true));
        list.push((format!("{name}.bias"), vec![outputs], false));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::is_frozen;

    #[test]
    fn what_is_frozen() {
        for (name, layers, expected) in [
            ("embeddings.LayerNorm.bias", 0, true),
            ("encoder.layer.0.output.dense.weight", 0, false),
            ("encoder.layer.1.output.dense.weight", 2, true),
            ("encoder.layer.2.output.dense.weight", 2, false),
            ("transformer.layer.10.ffn.lin1.bias", 2, false),
            ("encoder.rel_embeddings.weight", 0, true),
            ("encoder.conv.conv.bias", 0, false),
            ("encoder.conv.conv.bias", 1, true),
        ] {
            assert_eq!(is_frozen(name, layers), expected, "{name} {layers}");
        }
    }
}
