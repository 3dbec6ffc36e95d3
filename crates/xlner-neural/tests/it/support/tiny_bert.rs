//! A BERT of two layers with random weights, without a head; it takes twelve sub-words.

use std::fs;
use std::path::Path;

use serde_json::json;

const HIDDEN: usize = 16;
/// What its tokeniser knows.
pub const PIECES: [&str; 17] = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "anna", "peter", "mar", "##ia", "lives", "sings", "in", "berlin", "oslo", "ro",
    "##me", ".", "[MASK]",
];

/// Writes it to a folder.
pub fn write(folder: &Path) {
    write_longer(folder, 12);
}

/// Writes one that takes so many sub-words.
pub fn write_longer(folder: &Path, longest: usize) {
    fs::create_dir(folder).unwrap();
    let (mut header, mut bytes, mut state) = (serde_json::Map::new(), Vec::new(), 1u32);
    let mut add = |name: String, shape: &[usize], centre: f32| {
        let start = bytes.len();
        for _ in 0..shape.iter().product() {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let value = centre + 0.2 * ((state >> 8) as f32 / (1 << 23) as f32 - 1.0);
            bytes.extend(value.to_le_bytes());
        }
        header.insert(name, json!({"dtype": "F32", "shape": shape, "data_offsets": [start, bytes.len()]}));
    };
    let mut norms = vec!["embeddings.LayerNorm".to_owned()];
    for (name, rows) in [("word", PIECES.len()), ("position", longest), ("token_type", 2)] {
        add(format!("embeddings.{name}_embeddings.weight"), &[rows, HIDDEN], 0.0);
    }
    for layer in 0..2 {
        for (name, outputs, inputs) in [
            ("attention.self.query", HIDDEN, HIDDEN),
            ("attention.self.key", HIDDEN, HIDDEN),
            ("attention.self.value", HIDDEN, HIDDEN),
            ("attention.output.dense", HIDDEN, HIDDEN),
            ("intermediate.dense", 2 * HIDDEN, HIDDEN),
            ("output.dense", HIDDEN, 2 * HIDDEN),
        ] {
            add(format!("encoder.layer.{layer}.{name}.weight"), &[outputs, inputs], 0.0);
            add(format!("encoder.layer.{layer}.{name}.bias"), &[outputs], 0.0);
        }
        norms.extend(["attention.output.LayerNorm", "output.LayerNorm"].map(|n| format!("encoder.layer.{layer}.{n}")));
    }
    for norm in norms {
        add(format!("{norm}.weight"), &[HIDDEN], 1.0);
        add(format!("{norm}.bias"), &[HIDDEN], 0.0);
    }
    add("pooler.dense.weight".into(), &[HIDDEN, HIDDEN], 0.0);
    let header = serde_json::to_vec(&header).unwrap();
    let file = [&(header.len() as u64).to_le_bytes()[..], &header, &bytes].concat();
    fs::write(folder.join("model.safetensors"), file).unwrap();
    let config = json!({"model_type": "bert", "vocab_size": PIECES.len(), "hidden_size": HIDDEN, "num_hidden_layers": 2,
        "num_attention_heads": 4, "intermediate_size": 2 * HIDDEN, "max_position_embeddings": longest});
    fs::write(folder.join("config.json"), config.to_string()).unwrap();
    fs::write(folder.join("vocab.txt"), PIECES.join("\n")).unwrap();
}
