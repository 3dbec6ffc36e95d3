//! `xlner self-train`.

use crate::common::{fails, folder, stdout, xlner};
use tempfile::TempDir;

/// Projected pairs of one pattern: person, verb, place; one in eight has a wrong label and a low margin.
fn pairs() -> String {
    let (people, places) = (["Anna", "Peter", "Maria", "Jonas"], ["Berlin", "Oslo", "Rome", "Lima"]);
    let mut text = String::new();
    for round in 0..2 {
        for (n, person) in people.iter().enumerate() {
            for (m, place) in places.iter().enumerate() {
                let wrong = (n + m) % 8 == 6;
                let (label, margin) = if wrong { ("PER", 0.1) } else { ("LOC", 2.0) };
                text += &format!(
                    r#"{{"id":"{round}{n}{m}","source":{{"tokens":["x"]}},"target":{{"tokens":["{person}","lives","in","{place}","."],"entities":[{{"start":0,"end":1,"label":"PER","score":3,"margin":2}},{{"start":3,"end":4,"label":"{label}","score":3,"margin":{margin}}}]}}}}"#
                );
                text.push('\n');
            }
        }
    }
    text
}

fn files() -> TempDir {
    folder(&[
        ("pairs.jsonl", pairs().as_bytes()),
        ("raw.txt", b"Sofia lives in Berlin.\nwhat is this\n"),
        ("dev.conll", b"Lena\tB-PER\nlives\tO\nin\tO\nParis\tB-LOC\n.\tO\n"),
    ])
}

fn figures(folder: &TempDir, arguments: &str) -> serde_json::Value {
    serde_json::from_str(&stdout(folder, arguments)).unwrap()
}

#[test]
fn the_filter_is_shown_round_by_round() {
    let folder = files();
    let report = figures(
        &folder,
        "self-train --pairs pairs.jsonl --unlabelled raw.txt --filter margin>=1,agreement,probability>=0.6 --rounds 1 \
         --folds 4 --dev dev.conll -o out.tagger --json",
    );
    assert_eq!(report["filter"], "margin>=1,probability>=0.6,agreement");
    let rounds = report["rounds"].as_array().unwrap();
    assert_eq!(rounds.len(), 2);
    assert_eq!((&rounds[0]["projected"], &rounds[0]["dropped"]), (&30.into(), &2.into()));
    assert_eq!((&rounds[0]["entities"], &rounds[0]["agreeing"]), (&60.into(), &serde_json::Value::Null));
    // The two wrong labels lose to those of a tagger that did not see them.
    assert_eq!((&rounds[1]["relabelled"], &rounds[1]["dropped"]), (&2.into(), &0.into()));
    assert_eq!((&rounds[1]["agreeing"], &rounds[1]["projected"]), (&30.into(), &30.into()));
    assert!(rounds[1]["unlabelled"].as_u64().unwrap() >= 1);
    assert_eq!(rounds[1]["dev"]["micro"]["f1"], 1.0);
    let tagged = stdout(&folder, "tag --model out.tagger dev.conll");
    assert_eq!(tagged, "Lena\tB-PER\nlives\tO\nin\tO\nParis\tB-LOC\n.\tO\n\n");
}

#[test]
fn a_second_start_finds_the_taggers_and_threads_change_nothing() {
    let folder = files();
    let train = "self-train --pairs pairs.jsonl --filter agreement --rounds 2 --json";
    let first = figures(&folder, &format!("{train} --run work -o a.tagger --threads 1"));
    let again = figures(&folder, &format!("{train} --run work -o b.tagger"));
    let other = figures(&folder, &format!("{train} -o c.tagger --threads 3"));
    let bytes = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    assert!(bytes("a.tagger") == bytes("b.tagger") && bytes("a.tagger") == bytes("c.tagger"));
    for (report, reused) in [(first, false), (again, true), (other, false)] {
        assert!(report["rounds"].as_array().unwrap().iter().all(|round| round["reused"] == reused), "{report}");
    }
    // Whatever the taggers depend on makes others.
    let more = figures(&folder, "self-train --pairs pairs.jsonl --filter margin>=1 --run work -o d.tagger --json");
    assert_eq!(more["rounds"][0]["reused"], false);
}

#[test]
fn a_tagger_learns_from_text_without_labels() {
    let folder = files();
    stdout(&folder, "self-train --pairs pairs.jsonl --rounds 0 -o general.tagger");
    let report = figures(
        &folder,
        "self-train --init general.tagger --unlabelled raw.txt --filter probability>=0.5 --rounds 1 -o news.tagger --json",
    );
    assert_eq!(report["rounds"][0]["entities"], 0);
    assert_eq!(report["rounds"][1]["unlabelled"], 2);
    assert_eq!(report["rounds"][1]["entities"], 2);
}

#[test]
fn what_cannot_be_is_refused() {
    let folder = files();
    fails(&folder, "self-train -o out.tagger", 2, "nothing to begin with");
    fails(&folder, "self-train --pairs pairs.jsonl --unlabelled raw.txt -o out.tagger", 2, "probability>=0.9");
    fails(&folder, "self-train --pairs pairs.jsonl --filter good -o out.tagger", 2, "no condition of a filter");
    fails(&folder, "self-train --pairs pairs.jsonl --folds 1 -o out.tagger", 2, "two folds");
    let folds = "self-train --pairs pairs.jsonl --folds 18446744073709551615 -o out.tagger";
    fails(&folder, folds, 2, "1000 folds at most");
    fails(&folder, "self-train --pairs pairs.jsonl --filter score>=9 -o out.tagger", 2, "filter less");
    std::fs::write(
        folder.path().join("heuristic.jsonl"),
        r#"{"id":"h","source":{"tokens":["x"]},"target":{"tokens":["a"],"entities":[{"start":0,"end":1,"label":"PER"}]}}"#,
    )
    .unwrap();
    fails(&folder, "self-train --pairs heuristic.jsonl --filter margin>=1 -o out.tagger", 1, "sentence 1 “h”");
}

/// The language is remembered, so that another one is told.
#[test]
fn the_tagger_remembers_its_language() {
    let folder = files();
    stdout(&folder, "self-train --pairs pairs.jsonl --rounds 0 --lang sw -o sw.tagger");
    let told = predicates::str::contains("sentences in another language than their tagger's: 2");
    xlner(&folder, "tag --model sw.tagger raw.txt --lang de -o out.conll").assert().success().stderr(told);
    let silent = predicates::prelude::PredicateBooleanExt::not(predicates::str::contains("another language"));
    xlner(&folder, "tag --model sw.tagger raw.txt --lang sw -o out.conll").assert().success().stderr(silent);
}
