//! The first lines of a file, in cells.

use super::super::cells::{is_blank, is_docstart, is_range, is_tag};
use super::super::layout::Separator;
use crate::line_reader::byte_lines;

/// Rows looked at.
const ROWS: usize = 5000;

/// The first lines of a file, split.
pub(super) struct Sample<'a> {
    pub(super) separator: Separator,
    /// Token lines.
    pub(super) rows: Vec<Row<'a>>,
    /// Names of the columns, from `# global.columns`.
    pub(super) names: Option<Vec<String>>,
    /// Whether the rows come from lines that begin with `#`, because there are no others.
    pub(super) hashes: bool,
}

pub(super) struct Row<'a> {
    pub(super) line: u64,
    pub(super) cells: Vec<&'a str>,
    /// First of its sentence.
    pub(super) first: bool,
}

impl<'a> Sample<'a> {
    pub(super) fn take(prefix: &'a [u8]) -> Sample<'a> {
        let (mut lines, mut hash_lines) = (Vec::new(), Vec::new());
        let mut names = None;
        let mut first = true;
        for (index, line) in byte_lines(prefix).enumerate() {
            let Ok(line) = std::str::from_utf8(line) else { continue };
            if is_blank(line) || is_docstart(line) {
                first = true;
            } else if let Some(list) = line.strip_prefix("# global.columns =") {
                names = Some(list.split_ascii_whitespace().map(str::to_owned).collect());
            } else if line.starts_with('#') {
                hash_lines.push((index as u64 + 1, line, true));
            } else {
                lines.push((index as u64 + 1, line, first));
                first = false;
            }
            if lines.len() == ROWS {
                break;
            }
        }
        let hashes = lines.is_empty();
        if hashes {
            // Tokens that begin with `#` end with a tag, comments hardly ever do.
            hash_lines.retain(|(_, line, _)| line.rsplit_once([' ', '\t']).is_some_and(|(_, cell)| is_tag(cell)));
            lines = hash_lines;
        }
        let with_tab = lines.iter().filter(|(_, line, _)| line.contains('\t')).count();
        let separator = if 2 * with_tab > lines.len() { Separator::Tab } else { Separator::Spaces };
        let rows: Vec<Row> =
            lines.into_iter().map(|(line, text, first)| Row { line, cells: separator.split(text), first }).collect();
        Sample { separator, rows, names, hashes }
    }

    /// Whether `holds` is true for this cell of every row that has as many as the first; the others are errors when it is
    /// their turn.
    pub(super) fn all(&self, column: usize, holds: impl Fn(&str) -> bool) -> bool {
        let columns = self.rows[0].cells.len();
        let mut rows = self.rows.iter().filter(|row| row.cells.len() == columns);
        rows.all(|row| row.cells.get(column).is_some_and(|cell| holds(cell)))
    }

    pub(super) fn any(&self, column: usize, holds: impl Fn(&str) -> bool) -> bool {
        self.rows.iter().any(|row| row.cells.get(column).is_some_and(|cell| holds(cell)))
    }

    /// Whether the first of at least three columns numbers the tokens of each sentence.
    pub(super) fn has_ids(&self) -> bool {
        let mut last = 0;
        !self.hashes
            && self.rows[0].cells.len() >= 3
            && self.rows.iter().any(|row| !is_range(row.cells[0]))
            && self.rows.iter().all(|row| {
                let id = row.cells[0];
                if row.cells.len() >= 3 && is_range(id) {
                    return true;
                }
                let Ok(id) = id.parse::<u32>() else { return false };
                let follows = if row.first { id <= 1 } else { id == last + 1 };
                last = id;
                follows
            })
    }

    /// Columns in front of the tokens that number sentence and token (`2-7`) or give offsets (`13-18`).
    pub(super) fn numbering(&self) -> usize {
        let columns = self.rows[0].cells.len();
        (0..columns.saturating_sub(2)).take_while(|&column| self.all(column, is_range)).count()
    }
}
