//! `xlner review`: flags, export, import, the offline page, simulation. The page itself is tested in `xlner-review`.

use crate::common::{fails, folder, read, sample, stdout, xlner};
use predicates::prelude::*;
use tempfile::TempDir;

/// A folder with the bundled records and gold.
fn bundled() -> TempDir {
    let folder = folder(&[]);
    for name in ["en-sw.projected.jsonl", "sw.conll"] {
        std::fs::copy(sample(name), folder.path().join(name)).unwrap();
    }
    folder
}

#[test]
fn a_batch_goes_out_as_a_page_and_comes_back() {
    let folder = bundled();
    let told = |words: &str, text: &str| {
        xlner(&folder, words).assert().success().stderr(predicate::str::contains(text.to_owned()));
    };
    told("review en-sw.projected.jsonl --store r.db --annotator ada --offline ada.html", "66 records added");
    assert!(read(&folder, "ada.html").contains("Amina Otieno"));
    told("review en-sw.projected.jsonl --store r.db --offline again.html", "0 records added, 66 in r.db already");
    // Nobody has done anything yet.
    told("review export --store r.db -o none.jsonl", "0 sentences with gold entities, 66 not done, left out");
    assert_eq!(read(&folder, "none.jsonl"), "");
    // Gold in columns is another annotator's work.
    told("review import --store r.db --annotator ben sw.conll", "66 sentences taken in");
    told("review import --store r.db --annotator ben sw.conll", "0 sentences taken in, 66 known already");
    told("review export --store r.db -o gold.conll", "66 sentences with gold entities");
    assert_eq!(read(&folder, "gold.conll"), read(&folder, "sw.conll"));
    let records = stdout(&folder, "review export --quiet --store r.db");
    let first: serde_json::Value = serde_json::from_str(records.lines().next().unwrap()).unwrap();
    assert_eq!((&first["annotators"][0]["name"], &first["gold"][0]["label"]), (&"ben".into(), &"PER".into()));
}

#[test]
fn wrong_usage_is_told_with_its_cure() {
    let folder = bundled();
    for (words, code, message) in [
        ("", 2, "give the records to review"),
        ("--store none.db", 2, "there is no store"),
        ("en-sw.projected.jsonl --listen 0.0.0.0:0", 2, "--tokens"),
        ("en-sw.projected.jsonl --annotator a/b --no-open", 2, "no name of an annotator"),
        ("en-sw.projected.jsonl --images none --no-open", 1, "none: "),
        ("en-sw.projected.jsonl --images . --no-open", 2, "no image that a browser shows"),
        ("en-sw.projected.jsonl --assign 2 --annotators ada", 2, "more annotators"),
        ("sw.conll --store sw.conll", 2, "which --store would replace"),
        ("en-sw.projected.jsonl --store sw.conll", 1, "no store"),
        ("export --store none.db", 1, "no such store"),
        ("import --store none.db sw.conll", 1, "no such store"),
        ("simulate en-sw.projected.jsonl", 2, "no entities in `gold`"),
    ] {
        fails(&folder, &format!("review {words}"), code, message);
    }
    assert!(!folder.path().join("none.db").exists());
}

#[test]
fn effort_is_simulated_on_gold() {
    let folder = bundled();
    let output = stdout(&folder, "review simulate en-sw.projected.jsonl --gold sw.conll --goals 0.9,1 --json");
    let figures: serde_json::Value = serde_json::from_str(&output).unwrap();
    assert_eq!(figures["sentences"], 66);
    for goal in figures["goals"].as_array().unwrap() {
        let [order, queue] = ["in_order", "queue"].map(|name| goal[name].as_f64().unwrap());
        assert!(0.0 < queue && queue <= order && order <= 1.0, "{goal}");
    }
}
