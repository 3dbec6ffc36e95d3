//! Expected counts as fixed-point numbers: sums of them do not depend on the order, as those of floating-point numbers do,
//! and never stop growing, as `f32` does at 2²⁴.

/// Expected counts are multiples of 2⁻²⁰.
const ONE: f64 = (1 << 20) as f64;

/// The nearest fixed-point number.
pub fn from_real(x: f64) -> i64 {
    (x * ONE).round() as i64
}

/// The nearest fixed-point number of a probability, 0..=1.
#[inline]
pub fn from_probability(x: f32) -> i64 {
    i64::from((x * ONE as f32 + 0.5) as i32)
}

/// The value of a fixed-point number.
pub fn to_real(x: i64) -> f64 {
    x as f64 / ONE
}
