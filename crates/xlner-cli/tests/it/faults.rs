//! The same fault has the same kind, text and exit code in every command that can meet it.

use predicates::prelude::*;
use tempfile::TempDir;

use crate::common::{folder, xlner};

/// Command lines with a place for a file of each kind: `{c}` columns, `{t}` plain text, `{j}` records of pairs, `{p}` links, `{b}`
/// bitext, `{x}` an aligner, `{m}` a tagger, `{w}` weights in TOML. What is written is called `out.…`.
const READERS: &[&str] = &[
    "project --source {c} --target it.txt -o out.conll",
    "project --source en.conll --target {t} -o out.conll",
    "project --pairs {j} -o out.jsonl",
    "project --source en.conll --target it.txt --alignment {p} -o out.conll",
    "project --source en.conll --target it.txt --bitext {b} -o out.conll",
    "project --source en.conll --target it.txt --dictionary {b} -o out.conll",
    "project --source en.conll --target it.txt --aligner {x} -o out.conll",
    "project --source en.conll --target it.txt --scores {w} -o out.conll",
    "project --source en.conll --target it.txt --decision {w} -o out.conll",
    "project --source en.conll --target it.txt --job {w} -o out.conll",
    "align --bitext {b} -o out.pharaoh",
    "align --source {t} --target it.txt -o out.pharaoh",
    "align --model {x} --bitext b.tsv -o out.pharaoh",
    "align --bitext b.tsv --dictionary {b} -o out.pharaoh",
    "align --forward {p} --reverse l.pharaoh -o out.pharaoh",
    "align --forward l.pharaoh --reverse {p} -o out.pharaoh",
    "tag --model {m} it.txt -o out.conll",
    "tag --model capitals:PER {t} -o out.conll",
    "translate --engine lookup --model t.tsv --from it --to en {t} -o out.txt",
    "translate --engine lookup --model {b} --from it --to en it.txt -o out.txt",
    "label --from it --via en --engine lookup --model t.tsv --tagger capitals:PER {t} -o out.conll",
    "label --from it --via en --engine lookup --model t.tsv --tagger {m} it.txt -o out.conll",
    "transfer --to it --translations {t} --source en.conll -o out.conll",
    "transfer --to it --translations it.txt --source {c} -o out.conll",
    "ensemble {c} en.conll -o out.conll",
    "ensemble en.conll {c} -o out.conll",
    "ensemble en.conll en.conll --weights {w} -o out.conll",
    "train --train {c} --model-type crf -o out.tagger",
    "train --train en.conll --dev {c} --model-type crf -o out.tagger",
    "train --train en.conll --raw {t} --model-type crf -o out.tagger",
    "train --train en.conll --names PER={t} --model-type crf -o out.tagger",
    "train --train en.conll --init {m} --model-type crf -o out.tagger",
    "self-train --pairs {j} -o out.tagger",
    "eval --gold {c} --pred en.conll",
    "eval --gold en.conll --pred {c}",
    "eval --gold-alignment {p} --alignment l.pharaoh",
    "eval --gold-alignment l.pharaoh --alignment {p}",
    "report --pairs {j} -o out.html",
    "report --gold {c} --pred en.conll -o out.html",
    "report --gold en.conll --pred {c} -o out.html",
    "report --pairs dev.jsonl --alignment {p} -o out.html",
    "convert {c} -o out.jsonl",
    "convert --source {c} --target it.txt -o out.jsonl",
    "convert --source en.conll --target {t} -o out.jsonl",
    "convert --source en.conll --target it.txt --alignment {p} -o out.jsonl",
    "tune decision --pairs {j} -o out.decision",
    "tune scores --pairs {j} --scores span=1,string=1 -o out.toml",
    "tune scores --pairs dev.jsonl --gold {c} --scores span=1,string=1 -o out.toml",
    "tune ensemble {c} en.conll --gold en.conll -o out.toml",
    "tune ensemble en.conll en.conll --gold {c} -o out.toml",
    "experiment {w}",
];

/// The places, and the endings of their files.
const PLACES: [(&str, &str); 8] = [
    ("{c}", "conll"),
    ("{t}", "txt"),
    ("{j}", "jsonl"),
    ("{p}", "pharaoh"),
    ("{b}", "tsv"),
    ("{x}", "xla"),
    ("{m}", "tagger"),
    ("{w}", "toml"),
];

fn files() -> TempDir {
    let record = |source: &str, target: &str, end: usize| {
        let tokens = |text: &str| text.split(' ').map(|token| format!("\"{token}\"")).collect::<Vec<_>>().join(",");
        format!(
            "{{\"source\":{{\"tokens\":[{}],\"entities\":[{{\"start\":0,\"end\":1,\"label\":\"PER\"}}]}},\
             \"target\":{{\"tokens\":[{}]}},\"gold\":[{{\"start\":0,\"end\":{end},\"label\":\"PER\"}}]}}\n",
            tokens(source),
            tokens(target)
        )
    };
    let dev = record("Anna lives in Rome", "Anna vive a Roma", 1) + &record("Bob left", "Bob parti", 1);
    folder(&[
        ("en.conll", b"Anna\tB-PER\nlives\tO\nin\tO\nRome\tB-LOC\n\nBob\tB-PER\nleft\tO\n"),
        ("it.txt", b"Anna vive a Roma\nBob parti\n"),
        ("b.tsv", b"Anna lives in Rome\tAnna vive a Roma\nBob left\tBob parti\n"),
        ("t.tsv", b"Anna vive a Roma\tAnna lives in Rome\nBob parti\tBob left\n"),
        ("l.pharaoh", b"0-0 1-1 2-2 3-3\n0-0 1-1\n"),
        ("dev.jsonl", dev.as_bytes()),
    ])
}

/// Every command that reads such a file, with that file in its place.
fn readers(places: &[&str], name: impl Fn(&str) -> String) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for line in READERS {
        for (place, ending) in PLACES.iter().filter(|(place, _)| places.contains(place)) {
            if line.contains(place) {
                let name = name(ending);
                lines.push((line.replace(place, &name), name));
            }
        }
    }
    assert!(!lines.is_empty());
    lines
}

/// Fails with this exit code and text, says nothing on standard output, and leaves no output.
fn fails(folder: &TempDir, line: &str, code: i32, text: &str) {
    let one = predicate::function(|said: &str| said.lines().filter(|line| line.starts_with("error: ")).count() == 1);
    let text = predicate::str::contains(format!("error: {text}"));
    let no_panic = predicate::str::contains("panicked").not();
    xlner(folder, line).assert().code(code).stdout("").stderr(text.and(one).and(no_panic));
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = names.filter(|name| name.to_string_lossy().starts_with("out.")).collect();
    assert!(left.is_empty(), "{line}: {left:?}");
}

const ALL: [&str; 8] = ["{c}", "{t}", "{j}", "{p}", "{b}", "{x}", "{m}", "{w}"];

#[test]
fn a_file_that_is_not_there() {
    let folder = files();
    for (line, name) in readers(&ALL, |ending| format!("nowhere.{ending}")) {
        fails(&folder, &line, 1, &format!("{name}: cannot open: No such file or directory"));
    }
}

#[test]
fn a_folder_where_a_file_is_wanted() {
    let folder = files();
    std::fs::create_dir(folder.path().join("dir")).unwrap();
    for (line, _) in readers(&["{c}", "{t}", "{j}", "{p}", "{b}"], |_| "dir".to_owned()) {
        fails(&folder, &line, 1, "dir: this is a folder; give a file");
    }
}

#[test]
fn bytes_that_are_not_utf8() {
    let folder = files();
    for (_, ending) in PLACES {
        std::fs::write(folder.path().join(format!("bad.{ending}")), b"\xff\xff\n").unwrap();
    }
    for (line, name) in readers(&["{c}", "{t}", "{j}", "{p}", "{b}"], |ending| format!("bad.{ending}")) {
        // Its table is a model; the line stands after a colon.
        if line.contains("lookup --model bad") {
            continue;
        }
        fails(&folder, &line, 1, &format!("{name}, line 1: byte 1 of the line is not UTF-8"));
    }
}

#[test]
fn a_file_of_another_length() {
    let folder = files();
    for (name, content) in [
        ("short.conll", "Anna\tB-PER\nlives\tO\nin\tO\nRome\tB-LOC\n"),
        ("short.txt", "Anna vive a Roma\n"),
        ("short.pharaoh", "0-0\n"),
    ] {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    // These read one file, or want the tokens of the target.
    let alone = ["tag ", "translate ", "label ", "train ", "convert short", "experiment ", "tune scores "];
    for (line, name) in readers(&["{c}", "{t}", "{p}"], |ending| format!("short.{ending}")) {
        if alone.iter().any(|command| line.starts_with(command)) {
            continue;
        }
        let noun = if name.ends_with("pharaoh") { "alignment" } else { "sentence" };
        let text = predicate::str::contains(format!("{name} holds 1 {noun}"))
            .and(predicate::str::contains("item n of one must belong to item n of the other"));
        xlner(&folder, &line).assert().code(1).stdout("").stderr(text);
    }
}

#[test]
fn an_output_that_cannot_be_written() {
    let folder = files();
    for line in READERS.iter().filter(|line| line.contains(" out.")) {
        let mut line = line.replace(" out.", " nowhere/out.");
        for (place, file) in
            [("{c}", "en.conll"), ("{t}", "it.txt"), ("{j}", "dev.jsonl"), ("{p}", "l.pharaoh"), ("{b}", "b.tsv")]
        {
            line = line.replace(place, file);
        }
        // The models and weights are not there; of the others each is met.
        if !line.contains('{') && !line.starts_with("report --pairs") && !line.contains("--gold en.conll --scores") {
            let name = line.split(' ').find(|word| word.starts_with("nowhere/")).unwrap();
            fails(&folder, &line, 1, &format!("{name}: cannot open: there is no folder nowhere"));
        }
    }
}

#[test]
fn a_sentence_of_too_many_tokens() {
    let folder = files();
    let pair = r#"{"source":{"tokens":["a","b","c","d","e","f"]},"target":{"tokens":["a"]}}"#;
    for (name, content) in
        [("long.conll", "a\tO\nb\tO\nc\tO\nd\tO\ne\tO\nf\tO\n"), ("long.txt", "a b c d e f\n"), ("long.jsonl", pair)]
    {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    for (line, name) in readers(&["{c}", "{t}", "{j}"], |ending| format!("long.{ending}")) {
        // Raw text and lists of names are no sentences.
        if !line.starts_with("train --train en.conll --raw") && !line.starts_with("train --train en.conll --names") {
            let line = format!("{line} --max-sentence-tokens 5");
            let at = if name.ends_with("conll") { 6 } else { 1 };
            fails(&folder, &line, 1, &format!("{name}, line {at}: a sentence of more than 5 tokens"));
        }
    }
}

#[test]
fn a_format_that_cannot_hold_it() {
    let folder = files();
    for (line, name) in [
        ("project --source en.conll --target it.txt -o out.pharaoh", "out.pharaoh"),
        ("align --bitext b.tsv -o out.conll", "out.conll"),
        ("align --forward l.pharaoh --reverse l.pharaoh -o out.txt", "out.txt"),
        ("tag --model capitals:PER it.txt -o out.pharaoh", "out.pharaoh"),
        ("translate --engine lookup --model t.tsv --from it --to en it.txt -o out.pharaoh", "out.pharaoh"),
        ("label --from it --via en --engine lookup --model t.tsv --tagger capitals:PER it.txt -o out.txt", "out.txt"),
        ("transfer --to it --translations it.txt --source en.conll -o out.txt", "out.txt"),
        ("ensemble en.conll en.conll -o out.pharaoh", "out.pharaoh"),
    ] {
        fails(&folder, line, 2, &format!("{name}: format "));
    }
    for line in [
        "project --pairs l.pharaoh -o out.jsonl",
        "tag --model capitals:PER l.pharaoh -o out.conll",
        "report --pairs l.pharaoh -o out.html",
        "self-train --pairs l.pharaoh -o out.tagger",
        "tune decision --pairs l.pharaoh -o out.decision",
        "tune scores --pairs l.pharaoh --scores span=1,string=1 -o out.toml",
        "ensemble l.pharaoh en.conll -o out.conll",
        "eval --gold l.pharaoh --pred en.conll",
    ] {
        fails(&folder, line, 1, "l.pharaoh: ");
    }
}

#[test]
fn weights_that_are_none() {
    let folder = files();
    std::fs::write(folder.path().join("bad.toml"), "voters = 1\n").unwrap();
    for line in [
        "project --source en.conll --target it.txt --scores bad.toml -o out.conll",
        "project --source en.conll --target it.txt --decision bad.toml -o out.conll",
        "ensemble en.conll en.conll --weights bad.toml -o out.conll",
    ] {
        fails(&folder, line, 1, "bad.toml: ");
    }
}

#[test]
fn an_output_that_is_an_input() {
    let folder = files();
    for (line, name) in [
        ("project --source en.conll --target it.txt -o en.conll", "en.conll"),
        ("align --bitext b.tsv -o b.tsv", "b.tsv"),
        ("align --forward l.pharaoh --reverse l.pharaoh -o l.pharaoh", "l.pharaoh"),
        ("tag --model capitals:PER it.txt -o it.txt", "it.txt"),
        ("translate --engine lookup --model t.tsv --from it --to en it.txt -o it.txt", "it.txt"),
        ("label --from it --via en --engine lookup --model t.tsv --tagger capitals:PER it.txt -o t.tsv", "t.tsv"),
        ("transfer --to it --translations it.txt --source en.conll -o it.txt", "it.txt"),
        ("ensemble en.conll en.conll -o en.conll", "en.conll"),
        ("train --train en.conll --model-type crf -o en.conll", "en.conll"),
        ("self-train --pairs dev.jsonl -o dev.jsonl", "dev.jsonl"),
        ("eval --gold en.conll --pred en.conll -o en.conll", "en.conll"),
        ("report --pairs dev.jsonl -o dev.jsonl", "dev.jsonl"),
        ("convert en.conll -o en.conll", "en.conll"),
        ("tune decision --pairs dev.jsonl -o dev.jsonl", "dev.jsonl"),
        ("tune scores --pairs dev.jsonl --scores span=1,string=1 -o dev.jsonl", "dev.jsonl"),
        ("tune ensemble en.conll en.conll --gold en.conll -o en.conll", "en.conll"),
    ] {
        let before = std::fs::read(folder.path().join(name)).unwrap();
        fails(&folder, line, 2, &format!("{name} is "));
        assert_eq!(std::fs::read(folder.path().join(name)).unwrap(), before, "{line}");
    }
}

#[test]
fn standard_input_given_twice() {
    let folder = files();
    for line in [
        "project --source - --target - -o out.conll",
        "project --pairs - --alignment - -o out.jsonl",
        "eval --gold - --pred -",
        "eval --gold-alignment - --alignment -",
        "ensemble - - -o out.conll",
        "convert --source - --target - -o out.jsonl",
    ] {
        fails(&folder, line, 2, "standard input (-) can be read once only");
    }
}

#[test]
fn names_that_tell_no_format_get_the_usual_one() {
    let folder = files();
    for (line, usual, other) in [
        ("project --source en.conll --target it.txt", "Anna\t", "{\"source\""),
        ("project --pairs dev.jsonl", "{\"source\"", "{\"source\""),
        ("align --bitext b.tsv", "", "{\"source\""),
        ("tag --model capitals:PER it.txt", "Anna\t", "{\"text\""),
        ("translate --engine lookup --model t.tsv --from it --to en it.txt", "Anna lives", "{\"source\""),
        (
            "label --from it --via en --engine lookup --model t.tsv --tagger capitals:PER it.txt",
            "Anna\t",
            "{\"source\"",
        ),
        ("transfer --to it --translations it.txt --source en.conll", "Anna\t", "{\"source\""),
        ("ensemble en.conll en.conll", "Anna\t", "{\"tokens\""),
        ("convert en.conll", "Anna\t", "{\"tokens\""),
        ("convert dev.jsonl", "{\"source\"", "{\"source\""),
        ("convert l.pharaoh", "0-0 ", ""),
    ] {
        xlner(&folder, &format!("{line} -o /dev/null")).assert().success().stdout("");
        xlner(&folder, &format!("{line} -o out.xyz")).assert().success().stdout("");
        let written = std::fs::read_to_string(folder.path().join("out.xyz")).unwrap();
        assert!(written.starts_with(usual), "{line}: {written}");
        if !other.is_empty() {
            xlner(&folder, &format!("{line} -o out.xyz --to-format jsonl")).assert().success();
            let written = std::fs::read_to_string(folder.path().join("out.xyz")).unwrap();
            assert!(written.starts_with("{\""), "{line}: {written}");
        }
    }
}
