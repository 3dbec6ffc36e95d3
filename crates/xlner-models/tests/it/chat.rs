//! A language model behind a server, which misbehaves as it is told.

use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Map, Value, json};
use xlner_models::HttpOptions;

use super::requests::{Request, response, serve};

/// What the server does with a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Answers every question.
    Good,
    /// A status and a body.
    Status(u16, &'static str),
    /// Closes the connection.
    Close,
    /// Says something, as a model does.
    Says(&'static str),
    /// Leaves a question out, where there is more than one.
    Fewer,
    /// Is cut off.
    Cut,
    /// Refuses.
    Refuses,
}

/// Ways to fail that pass.
pub const PASSING: [Act; 4] =
    [Act::Status(503, "{\"error\":\"loading\"}"), Act::Status(429, ""), Act::Close, Act::Status(200, "<html>")];

/// The server.
pub struct Chat {
    pub address: String,
    pub requests: Arc<Mutex<Vec<Request>>>,
}

impl Chat {
    /// The first requests are met with the given acts, the others with the last of them. `good` is the answer to a question.
    pub fn start(acts: &[Act], good: fn(&Value) -> Value) -> Chat {
        let requests = Arc::<Mutex<Vec<Request>>>::default();
        let (seen, acts) = (Arc::clone(&requests), acts.to_owned());
        let server = serve(move |mut stream, request| {
            let mut seen = seen.lock().unwrap();
            let act = acts.get(seen.len()).or(acts.last()).cloned().unwrap_or(Act::Good);
            let (status, body) = answer(&act, &request.1, good);
            seen.push(request);
            if act != Act::Close {
                let _ = stream.write_all(response(status, "", &body).as_bytes());
            }
        });
        let address = format!("{server}/v1");
        Chat { address, requests }
    }

    pub fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

/// Two questions a request, two retries without long pauses.
pub fn options() -> HttpOptions {
    let (pause, retries) = (Duration::from_millis(1), 2);
    HttpOptions { model: Some("some-model".into()), batch: 2, pause, retries, ..HttpOptions::default() }
}

fn answer(act: &Act, request: &Value, good: fn(&Value) -> Value) -> (u16, String) {
    let asked: Map<String, Value> = serde_json::from_str(request["messages"][1]["content"].as_str().unwrap()).unwrap();
    let mut found: Map<String, Value> = asked.iter().map(|(key, question)| (key.clone(), good(question))).collect();
    if *act == Act::Fewer && found.len() > 1 {
        found.remove("2");
    }
    let mut message = json!({"content": Value::Object(found).to_string()});
    match act {
        Act::Status(status, body) => return (*status, (*body).to_owned()),
        Act::Says(words) => message = json!({"content": words}),
        Act::Refuses => message = json!({"content": null, "refusal": "I will not"}),
        _ => {}
    }
    let reason = if *act == Act::Cut { "length" } else { "stop" };
    let usage = json!({"prompt_tokens": 10, "completion_tokens": 3});
    (200, json!({"choices": [{"message": message, "finish_reason": reason}], "usage": usage}).to_string())
}
