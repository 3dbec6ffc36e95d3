//! `xlner transfer` and `xlner label`: what their flags come to.

use crate::common::{fails, folder, read, stdout, xlner};
use predicates::prelude::*;
use tempfile::TempDir;

const SOURCE: &str = "Ana\tB-PER\nmet\tO\nBoris\tB-ORG\n.\tO\n\nAna\tB-PER\nsleeps\tO\n.\tO\n\nNobody\tO\n.\tO\n\n";
const TABLE: &str = "[Ana] met [Boris].\t[Borisa] je srela [Ana] .\n[Ana] sleeps.\tAna] spava.\nNobody.\tNiko.\nAna\tAna\nBoris\tBoris\n";
const MARKERS: &str = "transfer --markers --to sr --engine lookup --model table.tsv --source en.conll";

fn files() -> TempDir {
    folder(&[("en.conll", SOURCE.as_bytes()), ("table.tsv", TABLE.as_bytes())])
}

#[test]
fn markers_lead_to_entities() {
    let folder = files();
    let expected = "Borisa\tB-ORG\nje\tO\nsrela\tO\nAna\tB-PER\n.\tO\n\nNiko\tO\n.\tO\n\n";
    assert_eq!(stdout(&folder, MARKERS), expected);
    xlner(&folder, &format!("{MARKERS} --run work --report report.json -o out.jsonl"))
        .assert()
        .success()
        .stderr(predicate::str::contains("1 sentence left out: a marker was lost"));
    let report: serde_json::Value = serde_json::from_str(&read(&folder, "report.json")).unwrap();
    assert_eq!((&report["lost_markers"], &report["projection"]["projected"]), (&1.into(), &2.into()));
    let pairs = read(&folder, "out.jsonl");
    let first: serde_json::Value = serde_json::from_str(pairs.lines().next().unwrap()).unwrap();
    assert_eq!(first["target"]["text"], "Borisa je srela Ana .");
    assert_eq!(first["target"]["entities"][0]["from"], 1);
    assert_eq!((first["target"]["lang"].as_str(), first["source"]["lang"].as_str()), (Some("sr"), Some("en")));
    // Another table: what was kept does not hold.
    std::fs::write(folder.path().join("table.tsv"), TABLE.replace("Ana] spava.", "[Ana] spava.")).unwrap();
    stdout(&folder, &format!("{MARKERS} --run work --report report.json -o out.jsonl"));
    assert_eq!(read(&folder, "out.jsonl").lines().count(), 3);
    // A text that is in no table is named, be it a name.
    std::fs::write(folder.path().join("table.tsv"), TABLE.replace("Boris\tBoris\n", "")).unwrap();
    std::fs::remove_file(folder.path().join("out.jsonl")).unwrap();
    fails(&folder, &format!("{MARKERS} -o out.jsonl"), 1, "en.conll, sentence 1: “Boris” is not among");
}

#[test]
fn tags_lead_to_entities_that_stand_in_others() {
    let source = r#"{"tokens":["Bank","of","Kenya","opens","."],"entities":[{"start":0,"end":3,"label":"ORG"},{"start":2,"end":3,"label":"LOC"}]}"#;
    let table = "<a>Bank of <b>Kenya</b></a> opens.\t< a >Benki ya <b> Kenya </b></a> yafunguliwa .\n";
    let folder = folder(&[
        ("en.jsonl", source.as_bytes()),
        ("table.tsv", table.as_bytes()),
        ("job.toml", b"markers = \"xml\"\n"),
    ]);
    let transfer = "transfer --to sw --engine lookup --model table.tsv --source en.jsonl --to-format jsonl";
    for markers in ["--markers xml", "--markers=xml", "--job job.toml"] {
        let pair: serde_json::Value = serde_json::from_str(&stdout(&folder, &format!("{transfer} {markers}"))).unwrap();
        assert_eq!(pair["target"]["text"], "Benki ya Kenya yafunguliwa .");
        let entities = pair["target"]["entities"].as_array().unwrap();
        let found: Vec<_> =
            entities.iter().map(|e| (e["start"].as_u64(), e["end"].as_u64(), e["from"].as_u64())).collect();
        assert_eq!(found, [(Some(0), Some(3), Some(0)), (Some(2), Some(3), Some(1))]);
    }
    fails(&folder, &format!("{transfer} --markers html"), 2, "brackets and xml");
}

#[test]
fn progress_tells_translation_and_back_translation_apart() {
    let folder = folder(&[
        ("in.txt", b"Ana spava .\n"),
        ("there.tsv", b"Ana spava.\tAna sleeps.\n"),
        ("back.tsv", b"Ana sleeps.\tAna spava.\n"),
    ]);
    let label = "label --from sr --via en --engine lookup --model there.tsv --back project --back-model back.tsv";
    xlner(&folder, &format!("{label} --tagger capitals:PER in.txt --tokenized --progress always"))
        .assert()
        .success()
        .stderr(
            predicate::str::contains("translate: 1 sentences\n")
                .and(predicate::str::contains("translate back: 1 sentences\n")),
        );
}

#[test]
fn wrong_usage() {
    let folder = files();
    let nmt = "transfer --to sr --engine lookup --model table.tsv --source en.conll -o out.conll";
    for (arguments, message) in [
        (format!("{MARKERS} --scores align=1 -o out.conll"), "no use for options of projection"),
        (format!("{MARKERS} --bitext table.tsv -o out.conll"), "no use for an aligner"),
        (format!("{MARKERS} --target-tagger default -o out.conll"), "--target-tagger is not asked for anything"),
        (
            "transfer --markers --to sr --translations table.tsv --source en.conll -o out.conll".into(),
            "given translations",
        ),
        (
            "label --markers --from sr --engine lookup --model table.tsv en.conll -o out.conll".into(),
            "--scores codec=1",
        ),
        (format!("{nmt} --scores nmt=1"), "--nmt-model"),
        (format!("{nmt} --scores span=1,codec=1"), "--nmt-model"),
        ("project --source en.conll --target en.conll --scores nmt=1 -o out.conll".into(), "--nmt-model"),
        (
            "project --source en.conll --target en.conll --scores nmt=1 --nmt-model x -o out.conll".into(),
            "--source-lang",
        ),
        ("project --source en.conll --target en.conll --aligner awesome --layer 8 -o out.conll".into(), "--encoder"),
        ("project --source en.conll --target en.conll --layer 8 -o out.conll".into(), "--encoder"),
    ] {
        fails(&folder, &arguments, 2, message);
    }
    if !cfg!(feature = "transformers") {
        fails(&folder, &format!("{nmt} --scores nmt=1 --nmt-model x"), 2, "the feature `transformers`");
    }
}
