//! Several annotators: their agreement, and what holds of their versions.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};
use xlner_formats::Format;

use super::items::{append, blocking, described, parse};
use super::state::Shared;
use super::{Answer, Failure, pages};
use crate::error::Error;
use crate::people::Person;
use crate::store::{ADJUDICATED, NewEvent};
use crate::version::{AdjudicatedEntity, Operation};
use crate::{agreement, export};

pub(super) fn allowed(person: &Person) -> Answer<()> {
    match person.adjudicates {
        true => Ok(()),
        false => {
            Err(Error::Forbidden("annotators are blind to each other; adjudicators see all versions".into()).into())
        }
    }
}

/// All versions of a sentence, and what was decided.
pub(super) async fn versions(
    State(shared): State<Arc<Shared>>,
    Extension(person): Extension<Person>,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    allowed(&person)?;
    blocking(move || {
        let inner = shared.lock();
        let at = inner.store.find(&id)?;
        let all = inner.store.versions_of(at)?;
        let head = inner.store.version(at, ADJUDICATED)?;
        let mut value = described(&inner.store.items()[at], at, &head, shared.options.images.as_ref());
        value["flags"] = json!(inner.index.flags(at));
        let others = all.iter().filter(|owned| owned.annotator != ADJUDICATED);
        value["versions"] =
            others.map(|owned| json!({ "annotator": owned.annotator, "version": owned.version })).collect();
        Ok(Json(value))
    })
    .await
}

/// A decision: what holds, at once.
#[derive(Deserialize)]
struct Decision {
    uuid: String,
    #[serde(default)]
    base: u64,
    entities: Vec<AdjudicatedEntity>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Body {
    Decision(Decision),
    Operations(Vec<NewEvent>),
}

/// Decides, or takes in operations on the adjudicated version.
pub(super) async fn decide(
    State(shared): State<Arc<Shared>>,
    Extension(person): Extension<Person>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer<Json<Value>> {
    allowed(&person)?;
    let events = match parse(&body, "a decision (`uuid`, `base`, `entities`), or a list of operations")? {
        Body::Operations(events) => events,
        Body::Decision(Decision { uuid, base, entities }) => {
            vec![NewEvent { uuid, base, round: None, operation: Operation::Decide { entities } }]
        }
    };
    append(shared, id, ADJUDICATED.to_owned(), person.name, events).await
}

#[derive(Deserialize)]
pub(super) struct FormatQuery {
    format: Option<String>,
}

/// How far annotators agree: a page for browsers, JSON for programs, CSV where that is asked for.
pub(super) async fn agreement(
    State(shared): State<Arc<Shared>>,
    Extension(person): Extension<Person>,
    Query(query): Query<FormatQuery>,
    headers: HeaderMap,
) -> Answer<Response> {
    let figures = blocking(move || Ok(agreement::of(&shared.lock().store)?)).await?;
    let html = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    Ok(match query.format.as_deref() {
        Some("csv") => file(agreement::csv(&figures), "text/csv; charset=utf-8", "agreement.csv"),
        Some("html") => pages::agreement(&figures, &person).into_response(),
        Some("json") => Json(figures).into_response(),
        None if html => pages::agreement(&figures, &person).into_response(),
        None => Json(figures).into_response(),
        Some(other) => {
            let message = format!("there is no format “{other}” here; formats: json, csv, html");
            return Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, message));
        }
    })
}

/// What is done, in a format.
pub(super) async fn export(
    State(shared): State<Arc<Shared>>,
    Extension(person): Extension<Person>,
    Query(query): Query<FormatQuery>,
) -> Answer<Response> {
    let format: Format = match query.format.as_deref() {
        None => Format::Jsonl,
        Some(name) => name.parse().map_err(Error::Options)?,
    };
    // Without adjudication rights only one's own work: the others' would not be blind.
    let only = (!person.adjudicates).then(|| person.name.clone());
    let (bytes, name) = blocking(move || {
        let folder = export::temporary()?;
        let name = format!("gold.{}", export::extension(format));
        let path = folder.path().join(&name);
        let options =
            export::ExportOptions { format: Some(format), annotator: only, ..export::ExportOptions::default() };
        export::export(&shared.lock().store, &path, &options)?;
        let bytes = std::fs::read(&path).map_err(|source| Error::File { path, source })?;
        Ok((bytes, name))
    })
    .await?;
    Ok(file(bytes, "application/octet-stream", &name))
}

fn file(bytes: impl Into<axum::body::Body>, kind: &'static str, name: &str) -> Response {
    let place = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, place)], bytes.into()).into_response()
}
