//! `xlner eval`: tables, JSON, errors.

use assert_cmd::Command;
use predicates::prelude::*;
use tempfile::TempDir;

const GOLD: &str = "\
Angela\tB-PER\nMerkel\tI-PER\nvisited\tO\nNew\tB-LOC\nYork\tI-LOC\n.\tO\n
The\tO\nUN\tB-ORG\nsaid\tO\nso\tO\n
Nothing\tO\nhere\tO\n
";
/// A boundary wrong, a label wrong, an entity too many; `I-PER` begins one.
const PRED: &str = "\
Angela\tI-PER\nMerkel\tI-PER\nvisited\tO\nNew\tO\nYork\tB-LOC\n.\tO\n
The\tO\nUN\tB-LOC\nsaid\tO\nso\tO\n
Nothing\tO\nhere\tB-MISC\n
";

/// A folder with files, in which the command runs so that messages name the files as they are given here.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

fn eval(folder: &TempDir, arguments: &str) -> Command {
    let mut command = Command::cargo_bin("xlner").unwrap();
    command.current_dir(folder).env_remove("NO_COLOR").arg("eval").args(arguments.split_whitespace());
    command
}

fn stdout(folder: &TempDir, arguments: &str) -> String {
    let output = eval(folder, arguments).assert().success().get_output().clone();
    String::from_utf8(output.stdout).unwrap()
}

fn json(folder: &TempDir, arguments: &str) -> serde_json::Value {
    serde_json::from_str(&stdout(folder, &format!("{arguments} --json"))).unwrap()
}

fn fails(folder: &TempDir, arguments: &str, code: i32, message: &str) {
    let expected = predicate::str::contains(message.to_owned());
    eval(folder, arguments).assert().code(code).stdout("").stderr(expected);
}

#[test]
fn table_of_one_system() {
    let folder = folder(&[("gold.conll", GOLD), ("pred.conll", PRED)]);
    insta::assert_snapshot!(stdout(&folder, "--gold gold.conll --pred pred.conll"));
}

#[test]
fn json_of_one_system() {
    let folder = folder(&[("gold.conll", GOLD), ("pred.conll", PRED)]);
    insta::assert_snapshot!(stdout(&folder, "--gold gold.conll --pred pred.conll --json"));
}

#[test]
fn several_systems_are_compared() {
    let folder = folder(&[("gold.conll", GOLD), ("a.conll", GOLD), ("b.conll", PRED)]);
    let files = "--gold gold.conll --pred a.conll --pred b.conll";
    insta::assert_snapshot!("several_systems_table", stdout(&folder, files));
    let figures = json(&folder, files);
    assert_eq!(figures["systems"][0]["name"], "a.conll");
    assert_eq!(figures["systems"][0]["micro"]["f1"], 1.0);
    assert_eq!(figures["systems"][1]["micro"]["correct"], 1);
    let comparison = &figures["comparisons"][0];
    assert_eq!(comparison["systems"], serde_json::json!(["a.conll", "b.conll"]));
    let difference = 1.0 - figures["systems"][1]["micro"]["f1"].as_f64().unwrap();
    assert_eq!(comparison["f1_difference"].as_f64().unwrap(), difference);
    assert!((0.0..=1.0).contains(&comparison["p_value"].as_f64().unwrap()));
    assert_eq!(figures["systems"][0].get("signature"), None);
}

#[test]
fn the_same_seed_gives_the_same_bytes_with_any_number_of_threads() {
    let folder = folder(&[("gold.conll", GOLD), ("a.conll", GOLD), ("b.conll", PRED)]);
    let run = |threads| {
        stdout(&folder, &format!("--gold gold.conll --pred a.conll --pred b.conll --json --seed 5 --threads {threads}"))
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn labels_are_mapped_then_ignored() {
    let folder = folder(&[("gold.conll", GOLD), ("pred.conll", PRED)]);
    let figures = json(&folder, "--gold gold.conll --pred pred.conll --map ORG=LOC --ignore MISC,DATE");
    let types: Vec<&String> = figures["types"].as_object().unwrap().keys().collect();
    assert_eq!(types, ["LOC", "PER"]);
    assert_eq!(figures["micro"]["correct"], 2);
    assert_eq!(figures["micro"]["predicted"], 3);
    let signature = figures["signature"].as_str().unwrap();
    assert!(signature.contains("|labels:LOC,PER|ignore:DATE,MISC|map:ORG=LOC|"), "{signature}");
}

#[test]
fn strict_mode_counts_what_the_scheme_allows() {
    let folder = folder(&[("gold.conll", GOLD), ("pred.conll", PRED)]);
    let figures = json(&folder, "--gold gold.conll --pred pred.conll --mode strict --bootstrap 0");
    assert_eq!(figures["micro"]["predicted"], 3); // the PER without `B-PER` is none
    assert_eq!(figures["micro"]["correct"], 0);
    assert_eq!(figures.get("ci95"), None);
    assert!(
        figures["signature"]
            .as_str()
            .unwrap()
            .starts_with("xlner-eval|mode:strict|scheme:iob2|labels:LOC,MISC,ORG,PER|version:")
    );
    fails(
        &folder,
        "--gold gold.conll --pred pred.conll --mode strict --scheme ioe2",
        1,
        "gold.conll, sentence at line 1, token 1 (“Angela”): tag “B-PER” is not part of scheme ioe2",
    );
}

#[test]
fn records_and_columns_can_be_mixed() {
    let pair = |gold: &str, predicted: &str| {
        format!(
            r#"{{"id":"s1","source":{{"text":"x"}},"target":{{"tokens":["Angela","Merkel","sprach"],"entities":[{predicted}]}}{gold}}}"#
        )
    };
    let entity = r#"{"start":0,"end":2,"label":"PER"}"#;
    let folder = folder(&[
        ("gold.jsonl", &pair(&format!(r#","gold":[{entity}]"#), "")),
        ("projected.jsonl", &pair("", entity)),
        ("sentences.jsonl", &format!(r#"{{"tokens":["Angela","Merkel","sprach"],"entities":[{entity}]}}"#)),
        ("iob1.conll", "Angela I-PER\nMerkel I-PER\nsprach O\n"),
    ]);
    for pred in ["projected.jsonl", "sentences.jsonl", "iob1.conll"] {
        let figures = json(&folder, &format!("--gold gold.jsonl --pred {pred}"));
        assert_eq!(figures["micro"]["f1"], 1.0, "{pred}");
        assert_eq!(figures["token_accuracy"], 1.0, "{pred}");
        assert_eq!(figures["repaired"]["predicted"], 0, "{pred}");
    }
    let figures = json(&folder, "--gold gold.jsonl --pred gold.jsonl");
    assert_eq!((&figures["micro"]["support"], &figures["micro"]["predicted"]), (&1.into(), &0.into()));
    let figures = json(&folder, "--gold iob1.conll --pred projected.jsonl");
    assert_eq!(figures["token_accuracy"], 1.0);
}

#[test]
fn one_file_may_hold_gold_and_prediction() {
    let folder = folder(&[("both.conll", "a B-X B-X\nb I-X O\n\nc O B-Y\n")]);
    let figures = json(&folder, "--gold both.conll --pred both.conll --gold-tag-column 2 --tag-column -1");
    assert_eq!((&figures["micro"]["support"], &figures["micro"]["predicted"]), (&1.into(), &2.into()));
    fails(&folder, "--gold both.conll --pred both.conll", 1, "both.conll: columns 2, 3 all look like tags");
}

#[test]
fn alignments() {
    let folder = folder(&[
        ("gold.pharaoh", "0-0 1-1 1?2 2p2\n\n"),
        ("a.pharaoh", "0-0 1-2 2-1 3-3\n\n"),
        ("b.pharaoh", "0-0 1-1\n\n"),
    ]);
    insta::assert_snapshot!(
        "alignment_json",
        stdout(&folder, "--gold-alignment gold.pharaoh --alignment a.pharaoh --json")
    );
    let files = "--gold-alignment gold.pharaoh --alignment a.pharaoh --alignment b.pharaoh";
    insta::assert_snapshot!("alignments_table", stdout(&folder, files));
    assert_eq!(json(&folder, files)["systems"][1]["aer"], 0.0);
}

#[test]
fn what_does_not_go_together_is_wrong_usage() {
    let folder = folder(&[("gold.conll", GOLD)]);
    for (arguments, message) in [
        ("", "--gold <FILE>|--gold-alignment <FILE>"),
        ("--gold gold.conll", "--pred"),
        ("--pred gold.conll", "--gold"),
        ("--gold gold.conll --pred gold.conll --gold-alignment x --alignment x", "cannot be used with"),
        ("--gold gold.conll --pred gold.conll --mode lax", "“lax” is not a mode"),
        ("--gold gold.conll --pred gold.conll --scheme iob3", "“iob3” is not a tag scheme"),
        ("--gold gold.conll --pred gold.conll --map GPE", "a mapping is FROM=TO"),
        ("--gold - --pred -", "standard input (-) can be read once only"),
    ] {
        fails(&folder, arguments, 2, message);
    }
}

#[test]
fn files_that_do_not_fit_are_named_with_the_line() {
    let folder = folder(&[
        ("gold.conll", GOLD),
        ("short.conll", "Angela B-PER\nMerkel I-PER\nvisited O\nNew O\nYork O\n. O\n\n"),
        ("tokens.conll", "Angela B-PER\nMerkel I-PER\nvisited O\n\nThe O\n"),
        ("junk.conll", "Angela B-PER\nMerkel X-PER\nvisited O\nNew B-LOC\nYork O\n. O\n\n"),
        ("untagged.conll", "Angela visited\nMerkel said\n"),
        ("empty.conll", ""),
        ("short.pharaoh", "0-0\n"),
        ("long.pharaoh", "0-0\n1-1\n"),
        ("bad.pharaoh", "0-0\n1_1\n"),
        (
            "overlap.jsonl",
            r#"{"id":"p7","source":{"text":"x"},"target":{"tokens":["a","b"],"entities":[{"start":0,"end":2,"label":"X"},{"start":1,"end":2,"label":"Y"}]}}"#,
        ),
        ("raw.jsonl", r#"{"id":"p8","source":{"text":"x"},"target":{"text":"y"}}"#),
    ]);
    for (arguments, message) in [
        (
            "--gold gold.conll --pred short.conll",
            "gold.conll holds 3 sentences, short.conll holds 1 sentence; item n of one",
        ),
        (
            "--gold short.conll --pred gold.conll",
            "short.conll holds 1 sentence, gold.conll holds 3 sentences; item n of one",
        ),
        (
            "--gold gold.conll --pred tokens.conll",
            "tokens.conll, sentence at line 1: 3 tokens, gold has 6 (gold.conll, sentence at line 1)",
        ),
        (
            "--gold gold.conll --pred junk.conll --tag-column 2",
            "junk.conll, sentence at line 1, token 2 (“Merkel”): “X-PER” is not a tag",
        ),
        ("--gold gold.conll --pred untagged.conll", "no column of tags"),
        ("--gold gold.conll --pred nowhere.conll", "nowhere.conll: cannot open"),
        ("--gold empty.conll --pred empty.conll", "empty.conll: there is no sentence"),
        (
            "--gold overlap.jsonl --pred overlap.jsonl",
            "overlap.jsonl, record 1 “p7”: entities 0..2 (X) and 1..2 (Y) overlap",
        ),
        ("--gold raw.jsonl --pred raw.jsonl", "raw.jsonl, record 1 “p8”: its sentence has no tokens"),
        (
            "--gold-alignment short.pharaoh --alignment long.pharaoh",
            "short.pharaoh holds 1 alignment, long.pharaoh holds 2 alignments",
        ),
        (
            "--gold-alignment long.pharaoh --alignment short.pharaoh",
            "long.pharaoh holds 2 alignments, short.pharaoh holds 1 alignment",
        ),
        ("--gold-alignment long.pharaoh --alignment bad.pharaoh", "bad.pharaoh, line 2: “1_1” is not a link"),
    ] {
        fails(&folder, arguments, 1, message);
    }
}

#[test]
fn other_tokens_are_remarked_upon() {
    let folder = folder(&[("gold.conll", GOLD), ("pred.conll", &PRED.replace("UN", "U.N."))]);
    let note = "note: pred.conll, sentence at line 8: other tokens than in gold.conll; such sentences: 1; the first that differs: \
                token 2, “U.N.”, in gold “UN”\n";
    eval(&folder, "--gold gold.conll --pred pred.conll").assert().success().stderr(note);
    eval(&folder, "--gold gold.conll --pred pred.conll --quiet").assert().success().stderr("");
}

#[test]
fn output_goes_to_a_file_without_colour() {
    let folder = folder(&[("gold.conll", GOLD), ("pred.conll", PRED)]);
    let files = "--gold gold.conll --pred pred.conll";
    eval(&folder, &format!("{files} -o out.txt --color always")).assert().success().stdout("");
    assert_eq!(std::fs::read_to_string(folder.path().join("out.txt")).unwrap(), stdout(&folder, files));
    let colored = stdout(&folder, &format!("{files} --color always"));
    assert!(colored.contains("\u{1b}[1mmicro"));
    assert_eq!(anstrip(&colored), stdout(&folder, files));
}

fn anstrip(text: &str) -> String {
    ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[2m"].iter().fold(text.to_owned(), |text, code| text.replace(code, ""))
}

#[test]
fn gold_data_is_perfect_against_itself() {
    let Some(gold) = xlner_testing::shared("europarl-ner/de-europarl.test.conll02") else { return };
    let folder = TempDir::new().unwrap();
    let figures = json(&folder, &format!("--gold {0} --pred {0} --mode strict", gold.display()));
    assert_eq!(figures["sentences"], 799);
    assert_eq!(figures["micro"]["f1"], 1.0);
    assert_eq!(figures["ci95"]["f1"], serde_json::json!([1.0, 1.0]));
}
