//! Gold entities that records keep beside what was projected.

use anyhow::{Context as _, Result};
use xlner_core::{Pair, Sentence};

/// Makes the field `gold` of a pair, of which the number is told, the entities of its target.
pub fn take(pair: &mut Pair, number: u64) -> Result<()> {
    let of_pair = format!("pair {number} “{}”", pair.id);
    let gold = pair.extra.remove("gold").context("there is no field `gold` (--gold)").context(of_pair.clone())?;
    pair.target.entities = serde_json::from_value(gold)
        .context("field `gold` is not a list of entities {\"start\",\"end\",\"label\"}")
        .context(of_pair.clone())?;
    pair.projection = None;
    pair.target.validate().context(of_pair)
}

/// The target of a pair with these entities, and the pair's id.
pub fn target(mut pair: Pair, number: u64) -> Result<Sentence> {
    take(&mut pair, number)?;
    let mut sentence = pair.target;
    if !pair.id.is_empty() && sentence.extra.get("id").is_none() {
        sentence.extra.insert("id", pair.id.into());
    }
    Ok(sentence)
}
