//! What the tests of `project` and `align` share.
#![allow(dead_code, unused_imports)] // each test file needs a part

use assert_cmd::Command;
use predicates::prelude::*;
use tempfile::TempDir;
pub use xlner_testing::{sample, shared};

/// A folder with files, in which the command runs so that messages name the files as they are given here.
pub fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

pub fn xlner(folder: &TempDir, arguments: &str) -> Command {
    let mut command = Command::cargo_bin("xlner").unwrap();
    command.current_dir(folder).args(arguments.split_whitespace());
    command
}

pub fn stdout(folder: &TempDir, arguments: &str) -> String {
    let output = xlner(folder, arguments).assert().success().get_output().clone();
    String::from_utf8(output.stdout).unwrap()
}

pub fn read(folder: &TempDir, name: &str) -> String {
    std::fs::read_to_string(folder.path().join(name)).unwrap()
}

/// Fails with this exit code and a message that holds `message`, says nothing on standard output and leaves no file `out.…`.
pub fn fails(folder: &TempDir, arguments: &str, code: i32, message: &str) {
    let expected = predicate::str::contains(message.to_owned());
    xlner(folder, arguments).assert().code(code).stdout("").stderr(expected);
    let left = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with("out.")).collect();
    assert!(left.is_empty(), "{left:?}");
}
