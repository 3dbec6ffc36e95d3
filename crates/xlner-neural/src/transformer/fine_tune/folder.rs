//! A model's folder, as `transformers` writes it.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use candle_core::{Device, Tensor};
use serde_json::{Map, Value, json};

use crate::nn::adapter;
use crate::transformer::transliteration::TRANSLITERATION;
use crate::{Error, Result};

/// What a tokeniser may consist of.
const TOKENIZER: [&str; 12] = [
    "tokenizer_config.json",
    "special_tokens_map.json",
    TRANSLITERATION,
    "tokenizer.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "bpe.codes",
    "sentencepiece.bpe.model",
    "spiece.model",
    "spm.model",
];

/// So many of them are settings, which hold for another vocabulary too.
const SETTINGS: usize = 3;

/// Reads `config.json` as it stands.
pub(super) fn config(folder: &Path) -> Result<Map<String, Value>> {
    let path = adapter::holding(folder, "config.json")?.join("config.json");
    let text = fs::read(&path).map_err(|problem| Error::file(&path, problem))?;
    serde_json::from_slice(&text).map_err(|problem| Error::model(&path, problem.to_string()))
}

/// The standard deviation of new weights, as `config.json` says it.
pub(super) fn deviation(config: &Map<String, Value>) -> f64 {
    config.get("initializer_range").and_then(Value::as_f64).unwrap_or(0.02)
}

/// What stands on an encoder.
#[derive(Clone, Copy)]
pub(super) enum Head<'a> {
    /// It classifies tokens.
    Classes(&'a [String]),
    /// It says which sub-words were masked.
    Masked,
}

/// What a folder has beside weights, `config.json` and the tokeniser of the model that training began from.
pub(super) struct Extras {
    /// The file of the weights.
    pub weights: &'static str,
    /// `tokenizer.json`, in place of all files of the old tokeniser but its settings.
    pub tokenizer: Option<Value>,
    /// Further files by their names.
    pub files: Vec<(&'static str, String)>,
}

impl Default for Extras {
    fn default() -> Self {
        Extras { weights: "model.safetensors", tokenizer: None, files: Vec::new() }
    }
}

/// `config.json` of a model of the same shape, with the given head or without any.
pub(super) fn changed(mut config: Map<String, Value>, head: Option<Head<'_>>) -> Map<String, Value> {
    let name = match config.get("model_type").and_then(Value::as_str).unwrap_or_default() {
        "bert" => "Bert",
        "roberta" => "Roberta",
        "xlm-roberta" => "XLMRoberta",
        "camembert" => "Camembert",
        "distilbert" => "DistilBert",
        "deberta" => "Deberta",
        _ => "DebertaV2",
    };
    let kind = match head {
        Some(Head::Classes(_)) => "ForTokenClassification",
        Some(Head::Masked) => "ForMaskedLM",
        None => "Model",
    };
    config.insert("architectures".into(), json!([format!("{name}{kind}")]));
    if let Some(Head::Classes(classes)) = head {
        config.remove("num_labels");
        let labels: Map<String, Value> =
            classes.iter().enumerate().map(|(id, label)| (id.to_string(), label.clone().into())).collect();
        let ids: Map<String, Value> =
            classes.iter().enumerate().map(|(id, label)| (label.clone(), id.into())).collect();
        config.insert("id2label".into(), labels.into());
        config.insert("label2id".into(), ids.into());
    }
    for name in ["torch_dtype", "dtype"] {
        if config.contains_key(name) {
            config.insert(name.into(), "float32".into());
        }
    }
    config
}

/// Writes `tensors` with `config` and the tokeniser of `init` into a new folder: beside it first, and renamed when all is there.
/// A model that is there is replaced.
pub(super) fn write<'a>(
    folder: &Path,
    init: &Path,
    config: &Map<String, Value>,
    tensors: impl Iterator<Item = (&'a str, &'a Tensor)>,
    extras: &Extras,
) -> Result<()> {
    replaceable(folder)?;
    let parent = folder.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    let failed = |problem| Error::file(folder, problem);
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let (mut builder, prefix) = (tempfile::Builder::new(), format!(".{name}."));
    builder.prefix(&prefix).suffix(".part");
    let new = builder.tempdir_in(parent).map_err(failed)?;
    save(&new.path().join(extras.weights), tensors, BTreeMap::from([("format", "pt".to_owned())]))?;
    let text = serde_json::to_string_pretty(config).expect("JSON can be written");
    fs::write(new.path().join("config.json"), text + "\n").map_err(failed)?;
    let kept = if extras.tokenizer.is_some() { &TOKENIZER[..SETTINGS] } else { &TOKENIZER[..] };
    for file in kept {
        let old = adapter::holding(init, file)?.join(file);
        if old.is_file() {
            fs::copy(&old, new.path().join(file)).map_err(|problem| Error::file(&old, problem))?;
        }
    }
    let tokenizer = extras.tokenizer.as_ref().map(|tokenizer| ("tokenizer.json", tokenizer.to_string()));
    for (name, text) in tokenizer.iter().chain(&extras.files) {
        fs::write(new.path().join(name), text).map_err(failed)?;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(new.path(), fs::Permissions::from_mode(0o755)).map_err(failed)?;
    }
    // An old model is moved away first, and brought back where the new one cannot take its place.
    let old = builder.tempdir_in(parent).map_err(failed)?;
    let moved = old.path().join("model");
    let replaced = folder.exists();
    if replaced {
        fs::rename(folder, &moved).map_err(failed)?;
    }
    if let Err(problem) = fs::rename(new.path(), folder) {
        if replaced {
            fs::rename(&moved, folder).map_err(failed)?;
        }
        return Err(failed(problem));
    }
    let _ = new.keep();
    Ok(())
}

/// Checks that a model may be written to a folder: that it is not there, empty, or a model.
///
/// # Errors
/// [`Error::Model`] where it is something else, [`Error::File`] where it cannot be there.
pub(super) fn replaceable(folder: &Path) -> Result<()> {
    let parent = folder.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    match fs::metadata(parent) {
        Ok(parent) if parent.is_dir() && folder.file_name().is_some() => {}
        Ok(_) => return Err(Error::model(folder, "no folder can be made here")),
        Err(problem) => return Err(Error::file(parent, problem)),
    }
    if !folder.exists() || folder.join("config.json").is_file() {
        return Ok(());
    }
    let empty = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
    if empty { Ok(()) } else { Err(Error::model(folder, "this is there, and is no model; give a folder that is new")) }
}

/// Writes tensors into one file in the format safetensors.
pub(super) fn save<'a>(
    path: &Path,
    tensors: impl Iterator<Item = (&'a str, &'a Tensor)>,
    about: BTreeMap<&str, String>,
) -> Result<()> {
    let mut contiguous = Vec::new();
    for (name, tensor) in tensors {
        contiguous.push((name, tensor.to_device(&Device::Cpu)?.contiguous()?));
    }
    let about: HashMap<String, String> = about.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    // The library makes files that only their owner can read; this one gets the permissions that any new file has.
    let failed = |problem| Error::file(path, problem);
    let permissions = fs::File::create(path).and_then(|file| file.metadata()).map_err(failed)?.permissions();
    let written = safetensors::serialize_to_file(contiguous, Some(about), path);
    written.map_err(|problem| failed(std::io::Error::other(problem)))?;
    fs::set_permissions(path, permissions).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders() {
        let top = tempfile::tempdir().unwrap();
        let init = top.path().join("init");
        fs::create_dir(&init).unwrap();
        fs::write(init.join("config.json"), r#"{"model_type": "xlm-roberta", "torch_dtype": "float16"}"#).unwrap();
        fs::write(init.join("vocab.txt"), "a").unwrap();
        let classes = ["O", "B-X"].map(str::to_owned);
        let config = changed(config(&init).unwrap(), Some(Head::Classes(&classes)));
        assert_eq!(config["architectures"][0], "XLMRobertaForTokenClassification");
        assert_eq!((&config["id2label"]["1"], &config["label2id"]["B-X"]), (&json!("B-X"), &json!(1)));
        assert_eq!(config["torch_dtype"], "float32");
        let out = top.path().join("out");
        let tensor = Tensor::new(&[1f32, 2.0], &Device::Cpu).unwrap();
        for _ in 0..2 {
            write(&out, &init, &config, [("a", &tensor)].into_iter(), &Extras::default()).unwrap();
            let mut names: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            assert_eq!(names, ["config.json", "model.safetensors", "vocab.txt"]);
        }
        assert_eq!(fs::read_dir(top.path()).unwrap().count(), 2, "nothing is left over");
        let mode = |name: &str| fs::metadata(out.join(name)).unwrap().permissions();
        assert_eq!(mode("model.safetensors"), mode("config.json"));
        assert_eq!(crate::nn::Tensors::open(&out).unwrap().tensor("a", &[2]).unwrap(), [1.0, 2.0]);
        let other = top.path().join("other");
        fs::create_dir(&other).unwrap();
        assert!(replaceable(&other).is_ok());
        fs::write(other.join("letter.txt"), "").unwrap();
        assert!(replaceable(&other).unwrap_err().to_string().contains("is no model"));
        assert!(replaceable(&other.join("letter.txt").join("x")).is_err());
        assert!(replaceable(&top.path().join("missing").join("x")).is_err());
    }
}
