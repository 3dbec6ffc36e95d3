//! What commands do to the files and folders around them: nothing is overwritten that nobody named, nothing is left behind.

use crate::common::{fails, folder, read, sample, stdout};
use tempfile::TempDir;

const COLUMNS: &str = "Ana\tB-PER\nsleeps\tO\n\n";

fn files() -> TempDir {
    folder(&[("in.conll", COLUMNS.as_bytes()), ("in.txt", b"Ana sleeps\n"), ("t.tsv", b"Ana sleeps\tAna spava\n")])
}

#[test]
fn two_outputs_have_two_names() {
    let folder = files();
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    for (arguments, message) in [
        (
            "project --source in.conll --target in.txt -o out.json --report out.json --to-format doccano",
            "--output and --report",
        ),
        (
            "project --source in.conll --target in.txt -o out.json --report sub/../out.json",
            "--report are both sub/../out.json",
        ),
        ("align --source in.txt --target in.txt -o out.x --save-model ./out.x", "both"),
        ("project --source in.conll --target in.txt --report -", "both standard output"),
        ("project --source in.conll --target in.txt -o out.ann --report out.txt", "both out.txt"),
        ("review in.conll --store out.x --offline out.x", "--store and --offline are both out.x"),
        (
            "label in.txt --from en --via sr --engine lookup --model t.tsv --tagger capitals:PER --run out.x -o out.x",
            "both out.x",
        ),
        ("self-train --pairs in.conll --run out.x -o out.x", "--run and --output are both out.x"),
        ("ensemble in.conll --learn-weights in.conll --save-weights out.toml -o out.toml", "both"),
    ] {
        fails(&folder, arguments, 2, message);
    }
    stdout(
        &folder,
        "project --source in.conll --target in.txt --tokenized --to-format conll -o /dev/null --report /dev/null",
    );
}

#[test]
fn an_output_is_no_input() {
    let folder = files();
    for (arguments, message) in [
        ("convert in.conll -o in.conll", "in.conll is the input itself, which --output would replace"),
        ("tag ./in.txt -o in.txt", "is the input itself"),
        ("project --source in.conll --target in.txt -o in.conll", "in.conll is --source, which --output would replace"),
        ("project --source in.conll --target in.txt -o out.conll --report in.txt", "is --target"),
        ("ensemble in.conll=2 in.txt -o in.conll", "which --output would replace"),
        ("train --train in.conll --names X=in.txt -o in.txt", "is --names"),
        ("translate --engine lookup --model t.tsv --from en --to sr in.txt -o t.tsv", "is --model"),
        ("review in.conll --offline in.conll", "in.conll is the input itself, which --offline would replace"),
        ("review in.conll --store in.conll", "in.conll is the input itself, which --store would replace"),
        ("train --train in.conll --init in.txt -o in.txt", "is --init"),
        (
            "label in.txt --from en --via sr --engine lookup --model t.tsv --tagger capitals:PER --run t.tsv -o x",
            "is --model",
        ),
    ] {
        fails(&folder, arguments, 2, message);
    }
    assert_eq!((read(&folder, "in.conll").as_str(), read(&folder, "in.txt").as_str()), (COLUMNS, "Ana sleeps\n"));
    // A language is none, though a file is called so.
    for _ in 0..2 {
        stdout(&folder, "convert in.conll --lang sw --to-format conll -o sw");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("in.conll", folder.path().join("link.conll")).unwrap();
        fails(&folder, "convert in.conll -o link.conll", 2, "is the input itself");
    }
}

#[test]
fn the_table_of_an_experiment_replaces_nothing_that_its_cells_read() {
    let folder = files();
    let plan = "[[dataset]]\nname = 'a'\ngold = 'in.conll'\n[[method]]\nname = 'm'\nsteps = ['tag in.txt --model capitals:PER -o {out}']\n";
    std::fs::write(folder.path().join("plan.toml"), plan).unwrap();
    for name in ["in.conll", "in.txt"] {
        fails(
            &folder,
            &format!("experiment plan.toml -o {name}"),
            2,
            &format!("it reads {name}, which the table would replace"),
        );
    }
    assert_eq!((read(&folder, "in.conll").as_str(), read(&folder, "in.txt").as_str()), (COLUMNS, "Ana sleeps\n"));
}

#[test]
fn a_review_of_what_cannot_be_read_leaves_no_store() {
    let folder = files();
    std::fs::write(folder.path().join("bad.jsonl"), "{").unwrap();
    let before = std::fs::read_dir(folder.path()).unwrap().count();
    fails(&folder, "review bad.jsonl --no-open", 1, "bad.jsonl, line 1");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), before);
}

#[cfg(unix)]
#[test]
fn names_of_files_do_not_reach_the_terminal_as_they_are() {
    let folder = files();
    for name in ["\u{1b}[31mx.conll", "a\u{7}b.conll", "a\rb.conll"] {
        let mut xlner = crate::common::xlner(&folder, "convert");
        let output = xlner.arg(name).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && said.trim_end().chars().all(|c| !c.is_control()), "{said:?}");
    }
}

#[test]
fn annotations_leave_texts_alone() {
    let folder = files();
    std::fs::write(folder.path().join("doc.txt"), "A letter to a friend.\n").unwrap();
    fails(&folder, "convert in.conll -o doc.ann", 1, "doc.txt: the file is there and holds another text");
    assert_eq!(read(&folder, "doc.txt"), "A letter to a friend.\n");
    assert!(!folder.path().join("doc.ann").exists());
    // Annotations of the text that is there.
    stdout(&folder, "convert in.conll -o in.ann");
    assert_eq!(
        (read(&folder, "in.txt").as_str(), read(&folder, "in.ann").as_str()),
        ("Ana sleeps\n", "T1\tPER 0 3\tAna\n")
    );
}

#[cfg(unix)]
mod killed {
    use super::*;
    use std::io::Write as _;
    use std::os::unix::process::ExitStatusExt as _;
    use std::path::Path;
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    /// Starts a command that waits for its standard input, and waits until it has begun its output.
    fn begun(folder: &Path, temporary: &Path, arguments: &str, begun: impl Fn() -> bool) -> Child {
        let child = Command::new(assert_cmd::cargo::cargo_bin!("xlner"))
            .current_dir(folder)
            .env("TMPDIR", temporary)
            .args(arguments.split(' '))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut child = child;
        child.stdin.as_mut().unwrap().write_all(b"Ana sleeps\n").unwrap();
        child.stdin.as_mut().unwrap().flush().unwrap();
        let clock = Instant::now();
        while !begun() {
            assert!(clock.elapsed() < Duration::from_secs(60), "it never began");
            std::thread::sleep(Duration::from_millis(5));
        }
        child
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn signal(child: &Child, name: &str) {
        assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
    }

    const LABEL: &str = "label --from sr --via en --engine lookup --model t.tsv --tagger capitals:PER - --from-format text -o out.conll";

    #[test]
    fn a_process_that_is_told_to_end_leaves_nothing() {
        for (name, number) in [("-INT", 2), ("-TERM", 15)] {
            let (folder, temporary) = (files(), TempDir::new().unwrap());
            let before = names(folder.path());
            let mut child = begun(folder.path(), temporary.path(), LABEL, || names(folder.path()).len() > before.len());
            // The end of its input must not be what ends it.
            let _input = child.stdin.take();
            signal(&child, name);
            let output = child.wait_with_output().unwrap();
            assert_eq!(output.status.signal(), Some(number));
            let told = "interrupted: nothing is kept; with --run DIR what is finished is, and the same command started again resumes\n";
            assert_eq!(String::from_utf8(output.stderr).unwrap(), told);
            assert_eq!((names(folder.path()), names(temporary.path())), (before, Vec::new()));
        }
    }

    #[test]
    fn what_a_killed_process_left_is_gone_after_the_next() {
        let (folder, temporary) = (files(), TempDir::new().unwrap());
        let before = names(folder.path());
        let child = begun(folder.path(), temporary.path(), LABEL, || names(folder.path()).len() > before.len());
        // Another process that writes the same file leaves it alone.
        stdout(&folder, "convert in.conll -o out.conll");
        assert_eq!(names(folder.path()).len(), before.len() + 2);
        signal(&child, "-KILL");
        child.wait_with_output().unwrap();
        assert_eq!(names(folder.path()).len(), before.len() + 2);
        stdout(&folder, "convert in.conll -o out.conll");
        assert_eq!(names(folder.path()).len(), before.len() + 1);
        assert_eq!(read(&folder, "out.conll"), COLUMNS);
    }

    #[test]
    fn temporary_run_folders_go_with_their_process() {
        let (folder, temporary) = (files(), TempDir::new().unwrap());
        let is_there = || {
            let made = names(temporary.path()).into_iter().find(|name| name.starts_with("xlner-run-"));
            made.is_some_and(|name| {
                temporary.path().join(name).join("lock").metadata().is_ok_and(|lock| lock.len() > 0)
            })
        };
        let mut child = begun(folder.path(), temporary.path(), LABEL, is_there);
        let _input = child.stdin.take();
        signal(&child, "-TERM");
        child.wait_with_output().unwrap();
        assert!(names(temporary.path()).is_empty(), "{:?}", names(temporary.path()));
        let child = begun(folder.path(), temporary.path(), LABEL, is_there);
        signal(&child, "-KILL");
        child.wait_with_output().unwrap();
        assert_eq!(names(temporary.path()).len(), 1);
        let mut next = crate::common::xlner(
            &folder,
            "label --from en --via sr --engine lookup --model t.tsv --tagger capitals:PER in.txt",
        );
        next.env("TMPDIR", temporary.path()).assert().success();
        assert!(names(temporary.path()).is_empty());
    }

    #[cfg(target_os = "linux")] // processes are looked up in /proc
    #[test]
    fn an_experiment_ends_with_its_commands() {
        let (folder, temporary) = (files(), TempDir::new().unwrap());
        let source = sample("en.conll");
        // A pipe without a writer holds the command for ever.
        let pipe = folder.path().join("pipe.conll");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let plan = format!(
            "[[dataset]]\nname = \"a\"\ngold = \"{0}\"\n[[method]]\nname = \"m\"\nsteps = [\"convert {1} -o {{out}}\"]\n",
            source.display(),
            pipe.display()
        );
        std::fs::write(folder.path().join("plan.toml"), plan).unwrap();
        let at_work = || {
            let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
            let commands = processes.filter_map(|process| std::fs::read_to_string(process.path().join("cmdline")).ok());
            commands.filter(|command| command.contains(pipe.to_str().unwrap())).count()
        };
        let child = begun(folder.path(), temporary.path(), "experiment plan.toml", || at_work() > 0);
        signal(&child, "-TERM");
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.signal(), Some(15));
        assert_eq!((at_work(), names(temporary.path())), (0, Vec::new()));
        // Killed, it cannot end its commands, and its pipe does.
        let child = begun(folder.path(), temporary.path(), "experiment plan.toml", || at_work() > 0);
        signal(&child, "-KILL");
        child.wait_with_output().unwrap();
        let clock = Instant::now();
        while at_work() > 0 {
            assert!(clock.elapsed() < Duration::from_secs(60), "the command of a killed experiment goes on");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Numbers that would be counted to for ever, or take all memory.
#[test]
fn numbers_without_measure_are_refused() {
    let folder = crate::common::folder(&[("in.conll", b"Ana\tB-PER\n\n"), ("in.txt", b"Ana\n")]);
    let most = u64::MAX;
    for command in [
        "tag in.txt --model capitals:PER --threads 100000 -o out.conll".to_owned(),
        format!("tag in.txt --model capitals:PER --threads {most} -o out.conll"),
        format!("eval --gold in.conll --pred in.conll --bootstrap {most} -o out.txt"),
        format!("eval --gold in.conll --pred in.conll --pred in.conll --randomization {most} -o out.txt"),
        format!("report --gold in.conll --pred in.conll --bootstrap {most} -o out.html"),
        format!("translate in.txt --from sr --to en --engine apertium --processes {most} -o out.txt"),
        "translate in.txt --from sr --to en --engine http --model http://localhost:9 --rate 1e-30 -o out.txt"
            .to_owned(),
    ] {
        crate::common::fails(&folder, &command, 2, "");
    }
    // As many as that are never reached.
    let long = format!("train --train in.conll --iterations {} --model-type crf -o tagger", i64::MAX);
    crate::common::xlner(&folder, &long).assert().success();
}
