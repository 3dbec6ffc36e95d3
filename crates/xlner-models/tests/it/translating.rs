//! A translator behind a server, which misbehaves as it is told.

use std::io::Write;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Map, Value, json};
use xlner_models::{Error, HttpApi, HttpOptions, HttpTranslator};

use super::requests::{Request, response, serve};

/// What is asked for.
#[derive(Debug)]
pub struct Options {
    pub servers: Vec<String>,
    pub http: HttpOptions,
}

impl Options {
    pub fn open(&self) -> Result<HttpTranslator, Error> {
        HttpTranslator::open(&self.servers, ["sr", "en"], &self.http)
    }
}

/// What the server does with a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Translates: capitals.
    Good,
    /// A status, a header line and a body.
    Status(u16, &'static str, &'static str),
    /// Reads the request and closes the connection.
    Close,
    /// Closes it in the middle of the answer.
    Cut,
    /// Does not answer before the time is up.
    Silent,
    /// One translation less than there are texts, if there is more than one.
    Fewer,
    /// One more.
    More,
    /// A translation is empty, if there is more than one.
    Empty,
    /// Says something, as a model does.
    Says(&'static str),
}

/// What the server says of its languages; this is not counted among its requests.
pub const OFFER: &str =
    r#"[{"code":"en","name":"English","targets":["sr","pt"]},{"code":"sr","name":"Serbian","targets":["en","pt-BR"]}]"#;

/// A server of one test. The first requests are met with the given acts, the others with the last of them.
pub struct Server {
    pub address: String,
    pub requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub fn start(acts: &[Act]) -> Server {
        let requests = Arc::<Mutex<Vec<Request>>>::default();
        let (seen, acts) = (Arc::clone(&requests), acts.to_owned());
        let address = serve(move |mut stream, request| {
            if request.0.starts_with("get /languages ") {
                let _ = stream.write_all(response(200, "", OFFER).as_bytes());
                return;
            }
            let mut seen = seen.lock().unwrap();
            let act = acts.get(seen.len()).or(acts.last()).cloned().unwrap_or(Act::Good);
            let body = request.1.clone();
            seen.push(request);
            // A client that does not wait for the answer is fine.
            thread::spawn(move || answer(&mut stream, &act, &body));
        });
        Server { address, requests }
    }

    pub fn options(&self, api: HttpApi) -> Options {
        let mut options = Options { servers: vec![self.address.clone()], http: HttpOptions::default() };
        options.http.api = Some(api);
        options.http.model = (api == HttpApi::OpenAi).then(|| "some-model".into());
        options.http.pause = Duration::from_millis(1);
        options.http.batch = 4;
        options
    }

    pub fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

fn answer(stream: &mut TcpStream, act: &Act, request: &Value) -> std::io::Result<()> {
    let libre = request.get("q").is_some();
    let texts: Vec<String> = match request["q"].as_array() {
        Some(texts) => texts.iter().map(|text| text.as_str().unwrap().to_owned()).collect(),
        None => {
            let content = request["messages"][1]["content"].as_str().unwrap();
            let texts: Map<String, Value> = serde_json::from_str(content).unwrap();
            (1..=texts.len()).map(|key| texts[&key.to_string()].as_str().unwrap().to_owned()).collect()
        }
    };
    let mut translations: Vec<String> = texts.iter().map(|text| text.to_uppercase()).collect();
    match act {
        Act::Fewer if texts.len() > 1 => drop(translations.pop()),
        Act::More if texts.len() > 1 => translations.push("MORE".into()),
        Act::Empty if texts.len() > 1 => translations[1].clear(),
        _ => {}
    }
    let mut good = if libre {
        json!({"translatedText": translations})
    } else {
        let keyed: Map<String, Value> =
            (1..).zip(translations).map(|(key, it)| (format!("{key}"), it.into())).collect();
        json!({"choices": [{"message": {"content": Value::Object(keyed).to_string()}, "finish_reason": "stop"}]})
    };
    if let Act::Says(words) = act {
        good["choices"][0]["message"]["content"] = (*words).into();
    }
    let good = good.to_string();
    match act {
        Act::Close => Ok(()),
        Act::Silent => {
            thread::sleep(Duration::from_secs(60));
            Ok(())
        }
        Act::Cut => {
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", good.len(), &good[..good.len() / 2])
        }
        Act::Status(status, header, body) => stream.write_all(response(*status, header, body).as_bytes()),
        _ => stream.write_all(response(200, "", &good).as_bytes()),
    }
}
