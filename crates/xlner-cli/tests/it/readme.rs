//! The commands of the README's table “I have …, I want …” run as they stand, on the bundled samples.

use assert_cmd::Command;

#[test]
fn every_command_of_the_first_table_runs_on_the_samples() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let (_, table) = readme.split_once("## I have …, I want …").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    std::fs::create_dir(folder.path().join("samples")).unwrap();
    for entry in std::fs::read_dir(root.join("samples")).unwrap().flatten() {
        std::fs::copy(entry.path(), folder.path().join("samples").join(entry.file_name())).unwrap();
    }
    let commands = table.split('`').filter_map(|code| code.strip_prefix("xlner "));
    // Apertium may be missing, and the review does not end.
    let commands: Vec<&str> = commands.filter(|one| !one.contains("apertium") && !one.starts_with("review")).collect();
    assert!(commands.len() >= 10, "{commands:?}");
    for command in commands {
        let mut run = Command::cargo_bin("xlner").unwrap();
        let output = run.current_dir(folder.path()).args(command.split(' ')).assert().success().get_output().clone();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!said.contains("(first: "), "{command}: {said}");
        if let Some((_, file)) = command.split_once(" -o ") {
            assert!(folder.path().join(file).metadata().unwrap().len() > 0, "{command}");
        }
    }
}
