//! Which side of a quotation a quotation mark stands on.

/// Marks that open and the marks that close what they opened, in the languages' different habits.
const PAIRS: &[(&str, &str)] = &[
    ("\"", "\""),
    ("'", "'"),
    ("''", "''"),
    ("``", "''"),
    ("“", "”"),
    ("„", "“"),
    ("„", "”"),
    ("”", "”"),
    ("‘", "’"),
    ("‚", "‘"),
    ("«", "»"),
    ("»", "«"),
    ("»", "»"),
    ("‹", "›"),
    ("›", "‹"),
];

/// Side of a quotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuoteSide {
    /// Touches the token after it.
    Opens,
    /// Touches the token before it.
    Closes,
}

/// The quotations that are open, outermost first.
#[derive(Debug, Default)]
pub struct Quotes<'a> {
    open: Vec<&'a str>,
}

impl<'a> Quotes<'a> {
    /// Whether the mark would close a quotation.
    pub fn closes(&self, mark: &str) -> bool {
        self.open.iter().any(|&open| PAIRS.contains(&(open, mark)))
    }

    /// The side of the next token if it is a quotation mark. It closes the innermost quotation it fits; else it opens one
    /// if a mark that fits comes `later`; without a partner it is what it is by its look, and straight ones close
    /// unless what stands round them says `opening`.
    pub fn side(&mut self, mark: &'a str, opening: bool, later: impl Fn(&str) -> bool) -> Option<QuoteSide> {
        if !PAIRS.iter().any(|&(open, close)| open == mark || close == mark) {
            return None;
        }
        if let Some(at) = self.open.iter().rposition(|&open| PAIRS.contains(&(open, mark))) {
            self.open.truncate(at);
            return Some(QuoteSide::Closes);
        }
        if PAIRS.iter().any(|&(open, close)| open == mark && later(close)) {
            self.open.push(mark);
            return Some(QuoteSide::Opens);
        }
        let opens = opening || matches!(mark, "``" | "“" | "„" | "‘" | "‚" | "«" | "‹");
        Some(if opens { QuoteSide::Opens } else { QuoteSide::Closes })
    }
}
