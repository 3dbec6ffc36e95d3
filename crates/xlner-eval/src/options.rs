//! What to count, and how.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use crate::Error;

/// How tag sequences are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// As `conlleval` and `seqeval` without `mode="strict"`: malformed sequences are repaired
    /// ([`xlner_core::tags`]). The scheme does not matter. `L` and `U` (BILOU) are read as `E` and `S`; `seqeval` does not know them here.
    #[default]
    Default,
    /// As `seqeval` with `mode="strict"` and a scheme: an entity counts only where the scheme's patterns hold from its first
    /// token to its end, and a tag outside the scheme is an error. The scheme is that of gold.
    Strict,
}

impl Mode {
    /// The name: `default`, `strict`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Mode::Default => "default",
            Mode::Strict => "strict",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Mode {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        [Mode::Default, Mode::Strict]
            .into_iter()
            .find(|mode| mode.as_str() == name)
            .ok_or_else(|| Error::UnknownMode(name.to_owned()))
    }
}

/// What to count.
///
/// Labels are mapped and ignored before the tags are read, as if the files had been written so: first each label is
/// replaced by what it maps to (once), then the tags of ignored labels become `O`.
#[derive(Debug, Clone, Default)]
pub struct EvalOptions {
    /// How tag sequences are read.
    pub mode: Mode,
    /// Labels replaced by others.
    pub map: BTreeMap<String, String>,
    /// Labels not counted, as they are called after mapping.
    pub ignore: BTreeSet<String>,
}

/// How often to resample, for confidence intervals and significance. Every replicate has its own random stream, so the result depends
/// on the seed and not on the number of threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resampling {
    /// Bootstrap replicates for the confidence intervals; 0: none are given. No more than [`MOST`](Self::MOST) are made.
    pub bootstrap: usize,
    /// Random swaps for the p-values between systems; 0: none are given. No more than [`MOST`](Self::MOST) are made.
    pub randomization: usize,
    /// Seed of the random numbers.
    pub seed: u64,
}

impl Resampling {
    /// Replicates, at most.
    pub const MOST: usize = 1_000_000;
    /// No resampling.
    pub const NONE: Resampling = Resampling { bootstrap: 0, randomization: 0, seed: 0 };
}

impl Default for Resampling {
    fn default() -> Self {
        Resampling { bootstrap: 1000, randomization: 10_000, seed: 1 }
    }
}
