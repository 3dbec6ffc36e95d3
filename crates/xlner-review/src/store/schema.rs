//! The tables.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _};

use super::sums;
use crate::error::{Error, Result};

/// Marks the file as ours (`PRAGMA application_id`): “xlnr”.
const APPLICATION: i64 = 0x786c_6e72;
/// Version of the tables (`PRAGMA user_version`).
const VERSION: i64 = 2;
/// The version without checksums.
const WITHOUT_SUMS: i64 = 1;

const TABLES: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE items (number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, record TEXT NOT NULL, sum INTEGER);
CREATE TABLE suggestions (
    item INTEGER NOT NULL REFERENCES items, round INTEGER NOT NULL, entities TEXT NOT NULL, sum INTEGER,
    PRIMARY KEY (item, round)) WITHOUT ROWID;
CREATE TABLE routes (
    item INTEGER NOT NULL REFERENCES items, name TEXT NOT NULL, entities TEXT NOT NULL, sum INTEGER,
    PRIMARY KEY (item, name)) WITHOUT ROWID;
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL UNIQUE, item INTEGER NOT NULL REFERENCES items,
    version TEXT NOT NULL, author TEXT NOT NULL, base INTEGER NOT NULL, round INTEGER NOT NULL,
    operation TEXT NOT NULL, at TEXT NOT NULL, sum INTEGER);
CREATE INDEX events_of_version ON events (item, version, seq);
CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'events are never removed'); END;
CREATE TABLE heads (
    item INTEGER NOT NULL REFERENCES items, version TEXT NOT NULL, seq INTEGER NOT NULL, value TEXT NOT NULL, sum INTEGER,
    PRIMARY KEY (item, version)) WITHOUT ROWID;
CREATE INDEX heads_of_version ON heads (version, item);
CREATE TABLE assignments (
    item INTEGER NOT NULL REFERENCES items, annotator TEXT NOT NULL, sum INTEGER,
    PRIMARY KEY (item, annotator)) WITHOUT ROWID;
INSERT INTO meta VALUES ('name', lower(hex(randomblob(8))));
";

/// An event without a checksum, of an older store, gets one.
const NOT_CHANGED: &str = "
CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events WHEN OLD.sum IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
";

/// Makes the tables in a new file, where it may be one, and checks that any other is a store of ours, and whole.
pub(super) fn prepare(connection: &Connection, path: &Path, may_be_new: bool) -> Result<()> {
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
    if tables.is_none() && !may_be_new {
        return Err(bad("the store is empty; take the copy that you keep of it, or review the records again"));
    }
    let version = pragma("user_version").map_err(fail)?;
    if tables.is_some() && ![VERSION, WITHOUT_SUMS].contains(&version) {
        return Err(bad("this store is of another version of xlner; export it with that one"));
    }
    sums::teach(connection).map_err(fail)?;
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
        .map_err(fail)?;
    if tables.is_none() {
        let make = format!(
            "BEGIN IMMEDIATE; {TABLES} {NOT_CHANGED} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; COMMIT;"
        );
        connection.execute_batch(&make).map_err(fail)?;
    } else if version == WITHOUT_SUMS {
        connection.execute_batch(&with_sums()).map_err(fail)?;
    }
    match sums::damage(connection).map_err(fail)? {
        Some(damage) => Err(bad(&format!("the store is damaged ({damage}); take the copy that you keep of it"))),
        None => Ok(()),
    }
}

/// Gives every row of an older store its checksum.
fn with_sums() -> String {
    let tables = sums::TABLES.iter().map(|(table, columns)| {
        format!("ALTER TABLE {table} ADD COLUMN sum INTEGER; UPDATE {table} SET sum = checksum({columns});")
    });
    let tables: String = tables.collect();
    format!(
        "BEGIN IMMEDIATE; DROP TRIGGER events_are_not_changed; {tables} {NOT_CHANGED} PRAGMA user_version = {VERSION}; COMMIT;"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        prepare(&connection, Path::new("a.db"), true).unwrap();
        let rows = "INSERT INTO items VALUES (0, 'a', '{}', checksum(0, 'a', '{}'));
            INSERT INTO events VALUES (1, 'u', 0, 'ada', 'ada', 0, 0, '{}', 'now',
                checksum(1, 'u', 0, 'ada', 'ada', 0, 0, '{}', 'now'));";
        connection.execute_batch(rows).unwrap();
        connection
    }

    #[test]
    fn a_store_without_checksums_gets_them() {
        let connection = memory();
        connection.execute_batch("DROP TRIGGER events_are_not_changed").unwrap();
        for (table, _) in sums::TABLES {
            connection.execute_batch(&format!("ALTER TABLE {table} DROP COLUMN sum")).unwrap();
        }
        let trigger = NOT_CHANGED.replace(" WHEN OLD.sum IS NOT NULL", "");
        connection.execute_batch(&format!("{trigger} PRAGMA user_version = {WITHOUT_SUMS}")).unwrap();
        prepare(&connection, Path::new("a.db"), false).unwrap();
        assert!(connection.execute("UPDATE events SET author = 'ben'", []).is_err());
        connection.execute("UPDATE items SET record = '[]'", []).unwrap();
        let error = prepare(&connection, Path::new("a.db"), false).unwrap_err().to_string();
        assert!(error.contains("row 0 of the table items"), "{error}");
    }

    #[test]
    fn every_table_has_a_checksum() {
        let connection = memory();
        let tables =
            "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'meta'";
        let count: i64 = connection.query_row(tables, [], |row| row.get(0)).unwrap();
        assert_eq!(count, sums::TABLES.len() as i64);
    }
}
