//! What the tests share: records, a server in this process or in one of its own, requests.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use xlner_core::{Alignment, Entity, Pair, Sentence};
use xlner_review::people::AccessTokens;
use xlner_review::{Store, server};

/// Where a server of its own process finds its store, and its port.
const STORE: &str = "XLNER_REVIEW_TEST_STORE";
const PORT: &str = "XLNER_REVIEW_TEST_PORT";

/// A pair of tokens with target entities and links one to one.
pub fn pair(id: &str, source: &str, target: &str, entities: &[(usize, usize, &str)]) -> Pair {
    let (source, mut target) = (Sentence::from_tokens(source.split(' ')), Sentence::from_tokens(target.split(' ')));
    target.entities = entities.iter().map(|&(start, end, label)| Entity::new(start..end, label)).collect();
    let links = source.len().min(target.len()) as u32;
    let alignment = Some(Alignment::from_pairs((0..links).map(|at| (at, at))));
    Pair { id: id.into(), source, target, alignment, ..Pair::default() }
}

/// Four short sentences.
pub fn pairs() -> Vec<Pair> {
    let mut first = pair("s1", "Obama visited Berlin .", "Obama besuchte Berlin .", &[(0, 1, "PER"), (2, 3, "ORG")]);
    first.source.entities = vec![Entity::new(0..1, "PER"), Entity::new(2..3, "LOC")];
    first.target.entities[0].from = Some(0);
    first.target.entities[1].from = Some(1);
    vec![
        first,
        pair("s2", "Berlin is big .", "Berlin ist groß .", &[(0, 1, "ORG")]),
        pair("s3", "In Berlin .", "In Berlin .", &[]),
        pair("s4", "Nothing here .", "Nichts hier .", &[]),
    ]
}

pub fn store_of(path: &Path, pairs: Vec<Pair>) -> Store {
    let mut store = Store::open(path).unwrap();
    store.add(pairs, Path::new("test.jsonl")).unwrap();
    store
}

/// Starts a server in this process; its address.
pub fn serve(store: Store, options: server::ServerOptions) -> String {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let result = server::serve(store, options, |address| tell.send(address.to_owned()).unwrap());
        panic!("the server ended: {result:?}");
    });
    told.recv().unwrap()
}

/// A server in a process of its own, to be killed.
pub struct Process {
    child: Child,
    pub address: String,
    store: PathBuf,
}

impl Process {
    pub fn start(store: &Path, port: u16) -> Process {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["support::in_a_process_of_its_own", "--exact", "--nocapture"])
            .env(STORE, store)
            .env(PORT, port.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut addresses =
            lines.map_while(Result::ok).filter_map(|line| Some(line.split_once("page at ")?.1.to_owned()));
        let address = addresses.next().expect("the server tells its address");
        Process { child, address, store: store.to_owned() }
    }

    pub fn port(&self) -> u16 {
        self.address.trim_end_matches('/').rsplit_once(':').unwrap().1.parse().unwrap()
    }

    /// kill -9.
    pub fn kill(mut self) -> PathBuf {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.store.clone()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves where a test started this process for it; else it tests nothing.
#[test]
fn in_a_process_of_its_own() {
    let Some(store) = std::env::var_os(STORE) else { return };
    let port = std::env::var(PORT).unwrap().parse().unwrap();
    let options = server::ServerOptions { address: ([127, 0, 0, 1], port).into(), ..server::ServerOptions::default() };
    server::serve(Store::open(Path::new(&store)).unwrap(), options, |address| println!("page at {address}")).unwrap();
}

/// An answer: status and JSON (a text where it is none).
pub fn call(method: &str, url: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> (u16, Value) {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
    let mut response = match method {
        "GET" => headers.iter().fold(agent.get(url), |request, (name, value)| request.header(*name, *value)).call(),
        _ => headers
            .iter()
            .fold(agent.post(url), |request, (name, value)| request.header(*name, *value))
            .send(body.unwrap_or_default()),
    }
    .unwrap_or_else(|error| panic!("{method} {url}: {error}"));
    let status = response.status().as_u16();
    let text = response.body_mut().read_to_string().unwrap_or_default();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

pub fn get(url: &str) -> Value {
    let (status, value) = call("GET", url, &[], None);
    assert_eq!(status, 200, "{url}: {value}");
    value
}

pub fn post(url: &str, body: &Value) -> (u16, Value) {
    call("POST", url, &[], Some(body.to_string().as_bytes()))
}

pub fn tokens(folder: &Path) -> AccessTokens {
    let path = folder.join("tokens.txt");
    std::fs::write(&path, "ada token-of-ada\nben token-of-ben\ncleo token-of-cleo\ndora token-of-dora adjudicator\n")
        .unwrap();
    AccessTokens::read(&path).unwrap()
}

/// An operation as a client sends it.
pub fn event(uuid: &str, base: u64, operation: Value) -> Value {
    let mut event = json!({ "uuid": uuid, "base": base });
    event.as_object_mut().unwrap().extend(operation.as_object().unwrap().clone());
    event
}
