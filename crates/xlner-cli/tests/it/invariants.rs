//! What the architecture promises of the sources of all crates.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The crates, and those of ours that each may use. Data goes one way: a crate uses only crates above it.
const CRATES: [(&str, &[&str]); 11] = [
    ("xlner-core", &[]),
    ("xlner-formats", &["xlner-core"]),
    ("xlner-align", &["xlner-core"]),
    ("xlner-eval", &["xlner-core"]),
    ("xlner-project", &["xlner-core"]),
    ("xlner-models", &["xlner-core", "xlner-formats"]),
    ("xlner-neural", &["xlner-core", "xlner-formats", "xlner-models"]),
    (
        "xlner",
        &["xlner-core", "xlner-formats", "xlner-align", "xlner-eval", "xlner-project", "xlner-models", "xlner-neural"],
    ),
    ("xlner-review", &["xlner-core", "xlner-formats", "xlner-eval", "xlner"]),
    (
        "xlner-cli",
        &[
            "xlner-core",
            "xlner-formats",
            "xlner-align",
            "xlner-eval",
            "xlner-project",
            "xlner-models",
            "xlner-neural",
            "xlner",
            "xlner-review",
        ],
    ),
    (
        "xlner-python",
        &[
            "xlner-core",
            "xlner-formats",
            "xlner-align",
            "xlner-eval",
            "xlner-project",
            "xlner-models",
            "xlner-neural",
            "xlner",
        ],
    ),
];

/// Crates that print, and name flags.
const COMMANDS: [&str; 3] = ["xlner-cli", "xlner-testing", "xlner-python"];

/// Every crate has its own error and what it gives instead of one.
const SEVERAL: [&str; 2] = ["Error", "Result"];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The source files below a folder of each crate, by crate.
fn sources(folder: &str) -> Vec<(String, PathBuf)> {
    fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                walk(&path, into);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                into.push(path);
            }
        }
    }
    let mut all = Vec::new();
    for entry in std::fs::read_dir(crates()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let mut files = Vec::new();
        walk(&crates().join(&name).join(folder), &mut files);
        files.sort();
        all.extend(files.into_iter().map(|file| (name.clone(), file)));
    }
    assert!(all.len() > 30);
    all
}

/// The lines of a file that are no test, with their numbers. Tests stand last.
fn lines(file: &Path) -> Vec<(usize, String)> {
    if file.file_stem().is_some_and(|stem| stem == "tests") {
        return Vec::new();
    }
    let text = std::fs::read_to_string(file).unwrap();
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    (1..).zip(text[..end].lines().map(str::to_owned)).collect()
}

/// Whether a line names a flag, `--like-this`. A name of the Hub's cache, `models--org`, is none.
fn names_a_flag(line: &str) -> bool {
    line.match_indices("--").any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + 2..].chars().next();
        after.is_some_and(|char| char.is_ascii_lowercase())
            && before.is_none_or(|char| !char.is_ascii_alphanumeric() && char != '-')
    })
}

#[test]
fn flags_are_recognised() {
    for (line, is) in [
        ("give --tag-column", true),
        ("`--scores`", true),
        ("\"models--org\"", false),
        ("a -- b", false),
        ("---", false),
    ] {
        assert_eq!(names_a_flag(line), is, "{line}");
    }
}

#[test]
fn libraries_print_nothing_and_name_no_flag() {
    // Programs that are run take flags; a style sheet has properties of this form.
    let exempt = ["html/figures.rs", "translators/apertium"];
    let mut wrong = Vec::new();
    for (name, file) in sources("src") {
        if COMMANDS.contains(&name.as_str()) {
            continue;
        }
        let place = file.display().to_string();
        for (number, line) in lines(&file) {
            let prints = ["println!(", "print!(", "eprintln!(", "eprint!(", "dbg!("].iter().any(|call| {
                line.match_indices(call)
                    .any(|(at, _)| !line[..at].ends_with(|char: char| char.is_alphanumeric() || char == '_'))
            });
            if prints || names_a_flag(&line) && !exempt.iter().any(|end| place.contains(end)) {
                wrong.push(format!("{place}:{number}: {line}"));
            }
        }
    }
    assert!(wrong.is_empty(), "an option is named by its field (option `max_length`):\n{}", wrong.join("\n"));
}

#[test]
fn the_core_does_no_input_and_output() {
    for (_, file) in sources("src").into_iter().filter(|(name, _)| name == "xlner-core") {
        for (number, line) in lines(&file) {
            let touches =
                ["std::fs", "std::io", "std::net", "std::process", "std::env"].iter().any(|path| line.contains(path));
            assert!(!touches, "{}:{number}: {line}", file.display());
        }
    }
}

#[test]
fn files_have_one_subject() {
    for (_, file) in sources("src").into_iter().chain(sources("tests")) {
        let count = std::fs::read_to_string(&file).unwrap().lines().count();
        assert!(count <= 400, "{} has {count} lines: split it by subject", file.display());
    }
}

#[test]
fn a_public_type_has_its_name_for_itself() {
    let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, file) in sources("src") {
        if COMMANDS.contains(&name.as_str()) {
            continue;
        }
        for (_, line) in lines(&file) {
            let declared =
                ["pub struct ", "pub enum ", "pub trait ", "pub type "].iter().find_map(|kind| line.strip_prefix(kind));
            if let Some(rest) = declared {
                let end = rest.find(|char: char| !char.is_alphanumeric() && char != '_').unwrap_or(rest.len());
                names.entry(rest[..end].to_owned()).or_default().push(file.display().to_string());
            }
        }
    }
    names.retain(|name, places| places.len() > 1 && !SEVERAL.contains(&name.as_str()));
    assert!(names.is_empty(), "one name, one meaning: {names:#?}");
}

#[test]
fn crates_use_only_crates_above_them() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(crates())
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo metadata gives JSON");
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 9);
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let Some((_, allowed)) = CRATES.iter().find(|(known, _)| *known == name) else {
            assert!(name == "xlner-testing", "a new crate, {name}: give it its place in CRATES and ARCHITECTURE.md");
            continue;
        };
        for dependency in package["dependencies"].as_array().unwrap() {
            let used = dependency["name"].as_str().unwrap();
            let ours = used.starts_with("xlner") && dependency["kind"].is_null();
            assert!(!ours || allowed.contains(&used), "{name} uses {used}, which is not above it");
        }
    }
}
