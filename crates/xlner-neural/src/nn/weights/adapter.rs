//! Adapters of a low rank (Hu et al. 2022, “LoRA”) in the layout of the library PEFT: `adapter_config.json`, which names the model
//! that they change, and `adapter_model.safetensors`, of every changed matrix W the factors A and B of what is added to it.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use xlner_models::hub;

use super::{Tensors, safetensors};
use crate::{Error, Result};

pub(crate) const CONFIG: &str = "adapter_config.json";
pub(crate) const TENSORS: &str = "adapter_model.safetensors";
/// What the names of an adapter's tensors begin with.
pub(crate) const PREFIX: &str = "base_model.model.";

/// Adapters on adapters at most.
const DEEPEST: usize = 8;

/// What is added to a matrix: scale · B A.
#[derive(Debug, Clone)]
pub(super) struct LowRank {
    a: String,
    b: String,
    rank: usize,
    scale: f32,
}

#[derive(Deserialize)]
struct Config {
    peft_type: String,
    base_model_name_or_path: Option<String>,
    #[serde(default)]
    r: usize,
    #[serde(default)]
    lora_alpha: f64,
    #[serde(default)]
    use_rslora: bool,
    #[serde(default)]
    use_dora: bool,
    #[serde(default)]
    fan_in_fan_out: bool,
    #[serde(default)]
    rank_pattern: serde_json::Map<String, serde_json::Value>,
    #[serde(default)]
    alpha_pattern: serde_json::Map<String, serde_json::Value>,
}

fn config(folder: &Path) -> Result<Option<Config>> {
    let path = folder.join(CONFIG);
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(problem) if problem.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(problem) => return Err(Error::file(&path, problem)),
    };
    let config: Config = serde_json::from_slice(&text).map_err(|problem| Error::model(&path, problem.to_string()))?;
    let patterns = !config.rank_pattern.is_empty() || !config.alpha_pattern.is_empty();
    let problem = if config.peft_type != "LORA" {
        format!("peft_type is {}; adapters are read where it is LORA", config.peft_type)
    } else if config.use_dora || config.fan_in_fan_out || patterns {
        "use_dora, fan_in_fan_out, rank_pattern and alpha_pattern are not known; merge the adapter with PEFT first"
            .into()
    } else if config.r == 0 || !(config.lora_alpha.is_finite() && config.lora_alpha > 0.0) {
        format!("r is {} and lora_alpha {}; both are greater than 0", config.r, config.lora_alpha)
    } else {
        return Ok(Some(config));
    };
    Err(Error::model(&path, problem))
}

/// The folder of the model that the adapter in a folder changes, which may have an adapter in turn; `None` where none is in it.
///
/// # Errors
/// [`Error::Model`] where the adapter is of a kind that is not known or the model is not there.
pub(crate) fn base(folder: &Path) -> Result<Option<PathBuf>> {
    let Some(base) = changed(folder)? else { return Ok(None) };
    let mut last = base.clone();
    for _ in 0..DEEPEST {
        match changed(&last)? {
            Some(next) => last = next,
            None => return Ok(Some(base)),
        }
    }
    let problem = "base_model_name_or_path leads from adapter to adapter, and never to a model";
    Err(Error::model(&folder.join(CONFIG), problem))
}

/// The folder that an adapter names.
fn changed(folder: &Path) -> Result<Option<PathBuf>> {
    let Some(config) = config(folder)? else { return Ok(None) };
    let path = folder.join(CONFIG);
    let name = config.base_model_name_or_path.unwrap_or_default();
    if name.is_empty() {
        return Err(Error::model(&path, "base_model_name_or_path is missing: which model does the adapter change?"));
    }
    if let Some(place) = [PathBuf::from(&name), folder.join(&name)].into_iter().find(|place| place.is_dir()) {
        return Ok(Some(place));
    }
    let found = hub::resolve(&name, None);
    found.map(Some).map_err(|problem| {
        Error::model(&path, format!("the model that the adapter changes cannot be found: {problem}"))
    })
}

/// The folder that holds a file of a model: its own, or that of the model that it changes.
pub(crate) fn holding(folder: &Path, file: &str) -> Result<PathBuf> {
    if folder.join(file).is_file() {
        return Ok(folder.to_owned());
    }
    match base(folder)? {
        Some(base) => holding(&base, file),
        None => Ok(folder.to_owned()),
    }
}

/// The weights of a model with an adapter on it; `None` where the folder has none.
pub(super) fn open(folder: &Path) -> Result<Option<Tensors>> {
    let Some(config) = config(folder)? else { return Ok(None) };
    let Some(base) = base(folder)? else { return Ok(None) };
    let mut weights = Tensors::open(&base)?;
    let path = folder.join(TENSORS);
    let file = weights.files.len();
    let entries = safetensors::entries(&path, file)?;
    weights.files.push(path.clone());
    weights.folder = folder.to_owned();
    let root = if config.use_rslora { (config.r as f64).sqrt() } else { config.r as f64 };
    let scale = (config.lora_alpha / root) as f32;
    for (whole, entry) in entries {
        let name = whole.strip_prefix(PREFIX).unwrap_or(&whole).replace(".modules_to_save.default.", ".");
        let Some(matrix) = name.strip_suffix(".lora_A.weight") else {
            let is_factor = name.ends_with(".lora_B.weight");
            let target = if is_factor { factor(&name) } else { known(&weights, &name).unwrap_or(name) };
            weights.entries.insert(target, entry);
            continue;
        };
        let target = known(&weights, &format!("{matrix}.weight")).ok_or_else(|| {
            Error::model(&path, format!("it changes {matrix}, which the model in {} has not", base.display()))
        })?;
        let (a, b) = (factor(&name), factor(&format!("{matrix}.lora_B.weight")));
        let &[rank, _] = &entry.shape[..] else {
            return Err(Error::model(&path, format!("tensor {whole} is no matrix")));
        };
        weights.entries.insert(a.clone(), entry);
        weights.added.insert(target, LowRank { a, b, rank, scale });
    }
    Ok(Some(weights))
}

/// What the tensor of a factor is called, so that it is no tensor of the model.
fn factor(name: &str) -> String {
    format!("adapter {name}")
}

/// The classes that the adapter in a folder comes with; `None` where it has none of its own.
///
/// # Errors
/// [`Error::Model`] where its file is damaged.
pub(crate) fn classes(folder: &Path) -> Result<Option<usize>> {
    let path = folder.join(TENSORS);
    if !path.is_file() {
        return Ok(None);
    }
    let entries = safetensors::entries(&path, 0)?;
    let head = entries.iter().find(|(name, _)| {
        name.ends_with("classifier.weight") || name.ends_with("classifier.modules_to_save.default.weight")
    });
    Ok(head.and_then(|(_, entry)| entry.shape.first().copied()))
}

/// The name that the model has for a tensor of an adapter: encoders alone leave out what stands before their tensors' names,
/// those of translation models, too.
fn known(weights: &Tensors, name: &str) -> Option<String> {
    let short = name.split_once('.').map(|(_, rest)| rest.to_owned());
    let long = ["model", "encoder", "model.encoder"].map(|prefix| Some(format!("{prefix}.{name}")));
    let names = [Some(name.to_owned()), short].into_iter().chain(long);
    names.flatten().find(|name| weights.contains(name))
}

impl LowRank {
    /// Adds it to the values of the matrix, whose shape is given.
    pub fn add(&self, weights: &Tensors, values: &mut [f32], shape: &[usize]) -> Result<()> {
        let &[outputs, inputs] = shape else {
            return Err(Error::model(&weights.folder, format!("the adapter changes {}, which is no matrix", self.a)));
        };
        let a = weights.tensor(&self.a, &[self.rank, inputs])?;
        let b = weights.tensor(&self.b, &[outputs, self.rank])?;
        for (row, factors) in values.chunks_exact_mut(inputs).zip(b.chunks_exact(self.rank)) {
            for (factor, a) in factors.iter().zip(a.chunks_exact(inputs)) {
                let factor = factor * self.scale;
                row.iter_mut().zip(a).for_each(|(value, a)| *value += factor * a);
            }
        }
        Ok(())
    }
}
