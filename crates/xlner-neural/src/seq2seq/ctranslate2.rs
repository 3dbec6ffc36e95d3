//! Models that CTranslate2's converters wrote, under the names of `transformers`.
//!
//! Of a Transformer (`TransformerSpec`) the converters keep what an inference engine needs: the projections of attention beside
//! each other, positions as a table, and in place of `config.json`'s sizes numbers among the weights.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::config::{Config, Family, Stack};
use crate::nn::{Activation, Tensors};
use crate::{Error, Result};

/// The table of positions, under a name that no checkpoint has.
pub(super) const POSITIONS: &str = "model.positions";

/// Parts of Transformers that M2M100, NLLB-200 and Marian do not have.
const OTHERS: [&str; 11] = [
    "embeddings_1",
    "final_logit_softcapping",
    "layernorm_embedding",
    "linear_0_noact",
    "memory_kv",
    "num_heads_kv",
    "project_in",
    "q_norm",
    "relative_attention_bias",
    "relative_position_keys",
    "rotary_dim",
];

/// Makes of the weights those of a checkpoint, and says what it is.
///
/// # Errors
/// [`Error::Model`] where parts are missing, or there are some that we do not have; [`Error::File`] where a file cannot be read.
pub(super) fn read(folder: &Path, weights: &mut Tensors) -> Result<Config> {
    let wrong = |problem: String| Error::model(folder, problem);
    let other = weights.names().find(|name| name.split('/').any(|part| OTHERS.contains(&part)));
    if let Some(other) = other {
        return Err(wrong(format!("it has {other}; models of the kinds M2M100, NLLB-200 and Marian are loaded")));
    }
    let path = folder.join("config.json");
    let text = std::fs::read(&path).map_err(|problem| Error::file(&path, problem))?;
    let said: Value = serde_json::from_slice(&text).map_err(|problem| Error::model(&path, problem.to_string()))?;
    if said["layer_norm_epsilon"].as_f64().is_some_and(|epsilon| epsilon != 1e-5) {
        return Err(Error::model(&path, "it has another layer_norm_epsilon than M2M100 and Marian have, 1e-5"));
    }
    let vocabulary = vocabulary(folder)?.ok_or_else(|| {
        wrong("there is no shared_vocabulary.json in it (nor .txt); convert the model again".to_owned())
    })?;
    let token = |key: &str, usual: &str| {
        let name = said[key].as_str().unwrap_or(usual);
        let number = vocabulary.iter().position(|token| token == name);
        number
            .map(|number| number as u32)
            .ok_or_else(|| wrong(format!("{key} is {name}, which is not in its vocabulary")))
    };

    let flag = |name: &str| -> Result<bool> { Ok(weights.number(name)?.unwrap_or(0.0) != 0.0) };
    if flag("decoder/alibi")? || said["add_source_bos"].as_bool().unwrap_or(false) {
        return Err(wrong("it is of another kind than M2M100, NLLB-200 and Marian".to_owned()));
    }
    let sizes = |name: &str| match weights.shape(name) {
        Some([rows, width]) => Ok([*rows, *width]),
        _ => Err(wrong(format!("there is no matrix {name}"))),
    };
    let (source, target) = ("encoder/embeddings_0/weight", "decoder/embeddings/weight");
    let ([source_vocabulary, width], [target_vocabulary, _]) = (sizes(source)?, sizes(target)?);
    let positions = "encoder/position_encodings/encodings";
    if !weights.same(positions, "decoder/position_encodings/encodings") {
        return Err(wrong("encoder and decoder have no table of positions in common".to_owned()));
    }
    let stack = |side: &str| -> Result<Stack> {
        let heads = weights.number(&format!("{side}/num_heads"))?.unwrap_or(8.0) as usize;
        let layers = (0..).take_while(|n| weights.contains(&format!("{side}/layer_{n}/ffn/linear_0/weight"))).count();
        let [inner, _] = sizes(&format!("{side}/layer_0/ffn/linear_0/weight"))?;
        if heads == 0 || !width.is_multiple_of(heads) || width < 4 {
            return Err(wrong(format!("hidden states of {width} values are no multiple of {heads} attention heads")));
        }
        Ok(Stack { layers, heads, inner })
    };
    let activation = match weights.number("encoder/activation")?.unwrap_or(0.0) as u8 {
        0 => Activation::Relu,
        1 => Activation::GeluTanh,
        2 => Activation::Silu,
        3 => Activation::Gelu,
        4 => Activation::QuickGelu,
        5 => Activation::Tanh,
        other => return Err(wrong(format!("the activation {other} is not known"))),
    };
    // A number, or whether the root of the width.
    let scale = match weights.number("encoder/scale_embeddings")? {
        Some(1.0) if !weights.is_f32("encoder/scale_embeddings") => (width as f32).sqrt(),
        scale => scale.unwrap_or(1.0),
    };
    let pre_norm = flag("encoder/pre_norm")?;
    let end = token("eos_token", "</s>")?;
    let config = Config {
        family: if pre_norm { Family::M2m100 } else { Family::Marian },
        ctranslate2: true,
        width,
        source_vocabulary,
        target_vocabulary,
        shared: weights.same(source, target),
        encoder: stack("encoder")?,
        decoder: stack("decoder")?,
        activation,
        scale,
        positions: sizes(positions)?[0],
        padding: end,
        start: match flag("decoder/start_from_zero_embedding")? {
            true => target_vocabulary as u32,
            false => token("decoder_start_token", "<s>")?,
        },
        end,
        forbidden: Vec::new(),
        forced_end: None,
    };
    if vocabulary.len() != target_vocabulary || vocabulary.len() != source_vocabulary {
        return Err(wrong(format!(
            "its vocabulary has {} tokens, the tables of its network {source_vocabulary} and {target_vocabulary}",
            vocabulary.len()
        )));
    }
    for (name, rows, second) in names(&config) {
        weights.name(&name, rows, second);
    }
    Ok(config)
}

/// CTranslate2's names, the rows of a part, and what `transformers` calls it.
fn names(config: &Config) -> Vec<(String, Option<std::ops::Range<usize>>, String)> {
    let width = config.width;
    let mut names = Vec::new();
    let mut linear = |name: String, parts: &[String]| {
        for (number, part) in parts.iter().enumerate() {
            let rows = (parts.len() > 1).then_some(number * width..(number + 1) * width);
            names.extend(
                ["weight", "bias"].map(|kind| (format!("{name}/{kind}"), rows.clone(), format!("{part}.{kind}"))),
            );
        }
    };
    let stacks = [("encoder", config.encoder), ("decoder", config.decoder)];
    for (side, stack) in stacks {
        for n in 0..stack.layers {
            let (theirs, ours) = (format!("{side}/layer_{n}"), format!("model.{side}.layers.{n}"));
            let part = |name: &str| format!("{ours}.{name}");
            linear(
                format!("{theirs}/self_attention/linear_0"),
                &["q_proj", "k_proj", "v_proj"].map(|p| part(&format!("self_attn.{p}"))),
            );
            linear(format!("{theirs}/self_attention/linear_1"), &[part("self_attn.out_proj")]);
            if side == "decoder" {
                linear(format!("{theirs}/attention/linear_0"), &[part("encoder_attn.q_proj")]);
                linear(
                    format!("{theirs}/attention/linear_1"),
                    &["k_proj", "v_proj"].map(|p| part(&format!("encoder_attn.{p}"))),
                );
                linear(format!("{theirs}/attention/linear_2"), &[part("encoder_attn.out_proj")]);
            }
            linear(format!("{theirs}/ffn/linear_0"), &[part("fc1")]);
            linear(format!("{theirs}/ffn/linear_1"), &[part("fc2")]);
        }
    }
    let mut norm = |theirs: String, ours: String| {
        names.extend(
            [("gamma", "weight"), ("beta", "bias")]
                .map(|(t, o)| (format!("{theirs}/{t}"), None, format!("{ours}.{o}"))),
        );
    };
    for (side, stack) in stacks {
        norm(format!("{side}/layer_norm"), format!("model.{side}.layer_norm"));
        for n in 0..stack.layers {
            for (theirs, ours) in [
                ("self_attention", "self_attn_layer_norm"),
                ("attention", "encoder_attn_layer_norm"),
                ("ffn", "final_layer_norm"),
            ] {
                norm(format!("{side}/layer_{n}/{theirs}/layer_norm"), format!("model.{side}.layers.{n}.{ours}"));
            }
        }
    }
    for (theirs, ours) in [
        ("encoder/embeddings_0/weight", "model.encoder.embed_tokens.weight"),
        ("decoder/embeddings/weight", "model.decoder.embed_tokens.weight"),
        ("decoder/projection/weight", "lm_head.weight"),
        ("decoder/projection/bias", "lm_head.bias"),
        ("encoder/position_encodings/encodings", POSITIONS),
    ] {
        names.push((theirs.to_owned(), None, ours.to_owned()));
    }
    names
}

/// The tokens of both sides by number; `None` where the folder has no list of them.
///
/// # Errors
/// [`Error::Model`] where the sides have lists of their own, or a list cannot be understood.
pub(super) fn vocabulary(folder: &Path) -> Result<Option<Vec<String>>> {
    let there = |name: &str| -> Option<PathBuf> { Some(folder.join(name)).filter(|path| path.is_file()) };
    if there("source_vocabulary.json").or_else(|| there("source_vocabulary.txt")).is_some() {
        return Err(Error::model(
            folder,
            "source and target have vocabularies of their own; models with one are loaded",
        ));
    }
    let Some(path) = there("shared_vocabulary.json").or_else(|| there("shared_vocabulary.txt")) else {
        return Ok(None);
    };
    let text = std::fs::read_to_string(&path).map_err(|problem| Error::file(&path, problem))?;
    match path.extension().is_some_and(|extension| extension == "json") {
        true => serde_json::from_str(&text).map(Some).map_err(|problem| Error::model(&path, problem.to_string())),
        // Only a line feed ends a token's line: other separators are tokens themselves.
        false => Ok(Some(text.strip_suffix('\n').unwrap_or(&text).split('\n').map(str::to_owned).collect())),
    }
}
