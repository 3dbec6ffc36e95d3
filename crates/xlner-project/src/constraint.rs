//! How many projections a source entity gets.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// The number of projections of each source entity: at most, exactly, or at least n. Written `<=1`, `=1`, `>=1`, `<=2`, ….
///
/// It binds the entities that have a match at all (an entity without a candidate of positive score is left out, as in
/// the published code). Where `=n` or `>=n` cannot be met in a sentence, as many of the required projections as possible
/// are made, and among those assignments the one of largest score is taken; entities that get none are reported with
/// [`Reason::Infeasible`](xlner_core::Reason::Infeasible). (The published code gives up the whole sentence.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Constraint {
    /// `<=n`, n ≥ 1. `<=1` is the default.
    AtMost(u16),
    /// `=n`, n ≥ 1.
    Exactly(u16),
    /// `>=n`; `>=0` is no constraint at all.
    AtLeast(u16),
}

impl Default for Constraint {
    fn default() -> Self {
        Constraint::AtMost(1)
    }
}

impl Constraint {
    /// Projections an entity must have, as far as possible.
    pub fn required(self) -> u16 {
        match self {
            Constraint::AtMost(_) => 0,
            Constraint::Exactly(n) | Constraint::AtLeast(n) => n,
        }
    }

    /// Projections an entity may have; `None` where there is no limit.
    pub fn limit(self) -> Option<u16> {
        match self {
            Constraint::AtMost(n) | Constraint::Exactly(n) => Some(n),
            Constraint::AtLeast(_) => None,
        }
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Constraint::AtMost(n) => write!(f, "<={n}"),
            Constraint::Exactly(n) => write!(f, "={n}"),
            Constraint::AtLeast(n) => write!(f, ">={n}"),
        }
    }
}

impl FromStr for Constraint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = || Error::Parse { what: "a constraint", found: text.to_owned(), known: "<=1, =1, >=1, <=2, …" };
        let trimmed = text.trim();
        let (make, least, number): (fn(u16) -> Constraint, u16, &str) = if let Some(rest) = trimmed.strip_prefix("<=") {
            (Constraint::AtMost, 1, rest)
        } else if let Some(rest) = trimmed.strip_prefix(">=") {
            (Constraint::AtLeast, 0, rest)
        } else if let Some(rest) = trimmed.strip_prefix('=') {
            (Constraint::Exactly, 1, rest)
        } else {
            return Err(bad());
        };
        let n = number.trim().parse().map_err(|_| bad())?;
        if n < least { Err(bad()) } else { Ok(make(n)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constraint_reads_what_it_writes() {
        for text in ["<=1", "=1", ">=1", "<=2", ">=0", "=65535"] {
            assert_eq!(text.parse::<Constraint>().unwrap().to_string(), text);
        }
        for bad in ["", "1", "<1", "<=0", "=0", ">=-1", "<=65536", "==1", "<=1.5"] {
            assert!(bad.parse::<Constraint>().is_err(), "{bad}");
        }
    }
}
