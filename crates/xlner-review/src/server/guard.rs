//! What every request passes: is it for this server, from its own page, by somebody who may?

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::state::Shared;
use super::{BODY_LIMIT, Failure};
use crate::people::{Person, check_name};

/// The page may load what is its own, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The cookie that holds the token.
const COOKIE: &str = "xlner-review";

pub(super) async fn guard(State(shared): State<Arc<Shared>>, mut request: Request, next: Next) -> Response {
    let mut response = match pass(&shared, &mut request) {
        Ok(None) => next.run(request).await,
        Ok(Some(response)) => response,
        Err(failure) => failure.into_response(),
    };
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Checks a request, and puts who it is from into it; a response where that is the answer already.
fn pass(shared: &Shared, request: &mut Request) -> Result<Option<Response>, Failure> {
    let headers = request.headers();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !is_ours(host, shared) {
        return Err(Failure::new(StatusCode::FORBIDDEN, "this server does not go by that name (Host)"));
    }
    if let Some(origin) = headers.get(header::ORIGIN)
        && origin.to_str().ok().and_then(|origin| origin.strip_prefix("http://")) != Some(host)
    {
        return Err(Failure::new(StatusCode::FORBIDDEN, "requests of other pages are not answered (Origin)"));
    }
    let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    if matches!(site, Some("cross-site" | "same-site"))
        && (request.method() != Method::GET || request.uri().path() != "/")
    {
        return Err(Failure::new(StatusCode::FORBIDDEN, "requests of other pages are not answered"));
    }
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > BODY_LIMIT as u64) {
        return Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than a megabyte"));
    }
    let person = match &shared.options.tokens {
        None => Person { name: name(request, shared)?, adjudicates: true },
        Some(tokens) => {
            // The token in the page's address goes into a cookie, and out of the address.
            if request.uri().path() == "/"
                && let Some(token) = query(request, "token")
                && tokens.find(&token).is_some()
            {
                let cookie = format!("{COOKIE}={token}; HttpOnly; SameSite=Strict; Path=/; Max-Age=31536000");
                let mut response = Redirect::to("/").into_response();
                if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                    response.headers_mut().insert(header::SET_COOKIE, cookie);
                }
                return Ok(Some(response));
            }
            let token = bearer(headers).or_else(|| cookie(headers));
            token.and_then(|token| tokens.find(&token)).cloned().ok_or_else(|| {
                Failure::new(
                    StatusCode::UNAUTHORIZED,
                    "who are you? Open the page with ?token=… once, as you were given it",
                )
            })?
        }
    };
    request.extensions_mut().insert(person);
    Ok(None)
}

/// Whether a host is a name of this server: a loopback name for one that listens there, else any of its addresses and the names
/// that it was given. A name that somebody else made point here is none.
fn is_ours(host: &str, shared: &Shared) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !name.ends_with(':') && port.bytes().all(|b| b.is_ascii_digit()) => (name, port),
        _ => (host, "80"),
    };
    if port != shared.address.port().to_string() {
        return false;
    }
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<IpAddr>().ok();
    match shared.address.ip() {
        ip if ip.is_loopback() => {
            name.eq_ignore_ascii_case("localhost") || address.is_some_and(|address| address.is_loopback())
        }
        _ => {
            address.is_some()
                || name.eq_ignore_ascii_case("localhost")
                || shared.options.hosts.iter().any(|known| known.eq_ignore_ascii_case(name))
        }
    }
}

/// Who somebody says they are.
fn name(request: &Request, shared: &Shared) -> Result<String, Failure> {
    let header = request.headers().get("x-annotator").and_then(|name| name.to_str().ok()).map(percent_decoded);
    let name = query(request, "annotator").or(header).unwrap_or_else(|| shared.options.annotator.clone());
    check_name(&name)?;
    Ok(name)
}

fn query(request: &Request, name: &str) -> Option<String> {
    let pairs = request.uri().query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| percent_decoded(&value.replace('+', " ")))
}

/// `%C3%A9` to `é`; what is no such sequence stays.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = (first == b'%').then(|| tail.get(..2)).flatten();
        let code = code.and_then(|hex| std::str::from_utf8(hex).ok()).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(code.unwrap_or(first));
        rest = &tail[if code.is_some() { 2 } else { 0 }..];
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ").map(|token| token.trim().to_owned())
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    cookies.find(|(name, _)| *name == COOKIE).map(|(_, token)| token.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_sequences_are_decoded() {
        assert_eq!(percent_decoded("%E1%BB%8Cl%C3%A1"), "Ọlá");
        assert_eq!(percent_decoded("100%"), "100%");
        assert_eq!(percent_decoded("%zz%4"), "%zz%4");
    }
}
