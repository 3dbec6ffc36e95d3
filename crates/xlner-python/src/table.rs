//! Records in tables, read and written without a detour through Python's objects.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{FieldRef, Schema, SchemaRef};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use rayon::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use xlner_core::extra::{Numbers, id_text};
use xlner_core::{Pair, Sentence};
use xlner_formats::arrow::{RecordRow, pair_schema, pairs_to_batch, sentence_schema, sentences_to_batch};

use crate::error::{Failure, Result};
use crate::{call, capsule, records};

/// Rows that one thread works on at a time.
const ROWS: usize = 4096;

/// Rows of an Arrow table. It speaks Arrow's PyCapsule interface itself: `pyarrow.table(…)`, `polars.DataFrame(…)` take it.
#[pyclass(frozen, from_py_object, module = "xlner._xlner")]
#[derive(Debug, Clone)]
pub struct Table {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

#[pymethods]
impl Table {
    /// The rows of an object that speaks the interface; `None` for any other.
    #[staticmethod]
    fn of(data: &Bound<'_, PyAny>) -> PyResult<Option<Table>> {
        Ok(capsule::import(data)?.map(|(schema, batches)| Table { schema, batches }))
    }

    /// The rows as a stream, in the types of `requested_schema` where it is given and they can be had.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let Table { schema, batches } = self.requested(requested_schema)?;
        capsule::export_stream(py, schema, batches)
    }

    /// The rows as one array of structs.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        let Table { schema, batches } = self.requested(requested_schema)?;
        let all = arrow_select::concat::concat_batches(&schema, &batches).map_err(capsule::failed)?;
        capsule::export_array(py, all)
    }

    /// The columns and their types.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        capsule::export_schema(py, &self.schema)
    }

    fn __len__(&self) -> usize {
        self.len()
    }

    /// Names of the columns.
    #[getter]
    fn column_names(&self) -> Vec<String> {
        self.schema.fields().iter().map(|field| field.name().clone()).collect()
    }

    /// The rows as records, a line of JSON each.
    fn lines(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        let table = self.clone();
        call::run(py, None, move |_| {
            let lines = |record: &Value| serde_json::to_string(&Numbers(record)).map_err(Failure::model);
            table.read::<Value, _>(&[], |_| Ok(()))?.iter().map(lines).collect()
        })
    }

    /// The same rows with these records, lines of JSON, one a row, in the columns that are xlner's.
    fn with_lines(&self, py: Python<'_>, lines: Vec<String>) -> PyResult<Table> {
        let table = self.clone();
        call::run(py, None, move |_| match table.holds_pairs() {
            true => table.with_pairs(records::pairs(&records::Records::Lines(lines))?),
            false => table.with_sentences(records::raw_sentences(&records::Records::Lines(lines))?),
        })
    }

    /// Sentences as pairs, of which they are a side. The other side is of another language, and has texts or is yet to be
    /// translated.
    #[pyo3(signature = (side, lang, other_lang, texts=None))]
    fn as_pairs(
        &self,
        py: Python<'_>,
        side: String,
        lang: String,
        other_lang: String,
        texts: Option<Vec<String>>,
    ) -> PyResult<Table> {
        let table = self.clone();
        call::run(py, None, move |_| {
            let texts = texts.unwrap_or_default();
            let pair = |(at, mut sentence): (usize, Sentence)| {
                let mut pair = Pair::default();
                if let Some(id) = sentence.extra.remove("id") {
                    let failed = |error| Failure::record(at as u64 + 1, "", error);
                    pair.set_id(&id).map_err(failed)?;
                }
                sentence.lang.get_or_insert_with(|| lang.clone());
                let mut other = Sentence::from_text(texts.get(at).cloned().unwrap_or_default());
                other.lang = Some(other_lang.clone());
                (pair.source, pair.target) = if side == "source" { (sentence, other) } else { (other, sentence) };
                Ok::<_, Failure>(pair)
            };
            let sentences: Vec<Sentence> = table.read(&[], |_| Ok(()))?;
            let pairs = sentences.into_iter().enumerate().map(pair).collect::<Result<Vec<_>>>()?;
            table.only_id()?.with_pairs(pairs)
        })
    }
}

/// Columns of pairs, and of sentences, that are read by name; others are handed through.
const PAIR: [&str; 7] = ["id", "source", "target", "alignment", "scores", "projection", "extra"];
const SENTENCE: [&str; 8] = ["id", "lang", "text", "tokens", "entities", "regions", "probabilities", "extra"];

impl Table {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// Whether the rows are pairs.
    fn holds_pairs(&self) -> bool {
        self.schema.column_with_name("source").is_some() && self.schema.column_with_name("target").is_some()
    }

    /// The pairs.
    ///
    /// # Errors
    /// A column is missing; the first pair that is none.
    pub fn pairs(&self) -> Result<Vec<Pair>> {
        for name in ["source", "target"] {
            self.needs(&[name])?;
        }
        self.read(&PAIR, records::check_pair)
    }

    /// The sentences.
    ///
    /// # Errors
    /// As [`pairs`](Self::pairs).
    pub fn sentences(&self) -> Result<Vec<Sentence>> {
        self.needs(&["text", "tokens"])?;
        self.read(&SENTENCE, records::short)
    }

    /// The same rows with these pairs, one a row.
    pub fn with_pairs(&self, mut pairs: Vec<Pair>) -> Result<Table> {
        let named = self.schema.column_with_name("id").is_some();
        for pair in &mut pairs {
            // What has a column of its own is there already; what has none goes with the unknown fields.
            if let (false, Some(id)) = (named, pair.id_value()) {
                pair.extra.insert("id", id);
            }
            (pair.id, pair.numeric_id) = (String::new(), false);
        }
        self.with(pairs, &pair_schema(), pairs_to_batch)
    }

    /// The same rows with these sentences, one a row.
    pub fn with_sentences(&self, mut sentences: Vec<Sentence>) -> Result<Table> {
        if self.schema.column_with_name("id").is_some() {
            sentences.iter_mut().for_each(|sentence| drop(sentence.extra.remove("id")));
        }
        self.with(sentences, &sentence_schema(), |list| sentences_to_batch(&list.iter().collect::<Vec<_>>()))
    }

    fn needs(&self, any: &[&str]) -> Result<()> {
        let names: Vec<&str> = self.schema.fields().iter().map(|field| field.name().as_str()).collect();
        if let Some(twice) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
            return Err(Failure::options(format!("two columns are called {}; rename one", twice.1)));
        }
        match any.iter().any(|wanted| names.contains(wanted)) {
            true => Ok(()),
            false => {
                let (wanted, there) = (any.join(" or "), names.join(", "));
                Err(Failure::options(format!("the table has no column {wanted}; its columns: {there}")))
            }
        }
    }

    /// The records, of these columns alone where some are named.
    fn read<T: DeserializeOwned + Send, F>(&self, columns: &[&str], check: F) -> Result<Vec<T>>
    where
        F: Fn(&T) -> std::result::Result<(), String> + Sync,
    {
        let kept = |field: &str| columns.is_empty() || columns.contains(&field);
        let fields = self.schema.fields().iter().enumerate();
        let indices: Vec<usize> = fields.filter(|(_, field)| kept(field.name())).map(|(at, _)| at).collect();
        let mut all = Vec::with_capacity(self.len());
        for batch in &self.batches {
            let batch = batch.project(&indices).map_err(Failure::options)?;
            let record = |at: usize| {
                let row = RecordRow::new(&batch, at);
                row.read::<T>().and_then(|record| check(&record).map(|()| record)).map_err(|problem| (at, problem))
            };
            let read: Vec<std::result::Result<T, (usize, String)>> =
                (0..batch.num_rows()).into_par_iter().with_min_len(ROWS / 16).map(record).collect();
            for record in read {
                all.push(record.map_err(|(at, problem)| {
                    let id = RecordRow::new(&batch, at).read::<Named>().map(|row| row.id).unwrap_or_default();
                    Failure::record(all.len() as u64 + 1, &id_text(&id).unwrap_or_default(), problem)
                })?);
            }
        }
        Ok(all)
    }

    /// The same rows, with columns made of these records: those that are ours replaced, those that are not there added.
    fn with<T: Send + Sync>(
        &self,
        records: Vec<T>,
        ours: &Schema,
        columns: impl Fn(&[T]) -> std::result::Result<RecordBatch, arrow_schema::ArrowError> + Sync,
    ) -> Result<Table> {
        let known = |name: &str| name != "id" && ours.column_with_name(name).is_some();
        let own = self.schema.fields().iter().map(|field| match ours.field_with_name(field.name()) {
            Ok(new) if known(field.name()) => Arc::new(new.clone()),
            _ => Arc::clone(field),
        });
        let there = |field: &FieldRef| field.name() != "id" && self.schema.column_with_name(field.name()).is_none();
        let new = ours.fields().iter().filter(|field| there(field));
        let schema = Arc::new(Schema::new(own.chain(new.cloned()).collect::<Vec<_>>()));
        let (mut parts, mut first) = (Vec::new(), 0);
        for batch in &self.batches {
            for start in (0..batch.num_rows()).step_by(ROWS) {
                let rows = ROWS.min(batch.num_rows() - start);
                parts.push((batch.slice(start, rows), records.get(first..first + rows).unwrap_or_default()));
                first += rows;
            }
        }
        if first != records.len() {
            return Err(Failure::model(format!("{} records for {first} rows; please report this", records.len())));
        }
        let batch = |(batch, records): &(RecordBatch, &[T])| {
            let made = columns(records)?;
            let column = |field: &FieldRef| match made.column_by_name(field.name()) {
                Some(column) if known(field.name()) => Some(Arc::clone(column)),
                _ => batch.column_by_name(field.name()).cloned(),
            };
            let columns: Vec<ArrayRef> = schema.fields().iter().filter_map(column).collect();
            RecordBatch::try_new(Arc::clone(&schema), columns)
        };
        let batches: std::result::Result<Vec<_>, _> = parts.par_iter().map(batch).collect();
        Ok(Table { schema: Arc::clone(&schema), batches: batches.map_err(Failure::options)? })
    }

    /// The rows with the column `id` alone, or none.
    fn only_id(&self) -> Result<Table> {
        let id: Vec<usize> = self.schema.column_with_name("id").map(|(at, _)| at).into_iter().collect();
        let batches: std::result::Result<_, _> = self.batches.iter().map(|batch| batch.project(&id)).collect();
        let schema = self.schema.project(&id).map_err(Failure::options)?;
        Ok(Table { schema: Arc::new(schema), batches: batches.map_err(Failure::options)? })
    }

    /// The table in the types that are asked for.
    fn requested(&self, capsule: Option<Bound<'_, PyAny>>) -> PyResult<Table> {
        let Some(capsule) = capsule else { return Ok(self.clone()) };
        let wanted: SchemaRef = Arc::new(capsule::import_schema(&capsule)?);
        let fields = |schema: &Schema| schema.fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
        if fields(&wanted) != fields(&self.schema) {
            return Err(pyo3::exceptions::PyValueError::new_err(format!(
                "the requested schema has the columns {}, and the table {}",
                fields(&wanted).join(", "),
                fields(&self.schema).join(", ")
            )));
        }
        let cast = |batch: &RecordBatch| {
            let columns = wanted.fields().iter().zip(batch.columns());
            let columns: std::result::Result<Vec<_>, _> =
                columns.map(|(field, column)| arrow_cast::cast(column, field.data_type())).collect();
            RecordBatch::try_new(Arc::clone(&wanted), columns?)
        };
        let batches: std::result::Result<Vec<_>, _> = self.batches.iter().map(cast).collect();
        Ok(Table { schema: Arc::clone(&wanted), batches: batches.map_err(capsule::failed)? })
    }
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    id: Value,
}

/// A table without rows that has the columns of pairs, or of sentences.
#[pyfunction]
pub fn empty(pairs: bool) -> Table {
    let schema = if pairs { pair_schema() } else { sentence_schema() };
    Table { schema: Arc::new(schema), batches: Vec::new() }
}
