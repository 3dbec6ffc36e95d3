//! Checkpoints that are damaged, or made to do damage: each is refused with an error that names the file.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use xlner_core::{Encoder as _, Sentence, Translator as _};
use xlner_neural::seq2seq::{Seq2Seq, Seq2SeqOptions};
use xlner_neural::transformer::TransformerEncoder;

use super::support::{checkpoint, ctranslate2, tiny_bert};

/// What is wrong with a small BERT, of which a file is changed, when it is loaded or run.
fn bert(change: impl FnOnce(&Path)) -> String {
    let top = TempDir::new().unwrap();
    let folder = top.path().join("bert");
    tiny_bert::write(&folder);
    change(&folder);
    match TransformerEncoder::load(&folder, None, Default::default()) {
        Err(error) => error.to_string(),
        Ok(encoder) => encoder.encode(&[&Sentence::from_tokens(["Anna", "lives"])]).unwrap_err().to_string(),
    }
}

/// What is wrong with a small translator of that kind.
fn translator(change: impl FnOnce(&Path)) -> String {
    let folder = TempDir::new().unwrap();
    checkpoint::whole(folder.path(), &["Ana", "sleeps", "dort"], 3);
    change(folder.path());
    run(folder.path())
}

fn run(folder: &Path) -> String {
    match Seq2Seq::open(folder.to_str().unwrap(), "en", "fr", &Seq2SeqOptions::default()) {
        Err(error) => error.to_string(),
        Ok(mut translator) => match translator.translate(&["Ana sleeps Ana sleeps Ana"]) {
            Err(error) => error.to_string(),
            Ok(translations) => panic!("{translations:?}"),
        },
    }
}

/// Sets values of a JSON file.
fn set(folder: &Path, file: &str, values: &Value) {
    let path = folder.join(file);
    let mut content: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for (key, value) in values.as_object().unwrap() {
        content[key] = value.clone();
    }
    fs::write(path, content.to_string()).unwrap();
}

/// Overwrites the first values of a tensor.
fn poison(folder: &Path, name: &str, value: f32) {
    let path = folder.join("model.safetensors");
    let mut bytes = fs::read(&path).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let place = |at: usize| 8 + length + header[name]["data_offsets"][at].as_u64().unwrap() as usize;
    let (start, end) = (place(0), place(1));
    bytes[start..end].chunks_exact_mut(4).for_each(|bytes| bytes.copy_from_slice(&value.to_le_bytes()));
    fs::write(path, bytes).unwrap();
}

#[test]
fn values_that_are_no_numbers() {
    for value in [f32::NAN, f32::INFINITY] {
        let found = bert(|folder| poison(folder, "encoder.layer.0.output.dense.weight", value));
        assert!(found.contains("model.safetensors") && found.contains("layer.0.output.dense.weight"), "{found}");
        let found = translator(|folder| poison(folder, "model.decoder.layers.0.fc1.weight", value));
        assert!(found.contains("model.safetensors") && found.contains("layers.0.fc1.weight"), "{found}");
    }
    // Numbers, but so large that what is calculated with them is none.
    let found = bert(|folder| {
        for name in ["output.dense.weight", "intermediate.dense.weight", "output.LayerNorm.weight"] {
            poison(folder, &format!("encoder.layer.1.{name}"), 3e38);
        }
    });
    assert!(found.contains("no numbers"), "{found}");
}

#[test]
fn sizes_out_of_all_proportion() {
    for key in ["intermediate_size", "vocab_size", "max_position_embeddings", "num_hidden_layers", "type_vocab_size"] {
        for size in [json!(1_000_000_000), json!(u64::MAX), json!(16_000_000)] {
            let found = bert(|folder| set(folder, "config.json", &json!({ key: size })));
            assert!(found.contains(key) || found.contains("has the shape") || found.contains("no tensor"), "{found}");
        }
    }
    let found = bert(|folder| set(folder, "config.json", &json!({"layer_norm_eps": -1})));
    assert!(found.contains("config.json: layer_norm_eps is -1"), "{found}");
    for key in ["encoder_ffn_dim", "decoder_ffn_dim", "vocab_size", "max_position_embeddings", "encoder_layers"] {
        for size in [json!(1_000_000_000), json!(u64::MAX), json!(16_000_000)] {
            let found = translator(|folder| set(folder, "config.json", &json!({ key: size })));
            assert!(found.contains(key) || found.contains("has the shape") || found.contains("no tensor"), "{found}");
        }
    }
}

#[test]
fn tokenisers_that_break_their_library() {
    let special = json!({"SpecialToken": {"id": "<none>", "type_id": 0}});
    let changes = [
        json!({"post_processor": {"type": "TemplateProcessing", "single": [special], "pair": [], "special_tokens": {}}}),
        json!({"pre_tokenizer": {"type": "FixedLength", "length": 0}}),
        json!({"normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAAAA=="}}),
    ];
    for change in changes {
        let found = translator(|folder| set(folder, "tokenizer.json", &change));
        assert!(found.contains("tokenizer.json") && found.contains("damaged"), "{found}");
    }
    for content in ["[]", "5", "null", "\"x\"", "{}", ""] {
        let write = |folder: &Path| fs::write(folder.join("tokenizer.json"), content).unwrap();
        for found in [translator(write), bert(write)] {
            assert!(found.contains("tokenizer.json"), "{content}: {found}");
        }
    }
}

#[test]
fn models_that_take_too_little() {
    for positions in 1..8 {
        let found = translator(|folder| {
            set(folder, "config.json", &json!({"max_position_embeddings": positions}));
        });
        assert!(found.contains(&format!("it takes {positions} tokens")), "{found}");
        let (folder, into) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        checkpoint::whole(folder.path(), &["Ana", "sleeps", "dort"], 3);
        set(folder.path(), "config.json", &json!({"max_position_embeddings": positions}));
        let tokens = ["<s>", "<pad>", "</s>", "<unk>", "eng_Latn", "fra_Latn", "[", "]", "Ana", "sleeps", "dort"];
        ctranslate2::convert(folder.path(), into.path(), &tokens, false);
        fs::copy(folder.path().join("tokenizer.json"), into.path().join("tokenizer.json")).unwrap();
        let found = run(into.path());
        assert!(found.contains(&format!("it takes {positions} tokens")), "{found}");
    }
}

#[test]
fn bytes_after_a_model_of_ctranslate2() {
    let (folder, into) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    checkpoint::whole(folder.path(), &["Ana", "sleeps", "dort"], 3);
    let tokens = ["<s>", "<pad>", "</s>", "<unk>", "eng_Latn", "fra_Latn", "[", "]", "Ana", "sleeps", "dort"];
    ctranslate2::convert(folder.path(), into.path(), &tokens, false);
    let path = into.path().join("model.bin");
    fs::write(&path, [fs::read(&path).unwrap(), vec![0]].concat()).unwrap();
    assert!(run(into.path()).contains("bytes after its end"));
}
