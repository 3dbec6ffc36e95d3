//! Files that do not belong together, and the cures that errors name.

use predicates::prelude::*;

use super::{moved, signs, silent, text};
use crate::common::{fails, folder, xlner};

#[test]
fn sides_that_are_no_translations_are_told_wherever_pairs_are_read() {
    let told = "is the target shifted by a line, shuffled, or another text?): 66 (first: ";
    let (en, sw, moved) = (text("en.conll"), text("sw.conll"), moved("sw.conll", 1));
    let lines = |text: &str| -> Vec<String> {
        let sentences = text.trim_end().split("\n\n");
        sentences
            .map(|one| one.lines().filter_map(|line| line.split('\t').next()).collect::<Vec<_>>().join(" "))
            .collect()
    };
    let tsv = |target: &str| -> String {
        lines(&en).iter().zip(lines(target)).map(|(source, target)| format!("{source}\t{target}\n")).collect()
    };
    let (wrong, right, plain) = (tsv(&moved), tsv(&sw), lines(&moved).join("\n") + "\n");
    let files = [
        ("en.conll", en.as_bytes()),
        ("t.conll", moved.as_bytes()),
        ("t.txt", plain.as_bytes()),
        ("b.tsv", wrong.as_bytes()),
        ("right.tsv", right.as_bytes()),
    ];
    for arguments in [
        "align --bitext b.tsv -o out.pharaoh",
        "align --source en.conll --target t.conll -o out.pharaoh",
        "align --bitext right.tsv --bitext b.tsv -o out.pharaoh",
        "align --rank en.conll --target t.conll",
        "convert --source en.conll --target t.conll -o out.jsonl",
        "transfer --to sw --translations t.txt --source en.conll -o out.conll",
        "label --from en --via sw --tagger default --translations t.txt en.conll -o out.conll",
    ] {
        signs(&files, arguments, told);
    }
    silent(&files, "align --bitext right.tsv -o out.pharaoh");
    let folder = folder(&files);
    xlner(&folder, "align --bitext right.tsv --save-model m.xla").assert().success();
    let again = xlner(&folder, "align --model m.xla --bitext - -o out.pharaoh").write_stdin(wrong.clone()).assert();
    again.success().stderr(predicate::str::contains(told));
}

#[test]
fn one_file_on_both_sides_is_told() {
    let en = text("en.conll");
    let files = [("en.conll", en.as_bytes())];
    for arguments in [
        "project --source en.conll --target en.conll -o out.conll",
        "align --source en.conll --target en.conll -o out.pharaoh",
    ] {
        signs(&files, arguments, "pairs whose sides are the same text, most of all");
    }
}

#[test]
fn the_right_cure_is_named() {
    let folder = folder(&[
        ("g.txt", b"Ada won\n"),
        ("p.conll", b"Ada\tB-PER\nwon\tO\n\n"),
        ("a.txt", b"Oslo Bank won.\n"),
        ("a.ann", b"T1\tPER 10 13\twon\nT2\tLOC 0 4\tOslo\nT3\tORG 0 9\tOslo Bank\n"),
        ("a.A3.final", b"x\n"),
        ("two.jsonl", br#"{"tokens":["Oslo","Bank"],"entities":[{"start":0,"end":1,"label":"LOC"},{"start":0,"end":2,"label":"ORG"}]}"#),
        ("in.txt", b"Ada sayu.\n"),
        ("t.tsv", b"Ada won.\tAda sayu.\n"),
    ]);
    fails(
        &folder,
        "eval --gold g.txt --pred p.conll",
        1,
        "g.txt: plain text has no entities; give the file with the tags",
    );
    fails(&folder, "convert a.ann -o out.conll", 1, "a.ann, line 3: entities");
    fails(&folder, "train --train two.jsonl -o m.tagger", 1, "--overlaps longest keeps the longer one");
    let project = "project --source p.conll --target p.conll --alignment a.A3.final -o out.conll";
    fails(&folder, project, 1, "--alignment-format");
    let label = "label --from sw --via en --engine lookup --model t.tsv in.txt -o out.conll";
    fails(&folder, label, 1, "is the table in the other direction?");
}

#[test]
fn label_sets_that_have_nothing_in_common_are_told_by_every_command() {
    let other = text("sw.conll")
        .replace("-PER", "-person")
        .replace("-LOC", "-place")
        .replace("-ORG", "-o")
        .replace("-MISC", "-m");
    let (en, sw) = (text("en.conll"), text("sw.conll"));
    let none: String = sw
        .lines()
        .map(|line| line.split('\t').next().unwrap_or_default())
        .map(|token| match token {
            "" => "\n".to_owned(),
            token => format!("{token}\tO\n"),
        })
        .collect();
    let files = [
        ("en.conll", en.as_bytes()),
        ("sw.conll", sw.as_bytes()),
        ("other.conll", other.as_bytes()),
        ("none.conll", none.as_bytes()),
    ];
    let told = "have no label in common with gold";
    signs(&files, "eval --gold other.conll --pred sw.conll", told);
    signs(&files, "project --source en.conll --target sw.conll --gold other.conll -o out.conll", told);
    signs(&files, "report --gold other.conll --pred sw.conll -o out.html", told);
    signs(&files, "train --train sw.conll --dev other.conll --iterations 2 -o out.tagger", told);
    signs(&files, "ensemble sw.conll sw.conll other.conll -o out.conll", "have no label in common with the others");
    signs(&files, "eval --gold none.conll --pred none.conll", "gold without any entity");
    signs(&files, "eval --gold sw.conll --pred none.conll", "predictions without any entity");
    silent(&files, "eval --gold sw.conll --pred sw.conll");
    let folder = folder(&files);
    fails(&folder, "convert sw.conll --map PER=A,PER=B -o out.conll", 2, "PER is to become A and B");
    fails(&folder, "train --train none.conll -o out.tagger", 1, "none.conll: there is no entity to learn from");
}
