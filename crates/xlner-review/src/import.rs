//! Back into the store: what was annotated elsewhere becomes an annotator's versions.

use std::path::Path;

use rustc_hash::FxHashMap;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use xlner_core::{Entity, Sentence};
use xlner_formats::{ReadOptions, Records, read_records};

use crate::Store;
use crate::error::{Error, Result};
use crate::item::Item;
use crate::offline::SavedFile;
use crate::people::check_name;
use crate::store::NewEvent;
use crate::version::{Mark, Operation, State};

/// What became of the sentences of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// Taken in.
    pub taken: usize,
    /// Were there already, the same.
    pub known: usize,
    /// Were changed in the store since the offline page was made; they stay as they are in the store.
    pub conflicts: Vec<String>,
    /// Of no sentence in the store: by id or by text.
    pub strangers: usize,
}

/// Reads a file and takes its entities in as versions of an annotator: sentences in any format, records (their field `gold`, else the
/// entities of the target), or what the offline page saved. Sentences are found by id, else by their text. Reading the same file
/// again changes nothing.
///
/// # Errors
/// Where the file cannot be read, none of its sentences is in the store, or an entity does not fit its sentence; nothing is
/// taken in of that sentence and those after it then.
pub fn import(store: &mut Store, file: &Path, options: &ReadOptions, annotator: Option<&str>) -> Result<Imported> {
    if let Some(saved) = offline(file)? {
        let annotator = annotator.unwrap_or(&saved.annotator).to_owned();
        return saved_file(store, &saved, &annotator);
    }
    let annotator = annotator.ok_or_else(|| Error::Options("whose work is it? Name the annotator".into()))?;
    check_name(annotator)?;
    let mut finder = Finder::new(store);
    let mut imported = Imported::default();
    let mut found: Vec<(usize, Vec<Entity>)> = Vec::new();
    let mut take = |store: &Store, id: &str, sentence: &Sentence| -> Result<()> {
        let Some(at) = finder.find(store, id, sentence) else {
            imported.strangers += 1;
            return Ok(());
        };
        let entities = placed(&store.items()[at], sentence).map_err(|problem| Error::Record {
            file: file.to_owned(),
            record: store.items()[at].key.clone(),
            problem,
        })?;
        found.push((at, entities));
        Ok(())
    };
    match read_records(file, options)? {
        Records::Pairs(reader) => {
            for pair in reader {
                let pair = pair?;
                let mut sentence = pair.target;
                if let Some(gold) = pair.extra.get("gold") {
                    sentence.entities = Vec::deserialize(gold).map_err(|error| Error::Record {
                        file: file.to_owned(),
                        record: pair.id.clone(),
                        problem: format!("`gold` is no list of entities: {error}"),
                    })?;
                    sentence.validate().map_err(|error| Error::Record {
                        file: file.to_owned(),
                        record: pair.id.clone(),
                        problem: format!("`gold`: {error}"),
                    })?;
                }
                take(store, &pair.id, &sentence)?;
            }
        }
        Records::Sentences(reader) => {
            for sentence in reader {
                let sentence = sentence?;
                let id = sentence.extra.get("id").map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
                take(store, &id.unwrap_or_default(), &sentence)?;
            }
        }
        Records::Alignments(_) => {
            let problem = "holds links, and entities are wanted".to_owned();
            return Err(Error::BadStore { path: file.to_owned(), problem });
        }
    }
    if found.is_empty() && imported.strangers > 0 {
        let problem = format!("none of its {} sentences is in the store", imported.strangers);
        return Err(Error::BadStore { path: file.to_owned(), problem });
    }
    for (at, entities) in found {
        let head = store.version(at, annotator)?;
        let marks: Vec<Mark> = entities.iter().map(Mark::from).collect();
        let same = head.entities.len() == marks.len()
            && head.entities.iter().zip(&marks).all(|(e, m)| e.span == m.span() && e.label == m.label);
        if same && head.state == State::Submitted {
            imported.known += 1;
            continue;
        }
        let key = store.items()[at].key.clone();
        let event = |kind: &str, operation| NewEvent {
            uuid: digest(&[annotator, &key, &head.seq.to_string(), kind]),
            base: head.seq,
            round: None,
            operation,
        };
        let events = [event("set", Operation::Set { entities: marks }), event("submit", Operation::Submit)];
        store.append(at, annotator, annotator, &events).map_err(|error| Error::Record {
            file: file.to_owned(),
            record: key.clone(),
            problem: error.to_string(),
        })?;
        imported.taken += 1;
    }
    Ok(imported)
}

/// A name made of texts, the same for the same ones.
pub(crate) fn digest(texts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for text in texts {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// What the offline page saved, where the file is that.
fn offline(file: &Path) -> Result<Option<SavedFile>> {
    if file.as_os_str() == "-" || !file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
        return Ok(None);
    }
    let fail = |source| Error::File { path: file.to_owned(), source };
    let text = std::fs::read(file).map_err(fail)?;
    if !text.starts_with(b"{\"xlner-review\":") {
        return Ok(None);
    }
    serde_json::from_slice(&text).map(Some).map_err(|error| Error::BadStore {
        path: file.to_owned(),
        problem: format!("not what the offline page saves: {error}; save it there again"),
    })
}

fn saved_file(store: &mut Store, saved: &SavedFile, annotator: &str) -> Result<Imported> {
    check_name(annotator)?;
    let mut imported = Imported::default();
    for item in &saved.items {
        let Ok(at) = store.find(&item.id) else {
            imported.strangers += 1;
            continue;
        };
        let before = store.version(at, annotator)?.seq;
        match store.append(at, annotator, annotator, &item.events) {
            Ok(head) if head.seq == before => imported.known += 1,
            Ok(_) => imported.taken += 1,
            Err(Error::Conflict { .. }) => imported.conflicts.push(item.id.clone()),
            Err(error) => return Err(error),
        }
    }
    Ok(imported)
}

/// Finds the item of a sentence.
struct Finder {
    /// Items by text, the first of each text last.
    by_text: FxHashMap<String, Vec<usize>>,
}

impl Finder {
    fn new(store: &Store) -> Self {
        let mut by_text: FxHashMap<String, Vec<usize>> = FxHashMap::default();
        for (at, item) in store.items().iter().enumerate().rev() {
            by_text.entry(bare(&item.pair.target)).or_default().push(at);
        }
        Finder { by_text }
    }

    fn find(&mut self, store: &Store, id: &str, sentence: &Sentence) -> Option<usize> {
        let text = bare(sentence);
        if let Ok(at) = store.find(id)
            && bare(&store.items()[at].pair.target) == text
        {
            return Some(at);
        }
        // Sentences of one text are taken in their order.
        self.by_text.get_mut(&text)?.pop()
    }
}

/// The text without white space: tools differ in it.
fn bare(sentence: &Sentence) -> String {
    sentence.text().chars().filter(|c| !c.is_whitespace()).collect()
}

/// The entities of a sentence on the tokens of an item, whose text is the same but for white space.
fn placed(item: &Item, sentence: &Sentence) -> std::result::Result<Vec<Entity>, String> {
    let target = &item.pair.target;
    let mut entities = Vec::with_capacity(sentence.entities.len());
    // Bytes of each text that are no white space, counted.
    let letters =
        |text: &str, to: usize| text[..to].chars().filter(|c| !c.is_whitespace()).map(char::len_utf8).sum::<usize>();
    for entity in &sentence.entities {
        let bytes = sentence.byte_range(entity.span.start).start..sentence.byte_range(entity.span.end - 1).end;
        let (start, end) = (letters(sentence.text(), bytes.start), letters(sentence.text(), bytes.end));
        let first = (0..target.len()).find(|&token| letters(target.text(), target.byte_range(token).end) > start);
        let last = (0..target.len()).rev().find(|&token| letters(target.text(), target.byte_range(token).start) < end);
        let (Some(first), Some(last)) = (first, last) else {
            return Err(format!("the entity “{}” is not in the text", sentence.span_text(entity.span)));
        };
        let from = entity.from.filter(|&from| from < item.pair.source.entities.len());
        entities.push(Entity { from, ..Entity::new(first..last + 1, entity.label.clone()) });
    }
    entities.sort_by_key(|entity| entity.span);
    Ok(entities)
}
