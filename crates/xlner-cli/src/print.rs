//! What commands print to standard output.

use anyhow::Result;
use serde::Serialize;

/// JSON to standard output.
pub fn print(value: &impl Serialize) -> Result<()> {
    out(format_args!("{}", serde_json::to_string_pretty(value)?))
}

/// A line to standard output.
pub fn out(line: std::fmt::Arguments<'_>) -> Result<()> {
    use std::io::Write as _;
    Ok(writeln!(std::io::stdout().lock(), "{line}")?)
}

/// A text without the control characters that a terminal would obey: what files and servers say may hold them.
pub fn tame(text: &str) -> String {
    let obeyed = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    let mut tame = String::with_capacity(text.len());
    for c in text.chars() {
        match obeyed(c) {
            true => tame.extend(c.escape_default()),
            false => tame.push(c),
        }
    }
    tame
}

/// Bytes as people read them.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}
