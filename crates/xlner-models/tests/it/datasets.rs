//! Public data from a server that is a thread of the test.

use std::time::Duration;

use super::server::{Reply, Request, Server, file, hex, sha256};
use xlner_models::Error;
use xlner_models::datasets::{DataFile, Dataset, Mirror};
use xlner_models::hub::Damage;

const ONE: &[u8] = b"Anna B-PER\n";

fn big() -> Vec<u8> {
    (0..100_000u32).map(|number| (number % 251) as u8).collect()
}

fn dataset() -> Dataset {
    let file = |path: &str, content: &[u8]| DataFile {
        path: path.into(),
        origin: format!("data/{path}"),
        bytes: content.len() as u64,
        sha256: sha256(content),
    };
    Dataset {
        name: "set".into(),
        about: "made up".into(),
        licence: "none".into(),
        repository: "org/set".into(),
        commit: hex(&[7; 20]),
        files: vec![file("a/one.txt", ONE), file("a/big.txt", &big())],
    }
}

fn serve(big: impl Fn(&Request) -> Reply + Send + 'static) -> (Server, Mirror) {
    let folder = format!("/org/set/{}/data/a", hex(&[7; 20]));
    let server = Server::start(move |request| match request.path.strip_prefix(&folder) {
        Some("/one.txt") => file(ONE, request),
        Some("/big.txt") => big(request),
        _ => Reply::new(404, "not found"),
    });
    let mirror = Mirror { endpoint: server.address.clone(), offline: false, pause: Duration::from_millis(1) };
    (server, mirror)
}

#[test]
fn files_are_fetched_once_and_again_where_they_are_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let (server, mirror) = serve(|request| file(&big(), request));
    let dataset = dataset();
    let mut heard = Vec::new();
    let fetched = dataset.fetch(&mirror, folder.path(), &mut |_, done| heard.push(done)).unwrap();
    assert_eq!((fetched.files, fetched.bytes, fetched.there), (2, dataset.bytes(), 0));
    assert!(heard.is_sorted() && heard.last() == Some(&dataset.bytes()));
    assert_eq!(std::fs::read(folder.path().join("set/a/big.txt")).unwrap(), big());
    assert!(server.requests().iter().all(|request| request.token.is_none()));
    assert_eq!(dataset.verify(folder.path()).unwrap(), []);

    let one = folder.path().join("set/a/one.txt");
    std::fs::write(&one, "Anna B-LOC\n").unwrap();
    assert_eq!(dataset.verify(folder.path()).unwrap(), [(one.clone(), Damage::Changed)]);
    let again = dataset.fetch(&mirror, folder.path(), &mut |_, _| {}).unwrap();
    assert_eq!((again.files, again.there, server.requests().len()), (1, 1, 1));
    assert_eq!(std::fs::read(one).unwrap(), ONE);
}

#[test]
fn what_was_broken_off_is_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let (server, mirror) = serve(|request| match request.from {
        None => file(&big(), request).cut(60_000),
        Some(_) => file(&big(), request),
    });
    dataset().fetch(&mirror, folder.path(), &mut |_, _| {}).unwrap();
    let from: Vec<_> = server.requests().iter().map(|request| request.from).collect();
    assert_eq!(from, [None, None, Some(60_000)]);
    let left = std::fs::read_dir(folder.path().join("set/a")).unwrap().count();
    assert_eq!(left, 2);
}

#[test]
fn a_file_that_is_another_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, mirror) = serve(|request| file(&vec![1; 100_000], request));
    let error = dataset().fetch(&mirror, folder.path(), &mut |_, _| {}).unwrap_err();
    assert!(matches!(&error, Error::Engine { problem, .. } if problem.contains("checksum")), "{error}");
    assert!(!folder.path().join("set/a/big.txt").exists() && folder.path().join("set/a/one.txt").exists());
}

#[test]
fn offline_nothing_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (server, mirror) = serve(|request| file(&big(), request));
    let mirror = Mirror { offline: true, ..mirror };
    let error = dataset().fetch(&mirror, folder.path(), &mut |_, _| {}).unwrap_err();
    assert!(error.to_string().contains("HF_HUB_OFFLINE"), "{error}");
    assert!(server.requests().is_empty());
    let outside = Dataset { name: "..".into(), ..dataset() };
    assert!(matches!(outside.fetch(&mirror, folder.path(), &mut |_, _| {}), Err(Error::Options(_))));
}

#[test]
fn several_at_once_fetch_a_file_once() {
    let folder = tempfile::tempdir().unwrap();
    let (server, mirror) = serve(|request| match request.from {
        // Slow, and broken off: whoever comes meanwhile finds half a file.
        None => {
            std::thread::sleep(Duration::from_millis(100));
            file(&big(), request).cut(60_000)
        }
        Some(_) => file(&big(), request),
    });
    let fetch = || dataset().fetch(&mirror, folder.path(), &mut |_, _| {}).unwrap();
    let fetched = std::thread::scope(|scope| {
        let all: Vec<_> = (0..3).map(|_| scope.spawn(fetch)).collect();
        all.into_iter().map(|fetched| fetched.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(
        fetched.iter().map(|fetched| (fetched.files, fetched.there)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1)),
        (2, 4)
    );
    assert_eq!(server.requests().len(), 3);
    assert_eq!(std::fs::read(folder.path().join("set/a/big.txt")).unwrap(), big());
}
