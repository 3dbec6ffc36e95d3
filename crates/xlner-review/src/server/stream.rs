//! Server-sent events: what a page is told without asking.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, StreamExt as _, stream};
use serde::Deserialize;
use serde_json::json;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;

use super::Answer;
use super::items::blocking;
use super::state::{News, Shared};
use crate::people::Person;

/// Past events told at once; who is further behind is told to look at everything again.
const PAST: usize = 1000;

#[derive(Deserialize)]
pub(super) struct Since {
    since: Option<u64>,
}

/// What happened to the caller's versions since an event, and then whatever happens.
pub(super) async fn events(
    State(shared): State<Arc<Shared>>,
    Extension(person): Extension<Person>,
    Query(query): Query<Since>,
    headers: HeaderMap,
) -> Answer<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    // Listening begins before the past is read, so that nothing falls between.
    let live = BroadcastStream::new(shared.news.subscribe());
    let (name, of_past) = (person.name.clone(), Arc::clone(&shared));
    let since = last.or(query.since);
    let past = blocking(move || {
        let inner = of_past.lock();
        let since = match since {
            Some(since) => since,
            None => inner.store.last_seq()?,
        };
        Ok(inner.store.events(since, Some(&name), PAST)?)
    })
    .await?;
    let past: Vec<Result<Event, Infallible>> = past
        .into_iter()
        .map(|event| {
            let body = json!({ "kind": "event", "id": event.item, "seq": event.seq, "operation": event.operation, "at": event.at });
            Ok(Event::default().id(event.seq.to_string()).data(body.to_string()))
        })
        .collect();
    let live = live.filter_map(move |news| {
        let told = match news {
            Ok(News { to, seq, body }) if to.as_deref().is_none_or(|to| to == person.name) => {
                let event = Event::default().data(body.to_string());
                Some(Ok(match seq {
                    Some(seq) => event.id(seq.to_string()),
                    None => event,
                }))
            }
            Ok(_) => None,
            Err(BroadcastStreamRecvError::Lagged(_)) => {
                Some(Ok(Event::default().data(json!({ "kind": "reload" }).to_string())))
            }
        };
        std::future::ready(told)
    });
    Ok(Sse::new(stream::iter(past).chain(live)).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}
