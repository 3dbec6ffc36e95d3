//! Links from a matrix of similarities between tokens.
//!
//! An encoder gives every token of both sentences a vector; their similarities are the matrix. The extractions here are those
//! of SimAlign (Jalili Sabet, Dufter, Yvon and Schütze, Findings of EMNLP 2020: [`argmax`], [`itermax`], [`max_weight_match`], with
//! the extensions [`distort`](Similarity::distort) and [`null`]) and of AWESoME (Dou and Neubig, EACL 2021: [`softmax`],
//! [`entmax`]). Encoders cut words into sub-words: [`lift`] takes links of sub-words to links of words.
//!
//! Ties go to the lower index, as in the published implementations.
//!
//! ```
//! use xlner_align::similarity::{Extraction, Similarity};
//!
//! let similarity = Similarity::new(&[0.9f32, 0.1, 0.2, 0.3, 0.4, 0.8], 2, 3).unwrap();
//! let links = Extraction::Argmax.extract(&similarity).unwrap();
//! assert_eq!(links.links().iter().map(|l| (l.source, l.target)).collect::<Vec<_>>(), [(0, 0), (1, 2)]);
//! ```

mod distributions;
mod iterate;
mod lift;
mod matching;
pub mod null;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

pub use distributions::{entmax, softmax};
pub use iterate::{argmax, itermax};
pub use lift::lift;
pub use matching::max_weight_match;
use xlner_core::{Alignment, Error, Link, Result};

/// Similarities of every source token (row) with every target token (column); all of them finite.
#[derive(Debug, Clone, PartialEq)]
pub struct Similarity {
    values: Vec<f64>,
    source_len: usize,
    target_len: usize,
}

impl Similarity {
    /// A matrix given row by row, `source_len` × `target_len` values.
    ///
    /// # Errors
    /// [`Error::Length`] where the number of values is another, [`Error::Invalid`] where one is not finite.
    pub fn new<T: Copy + Into<f64>>(values: &[T], source_len: usize, target_len: usize) -> Result<Self> {
        if source_len.checked_mul(target_len) != Some(values.len()) {
            let expected = source_len.saturating_mul(target_len);
            return Err(Error::Length { what: "similarities", found: values.len(), expected });
        }
        let values: Vec<f64> = values.iter().map(|&value| value.into()).collect();
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            let (source, target, value) = (at / target_len, at % target_len, values[at]);
            return Err(Error::Invalid(format!(
                "similarity of tokens {source} and {target} is {value}: the encoder's vectors are damaged"
            )));
        }
        Ok(Similarity { values, source_len, target_len })
    }

    /// Source tokens.
    pub fn source_len(&self) -> usize {
        self.source_len
    }

    /// Target tokens.
    pub fn target_len(&self) -> usize {
        self.target_len
    }

    /// Whether a side has no token.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Similarity of two tokens. Panics where there are no such tokens.
    pub fn get(&self, source: usize, target: usize) -> f64 {
        assert!(target < self.target_len, "target token {target} of {}", self.target_len);
        self.values[source * self.target_len + target]
    }

    /// Similarities of one source token.
    fn row(&self, source: usize) -> &[f64] {
        &self.values[source * self.target_len..][..self.target_len]
    }

    /// The matrix seen from the other side.
    pub fn transposed(&self) -> Similarity {
        let mut values = Vec::with_capacity(self.values.len());
        for target in 0..self.target_len {
            values.extend((0..self.source_len).map(|source| self.get(source, target)));
        }
        Similarity { values, source_len: self.target_len, target_len: self.source_len }
    }

    /// Favours tokens at the same relative position: every similarity times 1 − κ·(i/(m−1) − j/(n−1))² (SimAlign §3.3,
    /// “Distortion correction”). κ in 0..=1; 0 changes nothing, nor does any κ where a side has one token.
    ///
    /// # Errors
    /// [`Error::Invalid`] where κ is outside 0..=1.
    pub fn distort(mut self, kappa: f64) -> Result<Self> {
        if !(0.0..=1.0).contains(&kappa) {
            return Err(Error::Invalid(format!("distortion {kappa} is not between 0 and 1")));
        }
        if self.source_len < 2 || self.target_len < 2 {
            return Ok(self);
        }
        let (rows, columns) = ((self.source_len - 1) as f64, (self.target_len - 1) as f64);
        for (source, row) in self.values.chunks_exact_mut(self.target_len).enumerate() {
            for (target, value) in row.iter_mut().enumerate() {
                let apart = target as f64 / columns - source as f64 / rows;
                *value *= 1.0 - apart * apart * kappa;
            }
        }
        Ok(self)
    }
}

/// How links are taken from similarities.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Extraction {
    /// Tokens that are each other's most similar: [`argmax`].
    Argmax,
    /// Argmax repeated on what is left: [`itermax`].
    Itermax {
        /// Rounds, at least 1; 2 as published.
        rounds: usize,
        /// Factor on tokens of which one is linked already, 0..=1; 0.9 as published.
        alpha: f64,
    },
    /// The matching of largest similarity: [`max_weight_match`].
    Match,
    /// Probable in both directions: [`softmax`].
    Softmax {
        /// Probability that both directions must exceed, 0..1; 0.001 as published.
        threshold: f64,
    },
    /// The same with sparse probabilities: [`entmax`].
    Entmax {
        /// Sparsity, ≥ 1: 1 is softmax, 2 is sparsemax; 1.5 as published.
        alpha: f64,
        /// Probability that both directions must exceed, 0..1; 0 as published.
        threshold: f64,
    },
}

impl Extraction {
    /// All of them, with the published parameters.
    pub const ALL: [Extraction; 5] = [
        Extraction::Argmax,
        Extraction::Itermax { rounds: 2, alpha: 0.9 },
        Extraction::Match,
        Extraction::Softmax { threshold: 0.001 },
        Extraction::Entmax { alpha: 1.5, threshold: 0.0 },
    ];

    /// The name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Extraction::Argmax => "argmax",
            Extraction::Itermax { .. } => "itermax",
            Extraction::Match => "match",
            Extraction::Softmax { .. } => "softmax",
            Extraction::Entmax { .. } => "entmax",
        }
    }

    /// The links of a matrix.
    ///
    /// # Errors
    /// [`Error::Invalid`] where a parameter is out of its range.
    pub fn extract(self, similarity: &Similarity) -> Result<Alignment> {
        match self {
            Extraction::Argmax => Ok(argmax(similarity)),
            Extraction::Itermax { rounds, alpha } => itermax(similarity, rounds, alpha),
            Extraction::Match => Ok(max_weight_match(similarity)),
            Extraction::Softmax { threshold } => softmax(similarity, threshold),
            Extraction::Entmax { alpha, threshold } => entmax(similarity, alpha, threshold),
        }
    }
}

impl fmt::Display for Extraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Extraction {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Extraction::ALL.into_iter().find(|extraction| extraction.as_str() == name).ok_or_else(|| {
            let known = Extraction::ALL.map(Extraction::as_str).join(", ");
            Error::Invalid(format!("“{name}” is not an extraction; there are {known}"))
        })
    }
}

/// A link between two tokens.
fn link(source: usize, target: usize, probability: f64) -> Link {
    Link { source: source as u32, target: target as u32, probability }
}
