//! `--job`: flags from a file.

use crate::common::{fails, folder, read, stdout};
use tempfile::TempDir;

const SOURCE: &str = "Ana\tB-PER\nsleeps\tO\n.\tO\n\n";
const TABLE: &str = "[Ana] sleeps.\t[Ana] spava.\nAna sleeps.\tSpava Ana.\nAna\tAna\n";
const JOB: &str = r#"# Translate-train by markers.
source = "en.conll"
to = "sr"
engine = "lookup"
model = ["other.tsv", "table.tsv"]
markers = true
quiet = true
output = "out.conll"
"#;

fn files() -> TempDir {
    folder(&[
        ("en.conll", SOURCE.as_bytes()),
        ("table.tsv", TABLE.as_bytes()),
        ("other.tsv", b"x\ty\n"),
        ("job.toml", JOB.as_bytes()),
    ])
}

#[test]
fn a_job_says_what_flags_say() {
    let folder = files();
    assert_eq!(stdout(&folder, "transfer --job job.toml"), "");
    assert_eq!(read(&folder, "out.conll"), "Ana\tB-PER\nspava\tO\n.\tO\n\n");
    // The command line wins, also in its short form.
    stdout(&folder, "transfer -o mine.conll --job=job.toml");
    assert_eq!(read(&folder, "mine.conll"), read(&folder, "out.conll"));
    // Lists are replaced, not added to; scores may be a table; a switch may be off.
    let job = JOB.replace("markers = true", "markers = false\nscores = { string = 1.0, align = 0 }\nmin-score = 0.5");
    std::fs::write(folder.path().join("job.toml"), job.replace("\"table.tsv\"", "\"missing.tsv\"")).unwrap();
    stdout(&folder, "--quiet transfer --job job.toml --model table.tsv");
    assert_eq!(read(&folder, "out.conll"), "Spava\tO\nAna\tB-PER\n.\tO\n\n");
}

#[test]
fn every_command_takes_one_and_files_without_flags_are_named() {
    let folder = files();
    std::fs::write(folder.path().join("tag.toml"), "input = \"in.txt\"\nmodel = \"default\"\noutput = \"out.conll\"")
        .unwrap();
    std::fs::write(folder.path().join("in.txt"), "Ana lives in Paris.\n").unwrap();
    std::fs::write(folder.path().join("other.txt"), "Nothing.\n").unwrap();
    stdout(&folder, "tag --job tag.toml");
    assert!(read(&folder, "out.conll").contains("Paris"));
    stdout(&folder, "tag other.txt --job tag.toml");
    assert!(read(&folder, "out.conll").contains("Nothing"));
}

#[test]
fn commands_of_commands_take_what_they_require_from_a_job() {
    let folder = files();
    let job = "pairs = [\"none.jsonl\"]\noutput = \"mine.decision\"\n";
    std::fs::write(folder.path().join("tune.toml"), job).unwrap();
    fails(&folder, "tune decision --job tune.toml", 1, "none.jsonl");
}

#[test]
fn wrong_jobs_are_refused_with_the_line() {
    let folder = files();
    for (job, message) in [
        ("to = \"sr\"\n\nengin = \"lookup\"", "job.toml, line 3: “engin” is no flag of `xlner transfer`"),
        ("job = \"job.toml\"", "line 1: “job” is no flag"),
        ("help = true", "line 1: “help” is no flag"),
        ("to = \"sr\"\nmarkers = \"yes\"", "no markers “yes”; there are brackets and xml"),
        ("to = [\"sr\", \"en\"]", "line 1: “to” is given once"),
        ("to = true", "line 1: the value of “to” is a text or a number"),
        ("to = ", "job.toml: TOML parse error at line 1"),
        ("to = \"sr\"", "--source"),
        ("engine = \"magic\"", "magic"),
    ] {
        std::fs::write(folder.path().join("job.toml"), job).unwrap();
        fails(&folder, "transfer --job job.toml", 2, message);
    }
    fails(&folder, "transfer --job none.toml", 1, "none.toml");
    // Whatever finds it out: the parser, or the check of the files.
    let good = JOB.replace("output = \"out.conll\"\n", "");
    for job in ["threads = 100000", "output = \"en.conll\"", "shard = \"9/8\""] {
        std::fs::write(folder.path().join("job.toml"), format!("{good}{job}\n")).unwrap();
        fails(&folder, "transfer --job job.toml", 2, "flags were taken from job.toml");
    }
}
