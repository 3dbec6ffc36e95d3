//! Half-open token ranges.

use std::ops::Range;

/// A half-open token range `start..end`. Ordered by start, then end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First token.
    pub start: usize,
    /// Exclusive end: one past the last token.
    pub end: usize,
}

impl Span {
    /// The span `start..end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Span { start, end }
    }

    /// Number of tokens.
    pub const fn len(self) -> usize {
        self.end.saturating_sub(self.start)
    }

    /// Whether it holds no token.
    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// Whether the two share a token.
    pub const fn overlaps(self, other: Span) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Whether token `index` is inside.
    pub const fn contains(self, index: usize) -> bool {
        self.start <= index && index < self.end
    }

    /// Whether `other` lies inside this span.
    pub const fn encloses(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// As a range, for slicing.
    pub const fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Span::new(range.start, range.end)
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_is_symmetric_and_half_open() {
        assert!(Span::new(0, 2).overlaps(Span::new(1, 3)));
        assert!(!Span::new(0, 2).overlaps(Span::new(2, 3)));
        assert!(!Span::new(2, 3).overlaps(Span::new(0, 2)));
    }
}
