//! The interface over HTTP: who is let in, conflicts, events, several annotators.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};
use xlner_review::server::ServerOptions;

use crate::support::{Process, call, event, get, pair, pairs, post, serve, store_of, tokens};

#[test]
fn the_queue_a_sentence_and_operations() {
    let folder = tempfile::tempdir().unwrap();
    let at = serve(store_of(&folder.path().join("a.db"), pairs()), ServerOptions::default());
    let queue = get(&format!("{at}items?state=open&sort=probability"));
    assert_eq!((&queue["total"], &queue["counts"]["open"]), (&json!(4), &json!(4)));
    let item = get(&format!("{at}items/s1"));
    assert_eq!(item["target"]["tokens"], json!([[0, 5], [6, 14], [15, 21], [22, 23]]));
    let events = format!("{at}items/s1/events");
    let change =
        json!({"op": "change", "start": 2, "end": 3, "label": "ORG", "to": {"start": 2, "end": 3, "label": "LOC"}});
    let (status, body) = post(&events, &json!([event("a", 0, change), event("b", 0, json!({"op": "accept"}))]));
    assert_eq!((status, &body["head"]["entities"][1]["label"]), (200, &json!("LOC")));
    let seq = body["head"]["seq"].as_u64().unwrap();
    let (status, body) = post(&events, &json!([event("c", 0, json!({"op": "submit"}))]));
    assert_eq!((status, &body["head"]["seq"]), (409, &json!(seq)));
    let (status, body) =
        post(&events, &json!([event("d", seq, json!({"op": "add", "start": 0, "end": 9, "label": "X"}))]));
    assert_eq!(status, 422, "{body}");
    assert_eq!(call("POST", &format!("{at}items/s1/submit"), &[], None).0, 200);
    assert_eq!(call("POST", &format!("{at}items/s1/submit"), &[], None).0, 200);
    assert_eq!(call("POST", &format!("{at}items/s2/skip"), &[], None).0, 200);
    let queue = get(&format!("{at}items?state=submitted"));
    assert_eq!((&queue["total"], &queue["items"][0]["id"]), (&json!(1), &json!("s1")));
    for (path, status) in
        [("items/none", 404), ("items?sort=best", 422), ("nowhere", 404), ("items/s1/repeats?start=1", 422)]
    {
        assert_eq!(call("GET", &format!("{at}{path}"), &[], None).0, status, "{path}");
    }
    assert_eq!(call("POST", &events, &[], Some(b"not json")).0, 400);
    let repeats = get(&format!("{at}items/s1/repeats?start=2&end=3"));
    let ids: Vec<&Value> = repeats["repeats"].as_array().unwrap().iter().map(|place| &place["id"]).collect();
    assert_eq!(ids, ["s2", "s3"]);
}

#[test]
fn strangers_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = serve(store_of(&folder.path().join("a.db"), pairs()), ServerOptions::default());
    let port = at.trim_end_matches('/').rsplit_once(':').unwrap().1.to_owned();
    let list = format!("{at}items");
    let status = |headers: &[(&str, &str)]| call("GET", &list, headers, None).0;
    assert_eq!(status(&[]), 200);
    assert_eq!(status(&[("Origin", at.trim_end_matches('/'))]), 200);
    for origin in ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1"] {
        assert_eq!(status(&[("Origin", origin)]), 403, "{origin}");
    }
    for host in [
        "evil.example",
        &format!("evil.example:{port}"),
        &format!("127.0.0.1.evil.example:{port}"),
        "127.0.0.1",
        &format!("10.0.0.1:{port}"),
    ] {
        assert_eq!(status(&[("Host", host)]), 403, "{host}");
    }
    assert_eq!(status(&[("Host", &format!("localhost:{port}"))]), 200);
    assert_eq!(status(&[("Sec-Fetch-Site", "cross-site")]), 403);
    for path in [
        "../../etc/passwd",
        "static/..%2f..%2fetc%2fpasswd",
        "static/%2e%2e/%2e%2e/etc/passwd",
        "items/..%2f..%2fetc%2fpasswd",
    ] {
        let (status, body) = call("GET", &format!("{at}{path}"), &[], None);
        assert!(status == 404 || status == 400, "{path}: {status} {body}");
        assert!(!body.to_string().contains("root:"), "{path}");
    }
    // A body that is announced as 100 MB, and one that is sent without saying.
    for (head, body) in [("Content-Length: 100000000", 0), ("Transfer-Encoding: chunked", (1 << 20) + 1)] {
        let mut stream = TcpStream::connect(("127.0.0.1", port.parse().unwrap())).unwrap();
        let mut request =
            format!("POST /items/s1/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{head}\r\n\r\n").into_bytes();
        if body > 0 {
            request.extend(format!("{body:x}\r\n").bytes().chain(std::iter::repeat_n(b' ', body)));
        }
        stream.write_all(&request).unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 413", "{head}");
    }
}

#[test]
fn tokens_tell_who_is_who_and_annotators_are_blind() {
    let folder = tempfile::tempdir().unwrap();
    let options = ServerOptions { tokens: Some(tokens(folder.path())), ..ServerOptions::default() };
    let at = serve(store_of(&folder.path().join("a.db"), pairs()), options);
    let with = |token: &str, path: &str| {
        call("GET", &format!("{at}{path}"), &[("Authorization", &format!("Bearer {token}"))], None)
    };
    assert_eq!(call("GET", &at, &[], None).0, 401);
    assert_eq!(call("GET", &format!("{at}items"), &[], None).0, 401);
    assert_eq!(with("token-of-eve", "items").0, 401);
    assert_eq!(call("GET", &format!("{at}?token=token-of-ada"), &[], None).0, 303);
    assert_eq!(call("GET", &format!("{at}items"), &[("Cookie", "xlner-review=token-of-ada")], None).0, 200);
    let remove = json!([event("a", 0, json!({"op": "remove", "start": 0, "end": 1, "label": "PER"}))]).to_string();
    let ada = [("Authorization", "Bearer token-of-ada")];
    assert_eq!(call("POST", &format!("{at}items/s1/events"), &ada, Some(remove.as_bytes())).0, 200);
    let count = |token: &str| with(token, "items/s1").1["head"]["entities"].as_array().unwrap().len();
    assert_eq!((count("token-of-ada"), count("token-of-ben")), (1, 2));
    // Saying that one is somebody else helps nobody.
    assert_eq!(with("token-of-ben", "items/s1?annotator=ada").1["head"]["seq"], 0);
    assert_eq!(with("token-of-ben", "items/s1/adjudication").0, 403);
    assert_eq!(with("token-of-dora", "items/s1/adjudication").1["versions"].as_array().unwrap().len(), 1);
}

/// Three annotators, agreement by hand, adjudication, export.
#[test]
fn agreement_adjudication_and_export() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let records = vec![pair("x", "a b c d e", "A B C D E", &[])];
    let at = serve(store_of(&path, records), ServerOptions::default());
    let add = |start: u64, end: u64, label: &str| json!({"op": "add", "start": start, "end": end, "label": label});
    for (name, entities) in [
        ("ada", vec![add(0, 2, "PER"), add(3, 4, "LOC")]),
        ("ben", vec![add(0, 2, "PER")]),
        ("cleo", vec![add(0, 1, "PER"), add(3, 4, "LOC")]),
    ] {
        let mut events: Vec<Value> =
            entities.into_iter().enumerate().map(|(n, op)| event(&format!("{name}{n}"), 0, op)).collect();
        events.push(event(&format!("{name}-done"), 0, json!({"op": "submit"})));
        assert_eq!(post(&format!("{at}items/x/events?annotator={name}"), &json!(events)).0, 200);
    }
    let figures = get(&format!("{at}agreement"));
    let near = |value: &Value, wanted: f64| {
        assert!((value.as_f64().unwrap() - wanted).abs() < 1e-9, "{value} is not {wanted}")
    };
    let pairs = figures["pairs"].as_array().unwrap();
    // ada–ben: 2 · 1 of 3; ada–cleo: 2 · 1 of 4; ben–cleo: 0 of 3; by overlap 2 of 3, 4 of 4, 2 of 3.
    for (pair, exact, overlap) in
        [(&pairs[0], 2.0 / 3.0, 2.0 / 3.0), (&pairs[1], 0.5, 1.0), (&pairs[2], 0.0, 2.0 / 3.0)]
    {
        near(&pair["f1_exact"], exact);
        near(&pair["f1_overlap"], overlap);
    }
    // ada–ben over tokens: PER PER – LOC – against PER PER – – –: observed .8, by chance (2·2 + 2·3) / 25 = .4.
    near(&pairs[0]["cohen_kappa"], (0.8 - 0.4) / 0.6);
    // Fleiss: tokens agree by 1, 1/3, 1, 1/3, 1; labels PER 5, LOC 2, none 8 of 15.
    let chance = (25.0 + 4.0 + 64.0) / 225.0;
    near(&figures["fleiss_kappa"], (11.0 / 15.0 - chance) / (1.0 - chance));
    let (status, csv) = call("GET", &format!("{at}agreement?format=csv"), &[], None);
    assert_eq!(status, 200);
    assert!(csv.as_str().unwrap().contains("\nada,ben,1,2,1,0.6667,0.6667,0.6667,,"), "{csv}");
    // Nobody decided yet: no gold.
    let (_, before) = call("GET", &format!("{at}export"), &[], None);
    assert!(before["gold"].is_null() && before["annotators"].as_array().unwrap().len() == 3, "{before}");
    let decision = json!({"uuid": "decided", "base": 0, "entities": [{"start": 0, "end": 2, "label": "PER", "annotators": ["ada", "ben"]}]});
    assert_eq!(post(&format!("{at}items/x/adjudication?annotator=dora"), &decision).0, 200);
    let (_, after) = call("GET", &format!("{at}export"), &[], None);
    assert_eq!(after["gold"], json!([{"start": 0, "end": 2, "label": "PER"}]));
    assert_eq!(
        (&after["adjudication"]["by"], &after["adjudication"]["entities"][0]["annotators"]),
        (&json!("dora"), &json!(["ada", "ben"]))
    );
    let (_, conll) = call("GET", &format!("{at}export?format=conll"), &[], None);
    assert_eq!(conll, "A\tB-PER\nB\tI-PER\nC\tO\nD\tO\nE\tO\n\n");
}

#[test]
fn kill_9_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    drop(store_of(&path, pairs()));
    let mut seq = 0;
    for round in 0..3 {
        let server = Process::start(&path, 0);
        for number in 0..5 {
            let comment = json!({"op": "comment", "text": format!("{round} {number}")});
            let (status, body) = post(
                &format!("{}items/s1/events", server.address),
                &json!([event(&format!("{round}-{number}"), seq, comment)]),
            );
            assert_eq!(status, 200, "{body}");
            seq = body["head"]["seq"].as_u64().unwrap();
        }
        server.kill();
    }
    let server = Process::start(&path, 0);
    let head = &get(&format!("{}items/s1", server.address))["head"];
    assert_eq!((head["seq"].as_u64(), &head["comment"]), (Some(seq), &json!("2 4")));
}

#[test]
fn suggestions_follow_corrections_and_never_touch_work() {
    let folder = tempfile::tempdir().unwrap();
    let options = ServerOptions { learn_every: 1, ..ServerOptions::default() };
    let at = serve(store_of(&folder.path().join("a.db"), pairs()), options);
    assert_eq!(
        post(&format!("{at}items/s3/events"), &json!([event("s3", 0, json!({"op": "unsure", "on": true}))])).0,
        200
    );
    let change =
        json!({"op": "change", "start": 2, "end": 3, "label": "ORG", "to": {"start": 2, "end": 3, "label": "LOC"}});
    post(&format!("{at}items/s1/events"), &json!([event("a", 0, change), event("b", 0, json!({"op": "submit"}))]));
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    let item = loop {
        let item = get(&format!("{at}items/s2"));
        if item["suggested"] == true || std::time::Instant::now() > deadline {
            break item;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    assert_eq!(item["head"]["entities"][0]["label"], "LOC");
    assert_eq!(get(&format!("{at}items/s3"))["head"]["entities"], json!([]), "touched by a person");
    // Who saw the old suggestion works on that one.
    let remove = json!([{"uuid": "r", "base": 0, "round": 0, "op": "remove", "start": 0, "end": 1, "label": "ORG"}]);
    assert_eq!(post(&format!("{at}items/s2/events"), &remove).0, 200);
}

#[test]
fn events_are_streamed() {
    let folder = tempfile::tempdir().unwrap();
    let at = serve(store_of(&folder.path().join("a.db"), pairs()), ServerOptions::default());
    post(&format!("{at}items/s1/events"), &json!([event("a", 0, json!({"op": "accept"}))]));
    let agent: ureq::Agent = ureq::Agent::config_builder().build().into();
    let mut response = agent.get(&format!("{at}events?since=0")).call().unwrap();
    let mut reader = response.body_mut().as_reader();
    let mut text = String::new();
    let mut until = |wanted: &str| {
        let mut buffer = [0; 512];
        while !text.contains(wanted) {
            let read = reader.read(&mut buffer).unwrap();
            text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        }
    };
    until("id: 1");
    post(&format!("{at}items/s1/events"), &json!([event("b", 1, json!({"op": "submit"}))]));
    until("\"state\":\"submitted\"");
}
