//! The figures of seqeval 1.2.2 and nervaluate 1.2.1 on malformed tag sequences, to 1e-12 (`fixtures/reference.py`).

use serde_json::Value;
use xlner_core::tags::Scheme;
use xlner_eval::{EvalOptions, Evaluation, Evaluator, Mode, Resampling, TagId};

fn evaluate(case: &Value) -> Evaluation {
    let mode: Mode = case["mode"].as_str().unwrap().parse().unwrap();
    let scheme: Scheme = case["scheme"].as_str().unwrap().parse().unwrap();
    let options = EvalOptions { mode, ..EvalOptions::default() };
    let mut evaluator = Evaluator::new(&options, scheme, &[("system", scheme)]);
    let sentences = |key: &str| case[key].as_array().unwrap();
    for (gold, predicted) in sentences("gold").iter().zip(sentences("predicted")) {
        let mut tags = |sentence: &Value| -> Vec<TagId> {
            let tags = sentence.as_array().unwrap();
            tags.iter().map(|tag| evaluator.intern(tag.as_str().unwrap(), scheme).unwrap()).collect()
        };
        let (gold, predicted) = (tags(gold), tags(predicted));
        evaluator.push(&gold, &[predicted]).unwrap();
    }
    evaluator.finish(&Resampling::NONE).systems.remove(0)
}

/// Every number in `expected` is the one of that name in `found`; returns how many there were.
fn compare(path: &str, expected: &Value, found: &Value) -> usize {
    match expected {
        Value::Object(map) => {
            map.iter().map(|(key, value)| compare(&format!("{path}/{key}"), value, &found[key])).sum()
        }
        _ => {
            let (expected, found) = (expected.as_f64().unwrap(), found.as_f64().unwrap_or(f64::NAN));
            assert!((expected - found).abs() <= 1e-12, "{path}: {found} instead of {expected}");
            1
        }
    }
}

#[test]
fn figures_are_those_of_the_published_programs() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("fixtures/reference.json")).unwrap();
    let mut compared = 0;
    for (index, case) in cases.iter().enumerate() {
        let found = serde_json::to_value(evaluate(case)).unwrap();
        for key in ["micro", "macro", "weighted", "types", "token_accuracy", "semeval2013"] {
            if let Some(expected) = case.get(key) {
                compared += compare(&format!("case {index} {key}"), expected, &found[key]);
            }
        }
        let types = |value: &Value| value["types"].as_object().unwrap().len();
        assert_eq!(types(case), types(&found), "case {index}: as many types");
    }
    assert!(compared > 1500, "{compared} figures compared");
}
