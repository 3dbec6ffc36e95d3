//! A row as serde sees it: as the JSON of its record.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Fields};
use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};
use serde_json::{Error, Map, Value, json};
use xlner_core::extra::protect_integers;

use super::cell::Cell;

/// A row of a table, or a value of a column of structs: a record whose null fields are not there.
#[derive(Clone, Copy)]
pub struct RecordRow<'a> {
    fields: &'a Fields,
    columns: &'a [ArrayRef],
    at: usize,
}

impl<'a> RecordRow<'a> {
    /// A row of a batch, counted from 0. Panics where it is read and there is none.
    pub fn new(batch: &'a RecordBatch, at: usize) -> RecordRow<'a> {
        RecordRow { fields: batch.schema_ref().fields(), columns: batch.columns(), at }
    }

    pub(super) fn of(fields: &'a Fields, columns: &'a [ArrayRef], at: usize) -> RecordRow<'a> {
        RecordRow { fields, columns, at }
    }

    /// The record.
    ///
    /// # Errors
    /// What is wrong with it: a field is missing or of the wrong type, a number is not finite.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, String> {
        T::deserialize(self).map_err(|error: Error| error.to_string())
    }
}

impl<'de> Deserializer<'de> for RecordRow<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(Remaining { row: self, next: 0, value: Next::None, extra: Map::new().into_iter() })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct seq
        tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The fields of a row that were not given yet.
struct Remaining<'a> {
    row: RecordRow<'a>,
    next: usize,
    value: Next<'a>,
    extra: serde_json::map::IntoIter,
}

/// The value of the field that was named last.
enum Next<'a> {
    None,
    Cell(Cell<'a>),
    Json(Value),
}

impl<'de> MapAccess<'de> for Remaining<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        while let (Some(field), Some(column)) = (self.row.fields.get(self.next), self.row.columns.get(self.next)) {
            self.next += 1;
            let cell = Cell { array: column.as_ref(), at: self.row.at };
            if cell.is_null() {
                continue;
            }
            let name = field.name().as_str();
            if let ("extra", Some(Value::Object(fields))) = (name, cell.text().and_then(parsed)) {
                self.extra = fields.into_iter();
                continue;
            }
            self.value = match (name, column.data_type()) {
                ("scores", _) if cell.is_list_of(|item| matches!(item, DataType::Struct(_))) => {
                    Next::Json(scores(cell)?)
                }
                ("regions", _) => Next::Json(regions(cell)?),
                _ => Next::Cell(cell),
            };
            return seed.deserialize(name.into_deserializer()).map(Some);
        }
        let Some((name, value)) = self.extra.next() else { return Ok(None) };
        self.value = Next::Json(value);
        seed.deserialize(name.into_deserializer()).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        match std::mem::replace(&mut self.value, Next::None) {
            Next::Cell(cell) => seed.deserialize(cell),
            Next::Json(value) => seed.deserialize(value),
            Next::None => Err(Error::custom("a value without its field")),
        }
    }
}

fn parsed(text: &str) -> Option<Value> {
    serde_json::from_str(&protect_integers(text)).ok()
}

/// Lists of scores by their names.
fn scores(cell: Cell<'_>) -> Result<Value, Error> {
    let rows = Vec::<Map<String, Value>>::deserialize(cell)?;
    let mut scores = Map::new();
    for row in rows {
        let of = |name: &str| row.get(name).cloned().unwrap_or_default();
        let score = json!([of("entity"), of("start"), of("end"), of("score")]);
        let list = scores.entry(of("name").as_str().unwrap_or_default()).or_insert_with(|| json!([]));
        list.as_array_mut().into_iter().for_each(|list| list.push(score.clone()));
    }
    Ok(Value::Object(scores))
}

/// Regions, of which those that are JSON text are parsed.
fn regions(cell: Cell<'_>) -> Result<Value, Error> {
    let mut regions = Value::deserialize(cell)?;
    for region in regions.as_array_mut().into_iter().flatten() {
        if let Some(parsed) = region.as_str().and_then(parsed) {
            *region = parsed;
        }
    }
    Ok(regions)
}

/// The entries of a value of a map column.
pub(super) fn entries<'de, V: Visitor<'de>>(cell: Cell<'de>, visitor: V) -> Result<V::Value, Error> {
    let map = cell.array.as_map();
    let range = map.value_offsets()[cell.at] as usize..map.value_offsets()[cell.at + 1] as usize;
    let (keys, values) = (map.keys().as_ref(), map.values().as_ref());
    let entries = range.map(|at| (Cell { array: keys, at }, Cell { array: values, at }));
    MapDeserializer::new(entries).deserialize_any(visitor)
}
