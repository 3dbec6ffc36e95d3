//! A judge behind a server: against a local server that misbehaves.

use serde_json::{Value, json};
use xlner_core::contracts::{Doubt, Judge, ModelError, Ruling};
use xlner_core::{Entity, Pair, Sentence, Span};
use xlner_models::{Error, HttpOptions, ServerJudge};

use super::chat::{Act, Chat, PASSING, options};

/// Says that every entity stands where its text in the sentence stands in the translation.
fn same(question: &Value) -> Value {
    let entities = question["entities"].as_object().unwrap();
    entities.iter().map(|(number, entity)| (number.clone(), entity["entity"].clone())).collect()
}

fn open(server: &Chat, change: impl Fn(&mut HttpOptions)) -> Result<ServerJudge, Error> {
    let mut options = options();
    change(&mut options);
    ServerJudge::open(&server.address, &options)
}

fn pair(source: &str, target: &str, entities: &[(usize, usize)]) -> Pair {
    let [mut source, mut target] = [source, target].map(|text| Sentence::from_tokens(text.split(' ')));
    for (number, (from, to)) in entities.iter().enumerate() {
        source.entities.push(Entity::new(*from..*from + 1, "PER"));
        target.entities.push(Entity { from: Some(number), ..Entity::new(*to..*to + 1, "PER") });
    }
    target.lang = Some("sw".into());
    Pair { source, target, ..Pair::default() }
}

/// In the first pair the entities stand the wrong way round, in the others rightly.
fn pairs() -> Vec<Pair> {
    vec![
        pair("Ana met Juma", "Ana alimwona Juma", &[(0, 2)]),
        pair("so Ana left", "Ana akaondoka", &[(1, 0)]),
        pair("Ana and Juma", "Ana na Juma", &[(0, 0), (2, 2)]),
    ]
}

fn judged(judge: &ServerJudge, pairs: &[Pair]) -> Result<Vec<Vec<Ruling>>, ModelError> {
    let all = [0, 1];
    let doubts: Vec<Doubt<'_>> =
        pairs.iter().map(|pair| Doubt { pair, entities: &all[..pair.target.entities.len()] }).collect();
    judge.judge(&doubts)
}

fn right() -> Vec<Vec<Ruling>> {
    let at = |start| Ruling::At(Span::new(start, start + 1));
    vec![vec![at(0)], vec![at(0)], vec![at(0), at(2)]]
}

#[test]
fn a_schema_binds_the_answer_and_costs_are_counted() {
    let server = Chat::start(&[Act::Good], same);
    let judge = open(&server, |_| ()).unwrap();
    assert_eq!(judged(&judge, &pairs()).unwrap(), right());
    let figures = judge.figures();
    assert_eq!((figures.sentences, figures.requests, figures.retries, figures.refused), (3, 2, 0, 0));
    assert_eq!((figures.tokens_sent, figures.tokens_received), (20, 6));
    let body = server.requests.lock().unwrap()[0].1.clone();
    let schema = &body["response_format"]["json_schema"];
    assert_eq!((&schema["strict"], &schema["schema"]["required"]), (&true.into(), &json!(["1", "2"])));
    assert_eq!(schema["schema"]["properties"]["1"]["required"], json!(["1"]));
    assert!(body["messages"][0]["content"].as_str().unwrap().contains("Swahili (sw)"));
    let asked: Value = serde_json::from_str(body["messages"][1]["content"].as_str().unwrap()).unwrap();
    assert_eq!(asked["1"]["entities"]["1"], json!({"type": "PER", "found": "Juma", "entity": "Ana"}));
    assert!(judged(&judge, &[]).unwrap().is_empty());
}

#[test]
fn failures_that_pass_and_odd_answers_are_made_good() {
    for act in PASSING {
        let server = Chat::start(&[act.clone(), act.clone(), Act::Good], same);
        let judge = open(&server, |_| ()).unwrap();
        assert_eq!((judged(&judge, &pairs()).unwrap(), judge.figures().retries), (right(), 2), "{act:?}");
    }
    let odd =
        ["", "Ana", "[]", "{\"1\":\"Ana\",\"2\":\"Ana\"}", "{\"1\":{},\"2\":{}}", "{\"1\":{\"1\":7},\"2\":{\"1\":7}}"];
    for act in odd.map(Act::Says).into_iter().chain([Act::Fewer, Act::Cut, Act::Refuses, Act::Status(400, "too many")])
    {
        let server = Chat::start(&[act.clone(), Act::Good], same);
        let judge = open(&server, |_| ()).unwrap();
        assert_eq!(judged(&judge, &pairs()).unwrap(), right(), "{act:?}");
        assert_eq!((judge.figures().split_batches, server.count()), (1, 4), "{act:?}");
    }
}

#[test]
fn only_what_stands_in_the_translation_is_taken() {
    let said = "{\"1\":{\"1\":\"Anna\"},\"2\":{\"1\":\"\"}}";
    let server = Chat::start(&[Act::Says(said), Act::Good], same);
    let judge = open(&server, |_| ()).unwrap();
    let rulings = judged(&judge, &pairs()).unwrap();
    assert_eq!((&rulings[0], &rulings[1]), (&vec![Ruling::Unclear], &vec![Ruling::None]));
    assert_eq!(judge.figures().refused, 1);
}

#[test]
fn failures_that_stay_name_the_pair_or_the_server() {
    for (act, pair, message) in [
        (Act::Says("no"), Some(0), "“no”"),
        (Act::Refuses, Some(0), "I will not"),
        (Act::Status(503, "{\"error\":\"loading\"}"), None, "loading (3 attempts)"),
        (Act::Status(401, "no"), None, "API key"),
    ] {
        let server = Chat::start(std::slice::from_ref(&act), same);
        let error = judged(&open(&server, |_| ()).unwrap(), &pairs()).unwrap_err();
        let index = match &error {
            ModelError::Sentence { index, .. } => Some(*index),
            _ => None,
        };
        assert_eq!(index, pair, "{act:?}: {error}");
        assert!(error.to_string().contains(message), "{act:?}: {error}");
    }
    let server = Chat::start(&[Act::Good], same);
    assert!(open(&server, |options| options.model = None).is_err());
}
