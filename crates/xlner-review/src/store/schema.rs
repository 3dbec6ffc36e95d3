//! The tables.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _};

use crate::error::{Error, Result};

/// Marks the file as ours (`PRAGMA application_id`): “xlnr”.
const APPLICATION: i64 = 0x786c_6e72;
/// Version of the tables (`PRAGMA user_version`).
const VERSION: i64 = 1;

const TABLES: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE items (number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, record TEXT NOT NULL);
CREATE TABLE suggestions (
    item INTEGER NOT NULL REFERENCES items, round INTEGER NOT NULL, entities TEXT NOT NULL,
    PRIMARY KEY (item, round)) WITHOUT ROWID;
CREATE TABLE routes (
    item INTEGER NOT NULL REFERENCES items, name TEXT NOT NULL, entities TEXT NOT NULL,
    PRIMARY KEY (item, name)) WITHOUT ROWID;
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL UNIQUE, item INTEGER NOT NULL REFERENCES items,
    version TEXT NOT NULL, author TEXT NOT NULL, base INTEGER NOT NULL, round INTEGER NOT NULL,
    operation TEXT NOT NULL, at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')));
CREATE INDEX events_of_version ON events (item, version, seq);
CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'events are never removed'); END;
CREATE TABLE heads (
    item INTEGER NOT NULL REFERENCES items, version TEXT NOT NULL, seq INTEGER NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (item, version)) WITHOUT ROWID;
CREATE INDEX heads_of_version ON heads (version, item);
CREATE TABLE assignments (
    item INTEGER NOT NULL REFERENCES items, annotator TEXT NOT NULL, PRIMARY KEY (item, annotator)) WITHOUT ROWID;
INSERT INTO meta VALUES ('name', lower(hex(randomblob(8))));
";

/// Makes the tables in a new file, and checks that any other is a store of ours.
pub(super) fn prepare(connection: &Connection, path: &Path) -> Result<()> {
    let fail = |source| Error::Store { path: path.to_owned(), source };
    let bad = |problem: &str| Error::BadStore { path: path.to_owned(), problem: problem.to_owned() };
    connection.busy_timeout(std::time::Duration::from_secs(10)).map_err(fail)?;
    // A file that is no database tells so here.
    let pragma = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
    let application = match pragma("application_id") {
        Ok(id) => id,
        Err(rusqlite::Error::SqliteFailure(error, _)) if error.code == rusqlite::ErrorCode::NotADatabase => {
            return Err(bad("this is no store; name another file"));
        }
        Err(error) => return Err(fail(error)),
    };
    let tables = connection
        .query_row("SELECT name FROM sqlite_master LIMIT 1", [], |row| row.get::<_, String>(0))
        .optional()
        .map_err(fail)?;
    if tables.is_some() && application != APPLICATION {
        return Err(bad("this is a database of another program; name another file"));
    }
    if tables.is_some() && pragma("user_version").map_err(fail)? != VERSION {
        return Err(bad("this store is of another version of xlner; export it with that one"));
    }
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
        .map_err(fail)?;
    if tables.is_none() {
        let make = format!(
            "BEGIN IMMEDIATE; {TABLES} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; COMMIT;"
        );
        connection.execute_batch(&make).map_err(fail)?;
    }
    Ok(())
}
