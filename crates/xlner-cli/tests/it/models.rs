//! `xlner models` on a cache laid out by hand.

use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
/// `git hash-object` of `{}`.
const BLOB: &str = "9e26dfeeb6e641a33dae4961196235bdb965b21b";

fn cache() -> TempDir {
    let folder = TempDir::new().unwrap();
    let place = folder.path().join("hub/models--org--model");
    let write = |path: &Path, content: &str| {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    };
    write(&place.join("refs/main"), COMMIT);
    write(&place.join("blobs").join(BLOB), "{}");
    let snapshot = place.join("snapshots").join(COMMIT);
    write(&snapshot.join("model.safetensors"), "weights");
    #[cfg(unix)]
    std::os::unix::fs::symlink(Path::new("../../blobs").join(BLOB), snapshot.join("config.json")).unwrap();
    #[cfg(not(unix))]
    write(&snapshot.join("config.json"), "{}");
    folder
}

fn models(folder: &TempDir, arguments: &str) -> Command {
    let mut command = crate::common::xlner(folder, &format!("models {arguments}"));
    command
        .env("HF_HOME", folder.path())
        .env_remove("HF_HUB_CACHE")
        .env_remove("HUGGINGFACE_HUB_CACHE")
        .env("HF_HUB_OFFLINE", "1");
    command
}

fn json(folder: &TempDir, arguments: &str) -> serde_json::Value {
    serde_json::from_slice(&models(folder, arguments).assert().success().get_output().stdout).unwrap()
}

#[test]
fn list_verify_remove() {
    let folder = cache();
    let list = json(&folder, "list --json");
    assert_eq!((list[0]["name"].as_str(), list[0]["revision"].as_str()), (Some("org/model"), Some(COMMIT)));
    assert_eq!((list[0]["size"].as_u64(), list[0]["complete"].as_bool()), (Some(9), Some(true)));
    assert_eq!(list[0]["refs"][0], "main");
    let line = String::from_utf8(models(&folder, "list").assert().success().get_output().stdout.clone()).unwrap();
    assert_eq!(line, "org/model  0123456789ab       9 B  main\n");

    let verified = json(&folder, "verify --json");
    assert_eq!(verified[0]["damaged"].as_array().unwrap().len(), 0);
    #[cfg(unix)]
    {
        assert_eq!(
            (verified[0]["sound"].as_u64(), verified[0]["unknown"][0].as_str()),
            (Some(1), Some("model.safetensors"))
        );
        std::fs::write(folder.path().join("hub/models--org--model/blobs").join(BLOB), "[]").unwrap();
        let failed = models(&folder, "verify org/model").assert().code(1);
        let output = failed.get_output();
        assert!(String::from_utf8_lossy(&output.stdout).contains("config.json: changed"));
        assert!(String::from_utf8_lossy(&output.stderr).contains("remove and pull again org/model"));
    }

    models(&folder, "remove org/model").assert().success().stdout("");
    assert_eq!(json(&folder, "list --json"), serde_json::json!([]));
    models(&folder, "remove org/model").assert().code(1);
}

#[test]
fn offline_and_wrong_usage() {
    let folder = TempDir::new().unwrap();
    let message = |arguments: &str, code: i32| {
        let output = models(&folder, arguments).assert().code(code).stdout("").get_output().stderr.clone();
        String::from_utf8(output).unwrap()
    };
    assert!(message("pull org/model", 1).contains("HF_HUB_OFFLINE"));
    assert!(message("pull a/b/c", 2).contains("organisation/name"));
    assert!(message("pull org/model --revision ../x", 2).contains("no revision"));
    assert!(message("verify org/model", 1).contains("not in the cache"));
}
