//! Sentences and operations on them.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};
use xlner::drawing::side;
use xlner_core::{Sentence, Span};

use super::state::{Inner, Shared};
use super::{Answer, Failure};
use crate::error::Error;
use crate::images::Images;
use crate::item::Item;
use crate::people::Person;
use crate::queue;
use crate::store::{ADJUDICATED, NewEvent};
use crate::version::{Operation, State as Progress, Version};

/// Lines of the queue in an answer, where no number is given, and at most.
const LINES: usize = 100;
const MOST_LINES: usize = 1000;

#[derive(Deserialize)]
pub(super) struct ListQuery {
    state: Option<String>,
    sort: Option<String>,
    label: Option<String>,
    text: Option<String>,
    flag: Option<String>,
    /// `adjudication`: sentences that several annotators are done with, and how far the decision is.
    view: Option<String>,
    limit: Option<usize>,
    offset: Option<usize>,
}

/// Runs what waits for the disk where that holds up nobody else.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Answer<T> + Send + 'static) -> Answer<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(Failure::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, format!("the request failed: {error}")))
    })
}

/// The queue.
pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    Extension(person): Extension<Person>,
    Query(query): Query<ListQuery>,
) -> Answer<Json<Value>> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let selection = queue::Query {
        state: given(query.state).filter(|state| state != "all").map(|state| state.parse()).transpose()?,
        sort: given(query.sort).map_or(Ok(queue::Sort::Useful), |sort| sort.parse())?,
        label: given(query.label),
        text: given(query.text),
        flag: given(query.flag),
    };
    let adjudication = given(query.view).is_some_and(|view| view == "adjudication");
    if adjudication {
        super::people::allowed(&person)?;
    }
    let (limit, offset) = (query.limit.unwrap_or(LINES).min(MOST_LINES), query.offset.unwrap_or(0));
    blocking(move || {
        let mut inner = shared.lock();
        let name = if adjudication { ADJUDICATED } else { &person.name };
        let assigned = match adjudication {
            true => Some(inner.store.done_by_several()?),
            false => inner.store.assigned(name)?,
        };
        inner.load_versions(name)?;
        let Inner { store, index, .. } = &*inner;
        let versions = inner.versions(name);
        let items = store.items();
        let chosen = index.select(items, &selection, versions, assigned.as_deref());
        let mut counts = [0; 3];
        versions.values().for_each(|version| counts[version.state as usize] += 1);
        let all = assigned.as_ref().map_or(items.len(), Vec::len);
        counts[0] = all.saturating_sub(counts[1] + counts[2]);
        let lines: Vec<queue::Line> =
            chosen.iter().skip(offset).take(limit).map(|&at| index.line(items, at, versions.get(&at))).collect();
        Ok(Json(json!({
            "total": chosen.len(), "all": all, "offset": offset, "items": lines,
            "counts": { "open": counts[0], "submitted": counts[1], "skipped": counts[2] },
            "estimate": inner.estimate,
        })))
    })
    .await
}

/// A sentence with the caller's version.
pub(super) async fn one(
    State(shared): State<Arc<Shared>>,
    Extension(person): Extension<Person>,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    blocking(move || {
        let inner = shared.lock();
        let at = inner.store.find(&id)?;
        let version = inner.store.version(at, &person.name)?;
        let mut value = described(&inner.store.items()[at], at, &version, shared.options.images.as_ref());
        value["flags"] = json!(inner.index.flags(at));
        Ok(Json(value))
    })
    .await
}

/// What the editor needs of a sentence and a version of it.
pub(crate) fn described(item: &Item, at: usize, version: &Version, images: Option<&Images>) -> Value {
    let side = |sentence: &Sentence| {
        let mut value = side(sentence);
        if let Some(images) = images {
            value["images"] = json!(images.of_sentence(sentence));
        }
        value
    };
    json!({
        "id": item.key, "number": at + 1,
        "source": side(&item.pair.source), "target": side(&item.pair.target),
        "links": item.pair.alignment, "projection": item.pair.projection,
        "suggested": version.seq == 0 && version.round > 0,
        "head": version, "start": item.start(version.round),
    })
}

/// Operations.
pub(super) async fn events(
    State(shared): State<Arc<Shared>>,
    Extension(person): Extension<Person>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer<Json<Value>> {
    let events: Vec<NewEvent> = parse(&body, "a list of operations, each with `uuid`, `base` and `op`")?;
    append(shared, id, person.name.clone(), person.name, events).await
}

/// A body as JSON.
pub(super) fn parse<'a, T: Deserialize<'a>>(body: &'a [u8], wanted: &str) -> Answer<T> {
    serde_json::from_slice(body).map_err(|error| {
        Failure::new(axum::http::StatusCode::BAD_REQUEST, format!("the body is not {wanted}: {error}"))
    })
}

/// Takes in operations, and learns where it is time to.
pub(super) async fn append(
    shared: Arc<Shared>,
    id: String,
    annotator: String,
    author: String,
    events: Vec<NewEvent>,
) -> Answer<Json<Value>> {
    blocking(move || {
        let (head, due) = shared.append(&id, &annotator, &author, &events)?;
        if due {
            let shared = Arc::clone(&shared);
            tokio::task::spawn_blocking(move || {
                if let Err(error) = shared.learn() {
                    shared.learning_failed(&error);
                }
            });
        }
        Ok(Json(json!({ "head": head })))
    })
    .await
}

/// What may be said with a submit or a skip.
#[derive(Default, Deserialize)]
struct Step {
    uuid: Option<String>,
    base: Option<u64>,
}

async fn step(
    shared: Arc<Shared>,
    person: Person,
    id: String,
    body: Bytes,
    operation: Operation,
) -> Answer<Json<Value>> {
    let Step { uuid, base } = if body.is_empty() { Step::default() } else { parse(&body, "an object")? };
    let (key, name) = (id.clone(), person.name.clone());
    let of_head = Arc::clone(&shared);
    let head = blocking(move || {
        let inner = of_head.lock();
        Ok(inner.store.version(inner.store.find(&key)?, &name)?)
    })
    .await?;
    let state = if operation == Operation::Submit { Progress::Submitted } else { Progress::Skipped };
    if uuid.is_none() && base.is_none() && head.state == state {
        return Ok(Json(json!({ "head": head })));
    }
    let uuid = uuid.unwrap_or_else(|| format!("{}-{}-{id}-{}", state.as_str(), head.seq, person.name));
    let uuid = if uuid.len() > 100 { hashed(&uuid) } else { uuid };
    let event = NewEvent { uuid, base: base.unwrap_or(head.seq), round: None, operation };
    append(shared, id, person.name.clone(), person.name, vec![event]).await
}

/// A short name for a long one.
fn hashed(text: &str) -> String {
    crate::import::digest(&[text])
}

/// The caller is done with a sentence.
pub(super) async fn submit(
    State(shared): State<Arc<Shared>>,
    Extension(person): Extension<Person>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer<Json<Value>> {
    step(shared, person, id, body, Operation::Submit).await
}

/// The caller leaves a sentence out.
pub(super) async fn skip(
    State(shared): State<Arc<Shared>>,
    Extension(person): Extension<Person>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer<Json<Value>> {
    step(shared, person, id, body, Operation::Skip).await
}

#[derive(Deserialize)]
pub(super) struct SpanQuery {
    start: usize,
    end: usize,
}

/// Where else a form stands.
pub(super) async fn repeats(
    State(shared): State<Arc<Shared>>,
    Extension(person): Extension<Person>,
    Path(id): Path<String>,
    query: std::result::Result<Query<SpanQuery>, axum::extract::rejection::QueryRejection>,
) -> Answer<Json<Value>> {
    let Query(span) = query.map_err(|error| Error::Refused(error.body_text()))?;
    blocking(move || {
        let inner = shared.lock();
        let at = inner.store.find(&id)?;
        let span = Span::new(span.start, span.end);
        let (found, total) = crate::repeats::repeats(&inner.store, at, span, &person.name)?;
        Ok(Json(json!({ "total": total, "repeats": found })))
    })
    .await
}
