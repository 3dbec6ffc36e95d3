//! The store: records, suggestions and an append-only table of events in one SQLite file.
//!
//! What counts are the events: each is an operation of a person on a version of a sentence, with a uuid, and is never
//! changed or removed. Heads (the versions as they are) follow from them and are kept beside them in the same transaction;
//! where they do not fit the events they are derived again. Every transaction is on the disk before it is acknowledged (write-ahead
//! log, `synchronous=FULL`).

mod events;
mod load;
mod schema;
mod sums;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _};
use rustc_hash::FxHashMap;
use xlner_core::Entity;

use crate::error::{Error, Result};
use crate::item::Item;
use crate::version::Version;

pub use events::{Event, NewEvent};
pub use load::Loaded;

/// The name of the adjudicated version; no annotator is called so.
pub const ADJUDICATED: &str = "";

/// What stands for a path where there is none.
const MEMORY: &str = ":memory:";

/// An open store. All items are in memory; versions are read when they are asked for.
pub struct Store {
    path: PathBuf,
    connection: Connection,
    items: Vec<Item>,
    keys: FxHashMap<String, usize>,
    /// Held while the store is open for writing: two servers on one store would not know of each other's suggestions.
    _lock: Option<File>,
}

/// A version and whose it is.
#[derive(Debug, Clone)]
pub struct Owned {
    /// Index of the item.
    pub item: usize,
    /// The annotator; [`ADJUDICATED`] for what holds.
    pub annotator: String,
    /// The version.
    pub version: Version,
}

impl Store {
    /// Opens a store to write to; makes it where there is none.
    ///
    /// # Errors
    /// Where another process has it open for writing, or it is not a store of ours.
    pub fn open(path: &Path) -> Result<Store> {
        let lock = lock(path)?;
        Store::start(path, Connection::open(path), Some(lock))
    }

    /// Opens a store to read from while a server may be writing to it.
    ///
    /// # Errors
    /// Where there is none, or it is not a store of ours.
    pub fn open_to_read(path: &Path) -> Result<Store> {
        if !path.is_file() {
            let problem = "there is no such store; `xlner review` makes one of records".to_owned();
            return Err(Error::BadStore { path: path.to_owned(), problem });
        }
        Store::start(path, Connection::open(path), None)
    }

    /// A store in memory, for work that is thrown away.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn in_memory() -> Result<Store> {
        Store::start(Path::new(MEMORY), Connection::open_in_memory(), None)
    }

    fn start(path: &Path, connection: rusqlite::Result<Connection>, lock: Option<File>) -> Result<Store> {
        let fail = |source| Error::Store { path: path.to_owned(), source };
        let connection = connection.map_err(fail)?;
        schema::prepare(&connection, path, lock.is_some() || path == Path::new(MEMORY))?;
        let mut store =
            Store { path: path.to_owned(), connection, items: Vec::new(), keys: FxHashMap::default(), _lock: lock };
        store.read_items()?;
        match store.heads_fit()? {
            true => {}
            false if store._lock.is_some() => store.rebuild()?,
            false => return Err(store.bad("the versions do not fit the events; `xlner review` mends that".into())),
        }
        Ok(store)
    }

    /// Removes a store with all its files: of one that was just made and holds nothing.
    pub fn discard(self) {
        let path = self.path.clone();
        drop(self);
        for end in ["", "-wal", "-shm", ".lock"] {
            let mut name = path.as_os_str().to_owned();
            name.push(end);
            // What is not there need not be removed.
            let _ = std::fs::remove_file(name);
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Name of the store, the same for as long as it lives; browsers keep unsent operations under it.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn name(&self) -> Result<String> {
        let sql = "SELECT value FROM meta WHERE key = 'name'";
        self.connection.query_row(sql, [], |row| row.get(0)).map_err(|error| self.failed(error))
    }

    /// All items, in the order they were loaded.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Index of an item by its key.
    ///
    /// # Errors
    /// [`Error::NoItem`].
    pub fn find(&self, key: &str) -> Result<usize> {
        self.keys.get(key).copied().ok_or_else(|| Error::NoItem(crate::shorten(key)))
    }

    /// What an annotator has made of an item.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn version(&self, item: usize, annotator: &str) -> Result<Version> {
        let sql = "SELECT value FROM heads WHERE item = ?1 AND version = ?2";
        let mut statement = self.connection.prepare_cached(sql).map_err(|error| self.failed(error))?;
        let head: Option<String> = statement
            .query_row((item as i64, annotator), |row| row.get(0))
            .optional()
            .map_err(|error| self.failed(error))?;
        match head {
            Some(json) => self.parse(&json),
            None => Ok(Version::of(&self.items[item], self.items[item].round())),
        }
    }

    /// Everybody's versions of an item, by name; the adjudicated one first.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn versions_of(&self, item: usize) -> Result<Vec<Owned>> {
        self.select("WHERE item = ?1", [item as i64])
    }

    /// All versions of all items that somebody has touched, by item and name.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn versions(&self) -> Result<Vec<Owned>> {
        self.select("", [])
    }

    /// All versions of one annotator, by item.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn versions_by(&self, annotator: &str) -> Result<Vec<Owned>> {
        self.select("WHERE version = ?1", [annotator])
    }

    fn select(&self, condition: &str, values: impl rusqlite::Params) -> Result<Vec<Owned>> {
        let sql = format!("SELECT item, version, value FROM heads {condition} ORDER BY item, version");
        let mut statement = self.connection.prepare_cached(&sql).map_err(|error| self.failed(error))?;
        let rows = statement
            .query_map(values, |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?)))
            .map_err(|error| self.failed(error))?;
        let mut owned = Vec::new();
        for row in rows {
            let (item, annotator, value) = row.map_err(|error| self.failed(error))?;
            owned.push(Owned { item: item as usize, annotator, version: self.parse(&value)? });
        }
        Ok(owned)
    }

    /// Names of those who have touched or been assigned anything.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn annotators(&self) -> Result<Vec<String>> {
        let sql = "SELECT version FROM heads WHERE version <> '' UNION SELECT annotator FROM assignments ORDER BY 1";
        let mut statement = self.connection.prepare_cached(sql).map_err(|error| self.failed(error))?;
        let names = statement.query_map([], |row| row.get(0)).map_err(|error| self.failed(error))?;
        names.collect::<rusqlite::Result<_>>().map_err(|error| self.failed(error))
    }

    /// Gives every item to so many of the annotators, in turn. Items that are assigned already stay as they are.
    ///
    /// # Errors
    /// [`Error::Options`] where there are fewer annotators than that.
    pub fn assign(&mut self, annotators: &[String], each: usize) -> Result<()> {
        if each == 0 || each > annotators.len() {
            return Err(Error::Options(format!(
                "an item cannot go to {each} of {} annotators; name more annotators, or assign it to fewer",
                annotators.len()
            )));
        }
        let path = self.path.clone();
        let fail = |source| Error::Store { path: path.clone(), source };
        let transaction = self.connection.transaction().map_err(fail)?;
        {
            let sql = "INSERT INTO assignments SELECT ?1, ?2, checksum(?1, ?2) \
                       WHERE (SELECT count(*) FROM assignments WHERE item = ?1) < ?3 ON CONFLICT DO NOTHING";
            let mut statement = transaction.prepare(sql).map_err(fail)?;
            for item in 0..self.items.len() {
                for turn in 0..each {
                    let name = &annotators[(item + turn) % annotators.len()];
                    statement.execute((item as i64, name, each as i64)).map_err(fail)?;
                }
            }
        }
        transaction.commit().map_err(fail)
    }

    /// The items assigned to an annotator; `None` where nothing is assigned to anybody.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn assigned(&self, annotator: &str) -> Result<Option<Vec<usize>>> {
        let any: bool = self
            .connection
            .query_row("SELECT EXISTS (SELECT 1 FROM assignments)", [], |row| row.get(0))
            .map_err(|error| self.failed(error))?;
        if !any {
            return Ok(None);
        }
        let sql = "SELECT item FROM assignments WHERE annotator = ?1 ORDER BY item";
        let mut statement = self.connection.prepare_cached(sql).map_err(|error| self.failed(error))?;
        let items = statement.query_map([annotator], |row| row.get::<_, i64>(0)).map_err(|error| self.failed(error))?;
        let items = items.map(|item| item.map(|item| item as usize)).collect::<rusqlite::Result<_>>();
        items.map(Some).map_err(|error| self.failed(error))
    }

    /// Items that at least two annotators are done with, in order.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn done_by_several(&self) -> Result<Vec<usize>> {
        let sql = "SELECT item FROM heads WHERE version <> '' AND json_extract(value, '$.state') = 'submitted' \
                   GROUP BY item HAVING count(*) > 1 ORDER BY item";
        let mut statement = self.connection.prepare_cached(sql).map_err(|error| self.failed(error))?;
        let items = statement.query_map([], |row| row.get::<_, i64>(0)).map_err(|error| self.failed(error))?;
        let items = items.map(|item| item.map(|item| item as usize)).collect::<rusqlite::Result<_>>();
        items.map_err(|error| self.failed(error))
    }

    /// Keeps a round of suggestions: the entities of items by index. The round's number is returned.
    ///
    /// # Errors
    /// Where SQLite fails; nothing is kept then.
    pub fn suggest(&mut self, suggestions: Vec<(usize, Vec<Entity>)>) -> Result<u32> {
        let path = self.path.clone();
        let fail = |source| Error::Store { path: path.clone(), source };
        let round = 1 + self.items.iter().map(Item::round).max().unwrap_or(0);
        let transaction = self.connection.transaction().map_err(fail)?;
        {
            let sql = "INSERT INTO suggestions VALUES (?1, ?2, ?3, checksum(?1, ?2, ?3))";
            let mut statement = transaction.prepare(sql).map_err(fail)?;
            for (item, entities) in &suggestions {
                statement.execute((*item as i64, round, json(entities))).map_err(fail)?;
            }
        }
        transaction.commit().map_err(fail)?;
        for (item, entities) in suggestions {
            self.items[item].suggestions.push((round, entities));
        }
        Ok(round)
    }

    /// Lets the file grow no further, as a full disk would.
    ///
    /// # Errors
    /// Where SQLite fails.
    #[doc(hidden)]
    pub fn limit_size(&self) -> Result<()> {
        let pages = |name: &str| self.connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
        let now = pages("page_count").map_err(|error| self.failed(error))?;
        pages(&format!("max_page_count = {now}")).map_err(|error| self.failed(error))?;
        Ok(())
    }

    fn parse<T: serde::de::DeserializeOwned>(&self, json: &str) -> Result<T> {
        serde_json::from_str(json).map_err(|error| self.bad(format!("the store is damaged: {error}")))
    }

    fn bad(&self, problem: String) -> Error {
        Error::BadStore { path: self.path.clone(), problem }
    }

    fn failed(&self, source: rusqlite::Error) -> Error {
        Error::Store { path: self.path.clone(), source }
    }
}

/// JSON of what always has some.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("texts, numbers and lists are JSON")
}

/// Locks a store for writing, by a file beside it.
fn lock(path: &Path) -> Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let lock_path = PathBuf::from(name);
    let file = File::options().create(true).truncate(false).write(true).open(&lock_path);
    let file = file.map_err(|source| Error::File { path: lock_path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let problem = "another `xlner review` has it open; stop that one, or use its page".to_owned();
            Err(Error::BadStore { path: path.to_owned(), problem })
        }
        Err(TryLockError::Error(source)) => Err(Error::File { path: lock_path, source }),
    }
}
