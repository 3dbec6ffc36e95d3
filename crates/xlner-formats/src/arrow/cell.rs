//! A single value as serde sees it.

use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, GenericListArray, OffsetSizeTrait};
use arrow_cast::cast;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::DataType;
use serde::de::value::SeqDeserializer;
use serde::de::{Error as _, IntoDeserializer, Visitor};
use serde::{Deserializer, forward_to_deserialize_any};
use serde_json::Error;

use super::row::{RecordRow, entries};

/// A value of a column. Dates, times and decimals are texts; a value of a dictionary is what it stands for.
#[derive(Clone, Copy)]
pub(super) struct Cell<'a> {
    pub array: &'a dyn Array,
    pub at: usize,
}

impl<'a> Cell<'a> {
    pub fn is_null(&self) -> bool {
        match self.array.data_type() {
            DataType::Null => true,
            DataType::Dictionary(..) => self.resolved().is_none_or(|cell| cell.is_null()),
            _ => self.array.is_null(self.at),
        }
    }

    /// The text, where it is one.
    pub fn text(&self) -> Option<&'a str> {
        match self.array.data_type() {
            DataType::Utf8 => Some(self.array.as_string::<i32>().value(self.at)),
            DataType::LargeUtf8 => Some(self.array.as_string::<i64>().value(self.at)),
            DataType::Utf8View => Some(self.array.as_string_view().value(self.at)),
            DataType::Dictionary(..) => self.resolved().and_then(|cell| cell.text()),
            _ => None,
        }
    }

    /// Whether it is a list of such values.
    pub fn is_list_of(&self, wanted: impl Fn(&DataType) -> bool) -> bool {
        match self.array.data_type() {
            DataType::List(item)
            | DataType::LargeList(item)
            | DataType::FixedSizeList(item, _)
            | DataType::ListView(item)
            | DataType::LargeListView(item) => wanted(item.data_type()),
            _ => false,
        }
    }

    /// What a value of a dictionary stands for.
    fn resolved(&self) -> Option<Cell<'a>> {
        let own = self.array.as_any_dictionary_opt()?;
        let key = Cell { array: own.keys(), at: self.at };
        let at = if own.keys().is_null(self.at) { None } else { key.integer()?.try_into().ok() };
        Some(Cell { array: own.values().as_ref(), at: at.filter(|at| *at < own.values().len())? })
    }

    /// The number, where it is a whole one of 64 bits.
    fn integer(&self) -> Option<i64> {
        Some(match self.array.data_type() {
            DataType::Int8 => self.primitive::<Int8Type>().into(),
            DataType::Int16 => self.primitive::<Int16Type>().into(),
            DataType::Int32 => self.primitive::<Int32Type>().into(),
            DataType::Int64 => self.primitive::<Int64Type>(),
            DataType::UInt8 => self.primitive::<UInt8Type>().into(),
            DataType::UInt16 => self.primitive::<UInt16Type>().into(),
            DataType::UInt32 => self.primitive::<UInt32Type>().into(),
            DataType::UInt64 => self.primitive::<UInt64Type>().try_into().ok()?,
            _ => return None,
        })
    }

    fn primitive<T: ArrowPrimitiveType>(&self) -> T::Native {
        self.array.as_primitive::<T>().value(self.at)
    }

    /// The number, where it is one with a fraction.
    fn real(&self) -> Option<f64> {
        match self.array.data_type() {
            DataType::Float16 => Some(shortest(f32::from(self.primitive::<Float16Type>()))),
            DataType::Float32 => Some(shortest(self.primitive::<Float32Type>())),
            DataType::Float64 => Some(self.primitive::<Float64Type>()),
            _ => None,
        }
    }

    fn bytes(&self) -> Option<&'a [u8]> {
        match self.array.data_type() {
            DataType::Binary => Some(self.array.as_binary::<i32>().value(self.at)),
            DataType::LargeBinary => Some(self.array.as_binary::<i64>().value(self.at)),
            DataType::BinaryView => Some(self.array.as_binary_view().value(self.at)),
            DataType::FixedSizeBinary(_) => Some(self.array.as_fixed_size_binary().value(self.at)),
            _ => None,
        }
    }

    /// The items of a list: the values of an array in a range.
    fn items(&self) -> Option<(&'a dyn Array, Range<usize>)> {
        fn range<O: OffsetSizeTrait>(own: &GenericListArray<O>, at: usize) -> Range<usize> {
            own.value_offsets()[at].as_usize()..own.value_offsets()[at + 1].as_usize()
        }
        let at = self.at;
        Some(match self.array.data_type() {
            DataType::List(_) => {
                let own = self.array.as_list::<i32>();
                (own.values().as_ref(), range(own, at))
            }
            DataType::LargeList(_) => {
                let own = self.array.as_list::<i64>();
                (own.values().as_ref(), range(own, at))
            }
            DataType::FixedSizeList(..) => {
                let own = self.array.as_fixed_size_list();
                let start = own.value_offset_at(at);
                (own.values().as_ref(), start..start + own.value_length() as usize)
            }
            DataType::ListView(_) => {
                let own = self.array.as_list_view::<i32>();
                let start = own.value_offset(at) as usize;
                (own.values().as_ref(), start..start + own.value_size(at) as usize)
            }
            DataType::LargeListView(_) => {
                let own = self.array.as_list_view::<i64>();
                let start = own.value_offset(at) as usize;
                (own.values().as_ref(), start..start + own.value_size(at) as usize)
            }
            _ => return None,
        })
    }
}

/// The type in which times of a named zone (`UTC`, `Europe/Berlin`) are written: they are instants, and those of an offset (`+02:00`) stay
/// as they are.
pub(crate) fn in_utc(kind: &DataType) -> Option<DataType> {
    match kind {
        DataType::Timestamp(unit, Some(zone)) if !zone.starts_with(['+', '-']) => {
            Some(DataType::Timestamp(*unit, Some("+00:00".into())))
        }
        _ => None,
    }
}

/// The number that the shortest text of a single-precision number stands for.
fn shortest(value: f32) -> f64 {
    if value.is_finite() { value.to_string().parse().unwrap_or(f64::from(value)) } else { f64::from(value) }
}

fn finite(value: f64) -> Result<f64, Error> {
    match value.is_finite() {
        true => Ok(value),
        false => Err(Error::custom(format!("{value}: NaN and infinity are no numbers of a record"))),
    }
}

impl<'de> Deserializer<'de> for Cell<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_null() {
            return visitor.visit_unit();
        }
        if let Some(text) = self.text() {
            return visitor.visit_borrowed_str(text);
        }
        if let Some((array, range)) = self.items() {
            return SeqDeserializer::new(range.map(|at| Cell { array, at })).deserialize_any(visitor);
        }
        if let Some(value) = self.integer() {
            return visitor.visit_i64(value);
        }
        if let Some(value) = self.real() {
            return visitor.visit_f64(finite(value)?);
        }
        if let Some(bytes) = self.bytes() {
            let text = std::str::from_utf8(bytes).map_err(|_| Error::custom("bytes that are not UTF-8 text"))?;
            return visitor.visit_borrowed_str(text);
        }
        match self.array.data_type() {
            DataType::Boolean => visitor.visit_bool(self.array.as_boolean().value(self.at)),
            DataType::UInt64 => visitor.visit_u64(self.primitive::<UInt64Type>()),
            DataType::Struct(fields) => {
                RecordRow::of(fields, self.array.as_struct().columns(), self.at).deserialize_any(visitor)
            }
            DataType::Map(..) => entries(self, visitor),
            DataType::Dictionary(..) => match self.resolved() {
                Some(cell) => cell.deserialize_any(visitor),
                None => visitor.visit_unit(),
            },
            kind => {
                let options = FormatOptions::new().with_display_error(false);
                let (utc, at) = match in_utc(kind) {
                    Some(utc) => (Some(cast(&self.array.slice(self.at, 1), &utc).map_err(Error::custom)?), 0),
                    None => (None, self.at),
                };
                let array = utc.as_deref().unwrap_or(self.array);
                let formatter = ArrayFormatter::try_new(array, &options).map_err(Error::custom)?;
                visitor.visit_string(formatter.value(at).try_to_string().map_err(Error::custom)?)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    /// Whole numbers may have come as others: pandas has no integers where some are missing.
    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.real() {
            Some(value) if value.fract() == 0.0 && (0.0..=9e15).contains(&value) => visitor.visit_u64(value as u64),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.array.data_type() {
            DataType::Float32 if !self.is_null() => {
                let value = self.primitive::<Float32Type>();
                finite(value.into()).and_then(|_| visitor.visit_f32(value))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.text() {
            Some(text) if !self.is_null() => visitor.visit_enum(text.into_deserializer()),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u128 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map
        struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Cell<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
