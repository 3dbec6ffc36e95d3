//! The server: the page, and the interface that it uses.
//!
//! `GET /` the page · `GET /items?state&sort&label&text&flag&limit&offset` the queue · `GET /items/{id}` a sentence and the caller's
//! version · `POST /items/{id}/events` operations ([`NewEvent`](crate::store::NewEvent)s; 409 with the head on a conflict) ·
//! `POST /items/{id}/submit|skip` · `GET /items/{id}/repeats?start&end` · `GET /events?since=` server-sent events ·
//! `GET /agreement` (JSON; `?format=csv`) · `GET|POST /items/{id}/adjudication` · `GET /export?format=` · `GET /guidelines` · `GET /images/{name}`.
//!
//! A foreign `Host` or `Origin` gets 403, a call without token (where tokens are wanted) 401, a body of more than a
//! megabyte 413. Errors are JSON: `{"error": "…"}`.

mod guard;
pub(crate) mod items;
mod pages;
mod people;
mod state;
mod stream;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;

use crate::Store;
use crate::error::{Error, Result};
use crate::images::Images;
use crate::learn::Decides;
use crate::people::AccessTokens;
pub(crate) use items::described;
use state::Shared;

/// Bytes of a request's body, at most.
const BODY_LIMIT: usize = 1 << 20;

/// How the server is to be run.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Where it listens. Others than loopback addresses want [`tokens`](Self::tokens).
    pub address: SocketAddr,
    /// Who may use it; without, whoever is on this machine, under the name they give.
    pub tokens: Option<AccessTokens>,
    /// Names of this machine that callers may use for it, beside `localhost` and its addresses.
    pub hosts: Vec<String>,
    /// Who somebody is who does not say, where there are no tokens.
    pub annotator: String,
    /// Labels to choose from, before those of the records.
    pub labels: Vec<String>,
    /// What is to be annotated and how, shown beside the sentences; plain text.
    pub guidelines: Option<String>,
    /// After so many sentences done, suggestions are made again; 0: never.
    pub learn_every: usize,
    /// Images of scanned pages, shown beside sentences that have regions on them.
    pub images: Option<Images>,
    /// Learns the decision of projection again from corrections; without it the suggestions follow the projection's own
    /// confidence.
    pub decides: Option<Arc<dyn Decides>>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        ServerOptions {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            tokens: None,
            hosts: Vec::new(),
            annotator: "annotator".into(),
            labels: Vec::new(),
            guidelines: None,
            learn_every: 10,
            images: None,
            decides: None,
        }
    }
}

/// Serves a store until the process ends. `ready` is told the address of the page when it can be reached.
///
/// # Errors
/// [`Error::Options`] for options that do not go together, [`Error::Listen`].
pub fn serve(store: Store, options: ServerOptions, ready: impl FnOnce(&str)) -> Result<()> {
    if !options.address.ip().is_loopback() && options.tokens.is_none() {
        return Err(Error::Options(format!(
            "{} can be reached from other machines, so people need tokens: give a file of them",
            options.address
        )));
    }
    crate::people::check_name(&options.annotator)?;
    let failed = |source| Error::Listen { address: options.address.to_string(), source };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(failed)?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(options.address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let shared = Shared::new(store, options.clone(), address)?;
        let app = router(Arc::new(shared));
        ready(&format!("http://{address}/"));
        let stop = async {
            // Where the signal cannot be waited for, the process ends by it anyway; everything is on the disk.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        // Event streams never end by themselves, so nothing waits for them.
        tokio::select! {
            result = async { axum::serve(listener, app).await } => result.map_err(failed),
            () = stop => Ok(()),
        }
    })
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(pages::editor))
        .route("/static/{name}", get(pages::file))
        .route("/items", get(items::list))
        .route("/items/{id}", get(items::one))
        .route("/items/{id}/events", post(items::events))
        .route("/items/{id}/submit", post(items::submit))
        .route("/items/{id}/skip", post(items::skip))
        .route("/items/{id}/repeats", get(items::repeats))
        .route("/items/{id}/adjudication", get(people::versions).post(people::decide))
        .route("/events", get(stream::events))
        .route("/agreement", get(people::agreement))
        .route("/export", get(people::export))
        .route("/images/{name}", get(pages::image))
        .route("/guidelines", get(pages::guidelines))
        .fallback(|| async { Failure::new(StatusCode::NOT_FOUND, "there is nothing at this address") })
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), guard::guard))
        .with_state(shared)
}

/// An error as the interface tells it.
struct Failure(StatusCode, serde_json::Value);

impl Failure {
    fn new(status: StatusCode, message: impl std::fmt::Display) -> Self {
        Failure(status, json!({ "error": message.to_string() }))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = match &error {
            Error::NoItem(_) => StatusCode::NOT_FOUND,
            Error::Conflict { .. } => StatusCode::CONFLICT,
            Error::Forbidden(_) => StatusCode::FORBIDDEN,
            Error::Options(_) | Error::Refused(_) | Error::Record { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Error::Store { source: rusqlite::Error::SqliteFailure(failure, _), .. }
                if failure.code == rusqlite::ErrorCode::DiskFull =>
            {
                StatusCode::INSUFFICIENT_STORAGE
            }
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let mut body = json!({ "error": error.to_string() });
        if let Error::Conflict { head, .. } = &error {
            body["head"] = json!(head);
        }
        Failure(status, body)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.0, axum::Json(self.1)).into_response()
    }
}

type Answer<T> = std::result::Result<T, Failure>;
