//! `config.json`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::nn::{Activation, adapter};
use crate::{Error, Result};

/// Values, tokens or positions that any model has, at most; layers.
const LARGEST: usize = 1 << 24;
const DEEPEST: usize = 1 << 12;

/// Kinds of encoders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Bert,
    /// RoBERTa, XLM-RoBERTa, CamemBERT: positions count from after the padding's id.
    Roberta,
    Distilbert,
    /// Version 1.
    DebertaV1,
    /// Versions 2 and 3.
    Deberta,
}

impl Family {
    fn of(model_type: &str) -> Option<Family> {
        Some(match model_type {
            "bert" => Family::Bert,
            "roberta" | "xlm-roberta" | "camembert" => Family::Roberta,
            "distilbert" => Family::Distilbert,
            "deberta" => Family::DebertaV1,
            "deberta-v2" => Family::Deberta,
            _ => return None,
        })
    }

    /// What the names of its tensors begin with where there is a head.
    pub fn prefix(self) -> &'static str {
        match self {
            Family::Bert => "bert",
            Family::Roberta => "roberta",
            Family::Distilbert => "distilbert",
            Family::DebertaV1 | Family::Deberta => "deberta",
        }
    }
}

/// What DeBERTa says about relative positions.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Relative {
    /// Distances that have a vector, in each direction.
    pub span: usize,
    /// Buckets of distances; `None`: each distance is its own.
    pub buckets: Option<usize>,
    /// Largest distance that has a bucket of its own range.
    pub most: usize,
    pub content_to_position: bool,
    pub position_to_content: bool,
    /// The projections of contents serve positions too.
    pub shared: bool,
    /// Else the names of the projections that serve them, as keys and as queries.
    pub own: [&'static str; 2],
    /// The vectors of distances are normalised.
    pub norm: bool,
}

/// DeBERTa's convolution after the first layer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Convolution {
    pub width: usize,
    pub activation: Activation,
}

/// What a model is made of.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Config {
    pub family: Family,
    /// `model_type` as it stands.
    pub name: String,
    pub vocabulary: usize,
    /// Values of a word's vector before it is projected.
    pub embedded: usize,
    pub hidden: usize,
    pub layers: usize,
    pub heads: usize,
    pub inner: usize,
    pub activation: Activation,
    pub epsilon: f32,
    /// Rows of the table of positions.
    pub positions: usize,
    /// Whether positions are added to the words.
    pub absolute: bool,
    pub types: usize,
    pub padding: usize,
    pub relative: Option<Relative>,
    pub convolution: Option<Convolution>,
    /// Names of the classes by number, where there are any.
    pub labels: Vec<String>,
}

#[derive(Deserialize)]
struct Raw {
    model_type: String,
    vocab_size: usize,
    #[serde(alias = "dim")]
    hidden_size: usize,
    #[serde(alias = "n_layers")]
    num_hidden_layers: usize,
    #[serde(alias = "n_heads")]
    num_attention_heads: usize,
    #[serde(alias = "hidden_dim")]
    intermediate_size: usize,
    #[serde(alias = "activation", default = "gelu")]
    hidden_act: String,
    layer_norm_eps: Option<f32>,
    #[serde(default = "longest")]
    max_position_embeddings: usize,
    type_vocab_size: Option<usize>,
    pad_token_id: Option<usize>,
    position_embedding_type: Option<String>,
    #[serde(default)]
    is_decoder: bool,
    #[serde(default)]
    id2label: BTreeMap<String, String>,
    embedding_size: Option<usize>,
    position_biased_input: Option<bool>,
    #[serde(default)]
    relative_attention: bool,
    max_relative_positions: Option<i64>,
    position_buckets: Option<i64>,
    pos_att_type: Option<Value>,
    #[serde(default)]
    share_att_key: bool,
    norm_rel_ebd: Option<String>,
    #[serde(default)]
    conv_kernel_size: usize,
    conv_groups: Option<usize>,
    conv_act: Option<String>,
    #[serde(default)]
    talking_head: bool,
}

fn gelu() -> String {
    "gelu".to_owned()
}

fn longest() -> usize {
    512
}

impl Config {
    /// Reads `config.json` of a folder, or of the model that an adapter in it changes.
    pub fn read(folder: &Path) -> Result<Config> {
        let path = adapter::holding(folder, "config.json")?.join("config.json");
        let text = std::fs::read(&path).map_err(|problem| Error::file(&path, problem))?;
        let mut config = Config::parse(&text).map_err(|problem| Error::model(&path, problem))?;
        // An adapter without `config.json` has a head of its own, whose classes nobody names.
        let classes = if path.parent() == Some(folder) { None } else { adapter::classes(folder)? };
        if let Some(classes) = classes.filter(|classes| *classes != config.labels.len()) {
            config.labels = (0..classes).map(|class| format!("LABEL_{class}")).collect();
        }
        Ok(config)
    }

    fn parse(text: &[u8]) -> std::result::Result<Config, String> {
        let value: Value = serde_json::from_slice(text).map_err(|problem| problem.to_string())?;
        let kind = value.get("model_type").and_then(Value::as_str).unwrap_or("none");
        let family = Family::of(kind).ok_or_else(|| {
            format!("model_type is {kind}; there are bert, roberta, xlm-roberta, camembert, distilbert, deberta and deberta-v2 (also v3)")
        })?;
        let raw: Raw = serde_json::from_value(value).map_err(|problem| problem.to_string())?;
        let activation =
            |name: &str| Activation::from_name(name).ok_or_else(|| format!("the activation {name} is not known"));
        if raw.is_decoder || raw.position_embedding_type.as_deref().is_some_and(|kind| kind != "absolute") {
            return Err("a decoder, or relative positions as in none of the models that this code knows".into());
        }
        for (name, size, most) in [
            ("vocab_size", raw.vocab_size, LARGEST),
            ("hidden_size", raw.hidden_size, LARGEST),
            ("intermediate_size", raw.intermediate_size, LARGEST),
            ("num_attention_heads", raw.num_attention_heads, LARGEST),
            ("num_hidden_layers", raw.num_hidden_layers, DEEPEST),
            ("max_position_embeddings", raw.max_position_embeddings, LARGEST),
            ("type_vocab_size", raw.type_vocab_size.unwrap_or(0), LARGEST),
            ("pad_token_id", raw.pad_token_id.unwrap_or(0), LARGEST),
            ("embedding_size", raw.embedding_size.unwrap_or(1), LARGEST),
            ("max_relative_positions", raw.max_relative_positions.unwrap_or(0).max(0) as usize, LARGEST),
            ("position_buckets", raw.position_buckets.unwrap_or(0).max(0) as usize, LARGEST),
            ("conv_kernel_size", raw.conv_kernel_size, DEEPEST),
        ] {
            if size > most {
                return Err(format!("{name} is {size}, and of no model more than {most}"));
            }
        }
        let sizes = [
            raw.vocab_size,
            raw.hidden_size,
            raw.num_attention_heads,
            raw.intermediate_size,
            raw.embedding_size.unwrap_or(1),
        ];
        if sizes.contains(&0) || !raw.hidden_size.is_multiple_of(raw.num_attention_heads) {
            return Err("sizes are 0, or hidden_size is no multiple of num_attention_heads".into());
        }
        let deberta = matches!(family, Family::DebertaV1 | Family::Deberta);
        let relative = (deberta && raw.relative_attention).then(|| relative(&raw, family)).transpose()?;
        if family == Family::DebertaV1 && (raw.talking_head || relative.is_none() && raw.pos_att_type.is_some()) {
            return Err("talking_head, and pos_att_type without relative_attention, are not known".into());
        }
        let convolution = match raw.conv_kernel_size {
            width if family != Family::Deberta || width == 0 => None,
            width if width % 2 == 1 && raw.conv_groups.unwrap_or(1) == 1 => {
                let activation = activation(raw.conv_act.as_deref().unwrap_or("tanh"))?;
                Some(Convolution { width, activation })
            }
            width => return Err(format!("a convolution of width {width} in groups is not known")),
        };
        let mut labels = Vec::new();
        for index in 0..raw.id2label.len() {
            let label = raw.id2label.get(&index.to_string());
            labels.push(label.ok_or_else(|| format!("id2label does not name class {index}"))?.clone());
        }
        let epsilon = match raw.layer_norm_eps {
            Some(epsilon) if family != Family::Distilbert => epsilon,
            _ if deberta => 1e-7,
            _ => 1e-12,
        };
        if !(epsilon > 0.0 && epsilon <= 1.0) {
            return Err(format!("layer_norm_eps is {epsilon}; it is greater than 0 and at most 1"));
        }
        Ok(Config {
            family,
            vocabulary: raw.vocab_size,
            embedded: raw.embedding_size.filter(|_| deberta).unwrap_or(raw.hidden_size),
            hidden: raw.hidden_size,
            layers: raw.num_hidden_layers,
            heads: raw.num_attention_heads,
            inner: raw.intermediate_size,
            activation: activation(&raw.hidden_act)?,
            epsilon,
            positions: raw.max_position_embeddings,
            absolute: !deberta || raw.position_biased_input.unwrap_or(true),
            types: match family {
                Family::Distilbert => 0,
                Family::DebertaV1 | Family::Deberta => raw.type_vocab_size.unwrap_or(0),
                Family::Bert | Family::Roberta => raw.type_vocab_size.unwrap_or(2),
            },
            padding: raw.pad_token_id.unwrap_or(if family == Family::Roberta { 1 } else { 0 }),
            relative,
            convolution,
            labels,
            name: raw.model_type,
        })
    }

    /// Sub-words that a model takes at once, special ones included.
    pub fn longest(&self) -> usize {
        match self.family {
            Family::Roberta => self.positions.saturating_sub(self.padding + 1),
            _ => self.positions,
        }
    }
}

fn relative(raw: &Raw, family: Family) -> std::result::Result<Relative, String> {
    let first = family == Family::DebertaV1;
    let kinds: Vec<String> = match &raw.pos_att_type {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(kinds)) => kinds.split('|').map(|kind| kind.trim().to_lowercase()).collect(),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(other) => return Err(format!("pos_att_type is {other}")),
    };
    if first && let Some(kind) = kinds.iter().find(|kind| !["c2p", "p2c"].contains(&kind.as_str())) {
        return Err(format!("pos_att_type {kind} is not known"));
    }
    let given = |value: Option<i64>| value.and_then(|value| usize::try_from(value).ok()).filter(|value| *value > 0);
    let most = given(raw.max_relative_positions).unwrap_or(raw.max_position_embeddings);
    let buckets = given(raw.position_buckets).filter(|_| !first);
    if most == 0 || buckets.is_some_and(|buckets| buckets < 4 || most <= buckets / 2 + 1) {
        return Err(format!("{most} relative positions do not fill {} buckets", buckets.unwrap_or(0)));
    }
    Ok(Relative {
        span: buckets.unwrap_or(most),
        buckets,
        most,
        content_to_position: kinds.iter().any(|kind| kind == "c2p"),
        position_to_content: kinds.iter().any(|kind| kind == "p2c"),
        shared: raw.share_att_key && !first,
        own: if first { ["pos_proj", "pos_q_proj"] } else { ["pos_key_proj", "pos_query_proj"] },
        norm: !first
            && raw
                .norm_rel_ebd
                .as_deref()
                .unwrap_or("none")
                .to_lowercase()
                .split('|')
                .any(|kind| kind.trim() == "layer_norm"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(extra: &str) -> std::result::Result<Config, String> {
        let text = format!(
            r#"{{"vocab_size":9,"hidden_size":8,"num_hidden_layers":1,"num_attention_heads":2,"intermediate_size":16,{extra}}}"#
        );
        Config::parse(text.as_bytes())
    }

    #[test]
    fn what_models_say() {
        let roberta = parse(r#""model_type":"xlm-roberta","max_position_embeddings":514,"pad_token_id":1"#).unwrap();
        assert_eq!((roberta.family, roberta.longest(), roberta.types), (Family::Roberta, 512, 2));
        let labels = parse(r#""model_type":"bert","id2label":{"1":"B-X","0":"O","2":"I-X"}"#).unwrap().labels;
        assert_eq!(labels, ["O", "B-X", "I-X"]);
        let deberta = parse(
            r#""model_type":"deberta-v2","relative_attention":true,"position_buckets":256,"norm_rel_ebd":"layer_norm",
               "pos_att_type":"p2c|c2p","share_att_key":true,"max_relative_positions":-1,"position_biased_input":false"#,
        )
        .unwrap();
        let relative = deberta.relative.unwrap();
        assert_eq!((relative.span, relative.most, relative.buckets), (256, 512, Some(256)));
        assert!(relative.norm && relative.shared && relative.content_to_position && relative.position_to_content);
        assert!(!deberta.absolute && deberta.convolution.is_none() && deberta.types == 0);
        let first = parse(
            r#""model_type":"deberta","relative_attention":true,"pos_att_type":"c2p|p2c","max_relative_positions":-1,
               "position_buckets":256,"share_att_key":true,"norm_rel_ebd":"layer_norm","position_biased_input":false"#,
        )
        .unwrap();
        let relative = first.relative.unwrap();
        assert_eq!((first.epsilon, relative.span, relative.buckets), (1e-7, 512, None));
        assert!(!relative.norm && !relative.shared && relative.own == ["pos_proj", "pos_q_proj"]);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for (extra, expected) in [
            (r#""model_type":"gpt2""#, "model_type is gpt2"),
            (r#""model_type":"bert","hidden_act":"mish""#, "activation mish"),
            (r#""model_type":"bert","position_embedding_type":"relative_key""#, "relative positions"),
            (r#""model_type":"bert","id2label":{"0":"O","2":"B-X"}"#, "class 1"),
            (r#""model_type":"deberta-v2","conv_kernel_size":4"#, "width 4"),
            (r#""model_type":"bert","layer_norm_eps":-1"#, "layer_norm_eps is -1"),
            (r#""model_type":"bert","layer_norm_eps":0"#, "layer_norm_eps is 0"),
            (r#""model_type":"roberta","layer_norm_eps":1e39"#, "layer_norm_eps is inf"),
            (r#""model_type":"bert","layer_norm_eps":1e30"#, "layer_norm_eps is"),
            (
                r#""model_type":"bert","type_vocab_size":1000000000"#,
                "type_vocab_size is 1000000000, and of no model more",
            ),
            (r#""model_type":"bert","max_position_embeddings":1000000000"#, "max_position_embeddings is 1000000000"),
            (r#""model_type":"deberta-v2","embedding_size":0"#, "sizes are 0"),
            (r#""model_type":"deberta-v2","conv_kernel_size":1000001"#, "conv_kernel_size is 1000001"),
            (r#""model_type":"deberta","talking_head":true"#, "talking_head"),
            (r#""model_type":"deberta","pos_att_type":"c2p""#, "without relative_attention"),
            (r#""model_type":"deberta","relative_attention":true,"pos_att_type":"p2p""#, "pos_att_type p2p"),
        ] {
            assert!(parse(extra).unwrap_err().contains(expected), "{extra}");
        }
    }
}
