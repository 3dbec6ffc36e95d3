//! Links that are probable in both directions.

use xlner_core::{Alignment, Error, Result};

use super::{Similarity, link};

/// Links the tokens whose probability exceeds `threshold` (0..1) in both directions: the softmax over a source token's
/// similarities and that over a target token's (AWESoME §2.1, eq. 1 and 2; 0.001 as published, on dot products of
/// layer 8). The probability of a link is the harmonic mean of the two.
///
/// # Errors
/// [`Error::Invalid`] where the threshold is outside 0..1.
pub fn softmax(similarity: &Similarity, threshold: f64) -> Result<Alignment> {
    both_ways(similarity, threshold, softmax_of)
}

/// The same with α-entmax (Peters, Niculae and Martins, ACL 2019, eq. 10), which gives small similarities the probability
/// 0: softmax for α = 1, sparsemax for α = 2; 1.5 and threshold 0 as in AWESoME.
///
/// # Errors
/// [`Error::Invalid`] where α is below 1 or infinite, or the threshold outside 0..1.
pub fn entmax(similarity: &Similarity, alpha: f64, threshold: f64) -> Result<Alignment> {
    if !(alpha >= 1.0 && alpha.is_finite()) {
        return Err(Error::Invalid(format!("entmax: alpha {alpha} is not a number from 1 up")));
    }
    if alpha == 1.0 {
        return softmax(similarity, threshold);
    }
    both_ways(similarity, threshold, |values| entmax_of(values, alpha))
}

fn both_ways(similarity: &Similarity, threshold: f64, distribution: impl Fn(&mut [f64])) -> Result<Alignment> {
    if !(0.0..1.0).contains(&threshold) {
        return Err(Error::Invalid(format!("threshold {threshold} is not at least 0 and below 1")));
    }
    if similarity.is_empty() {
        return Ok(Alignment::default());
    }
    let (source_len, target_len) = (similarity.source_len(), similarity.target_len());
    let mut forward = similarity.values.clone();
    forward.chunks_exact_mut(target_len).for_each(&distribution);
    let mut reverse = similarity.transposed().values;
    reverse.chunks_exact_mut(source_len).for_each(&distribution);
    let mut links = Vec::new();
    for source in 0..source_len {
        for target in 0..target_len {
            let (forward, reverse) = (forward[source * target_len + target], reverse[target * source_len + source]);
            if forward > threshold && reverse > threshold {
                // Rounding may lead a hair above 1.
                links.push(link(source, target, (2.0 * forward * reverse / (forward + reverse)).min(1.0)));
            }
        }
    }
    Ok(Alignment::new(links))
}

/// Makes values probabilities that sum to 1: p = exp(z) / Σ exp(z).
pub(super) fn softmax_of(values: &mut [f64]) {
    let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    values.iter_mut().for_each(|value| *value = (*value - max).exp());
    normalize(values);
}

/// Makes values probabilities that sum to 1: p = [(α−1)z − τ]₊^(1/(α−1)), τ found by bisection between the bounds of
/// Blondel, Martins and Niculae (AISTATS 2019, §4.3) until two neighbouring floating-point numbers are left.
pub(super) fn entmax_of(values: &mut [f64], alpha: f64) {
    let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    values.iter_mut().for_each(|value| *value = (alpha - 1.0) * (*value - max));
    let probability = |value: f64, tau: f64| (value - tau).max(0.0).powf(1.0 / (alpha - 1.0));
    let (mut low, mut high) = (-1.0, -(values.len() as f64).powf(1.0 - alpha));
    loop {
        let tau = low + 0.5 * (high - low);
        if tau <= low || tau >= high {
            break;
        }
        let sum: f64 = values.iter().map(|&value| probability(value, tau)).sum();
        if sum >= 1.0 { low = tau } else { high = tau }
    }
    values.iter_mut().for_each(|value| *value = probability(*value, low));
    normalize(values);
}

fn normalize(values: &mut [f64]) {
    let sum: f64 = values.iter().sum();
    values.iter_mut().for_each(|value| *value /= sum);
}
