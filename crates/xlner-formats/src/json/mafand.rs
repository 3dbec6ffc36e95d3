//! Items of MasakhaNER 2.0 joined with MAFAND-MT: a raw source sentence, and a target sentence with gold tags.
//!
//! `{"id","source_lang","target_lang","source","target_tokens","target_tags"}`; the gold entities become the entities of
//! the target sentence, the other fields are kept.

use serde_json::{Map, Value};
use xlner_core::{Extra, Pair, Sentence, tags};

use super::{Kind, parse as parse_json};
use crate::ReadOptions;
use crate::error::ErrorKind;
use crate::notes::{LeftOut, REPAIRED_TAGS};

#[derive(serde::Deserialize)]
struct Item {
    #[serde(default)]
    id: String,
    source_lang: Option<String>,
    target_lang: Option<String>,
    source: String,
    target_tokens: Vec<String>,
    target_tags: Option<Vec<String>>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

pub(super) fn parse(
    text: &str,
    options: &ReadOptions,
    left_out: &mut LeftOut,
) -> std::result::Result<Pair, (String, ErrorKind)> {
    let item: Item = parse_json(text, Kind::Mafand.expected()).map_err(|kind| (super::id_in(text), kind))?;
    let mut source = Sentence::from_text(item.source);
    source.lang = item.source_lang;
    let mut target = Sentence::from_tokens(&item.target_tokens);
    target.lang = item.target_lang;
    let fail = |error: xlner_core::Error| (item.id.clone(), error.into());
    if let Some(tags) = item.target_tags.filter(|_| !options.no_tags) {
        if tags.len() != target.len() {
            let (found, expected) = (tags.len(), target.len());
            return Err(fail(xlner_core::Error::Length { what: "target_tags", found, expected }));
        }
        // The sets are IOB2.
        let decoded = tags::decode(&tags, options.scheme.unwrap_or(tags::Scheme::Iob2)).map_err(fail)?;
        left_out.add_many(REPAIRED_TAGS, decoded.repaired);
        target.entities = decoded.entities;
    }
    Ok(Pair { id: item.id, source, target, extra: Extra::from(item.extra), ..Pair::default() })
}
