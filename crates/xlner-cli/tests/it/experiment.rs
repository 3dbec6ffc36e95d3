//! `xlner experiment`.

use crate::common::{fails, folder, read, sample, stdout, xlner};
use tempfile::TempDir;

fn plan() -> String {
    let path = sample("en.conll");
    let root = path.parent().and_then(std::path::Path::parent).unwrap();
    let plan = std::fs::read_to_string(root.join("experiments/sample.toml")).unwrap();
    plan.replace("samples = \"samples\"", &format!("samples = \"{}\"", root.join("samples").display()))
}

#[test]
fn methods_are_compared_and_not_run_again() {
    let folder = folder(&[("plan.toml", plan().as_bytes())]);
    let table = stdout(&folder, "experiment plan.toml --run work");
    for line in ["| F1 | sw | hi | ar | mean |", "| span score | **0.", "## hi", "| our links, heuristic | 0."] {
        assert!(table.contains(line), "{line}: {table}");
    }
    let made = || {
        let mut files: Vec<_> = walk(&folder.path().join("work/cells"));
        files.sort();
        files
    };
    let before = made();
    assert_eq!(before.iter().filter(|(path, _)| path.ends_with("predicted.conll")).count(), 9);
    let json: serde_json::Value =
        serde_json::from_str(&stdout(&folder, "experiment plan.toml --run work --json")).unwrap();
    assert_eq!(made(), before);
    let cell = &json["datasets"][0]["cells"][0];
    assert_eq!(cell["reused"], true);
    assert!(cell["figures"]["micro"]["f1"].as_f64().unwrap() > 0.8);
    assert_eq!(json["datasets"][0]["comparisons"][0]["systems"][0], "span score");
    // A damaged cell is made anew, to the same bytes.
    let cells = folder.path().join("work/cells");
    let kept = |name: &str| walk(&cells).into_iter().map(|(path, _)| path).find(|path| path.ends_with(name)).unwrap();
    for (name, damage) in [("predicted.conll", &b"Amina\tO\n\n"[..]), (".made", b"{"), ("predicted.conll", b"")] {
        let path = kept(name);
        let bytes = std::fs::read(kept("predicted.conll")).unwrap();
        std::fs::write(&path, damage).unwrap();
        assert_eq!(
            stdout(&folder, "experiment plan.toml --run work").lines().take(6).collect::<Vec<_>>(),
            table.lines().take(6).collect::<Vec<_>>()
        );
        assert_eq!(std::fs::read(kept("predicted.conll")).unwrap(), bytes);
    }
    // Other commands: their cells are made anew.
    let changed = plan().replace("--scores align=1", "--scores align=1 --max-length 3");
    std::fs::write(folder.path().join("plan.toml"), changed).unwrap();
    stdout(&folder, "experiment plan.toml --run work -o table.md");
    assert_eq!(made().iter().filter(|(path, _)| path.ends_with("predicted.conll")).count(), 12);
    assert!(read(&folder, "table.md").contains("| our links, matching |"));
}

fn walk(folder: &std::path::Path) -> Vec<(String, std::time::SystemTime)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        match entry.path() {
            path if path.is_dir() => files.append(&mut walk(&path)),
            path => files.push((path.display().to_string(), entry.metadata().unwrap().modified().unwrap())),
        }
    }
    files
}

#[test]
fn a_method_that_fails_does_not_stop_the_others() {
    let bad = "[[method]]\nname = \"bad\"\nsteps = [\"project --source nowhere.conll --target {gold} -o {out}\"]\n";
    let folder = folder(&[("plan.toml", (plan() + bad).as_bytes())]);
    let assert = xlner(&folder, "experiment plan.toml --run work -o table.md").assert().failure().code(1);
    let error = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert!(error.contains("3 of the methods failed") && error.contains("nowhere.conll"), "{error}");
    let table = read(&folder, "table.md");
    assert!(table.contains("| bad | failed | failed | failed |") && table.contains("| span score | **0."), "{table}");
}

#[test]
fn what_is_wrong_with_a_plan_is_named() {
    let folder = folder(&[
        ("word.toml", b"[[dataset]]\nname='a'\ngold='{nothing}'\n[[method]]\nname='m'\nsteps=['x']\n"),
        ("key.toml", b"[[dataset]]\nname='a'\ngold='g'\n[[method]]\nname='m'\nstep=['x']\n"),
    ]);
    fails(&folder, "experiment word.toml", 2, "nothing to put in for {nothing}");
    fails(&folder, "experiment key.toml", 2, "unknown field `step`");
    fails(&folder, "experiment nowhere.toml", 1, "nowhere.toml");
}

/// A plan of one method.
fn one(steps: &str, more: &str) -> String {
    format!("[[dataset]]\nname = 's'\ngold = 'gold.conll'\n[[method]]\nname = 'm'\nsteps = [{steps}]\n{more}")
}

const ANNA: &[u8] = b"Anna\tB-PER\nsings\tO\n\n";
const BERLIN: &[u8] = b"Anna\tO\nsings\tO\n\n";

/// A folder with files, some of them in folders.
fn tree(files: &[(&str, &[u8])]) -> TempDir {
    let root = folder(&[]);
    for (name, content) in files {
        let path = root.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    root
}

/// F1 of the only cell, and whether it was kept.
fn cell(folder: &TempDir, command: &str) -> (f64, bool) {
    let json: serde_json::Value = serde_json::from_str(&stdout(folder, command)).unwrap();
    let cell = &json["datasets"][0]["cells"][0];
    (cell["figures"]["micro"]["f1"].as_f64().unwrap(), cell["reused"] == true)
}

#[test]
fn whatever_a_cell_reads_is_in_its_key() {
    // However the file is named: by two words, by one, by a job, in a folder, as the half of a document.
    for (name, steps, file) in [
        ("two words", "'convert src.conll -o {out}'", "src.conll"),
        ("one word", "'project --source=src.conll --target=src.conll -o {out}'", "src.conll"),
        ("short flag", "'convert src.conll -o{out}'", "src.conll"),
        ("job", "'convert --job job.toml -o {out}'", "src.conll"),
        ("folder", "'convert brat --from-format brat -o {out}'", "brat/a.ann"),
        ("half", "'convert brat/a.txt --from-format brat -o {out}'", "brat/a.ann"),
        ("words that are filled in", "'{convert} -o {out}'", "src.conll"),
    ] {
        let more = "[set]\nconvert = 'convert src.conll'\n";
        let folder = tree(&[
            ("plan.toml", one(steps, more).as_bytes()),
            ("gold.conll", ANNA),
            ("src.conll", ANNA),
            ("job.toml", b"input = 'src.conll'\n"),
            ("brat/a.txt", b"Anna sings\n"),
            ("brat/a.ann", b"T1\tPER 0 4\tAnna\n"),
        ]);
        let run = "experiment plan.toml --run work --json";
        assert_eq!((cell(&folder, run), cell(&folder, run)), ((1.0, false), (1.0, true)), "{name}");
        let changed: &[u8] = if file.ends_with(".ann") { b"" } else { BERLIN };
        std::fs::write(folder.path().join(file), changed).unwrap();
        assert_eq!((cell(&folder, run), cell(&folder, run)), ((0.0, false), (0.0, true)), "{name}");
    }
}

#[test]
fn what_a_cell_writes_itself_is_not_in_its_key() {
    let steps = "'convert src.conll -o elsewhere.jsonl', 'convert elsewhere.jsonl -o {out}'";
    let folder = tree(&[("plan.toml", one(steps, "").as_bytes()), ("gold.conll", ANNA), ("src.conll", ANNA)]);
    let run = "experiment plan.toml --run work --json";
    assert_eq!((cell(&folder, run), cell(&folder, run)), ((1.0, false), (1.0, true)));
}

#[test]
fn a_word_is_not_the_folder_that_is_called_so() {
    let steps = "'project --source src.conll --target src.conll -o {folder}/a.jsonl', 'convert {folder}/a.jsonl --side target -o {out}'";
    let folder = tree(&[
        ("plan.toml", one(steps, "").as_bytes()),
        ("gold.conll", ANNA),
        ("src.conll", ANNA),
        ("target/a.txt", b"1"),
    ]);
    let run = "experiment plan.toml --run work --json";
    assert!(!cell(&folder, run).1);
    std::fs::write(folder.path().join("target/a.txt"), "2").unwrap();
    assert!(cell(&folder, run).1);
}

#[test]
fn paths_may_hold_spaces() {
    let steps = "'convert {data}/src.conll -o {folder}/a.jsonl', 'convert {folder}/a.jsonl -o {out}'";
    let more = "[set]\ndata = \"my {it}\"\nit = \"it's\"\n";
    let plan = one(steps, more).replace("gold.conll", "{data}/gold.conll");
    let folder = tree(&[("my plan.toml", plan.as_bytes()), ("my it's/gold.conll", ANNA), ("my it's/src.conll", ANNA)]);
    let mut command = xlner(&folder, "experiment --json");
    let output = command.args(["my plan.toml", "--run", "my 'run"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["datasets"][0]["cells"][0]["figures"]["micro"]["f1"], 1.0);
}

#[test]
fn a_plan_stays_in_its_folder_and_ends() {
    let files = |plan: &str| tree(&[("plan.toml", plan.as_bytes()), ("gold.conll", ANNA)]);
    let out = one("'convert gold.conll -o {out}'", "output = '../../../x.conll'\n");
    fails(&files(&out), "experiment plan.toml --run work", 2, "plan.toml: “../../../x.conll” is no name of a file");
    let itself = one("'experiment plan.toml -o {out}'", "");
    fails(&files(&itself), "experiment plan.toml -o table.md", 1, "an experiment is no step of an experiment");
    // Ten texts, each twenty times in the one before.
    let mut set = String::from("[set]\n");
    for at in 0..12 {
        set += &format!("w{at} = '{}'\n", format!("{{w{}}}", at + 1).repeat(20));
    }
    set += "w12 = ''\n";
    let words = one("'convert {w0} -o {out}'", &set);
    fails(&files(&words), "experiment plan.toml", 2, "names to fill in");
}
