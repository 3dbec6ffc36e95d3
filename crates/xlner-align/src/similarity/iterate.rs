//! Mutual argmax, once or repeated.

use xlner_core::{Alignment, Error, Result};

use super::{Similarity, link};

/// Links the tokens that are each other's most similar (SimAlign §3.2, “Argmax”). Similarities are no probabilities: all
/// links have probability 1.
pub fn argmax(similarity: &Similarity) -> Alignment {
    let mutual = mutual(similarity, |_, _, value| value);
    mutual.into_iter().map(|(source, target)| link(source, target, 1.0)).collect()
}

/// Argmax in `rounds` (≥ 1), each on what the rounds before left: a similarity counts `alpha` (0..=1) times where one of the
/// tokens is linked already and nothing where both are (SimAlign §3.2, “Itermax”, algorithm 1). As in the published
/// implementation it ends early where a side is linked throughout or nothing new is found, and sentences of one or
/// two tokens have one round. All links have probability 1.
///
/// # Errors
/// [`Error::Invalid`] where `rounds` is 0 or `alpha` outside 0..=1.
pub fn itermax(similarity: &Similarity, rounds: usize, alpha: f64) -> Result<Alignment> {
    if rounds == 0 {
        return Err(Error::Invalid("itermax needs at least one round".into()));
    }
    if !(0.0..=1.0).contains(&alpha) {
        return Err(Error::Invalid(format!("itermax: alpha {alpha} is not between 0 and 1")));
    }
    let mut links = mutual(similarity, |_, _, value| value);
    let mut source_linked = vec![false; similarity.source_len()];
    let mut target_linked = vec![false; similarity.target_len()];
    let mut new = 0;
    for _ in 1..rounds {
        for &(source, target) in &links[new..] {
            source_linked[source] = true;
            target_linked[target] = true;
        }
        let small = similarity.source_len().min(similarity.target_len()) <= 2;
        if small || !source_linked.contains(&false) || !target_linked.contains(&false) {
            break;
        }
        let free = |source: usize, target: usize| {
            f64::from(u8::from(!source_linked[source])) + f64::from(u8::from(!target_linked[target]))
        };
        let found = mutual(similarity, |source, target, value| value * (alpha * free(source, target)).min(1.0));
        new = links.len();
        links.extend(found.into_iter().filter(|&(source, target)| free(source, target) > 0.0));
        if links.len() == new {
            break;
        }
    }
    Ok(links.into_iter().map(|(source, target)| link(source, target, 1.0)).collect())
}

/// Cells that are the largest of their row and of their column under a weighting; of equal ones the first.
fn mutual(similarity: &Similarity, weigh: impl Fn(usize, usize, f64) -> f64) -> Vec<(usize, usize)> {
    if similarity.is_empty() {
        return Vec::new();
    }
    let mut best_source = vec![(f64::NEG_INFINITY, 0); similarity.target_len()];
    let mut best_target = Vec::with_capacity(similarity.source_len());
    for source in 0..similarity.source_len() {
        let mut best = (f64::NEG_INFINITY, 0);
        for (target, &value) in similarity.row(source).iter().enumerate() {
            let value = weigh(source, target, value);
            if value > best.0 {
                best = (value, target);
            }
            if value > best_source[target].0 {
                best_source[target] = (value, source);
            }
        }
        best_target.push(best.1);
    }
    let pairs = best_target.into_iter().enumerate();
    pairs.filter(|&(source, target)| best_source[target].1 == source).collect()
}
