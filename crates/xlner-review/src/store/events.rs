//! Events: taken in once each, and turned into heads.

use rusqlite::{OptionalExtension as _, Transaction};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::{Store, json};
use crate::error::{Error, Result};
use crate::version::{Operation, Version};

/// Bytes of a uuid, at most.
const UUID_LIMIT: usize = 100;

/// An operation as a client sends it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewEvent {
    /// Made by the client, once for each operation: sending it again changes nothing.
    pub uuid: String,
    /// Sequence number of the version that the client had before it (0: nobody had touched it). In a list, that before
    /// the first of them will do for all.
    #[serde(default)]
    pub base: u64,
    /// The round of suggestions that the client saw; the newest where it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<u32>,
    /// What is done.
    #[serde(flatten)]
    pub operation: Operation,
}

/// An operation as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// Its place among all events.
    pub seq: u64,
    /// The client's name of it.
    pub uuid: String,
    /// Key of the item.
    pub item: String,
    /// Whose version it changes; empty: the adjudicated one.
    pub version: String,
    /// Who did it.
    pub author: String,
    /// When, by the server's clock (RFC 3339).
    pub at: String,
    /// What was done.
    #[serde(flatten)]
    pub operation: Operation,
}

impl Store {
    /// Takes in operations on a version of an item, all or none, and returns the version as it is then. Those that were
    /// taken in before are passed over.
    ///
    /// # Errors
    /// [`Error::Conflict`] where the version is no longer what the first new one is based on; [`Error::Refused`] where one
    /// does not fit the version; or SQLite's, a full disk among them. Nothing is taken in then.
    pub fn append(&mut self, item: usize, annotator: &str, author: &str, events: &[NewEvent]) -> Result<Version> {
        let path = self.path.clone();
        let fail = |source| Error::Store { path: path.clone(), source };
        let mut head = self.version(item, annotator)?;
        let place = &self.items[item];
        let transaction =
            self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(fail)?;
        // The base that the next new operation may have: the head, or for those sent with operations known already what
        // these were based on.
        let mut bases = vec![head.seq];
        let mut changed = false;
        for event in events {
            if event.uuid.is_empty() || event.uuid.len() > UUID_LIMIT {
                return Err(Error::Refused(format!("a uuid has 1 to {UUID_LIMIT} bytes")));
            }
            if let Some(known) = known(&transaction, &event.uuid).map_err(fail)? {
                if known.item != item || known.version != annotator {
                    let problem = "is that of an operation on something else; make a new one";
                    return Err(Error::Refused(format!("uuid “{}” {problem}", event.uuid)));
                }
                if known.seq == head.seq {
                    bases.push(known.base);
                    bases.push(event.base);
                }
                continue;
            }
            if !bases.contains(&event.base) {
                return Err(Error::Conflict { base: event.base, head: Box::new(head) });
            }
            bases.push(event.base);
            if head.seq == 0 {
                head = Version::of(place, event.round.unwrap_or_else(|| place.round()));
            }
            head.apply(&event.operation, place)?;
            let sql = "INSERT INTO events (seq, uuid, item, version, author, base, round, operation, at, sum) \
                       SELECT seq, ?1, ?2, ?3, ?4, ?5, ?6, ?7, at, checksum(seq, ?1, ?2, ?3, ?4, ?5, ?6, ?7, at) \
                       FROM (SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now') AS at, \
                             1 + coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0) AS seq)";
            let mut statement = transaction.prepare_cached(sql).map_err(fail)?;
            let operation = json(&event.operation);
            let values = (&event.uuid, item as i64, annotator, author, event.base as i64, head.round, operation);
            statement.execute(values).map_err(fail)?;
            head.seq = transaction.last_insert_rowid() as u64;
            bases.push(head.seq);
            changed = true;
        }
        if changed {
            write_head(&transaction, item, annotator, &head).map_err(fail)?;
            transaction.commit().map_err(fail)?;
        }
        Ok(head)
    }

    /// Whether every head is that of the last event of its version.
    pub(super) fn heads_fit(&self) -> Result<bool> {
        let sql = "SELECT NOT EXISTS (
            SELECT item, version, max(seq) FROM events GROUP BY item, version
            EXCEPT SELECT item, version, seq FROM heads) AND NOT EXISTS (
            SELECT item, version, seq FROM heads
            EXCEPT SELECT item, version, max(seq) FROM events GROUP BY item, version) AND NOT EXISTS (
            SELECT 1 FROM heads WHERE sum IS NOT checksum(item, version, seq, value))";
        self.connection.query_row(sql, [], |row| row.get(0)).map_err(|error| self.failed(error))
    }

    /// Derives all heads from the events.
    ///
    /// # Errors
    /// Where an event does not fit, which no store of ours has; the heads are then as they were.
    pub fn rebuild(&mut self) -> Result<()> {
        let path = self.path.clone();
        let fail = |source| Error::Store { path: path.clone(), source };
        let bad = |problem: String| Error::BadStore { path: path.clone(), problem };
        let transaction = self.connection.transaction().map_err(fail)?;
        transaction.execute("DELETE FROM heads", []).map_err(fail)?;
        {
            let sql = "SELECT seq, item, version, round, operation FROM events ORDER BY item, version, seq";
            let mut statement = transaction.prepare(sql).map_err(fail)?;
            let mut rows = statement.query([]).map_err(fail)?;
            let mut current: Option<(usize, String, Version)> = None;
            while let Some(row) = rows.next().map_err(fail)? {
                let read = || -> rusqlite::Result<(i64, i64, String, u32, String)> {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
                };
                let (seq, item, name, round, operation) = read().map_err(fail)?;
                let item = item as usize;
                let Some(place) = self.items.get(item) else {
                    return Err(bad(format!("event {seq} is of an item that is not there")));
                };
                if !current.as_ref().is_some_and(|(of, by, _)| *of == item && *by == name) {
                    if let Some((item, name, head)) = current.take() {
                        write_head(&transaction, item, &name, &head).map_err(fail)?;
                    }
                    current = Some((item, name, Version::of(place, round)));
                }
                let operation: Operation =
                    serde_json::from_str(&operation).map_err(|error| bad(format!("event {seq}: {error}")))?;
                if let Some((_, _, head)) = &mut current {
                    head.apply(&operation, place).map_err(|error| bad(format!("event {seq}: {error}")))?;
                    head.seq = seq as u64;
                }
            }
            if let Some((item, name, head)) = current {
                write_head(&transaction, item, &name, &head).map_err(fail)?;
            }
        }
        transaction.commit().map_err(fail)
    }

    /// The events after a sequence number, at most `limit` of them, of one version or of all.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn events(&self, since: u64, version: Option<&str>, limit: usize) -> Result<Vec<Event>> {
        let sql = "SELECT seq, uuid, item, version, author, at, operation FROM events \
                   WHERE seq > ?1 AND (?2 IS NULL OR version = ?2) ORDER BY seq LIMIT ?3";
        let mut statement = self.connection.prepare_cached(sql).map_err(|error| self.failed(error))?;
        let mut rows = statement
            .query((since.min(i64::MAX as u64) as i64, version, limit as i64))
            .map_err(|error| self.failed(error))?;
        let mut events = Vec::new();
        while let Some(row) = rows.next().map_err(|error| self.failed(error))? {
            let read = || -> rusqlite::Result<(Event, String)> {
                let item = row.get::<_, i64>(2)? as usize;
                let event = Event {
                    seq: row.get::<_, i64>(0)? as u64,
                    uuid: row.get(1)?,
                    item: self.items.get(item).map(|item| item.key.clone()).unwrap_or_default(),
                    version: row.get(3)?,
                    author: row.get(4)?,
                    at: row.get(5)?,
                    operation: Operation::Accept,
                };
                Ok((event, row.get(6)?))
            };
            let (mut event, operation) = read().map_err(|error| self.failed(error))?;
            event.operation = self.parse(&operation)?;
            events.push(event);
        }
        Ok(events)
    }

    /// Who did the last operation on every version, and when, by item and name.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn last_events(&self) -> Result<FxHashMap<(usize, String), (String, String)>> {
        let sql = "SELECT item, version, author, at FROM events WHERE seq IN (SELECT seq FROM heads)";
        let mut statement = self.connection.prepare_cached(sql).map_err(|error| self.failed(error))?;
        let rows = statement
            .query_map([], |row| Ok(((row.get::<_, i64>(0)? as usize, row.get(1)?), (row.get(2)?, row.get(3)?))))
            .map_err(|error| self.failed(error))?;
        rows.collect::<rusqlite::Result<_>>().map_err(|error| self.failed(error))
    }

    /// Sequence number of the last event; 0: there is none.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn last_seq(&self) -> Result<u64> {
        let sql = "SELECT coalesce(max(seq), 0) FROM events";
        let seq: i64 = self.connection.query_row(sql, [], |row| row.get(0)).map_err(|error| self.failed(error))?;
        Ok(seq as u64)
    }
}

/// An event that is in the store already.
struct Known {
    seq: u64,
    item: usize,
    version: String,
    base: u64,
}

fn known(transaction: &Transaction<'_>, uuid: &str) -> rusqlite::Result<Option<Known>> {
    let sql = "SELECT seq, item, version, base FROM events WHERE uuid = ?1";
    let mut statement = transaction.prepare_cached(sql)?;
    let row = |row: &rusqlite::Row<'_>| {
        Ok(Known {
            seq: row.get::<_, i64>(0)? as u64,
            item: row.get::<_, i64>(1)? as usize,
            version: row.get(2)?,
            base: row.get::<_, i64>(3)? as u64,
        })
    };
    statement.query_row([uuid], row).optional()
}

fn write_head(transaction: &Transaction<'_>, item: usize, annotator: &str, head: &Version) -> rusqlite::Result<()> {
    let sql = "INSERT INTO heads VALUES (?1, ?2, ?3, ?4, checksum(?1, ?2, ?3, ?4)) \
               ON CONFLICT DO UPDATE SET seq = excluded.seq, value = excluded.value, sum = excluded.sum";
    let mut statement = transaction.prepare_cached(sql)?;
    statement.execute((item as i64, annotator, head.seq as i64, json(head)))?;
    Ok(())
}
