//! `--judge`: a language model after a local server.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::{Map, Value, json};

use crate::common::{fails, folder, read, xlner};
use crate::decision::{pairs, records};

/// A server whose model says of the persons Juma that they are none, and confirms the others; the first request fails.
fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/v1", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().flatten().enumerate() {
            let _ = answer(stream, number == 0);
        }
    });
    address
}

fn answer(mut stream: std::net::TcpStream, fail: bool) -> std::io::Result<()> {
    let (mut request, mut part) = (Vec::new(), [0; 4096]);
    let body = loop {
        let count = stream.read(&mut part)?;
        request.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                break body.to_owned();
            }
        }
        if count == 0 {
            return Ok(());
        }
    };
    let request: Value = serde_json::from_str(&body)?;
    let asked: Map<String, Value> = serde_json::from_str(request["messages"][1]["content"].as_str().unwrap_or("{}"))?;
    let rule = |entity: &Value| if entity["found"] == "Juma" { json!("") } else { entity["found"].clone() };
    let answers: Map<String, Value> = asked
        .iter()
        .map(|(key, item)| {
            let entities = item["entities"].as_object().cloned().unwrap_or_default();
            (key.clone(), entities.iter().map(|(number, entity)| (number.clone(), rule(entity))).collect())
        })
        .collect();
    let message = json!({"content": Value::Object(answers).to_string()});
    let reply =
        json!({"choices": [{"message": message}], "usage": {"prompt_tokens": 7, "completion_tokens": 2}}).to_string();
    let status = if fail { 503 } else { 200 };
    write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{reply}", reply.len())
}

#[test]
fn the_judge_is_asked_where_the_decision_is_unsure_and_obeyed() {
    let folder = folder(&[("pairs.jsonl", pairs(240).as_bytes())]);
    xlner(&folder, "tune decision --start none --l2 1 --pairs pairs.jsonl -o mine.decision").assert().success();
    let project = |more: &str| format!("project --pairs pairs.jsonl --decision mine.decision {more}");
    let judge = format!("--judge {} --judge-model some --judge-retries 1", server());
    let said = |more: &str| {
        let output = xlner(&folder, &project(more)).assert().success().get_output().stderr.clone();
        String::from_utf8(output).unwrap()
    };
    // Of the five names every fifth is Juma: 24 of 120 entities.
    let found = said(&format!("{judge} --judge-below 1 -o judged.jsonl --report report.json"));
    assert!(
        found.contains("judge: asked about 120 entities in 120 pairs: 96 confirmed, 0 moved, 24 dropped"),
        "{found}"
    );
    assert!(found.contains("judge's server: 8 requests, 1 sent again") && found.contains("56 tokens sent"), "{found}");
    let report: Value = serde_json::from_str(&read(&folder, "report.json")).unwrap();
    assert_eq!((&report["decision"]["judge"]["dropped"], &report["unprojected"]["judged"]), (&24.into(), &24.into()));
    for record in records(&read(&folder, "judged.jsonl")) {
        for entity in record["target"]["entities"].as_array().into_iter().flatten() {
            assert_eq!(entity["judge"], "confirmed");
        }
        let found = record["target"]["entities"].as_array().is_some_and(|entities| !entities.is_empty());
        assert!(!(found && record["target"]["tokens"].to_string().contains("Juma")));
    }
    // Whatever it is sure of it is not asked about.
    let found = said(&format!("{judge} --judge-below 0.01 -o sure.jsonl"));
    assert!(found.contains("judge: asked about 0 entities in 0 pairs"), "{found}");
    assert!(found.contains("judge's server: 0 requests"), "{found}");
    fails(&folder, &project("--judge http://127.0.0.1:9/v1 -o x.jsonl"), 2, "--judge-model");
    fails(&folder, &project(&format!("{judge} --judge-below 0 -o x.jsonl")), 2, "--judge-below");
    fails(&folder, &project("--judge nowhere --judge-model some -o x.jsonl"), 2, "http://");
    let none = format!("project --pairs pairs.jsonl --decision none {judge} -o x.jsonl");
    fails(&folder, &none, 2, "none is made");
}
