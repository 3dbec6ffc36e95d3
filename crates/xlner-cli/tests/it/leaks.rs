//! Gold tags of the target never speak for a tagger, whatever the command and however the files come.

use crate::common::{fails, folder, read, sample, stdout, xlner};
use predicates::prelude::*;
use tempfile::TempDir;

const ASKS: [&str; 3] = ["--scores tagger=1", "--scores span=1,tagger-any=0.5", "--candidates tagger"];

fn files() -> TempDir {
    let text = |name: &str| std::fs::read(sample(name)).unwrap();
    folder(&[("en.conll", &text("en.conll")), ("sw.conll", &text("sw.conll"))])
}

#[test]
fn tags_of_translations_do_not_speak_in_transfer() {
    let folder = files();
    for asks in ASKS {
        let arguments =
            format!("transfer --source en.conll --from en --to sw --translations sw.conll {asks} -o out.conll");
        fails(&folder, &arguments, 2, "give --target-tagger");
    }
}

#[test]
fn tags_of_the_text_do_not_speak_in_label() {
    let folder = files();
    for asks in ASKS {
        let arguments = format!("label sw.conll --from sw --via en --translations en.conll {asks} -o out.conll");
        fails(&folder, &arguments, 2, "give --target-tagger");
    }
}

#[test]
fn tags_do_not_speak_in_records_made_of_the_files() {
    let folder = files();
    stdout(&folder, "convert --source en.conll --target sw.conll -o pairs.jsonl");
    for asks in ASKS {
        fails(&folder, &format!("project --pairs pairs.jsonl {asks} -o out.jsonl"), 1, "say --target-tags tagger");
    }
}

#[test]
fn tags_do_not_speak_where_weights_are_learnt() {
    let folder = files();
    stdout(&folder, "convert --source en.conll --target sw.conll -o pairs.jsonl");
    let records: String =
        read(&folder, "pairs.jsonl").lines().map(|line| line.replacen('{', "{\"gold\":[],", 1) + "\n").collect();
    std::fs::write(folder.path().join("dev.jsonl"), records).unwrap();
    xlner(&folder, "tune scores --pairs dev.jsonl --scores align=1,tagger=1 -o out.toml")
        .assert()
        .failure()
        .stderr(predicate::str::contains("tagger"));
    assert!(!folder.path().join("out.toml").exists());
}

#[test]
fn the_result_is_the_same_without_tags_and_the_figures_are_not_perfect() {
    let folder = files();
    let bare: String = read(&folder, "sw.conll")
        .lines()
        .map(|line| line.split_once('\t').map_or(String::new(), |(token, _)| format!("{token}\tO")) + "\n")
        .collect();
    std::fs::write(folder.path().join("bare.conll"), bare).unwrap();
    let project = |target: &str| {
        let figures =
            stdout(&folder, &format!("project --source en.conll --target {target} --gold sw.conll -o {target}.out"));
        (figures.lines().skip(1).map(str::to_owned).collect::<Vec<_>>(), read(&folder, &format!("{target}.out")))
    };
    let (figures, result) = project("sw.conll");
    assert_eq!((&figures, &result), (&project("bare.conll").0, &project("bare.conll").1));
    let micro = figures.iter().find(|line| line.starts_with("micro")).unwrap();
    assert!(!micro.contains("1.0000"), "{micro}");
}

#[test]
fn tags_that_are_a_tagger_s_are_counted_where_they_are_said_to_be() {
    let folder = files();
    let arguments = "project --source en.conll --target sw.conll --scores tagger=1 --target-tags tagger --report r.json -o out.conll";
    xlner(&folder, arguments)
        .assert()
        .success()
        .stderr(predicate::str::contains("159 entities of the target were taken"));
    assert!(read(&folder, "r.json").contains("\"target_tags\": 159"));
}
