//! Small checkpoints of translation models, made up.
#![allow(dead_code)] // each test file needs a part

use std::path::Path;

/// The network of a checkpoint of made-up weights: 1 layer on both sides, 8 values, so many tokens.
pub fn weights(folder: &Path, vocabulary: usize, seed: u32) {
    let config = format!(
        r#"{{"model_type":"m2m_100","d_model":8,"encoder_layers":1,"decoder_layers":1,"encoder_attention_heads":2,
            "decoder_attention_heads":2,"encoder_ffn_dim":12,"decoder_ffn_dim":12,"vocab_size":{vocabulary},"max_position_embeddings":32,
            "activation_function":"relu","scale_embedding":true,"pad_token_id":1,"eos_token_id":2,"decoder_start_token_id":2}}"#
    );
    std::fs::write(folder.join("config.json"), config).unwrap();
    let mut tensors: Vec<(String, Vec<usize>)> = vec![("model.shared.weight".into(), vec![vocabulary, 8])];
    let mut linear = |name: String, outputs: usize, inputs: usize| {
        tensors.push((format!("{name}.weight"), vec![outputs, inputs]));
        tensors.push((format!("{name}.bias"), vec![outputs]));
    };
    for (side, attentions) in [("encoder", &["self_attn"][..]), ("decoder", &["self_attn", "encoder_attn"])] {
        let layer = format!("model.{side}.layers.0");
        for attention in attentions {
            for projection in ["q_proj", "k_proj", "v_proj", "out_proj"] {
                linear(format!("{layer}.{attention}.{projection}"), 8, 8);
            }
        }
        linear(format!("{layer}.fc1"), 12, 8);
        linear(format!("{layer}.fc2"), 8, 12);
    }
    for (side, norms) in [
        ("encoder", &["layers.0.self_attn_layer_norm", "layers.0.final_layer_norm", "layer_norm"][..]),
        (
            "decoder",
            &[
                "layers.0.self_attn_layer_norm",
                "layers.0.encoder_attn_layer_norm",
                "layers.0.final_layer_norm",
                "layer_norm",
            ],
        ),
    ] {
        for norm in norms {
            tensors.push((format!("model.{side}.{norm}.weight"), vec![8]));
            tensors.push((format!("model.{side}.{norm}.bias"), vec![8]));
        }
    }
    let (mut header, mut data) = (serde_json::Map::new(), Vec::new());
    let mut state = seed;
    for (name, shape) in tensors {
        let start = data.len();
        for _ in 0..shape.iter().product() {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let value = (state >> 8) as f32 / (1 << 23) as f32 - 1.0;
            data.extend((value + if name.ends_with("norm.weight") { 1.0 } else { 0.0 }).to_le_bytes());
        }
        let entry = serde_json::json!({"dtype": "F32", "shape": shape, "data_offsets": [start, data.len()]});
        header.insert(name, entry);
    }
    let header = serde_json::to_vec(&header).unwrap();
    let bytes = [&(header.len() as u64).to_le_bytes()[..], &header, &data].concat();
    std::fs::write(folder.join("model.safetensors"), bytes).unwrap();
}

/// The same with a tokeniser: every word of the list, `[` and `]` are tokens; English and French are known.
pub fn whole(folder: &Path, words: &[&str], seed: u32) {
    let special = ["<s>", "<pad>", "</s>", "<unk>", "eng_Latn", "fra_Latn", "[", "]"];
    let tokens: Vec<&str> = special.iter().chain(words).copied().collect();
    let vocabulary: serde_json::Map<String, serde_json::Value> =
        tokens.iter().enumerate().map(|(number, token)| ((*token).to_owned(), number.into())).collect();
    let tokenizer = serde_json::json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
        "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": null, "decoder": null,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "<unk>"}
    });
    std::fs::write(folder.join("tokenizer.json"), tokenizer.to_string()).unwrap();
    weights(folder, tokens.len(), seed);
}
