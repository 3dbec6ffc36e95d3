//! `xlner convert`.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use predicates::prelude::*;

const CONLL: &str = "-DOCSTART- -X- O O\n\nObama NNP B-NP B-PER\nvisited VBD B-VP O\nNew NNP B-NP B-GPE\nYork NNP I-NP I-GPE\n. . O O\n\nYes UH O O\n";

struct Folder(tempfile::TempDir);

impl Folder {
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs::write(folder.path().join(name), content).unwrap();
        }
        Folder(folder)
    }

    fn convert(&self, arguments: &str) -> Command {
        let mut command = Command::cargo_bin("xlner").unwrap();
        command.current_dir(self.0.path()).arg("convert").args(arguments.split(' ')).env("NO_COLOR", "1");
        command
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap()
    }

    fn names(&self) -> Vec<PathBuf> {
        let mut names: Vec<_> = fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        names.into_iter().map(|path| Path::new(path.file_name().unwrap()).to_owned()).collect()
    }
}

fn stdout(command: &mut Command) -> String {
    String::from_utf8(command.assert().success().get_output().stdout.clone()).unwrap()
}

#[test]
fn every_sentence_format() {
    let folder = Folder::with(&[("a.conll03", CONLL)]);
    for format in ["conll", "conll2003", "uner", "conllu", "text", "jsonl", "hf", "label-studio", "doccano", "spacy"] {
        let output = stdout(&mut folder.convert(&format!("a.conll03 --to-format {format}")));
        insta::assert_snapshot!(format!("sentences_{format}"), output);
    }
    insta::assert_snapshot!("sentences_panx", stdout(&mut folder.convert("a.conll03 --to-format panx --lang en")));
    folder.convert("a.conll03 -o a.ann").assert().success();
    insta::assert_snapshot!("sentences_brat", format!("{}---\n{}", folder.read("a.txt"), folder.read("a.ann")));
}

#[test]
fn schemes_labels_and_repairs() {
    let folder = Folder::with(&[("a.conll", "New\tI-GPE\nYork\tI-GPE\n3\tB-DATE\nMay\tI-DATE\nRome\tB-LOC\n")]);
    folder
        .convert("a.conll --from-scheme iob2 --to-scheme bilou --map GPE=LOC --ignore DATE --to-format conll")
        .assert()
        .success()
        .stdout("New\tB-LOC\nYork\tL-LOC\n3\tO\nMay\tO\nRome\tU-LOC\n\n")
        .stderr(
            predicate::str::contains("tags that break the rules of their scheme")
                .and(predicate::str::contains(": 1 (first: "))
                .and(predicate::str::contains("1 entity dropped")),
        );
    folder.convert("a.conll --to-format conll --quiet").assert().success().stderr("");
}

#[test]
fn pairs_and_their_sides() {
    let record = r#"{"id":"s1","source":{"tokens":["Obama"],"entities":[{"start":0,"end":1,"label":"PER"}]},"target":{"text":"Obama."},"alignment":[[0,0]],"note":[1]}"#;
    let folder = Folder::with(&[("a.jsonl", record)]);
    let target = stdout(&mut folder.convert("a.jsonl --side target --to-format conll"));
    assert_eq!(target, "Obama\tO\n.\tO\n\n");
    assert_eq!(stdout(&mut folder.convert("a.jsonl --to-format bitext")), "Obama ||| Obama.\n");
    assert_eq!(stdout(&mut folder.convert("a.jsonl --to-format tsv")), "Obama\tObama.\n");
    assert_eq!(stdout(&mut folder.convert("a.jsonl --to-format pharaoh")), "0-0\n");
    assert!(stdout(&mut folder.convert("a.jsonl --to-format jsonl")).contains(r#""note":[1]"#));
    folder
        .convert("a.jsonl --to-format conll")
        .assert()
        .code(2)
        .stderr(predicate::str::contains("choose one with --side"));
}

#[test]
fn gold_entities_of_records() {
    let record = |id: u32, gold: &str| {
        format!(
            r#"{{"id":"s{id}","source":{{"tokens":["a"]}},"target":{{"tokens":["x","y"],"entities":[{{"start":0,"end":1,"label":"ORG"}}]}}{gold}}}"#
        ) + "\n"
    };
    let gold = r#","gold":[{"start":1,"end":2,"label":"PER"}]"#;
    let pairs = [record(1, ""), record(2, gold)].concat();
    let folder = Folder::with(&[("a.jsonl", &pairs), ("b.jsonl", &record(1, gold)), ("a.conll", CONLL)]);
    assert_eq!(stdout(&mut folder.convert("b.jsonl --gold --side target --to-format conll")), "x\tO\ny\tB-PER\n\n");
    let whole = stdout(&mut folder.convert("b.jsonl --gold --to-format jsonl"));
    assert!(whole.contains(r#""label":"PER""#) && !whole.contains("ORG"), "{whole}");
    // What --skip leaves out needs no gold.
    let skipped = stdout(&mut folder.convert("a.jsonl --gold --side target --skip 1 --to-format jsonl"));
    assert!(skipped.contains(r#""id":"s2""#) && skipped.contains("PER"), "{skipped}");
    for (arguments, code, message) in [
        ("a.jsonl --gold --side target", 1, "a.jsonl, record 1 “s1”: there is no field `gold`"),
        ("a.jsonl --gold", 1, "a.jsonl, record 1 “s1”: there is no field `gold`"),
        ("b.jsonl --gold --side source", 2, "--gold is about the target"),
        ("a.conll --gold", 2, "--gold is for records of pairs"),
    ] {
        let mut command = folder.convert(&format!("{arguments} -o out.jsonl"));
        command.assert().code(code).stderr(predicate::str::contains(message));
    }
    assert_eq!(folder.names(), ["a.conll", "a.jsonl", "b.jsonl"].map(PathBuf::from));
}

#[test]
fn files_are_joined_to_pairs() {
    let source = "Obama\tB-PER\n\n# sentence without tokens\n\nYes\tO\n";
    let folder = Folder::with(&[("a.conll", source), ("b.txt", "Obama\n\nJa\n"), ("l.pharaoh", "0-0\n\n0-0\n")]);
    let pairs =
        stdout(&mut folder.convert(
            "--source a.conll --target b.txt --alignment l.pharaoh --to-format jsonl --lang en --target-lang de",
        ));
    insta::assert_snapshot!(pairs);
    fs::write(folder.0.path().join("b.txt"), "Obama\n\n").unwrap();
    folder
        .convert("--source a.conll --target b.txt -o pairs.jsonl")
        .assert()
        .code(1)
        .stderr(predicate::str::contains("a.conll holds 3 sentences, b.txt holds 2 sentences"));
    assert!(!folder.names().contains(&"pairs.jsonl".into()));
}

#[test]
fn alignments() {
    let folder = Folder::with(&[("g.naacl", "1 1 1 S\n1 2 1 P\n3 1 1\n")]);
    assert_eq!(stdout(&mut folder.convert("g.naacl --to-format pharaoh")), "0-0 1?0\n\n0-0\n");
    assert_eq!(stdout(&mut folder.convert("g.naacl --to-format pharaoh --to-one-based")), "1-1 2?1\n\n1-1\n");
    folder.convert("g.naacl --to-format conll").assert().code(2);
}

#[test]
fn compressed_files_and_standard_input() {
    let folder = Folder::with(&[("a.conll", CONLL)]);
    folder.convert("a.conll -o b.jsonl.gz").assert().success();
    folder.convert("b.jsonl.gz -o c.iob2.zst").assert().success();
    folder
        .convert("- --from-format conll --to-format text")
        .write_stdin("a O\r\nb B-X\r\n")
        .assert()
        .success()
        .stdout("a b\n");
    assert_eq!(stdout(&mut folder.convert("c.iob2.zst --to-format text")), "Obama visited New York .\nYes\n");
}

#[test]
fn label_lists() {
    let rows = r#"{"tokens":["Obama","spoke"],"ner_tags":[1,0]}"#;
    let folder = Folder::with(&[("a.jsonl", rows)]);
    assert_eq!(
        stdout(&mut folder.convert("a.jsonl --labels O,B-PER,I-PER --to-format conll")),
        "Obama\tB-PER\nspoke\tO\n\n"
    );
    let back = "a.jsonl --labels O,B-PER --to-labels B-PER,O --to-format hf";
    assert_eq!(stdout(&mut folder.convert(back)), "{\"tokens\":[\"Obama\",\"spoke\"],\"ner_tags\":[0,1]}\n");
    folder
        .convert("a.jsonl --to-format conll")
        .assert()
        .code(1)
        .stderr(predicate::str::contains("a.jsonl, line 1: tag id 1").and(predicate::str::contains("--labels")));
}

/// Each hostile input ends with one error that names file, line and cure, and leaves nothing behind.
#[test]
fn hostile_inputs() {
    for (name, content, expected) in [
        (
            "a.conll",
            &b"a\tO\nb\xff\tO\n"[..],
            "a.conll, line 2: byte 2 of the line is not UTF-8; convert the file first",
        ),
        ("a.conll", b"a\tO\nb\tO\nc O\n", "a.conll, line 3: 1 column instead of 2"),
        ("a.conll", b"just\nwords\n", "a.conll, line 1: no column of tags"),
        ("a.conll", b"a B-X B-Y\nb O O\n", "a.conll: columns 2, 3 all look like tags; choose one with --tag-column"),
        ("a.conll", b"\xff\xfea\0", "a.conll: the file is UTF-16"),
        ("a.jsonl", b"{\"tokens\":[\"a\"]}\n{\"tokens\":", "a.jsonl, line 2: not a record of a sentence: EOF"),
        (
            "a.jsonl",
            b"{\"id\":\"x\",\"tokens\":[\"a\"],\"entities\":[{\"start\":0,\"end\":2,\"label\":\"X\"}]}",
            "a.jsonl, line 1, record “x”: ",
        ),
        ("a.jsonl", b"[1]", "a.jsonl, line 1: not a record: "),
        ("a.json", b"[{\"text\":\"a\",\"ents\":[]}", "the file is cut off"),
        (
            "a.json",
            b"[{\"text\":\"ab\",\"ents\":[{\"start\":0,\"end\":9,\"label\":\"X\"}]}]",
            "annotation 0..9 (X) does not lie in its text",
        ),
        ("a.txt.gz", b"plain", "a.txt.gz: the name says gzip, but the content is not"),
        ("a.conll.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b", "the gzip data is damaged or cut off"),
        ("a.xyz", b"", "a.xyz: the name does not tell the format; give it (--from-format)"),
        ("a.ann", b"T1\tPER 0 5\tObama\n", "a.txt: cannot open"),
    ] {
        let folder = Folder::with(&[]);
        fs::write(folder.0.path().join(name), content).unwrap();
        folder
            .convert(&format!("{name} -o out.conll"))
            .assert()
            .code(1)
            .stderr(predicate::str::contains(expected).and(predicate::str::contains("panicked").not()));
        assert_eq!(folder.names(), [PathBuf::from(name)]);
    }
    let folder = Folder::with(&[("a.pharaoh", "0-0\n0:1\n")]);
    folder
        .convert("a.pharaoh -o b.pharaoh")
        .assert()
        .code(1)
        .stderr(predicate::str::contains("a.pharaoh, line 2: “0:1” is not a link (`i-j`"));
    let folder = Folder::with(&[("a.tsv", "a\tb\na\tb\tc\n")]);
    folder
        .convert("a.tsv -o b.jsonl")
        .assert()
        .code(1)
        .stderr(predicate::str::contains("a.tsv, line 2: 3 columns instead of 2"));
}

#[test]
fn what_a_format_cannot_hold_is_refused_with_its_record() {
    let overlapping =
        r#"{"id":"x","tokens":["a","b"],"entities":[{"start":0,"end":2,"label":"X"},{"start":1,"end":2,"label":"Y"}]}"#;
    let folder = Folder::with(&[("a.jsonl", overlapping), ("b.jsonl", r#"{"id":"y","text":"a\nb"}"#)]);
    folder
        .convert("a.jsonl -o a.conll")
        .assert()
        .code(1)
        .stderr(predicate::str::contains("record “x”").and(predicate::str::contains("overlap")));
    assert_eq!(stdout(&mut folder.convert("a.jsonl --to-format conll --overlaps longest")), "a\tB-X\nb\tI-X\n\n");
    folder.convert("b.jsonl -o b.txt").assert().code(1).stderr(predicate::str::contains("record “y”"));
    assert_eq!(folder.names(), ["a.jsonl", "b.jsonl"].map(PathBuf::from));
}

#[test]
fn help_has_examples() {
    let folder = Folder::with(&[]);
    folder.convert("--help").assert().success().stdout(predicate::str::contains("xlner convert en.conll -o en.jsonl"));
    folder.convert("--to-scheme iob2").assert().code(2);
}

/// Three records, of which the second has no entity.
const SURE: &str = r#"{"id":"a","source":{"tokens":["x"]},"target":{"tokens":["A"],"entities":[{"start":0,"end":1,"label":"PER","probability":0.9,"margin":0.1}]}}
{"id":"b","source":{"tokens":["x"]},"target":{"tokens":["b"]}}
{"id":"c","source":{"tokens":["x"]},"target":{"tokens":["C","D"],"entities":[{"start":0,"end":1,"label":"PER","probability":0.95},{"start":1,"end":2,"label":"LOC","probability":0.2,"margin":3}]}}
"#;

#[test]
fn what_to_check_first() {
    let folder = Folder::with(&[("a.jsonl", SURE)]);
    let order = |flags: &str| {
        let text = stdout(&mut folder.convert(&format!("a.jsonl {flags}")));
        let records = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        records.map(|record| record["id"].as_str().unwrap().to_owned()).collect::<String>()
    };
    assert_eq!(order("--to-format jsonl"), "abc");
    assert_eq!(order("--sort probability"), "cab");
    assert_eq!(order("--sort margin"), "acb");
    assert_eq!(order("--min-probability 0.5"), "ab");
    assert_eq!(order("--max-probability 0.5"), "c");
    assert_eq!(order("--min-probability 0.1 --max-probability 0.95 --sort probability"), "ca");
    let side = stdout(&mut folder.convert("a.jsonl --side target --sort probability --limit 3"));
    assert!(side.starts_with("C\tB-PER"), "{side}");
    let told = predicate::str::contains("2 items left out for the probability of their entities")
        .and(predicate::str::contains("1 pair, 2 entities"));
    folder.convert("a.jsonl --max-probability 0.5 -o b.jsonl").assert().success().stderr(told);
}

#[test]
fn what_cannot_be_sorted_is_told() {
    let gold = r#"{"tokens":["A"],"entities":[{"start":0,"end":1,"label":"PER"}]}"#;
    let folder = Folder::with(&[("g.jsonl", gold), ("a.jsonl", SURE), ("l.pharaoh", "0-0\n")]);
    for (flags, code, message) in [
        ("g.jsonl --sort margin -o out.jsonl", 1, "g.jsonl: no entity has a margin"),
        ("g.jsonl --max-probability 0.5 -o out.jsonl", 1, "g.jsonl: no entity has a probability"),
        ("a.jsonl --min-probability 1.5 -o out.jsonl", 2, "from 0 to 1"),
        ("a.jsonl --sort length -o out.jsonl", 2, "probability, margin"),
        ("l.pharaoh --sort margin -o out.pharaoh", 2, "alignments"),
    ] {
        folder.convert(flags).assert().code(code).stderr(predicate::str::contains(message));
        assert!(!folder.names().iter().any(|name| name.starts_with("out.jsonl") || name.starts_with("out.pharaoh")));
    }
}

#[test]
fn a_summary_says_what_was_written() {
    let folder = Folder::with(&[("a.conll03", CONLL), ("l.pharaoh", "0-0\n0-0 1-1\n")]);
    let said = |arguments: &str, line: &str| {
        folder.convert(arguments).assert().success().stderr(predicate::str::contains(line.to_owned()));
    };
    said("a.conll03 -o b.jsonl", "2 sentences, 2 entities");
    said("l.pharaoh -o l.naacl", "2 alignments");
    folder.convert("--quiet a.conll03 -o c.jsonl").assert().success().stderr("");
}
