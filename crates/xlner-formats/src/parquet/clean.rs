//! Values as JSON can hold them: bytes that are text, dates that exist, finite numbers. What is none of these is left out and noted.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Float16Type, Float32Type, Float64Type};
use arrow_array::{
    Array, ArrayRef, FixedSizeListArray, GenericListArray, MapArray, OffsetSizeTrait, PrimitiveArray, RecordBatch,
    StringArray, StructArray,
};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema};

use crate::arrow::in_utc;
use crate::notes::{LeftOut, NoteKind};

const BYTES: NoteKind = NoteKind::new("bytes", "values of bytes that are not UTF-8 text (left out)");
const DATES: NoteKind = NoteKind::new("dates", "dates and times that do not exist (left out)");
const NUMBERS: NoteKind = NoteKind::new("numbers", "numbers that are not finite (left out)");

type Result<T> = std::result::Result<T, ArrowError>;

/// The rows with values that JSON can hold.
pub(super) fn batch(batch: &RecordBatch, left_out: &mut LeftOut) -> Result<RecordBatch> {
    let columns = batch.columns().iter().map(|column| array(column, left_out)).collect::<Result<Vec<_>>>()?;
    let fields = batch.schema_ref().fields().iter().zip(&columns).map(|(field, column)| typed(field, column));
    RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Vec<_>>())), columns)
}

/// The field for an array that was made from its own: nothing says any more that there are no nulls.
fn typed(field: &Field, array: &ArrayRef) -> FieldRef {
    Arc::new(Field::new(field.name(), array.data_type().clone(), true))
}

fn array(array: &ArrayRef, left_out: &mut LeftOut) -> Result<ArrayRef> {
    Ok(match array.data_type() {
        DataType::Binary => text(array.as_binary::<i32>().iter(), left_out),
        DataType::LargeBinary => text(array.as_binary::<i64>().iter(), left_out),
        DataType::BinaryView => text(array.as_binary_view().iter(), left_out),
        DataType::FixedSizeBinary(_) => text(array.as_fixed_size_binary().iter(), left_out),
        DataType::Float16 => finite::<Float16Type>(array, |value| value.is_finite(), left_out),
        DataType::Float32 => finite::<Float32Type>(array, f32::is_finite, left_out),
        DataType::Float64 => finite::<Float64Type>(array, f64::is_finite, left_out),
        kind if kind.is_temporal() => dates(array, left_out)?,
        DataType::Dictionary(_, value) => {
            let plain = arrow_cast::cast(array, value)?;
            self::array(&plain, left_out)?
        }
        DataType::List(field) => list::<i32>(array, field, left_out)?,
        DataType::LargeList(field) => list::<i64>(array, field, left_out)?,
        DataType::FixedSizeList(field, size) => {
            let own = array.as_fixed_size_list();
            let values = self::array(own.values(), left_out)?;
            let field = typed(field, &values);
            Arc::new(FixedSizeListArray::try_new(field, *size, values, own.nulls().cloned())?)
        }
        DataType::Struct(_) => Arc::new(structs(array.as_struct(), left_out)?),
        DataType::Map(field, sorted) => {
            let own = array.as_map();
            let entries = structs(own.entries(), left_out)?;
            // Keys stay as they are declared: they cannot be null.
            let keys = Field::new("key", entries.column(0).data_type().clone(), false);
            let values = Field::new("value", entries.column(1).data_type().clone(), true);
            let fields = vec![keys, values].into();
            let entries = StructArray::try_new(fields, entries.columns().to_vec(), None)?;
            let field = Field::new(field.name(), entries.data_type().clone(), false);
            Arc::new(MapArray::try_new(Arc::new(field), own.offsets().clone(), entries, own.nulls().cloned(), *sorted)?)
        }
        _ => Arc::clone(array),
    })
}

fn text<'a>(values: impl Iterator<Item = Option<&'a [u8]>>, left_out: &mut LeftOut) -> ArrayRef {
    let texts = values.map(|value| {
        let text = std::str::from_utf8(value?);
        left_out.add_many(BYTES, usize::from(text.is_err()));
        text.ok()
    });
    Arc::new(texts.collect::<StringArray>())
}

fn finite<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    is_finite: fn(T::Native) -> bool,
    left_out: &mut LeftOut,
) -> ArrayRef {
    let own = array.as_primitive::<T>();
    if own.values().iter().all(|&value| is_finite(value)) {
        return Arc::clone(array);
    }
    let values = own.iter().map(|value| {
        let kept = value.filter(|&value| is_finite(value));
        left_out.add_many(NUMBERS, usize::from(value.is_some() && kept.is_none()));
        kept
    });
    Arc::new(values.collect::<PrimitiveArray<T>>())
}

fn dates(array: &ArrayRef, left_out: &mut LeftOut) -> Result<ArrayRef> {
    let options = FormatOptions::new().with_display_error(false);
    let array = &match in_utc(array.data_type()) {
        Some(utc) => arrow_cast::cast(array, &utc)?,
        None => Arc::clone(array),
    };
    let formatter = ArrayFormatter::try_new(array, &options)?;
    let texts = (0..array.len()).map(|row| {
        let text = array.is_valid(row).then(|| formatter.value(row).try_to_string());
        left_out.add_many(DATES, usize::from(matches!(text, Some(Err(_)))));
        text.and_then(std::result::Result::ok)
    });
    Ok(Arc::new(texts.collect::<StringArray>()))
}

fn list<O: OffsetSizeTrait>(array: &ArrayRef, field: &FieldRef, left_out: &mut LeftOut) -> Result<ArrayRef> {
    let own = array.as_list::<O>();
    let values = self::array(own.values(), left_out)?;
    let field = typed(field, &values);
    Ok(Arc::new(GenericListArray::<O>::try_new(field, own.offsets().clone(), values, own.nulls().cloned())?))
}

fn structs(own: &StructArray, left_out: &mut LeftOut) -> Result<StructArray> {
    let columns = own.columns().iter().map(|column| array(column, left_out)).collect::<Result<Vec<_>>>()?;
    let fields: Vec<FieldRef> = own.fields().iter().zip(&columns).map(|(field, column)| typed(field, column)).collect();
    StructArray::try_new_with_length(fields.into(), columns, own.nulls().cloned(), own.len())
}
