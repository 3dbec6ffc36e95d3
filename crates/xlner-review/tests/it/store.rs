//! The store: what was acknowledged stays, and nothing is taken in twice.

use proptest::prelude::*;
use xlner_review::error::Error;
use xlner_review::store::NewEvent;
use xlner_review::version::{Mark, Operation, State};
use xlner_review::{Store, import};

use crate::support::{pairs, store_of};

fn event(uuid: &str, base: u64, operation: Operation) -> NewEvent {
    NewEvent { uuid: uuid.into(), base, round: None, operation }
}

fn mark(start: usize, end: usize, label: &str) -> Mark {
    Mark { start, end, label: label.into(), from: None }
}

#[test]
fn sending_again_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store_of(&folder.path().join("a.db"), pairs());
    let events = [event("1", 0, Operation::Add(mark(1, 2, "MISC"))), event("2", 0, Operation::Submit)];
    let head = store.append(0, "ada", "ada", &events).unwrap();
    assert_eq!((head.seq, head.state, head.entities.len()), (2, State::Submitted, 3));
    assert_eq!(store.append(0, "ada", "ada", &events).unwrap(), head);
    // The acknowledgement was lost, and more was done since.
    let more = [events[0].clone(), events[1].clone(), event("3", 0, Operation::Unsure { on: true })];
    assert_eq!(store.append(0, "ada", "ada", &more).unwrap().seq, 3);
    assert_eq!(store.last_seq().unwrap(), 3);
    // A uuid is of one thing only.
    assert!(matches!(store.append(1, "ada", "ada", &events), Err(Error::Refused(_))));
}

#[test]
fn a_conflict_tells_the_head_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store_of(&folder.path().join("a.db"), pairs());
    let head = store.append(0, "ada", "ada", &[event("1", 0, Operation::Remove(mark(0, 1, "PER")))]).unwrap();
    let late = [event("2", 0, Operation::Remove(mark(2, 3, "ORG")))];
    match store.append(0, "ada", "ada", &late) {
        Err(Error::Conflict { base: 0, head: told }) => assert_eq!(*told, head),
        other => panic!("{other:?}"),
    }
    assert_eq!(store.version(0, "ada").unwrap(), head);
    // Somebody else's version is another.
    assert_eq!(store.append(0, "ben", "ben", &[event("3", 0, Operation::Submit)]).unwrap().entities.len(), 2);
    // All or none.
    let half = [event("4", 1, Operation::Submit), event("5", 1, Operation::Remove(mark(0, 1, "PER")))];
    assert!(store.append(0, "ada", "ada", &half).is_err());
    assert_eq!(store.version(0, "ada").unwrap(), head);
}

#[test]
fn a_store_is_opened_again_as_it_was_and_by_one_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let mut store = store_of(&path, pairs());
    let head = store.append(2, "ada", "ada", &[event("1", 0, Operation::Add(mark(1, 2, "LOC")))]).unwrap();
    assert!(Store::open(&path).err().unwrap().to_string().contains("another `xlner review`"));
    assert_eq!(Store::open_to_read(&path).unwrap().version(2, "ada").unwrap(), head);
    drop(store);
    let mut store = Store::open(&path).unwrap();
    assert_eq!(store.version(2, "ada").unwrap(), head);
    let again = store.add(pairs(), std::path::Path::new("test.jsonl")).unwrap();
    assert_eq!((again.added, again.known, again.routes), (0, 4, 0));
    let mut other = pairs();
    other[0].target = xlner_core::Sentence::from_tokens(["anders"]);
    other[0].alignment = None;
    let error = store.add(other, std::path::Path::new("other.jsonl")).unwrap_err().to_string();
    assert!(error.starts_with("other.jsonl, record “s1”:") && error.contains("another text"), "{error}");
}

#[test]
fn another_file_of_the_same_sentences_is_another_route() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store_of(&folder.path().join("a.db"), pairs());
    let mut other = pairs();
    other[0].target.entities.pop();
    let loaded = store.add(other, std::path::Path::new("route.jsonl")).unwrap();
    assert_eq!(loaded.routes, 1);
    assert!((store.items()[0].disagreement() - 1.0 / 3.0).abs() < 1e-9);
    assert_eq!(store.items()[1].disagreement(), 0.0);
}

#[test]
fn what_is_no_store_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.db");
    std::fs::write(&text, "not a database at all, but long enough to look like one ".repeat(50)).unwrap();
    assert!(Store::open(&text).err().unwrap().to_string().contains("no store"));
    assert!(Store::open_to_read(&folder.path().join("none.db")).err().unwrap().to_string().contains("no such store"));
}

#[test]
fn a_full_disk_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let mut store = store_of(&path, pairs());
    let kept = store.append(0, "ada", "ada", &[event("0", 0, Operation::Unsure { on: true })]).unwrap();
    store.limit_size().unwrap();
    let mut failed = false;
    for number in 1..200 {
        let head = store.version(0, "ada").unwrap();
        let text = "x".repeat(9000);
        let comment = event(&number.to_string(), head.seq, Operation::Comment { text });
        if store.append(0, "ada", "ada", &[comment]).is_err() {
            failed = true;
            assert_eq!(store.version(0, "ada").unwrap(), head, "what failed is not there");
            break;
        }
    }
    assert!(failed, "the disk never was full");
    drop(store);
    let store = Store::open(&path).unwrap();
    assert!(store.version(0, "ada").unwrap().seq >= kept.seq && store.version(0, "ada").unwrap().unsure);
}

#[test]
fn ids_that_are_equal_or_odd_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let mut records = pairs();
    for (record, id) in records.iter_mut().zip(["x", "x", "../../etc/passwd", "<b>"]) {
        record.id = id.into();
    }
    let store = store_of(&folder.path().join("a.db"), records);
    let keys: Vec<&str> = store.items().iter().map(|item| item.key.as_str()).collect();
    assert_eq!(keys, ["x", "x~2", "../../etc/passwd", "<b>"]);
}

/// Bits that a disk or a copy has turned over, and a file that is cut: the same comes back, or an error that names the store.
#[test]
fn damage_is_told_and_never_read_as_something_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let mut store = store_of(&path, pairs());
    let comment = Operation::Comment { text: "as it stands in the gazetteer".into() };
    let kept = store.append(0, "ada", "ada", &[event("0", 0, Operation::Unsure { on: true }), event("1", 0, comment)]);
    let kept = kept.unwrap();
    store.suggest(vec![(1, Vec::new())]).unwrap();
    drop(store);
    let whole = std::fs::read(&path).unwrap();
    let read = |bytes: &[u8]| {
        let path = folder.path().join("b.db");
        std::fs::write(&path, bytes).unwrap();
        let store = Store::open_to_read(&path)?;
        let items: Vec<_> =
            store.items().iter().map(|item| (item.key.clone(), item.pair.clone(), item.round())).collect();
        Ok::<_, Error>((items, store.version(0, "ada")?, store.events(0, None, 9)?.len()))
    };
    let wanted = read(&whole).unwrap();
    assert_eq!((&wanted.1, wanted.2), (&kept, 2));
    let mut mutator = xlner_testing::Mutator::new(7);
    let mut refused = 0;
    for number in 0..400 {
        let mut bytes = whole.clone();
        match number % 8 {
            0 => bytes.truncate(mutator.below(whole.len())),
            _ => bytes[mutator.below(whole.len())] ^= 1 << mutator.below(8),
        }
        match read(&bytes) {
            Ok(found) => assert_eq!(found, wanted, "{number}"),
            Err(error) => {
                assert!(error.to_string().contains("b.db"), "{error}");
                refused += 1;
            }
        }
    }
    assert!(refused > 50, "{refused}");
    assert!(read(b"").unwrap_err().to_string().contains("the store is empty"));
}

fn operation() -> impl Strategy<Value = Operation> {
    let mark = || {
        (0_usize..5, 0_usize..5, 0_usize..3)
            .prop_map(|(start, end, label)| mark(start, end, ["PER", "LOC", "ORG"][label]))
    };
    prop_oneof![
        mark().prop_map(Operation::Add),
        mark().prop_map(Operation::Remove),
        (mark(), mark()).prop_map(|(mark, to)| Operation::Change { mark, to }),
        (0_u32..5, 0_u32..5).prop_map(|(source, target)| Operation::Link { source, target }),
        (0_u32..5, 0_u32..5).prop_map(|(source, target)| Operation::Unlink { source, target }),
        any::<bool>().prop_map(|on| Operation::Unsure { on }),
        Just(Operation::Submit),
        Just(Operation::Skip),
        proptest::collection::vec(mark(), 0..3).prop_map(|entities| Operation::Set { entities }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Heads that are derived again are the same heads.
    #[test]
    fn heads_follow_from_events(operations in proptest::collection::vec((0_usize..3, 0_usize..2, operation()), 0..40)) {
        let mut store = Store::in_memory().unwrap();
        store.add(pairs(), std::path::Path::new("test.jsonl")).unwrap();
        let names = ["ada", "ben"];
        for (number, (item, who, operation)) in operations.into_iter().enumerate() {
            let base = store.version(item, names[who]).unwrap().seq;
            // Those that do not fit are refused, and change nothing.
            let _ = store.append(item, names[who], names[who], &[event(&number.to_string(), base, operation)]);
        }
        let before: Vec<_> = store.versions().unwrap().into_iter().map(|owned| (owned.item, owned.annotator, owned.version)).collect();
        store.rebuild().unwrap();
        let after: Vec<_> = store.versions().unwrap().into_iter().map(|owned| (owned.item, owned.annotator, owned.version)).collect();
        prop_assert_eq!(before, after);
    }
}

#[test]
fn importing_twice_is_importing_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store_of(&folder.path().join("a.db"), pairs());
    let file = folder.path().join("back.conll");
    std::fs::write(&file, "Berlin\tB-LOC\nist\tO\ngroß\tO\n.\tO\n\nFremd\tO\n").unwrap();
    let first = import::import(&mut store, &file, &Default::default(), Some("ada")).unwrap();
    assert_eq!((first.taken, first.known, first.strangers), (1, 0, 1));
    let second = import::import(&mut store, &file, &Default::default(), Some("ada")).unwrap();
    assert_eq!((second.taken, second.known), (0, 1));
    assert_eq!(store.version(1, "ada").unwrap().entities[0].label, "LOC");
}
