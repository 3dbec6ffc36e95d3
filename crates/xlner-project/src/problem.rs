//! The assignment problem: what solvers get, and what they give back.

use xlner_core::Span;

use crate::{Error, Result};

/// A target span that a source entity may be projected to, and how well the two match.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Match {
    /// First target token.
    pub start: u32,
    /// Exclusive end: one past the last target token.
    pub end: u32,
    /// The score; higher is better.
    pub score: f64,
}

impl Match {
    /// The target span.
    pub fn span(self) -> Span {
        Span::new(self.start as usize, self.end as usize)
    }
}

/// The possible matches of every source entity in one flat list.
///
/// Choose some of them so that the sum of the scores is largest, no two chosen ones share a token, and the number of
/// those of one entity meets a [`Constraint`](crate::Constraint) (Politov et al. 2025, §3.2; Shkalikov 2024, eq. “ilp”).
/// Entities that claim the same source token ([`close_rival`](Self::close_rival)) exclude each other: at most one of them
/// has chosen matches.
#[derive(Debug, Clone, Default)]
pub struct Problem {
    target_len: usize,
    offsets: Vec<u32>,
    matches: Vec<Match>,
    /// By entity: the source tokens that it claims for itself.
    claims: Vec<Option<Span>>,
}

impl Problem {
    /// Empties the problem for a sentence of that many target tokens.
    pub fn clear(&mut self, target_len: usize) {
        self.target_len = target_len;
        self.offsets.clear();
        self.offsets.push(0);
        self.matches.clear();
        self.claims.clear();
    }

    /// Adds a match of the entity that comes next ([`close_entity`](Self::close_entity)).
    ///
    /// # Errors
    /// [`Error::BadScore`] where the score is not finite or the span is empty or leaves the sentence.
    pub fn push(&mut self, candidate: Match) -> Result<()> {
        let problem = if !candidate.score.is_finite() {
            "it is not a finite number"
        } else if candidate.start >= candidate.end || candidate.end as usize > self.target_len {
            "the span is not a part of the target sentence"
        } else {
            self.matches.push(candidate);
            return Ok(());
        };
        Err(Error::BadScore {
            column: "total".into(),
            entity: self.entities(),
            start: candidate.start as usize,
            end: candidate.end as usize,
            problem,
        })
    }

    /// Ends the matches of an entity; every source entity is closed once, in order, also those without a match.
    pub fn close_entity(&mut self) {
        self.offsets.push(self.matches.len() as u32);
        self.claims.push(None);
    }

    /// The same for an entity that excludes, and is excluded by, those closed in this way whose source spans share a token
    /// with its own: other boundaries of one name, or the same span with another label.
    pub fn close_rival(&mut self, source: Span) {
        self.offsets.push(self.matches.len() as u32);
        self.claims.push(Some(source));
    }

    /// The source span that an entity claims, where it excludes others.
    pub fn claim(&self, entity: usize) -> Option<Span> {
        self.claims[entity]
    }

    /// Whether any entity excludes others.
    pub fn has_rivals(&self) -> bool {
        self.claims.iter().any(Option::is_some)
    }

    /// Whether two entities exclude each other.
    pub fn excludes(&self, one: usize, other: usize) -> bool {
        match (self.claims[one], self.claims[other]) {
            (Some(a), Some(b)) => one != other && a.overlaps(b),
            _ => false,
        }
    }

    /// Number of target tokens.
    pub fn target_len(&self) -> usize {
        self.target_len
    }

    /// Number of entities.
    pub fn entities(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// All matches, entity by entity.
    pub fn matches(&self) -> &[Match] {
        &self.matches
    }

    /// Indices of the matches of an entity.
    pub fn range(&self, entity: usize) -> std::ops::Range<usize> {
        self.offsets[entity] as usize..self.offsets[entity + 1] as usize
    }

    /// The matches of an entity.
    pub fn of(&self, entity: usize) -> &[Match] {
        &self.matches[self.range(entity)]
    }
}

/// A chosen match.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chosen {
    /// The source entity.
    pub entity: u32,
    /// Index into [`Problem::matches`].
    pub index: u32,
    /// Objective minus the best objective without this match (≥ 0). `None` where the solver does not prove it, and
    /// where without the match a required projection would be missing.
    pub margin: Option<f64>,
}

/// An assignment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Solution {
    /// The chosen matches by first target token.
    pub chosen: Vec<Chosen>,
    /// Sum of their scores.
    pub objective: f64,
    /// Proven upper bound of the objective; equal to it where the assignment is proven optimal. `None` from solvers that
    /// prove nothing.
    pub bound: Option<f64>,
}

impl Solution {
    pub(crate) fn clear(&mut self) {
        self.chosen.clear();
        self.objective = 0.0;
        self.bound = None;
    }

    pub(crate) fn choose(&mut self, entity: usize, index: usize) {
        self.chosen.push(Chosen { entity: entity as u32, index: index as u32, margin: None });
    }

    /// Orders the chosen matches and sums up their scores.
    pub(crate) fn finish(&mut self, problem: &Problem) {
        self.chosen.sort_unstable_by_key(|chosen| problem.matches()[chosen.index as usize].start);
        self.objective = self.chosen.iter().map(|chosen| problem.matches()[chosen.index as usize].score).sum();
    }
}
