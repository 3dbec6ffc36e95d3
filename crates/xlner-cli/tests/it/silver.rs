//! `xlner silver`: a sample out, judged, back in.

use crate::common::{fails, folder, read, stdout, xlner};
use serde_json::{Value, json};
use tempfile::TempDir;

const SENTENCES: usize = 120;

/// What a route found: names at the second token; the routes disagree on every third sentence, and route `c` never finds it.
fn route(name: &str) -> String {
    let record = |at: usize| {
        let doubtful = at.is_multiple_of(3);
        let found = match name {
            "a" => json!([{"start": 1, "end": 2, "label": "PER", "from": 0}]),
            "b" if doubtful => json!([{"start": 1, "end": 2, "label": "LOC"}]),
            "c" if doubtful => json!([]),
            _ => json!([{"start": 1, "end": 2, "label": "PER"}]),
        };
        json!({
            "id": format!("s{at}"),
            "source": {"tokens": ["Ana", "sleeps"], "entities": [{"start": 0, "end": 1, "label": "PER"}]},
            "target": {"tokens": ["spava", "Ana", at.to_string()], "entities": found},
        })
    };
    (0..SENTENCES).map(|at| format!("{}\n", record(at))).collect()
}

fn files() -> TempDir {
    let names = ["a", "b", "c"];
    let texts = names.map(|name| (format!("{name}.jsonl"), route(name)));
    let files: Vec<(&str, &[u8])> = texts.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    folder(&files)
}

fn records(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Judges the first records of a sample: the name is a person everywhere.
fn judge(folder: &TempDir, count: usize) {
    let mut judged = String::new();
    for (at, mut record) in records(&read(folder, "judge.jsonl")).into_iter().enumerate() {
        if at < count {
            record["gold"] = json!([{"start": 1, "end": 2, "label": "PER"}]);
        }
        judged += &format!("{record}\n");
    }
    std::fs::write(folder.path().join("judged.jsonl"), judged).unwrap();
}

#[test]
fn a_judged_sample_gives_the_set_and_an_interval() {
    let folder = files();
    stdout(&folder, "silver sample a.jsonl b.jsonl c.jsonl --size 40 -o judge.jsonl");
    let sample = records(&read(&folder, "judge.jsonl"));
    assert_eq!(sample.len(), 40);
    let doubtful = sample.iter().filter(|record| (record["silver"]["sentence"].as_u64().unwrap() - 1) % 3 == 0).count();
    assert!(doubtful > 14, "more of those on which the routes disagree: {doubtful}");
    assert!(sample.iter().all(|record| record.get("gold").is_none() && record["source"]["tokens"][0] == "Ana"));
    stdout(&folder, "silver sample a.jsonl b.jsonl c.jsonl --size 40 -o again.jsonl");
    assert_eq!(read(&folder, "again.jsonl"), read(&folder, "judge.jsonl"));

    judge(&folder, 40);
    let finish = "silver finish a.jsonl b.jsonl c.jsonl --judged judged.jsonl -o silver.jsonl --json";
    let figures: Value = serde_json::from_str(&stdout(&folder, finish)).unwrap();
    assert_eq!(
        (&figures["sentences"], &figures["judged"], &figures["not_judged"]),
        (&120.into(), &40.into(), &0.into())
    );
    // Of 120 names the majority has the 80 on which there is no doubt: F1 is 2 · 80 / (80 + 120).
    let (f1, low) = (figures["majority"]["f1"].as_f64().unwrap(), figures["majority"]["ci95"][0].as_f64().unwrap());
    assert!((f1 - 0.8).abs() < 0.01 && low <= f1, "{figures}");
    assert!(figures["f1"].as_f64().unwrap() > f1);
    let set = records(&read(&folder, "silver.jsonl"));
    assert_eq!(set.len(), SENTENCES);
    for record in &set {
        let found = record["target"]["entities"].as_array().map_or(0, Vec::len);
        let judged = record["silver"]["judged"] == true;
        let at: usize = record["id"].as_str().unwrap()[1..].parse().unwrap();
        assert_eq!(found, usize::from(judged || !at.is_multiple_of(3)), "{record}");
    }
    // Half of the sample is a sample as well.
    judge(&folder, 20);
    let figures: Value = serde_json::from_str(&stdout(&folder, finish)).unwrap();
    assert_eq!((&figures["judged"], &figures["not_judged"]), (&20.into(), &20.into()));
}

#[test]
fn the_sample_opens_in_review() {
    let folder = files();
    stdout(&folder, "silver sample a.jsonl b.jsonl c.jsonl --size 10 -o judge.jsonl");
    xlner(&folder, "review judge.jsonl --store judge.db --offline page.html").assert().success();
    xlner(&folder, "review export --store judge.db --all -o exported.jsonl").assert().success();
    let exported = records(&read(&folder, "exported.jsonl"));
    assert_eq!(exported.len(), 10);
    assert!(exported.iter().all(|record| record["silver"]["sentence"].is_u64()));
    let finish = "silver finish a.jsonl b.jsonl c.jsonl --judged exported.jsonl -o out.jsonl";
    fails(&folder, finish, 2, "two at least must have been judged");
}

#[test]
fn what_does_not_belong_together_is_named() {
    let folder = files();
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    fails(&folder, "silver sample a.jsonl -o out.jsonl", 2, "two members at least");
    fails(&folder, "silver sample a.jsonl b.jsonl --size 1 -o out.jsonl", 2, "fewer than two");
    fails(&folder, "silver sample a.jsonl b.jsonl -o out.conll", 2, "write records");
    write("short.jsonl", route("a").lines().take(5).map(|line| format!("{line}\n")).collect());
    fails(&folder, "silver sample a.jsonl short.jsonl -o out.jsonl", 1, "short.jsonl");
    write("other.jsonl", route("a").replacen("spava", "spavala", 1));
    fails(&folder, "silver sample a.jsonl other.jsonl -o out.jsonl", 1, "other.jsonl, sentence 1");

    stdout(&folder, "silver sample a.jsonl b.jsonl c.jsonl --size 40 -o judge.jsonl");
    judge(&folder, 40);
    let judged = read(&folder, "judged.jsonl");
    let finish = |routes: &str| format!("silver finish {routes} --judged judged.jsonl -o out.jsonl");
    let all = "a.jsonl b.jsonl c.jsonl";
    write("judged.jsonl", judged.replacen("\"silver\"", "\"gold_\"", 1));
    fails(&folder, &finish(all), 1, "judged.jsonl, sentence 1");
    write("judged.jsonl", judged.replacen("\"end\":2,\"label\":\"PER\"", "\"end\":9,\"label\":\"PER\"", 1));
    fails(&folder, &finish(all), 1, "judged.jsonl");
    let first = judged.lines().next().unwrap();
    write("judged.jsonl", format!("{judged}{first}\n"));
    fails(&folder, &finish(all), 1, "it is there twice");
    write("judged.jsonl", judged.replace("spava", "spavala"));
    fails(&folder, &finish(all), 1, "it is not sentence");
}
