//! What is said where no column of tags is found.

use super::Finder;
use crate::columns::cells::{is_inside, is_tag};
use crate::columns::quoted::is_quoted_line;
use crate::error::{Error, ErrorKind, shorten};

impl Finder<'_> {
    /// Where a column holds tags on most lines: the first line with something else.
    fn odd_tag(&self) -> Option<Error> {
        let sample = &self.sample;
        let cells = |column: usize| sample.rows.iter().filter_map(move |row| Some((row.line, row.cells.get(column)?)));
        let column = (1..sample.rows[0].cells.len()).rev().find(|&column| {
            let tags = cells(column).filter(|(_, cell)| is_tag(cell)).count();
            2 * tags >= sample.rows.len() && sample.any(column, is_inside)
        })?;
        let (line, cell) = cells(column).find(|(_, cell)| !is_tag(cell))?;
        Some(Error::at_line(self.file, line, xlner_core::Error::BadTag { tag: cell.trim().to_owned() }.into()))
    }

    pub(super) fn missing(&self) -> Error {
        if let Some(error) = self.odd_tag() {
            return error;
        }
        // The line to show is the first one whose last cell is not a tag.
        let rows = &self.sample.rows;
        let row = rows.iter().find(|row| !row.cells.last().is_some_and(|cell| is_tag(cell))).unwrap_or(&rows[0]);
        let sample = shorten(&row.cells.join(" "));
        if is_quoted_line(&row.cells.join("\t")) {
            return Error::at_line(self.file, row.line, ErrorKind::QuotedCells { sample });
        }
        let line = row.cells.join(" ");
        let other = match line.trim() {
            line if line.starts_with(['{', '[']) && line.ends_with(['}', ']']) => Some(("JSON", "jsonl")),
            line if line.starts_with("WEBVTT") => Some(("WebVTT", "vtt")),
            line if line.starts_with("<?xml") || line.starts_with("<html") => Some(("XML or HTML", "alto, page, hocr")),
            _ => None,
        };
        if let Some((what, formats)) = other {
            return Error::at_line(self.file, row.line, ErrorKind::OtherFormat { what, formats });
        }
        Error::at_line(self.file, row.line, ErrorKind::MissingTagColumn { columns: row.cells.len(), sample })
    }
}
