//! `xlner experiment`.

use crate::common::{fails, folder, read, sample, stdout, xlner};

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
