//! Strata of sentences, and a sample of them that is to be judged.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// JudgedCounts sentences that a stratum gets at least, so that its spread is known.
const LEAST: usize = 4;

/// The stratum of every sentence, at most `count` of them, the least doubtful first; doubts are 0 or more. The bounds are
/// those of Dalenius and Hodges (1959, “Minimum variance stratification”), by the cumulated root; sentences alike are in
/// one stratum.
pub fn strata(doubts: &[f64], count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..doubts.len()).collect();
    order.sort_by(|a, b| doubts[*a].total_cmp(&doubts[*b]).then(a.cmp(b)));
    let all: f64 = doubts.iter().map(|doubt| doubt.sqrt()).sum();
    let mut strata = vec![0; doubts.len()];
    let (mut sum, mut last, mut stratum, mut members) = (0.0_f64, f64::NEG_INFINITY, 0, 0);
    for at in order {
        let wanted = ((sum / all.max(f64::MIN_POSITIVE)) * count as f64) as usize;
        if wanted > stratum && doubts[at] > last && members >= LEAST {
            (stratum, members) = (stratum + 1, 0);
        }
        strata[at] = stratum.min(count.saturating_sub(1));
        (sum, last, members) = (sum + doubts[at].sqrt(), doubts[at], members + 1);
    }
    strata
}

/// How many sentences of each stratum are judged, `size` in all where there are as many: in proportion to the sentences
/// times the root of their mean doubt (Neyman 1934), [`LEAST`] or all of them at least where `size` allows it.
pub fn allocate(strata: &[usize], doubts: &[f64], size: usize) -> Vec<usize> {
    let count = strata.iter().max().map_or(0, |last| last + 1);
    let (mut sizes, mut sums) = (vec![0usize; count], vec![0.0_f64; count]);
    for (stratum, doubt) in strata.iter().zip(doubts) {
        sizes[*stratum] += 1;
        sums[*stratum] += doubt;
    }
    let worth: Vec<f64> = sizes.iter().zip(&sums).map(|(size, sum)| (*size as f64 * sum).sqrt().max(1e-9)).collect();
    let least = LEAST.min(size / count.max(1));
    let mut taken: Vec<usize> = sizes.iter().map(|size| least.min(*size)).collect();
    let mut left = size.min(strata.len()) - taken.iter().sum::<usize>();
    while left > 0 {
        // One after the other to whom it is worth most: the quotients of Sainte-Laguë, which Neyman's shares round to.
        let next = (0..count)
            .filter(|&at| taken[at] < sizes[at])
            .max_by(|&a, &b| quotient(&worth, &taken, a).total_cmp(&quotient(&worth, &taken, b)).then(b.cmp(&a)));
        let Some(next) = next else { break };
        taken[next] += 1;
        left -= 1;
    }
    taken
}

fn quotient(worth: &[f64], taken: &[usize], at: usize) -> f64 {
    worth[at] / (2 * taken[at] + 1) as f64
}

/// A sample: indices of sentences, as many of each stratum as [`allocate`] says, in an order of chance, so that the first
/// ones are a sample as well.
pub fn sample(strata: &[usize], wanted: &[usize], seed: u64) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut order: Vec<usize> = (0..strata.len()).collect();
    shuffle(&mut order, &mut rng);
    let mut left = wanted.to_vec();
    order.retain(|&at| {
        let left = &mut left[strata[at]];
        let taken = *left > 0;
        *left -= usize::from(taken);
        taken
    });
    order
}

fn shuffle(list: &mut [usize], rng: &mut ChaCha8Rng) {
    for at in (1..list.len()).rev() {
        list.swap(at, below(rng, at + 1));
    }
}

pub(super) fn below(rng: &mut ChaCha8Rng, count: usize) -> usize {
    (rng.next_u64() % count as u64) as usize
}
