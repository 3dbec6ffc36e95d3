//! Requests that are sent again until they are answered.

use std::thread;
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;
use ureq::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use ureq::{Agent, Body, http::Response};

use super::HttpOptions;
use crate::{Error, Result};

/// Bytes of an answer that are read.
const ANSWER_LIMIT: u64 = 64 << 20;
/// Characters of a server's words that a message repeats.
const QUOTED: usize = 200;

/// How often a server that was never there is tried again: an address with a slip in it should not keep anyone waiting.
const FIRST_RETRIES: u32 = 2;

/// Posts JSON to one address.
pub(crate) struct Client {
    agent: Agent,
    address: String,
    /// The address without what may be secret in it.
    name: String,
    /// Sent as `Authorization: Bearer …`.
    bearer: Option<String>,
    /// What is never to be printed.
    secret: Option<String>,
    options: HttpOptions,
    /// When the next request may be sent.
    next: Option<Instant>,
    /// Requests sent again so far.
    pub(crate) retries: u64,
    /// Whether the server was there once: then it may come back.
    reached: bool,
}

/// A request that was answered.
#[derive(Debug)]
pub(crate) enum Reply<T> {
    /// As it should be.
    Good(T),
    /// With something else than what was asked for; says with what.
    Bad(String),
    /// The server does not want this request: it is at fault itself.
    Refused(String),
}

/// A request that was not answered.
enum Failure {
    /// It may go well another time, after this pause if the server wants one.
    Passing(String, Option<Duration>),
    /// The server was not reached at all.
    Unreached(String),
    /// It will not.
    Lasting(String),
}

impl Client {
    pub(crate) fn new(address: String, bearer: bool, secret: Option<String>, options: HttpOptions) -> Client {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("xlner/", env!("CARGO_PKG_VERSION")))
            .timeout_global(Some(options.timeout));
        let name = public(&address);
        let bearer = secret.as_ref().filter(|_| bearer).map(|key| format!("Bearer {key}"));
        Client {
            agent: config.build().new_agent(),
            address,
            name,
            bearer,
            secret,
            options,
            next: None,
            retries: 0,
            reached: false,
        }
    }

    /// The address, as it may be printed.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Posts a body until it is answered. `read` takes the answer apart, or says what is wrong with it.
    ///
    /// # Errors
    /// [`Error::Engine`] after every retry, or where another would not help.
    pub(crate) fn post<T>(
        &mut self,
        body: &Value,
        read: impl Fn(&Value) -> std::result::Result<T, String>,
    ) -> Result<Reply<T>> {
        let mut failures = 0;
        loop {
            let mut retries = self.options.retries;
            self.wait_for_turn();
            let answer = self.once(body);
            self.reached |= !matches!(answer, Err(Failure::Unreached(_)));
            let (problem, wanted) = match answer {
                Ok(Reply::Good(answer)) => {
                    return Ok(read(&answer).map_or_else(|problem| Reply::Bad(self.clean(&problem)), Reply::Good));
                }
                Ok(Reply::Bad(problem)) => return Ok(Reply::Bad(problem)),
                Ok(Reply::Refused(problem)) => return Ok(Reply::Refused(problem)),
                Err(Failure::Lasting(problem)) => return Err(Error::engine(&self.name, problem)),
                Err(Failure::Passing(problem, wanted)) => (problem, wanted),
                Err(Failure::Unreached(problem)) => {
                    if !self.reached {
                        retries = retries.min(FIRST_RETRIES);
                    }
                    (problem, None)
                }
            };
            if failures >= retries {
                return Err(Error::engine(&self.name, format!("{problem} ({} attempts)", failures + 1)));
            }
            if let Some(wanted) = wanted.filter(|wanted| *wanted > self.options.longest_pause) {
                let seconds = wanted.as_secs();
                return Err(Error::engine(
                    &self.name,
                    format!("{problem}; it wants a pause of {seconds} s: try later"),
                ));
            }
            self.pause(failures, wanted);
            failures += 1;
        }
    }

    /// What lies at an address of the same server; `None` where it gives no JSON.
    pub(super) fn get(&self, address: &str) -> Option<Value> {
        let request = self.agent.get(address);
        let request = match &self.bearer {
            Some(bearer) => request.header(AUTHORIZATION, bearer),
            None => request,
        };
        let mut response = request.call().ok().filter(|response| response.status().is_success())?;
        let answer = response.body_mut().with_config().limit(ANSWER_LIMIT).read_to_vec().ok()?;
        serde_json::from_slice(&answer).ok()
    }

    /// Waits before a request is sent again: as long as the server wants, else longer each time.
    pub(crate) fn pause(&mut self, failures: u32, wanted: Option<Duration>) {
        let doubled = self.options.pause.saturating_mul(1 << failures.min(16));
        thread::sleep(wanted.unwrap_or(doubled).min(self.options.longest_pause));
        self.retries += 1;
    }

    /// Waits until the rate allows another request.
    fn wait_for_turn(&mut self) {
        let Some(rate) = self.options.rate else { return };
        let now = Instant::now();
        let turn = self.next.map_or(now, |next| next.max(now));
        thread::sleep(turn - now);
        self.next = Some(turn + Duration::from_secs_f64(1.0 / rate));
    }

    fn once(&self, body: &Value) -> std::result::Result<Reply<Value>, Failure> {
        let request = self.agent.post(&self.address).header(CONTENT_TYPE, "application/json");
        let request = match &self.bearer {
            Some(bearer) => request.header(AUTHORIZATION, bearer),
            None => request,
        };
        let lasting = |error: &ureq::Error| {
            matches!(error, ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::InvalidProxyUrl)
        };
        let failed = |error: ureq::Error| match lasting(&error) {
            true => Failure::Lasting(self.clean(&error.to_string())),
            false => {
                let problem = self.clean(&format!("{error}{}", way_out(&error)));
                if is_unreached(&error) { Failure::Unreached(problem) } else { Failure::Passing(problem, None) }
            }
        };
        let mut response = request.send(body.to_string()).map_err(failed)?;
        let (status, wanted) = (response.status(), retry_after(&response));
        let answer = response.body_mut().with_config().limit(ANSWER_LIMIT).read_to_vec().map_err(failed)?;
        let said = || {
            let said = said(&answer);
            self.clean(&if said.is_empty() { status.to_string() } else { format!("{status}: {said}") })
        };
        match status.as_u16() {
            200..=299 => serde_json::from_slice(&answer)
                .map(Reply::Good)
                .map_err(|_| Failure::Passing(format!("the answer is not JSON ({})", said()), None)),
            400 | 413 | 414 | 422 => Ok(Reply::Refused(said())),
            408 | 409 | 425 | 429 | 500..=599 => Err(Failure::Passing(said(), wanted)),
            401 | 403 => {
                Err(Failure::Lasting(format!("{}; is the API key right (option `api_key_env` VARIABLE)?", said())))
            }
            300..=399 => Err(Failure::Lasting(format!("{}; give the address it is redirected to", said()))),
            _ => Err(Failure::Lasting(said())),
        }
    }

    /// A server's words, in which the key is not repeated.
    fn clean(&self, words: &str) -> String {
        match self.secret.as_deref().filter(|secret| !secret.is_empty()) {
            Some(secret) => words.replace(secret, "…"),
            None => words.to_owned(),
        }
    }
}

/// Whether there is no server at the address.
fn is_unreached(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => true,
        ureq::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        _ => false,
    }
}

/// What to do where a server is not reached.
fn way_out(error: &ureq::Error) -> &'static str {
    match error {
        ureq::Error::HostNotFound => "; is the name of the server right, and this machine online?",
        ureq::Error::ConnectionFailed | ureq::Error::Io(_) => "; is the server running, and this its address and port?",
        ureq::Error::Timeout(_) => {
            "; give it more time (option `timeout` SECONDS), or fewer texts at once (option `request_size` N)"
        }
        _ => "",
    }
}

/// An address without user, password, query and fragment.
pub(crate) fn public(address: &str) -> String {
    let end = address.find(['?', '#']).unwrap_or(address.len());
    let address = &address[..end];
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

/// How long the server wants us to wait: seconds, or until a date.
fn retry_after(response: &Response<Body>) -> Option<Duration> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    let until = || httpdate::parse_http_date(value).ok()?.duration_since(SystemTime::now()).ok();
    value.parse().ok().map(Duration::from_secs).or_else(until)
}

/// What an answer says: the error in its JSON, else its beginning, in one line.
fn said(answer: &[u8]) -> String {
    let json = serde_json::from_slice::<Value>(answer).ok();
    let message = json.as_ref().and_then(|json| {
        let error = json.get("error").or_else(|| json.get("message"))?;
        error.as_str().or_else(|| error.get("message")?.as_str())
    });
    let text = message.map_or_else(|| String::from_utf8_lossy(answer), Into::into);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(QUOTED) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_in_an_address_is_left_out() {
        for (address, printed) in [
            ("http://localhost:5000/translate", "http://localhost:5000/translate"),
            ("https://me:pass@host/v1?key=k#x", "https://host/v1"),
            ("https://host?a@b", "https://host"),
            ("https://host/a@b", "https://host/a@b"),
            ("host", "host"),
        ] {
            assert_eq!(public(address), printed);
        }
    }

    #[test]
    fn a_server_is_quoted_in_one_line() {
        assert_eq!(said(br#"{"error":{"message":"too\nlong"}}"#), "too long");
        assert_eq!(said(br#"{"error":"slow down"}"#), "slow down");
        assert_eq!(said(b"<html>\n<h1>Bad gateway</h1>"), "<html> <h1>Bad gateway</h1>");
        assert_eq!(said(&[b'x'; 1000]).chars().count(), QUOTED + 1);
    }
}
