//! Tiny checkpoints whose answers are known, written as Hugging Face keeps models.
#![allow(dead_code)] // each test file needs a part

use std::path::Path;

use serde_json::{Value, json};

/// Values of a hidden state; every token of a vocabulary has a direction of its own.
const WIDTH: usize = 16;

/// The words that [`bert`] knows, after its special ones.
pub const WORDS: [&str; 9] = ["anna", "boris", "berlin", "paris", "sees", "loves", ".", "new", "york"];

/// Tensors in the order they were added.
#[derive(Default)]
struct Tensors(Vec<(String, Vec<usize>, Vec<f32>)>);

impl Tensors {
    fn add(&mut self, name: &str, shape: &[usize], value: impl Fn(usize, usize) -> f32) {
        let columns = *shape.last().unwrap();
        let count: usize = shape.iter().product();
        let values = (0..count).map(|at| value(at / columns, at % columns)).collect();
        self.0.push((name.to_owned(), shape.to_vec(), values));
    }

    /// A layer with a bias of zeros.
    fn linear(&mut self, name: &str, outputs: usize, inputs: usize, value: impl Fn(usize, usize) -> f32) {
        self.add(&format!("{name}.weight"), &[outputs, inputs], value);
        self.add(&format!("{name}.bias"), &[outputs], |_, _| 0.0);
    }

    fn norm(&mut self, name: &str) {
        self.add(&format!("{name}.weight"), &[WIDTH], |_, _| 1.0);
        self.add(&format!("{name}.bias"), &[WIDTH], |_, _| 0.0);
    }

    fn save(&self, folder: &Path, config: &Value) {
        std::fs::create_dir_all(folder).unwrap();
        let (mut header, mut data) = (serde_json::Map::new(), Vec::new());
        for (name, shape, values) in &self.0 {
            let start = data.len();
            data.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            let entry = json!({"dtype": "F32", "shape": shape, "data_offsets": [start, data.len()]});
            header.insert(name.clone(), entry);
        }
        let header = serde_json::to_vec(&header).unwrap();
        let bytes = [&(header.len() as u64).to_le_bytes()[..], &header, &data].concat();
        std::fs::write(folder.join("model.safetensors"), bytes).unwrap();
        std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
    }
}

fn one_hot(row: usize, column: usize) -> f32 {
    if row == column { 4.0 } else { 0.0 }
}

/// Small weights, of either sign, so that layers matter a little.
fn small(row: usize, column: usize) -> f32 {
    ((row * 7 + column * 13) % 11) as f32 / 500.0 - 0.01
}

/// A BERT of two layers, without positions, that tags people, places (`new york` is one) and nothing else, and whose vectors
/// of equal words are alike.
pub fn bert(folder: &Path) {
    let pieces: Vec<&str> = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"].into_iter().chain(WORDS).collect();
    let mut tensors = Tensors::default();
    tensors.add("bert.embeddings.word_embeddings.weight", &[pieces.len(), WIDTH], one_hot);
    tensors.add("bert.embeddings.position_embeddings.weight", &[64, WIDTH], |_, _| 0.0);
    tensors.add("bert.embeddings.token_type_embeddings.weight", &[2, WIDTH], |_, _| 0.0);
    tensors.norm("bert.embeddings.LayerNorm");
    for layer in ["bert.encoder.layer.0", "bert.encoder.layer.1"] {
        for part in ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"] {
            tensors.linear(&format!("{layer}.{part}"), WIDTH, WIDTH, small);
        }
        tensors.linear(&format!("{layer}.intermediate.dense"), 20, WIDTH, small);
        tensors.linear(&format!("{layer}.output.dense"), WIDTH, 20, small);
        tensors.norm(&format!("{layer}.attention.output.LayerNorm"));
        tensors.norm(&format!("{layer}.output.LayerNorm"));
    }
    // O, B-PER, B-LOC, I-LOC.
    let class = |piece: &str| match piece {
        "anna" | "boris" => 1,
        "berlin" | "paris" | "new" => 2,
        "york" => 3,
        _ => 0,
    };
    let classes: Vec<usize> = pieces.iter().map(|piece| class(piece)).collect();
    let weight = |row, column| if classes.get(column) == Some(&row) { 1.0 } else { 0.0 };
    tensors.linear("classifier", 4, WIDTH, weight);
    let config = json!({
        "model_type": "bert", "vocab_size": pieces.len(), "hidden_size": WIDTH, "num_hidden_layers": 2,
        "num_attention_heads": 2, "intermediate_size": 20, "max_position_embeddings": 64,
        "id2label": {"0": "O", "1": "B-PER", "2": "B-LOC", "3": "I-LOC"},
    });
    tensors.save(folder, &config);
    std::fs::write(folder.join("vocab.txt"), pieces.join("\n")).unwrap();
}

/// Decoder and encoder of a translator that says `next` of each token, whatever the source.
fn translator(kind: &str, vocabulary: usize, next: &[(usize, usize)]) -> Tensors {
    let mut tensors = Tensors::default();
    tensors.add("model.shared.weight", &[vocabulary, WIDTH], one_hot);
    for (side, attentions) in [("encoder", &["self_attn"][..]), ("decoder", &["self_attn", "encoder_attn"])] {
        let layer = format!("model.{side}.layers.0");
        for attention in attentions {
            for projection in ["q_proj", "k_proj", "v_proj", "out_proj"] {
                tensors.linear(&format!("{layer}.{attention}.{projection}"), WIDTH, WIDTH, small);
            }
            tensors.norm(&format!("{layer}.{attention}_layer_norm"));
        }
        tensors.linear(&format!("{layer}.fc1"), WIDTH, WIDTH, |row, column| if row == column { 1.0 } else { 0.0 });
        let follows = |row, column| if next.contains(&(column, row)) { 20.0 } else { 0.0 };
        tensors.linear(&format!("{layer}.fc2"), WIDTH, WIDTH, follows);
        tensors.norm(&format!("{layer}.final_layer_norm"));
        if kind == "m2m_100" {
            tensors.norm(&format!("model.{side}.layer_norm"));
        }
    }
    tensors
}

fn translator_config(kind: &str, vocabulary: usize, [padding, end, start]: [usize; 3]) -> Value {
    json!({
        "model_type": kind, "d_model": WIDTH, "vocab_size": vocabulary, "max_position_embeddings": 32,
        "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2,
        "encoder_ffn_dim": WIDTH, "decoder_ffn_dim": WIDTH, "activation_function": "relu", "pad_token_id": padding,
        "eos_token_id": end, "decoder_start_token_id": start,
    })
}

/// An NLLB that says “bonjour monde” of every text that is translated into French, and nothing in English.
pub fn nllb(folder: &Path) {
    let special = ["<s>", "<pad>", "</s>", "<unk>", "eng_Latn", "fra_Latn"];
    let tokens: Vec<&str> = special.into_iter().chain(["hello", "world", "bonjour", "monde"]).collect();
    let tensors = translator("m2m_100", tokens.len(), &[(5, 8), (8, 9), (9, 2), (4, 2)]);
    tensors.save(folder, &translator_config("m2m_100", tokens.len(), [1, 2, 2]));
    let added: Vec<Value> = special
        .iter()
        .enumerate()
        .map(|(id, token)| {
            json!({"id": id, "content": token, "single_word": false, "lstrip": false, "rstrip": false,
                   "normalized": false, "special": true})
        })
        .collect();
    let vocabulary: serde_json::Map<String, Value> =
        tokens.iter().enumerate().map(|(id, token)| ((*token).to_owned(), id.into())).collect();
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added, "normalizer": null,
        "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "<unk>"},
    });
    std::fs::write(folder.join("tokenizer.json"), tokenizer.to_string()).unwrap();
}

/// A Marian that says “bonjour monde” of every text.
pub fn marian(folder: &Path) {
    let tokens = ["</s>", "<unk>", "▁hello", "▁world", "▁bonjour", "▁monde", "<pad>"];
    let mut tensors = translator("marian", tokens.len(), &[(6, 4), (4, 5), (5, 0)]);
    tensors.add("final_logits_bias", &[1, tokens.len()], |_, _| 0.0);
    tensors.save(folder, &translator_config("marian", tokens.len(), [6, 0, 6]));
    let vocabulary: serde_json::Map<String, Value> =
        tokens.iter().enumerate().map(|(id, token)| ((*token).to_owned(), id.into())).collect();
    std::fs::write(folder.join("vocab.json"), Value::Object(vocabulary).to_string()).unwrap();
    for (name, pieces) in [("source.spm", &tokens[2..4]), ("target.spm", &tokens[4..6])] {
        std::fs::write(folder.join(name), sentence_piece(pieces)).unwrap();
    }
}

/// A SentencePiece model (unigram) of a few short pieces, as protobuf.
fn sentence_piece(pieces: &[&str]) -> Vec<u8> {
    let field = |number: u8, bytes: &[u8]| [&[number << 3 | 2, bytes.len() as u8], bytes].concat();
    let mut bytes = field(2, &[3 << 3, 1]);
    for text in pieces {
        let piece = [field(1, text.as_bytes()), vec![2 << 3 | 5], (-1f32).to_le_bytes().to_vec()].concat();
        bytes.extend(field(1, &piece));
    }
    bytes
}
