//! Tokens that have no translation: links whose tokens are about as similar to every other token.
//!
//! SimAlign's extension “Null” (§3.3). Its threshold is a quantile of the uncertainties of all links of a corpus: gather
//! [`uncertainty`] over the corpus, sort, take the value at the quantile (0.95 as published), then [`drop_uncertain`].

use xlner_core::{Alignment, Error, Link, Result};

use super::Similarity;

/// For every link the entropy of the source token's similarities or that of the target token's, whichever is less; each as a
/// share of the largest possible entropy, 0 (similar to one token alone) to 1 (to all alike). Without a meaning, and
/// therefore 0, where a sentence has one or two tokens.
///
/// # Errors
/// [`Error::LinkOutOfRange`] where a link leaves the matrix; [`Error::Invalid`] where a similarity is negative.
pub fn uncertainty(similarity: &Similarity, alignment: &Alignment) -> Result<Vec<f64>> {
    alignment.validate(similarity.source_len(), similarity.target_len())?;
    if let Some(value) = similarity.values.iter().find(|&&value| value < 0.0) {
        return Err(Error::Invalid(format!("similarity {value} is negative: entropies need similarities from 0 up")));
    }
    if similarity.source_len().min(similarity.target_len()) <= 2 {
        return Ok(vec![0.0; alignment.len()]);
    }
    let entropies = |matrix: &Similarity| -> Vec<f64> {
        (0..matrix.source_len()).map(|token| normalized_entropy(matrix.row(token))).collect()
    };
    let (source, target) = (entropies(similarity), entropies(&similarity.transposed()));
    let of = |link: &Link| source[link.source as usize].min(target[link.target as usize]);
    Ok(alignment.links().iter().map(of).collect())
}

/// The alignment without the links whose [`uncertainty`] exceeds a threshold (0..=1; 1 keeps all).
///
/// # Errors
/// Those of [`uncertainty`]; [`Error::Invalid`] where the threshold is outside 0..=1.
pub fn drop_uncertain(similarity: &Similarity, alignment: &Alignment, threshold: f64) -> Result<Alignment> {
    if !(0.0..=1.0).contains(&threshold) {
        return Err(Error::Invalid(format!("uncertainty {threshold} is not between 0 and 1")));
    }
    let uncertainty = uncertainty(similarity, alignment)?;
    let links = alignment.links().iter().zip(uncertainty);
    Ok(links.filter(|(_, uncertainty)| *uncertainty <= threshold).map(|(link, _)| *link).collect())
}

/// Entropy of the values as a distribution, over the logarithm of their number; 1 where all are 0.
fn normalized_entropy(values: &[f64]) -> f64 {
    let sum: f64 = values.iter().sum();
    if sum == 0.0 {
        return 1.0;
    }
    let entropy: f64 = values.iter().filter(|&&value| value > 0.0).map(|value| -value / sum * (value / sum).ln()).sum();
    // Rounding may lead a hair above 1.
    (entropy / (values.len() as f64).ln()).min(1.0)
}
