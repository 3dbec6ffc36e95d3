//! Models from a Hub that is a thread of the test: one that answers as the Hub does, breaks off, refuses and lies.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use super::server::{Reply, Request, Server, file, hex, sha256};
use sha1::Digest as _;
use tempfile::TempDir;
use xlner_models::Error;
use xlner_models::hub::{Damage, Hub, PullProgress};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const NAME: &str = "org/model";

fn weights() -> Vec<u8> {
    (0..100_000u32).map(|number| (number % 251) as u8).collect()
}

fn listing() -> Reply {
    let config = hex(&sha1::Sha1::digest(b"blob 2\0{}"));
    let body = format!(
        r#"{{"id":"{NAME}","sha":"{COMMIT}","siblings":[
            {{"rfilename":"README.md","size":5,"blobId":"{config}"}},
            {{"rfilename":"config.json","size":2,"blobId":"{config}"}},
            {{"rfilename":"tokenizer.json","size":2,"blobId":"{config}"}},
            {{"rfilename":"model.safetensors","size":100000,"blobId":"{config}","lfs":{{"sha256":"{}","size":100000,"pointerSize":9}}}},
            {{"rfilename":"pytorch_model.bin","size":7,"blobId":"{config}"}}]}}"#,
        sha256(&weights())
    );
    Reply::new(200, body)
}

/// A Hub that is honest, but for the weights.
fn serve(weights: impl Fn(&Request) -> Reply + Send + 'static) -> Server {
    Server::start(move |request| match request.path.as_str() {
        path if path.starts_with("/api/models/org/model/revision/") => listing(),
        path if path.ends_with("/config.json") || path.ends_with("/tokenizer.json") => file(b"{}", request),
        path if path.ends_with("/model.safetensors") => weights(request),
        _ => Reply::new(404, "Entry not found"),
    })
}

fn hub(server: &Server, folder: &TempDir) -> Hub {
    Hub {
        cache: folder.path().join("hub"),
        endpoint: server.address.clone(),
        token: Some("secret".into()),
        offline: false,
        pause: Duration::from_millis(1),
    }
}

fn pull(hub: &Hub) -> Result<std::path::PathBuf, Error> {
    hub.pull(NAME, None, &mut |_| {})
}

fn nothing_is_there(hub: &Hub) {
    assert!(!hub.cache.join("models--org--model/snapshots").join(COMMIT).join("model.safetensors").exists());
    assert!(!hub.cache.join("models--org--model/blobs").join(sha256(&weights())).exists());
    assert!(!hub.cache.join("models--org--model/refs/main").exists());
}

#[test]
fn a_model_is_pulled_in_the_layout_of_the_hub() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(|request| file(&weights(), request));
    let hub = hub(&server, &folder);
    let mut heard: Vec<PullProgress> = Vec::new();
    let snapshot = hub.resolve(NAME, None, &mut |progress| heard.push(progress)).unwrap();
    let place = hub.cache.join("models--org--model");
    assert_eq!(snapshot, place.join("snapshots").join(COMMIT));
    assert_eq!(fs::read_to_string(place.join("refs/main")).unwrap(), COMMIT);
    assert_eq!(fs::read(snapshot.join("model.safetensors")).unwrap(), weights());
    assert_eq!(fs::read(place.join("blobs").join(sha256(&weights()))).unwrap(), weights());
    #[cfg(unix)]
    assert_eq!(
        fs::read_link(snapshot.join("model.safetensors")).unwrap(),
        Path::new("../../blobs").join(sha256(&weights()))
    );
    assert!(heard.windows(2).all(|two| two[0].done <= two[1].done));
    assert_eq!(heard.last().map(|last| (last.done, last.total)), Some((100_004, 100_004)));

    let asked = server.requests();
    assert!(asked.iter().all(|request| request.token.as_deref() == Some("Bearer secret")));
    let paths: Vec<&str> = asked.iter().map(|request| request.path.as_str()).collect();
    let resolve = |file: &str| format!("/org/model/resolve/{COMMIT}/{file}");
    // Two files of one content are one blob.
    assert_eq!(paths[1..], [resolve("config.json"), resolve("model.safetensors")]);

    assert_eq!(hub.resolve(NAME, Some(COMMIT), &mut |_| {}).unwrap(), snapshot);
    assert!(server.requests().is_empty(), "what is there is not asked for");
    pull(&hub).unwrap();
    assert_eq!(server.requests().len(), 1, "what is there is not pulled");

    let cached = hub.list().unwrap();
    assert_eq!(cached.len(), 1);
    assert_eq!((cached[0].name.as_str(), cached[0].commit.as_str(), cached[0].complete), (NAME, COMMIT, true));
    assert_eq!((cached[0].size, &cached[0].refs[..]), (100_004, &["main".to_owned()][..]));
    let verified = hub.verify(&cached[0]).unwrap();
    assert!(verified.is_sound() && verified.sound == 3 && verified.unknown.is_empty());
}

#[test]
fn the_token_stays_with_the_hub_when_a_file_is_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    // Another port of the same host is another server.
    let elsewhere = Server::start(|request| file(&weights(), request));
    let address = elsewhere.address.clone();
    let server = serve(move |_| Reply::new(302, "").header("Location", format!("{address}/cdn/file")));
    pull(&hub(&server, &folder)).unwrap();
    let asked = elsewhere.requests();
    assert_eq!((asked.len(), asked[0].path.as_str(), &asked[0].token), (1, "/cdn/file", &None));
}

#[test]
fn redirects_within_the_hub_are_followed_to_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(move |request| match request.path.as_str() {
        path if path.starts_with("/api/models/org/model/revision/") => listing(),
        path if path.ends_with(".json") => file(b"{}", request),
        "/moved/weights" => file(&weights(), request),
        _ => Reply::new(307, "").header("Location", "/moved/weights"),
    });
    pull(&hub(&server, &folder)).unwrap();
    let moved: Vec<Request> =
        server.requests().into_iter().filter(|request| request.path == "/moved/weights").collect();
    assert_eq!((moved.len(), moved[0].token.as_deref()), (1, Some("Bearer secret")));
    let folder = tempfile::tempdir().unwrap();
    let server = serve(|request| Reply::new(302, "").header("Location", request.path.clone()));
    let error = pull(&hub(&server, &folder)).unwrap_err().to_string();
    assert!(error.contains("redirected"), "{error}");
    assert!(server.requests().len() < 20);
}

#[test]
fn a_server_that_brings_a_byte_at_a_time_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(|request| file(&weights(), request).cut(1));
    let error = pull(&hub(&server, &folder)).unwrap_err().to_string();
    assert!(error.contains("5 tries"), "{error}");
    assert!(server.requests().len() < 20);
}

#[test]
fn a_file_that_breaks_off_is_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(|request| file(&weights(), request).cut(30_000));
    let snapshot = pull(&hub(&server, &folder)).unwrap();
    assert_eq!(fs::read(snapshot.join("model.safetensors")).unwrap(), weights());
    let asked = server.requests().into_iter().filter(|request| request.path.ends_with(".safetensors"));
    let from: Vec<Option<usize>> = asked.map(|request| request.from).collect();
    assert_eq!(from, [None, Some(30_000), Some(60_000), Some(90_000)]);
}

#[test]
fn what_came_is_kept_for_the_next_start_and_is_no_model_yet() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(|request| match request.from {
        None => file(&weights(), request).cut(40_000),
        Some(_) => Reply::new(503, ""),
    });
    let broken = hub(&server, &folder);
    let message = pull(&broken).unwrap_err().to_string();
    assert!(message.contains("status 503") && message.contains("what came is kept"), "{message}");
    nothing_is_there(&broken);
    assert!(!broken.list().unwrap()[0].complete);

    let server = serve(|request| file(&weights(), request));
    let healed = hub(&server, &folder);
    healed.resolve(NAME, None, &mut |_| {}).unwrap();
    assert_eq!(server.requests().last().unwrap().from, Some(40_000));
    assert!(healed.list().unwrap()[0].complete);
}

#[test]
fn a_server_that_cannot_go_on_sends_all_again() {
    let folder = tempfile::tempdir().unwrap();
    let first = Mutex::new(true);
    let server = serve(move |_| {
        let reply = Reply::new(200, weights());
        if std::mem::take(&mut *first.lock().unwrap()) { reply.cut(10) } else { reply }
    });
    let snapshot = pull(&hub(&server, &folder)).unwrap();
    assert_eq!(fs::read(snapshot.join("model.safetensors")).unwrap(), weights());
}

#[test]
fn lies_do_not_get_into_the_cache() {
    let mut changed = weights();
    changed[50_000] ^= 1;
    let longer = [weights(), vec![0]].concat();
    for (content, expected) in
        [(changed, "checksum"), (longer, "longer than"), (weights()[1..].to_vec(), "99999 of 100000")]
    {
        let folder = tempfile::tempdir().unwrap();
        let server = serve(move |_| Reply::new(200, content.clone()));
        let hub = hub(&server, &folder);
        let message = pull(&hub).unwrap_err().to_string();
        assert!(message.contains(expected) && message.contains("try again later"), "{message}");
        nothing_is_there(&hub);
    }
}

#[test]
fn a_broken_piece_of_something_else_is_thrown_away() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(|request| file(&weights(), request));
    let hub = hub(&server, &folder);
    let blobs = hub.cache.join("models--org--model/blobs");
    fs::create_dir_all(&blobs).unwrap();
    fs::write(blobs.join(format!("{}.incomplete", sha256(&weights()))), vec![9; 500]).unwrap();
    let snapshot = pull(&hub).unwrap();
    assert_eq!(fs::read(snapshot.join("model.safetensors")).unwrap(), weights());
}

#[test]
fn refusals_say_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    for (status, token, expected) in [
        (401, None, "set HF_TOKEN"),
        (401, Some("secret"), "check the name and the token"),
        (403, Some("secret"), "ask for it on its page"),
        (404, None, "check the name and the revision"),
        (500, None, "status 500 (5 tries)"),
        (418, None, "status 418"),
    ] {
        let server = Server::start(move |_| Reply::new(status, "no"));
        let hub = Hub { token: token.map(str::to_owned), ..hub(&server, &folder) };
        let error = pull(&hub).unwrap_err();
        let message = error.to_string();
        assert!(
            matches!(error, Error::Engine { .. }) && message.contains(expected) && message.contains(NAME),
            "{message}"
        );
        assert_eq!(server.requests().len(), if status == 500 { 5 } else { 1 });
        nothing_is_there(&hub);
    }
}

#[test]
fn without_a_network_the_error_names_the_model_and_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|_| Reply::new(200, ""));
    let gone = Hub { endpoint: "http://127.0.0.1:1".into(), ..hub(&server, &folder) };
    let message = pull(&gone).unwrap_err().to_string();
    for expected in [NAME, "http://127.0.0.1:1", "5 tries", "hf download", "HF_ENDPOINT", "path of a folder"] {
        assert!(message.contains(expected), "{message}");
    }
    nothing_is_there(&gone);
}

#[test]
fn listings_that_make_no_sense() {
    for (body, expected) in [
        ("{", "no listing"),
        (r#"{"sha":"../../etc","siblings":[]}"#, "names no commit"),
        (r#"{"sha":"0123456789abcdef0123456789abcdef01234567","siblings":[]}"#, "no config.json"),
        (
            r#"{"sha":"0123456789abcdef0123456789abcdef01234567","siblings":[{"rfilename":"config.json"},{"rfilename":"model.safetensors"}]}"#,
            "no size or checksum",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(move |_| Reply::new(200, body));
        let message = pull(&hub(&server, &folder)).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn offline_only_what_is_there_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(|request| file(&weights(), request));
    let offline = Hub { offline: true, ..hub(&server, &folder) };
    let resolve = |name: &str| offline.resolve(name, None, &mut |_| {});
    let message = resolve(NAME).unwrap_err().to_string();
    assert!(message.contains("not in the cache") && message.contains("HF_HUB_OFFLINE"), "{message}");
    assert_eq!(resolve(folder.path().to_str().unwrap()).unwrap(), folder.path());
    assert!(resolve("a/b/c").unwrap_err().to_string().contains("organisation/name"));
    let path = pull(&hub(&server, &folder)).unwrap();
    server.requests();
    assert_eq!(resolve(NAME).unwrap(), path);
    fs::remove_file(path.join("model.safetensors")).unwrap();
    let message = resolve(NAME).unwrap_err().to_string();
    assert!(message.contains("model.safetensors is missing"), "{message}");
    assert!(server.requests().is_empty());
}

#[test]
fn damage_is_found_and_models_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(|request| file(&weights(), request));
    let hub = hub(&server, &folder);
    let snapshot = pull(&hub).unwrap();
    // A second revision that shares the configuration.
    let other = "f".repeat(40);
    let place = hub.cache.join("models--org--model");
    let second = place.join("snapshots").join(&other);
    fs::create_dir_all(&second).unwrap();
    fs::hard_link(fs::canonicalize(snapshot.join("config.json")).unwrap(), second.join("copy")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(fs::read_link(snapshot.join("config.json")).unwrap(), second.join("config.json"))
        .unwrap();

    fs::write(fs::canonicalize(snapshot.join("model.safetensors")).unwrap(), b"changed").unwrap();
    fs::remove_file(snapshot.join("tokenizer.json")).unwrap();
    let cached = hub.cached(NAME, Some("main")).unwrap();
    let verified = hub.verify(&cached[0]).unwrap();
    assert_eq!(verified.damaged, [("model.safetensors".to_owned(), Damage::Changed)]);
    assert!(!verified.is_sound() && verified.sound == 1);
    let incomplete = hub.verify(&hub.cached(NAME, Some(&other)).unwrap()[0]).unwrap();
    assert_eq!(incomplete.damaged, [("model.safetensors".to_owned(), Damage::Missing)]);
    // Pulled again, the damaged file is made good.
    pull(&hub).unwrap();
    assert!(hub.verify(&hub.cached(NAME, None).unwrap()[0]).unwrap().is_sound());

    assert_eq!(hub.remove(NAME, Some("main")).unwrap(), 100_000 + COMMIT.len() as u64);
    assert!(!snapshot.exists() && place.join("blobs").read_dir().unwrap().count() == 1);
    assert!(hub.remove(NAME, Some("main")).unwrap_err().to_string().contains("not in the cache"));
    hub.remove(NAME, None).unwrap();
    assert!(!place.exists() && hub.list().unwrap().is_empty());
}
