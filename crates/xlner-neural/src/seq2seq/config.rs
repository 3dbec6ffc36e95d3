//! What `config.json` and `generation_config.json` say.

use std::path::Path;

use serde_json::Value;

use crate::nn::Activation;
use crate::{Error, Result};

/// Values or tokens that any model has, at most.
const LARGEST: usize = 1 << 24;
/// Positions that any model has, at most: their vectors are calculated, not kept.
const MOST_POSITIONS: usize = 1 << 14;

/// Which architecture a checkpoint has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// M2M100 (Fan et al. 2021) and NLLB-200 (NLLB Team 2022): norms before the sub-layers.
    M2m100,
    /// Marian (Junczys-Dowmunt et al. 2018), OPUS-MT: norms after them, a bias of the logits.
    Marian,
}

/// The architecture of a checkpoint, and what it says of generation.
#[derive(Debug, Clone)]
pub(super) struct Config {
    pub(super) family: Family,
    /// Whether CTranslate2's converters wrote it.
    pub(super) ctranslate2: bool,
    /// Values of a hidden state.
    pub(super) width: usize,
    /// Tokens of the encoder's vocabulary.
    pub(super) source_vocabulary: usize,
    /// Tokens of the decoder's vocabulary.
    pub(super) target_vocabulary: usize,
    /// Whether both sides have one table.
    pub(super) shared: bool,
    pub(super) encoder: Stack,
    pub(super) decoder: Stack,
    pub(super) activation: Activation,
    /// What embeddings are multiplied by.
    pub(super) scale: f32,
    /// Tokens that either side may have.
    pub(super) positions: usize,
    pub(super) padding: u32,
    /// Token that the decoder starts with; the one past the vocabulary stands for a vector of zeros.
    pub(super) start: u32,
    pub(super) end: u32,
    /// Tokens that are never generated, ascending.
    pub(super) forbidden: Vec<u32>,
    /// Token that a translation that reaches its maximum length is ended with.
    pub(super) forced_end: Option<u32>,
}

/// Sizes of the encoder or decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stack {
    pub(super) layers: usize,
    pub(super) heads: usize,
    /// Values inside the feed-forward layers.
    pub(super) inner: usize,
}

impl Config {
    /// Reads the files of a folder.
    pub(super) fn read(folder: &Path) -> Result<Config> {
        let path = folder.join("config.json");
        let text = std::fs::read(&path).map_err(|problem| Error::file(&path, problem))?;
        let generation = folder.join("generation_config.json");
        let generation = match generation.is_file() {
            true => std::fs::read(&generation).map_err(|problem| Error::file(&generation, problem))?,
            false => b"{}".to_vec(),
        };
        Config::parse(&text, &generation).map_err(|problem| Error::model(&path, problem))
    }

    fn parse(config: &[u8], generation: &[u8]) -> std::result::Result<Config, String> {
        let json = |text| serde_json::from_slice::<Value>(text).map_err(|problem| problem.to_string());
        let (config, generation) = (json(config)?, json(generation)?);
        let kind = config["model_type"].as_str().unwrap_or("none");
        let family = match kind {
            "m2m_100" => Family::M2m100,
            "marian" => Family::Marian,
            _ => return Err(format!("model_type is {kind}; translators are m2m_100 (NLLB-200, M2M100) and marian")),
        };
        let number = |key: &str| config[key].as_u64().and_then(|number| usize::try_from(number).ok());
        let size = |key: &str| match number(key) {
            None | Some(0) => Err(format!("{key} is missing or 0")),
            Some(size) if size > LARGEST => Err(format!("{key} is {size}, and of no model more than {LARGEST}")),
            Some(size) => Ok(size),
        };
        // What generation needs stands in the second file, in older checkpoints in the first.
        let said = |key: &str| Some(&generation[key]).filter(|value| !value.is_null()).unwrap_or(&config[key]);
        let token = |key: &str| said(key).as_u64().and_then(|token| u32::try_from(token).ok());
        let stack = |side: &str| -> std::result::Result<Stack, String> {
            Ok(Stack {
                layers: size(&format!("{side}_layers"))?,
                heads: size(&format!("{side}_attention_heads"))?,
                inner: size(&format!("{side}_ffn_dim"))?,
            })
        };
        let (width, encoder, decoder) = (size("d_model")?, stack("encoder")?, stack("decoder")?);
        if [encoder.heads, decoder.heads].iter().any(|heads| !width.is_multiple_of(*heads)) || width < 4 {
            return Err("d_model is no multiple of the attention heads, or under 4".into());
        }
        let name = config["activation_function"].as_str().unwrap_or("relu");
        let activation = Activation::from_name(name).ok_or_else(|| format!("the activation {name} is not known"))?;
        let vocabulary = size("vocab_size")?;
        let needed = |key: &str| token(key).ok_or_else(|| format!("{key} is missing"));
        let padding = needed("pad_token_id")?;
        let mut forbidden: Vec<u32> = match said("bad_words_ids") {
            Value::Array(words) => words
                .iter()
                .filter(|word| word.as_array().is_some_and(|word| word.len() == 1))
                .filter_map(|word| u32::try_from(word[0].as_u64()?).ok())
                .collect(),
            _ => Vec::new(),
        };
        if let Value::Array(tokens) = said("suppress_tokens") {
            forbidden.extend(tokens.iter().filter_map(|token| u32::try_from(token.as_u64()?).ok()));
        }
        forbidden.sort_unstable();
        forbidden.dedup();
        let config = Config {
            family,
            ctranslate2: false,
            width,
            source_vocabulary: vocabulary,
            target_vocabulary: match number("decoder_vocab_size") {
                Some(_) if family == Family::Marian => size("decoder_vocab_size")?,
                _ => vocabulary,
            },
            shared: family == Family::M2m100 || config["share_encoder_decoder_embeddings"].as_bool().unwrap_or(true),
            encoder,
            decoder,
            activation,
            scale: if config["scale_embedding"].as_bool().unwrap_or(family == Family::M2m100) {
                (width as f32).sqrt()
            } else {
                1.0
            },
            positions: match size("max_position_embeddings")? {
                positions if positions > MOST_POSITIONS => {
                    return Err(format!(
                        "max_position_embeddings is {positions}, and of no model more than {MOST_POSITIONS}"
                    ));
                }
                positions => positions,
            },
            padding,
            start: token("decoder_start_token_id").unwrap_or(padding),
            end: needed("eos_token_id")?,
            forbidden,
            forced_end: token("forced_eos_token_id"),
        };
        let most = config.target_vocabulary;
        let tokens = [config.padding, config.start, config.end].into_iter().chain(config.forced_end);
        match tokens.chain(config.forbidden.iter().copied()).find(|token| *token as usize >= most) {
            Some(token) => Err(format!("token {token} is outside the vocabulary of {most}")),
            None => Ok(config),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: &str = r#""d_model":16,"encoder_layers":2,"decoder_layers":1,"encoder_attention_heads":4,
        "decoder_attention_heads":2,"encoder_ffn_dim":32,"decoder_ffn_dim":24,"vocab_size":50,"max_position_embeddings":64"#;

    fn parse(extra: &str, generation: &str) -> std::result::Result<Config, String> {
        Config::parse(format!("{{{SIZES},{extra}}}").as_bytes(), generation.as_bytes())
    }

    #[test]
    fn the_second_file_goes_before_the_first() {
        let config = parse(
            r#""model_type":"marian","activation_function":"swish","scale_embedding":true,"pad_token_id":49,"eos_token_id":0,
               "decoder_start_token_id":49,"bad_words_ids":[[3],[1,2]],"forced_eos_token_id":5"#,
            r#"{"bad_words_ids":[[49]],"forced_eos_token_id":0}"#,
        )
        .unwrap();
        assert_eq!((config.family, config.start, config.end, config.scale), (Family::Marian, 49, 0, 4.0));
        assert_eq!((&config.forbidden[..], config.forced_end), (&[49][..], Some(0)));
        assert_eq!(config.decoder, Stack { layers: 1, heads: 2, inner: 24 });
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for (extra, expected) in [
            (r#""model_type":"bart""#, "model_type is bart"),
            (r#""model_type":"m2m_100","activation_function":"mish""#, "mish"),
            (r#""model_type":"m2m_100""#, "pad_token_id"),
            (r#""model_type":"m2m_100","pad_token_id":1,"eos_token_id":50"#, "token 50"),
            (r#""model_type":"m2m_100","d_model":18"#, "multiple"),
        ] {
            let error = parse(extra, "{}").unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
