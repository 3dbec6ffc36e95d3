//! `--decision`, and `xlner tune decision`.

use crate::common::{fails, folder, stdout, xlner};
use serde_json::{Value, json};

/// Pairs whose source tagger is sure of some names, and doubts others that are none.
pub fn pairs(count: usize) -> String {
    let names = ["Amina", "Otieno", "David", "Mwangi", "Juma"];
    let record = |number: usize| {
        let (name, sure) = (names[number % names.len()], number.is_multiple_of(2));
        let source = if sure { [name, "came", "home"] } else { ["Today", "he", "came"] };
        let target = if sure { ["jana", name, "alikuja"] } else { ["Leo", "alikuja", "huyu"] };
        let p = if sure { 0.95 } else { 0.2 };
        let gold = if sure { json!([{"start": 1, "end": 2, "label": "PER"}]) } else { json!([]) };
        json!({
            "id": number.to_string(),
            "source": {
                "tokens": source,
                "entities": if sure { json!([{"start": 0, "end": 1, "label": "PER"}]) } else { json!([]) },
                "probabilities": {
                    "labels": ["O", "B-PER", "I-PER"],
                    "rows": [[1.0 - p, p, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]],
                },
            },
            "target": {"tokens": target},
            "gold": gold,
        })
    };
    (0..count).map(|number| format!("{}\n", record(number))).collect()
}

pub fn records(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn weights_are_learnt_and_decide() {
    let folder = folder(&[("pairs.jsonl", pairs(240).as_bytes())]);
    let said = |arguments: &str| {
        let output = xlner(&folder, arguments).assert().success().get_output().clone();
        String::from_utf8(output.stderr).unwrap()
    };
    let found = said("tune decision --start none --l2 1 --pairs pairs.jsonl -o mine.decision");
    assert!(found.contains("240 pairs, 120 entities") && found.contains("cross-validated F1"), "{found}");
    let found = said("project --pairs pairs.jsonl --decision mine.decision -o out.jsonl");
    assert!(found.contains("decision: 120 of"), "{found}");
    for record in records(&crate::common::read(&folder, "out.jsonl")) {
        let found = record["target"]["entities"].as_array().cloned().unwrap_or_default();
        assert_eq!(found.len(), record["gold"].as_array().unwrap().len(), "{record}");
        assert!(found.iter().all(|entity| entity["probability"].as_f64().unwrap() > 0.5 && entity["from"] == 0));
    }
    let figures = stdout(&folder, "eval --json --bootstrap 0 --gold pairs.jsonl --pred out.jsonl");
    let figures: Value = serde_json::from_str(&figures).unwrap();
    assert_eq!(figures["calibration"]["predictions"], 120);
    let found = said("project --pairs pairs.jsonl --decision none -o plain.jsonl");
    assert!(!found.contains("decision:"), "{found}");
    let plain = crate::common::read(&folder, "plain.jsonl");
    assert!(!plain.contains("\"probability\""));
    assert_eq!(records(&plain)[0]["target"]["entities"].as_array().unwrap().len(), 1);
}

#[test]
fn what_does_not_go_together_is_refused() {
    let folder = folder(&[("pairs.jsonl", pairs(3).as_bytes())]);
    let project = |more: &str| format!("project --pairs pairs.jsonl -o out.jsonl {more}");
    fails(&folder, &project("--decision none --min-probability 0.5"), 2, "--decision none");
    fails(&folder, &project("--expect recall=1"), 2, "precision=0.9");
    fails(&folder, &project("--expect precision=1.5"), 2, "from 0 to 1");
    fails(&folder, &project("--decision nowhere.decision"), 1, "nowhere.decision");
    fails(&folder, &project("--scores align=1 --decision default"), 2, "span=1");
}

#[test]
fn what_is_learnt_from_must_be_judged_and_uncertain() {
    let record = |more: &str| {
        format!("{{\"id\":\"a\",\"source\":{{\"tokens\":[\"x\"]}},\"target\":{{\"tokens\":[\"y\"]}}{more}}}\n")
    };
    let folder = folder(&[("bare.jsonl", record("").as_bytes()), ("certain.jsonl", record(",\"gold\":[]").as_bytes())]);
    fails(&folder, "tune decision --pairs bare.jsonl -o out.decision", 1, "no field `gold`");
    fails(&folder, "tune decision --pairs certain.jsonl -o out.decision", 1, "`xlner tag` with --probabilities");
}

/// A pair whose first entity has a token without link, and whose second, of one token, goes to two.
const LINKED: &str = r#"{"id":"1","source":{"tokens":["Ana","Ilić","met","Rome"],"entities":[{"start":0,"end":2,"label":"PER"},{"start":3,"end":4,"label":"LOC"}]},"target":{"tokens":["Ana","srela","Rim","Rimski"]},"alignment":[[0,0,0.9],[2,1,0.9],[3,2,0.9],[3,3,0.4]]}
{"id":"2","source":{"tokens":["Nobody"],"entities":[]},"target":{"tokens":["Niko"]},"alignment":[[0,0,0.9]]}
"#;

#[test]
fn filters_drop_and_are_counted() {
    let folder = folder(&[("pairs.jsonl", LINKED.as_bytes())]);
    let project = |more: &str| {
        let mut command = xlner(
            &folder,
            &format!("project --pairs pairs.jsonl --method heuristic {more} -o out.jsonl --report report.json"),
        );
        let stderr = String::from_utf8(command.unwrap().stderr).unwrap();
        let report: Value = serde_json::from_str(&crate::common::read(&folder, "report.json")).unwrap();
        (records(&crate::common::read(&folder, "out.jsonl")), report, stderr)
    };
    let entities = |records: &[Value]| -> Vec<String> {
        let of = |record: &Value| record["target"]["entities"].as_array().cloned().unwrap_or_default();
        records
            .iter()
            .flat_map(of)
            .map(|e| format!("{} {}-{}", e["label"].as_str().unwrap(), e["start"], e["end"]))
            .collect()
    };
    let (found, report, _) = project("--length-ratio 0");
    assert_eq!(entities(&found), ["PER 0-1", "LOC 2-4"]);
    assert!(report.get("filters").is_none());
    let (found, report, said) = project("--length-ratio 0 --filter comp-src,comp-tgt");
    assert_eq!(entities(&found), ["LOC 2-4"]);
    assert_eq!(
        report["filters"],
        json!({"rejected": {"comp-src": 1, "comp-tgt": 0}, "entities": 1, "sentences": 0, "restricted": 0})
    );
    assert_eq!((&report["projected"], &report["unprojected"]["filtered"]), (&1.into(), &1.into()));
    assert!(said.contains("filters: 1 entity and 0 sentences left out"), "{said}");
    let (found, report, _) = project("--length-ratio 0 --filter comp-src --filter-drops sentence --restrict-target");
    assert_eq!((found.len(), &report["filters"]["sentences"], &report["sentences"]), (1, &1.into(), &1.into()));
    let (found, report, _) = project("--length-ratio 0 --restrict-target");
    assert_eq!(entities(&found), ["PER 0-1", "LOC 2-3"]);
    assert_eq!(report["filters"]["restricted"], 1);
    std::fs::remove_file(folder.path().join("out.jsonl")).unwrap();
    let both = "project --pairs pairs.jsonl --filter comp-ins --filter-drops sentence --gold pairs.jsonl -o out.jsonl";
    fails(&folder, both, 2, "--gold");
    fails(&folder, "project --pairs pairs.jsonl --filter comp -o out.jsonl", 2, "comp-src, comp-tgt, comp-ins");
    fails(&folder, "project --pairs pairs.jsonl --filter-drops sentence -o out.jsonl", 2, "--filter");
}

#[test]
fn transfer_drops_sentences_and_tells_what_was_decided() {
    let folder = folder(&[
        ("en.conll", b"Ana\tB-PER\nIlic\tI-PER\nsleeps\tO\n\nNobody\tO\n\n"),
        ("sr.txt", "Ana spava\nNiko\n".as_bytes()),
    ]);
    let arguments =
        "transfer --to sr --translations sr.txt --source en.conll --filter comp-ins --report report.json --run work";
    for _ in 0..2 {
        stdout(&folder, arguments);
        let report: Value = serde_json::from_str(&crate::common::read(&folder, "report.json")).unwrap();
        let (filters, sentences) = (&report["projection"]["filters"], &report["projection"]["sentences"]);
        let left_out = filters["sentences"].as_u64().unwrap();
        assert_eq!(sentences.as_u64().unwrap() + left_out, 2, "{report}");
    }
}
