//! Items of MasakhaNER 2.0 joined with MAFAND-MT: a raw source sentence, and a target sentence with gold tags.
//!
//! `{"id","source_lang","target_lang","source","target_tokens","target_tags"}`; the gold entities become the entities of
//! the target sentence, the other fields are kept.

use serde_json::{Map, Value};
use xlner_core::{Pair, Sentence, tags};

use super::{Kind, parse as parse_json};
use crate::ReadOptions;
use crate::error::ErrorKind;
use crate::notes::{LeftOut, REPAIRED_TAGS};
use crate::record::own_fields_of_pair;

#[derive(serde::Deserialize)]
struct Item {
    #[serde(default)]
    id: Value,
    source_lang: Option<String>,
    target_lang: Option<String>,
    source: String,
    target_tokens: Vec<String>,
    target_tags: Option<Vec<String>>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

pub(super) fn parse(text: &str, options: &ReadOptions, left_out: &mut LeftOut) -> std::result::Result<Pair, ErrorKind> {
    let item: Item = parse_json(text, Kind::Mafand.expected())?;
    let mut source = Sentence::from_text(item.source);
    source.lang = item.source_lang;
    let mut target = Sentence::from_tokens(&item.target_tokens);
    target.lang = item.target_lang;
    if let Some(tags) = item.target_tags.filter(|_| !options.no_tags) {
        if tags.len() != target.len() {
            let (found, expected) = (tags.len(), target.len());
            return Err(xlner_core::Error::Length { what: "target_tags", found, expected }.into());
        }
        // The sets are IOB2.
        let decoded = tags::decode(&tags, options.scheme.unwrap_or(tags::Scheme::Iob2))?;
        left_out.add_many(REPAIRED_TAGS, decoded.repaired);
        target.entities = decoded.entities;
    }
    let mut pair = Pair { source, target, extra: own_fields_of_pair(item.extra), ..Pair::default() };
    pair.set_id(&item.id)?;
    Ok(pair)
}
