//! `http`: against a local server that misbehaves.

use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use serde_json::json;
use xlner_core::contracts::{ModelError, Translator};
use xlner_models::{Error, HttpApi, HttpTranslator};

use super::translating::{Act, Options, Server};

const APIS: [HttpApi; 2] = [HttpApi::LibreTranslate, HttpApi::OpenAi];
const TEXTS: [&str; 11] = ["a", "", "two words", " \n", "c\nd", "{\"1\":\"x\"}", "ž š", "f", "g", "h", "i"];
const TRANSLATIONS: [&str; 11] = ["A", "", "TWO WORDS", "", "C D", "{\"1\":\"X\"}", "Ž Š", "F", "G", "H", "I"];
const HTML: &str = "<html><body><h1>Gateway page</h1></body></html>";

fn texts(translator: &mut dyn Translator) -> Vec<String> {
    translator.translate(&TEXTS).unwrap().into_iter().map(|translation| translation.text).collect()
}

#[test]
fn batches_go_out_and_come_back_in_order() {
    for api in APIS {
        let server = Server::start(&[Act::Good]);
        let mut options = server.options(api);
        options.http.rate = Some(1000.0);
        let mut translator = options.open().unwrap();
        assert_eq!(texts(&mut translator), TRANSLATIONS, "{api:?}");
        // 9 texts that are not blank, 4 a request.
        assert_eq!(server.count(), 3);
        let figures = translator.figures();
        assert_eq!((figures.texts, figures.retries, figures.split_batches), (11, 0, 0));
        assert!(translator.translate(&["", " "]).unwrap().iter().all(|translation| translation.text.is_empty()));
        assert_eq!(server.count(), 3);
        let (header, body) = server.requests.lock().unwrap()[0].clone();
        match api {
            HttpApi::LibreTranslate => {
                assert!(header.starts_with("post /translate "), "{header}");
                let q = json!(["a", "two words", "c d", "{\"1\":\"x\"}"]);
                assert_eq!(body, json!({"q": q, "source": "sr", "target": "en", "format": "text"}));
            }
            HttpApi::OpenAi => {
                assert!(header.starts_with("post /v1/chat/completions "), "{header}");
                assert_eq!((body["model"].as_str(), body["temperature"].as_i64()), (Some("some-model"), Some(0)));
            }
        }
    }
}

#[test]
fn failures_that_pass_are_made_good() {
    let acts = [
        Act::Status(429, "Retry-After: 0\r\n", "slow down"),
        Act::Status(429, "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n", ""),
        Act::Status(500, "", "{\"error\": \"oops\"}"),
        Act::Status(503, "", HTML),
        Act::Close,
        Act::Cut,
        Act::Silent,
        Act::Status(200, "", "{\"translatedText\": [\"A\""),
        Act::Status(200, "", HTML),
    ];
    for api in APIS {
        for act in &acts {
            let server = Server::start(&[act.clone(), act.clone(), Act::Good, act.clone(), Act::Good]);
            let mut options = server.options(api);
            options.http.timeout = Duration::from_secs(if *act == Act::Silent { 3 } else { 60 });
            let mut translator = options.open().unwrap();
            assert_eq!(texts(&mut translator), TRANSLATIONS, "{api:?} {act:?}");
            assert_eq!(translator.figures().retries, 3, "{api:?} {act:?}");
            // Three requests, three of which were sent again; none twice for nothing.
            assert_eq!(server.count(), 6, "{api:?} {act:?}");
        }
    }
}

#[test]
fn answers_of_another_length_are_asked_for_one_by_one() {
    for api in APIS {
        for act in [Act::Fewer, Act::More, Act::Empty, Act::Status(400, "", "{\"error\":\"too many\"}")] {
            let server = Server::start(&[act.clone(), Act::Good]);
            let mut translator = server.options(api).open().unwrap();
            assert_eq!(texts(&mut translator), TRANSLATIONS, "{api:?} {act:?}");
            let figures = translator.figures();
            assert_eq!((figures.split_batches, figures.retries, figures.empty), (1, 0, 0), "{api:?} {act:?}");
            assert_eq!(server.count(), 1 + 4 + 2);
        }
    }
}

#[test]
fn what_a_model_says_is_checked() {
    for words in [
        "A\nTWO WORDS\nC D\nX",
        "I cannot do that.",
        "{\"1\": \"A\"}",
        "{\"1\":\"A\",\"2\":\"B\",\"3\":\"C\",\"x\":\"D\"}",
    ] {
        let server = Server::start(&[Act::Says(words), Act::Good]);
        let mut translator = server.options(HttpApi::OpenAi).open().unwrap();
        assert_eq!(texts(&mut translator), TRANSLATIONS, "{words}");
        assert_eq!(translator.figures().split_batches, 1);
    }
}

#[test]
fn a_text_that_is_never_translated_is_named() {
    let acts = [Act::Good, Act::Says("no"), Act::Good, Act::Good, Act::Says("I will not.")];
    let server = Server::start(&acts);
    let mut options = server.options(HttpApi::OpenAi);
    options.http.retries = 2;
    let error = options.open().unwrap().translate(&TEXTS).unwrap_err();
    // The first request holds 0, 2, 4 and 5, the second 6 to 9 of the texts.
    assert!(matches!(error, ModelError::Sentence { index: 8, .. }), "{error}");
    assert!(error.to_string().contains("“g”") && error.to_string().contains("I will not."), "{error}");
    assert_eq!(server.count(), 2 + 2 + 3);
}

#[test]
fn failures_that_stay_end_it_and_say_why() {
    let cases: [(Act, usize, &str); 9] = [
        (Act::Status(503, "", "{\"error\":\"loading\"}"), 3, "loading (3 attempts)"),
        (Act::Close, 3, "(3 attempts)"),
        (Act::Status(200, "", HTML), 3, "Gateway page"),
        (Act::Status(429, "Retry-After: 86400\r\n", "quota"), 1, "a pause of 86400 s"),
        (Act::Status(401, "", "no"), 1, "option `api_key_env`"),
        (Act::Status(403, "", "no"), 1, "option `api_key_env`"),
        (Act::Status(404, "", "nothing here"), 1, "nothing here"),
        (Act::Status(302, "Location: http://127.0.0.1:1/\r\n", ""), 1, "redirected"),
        (Act::Status(400, "", "{\"error\":\"sr is not supported\"}"), 2, "sr is not supported"),
    ];
    for api in APIS {
        for (act, requests, message) in &cases {
            let server = Server::start(std::slice::from_ref(act));
            let mut options = server.options(api);
            options.http.retries = 2;
            let error = options.open().unwrap().translate(&TEXTS).unwrap_err();
            let text = error.to_string();
            assert!(text.contains(message) && text.contains(&server.address), "{act:?}: {text}");
            assert!(matches!(error, ModelError::Failed(_)) || *requests == 2, "{act:?}: {text}");
            assert_eq!(server.count(), *requests, "{act:?}");
        }
    }
}

#[test]
fn a_server_that_was_never_there_is_given_up_soon() {
    let server = Server::start(&[Act::Good]);
    let mut options = server.options(HttpApi::LibreTranslate);
    options.http.retries = 6;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    options.servers = vec![format!("http://{free}")];
    let error = options.open().unwrap().translate(&TEXTS).unwrap_err().to_string();
    assert!(error.contains("is the server running") && error.contains("(3 attempts)"), "{error}");
}

#[test]
fn after_a_failure_the_same_batch_can_be_tried_again() {
    let server = Server::start(&[Act::Good, Act::Status(401, "", ""), Act::Good]);
    let mut translator = server.options(HttpApi::LibreTranslate).open().unwrap();
    assert!(translator.translate(&TEXTS).is_err());
    assert_eq!(texts(&mut translator), TRANSLATIONS);
    assert_eq!(translator.figures().texts, 11);
}

#[test]
fn the_server_s_pause_counts_instead_of_ours() {
    let server = Server::start(&[Act::Status(429, "Retry-After: 0\r\n", ""), Act::Good]);
    let mut options = server.options(HttpApi::LibreTranslate);
    (options.http.pause, options.http.longest_pause) = (Duration::from_secs(3600), Duration::from_secs(3600));
    let (done, is_done) = channel();
    thread::spawn(move || done.send(texts(&mut options.open().unwrap())));
    assert_eq!(is_done.recv_timeout(Duration::from_secs(600)).unwrap(), TRANSLATIONS);
}

#[test]
fn the_key_is_sent_and_never_told() {
    // A variable that cargo sets for every test.
    let (variable, key) = ("CARGO_PKG_NAME", env!("CARGO_PKG_NAME"));
    for api in APIS {
        let server = Server::start(&[Act::Status(404, "", "{\"error\":\"key xlner-models is not known\"}")]);
        let mut options = server.options(api);
        options.http.key_variable = Some(variable.into());
        let mut translator = options.open().unwrap();
        let message = translator.translate(&["a"]).unwrap_err().to_string();
        assert!(message.contains("key … is not known") && !message.contains(key), "{message}");
        assert!(!translator.signature().contains(key) && !format!("{options:?}").contains(key));
        let (header, body) = server.requests.lock().unwrap()[0].clone();
        match api {
            HttpApi::LibreTranslate => assert_eq!(body["api_key"], key),
            HttpApi::OpenAi => assert!(header.contains(&format!("authorization: bearer {key}\r\n")), "{header}"),
        }
        options.http.key_variable = Some("XLNER_TEST_NOT_SET".into());
        let message = options.open().err().unwrap().to_string();
        assert!(message.contains("XLNER_TEST_NOT_SET"), "{message}");
    }
}

#[test]
fn options_that_make_no_sense() {
    let server = Server::start(&[Act::Good]);
    let refused = |change: fn(&mut Options), message: &str| {
        let mut options = server.options(HttpApi::OpenAi);
        change(&mut options);
        let error = options.open().err().unwrap();
        assert!(matches!(error, Error::Options(_)) && error.to_string().contains(message), "{error}");
    };
    refused(|options| options.servers.clear(), "option `model` URL");
    refused(|options| options.servers[0] = "localhost:5000".into(), "http://");
    refused(|options| options.http.model = None, "option `http_model`");
    refused(|options| options.http.api = None, "LibreTranslate");
    refused(|options| options.http.batch = 0, "greater than 0");
    for rate in [0.0, -1.0, 1e-30, 1e-320, 1e-19, f64::NAN, f64::INFINITY] {
        let mut options = server.options(HttpApi::OpenAi);
        options.http.rate = Some(rate);
        let error = options.open().err().unwrap();
        assert!(matches!(error, Error::Options(_)) && error.to_string().contains("option `rate`"), "{error}");
    }
    let mut options = server.options(HttpApi::OpenAi);
    (options.http.api, options.servers[0]) = (None, format!("{}/v1", server.address));
    assert!(options.open().unwrap().signature().starts_with("http openai"));
}

#[test]
fn libretranslate_gets_its_own_codes_and_says_what_it_offers() {
    let server = Server::start(&[Act::Good]);
    let Options { servers, http } = server.options(HttpApi::LibreTranslate);
    let mut translator = HttpTranslator::open(&servers, ["srp-Cyrl", "por-BR"], &http).unwrap();
    assert_eq!(translator.translate(&["a"]).unwrap()[0].text, "A");
    let body = server.requests.lock().unwrap()[0].1.clone();
    assert_eq!((body["source"].as_str(), body["target"].as_str()), (Some("sr"), Some("pt-BR")));
    for (pair, told) in
        [(["yor", "en"], "from “yor”, but from en, sr"), (["sr", "swa"], "from sr into “swa”, but into en, pt-BR")]
    {
        let mut translator = HttpTranslator::open(&servers, pair, &http).unwrap();
        let error = translator.translate(&["a"]).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn a_refusal_comes_with_what_the_server_offers() {
    let server = Server::start(&[Act::Status(400, "", "{\"error\":\"yo is not supported\"}")]);
    let Options { servers, http } = server.options(HttpApi::LibreTranslate);
    let mut translator = HttpTranslator::open(&servers, ["yo", "en"], &http).unwrap();
    let error = translator.translate(&["a"]).unwrap_err().to_string();
    assert!(error.contains("yo is not supported; the server does not translate from “yo”, but from en, sr"), "{error}");
}
