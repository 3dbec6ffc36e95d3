//! Plain tables: the first column is left-aligned, the others are right-aligned.

use std::fmt::Write as _;

/// A table of one heading and several rows.
pub struct Table {
    rows: Vec<Vec<String>>,
    /// Rows that an empty line goes before.
    gaps: Vec<usize>,
    /// Rows of other importance than the rest: 1 bold, -1 dim.
    weights: Vec<i8>,
}

impl Table {
    pub fn new<S: Into<String>>(heading: impl IntoIterator<Item = S>) -> Self {
        Table { rows: vec![heading.into_iter().map(Into::into).collect()], gaps: Vec::new(), weights: vec![-1] }
    }

    /// Appends a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
        self.weights.push(0);
    }

    /// Appends a row that stands out.
    pub fn strong(&mut self, cells: Vec<String>) {
        self.row(cells);
        *self.weights.last_mut().expect("a row was appended") = 1;
    }

    /// Sets the next row apart.
    pub fn gap(&mut self) {
        self.gaps.push(self.rows.len());
    }

    /// The table as lines, with escape codes where `color` is set.
    pub fn render(&self, color: bool) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for (index, (row, weight)) in self.rows.iter().zip(&self.weights).enumerate() {
            if self.gaps.contains(&index) {
                text.push('\n');
            }
            let mut line = String::new();
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let pad = " ".repeat(width - cell.chars().count());
                let _ = if column == 0 { write!(line, "{cell}{pad}") } else { write!(line, "  {pad}{cell}") };
            }
            text += &paint(line.trim_end(), *weight, color);
            text.push('\n');
        }
        text
    }
}

/// A text, bold (1), dim (-1) or as it is (0).
pub fn paint(text: &str, weight: i8, color: bool) -> String {
    match weight {
        1 if color => format!("\u{1b}[1m{text}\u{1b}[0m"),
        -1 if color => format!("\u{1b}[2m{text}\u{1b}[0m"),
        _ => text.to_owned(),
    }
}

/// A count with its thousands set apart.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A figure with four decimals.
pub fn figure(value: f64) -> String {
    format!("{value:.4}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(["a", "n"]);
        table.row(vec!["ééé".into(), "1".into()]);
        table.gap();
        table.strong(vec!["b".into(), "100".into()]);
        assert_eq!(table.render(false), "a      n\nééé    1\n\nb    100\n");
        assert!(table.render(true).ends_with("\u{1b}[1mb    100\u{1b}[0m\n"));
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
    }
}
