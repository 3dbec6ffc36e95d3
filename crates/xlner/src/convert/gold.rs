//! Gold entities that records keep beside what was projected.

use xlner_core::{Entity, Pair};

/// The entities in the field `gold` of a pair.
///
/// # Errors
/// What is wrong with the field.
pub(crate) fn field(pair: &Pair) -> Result<Option<Vec<Entity>>, String> {
    pair.extra
        .get("gold")
        .map(serde::Deserialize::deserialize)
        .transpose()
        .map_err(|error| format!("field `gold` is not a list of entities {{\"start\",\"end\",\"label\"}}: {error}"))
}

/// Makes the field `gold` of a pair the entities of its target.
pub(super) fn take(pair: &mut Pair) -> Result<(), String> {
    pair.target.entities = field(pair)?.ok_or("there is no field `gold`")?;
    pair.extra.remove("gold");
    pair.projection = None;
    pair.target.validate().map_err(|error| error.to_string())
}
