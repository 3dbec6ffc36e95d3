//! Cells in quotes, as spreadsheets write them.

use super::cells::is_tag;
use super::read::prefix;
use crate::error::{Error, ErrorKind, Result, shorten};
use crate::line_reader::{LineReader, byte_lines};
use crate::notes::NoteKind;

/// Cells in quotes in which quotes are doubled.
pub(crate) const QUOTED: NoteKind = NoteKind::new(
    "quoted-cells",
    "cells in quotes with doubled quotes inside, as spreadsheets write them (read as they stand; export the file without quotes)",
);

/// Whether a spreadsheet wrote this cell: it stands in quotes, and the quotes inside are doubled, one at least.
pub(crate) fn is_quoted(cell: &str) -> bool {
    in_quotes(cell).is_some_and(|inside| inside.contains("\"\"") && !inside.replace("\"\"", "").contains('"'))
}

/// What stands between quotes; `None` where a cell does not stand in quotes.
fn in_quotes(cell: &str) -> Option<&str> {
    cell.strip_prefix('"')?.strip_suffix('"')
}

/// Whether all cells of a line stand in quotes, the last a tag: such a file is neither columns nor pairs.
pub(super) fn is_quoted_line(line: &str) -> bool {
    let mut cells = line.split(['\t', ' ', ',', ';']).filter(|cell| !cell.is_empty());
    let last_is_tag = cells.clone().next_back().and_then(in_quotes).is_some_and(is_tag);
    last_is_tag && cells.clone().count() > 1 && cells.all(|cell| in_quotes(cell).is_some())
}

/// Refuses a file of tags in quotes.
///
/// # Errors
/// [`ErrorKind::QuotedCells`] at its first such line.
pub(crate) fn check_quotes(lines: &mut LineReader) -> Result<()> {
    let file = lines.file().to_owned();
    for (line, number) in byte_lines(prefix(lines)?).zip(1..) {
        if let Some(line) = std::str::from_utf8(line).ok().filter(|line| is_quoted_line(line)) {
            return Err(Error::at_line(&file, number, ErrorKind::QuotedCells { sample: shorten(line) }));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_spreadsheets_are_told_from_text_in_quotes() {
        for quoted in [r#""He said ""hi""""#, r#""a ""b"" c""#, r#""""""#] {
            assert!(is_quoted(quoted), "{quoted}");
        }
        for text in [r#"""#, r#""""#, r#""Hi!""#, r#""Hi," he said, "there""#, "''", "a"] {
            assert!(!is_quoted(text), "{text}");
        }
    }

    #[test]
    fn a_line_of_quoted_cells_ends_with_a_tag() {
        for line in ["\"Ada\"\t\"B-PER\"", "\"won\" \"O\"", "\"Ada\",\"B-PER\""] {
            assert!(is_quoted_line(line), "{line}");
        }
        for line in ["\"Ada\"\t\"won\"", "\"O\"", "Ada\tB-PER", "\"Ada\"\tB-PER", ""] {
            assert!(!is_quoted_line(line), "{line}");
        }
    }
}
