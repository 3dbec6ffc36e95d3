//! How good the sentences are that nobody has looked at.
//!
//! People look at the doubtful sentences first, so what they found is no sample of the rest. Sentences are therefore put
//! into strata by their expected errors, what was found in a stratum stands for the rest of it, weighted by the number
//! of sentences (Horvitz and Thompson 1952, after stratification), and the interval is a bootstrap over the sentences that were
//! looked at, stratum by stratum. Every tenth sentence of the queue is a random one, so every stratum is looked at.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use serde::Serialize;

use super::{Correction, has};
use crate::item::Item;

/// Strata.
const STRATA: usize = 4;
/// Sentences that must have been looked at.
const ENOUGH: usize = 10;
/// Bootstrap replicates.
const REPLICATES: usize = 1000;

/// An F1 and how far it is to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct F1Estimate {
    /// Estimated micro F1, in 0..=1.
    pub f1: f64,
    /// 95% interval.
    pub interval: [f64; 2],
    /// Sentences that were looked at.
    pub judged: usize,
    /// Sentences that it is about.
    pub rest: usize,
}

/// Entities found, entities right, entities there are.
type Counts = [f64; 3];

/// Estimates the F1 of the items without correction from what the corrections changed; `errors` are the expected errors of
/// every item.
pub(super) fn estimate(items: &[Item], corrections: &[Correction<'_>], errors: &[f64]) -> Option<F1Estimate> {
    let rest = items.len().saturating_sub(corrections.len());
    if corrections.len() < ENOUGH || rest == 0 {
        return None;
    }
    let mut is_corrected = vec![false; items.len()];
    corrections.iter().for_each(|correction| is_corrected[correction.item] = true);
    let mut all = errors.to_vec();
    all.sort_unstable_by(f64::total_cmp);
    let bounds: Vec<f64> = (1..STRATA).map(|part| all[part * all.len() / STRATA]).collect();
    let stratum = |error: f64| bounds.partition_point(|&bound| bound < error);
    let mut judged: Vec<Vec<Counts>> = vec![Vec::new(); STRATA];
    for correction in corrections {
        let right = correction.before.iter().filter(|entity| has(correction.after, entity)).count();
        let counts = [correction.before.len(), right, correction.after.len()].map(|count| count as f64);
        judged[stratum(errors[correction.item])].push(counts);
    }
    let mut sizes = [0.0; STRATA];
    (0..items.len()).filter(|&at| !is_corrected[at]).for_each(|at| sizes[stratum(errors[at])] += 1.0);
    // A stratum that nobody looked at is taken for the next more doubtful one, or the last one for the one before.
    for at in (0..STRATA).rev().chain(0..STRATA) {
        if judged[at].is_empty() {
            let near = if at + 1 < STRATA { at + 1 } else { at - 1 };
            judged[at] = judged[near].clone();
        }
    }
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut replicates: Vec<f64> = (0..REPLICATES)
        .map(|_| {
            f1(&judged, &sizes, |list| {
                (0..list.len()).map(|_| list[(rng.next_u64() % list.len() as u64) as usize]).fold([0.0; 3], sum)
            })
        })
        .collect();
    replicates.sort_unstable_by(f64::total_cmp);
    let at = |quantile: f64| replicates[(quantile * (REPLICATES - 1) as f64).round() as usize];
    Some(F1Estimate {
        f1: f1(&judged, &sizes, |list| list.iter().copied().fold([0.0; 3], sum)),
        interval: [at(0.025), at(0.975)],
        judged: corrections.len(),
        rest,
    })
}

fn sum(a: Counts, b: Counts) -> Counts {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

/// F1 of the rest: the totals of each stratum's sample, for as many sentences as it has.
fn f1(judged: &[Vec<Counts>], sizes: &[f64; STRATA], mut totals: impl FnMut(&[Counts]) -> Counts) -> f64 {
    let mut all = [0.0; 3];
    for (list, size) in judged.iter().zip(sizes).filter(|(list, _)| !list.is_empty()) {
        let weight = size / list.len() as f64;
        all = sum(all, totals(list).map(|count| weight * count));
    }
    let [found, right, there] = all;
    if found + there > 0.0 { 2.0 * right / (found + there) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use xlner_core::{Entity, Pair, Sentence};

    use super::*;

    #[test]
    fn strata_weigh_as_many_sentences_as_they_have() {
        // 100 sentences of one entity each: the 20 doubtful ones are wrong, the others right. Looked at: all 20 doubtful, 8 others.
        let items: Vec<Item> = (0..100)
            .map(|at| {
                let mut target = Sentence::from_tokens(["Paul", "went"]);
                target.entities = vec![Entity::new(0..1, "PER")];
                let pair = Pair { target, ..Pair::default() };
                Item { key: at.to_string(), pair, suggestions: Vec::new(), routes: Vec::new() }
            })
            .collect();
        let errors: Vec<f64> = (0..100).map(|at| if at < 20 { 1.0 } else { 0.1 }).collect();
        let other = [Entity::new(0..1, "LOC")];
        let corrections: Vec<Correction<'_>> = (0..28)
            .map(|item| {
                let before = &items[item].pair.target.entities[..];
                Correction { item, before, after: if item < 20 { &other } else { before } }
            })
            .collect();
        let found = estimate(&items, &corrections, &errors).unwrap();
        assert_eq!((found.judged, found.rest), (28, 72));
        assert_eq!(found.f1, 1.0);
        assert_eq!(estimate(&items, &corrections[..9], &errors), None);
    }
}
