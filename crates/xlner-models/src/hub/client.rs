//! Requests to the Hub.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use ureq::http::header::{AUTHORIZATION, CONTENT_RANGE, LOCATION, RANGE, RETRY_AFTER};
use ureq::http::{Response, Uri};
use ureq::{Agent, Body};

use super::Hub;
use super::name::Name;
use super::verify::Checksum;
use crate::{Error, Result};

/// Requests that may fail one after the other without bringing the file on.
const FAILURES: u32 = 5;
/// A request brings a file on by this part of it at least, a hundredth.
const PROGRESS: u64 = 100;
const CONNECT: Duration = Duration::from_secs(20);
/// Silence that is taken for a broken connection.
const SILENCE: Duration = Duration::from_secs(60);
/// The longest that a server's `Retry-After` is followed.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Redirects that are followed one after the other.
const REDIRECTS: usize = 10;
/// Bytes of a listing that are read.
const LISTING: u64 = 64 << 20;

/// Asks a Hub.
pub(super) struct Client<'a> {
    hub: &'a Hub,
    agent: Agent,
    /// What to do where no try succeeds.
    way_out: String,
}

/// What the Hub says of a revision.
#[derive(Debug, Deserialize)]
pub(super) struct Listing {
    /// Its commit.
    #[serde(rename = "sha")]
    pub(super) commit: String,
    /// Its files.
    #[serde(rename = "siblings")]
    pub(super) files: Vec<Remote>,
}

/// What the Hub says of a file.
#[derive(Debug, Deserialize)]
pub(super) struct Remote {
    #[serde(rename = "rfilename")]
    pub(super) name: String,
    #[serde(default)]
    pub(super) size: Option<u64>,
    #[serde(default, rename = "blobId")]
    blob: Option<String>,
    #[serde(default)]
    lfs: Option<Lfs>,
}

#[derive(Debug, Deserialize)]
struct Lfs {
    sha256: String,
}

impl Remote {
    /// What its content is checked by; `None` where the Hub does not say.
    pub(super) fn checksum(&self) -> Option<Checksum> {
        let name = self.lfs.as_ref().map(|lfs| &lfs.sha256).or(self.blob.as_ref());
        Checksum::of_blob(name?)
    }
}

/// A request that failed.
enum Failure {
    /// It may go well another time, after this pause if the server wants one.
    Passing(String, Option<Duration>),
    /// It will not.
    Lasting(String),
}

impl Failure {
    /// The same, naming what was asked for.
    fn of(self, what: &str) -> Failure {
        match self {
            Failure::Passing(problem, pause) => Failure::Passing(format!("{what}: {problem}"), pause),
            Failure::Lasting(problem) => Failure::Lasting(format!("{what}: {problem}")),
        }
    }
}

impl<'a> Client<'a> {
    pub(super) fn new(hub: &'a Hub) -> Client<'a> {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .user_agent(concat!("xlner/", env!("CARGO_PKG_VERSION")))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(SILENCE))
            .timeout_per_read(Some(SILENCE));
        let way_out = "try again later, what came is kept".to_owned();
        Client { hub, agent: config.build().new_agent(), way_out }
    }

    /// The same for a model, which may come another way.
    pub(super) fn of_model(hub: &'a Hub, name: &Name) -> Client<'a> {
        let client = Client::new(hub);
        let way_out = format!(
            "{}; without a network, give the path of a folder that holds the model (`hf download {name}` brings it elsewhere), \
             or name a mirror in HF_ENDPOINT",
            client.way_out
        );
        Client { way_out, ..client }
    }

    /// The error for what the Hub did.
    pub(super) fn error(&self, problem: impl Into<String>) -> Error {
        Error::engine(&self.hub.endpoint, problem)
    }

    /// Commit and files of a revision.
    pub(super) fn listing(&self, name: &Name, revision: &str) -> Result<Listing> {
        let revision = revision.replace('/', "%2F");
        let url = format!("{}/api/models/{name}/revision/{revision}?blobs=true", self.hub.endpoint);
        let mut failures = 0;
        loop {
            let listing = self.get(&url, 0, &format!("{name} (revision {revision})")).and_then(|response| {
                let mut text = String::new();
                let read = response.into_body().into_reader().take(LISTING).read_to_string(&mut text);
                read.map_err(|problem| Failure::Passing(problem.to_string(), None))?;
                serde_json::from_str(&text)
                    .map_err(|problem| Failure::Passing(format!("it sent no listing of {name}: {problem}"), None))
            });
            match listing {
                Ok(listing) => return Ok(listing),
                Err(failure) => self.wait(failure, &mut failures)?,
            }
        }
    }

    /// Reads a file of `size` bytes to the end of `partial`, whatever is there already; goes on where the connection breaks.
    /// `listener` hears how many bytes are there.
    pub(super) fn download(
        &self,
        url: &str,
        what: &str,
        partial: &Path,
        size: u64,
        listener: &mut dyn FnMut(u64),
    ) -> Result<()> {
        let (mut failures, mut longest) = (0, 0);
        loop {
            let file = File::options().create(true).append(true).open(partial);
            let mut file = file.map_err(|problem| Error::file(partial, problem))?;
            let mut there = file.metadata().map_err(|problem| Error::file(partial, problem))?.len();
            if there > size {
                file.set_len(0).map_err(|problem| Error::file(partial, problem))?;
                there = 0;
            }
            listener(there);
            if there == size {
                return file.sync_all().map_err(|problem| Error::file(partial, problem));
            }
            // A server that brings a byte at a time would be asked without end.
            if there > longest + size / PROGRESS {
                (failures, longest) = (0, there);
            }
            let response = match self.get(url, there, what) {
                Ok(response) => response,
                Err(failure) => {
                    self.wait(failure, &mut failures)?;
                    continue;
                }
            };
            if there > 0 && !goes_on(&response, there) {
                // It sends all of it again.
                file.set_len(0).map_err(|problem| Error::file(partial, problem))?;
                there = 0;
            }
            let mut body = response.into_body().into_reader();
            let mut buffer = vec![0; 1 << 18];
            let failure = loop {
                let read = match body.read(&mut buffer) {
                    Ok(0) => {
                        break Failure::Passing(
                            format!("the connection broke after {there} of {size} bytes of {what}"),
                            None,
                        );
                    }
                    Ok(read) => read,
                    Err(problem) => break Failure::Passing(format!("{what}: {problem}"), None),
                };
                there += read as u64;
                if there > size {
                    drop(file);
                    fs::remove_file(partial).map_err(|problem| Error::file(partial, problem))?;
                    return Err(self.error(format!("{what} is longer than the {size} bytes it says; try again later")));
                }
                file.write_all(&buffer[..read]).map_err(|problem| Error::file(partial, problem))?;
                listener(there);
            };
            if there < size {
                self.wait(failure, &mut failures)?;
            }
        }
    }

    /// One request, for the bytes from `from` on.
    fn get(&self, url: &str, from: u64, what: &str) -> std::result::Result<Response<Body>, Failure> {
        let mut url = url.to_owned();
        let mut redirects = 0;
        let response = loop {
            let response = self.once(&url, from).map_err(|failure| failure.of(what))?;
            if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                break response;
            }
            redirects += 1;
            let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
            let next = location.and_then(|location| redirected(&url, location)).filter(|_| redirects <= REDIRECTS);
            url = next.ok_or_else(|| {
                Failure::Lasting(format!("{what}: redirected to nowhere, or {REDIRECTS} times; try again later"))
            })?;
        };
        let status = response.status().as_u16();
        let page = &self.hub.endpoint;
        Err(match (status, &self.hub.token) {
            (200 | 206, _) => return Ok(response),
            (401, None) => Failure::Lasting(format!(
                "{what} does not exist, or is not public; check the name, or set HF_TOKEN to a token from {page}/settings/tokens"
            )),
            (401, Some(_)) => Failure::Lasting(format!(
                "{what} does not exist, or the token is not good for it; check the name and the token (HF_TOKEN, {page}/settings/tokens)"
            )),
            (403, _) => Failure::Lasting(format!(
                "access to {what} is refused; ask for it on its page at {page}, and set HF_TOKEN to a token of that account"
            )),
            (404, _) => Failure::Lasting(format!("{what} does not exist; check the name and the revision")),
            (408 | 429 | 500.., _) => Failure::Passing(format!("{what}: status {status}"), retry_after(&response)),
            _ => Failure::Lasting(format!("{what}: status {status}; try again later")),
        })
    }

    /// One request to one address. The token goes to the Hub alone: its scheme, host and port.
    fn once(&self, url: &str, from: u64) -> std::result::Result<Response<Body>, Failure> {
        let mut request = self.agent.get(url);
        let home = origin(&self.hub.endpoint);
        if let Some(token) = self.hub.token.as_ref().filter(|_| home.is_some() && home == origin(url)) {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if from > 0 {
            request = request.header(RANGE, format!("bytes={from}-"));
        }
        request.call().map_err(|problem| match problem {
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
                Failure::Lasting(format!("{problem}; see HF_ENDPOINT, HF_TOKEN"))
            }
            problem => Failure::Passing(problem.to_string(), None),
        })
    }

    /// Waits before another try; the error where there is no use in one.
    fn wait(&self, failure: Failure, failures: &mut u32) -> Result<()> {
        *failures += 1;
        match failure {
            Failure::Lasting(problem) => Err(self.error(problem)),
            Failure::Passing(problem, _) if *failures >= FAILURES => {
                Err(self.error(format!("{problem} ({FAILURES} tries); {}", self.way_out)))
            }
            Failure::Passing(_, pause) => {
                std::thread::sleep(pause.unwrap_or_else(|| self.hub.pause * 2u32.pow(*failures - 1)));
                Ok(())
            }
        }
    }
}

/// Scheme, host and port of an address: who is at the other end.
fn origin(url: &str) -> Option<(String, String, u16)> {
    let url: Uri = url.parse().ok()?;
    let scheme = url.scheme_str()?.to_lowercase();
    let port = url.port_u16().or(match scheme.as_str() {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    })?;
    Some((scheme, url.host()?.to_lowercase(), port))
}

/// The address that a response at `url` redirects to (RFC 3986, section 5.2, for the forms that servers send); `None` where
/// it is none, or leaves encryption.
fn redirected(url: &str, location: &str) -> Option<String> {
    let from: Uri = url.parse().ok()?;
    let (scheme, authority) = (from.scheme_str()?, from.authority()?);
    let location = location.split('#').next()?.trim();
    let to = if location.contains("://") && !location.starts_with('/') {
        location.to_owned()
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}")
    } else {
        let folder = &from.path()[..=from.path().rfind('/')?];
        format!("{scheme}://{authority}{folder}{location}")
    };
    let (next, _, _) = origin(&to)?;
    (next == "https" || next == "http" && scheme == "http").then_some(to)
}

/// Whether a response goes on at byte `from`, as it was asked to.
fn goes_on(response: &Response<Body>, from: u64) -> bool {
    let range = response.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
    response.status() == 206 && range.is_some_and(|range| range.trim().starts_with(&format!("bytes {from}-")))
}

fn retry_after(response: &Response<Body>) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        assert_eq!(origin("https://HF.co/a"), origin("https://hf.co:443/b?c"));
        for other in
            ["http://hf.co", "https://hf.co:8443", "https://cdn.hf.co", "https://hf.co.evil", "ftp://hf.co", "hf"]
        {
            assert_ne!(origin("https://hf.co"), origin(other), "{other}");
        }
    }

    #[test]
    fn redirects_lead_where_they_say() {
        let to = |location| redirected("https://h:1/a/b?c", location);
        assert_eq!(to("https://other/x").as_deref(), Some("https://other/x"));
        assert_eq!(to("//other/x").as_deref(), Some("https://other/x"));
        assert_eq!(to("/x?y=://#z").as_deref(), Some("https://h:1/x?y=://"));
        assert_eq!(to("x").as_deref(), Some("https://h:1/a/x"));
        assert_eq!((to("http://h:1/x"), to("file:///etc/passwd"), to("https://")), (None, None, None));
        assert_eq!(redirected("http://h/a", "http://h:2/x").as_deref(), Some("http://h:2/x"));
    }
}
