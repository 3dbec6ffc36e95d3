//! `xlner train`.

use crate::common::{fails, folder, read, sample, shared, stdout, xlner};
use tempfile::TempDir;

/// Sentences of one pattern: person, verb, place.
fn conll() -> String {
    let (people, places) = (["Anna", "Peter", "Maria", "Jonas"], ["Berlin", "Oslo", "Rome", "Lima"]);
    let mut text = String::new();
    for person in people {
        for place in places {
            text += &format!("{person}\tB-PER\nlives\tO\nin\tO\n{place}\tB-LOC\n.\tO\n\n");
        }
    }
    text
}

fn files() -> TempDir {
    folder(&[
        ("train.conll", conll().as_bytes()),
        ("dev.conll", b"Lena\tB-PER\nlives\tO\nin\tO\nParis\tB-LOC\n.\tO\n"),
        ("names.txt", b"Lena\nOslo\n"),
        ("raw.txt", b"Anna lives in Berlin.\nPeter sang in Rome.\n"),
    ])
}

fn figures(folder: &TempDir, arguments: &str) -> serde_json::Value {
    serde_json::from_str(&stdout(folder, arguments)).unwrap()
}

#[test]
fn a_tagger_is_trained_measured_and_used() {
    let folder = files();
    let report = figures(&folder, "train --train train.conll --dev dev.conll --model-type crf -o en.tagger --json");
    assert_eq!(report["train"]["sentences"], 16);
    assert_eq!(report["train"]["tokens"], 80);
    assert_eq!(report["train"]["entities"]["PER"], 16);
    assert_eq!(report["dev"]["micro"]["f1"], 1.0);
    assert_eq!(report["dev"]["types"]["LOC"]["support"], 1);
    assert!(report["iterations"].as_u64().unwrap() > 0 && report["objective"].as_f64().unwrap() > 0.0);
    let size = std::fs::metadata(folder.path().join("en.tagger")).unwrap().len();
    assert_eq!(report["bytes"], size);
    assert_eq!(
        stdout(&folder, "tag --model en.tagger dev.conll"),
        "Lena\tB-PER\nlives\tO\nin\tO\nParis\tB-LOC\n.\tO\n\n"
    );
}

#[test]
fn the_same_command_writes_the_same_file() {
    let folder = files();
    let bytes = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let with = "--names FIRST=names.txt --raw raw.txt --iobes";
    stdout(&folder, &format!("train --train train.conll {with} -o a.tagger --threads 1"));
    stdout(&folder, &format!("train --train train.conll {with} -o b.tagger --threads 3"));
    assert!(bytes("a.tagger") == bytes("b.tagger"));
    let report = figures(&folder, &format!("train --train train.conll {with} -o c.tagger --json"));
    assert_eq!(report["raw_tokens"], 80 + 10);
    assert!(report["clustered_words"].as_u64().unwrap() > 0);
}

#[test]
fn progress_and_figures_are_told_on_standard_error() {
    let folder = files();
    let output = xlner(&folder, "train --train train.conll --dev dev.conll -o en.tagger -v --progress always")
        .assert()
        .success()
        .get_output()
        .clone();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.stdout.is_empty());
    for expected in ["train: ", "trained on 16 sentences with 32 entities", "objective", "dev: precision 1.0000"] {
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn projected_records_count_by_their_scores() {
    let record = |label: &str, score: f64| {
        format!(
            r#"{{"id":"{label}","source":{{"tokens":["x"]}},"target":{{"tokens":["Washington","spoke"],"entities":[{{"start":0,"end":1,"label":"{label}","score":{score},"from":0}}]}}}}"#
        )
    };
    let pairs = |a: f64, b: f64| format!("{}\n{}\n", record("PER", a), record("LOC", b));
    let folder = folder(&[
        ("person.jsonl", pairs(0.9, 0.2).as_bytes()),
        ("place.jsonl", pairs(0.2, 0.9).as_bytes()),
        ("new.conll", b"Washington\nspoke\n"),
    ]);
    for (name, tag) in [("person", "B-PER"), ("place", "B-LOC")] {
        let options = "--weights score --min-count 1 --l1 0.01";
        stdout(&folder, &format!("train --train {name}.jsonl {options} -o {name}.tagger"));
        assert_eq!(
            stdout(&folder, &format!("tag --model {name}.tagger new.conll")),
            format!("Washington\t{tag}\nspoke\tO\n\n")
        );
    }
    // The other side has no entity.
    fails(&folder, "train --train person.jsonl --side source -o out.tagger", 1, "no entity to learn from");
}

#[test]
fn what_is_wrong_is_named() {
    let folder = files();
    std::fs::write(
        folder.path().join("overlap.jsonl"),
        r#"{"id":"s7","tokens":["a","b"],"entities":[{"start":0,"end":2,"label":"X"},{"start":1,"end":2,"label":"Y"}]}"#,
    )
    .unwrap();
    fails(&folder, "train --train none.conll -o out.tagger", 1, "none.conll");
    fails(&folder, "train --train raw.txt -o out.tagger", 1, "no entity to learn from");
    fails(
        &folder,
        "train --train train.conll --train overlap.jsonl -o out.tagger",
        1,
        "overlap.jsonl, sentence 1 “s7”: entity 1..2",
    );
    fails(&folder, "train --train train.conll --l1=-1 -o out.tagger", 2, "L1 and L2");
    fails(&folder, "train --train train.conll --names oops -o out.tagger", 2, "NAME=FILE");
    fails(&folder, "train --train train.conll --names A=no.txt -o out.tagger", 1, "no.txt");
    fails(&folder, "train --train train.conll -o no/out.tagger", 1, "no/out.tagger");
    fails(&folder, "train --train train.conll -o -", 2, "-o FILE");
    fails(&folder, "train --train - --dev - -o out.tagger", 2, "once only");
    fails(&folder, "train -o out.tagger", 2, "--train");
}

#[test]
fn help_has_an_example() {
    let help = stdout(&files(), "train --help");
    assert!(help.contains("xlner train --train en.train.conll --dev en.dev.conll -o en.tagger"));
}

#[test]
fn the_samples_are_learnt() {
    let folder = folder(&[]);
    let mut command = xlner(&folder, "train -o en.tagger --json");
    let output = command.arg("--train").arg(sample("en.conll")).assert().success().get_output().stdout.clone();
    let report: serde_json::Value = serde_json::from_slice(&output).unwrap();
    assert_eq!(report["train"]["sentences"], 66);
    let mut command = xlner(&folder, "tag --model en.tagger -o out.conll");
    command.arg(sample("en.conll")).assert().success();
    assert!(read(&folder, "out.conll").contains("B-PER"));
}

#[test]
fn real_data_is_learnt_from() {
    let Some(ewt) = shared("uner-en-ewt") else { return };
    let folder = folder(&[]);
    // A thousand sentences and few iterations: this is about the data being read and learnt from, not about figures.
    let text = std::fs::read_to_string(ewt.join("train.iob2")).unwrap();
    let part: String = text.split_inclusive("\n\n").take(1000).collect();
    std::fs::write(folder.path().join("train.iob2"), part).unwrap();
    let mut command = xlner(&folder, "train --train train.iob2 --iterations 30 -o en.tagger --json");
    let output = command.arg("--dev").arg(ewt.join("dev.iob2")).assert().success().get_output().stdout.clone();
    let report: serde_json::Value = serde_json::from_slice(&output).unwrap();
    assert!(report["dev"]["micro"]["f1"].as_f64().unwrap() > 0.3, "{report}");
}

#[test]
fn training_goes_on_from_a_tagger() {
    let folder = files();
    std::fs::write(folder.path().join("domain.conll"), "Acme\tB-ORG\nsells\tO\nshoes\tO\n").unwrap();
    stdout(&folder, "train --train train.conll -o general.tagger");
    let report = figures(
        &folder,
        "train --train domain.conll --init general.tagger --min-count 1 --dev dev.conll -o domain.tagger --json",
    );
    assert_eq!(report["dev"]["micro"]["f1"], 1.0, "what was learnt before is still known");
    assert_eq!(stdout(&folder, "tag --model domain.tagger domain.conll"), "Acme\tB-ORG\nsells\tO\nshoes\tO\n\n");
    fails(&folder, "train --train domain.conll --init general.tagger --raw raw.txt -o x", 2, "keeps its name lists");
    fails(&folder, "train --train domain.conll --init none.tagger -o x", 1, "none.tagger");
    stdout(&folder, "train --train domain.conll --init default -o default.tagger");
}
