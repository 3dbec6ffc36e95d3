//! Taggers behind servers: against a local server that misbehaves.

use serde_json::{Value, json};
use xlner_core::Sentence;
use xlner_core::contracts::{ModelError, Tagger};
use xlner_models::{Error, HttpOptions, ServerTagger};

use super::chat::{Act, Chat, PASSING, options};

/// Finds the words with a capital: `PER`.
fn capitals(question: &Value) -> Value {
    let words = question.as_str().unwrap().split(' ').filter(|word| word.starts_with(char::is_uppercase));
    words.map(|word| json!({"text": word, "label": "PER"})).collect()
}

fn start(acts: &[Act]) -> Chat {
    Chat::start(acts, capitals)
}

fn open(server: &Chat, change: impl Fn(&mut HttpOptions)) -> Result<ServerTagger, Error> {
    let mut options = options();
    change(&mut options);
    ServerTagger::open(&server.address, &[], &options)
}

fn sentences() -> Vec<Sentence> {
    ["Ana met Boris", "", "it rains", "so Ana left"]
        .iter()
        .map(|text| Sentence::from_tokens(text.split_whitespace()))
        .collect()
}

/// First tokens of the entities of every sentence.
fn starts(sentences: &[Sentence]) -> Vec<Vec<usize>> {
    sentences.iter().map(|sentence| sentence.entities.iter().map(|entity| entity.span.start).collect()).collect()
}

const FOUND: [&[usize]; 4] = [&[0, 2], &[], &[], &[1]];

#[test]
fn a_schema_binds_the_answer_and_costs_are_counted() {
    let server = start(&[Act::Good]);
    let tagger = open(&server, |_| ()).unwrap();
    let mut batch = sentences();
    batch[0].lang = Some("sw".into());
    tagger.tag(&mut batch, true).unwrap();
    tagger.finish().unwrap();
    assert_eq!(starts(&batch), FOUND);
    batch.iter().for_each(|sentence| sentence.validate().unwrap());
    let figures = tagger.figures();
    assert_eq!((figures.sentences, figures.requests, figures.retries), (4, 2, 0));
    assert_eq!((figures.tokens_sent, figures.tokens_received, figures.refused), (20, 6, 0));
    let (header, body) = server.requests.lock().unwrap()[0].clone();
    assert!(header.starts_with("post /v1/chat/completions "), "{header}");
    let schema = &body["response_format"]["json_schema"];
    assert_eq!(
        (&body["model"], &body["temperature"], &schema["strict"]),
        (&"some-model".into(), &0.into(), &true.into())
    );
    assert_eq!(schema["schema"]["required"], json!(["1", "2"]));
    let item = &schema["schema"]["properties"]["1"]["items"];
    assert_eq!(item["properties"]["label"]["enum"], json!(["PER", "LOC", "ORG"]));
    assert!(body["messages"][0]["content"].as_str().unwrap().contains("Swahili (sw)"));
}

#[test]
fn failures_that_pass_and_odd_answers_are_made_good() {
    for act in PASSING {
        let server = start(&[act.clone(), act.clone(), Act::Good]);
        let tagger = open(&server, |_| ()).unwrap();
        let mut batch = sentences();
        tagger.tag(&mut batch, false).unwrap();
        assert_eq!((starts(&batch), tagger.figures().retries), (FOUND.map(<[usize]>::to_vec).to_vec(), 2), "{act:?}");
    }
    let odd = [
        "",
        "I found Ana and Boris.",
        "{\"1\":[],\"2\":[],\"3\":[]}",
        "{\"1\":[{\"text\":\"Ana\",\"label\":\"DOG\"}],\"2\":[]}",
        "{\"1\":[{\"text\":\"Ana\"}],\"2\":[]}",
        "{\"1\":\"Ana\",\"2\":[]}",
        "[]",
    ];
    for act in odd.map(Act::Says).into_iter().chain([Act::Fewer, Act::Cut, Act::Refuses, Act::Status(400, "too many")])
    {
        let server = start(&[act.clone(), Act::Good]);
        let tagger = open(&server, |_| ()).unwrap();
        let mut batch = sentences();
        tagger.tag(&mut batch, false).unwrap();
        assert_eq!(starts(&batch), FOUND, "{act:?}");
        assert_eq!((tagger.figures().split_batches, server.count()), (1, 4), "{act:?}");
    }
}

#[test]
fn what_does_not_stand_in_the_sentence_is_left_out_and_counted() {
    let said = "{\"1\":[{\"text\":\"Ana Marković\",\"label\":\"PER\"},{\"text\":\"Boris\",\"label\":\"LOC\"},{\"text\":\"Bor\",\"label\":\"PER\"}],\"2\":[]}";
    let server = start(&[Act::Says(said), Act::Good]);
    let tagger = open(&server, |_| ()).unwrap();
    let mut batch = sentences();
    tagger.tag(&mut batch, false).unwrap();
    assert_eq!(starts(&batch), [vec![2], vec![], vec![], vec![1]]);
    assert_eq!((batch[0].entities[0].label.as_str(), tagger.figures().refused), ("LOC", 2));
}

#[test]
fn failures_that_stay_name_the_sentence_or_the_server() {
    for (act, sentence, message) in [
        (Act::Says("no"), Some(0), "“no”"),
        (Act::Refuses, Some(0), "I will not"),
        (Act::Status(400, "{\"error\":\"no json_schema here\"}"), Some(0), "no json_schema here"),
        (Act::Status(503, "{\"error\":\"loading\"}"), None, "loading (3 attempts)"),
        (Act::Status(401, "no"), None, "API key"),
        (Act::Status(404, "no such model"), None, "no such model"),
    ] {
        let server = start(std::slice::from_ref(&act));
        let error = open(&server, |_| ()).unwrap().tag(&mut sentences(), false).unwrap_err();
        let index = match &error {
            ModelError::Sentence { index, .. } => Some(*index),
            _ => None,
        };
        assert_eq!(index, sentence, "{act:?}: {error}");
        assert!(error.to_string().contains(message), "{act:?}: {error}");
    }
}

#[test]
fn the_key_is_sent_and_never_told() {
    // A variable that cargo sets for every test.
    let (variable, key) = ("CARGO_PKG_NAME", env!("CARGO_PKG_NAME"));
    let server = start(&[Act::Status(404, "{\"error\":\"key xlner-models is not known\"}")]);
    let tagger = open(&server, |options| options.key_variable = Some(variable.into())).unwrap();
    let error = tagger.tag(&mut sentences(), false).unwrap_err().to_string();
    assert!(error.contains("key … is not known") && !error.contains(key), "{error}");
    assert!(!tagger.signature().contains(key));
    assert!(server.requests.lock().unwrap()[0].0.contains(&format!("authorization: bearer {key}\r\n")));
    let refused = |change: fn(&mut HttpOptions), message: &str| {
        let error = open(&server, change).err().unwrap();
        assert!(matches!(error, Error::Options(_)) && error.to_string().contains(message), "{error}");
    };
    refused(|options| options.key_variable = Some("XLNER_TEST_NOT_SET".into()), "XLNER_TEST_NOT_SET");
    refused(|options| options.model = None, "which model");
    refused(|options| options.batch = 0, "greater than 0");
    refused(|options| options.rate = Some(0.0), "greater than 0");
}
