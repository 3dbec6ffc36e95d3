//! Precision.

use std::str::FromStr;

use crate::{Error, Result};

/// What the linear layers of a transformer calculate in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit floating point.
    #[default]
    F32,
    /// 8-bit integers: weights with one scale per output, inputs with scale and zero point per row, sums in 32 bits. A
    /// quarter of the memory, two to three times the speed; results differ in the second digit.
    Int8,
}

impl Precision {
    /// The name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Precision::F32 => "f32",
            Precision::Int8 => "int8",
        }
    }
}

impl std::fmt::Display for Precision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Precision {
    type Err = Error;

    fn from_str(name: &str) -> Result<Precision> {
        let known = [Precision::F32, Precision::Int8].into_iter().find(|precision| precision.as_str() == name);
        known.ok_or_else(|| Error::Options(format!("“{name}” is not a precision; there are f32 and int8")))
    }
}
