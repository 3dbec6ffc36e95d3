//! Records as columns.

use std::sync::Arc;

use arrow_array::types::{Float32Type, Float64Type, Int32Type};
use arrow_array::{ArrayRef, ArrowPrimitiveType, ListArray, PrimitiveArray, RecordBatch, StringArray, StructArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema};
use serde_json::{Map, Value};
use xlner_core::extra::Numbers;
use xlner_core::{Alignment, Entity, Extra, LabelProbabilities, Pair, Projection, Sentence};

use super::schema::{pair_schema, sentence_schema};

type Result<T> = std::result::Result<T, ArrowError>;

/// Pairs as rows of [`pair_schema`](super::pair_schema).
///
/// # Errors
/// [`ArrowError::OffsetOverflowError`] where the texts of a column are longer than 2 GiB together.
pub fn pairs_to_batch(pairs: &[Pair]) -> Result<RecordBatch> {
    let side = |side: fn(&Pair) -> &Sentence| -> Result<ArrayRef> {
        let all: Vec<&Sentence> = pairs.iter().map(side).collect();
        structs(&sentence_schema().fields, sentences(&all)?, None, pairs.len())
    };
    let schema = pair_schema();
    let links: Vec<Option<&Alignment>> = pairs.iter().map(|pair| pair.alignment.as_ref()).collect();
    let columns = vec![
        texts(pairs.iter().map(|pair| (!pair.id.is_empty() && !pair.numeric_id).then_some(&pair.id)))?,
        side(|pair| &pair.source)?,
        side(|pair| &pair.target)?,
        alignments(&links)?,
        scores(pairs, item(&schema, "scores"))?,
        projections(pairs, &schema)?,
        texts(pairs.iter().map(|pair| extra(&pair.extra, pair.id_value().filter(|_| pair.numeric_id))))?,
    ];
    RecordBatch::try_new(Arc::new(schema), columns)
}

/// Sentences as rows of [`sentence_schema`](super::sentence_schema).
///
/// # Errors
/// As [`pairs_to_batch`].
pub fn sentences_to_batch(list: &[&Sentence]) -> Result<RecordBatch> {
    RecordBatch::try_new(Arc::new(sentence_schema()), sentences(list)?)
}

fn sentences(list: &[&Sentence]) -> Result<Vec<ArrayRef>> {
    let schema = sentence_schema();
    let probabilities: Vec<_> = list.iter().map(|sentence| sentence.probabilities.as_ref()).collect();
    let regions = |sentence: &&Sentence| sentence.regions.as_ref().map(Vec::len);
    let all = list.iter().flat_map(|sentence| sentence.regions.iter().flatten());
    Ok(vec![
        texts(list.iter().map(|sentence| sentence.lang.as_deref()))?,
        texts(list.iter().map(|sentence| Some(sentence.text())))?,
        lists(
            list.iter().map(|sentence| sentence.is_tokenized().then(|| sentence.len())),
            texts(list.iter().flat_map(|sentence| sentence.tokens()).map(Some))?,
        )?,
        entities(
            list.iter().map(|sentence| sentence.is_tokenized().then_some(sentence.entities.as_slice())),
            item(&schema, "entities"),
        )?,
        lists(list.iter().map(regions), texts(all.map(|region| json(&Numbers(region))))?)?,
        label_probabilities(&probabilities, inner(&schema, "probabilities"))?,
        texts(list.iter().map(|sentence| extra(&sentence.extra, None)))?,
    ])
}

fn entities<'a>(lists_of: impl Iterator<Item = Option<&'a [Entity]>> + Clone, fields: Fields) -> Result<ArrayRef> {
    let all: Vec<&Entity> = lists_of.clone().flatten().flatten().collect();
    let columns = vec![
        integers(all.iter().map(|entity| Some(entity.span.start))),
        integers(all.iter().map(|entity| Some(entity.span.end))),
        texts(all.iter().map(|entity| Some(&entity.label)))?,
        numbers::<Float64Type>(all.iter().map(|entity| entity.score)),
        numbers::<Float64Type>(all.iter().map(|entity| entity.probability)),
        integers(all.iter().map(|entity| entity.from)),
        numbers::<Float64Type>(all.iter().map(|entity| entity.margin)),
        texts(all.iter().map(|entity| extra(&entity.extra, None)))?,
    ];
    lists(lists_of.map(|list| list.map(<[_]>::len)), structs(&fields, columns, None, all.len())?)
}

fn label_probabilities(list: &[Option<&LabelProbabilities>], fields: Fields) -> Result<ArrayRef> {
    let known = list.iter().flatten();
    let rows = known.clone().flat_map(|one| &one.rows);
    let values = numbers::<Float32Type>(rows.clone().flatten().copied().map(Some));
    let spans = match fields[2].data_type() {
        DataType::List(item) => struct_fields(item.data_type()),
        _ => Fields::empty(),
    };
    let columns = vec![
        lists(
            list.iter().map(|one| one.map(|one| one.labels.len())),
            texts(known.clone().flat_map(|one| &one.labels).map(Some))?,
        )?,
        lists(list.iter().map(|one| one.map(|one| one.rows.len())), lists(rows.map(|row| Some(row.len())), values)?)?,
        entities(list.iter().map(|one| one.map(|one| one.spans.as_slice()).filter(|spans| !spans.is_empty())), spans)?,
    ];
    structs(&fields, columns, Some(list.iter().map(Option::is_some).collect()), list.len())
}

fn alignments(list: &[Option<&Alignment>]) -> Result<ArrayRef> {
    let (mut lengths, mut values) = (Vec::new(), Vec::new());
    for alignment in list.iter().flatten() {
        for link in alignment.links() {
            let before = values.len();
            values.extend([f64::from(link.source), f64::from(link.target)]);
            let possible = alignment.is_possible(link.source, link.target);
            if possible || link.probability != 1.0 {
                values.push(link.probability);
            }
            if possible {
                values.push(0.0);
            }
            lengths.push(Some(values.len() - before));
        }
    }
    let links = lists(lengths.into_iter(), numbers::<Float64Type>(values.into_iter().map(Some)))?;
    lists(list.iter().map(|alignment| alignment.map(Alignment::len)), links)
}

fn scores(pairs: &[Pair], fields: Fields) -> Result<ArrayRef> {
    let all: Vec<_> = pairs
        .iter()
        .flat_map(|pair| pair.scores.iter().flat_map(|(name, list)| list.iter().map(move |score| (name, score))))
        .collect();
    let columns = vec![
        texts(all.iter().map(|(name, _)| Some(name)))?,
        integers(all.iter().map(|(_, score)| Some(score.entity))),
        integers(all.iter().map(|(_, score)| Some(score.span.start))),
        integers(all.iter().map(|(_, score)| Some(score.span.end))),
        numbers::<Float64Type>(all.iter().map(|(_, score)| Some(score.score))),
    ];
    let lengths = pairs.iter().map(|pair| match pair.scores.is_empty() {
        true => None,
        false => Some(pair.scores.values().map(Vec::len).sum()),
    });
    lists(lengths, structs(&fields, columns, None, all.len())?)
}

fn projections(pairs: &[Pair], schema: &Schema) -> Result<ArrayRef> {
    let fields = inner(schema, "projection");
    let unprojected = match fields[2].data_type() {
        DataType::List(item) => struct_fields(item.data_type()),
        _ => Fields::empty(),
    };
    let list: Vec<Option<&Projection>> = pairs.iter().map(|pair| pair.projection.as_ref()).collect();
    let all: Vec<_> = list.iter().flatten().flat_map(|projection| &projection.unprojected).collect();
    let reasons =
        vec![integers(all.iter().map(|one| Some(one.entity))), texts(all.iter().map(|one| Some(one.reason.as_str())))?];
    let some = |one: &Projection| (!one.unprojected.is_empty()).then_some(one.unprojected.len());
    let columns = vec![
        numbers::<Float64Type>(list.iter().map(|one| one.map(|one| one.objective))),
        numbers::<Float64Type>(list.iter().map(|one| one.and_then(|one| one.bound))),
        lists(list.iter().map(|one| one.and_then(some)), structs(&unprojected, reasons, None, all.len())?)?,
    ];
    structs(&fields, columns, Some(list.iter().map(Option::is_some).collect()), list.len())
}

/// The unknown fields as JSON, and an id that is no text.
fn extra(fields: &Extra, id: Option<Value>) -> Option<String> {
    match id {
        None if fields.is_empty() => None,
        None => json(fields),
        Some(id) => {
            let own = fields.iter().map(|(name, value)| (name.clone(), value.clone()));
            json(&Numbers(&Value::Object(own.chain([("id".to_owned(), id)]).collect::<Map<_, _>>())))
        }
    }
}

fn json(value: &impl serde::Serialize) -> Option<String> {
    serde_json::to_string(value).ok()
}

/// The fields of a column of structs.
fn inner(schema: &Schema, name: &str) -> Fields {
    schema.field_with_name(name).map_or_else(|_| Fields::empty(), |field| struct_fields(field.data_type()))
}

/// The fields of a column of lists of structs.
fn item(schema: &Schema, name: &str) -> Fields {
    match schema.field_with_name(name).map(Field::data_type) {
        Ok(DataType::List(item)) => struct_fields(item.data_type()),
        _ => Fields::empty(),
    }
}

fn struct_fields(kind: &DataType) -> Fields {
    match kind {
        DataType::Struct(fields) => fields.clone(),
        _ => Fields::empty(),
    }
}

fn texts<S: AsRef<str>>(values: impl Iterator<Item = Option<S>>) -> Result<ArrayRef> {
    let mut builder = arrow_array::builder::StringBuilder::new();
    for value in values {
        let value = value.as_ref().map(AsRef::as_ref);
        if builder.values_slice().len() + value.map_or(0, str::len) > i32::MAX as usize {
            return Err(ArrowError::OffsetOverflowError(builder.values_slice().len()));
        }
        builder.append_option(value);
    }
    let array: StringArray = builder.finish();
    Ok(Arc::new(array))
}

fn integers(values: impl Iterator<Item = Option<usize>>) -> ArrayRef {
    numbers::<Int32Type>(values.map(|value| value.and_then(|value| i32::try_from(value).ok())))
}

fn numbers<T: ArrowPrimitiveType>(values: impl Iterator<Item = Option<T::Native>>) -> ArrayRef {
    Arc::new(values.collect::<PrimitiveArray<T>>())
}

/// Lists of these lengths; `None` is null.
fn lists(lengths: impl Iterator<Item = Option<usize>>, items: ArrayRef) -> Result<ArrayRef> {
    let (mut ends, mut known, mut end) = (vec![0i32], Vec::new(), 0usize);
    for length in lengths {
        known.push(length.is_some());
        end += length.unwrap_or_default();
        ends.push(i32::try_from(end).map_err(|_| ArrowError::OffsetOverflowError(end))?);
    }
    let field = Arc::new(Field::new("item", items.data_type().clone(), true));
    let nulls = known.contains(&false).then(|| known.into());
    Ok(Arc::new(ListArray::try_new(field, OffsetBuffer::new(ends.into()), items, nulls)?))
}

fn structs(fields: &Fields, columns: Vec<ArrayRef>, known: Option<Vec<bool>>, len: usize) -> Result<ArrayRef> {
    let nulls = known.map(Into::into);
    Ok(Arc::new(StructArray::try_new_with_length(fields.clone(), columns, nulls, len)?))
}
