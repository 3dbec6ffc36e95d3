//! `xlner data`, without a network.

use crate::common::{folder, stdout};
use assert_cmd::Command;
use tempfile::TempDir;

fn data(folder: &TempDir, arguments: &str) -> Command {
    let mut command = crate::common::xlner(folder, &format!("data {arguments}"));
    command.env("HF_HUB_OFFLINE", "1");
    command
}

#[test]
fn datasets_are_listed_with_their_licences() {
    let folder = folder(&[]);
    let list = stdout(&folder, "data list");
    assert!(list.lines().any(|line| line.starts_with("masakhaner2") && line.ends_with("CC BY-NC 4.0")), "{list}");
    let list: serde_json::Value = serde_json::from_str(&stdout(&folder, "data list --json")).unwrap();
    let europarl = list.as_array().unwrap().iter().find(|dataset| dataset["name"] == "europarl-ner").unwrap();
    assert_eq!((europarl["files"].as_u64(), europarl["bytes"].as_u64()), (Some(4), Some(728_725)));
}

#[test]
fn what_is_missing_or_changed_is_said() {
    let folder = folder(&[]);
    let place = folder.path().join("d/wikigold/en");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join("test.conllu"), "changed").unwrap();
    let output = data(&folder, "verify --to d").assert().code(1).get_output().clone();
    assert!(String::from_utf8_lossy(&output.stdout).contains("wikigold: 0 of 1 files sound"));
    assert!(String::from_utf8_lossy(&output.stdout).contains("test.conllu: changed"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("xlner data fetch wikigold --to d"));
    let output = data(&folder, "verify btc --to d --json").assert().code(1).get_output().clone();
    let verified: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(verified[0]["damaged"].as_array().unwrap().len(), 6);
}

#[test]
fn offline_and_wrong_usage() {
    let folder = folder(&[]);
    let message = |arguments: &str, code: i32| {
        let output = data(&folder, arguments).assert().code(code).get_output().stderr.clone();
        String::from_utf8(output).unwrap()
    };
    assert!(message("fetch wikigold --to d", 1).contains("HF_HUB_OFFLINE is set"));
    assert!(message("fetch nothing --to d", 2).contains("known: europarl-ner"));
    assert!(message("verify --to none", 1).contains("xlner data list"));
    message("fetch --to d", 2);
}
