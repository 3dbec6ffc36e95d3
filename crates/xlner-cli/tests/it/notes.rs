//! What is left out of the input: told on stderr and in reports, refused with `--strict`; errors that name the input and the cure.

use crate::common::{fails, folder, read, stdout, xlner};
use predicates::prelude::*;

const REJECTED: &[u8] = br#"{"text":"Oslo won.","spans":[],"answer":"reject"}
{"text":"Bern won.","spans":[{"start":0,"end":4,"label":"LOC"}],"answer":"accept"}
{"text":"Riga won.","spans":[],"answer":"reject"}
"#;

#[test]
fn what_is_left_out_is_told_once_for_each_kind() {
    let folder = folder(&[("in.jsonl", REJECTED)]);
    let told = "note: examples that their annotator rejected (answer: reject; left out): 2 (first: in.jsonl, line 1)\n";
    xlner(&folder, "convert in.jsonl -o out.jsonl").assert().success().stderr(predicate::str::contains(told));
    xlner(&folder, "--quiet convert in.jsonl -o out.jsonl").assert().success().stderr("");
}

#[test]
fn strict_refuses_what_would_be_left_out_or_repaired() {
    let folder = folder(&[("in.jsonl", REJECTED), ("in.conll", b"a\tO\nOslo\tI-LOC\nwon\tB-X\n\n")]);
    fails(
        &folder,
        "--strict convert in.jsonl -o out.jsonl",
        1,
        "in.jsonl, line 1: examples that their annotator rejected",
    );
    fails(&folder, "--strict convert in.conll --from-scheme iob2 -o out.jsonl", 1, "in.conll, line 1: tags that break");
}

#[test]
fn notes_stand_in_the_report() {
    let conll = b"EU NNP I-NP B-ORG\nsays VBZ I-VP O\n\n";
    let folder = folder(&[("s.conll", conll), ("t.conll", conll), ("a.out", b"0-0 1?1\n")]);
    xlner(&folder, "project --source s.conll --target t.conll --alignment a.out --report report.json -o out.conll")
        .assert()
        .success();
    let report: serde_json::Value = serde_json::from_str(&read(&folder, "report.json")).unwrap();
    assert_eq!(report["notes"][0]["kind"], "unread-columns");
    assert_eq!(report["notes"][0]["count"], 2);
    assert_eq!(report["notes"][0]["first"]["file"], "s.conll");
}

#[test]
fn convert_and_project_keep_possible_links_alike() {
    let sides: &[u8] = b"a\tB-X\nb\tO\nc\tO\n\n";
    let folder = folder(&[("s.conll", sides), ("t.conll", sides), ("a.talp", b"0-0 1?1 2-2:0.5\n")]);
    let links = r#""alignment":[[0,0],[1,1,1.0,"p"],[2,2,0.5]]"#;
    for command in ["convert", "project"] {
        let arguments =
            format!("{command} --source s.conll --target t.conll --alignment a.talp -o out.jsonl --to-format jsonl");
        xlner(&folder, &arguments).assert().success();
        assert!(read(&folder, "out.jsonl").contains(links), "{command}: {}", read(&folder, "out.jsonl"));
    }
    let again = stdout(&folder, "convert out.jsonl --to-format pharaoh --probabilities");
    assert_eq!(again, "0-0 1?1 2-2:0.5\n");
}

#[test]
fn links_from_one_name_the_flag() {
    let sides: &[u8] = b"a\tB-X\nb\tO\nc\tO\n\n";
    let folder = folder(&[
        ("s.conll", sides),
        ("t.conll", sides),
        ("a.pharaoh", b"1-1 2-2 3-3\n"),
        ("b.pharaoh", b"1-1 1-2 2-2\n"),
    ]);
    for command in ["convert", "project"] {
        let with =
            |links: &str| format!("{command} --source s.conll --target t.conll --alignment {links} -o out.jsonl");
        fails(&folder, &with("a.pharaoh"), 1, "--one-based");
        xlner(&folder, &format!("{} --one-based", with("a.pharaoh"))).assert().success();
        xlner(&folder, &with("b.pharaoh"))
            .assert()
            .success()
            .stderr(predicate::str::contains("--one-based reads them so"));
        std::fs::remove_file(folder.path().join("out.jsonl")).unwrap();
    }
}

#[test]
fn overlaps_name_the_place_in_the_input_and_the_cure() {
    let overlapping = br#"{"id":9,"text":"Port of Oslo won.","label":[[0,12,"ORG"],[8,12,"LOC"]]}"#;
    let folder = folder(&[("in.jsonl", overlapping)]);
    fails(&folder, "convert in.jsonl -o out.conll", 1, "in.jsonl, line 1, record “9”: entities");
    fails(&folder, "convert in.jsonl -o out.conll", 1, "--overlaps longest");
    assert!(stdout(&folder, "convert in.jsonl --overlaps longest --to-format conll").starts_with("Port\tB-ORG\n"));
}

#[test]
fn numeric_ids_stay_numbers_by_every_route() {
    let side = br#"{"id":7,"tokens":["a"],"entities":[]}"#;
    let folder = folder(&[("s.jsonl", side), ("t.jsonl", side), ("a.pharaoh", b"0-0\n")]);
    for command in ["convert", "project"] {
        let arguments = format!("{command} --source s.jsonl --target t.jsonl --alignment a.pharaoh -o pairs.jsonl");
        xlner(&folder, &arguments).assert().success();
        assert!(read(&folder, "pairs.jsonl").starts_with(r#"{"id":7,"#), "{command}");
    }
    assert!(stdout(&folder, "convert pairs.jsonl --side target --to-format jsonl").contains(r#""id":7"#));
}

#[test]
fn label_studio_needs_a_configuration_which_is_told() {
    let folder = folder(&[("in.conll", b"Oslo\tB-LOC\n\n")]);
    let told = predicate::str::contains("<Label value=\"LOC\"/>");
    xlner(&folder, "convert in.conll -o out.json --to-format label-studio").assert().success().stderr(told);
    assert!(read(&folder, "out.json").contains("annotations"));
}
