//! `xlner translate`.

use crate::common::{fails, folder, read, stdout, xlner};
use predicates::prelude::*;
use tempfile::TempDir;

const TABLE: &str = "Zdravo, svete!\tHello, world!\nAna živi u Beogradu.\tAna lives in Belgrade.\n";
const TEXT: &str = "Ana živi u Beogradu.\n\nZdravo, svete!\n";
const COLUMNS: &str = "Ana\tB-PER\nživi\tO\nu\tO\nBeogradu\tB-LOC\n.\tO\n\nZdravo\tO\n,\tO\nsvete\tO\n!\tO\n\n";
const LOOKUP: &str = "translate --engine lookup --model table.tsv --from sr --to en";

fn files() -> TempDir {
    folder(&[("table.tsv", TABLE.as_bytes()), ("in.txt", TEXT.as_bytes()), ("in.conll", COLUMNS.as_bytes())])
}

#[test]
fn lines_become_lines() {
    let folder = files();
    let expected = "Ana lives in Belgrade.\n\nHello, world!\n";
    assert_eq!(stdout(&folder, &format!("{LOOKUP} in.txt")), expected);
    stdout(&folder, &format!("{LOOKUP} in.txt -o en.txt"));
    assert_eq!(read(&folder, "en.txt"), expected);
    let tokens = "Ana lives in Belgrade .\n\nHello , world !\n";
    assert_eq!(stdout(&folder, &format!("{LOOKUP} in.txt --to-tokens")), tokens);
    let piped = xlner(&folder, &format!("{LOOKUP} - --from-format text")).write_stdin(TEXT).assert().success();
    assert_eq!(String::from_utf8_lossy(&piped.get_output().stdout), expected);
}

#[test]
fn a_table_knows_one_translation() {
    let folder = files();
    fails(&folder, &format!("{LOOKUP} --n-best 2 in.txt -o out.jsonl"), 2, "--n-best is not for --engine lookup");
}

#[test]
fn columns_are_put_together_and_keep_their_entities() {
    let folder = files();
    stdout(&folder, &format!("{LOOKUP} in.conll -o pairs.jsonl"));
    let pairs = read(&folder, "pairs.jsonl");
    let first: serde_json::Value = serde_json::from_str(pairs.lines().next().unwrap()).unwrap();
    assert_eq!(first["source"]["lang"], "sr");
    assert_eq!(first["source"]["entities"][1]["label"], "LOC");
    assert_eq!(first["target"]["lang"], "en");
    assert_eq!(first["target"]["text"], "Ana lives in Belgrade.");
    assert_eq!(first["target"]["tokens"], serde_json::json!(["Ana", "lives", "in", "Belgrade", "."]));
    stdout(&folder, &format!("{LOOKUP} in.conll -o pairs.tsv.gz"));
    stdout(&folder, "convert pairs.tsv.gz -o pairs.bitext");
    assert_eq!(read(&folder, "pairs.bitext").lines().nth(1), Some("Zdravo , svete ! ||| Hello, world!"));
    // A side of pairs, back again.
    std::fs::write(folder.path().join("back.tsv"), "Ana lives in Belgrade.\tAna\nHello, world!\tSvet\n").unwrap();
    let back = "translate --engine lookup --model back.tsv --from en --to sr --side target pairs.jsonl";
    assert_eq!(stdout(&folder, back), "Ana\nSvet\n");
}

#[test]
fn threads_change_nothing() {
    let folder = folder(&[]);
    let lines = |from: &str| (0..3000).map(|number| format!("{from} {number}")).collect::<Vec<_>>();
    let table: Vec<String> =
        lines("tekst").iter().zip(lines("text")).map(|(one, other)| format!("{one}\t{other}")).collect();
    std::fs::write(folder.path().join("table.tsv"), table.join("\n")).unwrap();
    std::fs::write(folder.path().join("in.txt"), lines("tekst").join("\n")).unwrap();
    let expected = lines("text").join("\n") + "\n";
    for threads in [1, 2, 4] {
        assert_eq!(stdout(&folder, &format!("{LOOKUP} in.txt --threads {threads}")), expected);
    }
}

/// Plays `apertium`: capitals, and an end in the middle of the third text that it gets.
#[cfg(unix)]
const FAKE: &str = r#"#!/bin/bash
if [ "$1" = -l ]; then echo "  hbs-eng"; exit; fi
while IFS= read -r -d '' text; do
  case $text in
    "[xlner]") printf '%s\0' "$text"; continue ;;
    *dies*) if ! [ -e "$0.died" ]; then : > "$0.died"; echo "Segmentation fault" >&2; exit 139; fi ;;
    *kills*) exit 1 ;;
  esac
  printf '%s\0' "${text^^}"
done
"#;

#[cfg(unix)]
#[test]
fn apertium_is_found_and_its_failures_are_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder =
        folder(&[("in.txt", b"one\ntwo\ndies\nfour\n"), ("bad.txt", b"one\nkills\n"), ("apertium", FAKE.as_bytes())]);
    std::fs::set_permissions(folder.path().join("apertium"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let run = |arguments: &str| {
        xlner(&folder, &format!("translate --engine apertium --to en {arguments}")).env("PATH", &path).assert()
    };
    let done = run("--from sr in.txt -o out.tsv").success().stderr(predicate::str::contains("failures made good: 1"));
    drop(done);
    assert_eq!(read(&folder, "out.tsv"), "one\tONE\ntwo\tTWO\ndies\tDIES\nfour\tFOUR\n");
    let named = predicate::str::contains("bad.txt, sentence 2: apertium fails on “kills” each of 3 times");
    run("--from sr bad.txt -o no.txt").code(1).stderr(named);
    assert!(!folder.path().join("no.txt").exists());
    run("--from sr --pass-through bad.txt")
        .success()
        .stdout("ONE\nkills\n")
        .stderr(predicate::str::contains("sentences kept as they are: 1"));
    run("--from es in.txt").code(1).stderr(predicate::str::contains("apt-get install apertium-eng-spa"));
    run("--from serbian in.txt").code(2).stderr(predicate::str::contains("sr (Serbian)"));
}

#[test]
fn wrong_usage() {
    let folder = files();
    let cases = [
        ("translate in.txt --to en -o out.txt", "--from"),
        ("translate in.txt --from sr --to en -o out.txt", "--engine"),
        ("translate in.txt --from sr --to en --engine magic -o out.txt", "apertium"),
        ("translate in.txt --from sr --to en --engine lookup -o out.txt", "--model FILE"),
        (
            "translate in.txt --from sr --to en --engine lookup --model table.tsv --rate 3 -o out.txt",
            "--rate is not for",
        ),
        ("translate in.txt --from sr --to en --engine apertium --model a --model b -o out.txt", "--model once"),
        (
            "translate in.txt --from sr --to en --engine lookup --model table.tsv -o out.pharaoh",
            "holds no translations",
        ),
        ("translate in.txt --from sr --to en --model table.tsv -o out.txt", "--engine"),
    ];
    for (arguments, message) in cases {
        fails(&folder, arguments, 2, message);
    }
}

#[test]
fn failures_name_the_place_and_leave_nothing() {
    let folder = files();
    std::fs::write(folder.path().join("more.txt"), format!("{TEXT}Nema ga.\n")).unwrap();
    fails(
        &folder,
        &format!("{LOOKUP} more.txt -o out.tsv"),
        1,
        "more.txt, sentence 4: “Nema ga.” is not among the 2 texts",
    );
    fails(&folder, &format!("{LOOKUP} no.txt -o out.tsv"), 1, "no.txt: cannot open");
    fails(
        &folder,
        &LOOKUP.replace("table.tsv in", "absent.tsv in").replace("table.tsv", "absent.tsv in.txt -o out.tsv"),
        1,
        "absent.tsv: cannot open",
    );
    let kept = xlner(&folder, &format!("{LOOKUP} --missing keep more.txt")).assert().success();
    let kept = kept.stderr(predicate::str::contains("4 sentences translated; sentences kept as they are: 1"));
    assert!(String::from_utf8_lossy(&kept.get_output().stdout).ends_with("\nNema ga.\n"));
}

/// An xlner that is killed takes the engine with it, even where that hangs and never looks at its input.
#[cfg(target_os = "linux")]
#[test]
fn a_killed_xlner_leaves_no_engine() {
    use std::os::unix::fs::PermissionsExt as _;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};
    for hang_at_start in [false, true] {
        let fake = "#!/bin/sh\n[ \"$1\" = -l ] && [ ! -e hang ] && { echo '  spa-eng'; exit; }\n\
                    sleep 300 & echo $! > sleeping.new && mv sleeping.new sleeping; sleep 300\n";
        let folder = folder(&[("in.txt", b"one\n"), ("apertium", fake.as_bytes())]);
        let at = |name: &str| folder.path().join(name);
        std::fs::set_permissions(at("apertium"), std::fs::Permissions::from_mode(0o755)).unwrap();
        if hang_at_start {
            std::fs::write(at("hang"), "").unwrap();
        }
        let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
        let mut xlner = Command::new(env!("CARGO_BIN_EXE_xlner"))
            .args(["translate", "--engine", "apertium", "--from", "es", "--to", "en", "in.txt", "-o", "out.txt"])
            .current_dir(&folder)
            .env("PATH", &path)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let wait = |done: &dyn Fn() -> bool| {
            let clock = Instant::now();
            while !done() && clock.elapsed() < Duration::from_secs(60) {
                std::thread::sleep(Duration::from_millis(20));
            }
            done()
        };
        assert!(wait(&|| at("sleeping").exists()));
        let sleeping = read(&folder, "sleeping").trim().to_owned();
        xlner.kill().unwrap();
        xlner.wait().unwrap();
        let stat = |id: &str| std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        // Gone, or dead and not yet waited for.
        let gone = || stat(&sleeping).rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with('Z'));
        assert!(wait(&gone), "{}", stat(&sleeping));
    }
}
