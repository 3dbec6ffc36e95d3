//! Pages for people.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};
use xlner_eval::agreement::Agreement;

use super::items::blocking;
use super::state::Shared;
use super::{Answer, Failure};
use crate::page::{self, Setup};
use crate::people::Person;

/// The editor.
pub(super) async fn editor(
    State(shared): State<Arc<Shared>>,
    Extension(person): Extension<Person>,
) -> Answer<Html<String>> {
    blocking(move || {
        let inner = shared.lock();
        Ok(Html(page::online(&Setup {
            store: inner.store.name()?,
            annotator: person.name,
            names_free: shared.options.tokens.is_none(),
            adjudicates: person.adjudicates,
            labels: page::labels(inner.store.items(), &shared.options.labels),
            guidelines: shared.options.guidelines.clone(),
        })))
    })
    .await
}

/// A part of the page.
pub(super) async fn file(Path(name): Path<String>) -> Answer<Response> {
    let script = || page::modules().find(|(known, _)| *known == name).map(|(_, text)| text.to_owned());
    let found = match name.as_str() {
        "style.css" => Some((page::style(), "text/css; charset=utf-8")),
        _ => script().map(|text| (text, "text/javascript; charset=utf-8")),
    };
    match found {
        Some((text, kind)) => Ok(([(header::CONTENT_TYPE, kind)], text).into_response()),
        None => Err(Failure::new(StatusCode::NOT_FOUND, "there is nothing at this address")),
    }
}

/// The image of a scanned page.
pub(super) async fn image(State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> Answer<Response> {
    blocking(move || {
        let image = shared.options.images.as_ref().map(|images| images.read(&name)).transpose()?.flatten();
        let (bytes, kind) =
            image.ok_or_else(|| Failure::new(StatusCode::NOT_FOUND, "there is no image of that name here"))?;
        // The same page is looked at for many sentences.
        let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "private, max-age=3600")];
        Ok((headers, bytes).into_response())
    })
    .await
}

/// What is to be annotated and how.
pub(super) async fn guidelines(State(shared): State<Arc<Shared>>) -> Answer<String> {
    let none = || Failure::new(StatusCode::NOT_FOUND, "there are no guidelines here");
    shared.options.guidelines.clone().ok_or_else(none)
}

/// The figures of agreement.
pub(super) fn agreement(figures: &Agreement, person: &Person) -> Html<String> {
    let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"));
    let page: Markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Agreement · xlner review" }
                link rel="stylesheet" href="/static/style.css";
            }
            body.document {
                main {
                    p { a href={ "/?annotator=" (person.name) } { "Back to the sentences" } }
                    h1 { "Agreement" }
                    p { (figures.sentences) " sentences that at least two annotators are done with; " (figures.common) " that all are done with." }
                    @if figures.pairs.is_empty() {
                        p { "There is no sentence yet that two annotators are done with." }
                    } @else {
                        div.scroll tabindex="0" role="region" aria-label="Agreement of every two annotators" {
                            table {
                                thead { tr {
                                    th scope="col" { "Annotators" } th.n scope="col" { "Sentences" } th.n scope="col" { "Entities" }
                                    th.n scope="col" { "F1, exact" } th.n scope="col" { "F1, overlap" }
                                    th.n scope="col" { "Cohen’s κ" } th.n scope="col" { "Unitizing α" }
                                } }
                                tbody {
                                    @for pair in &figures.pairs { tr {
                                        th scope="row" { bdi { (pair.annotators[0]) } " – " bdi { (pair.annotators[1]) } }
                                        td.n { (pair.sentences) }
                                        td.n { (pair.entities[0]) " – " (pair.entities[1]) }
                                        td.n { (number(pair.f1_exact)) } td.n { (number(pair.f1_overlap)) }
                                        td.n { (number(pair.cohen_kappa)) } td.n { (number(pair.unitizing_alpha)) }
                                    } }
                                    tr.strong {
                                        th scope="row" { "All" } td.n { (figures.sentences) } td {} td {} td {}
                                        td.n { (number(figures.fleiss_kappa)) " (Fleiss)" } td.n { (number(figures.unitizing_alpha)) }
                                    }
                                }
                            }
                        }
                    }
                    p.soft { "κ is counted over tokens and their labels; it does not see disagreement on boundaries between neighbours of one label, and most tokens have no label. F1 and α see boundaries." }
                    p { a href="/agreement?format=csv" download="agreement.csv" { "Download as CSV" } }
                }
            }
        }
    };
    Html(page.into_string())
}
