//! A server that translates.

use serde_json::Value;
use xlner_core::contracts::{ModelResult, Translation, Translator, TranslatorFigures};

use super::super::wrong;
use super::client::{Client, Reply};
use super::libretranslate::Offer;
use super::{HttpApi, HttpOptions, libretranslate, openai};
use crate::{Error, Result};

/// Bytes of the texts of a request, at most, where there is more than one text.
const REQUEST: usize = 8000;

/// Requests a second, at least: fewer are a slip, for which a run would seem to hang.
const LOWEST_RATE: f64 = 0.001;

/// Translates by asking a server for a batch of texts at a time. An answer that does not hold one translation per text is
/// not used; the texts are then asked for one by one.
pub struct HttpTranslator {
    client: Client,
    api: HttpApi,
    from: String,
    to: String,
    /// What the server calls the languages, once that is known.
    codes: Option<[String; 2]>,
    /// Where the server says which languages it offers.
    languages: String,
    model: String,
    /// Goes into the body, where the API wants it there.
    key: Option<String>,
    batch: usize,
    retries: u32,
    figures: TranslatorFigures,
}

impl HttpTranslator {
    /// Makes ready to ask one server, by its address, for translations from one language into another (BCP 47). Nothing is asked yet.
    ///
    /// # Errors
    /// [`Error::Options`] for options out of range or that do not go together.
    pub fn open(servers: &[String], [from, to]: [&str; 2], http: &HttpOptions) -> Result<HttpTranslator> {
        let [server] = servers else {
            return Err(wrong("http wants the address of one server, `http://localhost:5000` (option `model` URL)"));
        };
        if !server.starts_with("http://") && !server.starts_with("https://") {
            return Err(wrong(format!("“{server}” is no address of a server; it begins with http:// or https://")));
        }
        if http.batch == 0 || http.timeout.is_zero() {
            return Err(wrong("http: texts per request and time limit (option `timeout`) are greater than 0"));
        }
        if let Some(rate) = http.rate.filter(|rate| !(*rate >= LOWEST_RATE && rate.is_finite())) {
            let longest = 1.0 / LOWEST_RATE;
            return Err(wrong(format!(
                "http: requests per second (option `rate`) are at least {LOWEST_RATE}, one in {longest} seconds, not {rate:e}"
            )));
        }
        let api = http.api.unwrap_or_else(|| HttpApi::of_address(server));
        let key = http.key_variable.as_deref().map(key).transpose()?;
        let (address, model) = match (api, &http.model) {
            (HttpApi::LibreTranslate, None) => (libretranslate::address(server), String::new()),
            (HttpApi::OpenAi, Some(model)) => (openai::address(server), model.clone()),
            (HttpApi::OpenAi, None) => {
                return Err(wrong("which model is the server to use (option `http_model` NAME)?"));
            }
            (HttpApi::LibreTranslate, Some(_)) => {
                return Err(wrong(
                    "LibreTranslate chooses its model itself; leave out option `http_model`, or say option `http_api` openai",
                ));
            }
        };
        let in_body = (api == HttpApi::LibreTranslate).then(|| key.clone()).flatten();
        let languages = Offer::address(&address);
        let client = Client::new(address, api == HttpApi::OpenAi, key, http.clone());
        Ok(HttpTranslator {
            client,
            api,
            from: from.to_owned(),
            to: to.to_owned(),
            codes: None,
            languages,
            model,
            key: in_body,
            batch: http.batch,
            retries: http.retries,
            figures: TranslatorFigures::default(),
        })
    }

    /// What the server calls the two languages. A server of LibreTranslate is asked, unless their codes are the same everywhere.
    ///
    /// # Errors
    /// [`Error::Options`] where it does not offer them.
    fn codes(&mut self) -> Result<[String; 2]> {
        if let Some(codes) = &self.codes {
            return Ok(codes.clone());
        }
        let given = [self.from.as_str(), self.to.as_str()];
        let codes = match self.api {
            HttpApi::OpenAi => given.map(str::to_owned),
            HttpApi::LibreTranslate if given.iter().all(|code| libretranslate::is_plain(code)) => {
                given.map(str::to_owned)
            }
            HttpApi::LibreTranslate => match self.offer() {
                Some(offer) => {
                    offer.codes(given).map_err(|problem| wrong(format!("{}: {problem}", self.client.name())))?
                }
                None => given.map(libretranslate::usual_code),
            },
        };
        Ok(self.codes.insert(codes).clone())
    }

    /// What the server offers, where it says so.
    fn offer(&self) -> Option<Offer> {
        let asked = self.api == HttpApi::LibreTranslate;
        asked.then(|| self.client.get(&self.languages)).flatten().as_ref().and_then(Offer::read)
    }

    /// Translates texts that are not blank, sent together.
    fn together(&mut self, texts: &[&str]) -> Result<Reply<Vec<String>>> {
        let [from, to] = self.codes()?;
        let (from, to, count) = (from.as_str(), to.as_str(), texts.len());
        let read: fn(&Value, usize) -> _ = match self.api {
            HttpApi::LibreTranslate => libretranslate::read,
            HttpApi::OpenAi => openai::read,
        };
        let body = match self.api {
            HttpApi::LibreTranslate => libretranslate::body(texts, from, to, self.key.as_deref()),
            HttpApi::OpenAi => openai::body(texts, from, to, &self.model),
        };
        self.client.post(&body, |answer| read(answer, count))
    }

    /// Translates a text by itself; `index` is that in the batch.
    fn alone(&mut self, text: &str, index: usize) -> Result<String> {
        let mut failures = 0;
        let problem = loop {
            match self.together(&[text])? {
                Reply::Good(mut texts) => return Ok(texts.pop().unwrap_or_default()),
                Reply::Bad(_) if failures < self.retries => {
                    self.client.pause(failures, None);
                    failures += 1;
                }
                Reply::Bad(problem) | Reply::Refused(problem) => break problem,
            }
        };
        // A language that it does not offer is the usual reason.
        let hint = self.offer().and_then(|offer| offer.codes([&self.from, &self.to]).err());
        let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
        let problem = format!("{} gives no translation of “{text}”: {problem}{hint}", self.client.name());
        Err(Error::Sentence { index, problem })
    }

    /// Translates the texts of a request, of which each has its index in the batch.
    fn request(&mut self, request: &[(usize, &str)]) -> Result<Vec<String>> {
        let texts: Vec<&str> = request.iter().map(|(_, text)| *text).collect();
        if texts.len() > 1 {
            match self.together(&texts)? {
                // A translation that is empty may be one that was merged with its neighbour.
                Reply::Good(translations) if !texts.iter().zip(&translations).any(|(text, it)| is_lost(text, it)) => {
                    return Ok(translations);
                }
                _ => self.figures.split_batches += 1,
            }
        }
        request.iter().map(|(index, text)| self.alone(text, *index)).collect()
    }
}

/// Whether a text has letters and its translation has nothing.
fn is_lost(text: &str, translation: &str) -> bool {
    translation.trim().is_empty() && text.chars().any(char::is_alphabetic)
}

impl Translator for HttpTranslator {
    fn signature(&self) -> String {
        let HttpTranslator { api, from, to, model, .. } = self;
        let address = self.client.name();
        match api {
            HttpApi::LibreTranslate => format!("http libretranslate {address} {from} {to}"),
            HttpApi::OpenAi => format!("http openai {address} {model} prompt {} {from} {to}", openai::PROMPT),
        }
    }

    fn translate(&mut self, texts: &[&str]) -> ModelResult<Vec<Translation>> {
        let lines: Vec<String> = texts.iter().map(|text| text.replace(['\n', '\r'], " ")).collect();
        let asked: Vec<(usize, &str)> =
            lines.iter().map(|line| line.trim()).enumerate().filter(|(_, text)| !text.is_empty()).collect();
        let mut translations = vec![Translation::default(); texts.len()];
        let mut rest = asked.as_slice();
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = rest.iter().take(self.batch).take_while(|(_, text)| {
                bytes += text.len();
                bytes <= REQUEST
            });
            let (request, later) = rest.split_at(fits.count().max(1));
            for ((index, text), translation) in request.iter().zip(self.request(request)?) {
                self.figures.empty += u64::from(is_lost(text, &translation));
                translations[*index] = translation.replace(['\n', '\r'], " ").trim().to_owned().into();
            }
            rest = later;
        }
        self.figures.texts += texts.len() as u64;
        self.figures.retries = self.client.retries;
        Ok(translations)
    }

    fn figures(&self) -> TranslatorFigures {
        self.figures
    }
}

/// The API key that an environment variable holds.
fn key(variable: &str) -> Result<String> {
    match std::env::var(variable).map(|key| key.trim().to_owned()) {
        Ok(key) if !key.is_empty() => Ok(key),
        _ => Err(wrong(format!("the environment variable {variable}, which should hold the API key, is not set"))),
    }
}
