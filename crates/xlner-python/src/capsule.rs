//! Arrow's PyCapsule interface: tables of other libraries in, ours out, without a copy.
//!
//! <https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html>. The only unsafe code of the package: capsules
//! hold C structs, whose layout is given by their names.
#![expect(unsafe_code, reason = "the interface is one of C")]

use std::ffi::CStr;
use std::ptr::NonNull;

use arrow_array::ffi::{FFI_ArrowArray, from_ffi, to_ffi};
use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::{Array, RecordBatch, RecordBatchIterator, StructArray};
use arrow_schema::ffi::FFI_ArrowSchema;
use arrow_schema::{ArrowError, Schema, SchemaRef};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

const SCHEMA: &CStr = c"arrow_schema";
const ARRAY: &CStr = c"arrow_array";
const STREAM: &CStr = c"arrow_array_stream";

/// An error of Arrow's as Python sees it.
pub fn failed(error: ArrowError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// The rows of an object with `__arrow_c_stream__` or `__arrow_c_array__`; `None` for any other.
///
/// # Errors
/// What the object raises, and what its rows are refused for: columns without names.
pub fn import(data: &Bound<'_, PyAny>) -> PyResult<Option<(SchemaRef, Vec<RecordBatch>)>> {
    if data.hasattr("__arrow_c_stream__")? {
        let capsule = data.call_method0("__arrow_c_stream__")?;
        let stream = pointer::<FFI_ArrowArrayStream>(&capsule, STREAM)?;
        // SAFETY: a capsule of that name holds such a struct; what is left behind says that it was taken.
        let reader = unsafe { RecordBatchStreamReader::from_raw(stream.as_ptr()) }.map_err(failed)?;
        let schema = arrow_array::RecordBatchReader::schema(&reader);
        let batches = reader.collect::<Result<Vec<_>, _>>().map_err(failed)?;
        return Ok(Some((schema, batches)));
    }
    if data.hasattr("__arrow_c_array__")? {
        let (schema, array): (Bound<'_, PyAny>, Bound<'_, PyAny>) =
            data.call_method0("__arrow_c_array__")?.extract()?;
        let (schema, array) = (pointer::<FFI_ArrowSchema>(&schema, SCHEMA)?, pointer::<FFI_ArrowArray>(&array, ARRAY)?);
        // SAFETY: as above; the array is taken, the schema is only looked at while its capsule is alive.
        let data = unsafe { from_ffi(FFI_ArrowArray::from_raw(array.as_ptr()), schema.as_ref()) }.map_err(failed)?;
        let batch = match arrow_array::make_array(data).as_any().downcast_ref::<StructArray>() {
            Some(rows) if rows.null_count() == 0 => RecordBatch::from(rows),
            _ => {
                return Err(PyValueError::new_err("an array of structs without nulls was expected: rows with columns"));
            }
        };
        return Ok(Some((batch.schema(), vec![batch])));
    }
    Ok(None)
}

/// The schema of a capsule, as `requested_schema` has it.
///
/// # Errors
/// It is none, or one that Arrow does not know.
pub fn import_schema(capsule: &Bound<'_, PyAny>) -> PyResult<Schema> {
    let schema = pointer::<FFI_ArrowSchema>(capsule, SCHEMA)?;
    // SAFETY: a capsule of that name holds such a struct, and is alive.
    Schema::try_from(unsafe { schema.as_ref() }).map_err(failed)
}

/// A capsule of a schema.
///
/// # Errors
/// The schema has a type that the C interface has no word for.
pub fn export_schema<'py>(py: Python<'py>, schema: &Schema) -> PyResult<Bound<'py, PyCapsule>> {
    PyCapsule::new_with_value(py, FFI_ArrowSchema::try_from(schema).map_err(failed)?, SCHEMA)
}

/// A capsule of a stream of batches.
///
/// # Errors
/// Python has no memory.
pub fn export_stream(py: Python<'_>, schema: SchemaRef, batches: Vec<RecordBatch>) -> PyResult<Bound<'_, PyCapsule>> {
    let reader = RecordBatchIterator::new(batches.into_iter().map(Ok), schema);
    PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(Box::new(reader)), STREAM)
}

/// Capsules of the schema and the rows of a batch.
///
/// # Errors
/// As [`export_schema`].
pub fn export_array(py: Python<'_>, batch: RecordBatch) -> PyResult<(Bound<'_, PyCapsule>, Bound<'_, PyCapsule>)> {
    let (array, schema) = to_ffi(&StructArray::from(batch).to_data()).map_err(failed)?;
    Ok((PyCapsule::new_with_value(py, schema, SCHEMA)?, PyCapsule::new_with_value(py, array, ARRAY)?))
}

/// What a capsule of that name points to.
fn pointer<T>(capsule: &Bound<'_, PyAny>, name: &CStr) -> PyResult<NonNull<T>> {
    Ok(capsule.cast::<PyCapsule>()?.pointer_checked(Some(name))?.cast())
}
