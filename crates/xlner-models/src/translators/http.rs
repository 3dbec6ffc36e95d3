//! `http`: servers that speak as LibreTranslate or as OpenAI do.

#[cfg(feature = "http")]
pub(crate) mod client;
#[cfg(feature = "http")]
mod libretranslate;
#[cfg(feature = "http")]
pub(crate) mod openai;
#[cfg(feature = "http")]
mod server;

use std::str::FromStr;
use std::time::Duration;

#[cfg(feature = "http")]
pub use server::HttpTranslator;
#[cfg(feature = "http")]
pub(crate) use server::key;

/// How a server is asked, by [`HttpTranslator`](crate::HttpTranslator), [`ServerTagger`](crate::ServerTagger) and
/// [`ServerJudge`](crate::ServerJudge) (feature `http`).
#[derive(Debug, Clone, PartialEq)]
pub struct HttpOptions {
    /// How the server is spoken to; `None`: as its address tells (`…/v1`, `…/chat/completions`: OpenAI).
    pub api: Option<HttpApi>,
    /// The model that an OpenAI server is to use.
    pub model: Option<String>,
    /// Name of the environment variable that holds the API key.
    pub key_variable: Option<String>,
    /// Longest time from a request to the end of its answer.
    pub timeout: Duration,
    /// Times that a request is sent again after a failure that may pass.
    pub retries: u32,
    /// Pause before a request is sent again; twice as long each time. Where the server says how long to wait
    /// (`Retry-After`), it is that long.
    pub pause: Duration,
    /// No pause is longer; a server that asks for a longer one fails the batch.
    pub longest_pause: Duration,
    /// Requests a second, at most; 0.001 or more.
    pub rate: Option<f64>,
    /// Texts in a request, at most.
    pub batch: usize,
}

impl Default for HttpOptions {
    fn default() -> HttpOptions {
        HttpOptions {
            api: None,
            model: None,
            key_variable: None,
            timeout: Duration::from_secs(120),
            retries: 6,
            pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(300),
            rate: None,
            batch: 16,
        }
    }
}

/// How a server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpApi {
    /// `POST /translate` with a list of texts.
    LibreTranslate,
    /// `POST /v1/chat/completions`: a language model is asked to translate.
    OpenAi,
}

impl FromStr for HttpApi {
    type Err = String;

    fn from_str(name: &str) -> Result<HttpApi, String> {
        match name {
            "libretranslate" => Ok(HttpApi::LibreTranslate),
            "openai" => Ok(HttpApi::OpenAi),
            _ => Err(format!("“{name}” is not `libretranslate` or `openai`")),
        }
    }
}

impl HttpApi {
    /// What the address tells.
    #[cfg(feature = "http")]
    fn of_address(address: &str) -> HttpApi {
        let (path, _) = parts(address);
        if path.ends_with("/v1") || path.ends_with("/chat/completions") {
            HttpApi::OpenAi
        } else {
            HttpApi::LibreTranslate
        }
    }
}

/// An address without slashes at its end, and its query with the question mark. A fragment is never sent.
#[cfg(feature = "http")]
fn parts(address: &str) -> (&str, &str) {
    let address = address.split('#').next().unwrap_or_default();
    let (path, query) = address.split_at(address.find('?').unwrap_or(address.len()));
    (path.trim_end_matches('/'), query)
}
