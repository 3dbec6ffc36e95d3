//! Which files of a model are needed.

use std::path::Path;

use serde_json::Value;

/// Files beside the weights that can be loaded.
#[cfg(any(feature = "http", test))]
const SMALL: [&str; 20] = [
    "added_tokens.json",
    "config.json",
    "generation_config.json",
    "merges.txt",
    "preprocessor_config.json",
    "sentencepiece.bpe.model",
    "shared_vocabulary.json",
    "shared_vocabulary.txt",
    "source.spm",
    "source_vocabulary.json",
    "special_tokens_map.json",
    "spiece.model",
    "spm.model",
    "target.spm",
    "target_vocabulary.json",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "vocab.json",
    "vocab.txt",
];

/// Weights, the best form first: a file, or the index of several.
const WEIGHTS: [&str; 5] = [
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
    "model.bin", // CTranslate2
];

const INDEX: &str = ".index.json";

/// Of the files of a model those that are needed, sorted; all in its first folder.
///
/// # Errors
/// Which file is missing that every model has.
#[cfg(any(feature = "http", test))]
pub(super) fn needed<'a>(all: &[&'a str]) -> Result<Vec<&'a str>, String> {
    let mut needed: Vec<&str> = all.iter().copied().filter(|file| SMALL.contains(file)).collect();
    if !needed.contains(&"config.json") {
        return Err("it has no config.json".to_owned());
    }
    let weights = WEIGHTS.iter().find(|file| all.contains(file));
    let weights = weights.ok_or_else(|| format!("it has no weights that can be loaded ({})", WEIGHTS.join(", ")))?;
    needed.extend(all.iter().filter(|file| *file == weights));
    if let Some((stem, extension)) = weights.strip_suffix(INDEX).and_then(|file| file.rsplit_once('.')) {
        // model.safetensors.index.json tells the shards model-00001-of-00002.safetensors, …
        let shard = |file: &&&str| {
            let number = file.strip_prefix(stem).and_then(|rest| rest.strip_suffix(extension)?.strip_suffix('.'));
            number.is_some_and(|number| {
                number.starts_with('-') && number.contains("-of-") && !number.contains(['/', '\\'])
            })
        };
        needed.extend(all.iter().filter(shard));
    }
    needed.sort_unstable();
    Ok(needed)
}

/// The first needed file that is missing in a snapshot; `None` where it is complete.
pub(super) fn missing(snapshot: &Path) -> Option<String> {
    // A link to a blob that is not there counts as missing.
    let there = |file: &str| snapshot.join(file).is_file();
    if !there("config.json") {
        return Some("config.json".to_owned());
    }
    let Some(weights) = WEIGHTS.iter().find(|file| there(file)) else {
        return Some(WEIGHTS[0].to_owned());
    };
    let shards = weights.ends_with(INDEX).then(|| shards(&snapshot.join(weights)))?;
    match shards {
        Some(shards) => shards.into_iter().find(|shard| !there(shard)),
        None => Some((*weights).to_owned()),
    }
}

/// The files that an index names, sorted; `None` where it cannot be read.
fn shards(index: &Path) -> Option<Vec<String>> {
    let index: Value = serde_json::from_slice(&std::fs::read(index).ok()?).ok()?;
    let mut shards: Vec<String> =
        index.get("weight_map")?.as_object()?.values().filter_map(|file| Some(file.as_str()?.to_owned())).collect();
    shards.sort_unstable();
    shards.dedup();
    Some(shards)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_taken_once_in_the_best_form() {
        let all =
            ["README.md", "config.json", "onnx/model.onnx", "pytorch_model.bin", "tokenizer.json", "rust_model.ot"];
        assert_eq!(needed(&all).unwrap(), ["config.json", "pytorch_model.bin", "tokenizer.json"]);
        let all = ["config.json", "model.safetensors", "pytorch_model.bin", "tf_model.h5"];
        assert_eq!(needed(&all).unwrap(), ["config.json", "model.safetensors"]);
        let all = [
            "config.json",
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model.safetensors.index.json",
            "pytorch_model-00001-of-00001.bin",
            "pytorch_model.bin.index.json",
        ];
        assert_eq!(needed(&all).unwrap(), all[..4]);
        assert!(needed(&["model.safetensors"]).unwrap_err().contains("config.json"));
        assert!(needed(&["config.json"]).unwrap_err().contains("model.safetensors"));
    }

    #[test]
    fn a_snapshot_without_a_shard_is_not_complete() {
        let folder = tempfile::tempdir().unwrap();
        let write = |file: &str, content: &str| std::fs::write(folder.path().join(file), content).unwrap();
        assert_eq!(missing(folder.path()).as_deref(), Some("config.json"));
        write("config.json", "{}");
        assert_eq!(missing(folder.path()).as_deref(), Some("model.safetensors"));
        write("model.safetensors.index.json", r#"{"weight_map":{"a":"two","b":"one","c":"two"}}"#);
        write("one", "");
        assert_eq!(missing(folder.path()).as_deref(), Some("two"));
        write("two", "");
        assert_eq!(missing(folder.path()), None);
        write("model.safetensors.index.json", "no JSON");
        assert_eq!(missing(folder.path()).as_deref(), Some("model.safetensors.index.json"));
    }
}
