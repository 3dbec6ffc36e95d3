//! Training of adapters of a low rank (Hu et al. 2022, “LoRA”, §4): the encoder stays as it is, and to the matrices that make
//! queries and values a product of two thin matrices is added, which is learnt.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{Device, Tensor};
use serde_json::{Map, Value, json};

use super::folder::{self, Extras};
use super::ops::{mix, uniform};
use super::parameters::Parameters;
use crate::nn::adapter;
use crate::transformer::config::{Config, Family};
use crate::{Error, Result};

/// An adapter that is trained in place of the whole model.
#[derive(Debug, Clone, PartialEq)]
pub struct Lora {
    /// Rank of the product that is added, ≥ 1.
    pub rank: usize,
    /// The product is multiplied by alpha / rank; > 0.
    pub alpha: f64,
    /// Whether a whole model is written, with the product added, in place of the adapter.
    pub merge: bool,
    /// What the adapter says that it changes: a folder, or a name on the Hub.
    pub base: String,
}

impl Lora {
    /// Checks the ranges.
    pub(super) fn check(&self) -> std::result::Result<(), String> {
        if self.rank == 0 {
            Err("the rank of an adapter is 1 at least".into())
        } else if !(self.alpha.is_finite() && self.alpha > 0.0) {
            Err(format!("the alpha of an adapter is {}; it is greater than 0", self.alpha))
        } else {
            Ok(())
        }
    }

    /// The matrices of a layer's attention that change, by the last part of their names; those of PEFT's own choice.
    fn matrices(family: Family) -> &'static [&'static str] {
        match family {
            Family::Bert | Family::Roberta => &["query", "value"],
            Family::Distilbert => &["q_lin", "v_lin"],
            Family::DebertaV1 => &["in_proj"],
            Family::Deberta => &["query_proj", "value_proj"],
        }
    }

    /// Adds the factors to the parameters: A uniform as PEFT draws it, B all zeros, so that nothing is changed at first.
    pub(super) fn add(&self, config: &Config, parameters: &mut Parameters, seed: u64, device: &Device) -> Result<()> {
        let ends: Vec<String> = Lora::matrices(config.family).iter().map(|name| format!(".{name}.weight")).collect();
        let matrices = parameters.all().filter(|(name, _)| ends.iter().any(|end| name.ends_with(end)));
        let matrices: Vec<(String, Vec<usize>)> = matrices
            .map(|(name, tensor)| (name.trim_end_matches(".weight").to_owned(), tensor.dims().to_vec()))
            .collect();
        for (at, (name, shape)) in matrices.into_iter().enumerate() {
            let &[outputs, inputs] = &shape[..] else { continue };
            if self.rank > outputs.min(inputs) {
                let problem = format!("the rank {} is larger than the matrix {name}, {outputs} × {inputs}", self.rank);
                return Err(Error::Options(problem));
            }
            let (seed, limit) = (mix(mix(seed, 0x4c4f_5241), at as u64), (inputs as f64).sqrt().recip());
            let draw = |at: usize| ((2.0 * uniform(seed, at as u64) - 1.0) * limit) as f32;
            let a =
                Tensor::from_vec((0..self.rank * inputs).map(draw).collect::<Vec<_>>(), (self.rank, inputs), device)?;
            let b = Tensor::zeros((outputs, self.rank), candle_core::DType::F32, device)?;
            parameters.add(format!("{name}.lora_A.weight"), a, true)?;
            parameters.add(format!("{name}.lora_B.weight"), b, true)?;
        }
        parameters.scale = self.alpha / self.rank as f64;
        Ok(())
    }

    /// Writes the model with the products added, or the adapter alone.
    pub(super) fn write(
        &self,
        folder: &Path,
        (init, config, family): (&Path, &Map<String, Value>, Family),
        tensors: BTreeMap<&str, &Tensor>,
    ) -> Result<()> {
        let is_factor = |name: &str| name.ends_with(".lora_A.weight") || name.ends_with(".lora_B.weight");
        if self.merge {
            let mut merged = BTreeMap::new();
            for (name, tensor) in tensors.iter().filter(|(name, _)| !is_factor(name)) {
                let factor =
                    |side: &str| name.strip_suffix("weight").and_then(|n| tensors.get(&*format!("{n}{side}.weight")));
                let tensor = match (factor("lora_A"), factor("lora_B")) {
                    (Some(a), Some(b)) => (*tensor + (b.matmul(a)? * (self.alpha / self.rank as f64))?)?,
                    _ => (*tensor).clone(),
                };
                merged.insert(*name, tensor);
            }
            let tensors = merged.iter().map(|(name, tensor)| (*name, tensor));
            return folder::write(folder, init, config, tensors, &Extras::default());
        }
        let kept = tensors.into_iter().filter(|(name, _)| is_factor(name) || name.starts_with("classifier."));
        let named: Vec<(String, &Tensor)> =
            kept.map(|(name, tensor)| (format!("{}{name}", adapter::PREFIX), tensor)).collect();
        let described = json!({
            "peft_type": "LORA", "task_type": "TOKEN_CLS", "base_model_name_or_path": self.base, "inference_mode": true,
            "r": self.rank, "lora_alpha": self.alpha, "lora_dropout": 0.0, "bias": "none", "fan_in_fan_out": false,
            "use_rslora": false, "use_dora": false, "init_lora_weights": true, "rank_pattern": {}, "alpha_pattern": {},
            "target_modules": Lora::matrices(family), "modules_to_save": ["classifier", "score"],
        });
        let extras = Extras {
            weights: adapter::TENSORS,
            files: vec![(adapter::CONFIG, format!("{described:#}\n"))],
            ..Extras::default()
        };
        folder::write(folder, init, config, named.iter().map(|(name, tensor)| (&name[..], *tensor)), &extras)
    }
}
