//! Checkpoints of translators written as CTranslate2's converters write them.

use std::path::Path;

use serde_json::Value;
use xlner_neural::nn::Tensors;

/// Writes the network of `folder` into `into`, in 32 bits or 8, with the names of its tokens.
pub fn convert(folder: &Path, into: &Path, tokens: &[&str], int8: bool) {
    let config: Value = serde_json::from_slice(&std::fs::read(folder.join("config.json")).unwrap()).unwrap();
    let weights = Tensors::open(folder).unwrap();
    let tensor = |name: &str| weights.tensor(name, weights.shape(name).unwrap()).unwrap();
    let pre_norm = config["model_type"] == "m2m_100";
    let width = config["d_model"].as_u64().unwrap() as usize;
    let positions = config["max_position_embeddings"].as_u64().unwrap() as usize;
    let shared = tensor("model.shared.weight");
    let mut file = File { int8, ..File::default() };
    for side in ["encoder", "decoder"] {
        file.scalar(&format!("{side}/num_heads"), 2, &2i16.to_le_bytes());
        file.scalar(&format!("{side}/pre_norm"), 1, &[u8::from(pre_norm)]);
        file.scalar(&format!("{side}/activation"), 1, &[0]);
        let scale = if config["scale_embedding"].as_bool().unwrap_or(pre_norm) { (width as f32).sqrt() } else { 1.0 };
        file.scalar(&format!("{side}/scale_embeddings"), 0, &scale.to_le_bytes());
        let attentions = [("self_attn", "self_attention"), ("encoder_attn", "attention")];
        let (ours, theirs) = (format!("model.{side}.layers.0"), format!("{side}/layer_0"));
        for (name, part) in &attentions[..if side == "encoder" { 1 } else { 2 }] {
            let joined: &[&[&str]] = match *part {
                "attention" => &[&["q_proj"], &["k_proj", "v_proj"], &["out_proj"]],
                _ => &[&["q_proj", "k_proj", "v_proj"], &["out_proj"]],
            };
            for (number, projections) in joined.iter().enumerate() {
                for kind in ["weight", "bias"] {
                    let values =
                        projections.iter().flat_map(|p| tensor(&format!("{ours}.{name}.{p}.{kind}"))).collect();
                    file.matrix(&format!("{theirs}/{part}/linear_{number}/{kind}"), width * projections.len(), values);
                }
            }
            file.norm(&tensor, &format!("{ours}.{name}_layer_norm"), &format!("{theirs}/{part}/layer_norm"));
        }
        for (name, part) in [("fc1", "ffn/linear_0"), ("fc2", "ffn/linear_1")] {
            let bias = tensor(&format!("{ours}.{name}.bias"));
            file.matrix(&format!("{theirs}/{part}/weight"), bias.len(), tensor(&format!("{ours}.{name}.weight")));
            file.matrix(&format!("{theirs}/{part}/bias"), bias.len(), bias);
        }
        file.norm(&tensor, &format!("{ours}.final_layer_norm"), &format!("{theirs}/ffn/layer_norm"));
        if pre_norm {
            file.norm(&tensor, &format!("model.{side}.layer_norm"), &format!("{side}/layer_norm"));
        }
    }
    // Marian's padding token, the last, which the decoder starts with, is left out where it stands for zeros.
    let zero = shared[shared.len() - width..].iter().all(|value| *value == 0.0);
    let count = shared.len() / width - usize::from(zero);
    assert_eq!(tokens.len(), count);
    file.scalar("decoder/start_from_zero_embedding", 1, &[u8::from(zero)]);
    file.matrix("decoder/embeddings/weight", count, shared[..count * width].to_vec());
    file.positions(positions, width, pre_norm);
    let second = [
        ("encoder/embeddings_0/weight", "decoder/embeddings/weight"),
        ("decoder/projection/weight", "decoder/embeddings/weight"),
        ("encoder/position_encodings/encodings", "decoder/position_encodings/encodings"),
    ];
    let mut bytes = 6u32.to_le_bytes().to_vec();
    bytes.extend(text("TransformerSpec"));
    bytes.extend(7u32.to_le_bytes());
    bytes.extend(file.count.to_le_bytes());
    bytes.extend(&file.bytes);
    bytes.extend((second.len() as u32).to_le_bytes());
    bytes.extend(second.iter().flat_map(|(second, name)| [text(second), text(name)].concat()));
    std::fs::create_dir_all(into).unwrap();
    std::fs::write(into.join("model.bin"), bytes).unwrap();
    std::fs::write(into.join("shared_vocabulary.json"), serde_json::to_vec(tokens).unwrap()).unwrap();
    let start = config["decoder_start_token_id"].as_u64().and_then(|start| tokens.get(start as usize));
    let config = serde_json::json!({"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "decoder_start_token": start,
        "add_source_bos": false, "add_source_eos": false, "layer_norm_epsilon": null});
    std::fs::write(into.join("config.json"), config.to_string()).unwrap();
    for name in ["tokenizer.json", "source.spm", "target.spm"] {
        if folder.join(name).is_file() {
            std::fs::copy(folder.join(name), into.join(name)).unwrap();
        }
    }
}

#[derive(Default)]
struct File {
    int8: bool,
    count: u32,
    bytes: Vec<u8>,
}

impl File {
    fn add(&mut self, name: &str, shape: &[usize], kind: u8, values: &[u8]) {
        self.count += 1;
        self.bytes.extend(text(name));
        self.bytes.push(shape.len() as u8);
        self.bytes.extend(shape.iter().flat_map(|size| (*size as u32).to_le_bytes()));
        self.bytes.push(kind);
        self.bytes.extend((values.len() as u32).to_le_bytes());
        self.bytes.extend(values);
    }

    fn scalar(&mut self, name: &str, kind: u8, value: &[u8]) {
        self.add(name, &[], kind, value);
    }

    /// Of so many rows; a vector where each has one value.
    fn matrix(&mut self, name: &str, rows: usize, values: Vec<f32>) {
        let columns = values.len() / rows;
        if columns == 1 {
            return self.add(name, &[rows], 0, &floats(&values));
        }
        if !self.int8 {
            return self.add(name, &[rows, columns], 0, &floats(&values));
        }
        let most = |row: &[f32]| row.iter().fold(0f32, |most, value| most.max(value.abs()));
        let scales: Vec<f32> =
            values.chunks(columns).map(|row| 127.0 / Some(most(row)).filter(|m| *m > 0.0).unwrap_or(127.0)).collect();
        let bytes = values
            .chunks(columns)
            .zip(&scales)
            .flat_map(|(row, scale)| row.iter().map(move |value| (value * scale).round() as i8 as u8));
        self.add(name, &[rows, columns], 1, &bytes.collect::<Vec<u8>>());
        self.add(&format!("{name}_scale"), &[rows], 0, &floats(&scales));
    }

    fn norm(&mut self, tensor: &impl Fn(&str) -> Vec<f32>, ours: &str, theirs: &str) {
        for (kind, name) in [("weight", "gamma"), ("bias", "beta")] {
            let values = tensor(&format!("{ours}.{kind}"));
            self.add(&format!("{theirs}/{name}"), &[values.len()], 0, &floats(&values));
        }
    }

    /// Sines and cosines, as M2M100 (after the padding token 1) and Marian have them.
    fn positions(&mut self, count: usize, width: usize, m2m100: bool) {
        let half = width / 2;
        let angle = |position: usize, k: usize| match m2m100 {
            true => (position + 2) as f64 * (-(10_000f64.ln()) / (half as f64 - 1.0) * k as f64).exp(),
            false => position as f64 / 10_000f64.powf(2.0 * k as f64 / width as f64),
        };
        let row = |position| {
            (0..half).map(move |k| angle(position, k).sin()).chain((0..half).map(move |k| angle(position, k).cos()))
        };
        let values: Vec<f32> = (0..count).flat_map(row).map(|value| value as f32).collect();
        self.add("decoder/position_encodings/encodings", &[count, width], 0, &floats(&values));
    }
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u16 + 1).to_le_bytes()[..], text.as_bytes(), &[0]].concat()
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}
