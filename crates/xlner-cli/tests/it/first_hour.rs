//! What a new user types: no input, a name that tells no format, flags of other tools, folders.

use crate::common::{fails, folder, read, xlner};
use predicates::prelude::*;

#[test]
fn without_a_file_standard_input_is_read_as_text() {
    let folder = folder(&[]);
    let tag =
        xlner(&folder, "tag").write_stdin("Angela Merkel visited Berlin .\n").assert().success().get_output().clone();
    assert!(String::from_utf8_lossy(&tag.stdout).contains("Berlin\tB-LOC"));
    let align = xlner(&folder, "align").write_stdin("a b ||| a b\nb ||| b\n").assert().success().get_output().clone();
    assert_eq!(String::from_utf8_lossy(&align.stdout).lines().count(), 2);
    xlner(&folder, "align --target a.txt").write_stdin("").assert().code(2);
    let conll = "Angela\tO\nBerlin\tO\n\n";
    xlner(&folder, "tag --from-format conll")
        .write_stdin(conll)
        .assert()
        .success()
        .stdout(predicate::str::starts_with("Angela\t"));
}

#[test]
fn a_name_that_tells_no_format_says_which_is_written() {
    let folder = folder(&[
        ("in.conll", b"Ada\tB-PER\n\n"),
        ("in.jsonl", br#"{"id":"1","source":{"tokens":["a"]},"target":{"tokens":["a"]}}"#),
    ]);
    for (arguments, format) in [
        ("convert in.conll -o out.xyz", "conll"),
        ("convert in.jsonl -o out.xyz", "jsonl"),
        ("tag in.conll -o out.xyz", "conll"),
        ("project --source in.conll --target in.conll -o out.xyz", "conll"),
        ("align --source in.conll --target in.conll -o out", "pharaoh"),
    ] {
        let told = format!("tells no format; it is written as {format} (--to-format)");
        xlner(&folder, arguments).assert().success().stderr(predicate::str::contains(told));
    }
    for quiet in [
        "convert in.conll -o out.xyz --to-format conll",
        "convert in.conll -o out.conll",
        "convert in.conll -o /dev/null",
        "convert in.conll",
    ] {
        xlner(&folder, quiet).assert().success().stderr(predicate::str::contains("no format").not());
    }
}

#[test]
fn flags_of_other_commands_name_those_of_this_one() {
    let folder = folder(&[]);
    fails(&folder, "project --source a --target b --lang sw", 2, "'--target-lang'");
    fails(&folder, "convert a.conll --format jsonl", 2, "'--from-format'");
    xlner(&folder, "project --help").assert().success().stdout(predicate::str::contains("--gold <FILE>"));
}

#[test]
fn overlaps_in_a_folder_of_brat_name_file_and_line() {
    let folder = folder(&[]);
    std::fs::create_dir(folder.path().join("docs")).unwrap();
    for (name, text) in [
        ("a.txt", "Nil."),
        ("a.ann", ""),
        ("b.txt", "Nil.\nPort of Oslo won."),
        ("b.ann", "T1\tORG 5 17\tPort of Oslo\nT2\tLOC 13 17\tOslo\n"),
    ] {
        std::fs::write(folder.path().join("docs").join(name), text).unwrap();
    }
    fails(
        &folder,
        "convert docs --from-format brat -o out.conll",
        1,
        "docs/b.ann, line 2: entities 0..3 (ORG) and 2..3 (LOC) overlap",
    );
    xlner(&folder, "convert docs --from-format brat --overlaps longest -o out.conll").assert().success();
    assert!(read(&folder, "out.conll").contains("Oslo\tI-ORG"));
}
