//! Checksums: a bit that a disk or a copy has turned over is told, not exported as what a person did.

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _};

/// Tables whose rows have a checksum, and the columns that it is of. Those of the heads are looked at with the heads, which can be
/// derived again.
pub(super) const TABLES: [(&str, &str); 6] = [
    ("items", "number, key, record"),
    ("suggestions", "item, round, entities"),
    ("routes", "item, name, entities"),
    ("events", "seq, uuid, item, version, author, base, round, operation, at"),
    ("assignments", "item, annotator"),
    ("heads", "item, version, seq, value"),
];

/// Teaches a connection the function `checksum` of any number of values.
pub(super) fn teach(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("checksum", -1, flags, |context| Ok(checksum(context)))
}

/// CRC-32 of values, each with its length.
fn checksum(values: &Context<'_>) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for at in 0..values.len() {
        let number;
        let bytes: &[u8] = match values.get_raw(at) {
            ValueRef::Null => b"",
            ValueRef::Integer(value) => {
                number = value.to_le_bytes();
                &number
            }
            ValueRef::Real(value) => {
                number = value.to_le_bytes();
                &number
            }
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes,
        };
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    }
    hasher.finalize()
}

/// The first thing that is damaged, if anything is.
pub(super) fn damage(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let whole: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if whole != "ok" {
        return Ok(Some(whole));
    }
    for (table, columns) in TABLES.iter().filter(|(table, _)| *table != "heads") {
        let first = columns.split(',').next().unwrap_or_default();
        let sql = format!("SELECT {first} FROM {table} WHERE sum IS NOT checksum({columns}) LIMIT 1");
        if let Some(row) = connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).optional()? {
            return Ok(Some(format!("row {row} of the table {table} does not fit its checksum")));
        }
    }
    Ok(None)
}
