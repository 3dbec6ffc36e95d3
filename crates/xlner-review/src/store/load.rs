//! Records into the store, and out of it into memory.

use std::path::Path;

use rustc_hash::FxHashSet;
use xlner_core::tokenize::tokenize_sentence;
use xlner_core::{Entity, Pair, Sentence};
use xlner_formats::{ReadOptions, Records, read_records};

use super::{Store, json};
use crate::error::{Error, Result};
use crate::item::Item;

/// What became of the records of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Loaded {
    /// New in the store.
    pub added: usize,
    /// In the store already; they stay as they were there.
    pub known: usize,
    /// Those of them with other entities: kept as another route's.
    pub routes: usize,
}

impl Store {
    /// Takes in the records of a file; those that the store has already, by id, stay as they are there, and where their entities
    /// are others, these are kept as those of another route.
    ///
    /// # Errors
    /// Where the file cannot be read, or has another text under the id of a record in the store; nothing is taken in then.
    pub fn load(&mut self, file: &Path, options: &ReadOptions) -> Result<Loaded> {
        let mut pairs = Vec::new();
        match read_records(file, options)? {
            Records::Pairs(reader) => {
                for pair in reader {
                    pairs.push(pair?);
                }
            }
            Records::Sentences(reader) => {
                for sentence in reader {
                    pairs.push(alone(sentence?));
                }
            }
            Records::Alignments(_) => {
                let problem = "holds links, and sentences are wanted; give records of pairs".to_owned();
                return Err(Error::BadStore { path: file.to_owned(), problem });
            }
        }
        self.add(pairs, file)
    }

    /// Takes in records.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn add(&mut self, pairs: Vec<Pair>, file: &Path) -> Result<Loaded> {
        let (mut loaded, mut fresh, mut seen) = (Loaded::default(), Vec::new(), FxHashSet::default());
        let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
        let mut routes = Vec::new();
        for (index, mut pair) in pairs.into_iter().enumerate() {
            let wrong = |record: &str, problem: String| Error::Record {
                file: file.to_owned(),
                record: record.to_owned(),
                problem,
            };
            let key = unique(&pair.id, index, &mut seen);
            for sentence in [&mut pair.source, &mut pair.target] {
                tokenize(sentence).map_err(|error| wrong(&key, error.to_string()))?;
            }
            pair.validate().map_err(|error| wrong(&key, error.to_string()))?;
            match self.keys.get(&key) {
                Some(&at) if !self.items[at].pair.target.tokens().eq(pair.target.tokens()) => {
                    let problem = format!(
                        "the store {} has another text under this id; make a new store for these records",
                        self.path.display()
                    );
                    return Err(wrong(&key, problem));
                }
                Some(&at) => {
                    loaded.known += 1;
                    if !alike(&self.items[at].pair.target.entities, &pair.target.entities) {
                        loaded.routes += 1;
                        routes.push((at, pair.target.entities));
                    }
                }
                None => {
                    loaded.added += 1;
                    fresh.push(Item { key, pair, suggestions: Vec::new(), routes: Vec::new() });
                }
            }
        }
        self.insert(&fresh, &routes, &name)?;
        for item in fresh {
            self.keys.insert(item.key.clone(), self.items.len());
            self.items.push(item);
        }
        for (at, entities) in routes {
            let of_item = &mut self.items[at].routes;
            of_item.retain(|(other, _)| *other != name);
            of_item.push((name.clone(), entities));
        }
        Ok(loaded)
    }

    fn insert(&mut self, items: &[Item], routes: &[(usize, Vec<Entity>)], name: &str) -> Result<()> {
        let path = self.path.clone();
        let fail = |source| Error::Store { path: path.clone(), source };
        let transaction = self.connection.transaction().map_err(fail)?;
        {
            let mut statement =
                transaction.prepare("INSERT INTO items VALUES (?1, ?2, ?3, checksum(?1, ?2, ?3))").map_err(fail)?;
            for (number, item) in items.iter().enumerate() {
                let number = (self.items.len() + number) as i64;
                statement.execute((number, &item.key, json(&item.pair))).map_err(fail)?;
            }
            let mut statement = transaction
                .prepare("INSERT OR REPLACE INTO routes VALUES (?1, ?2, ?3, checksum(?1, ?2, ?3))")
                .map_err(fail)?;
            for (item, entities) in routes {
                statement.execute((*item as i64, name, json(entities))).map_err(fail)?;
            }
        }
        transaction.commit().map_err(fail)
    }

    /// Reads the items and their suggestions.
    pub(super) fn read_items(&mut self) -> Result<()> {
        let mut items: Vec<Item> = Vec::new();
        {
            let sql = "SELECT key, record FROM items ORDER BY number";
            let mut statement = self.connection.prepare(sql).map_err(|error| self.failed(error))?;
            let mut rows = statement.query([]).map_err(|error| self.failed(error))?;
            while let Some(row) = rows.next().map_err(|error| self.failed(error))? {
                let key: String = row.get(0).map_err(|error| self.failed(error))?;
                let record: String = row.get(1).map_err(|error| self.failed(error))?;
                let pair = self.parse(&record)?;
                items.push(Item { key, pair, suggestions: Vec::new(), routes: Vec::new() });
            }
            let sql = "SELECT item, round, entities FROM suggestions ORDER BY item, round";
            let mut statement = self.connection.prepare(sql).map_err(|error| self.failed(error))?;
            let mut rows = statement.query([]).map_err(|error| self.failed(error))?;
            while let Some(row) = rows.next().map_err(|error| self.failed(error))? {
                let item: i64 = row.get(0).map_err(|error| self.failed(error))?;
                let round: u32 = row.get(1).map_err(|error| self.failed(error))?;
                let entities: String = row.get(2).map_err(|error| self.failed(error))?;
                let entities = self.parse(&entities)?;
                if let Some(item) = items.get_mut(item as usize) {
                    item.suggestions.push((round, entities));
                }
            }
            let sql = "SELECT item, name, entities FROM routes ORDER BY item, name";
            let mut statement = self.connection.prepare(sql).map_err(|error| self.failed(error))?;
            let mut rows = statement.query([]).map_err(|error| self.failed(error))?;
            while let Some(row) = rows.next().map_err(|error| self.failed(error))? {
                let item: i64 = row.get(0).map_err(|error| self.failed(error))?;
                let name: String = row.get(1).map_err(|error| self.failed(error))?;
                let entities: String = row.get(2).map_err(|error| self.failed(error))?;
                let entities = self.parse(&entities)?;
                if let Some(item) = items.get_mut(item as usize) {
                    item.routes.push((name, entities));
                }
            }
        }
        self.keys = items.iter().enumerate().map(|(at, item)| (item.key.clone(), at)).collect();
        self.items = items;
        Ok(())
    }
}

/// Whether two lists hold the same places and labels.
fn alike(a: &[Entity], b: &[Entity]) -> bool {
    a.len() == b.len() && a.iter().all(|x| b.iter().any(|y| x.span == y.span && x.label == y.label))
}

/// A sentence without its translation.
fn alone(mut target: Sentence) -> Pair {
    let numeric_id = target.extra.get("id").is_some_and(serde_json::Value::is_number);
    let id = match target.extra.remove("id") {
        Some(serde_json::Value::String(id)) => id,
        Some(id @ serde_json::Value::Number(_)) => id.to_string(),
        _ => String::new(),
    };
    let source = Sentence::from_tokens(std::iter::empty::<&str>());
    Pair { id, numeric_id, source, target, ..Pair::default() }
}

fn tokenize(sentence: &mut Sentence) -> xlner_core::Result<()> {
    if sentence.is_tokenized() { Ok(()) } else { tokenize_sentence(sentence) }
}

/// The record's id, or where it has none, its number; where that was there before, or means something in an address, with
/// a number after it.
fn unique(id: &str, index: usize, seen: &mut FxHashSet<String>) -> String {
    let mut key = if id.is_empty() { (index + 1).to_string() } else { id.to_owned() };
    let bare = key.clone();
    let mut copy = if matches!(bare.as_str(), "." | "..") { 1 } else { 0 };
    loop {
        if copy > 0 {
            key = format!("{bare}~{copy}");
        }
        if seen.insert(key.clone()) {
            return key;
        }
        copy = copy.max(1) + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_unique() {
        let mut seen = FxHashSet::default();
        let keys: Vec<String> =
            ["a", "a", "", "3", "..", "a~2"].iter().enumerate().map(|(at, id)| unique(id, at, &mut seen)).collect();
        assert_eq!(keys, ["a", "a~2", "3", "3~2", "..~1", "a~2~2"]);
    }
}
