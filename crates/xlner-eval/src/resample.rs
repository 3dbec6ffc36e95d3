//! Confidence intervals and significance by resampling sentences.
//!
//! A sentence matters only by its numbers of gold, predicted and correct entities: its *profile*. Drawing sentences with replacement is
//! drawing the number of each profile from a multinomial distribution, and swapping the outputs of two systems at random in n
//! sentences of one profile is swapping a binomial number of them. That is the same test at a cost that follows the number of
//! profiles (dozens) instead of the number of sentences.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Binomial, Distribution};
use rayon::prelude::*;

use crate::options::Resampling;

/// Gold entities, then predicted and correct ones of every system.
pub(crate) type Profile = Box<[u32]>;

/// Random streams of the bootstrap and of the randomisation test do not meet.
const RANDOMIZATION_STREAM: u64 = 1 << 63;

/// F1 of a system from sums over sentences, laid out as a profile.
fn f1_of(sums: &[u64], system: usize) -> f64 {
    let (gold, predicted, correct) = (sums[0], sums[1 + 2 * system], sums[2 + 2 * system]);
    if gold + predicted == 0 { 0.0 } else { 2.0 * correct as f64 / (gold + predicted) as f64 }
}

/// F1 of every system in every replicate of the bootstrap over sentences (Efron and Tibshirani 1993; the same
/// sentences for all systems): `[replicate][system]`.
pub(crate) fn bootstrap(profiles: &[(Profile, u64)], systems: usize, options: &Resampling) -> Vec<Vec<f64>> {
    let replicate = |stream: usize| {
        let mut rng = generator(options.seed, stream as u64);
        let mut sums = vec![0; 1 + 2 * systems];
        let sentences = profiles.iter().map(|(_, count)| count).sum::<u64>();
        let (mut to_draw, mut rest) = (sentences, sentences);
        for (profile, count) in profiles {
            let drawn = binomial(to_draw, *count, rest, &mut rng);
            (to_draw, rest) = (to_draw - drawn, rest - count);
            for (sum, &value) in sums.iter_mut().zip(profile) {
                *sum += drawn * u64::from(value);
            }
        }
        (0..systems).map(|system| f1_of(&sums, system)).collect()
    };
    (0..options.bootstrap.min(Resampling::MOST)).into_par_iter().map(replicate).collect()
}

/// Paired approximate randomisation (Noreen 1989; Yeh 2000, "More accurate tests for the statistical significance of result
/// differences"): how probable a difference in F1 at least as large as the one found is if the two systems are exchangeable
/// in every sentence. (1 + replicates with such a difference) / (1 + replicates); `pair` numbers the comparison.
pub(crate) fn randomization(
    profiles: &[(Profile, u64)],
    (a, b): (usize, usize),
    pair: usize,
    options: &Resampling,
) -> f64 {
    let difference = |sums: &[u64; 5]| (f1_of(sums, 0) - f1_of(sums, 1)).abs();
    let mut sums = [0; 5];
    // Where the systems differ: predicted and correct of a minus those of b, and in how many sentences.
    let mut exchanged: Vec<([i64; 2], u64)> = Vec::new();
    for (profile, count) in profiles {
        let of = |system: usize| [i64::from(profile[1 + 2 * system]), i64::from(profile[2 + 2 * system])];
        let ([predicted_a, correct_a], [predicted_b, correct_b]) = (of(a), of(b));
        for (sum, value) in sums.iter_mut().zip([profile[0].into(), predicted_a, correct_a, predicted_b, correct_b]) {
            *sum += *count * value as u64;
        }
        if (predicted_a, correct_a) != (predicted_b, correct_b) {
            exchanged.push(([predicted_a - predicted_b, correct_a - correct_b], *count));
        }
    }
    exchanged.sort_unstable();
    exchanged.dedup_by(|from, into| {
        from.0 == into.0 && {
            into.1 += from.1;
            true
        }
    });
    // Rounding must not make the difference found rarer than itself.
    let found = difference(&sums) - 1e-12;
    let replicate = |stream: usize| {
        let mut rng = generator(options.seed, RANDOMIZATION_STREAM | (pair as u64) << 32 | stream as u64);
        let mut moved = [0_i64; 2];
        for (values, count) in &exchanged {
            let swaps = binomial(*count, 1, 2, &mut rng) as i64;
            moved.iter_mut().zip(values).for_each(|(sum, value)| *sum += swaps * value);
        }
        let [gold, predicted_a, correct_a, predicted_b, correct_b] = sums.map(|sum| sum as i64);
        let swapped =
            [gold, predicted_a - moved[0], correct_a - moved[1], predicted_b + moved[0], correct_b + moved[1]];
        difference(&swapped.map(|sum| sum as u64)) >= found
    };
    let replicates = options.randomization.min(Resampling::MOST);
    let as_large = (0..replicates).into_par_iter().filter(|&stream| replicate(stream)).count();
    (1 + as_large) as f64 / (1 + replicates) as f64
}

/// The 2.5th and 97.5th percentile, interpolated linearly between the nearest ranks.
pub(crate) fn interval95(mut values: Vec<f64>) -> [f64; 2] {
    values.sort_unstable_by(f64::total_cmp);
    [0.025, 0.975].map(|quantile| {
        let rank = quantile * (values.len() - 1) as f64;
        let (low, high) = (values[rank.floor() as usize], values[rank.ceil() as usize]);
        low + (high - low) * rank.fract()
    })
}

fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

/// Successes in `trials`, each of probability `part / whole`.
fn binomial(trials: u64, part: u64, whole: u64, rng: &mut ChaCha8Rng) -> u64 {
    if part == whole {
        return trials;
    }
    Binomial::new(trials, part as f64 / whole as f64).expect("a part of a whole is a probability").sample(rng)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: Resampling = Resampling { bootstrap: 4000, randomization: 4000, seed: 7 };

    fn profiles(rows: &[(&[u32], u64)]) -> Vec<(Profile, u64)> {
        rows.iter().map(|&(profile, count)| (profile.into(), count)).collect()
    }

    #[test]
    fn the_bootstrap_has_the_spread_of_the_normal_approximation() {
        // One gold and one predicted entity in every sentence, 300 of 1000 right: F1 is the mean of 1000 Bernoulli draws.
        let rows = profiles(&[(&[1, 1, 0], 700), (&[1, 1, 1], 300)]);
        let values = bootstrap(&rows, 1, &OPTIONS).into_iter().map(|f1| f1[0]).collect();
        let [low, high] = interval95(values);
        let half = 1.96 * (0.3_f64 * 0.7 / 1000.0).sqrt();
        assert!((low - (0.3 - half)).abs() < 0.003 && (high - (0.3 + half)).abs() < 0.003, "{low} {high}");
    }

    #[test]
    fn randomisation_of_few_sentences_is_the_exact_test() {
        // a is right and b wrong in 4 sentences: only 2 of the 16 ways to swap are as far apart as that.
        let rows = profiles(&[(&[1, 1, 1, 1, 0], 4), (&[0, 0, 0, 0, 0], 9)]);
        let p = randomization(&rows, (0, 1), 0, &OPTIONS);
        assert!((p - 2.0 / 16.0).abs() < 0.02, "{p}");
    }

    #[test]
    fn equal_systems_do_not_differ() {
        let rows = profiles(&[(&[2, 2, 1, 2, 1], 5), (&[1, 1, 1, 1, 0], 3), (&[1, 1, 0, 1, 1], 3)]);
        assert_eq!(randomization(&rows, (0, 1), 0, &OPTIONS), 1.0);
    }

    #[test]
    fn threads_do_not_change_the_result() {
        let rows = profiles(&[(&[1, 1, 0], 70), (&[1, 1, 1], 30), (&[0, 1, 0], 12)]);
        let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let run = |threads| pool(threads).install(|| bootstrap(&rows, 1, &OPTIONS));
        assert_eq!(run(1), run(4));
    }

    #[test]
    fn percentiles_are_interpolated() {
        assert_eq!(interval95((0..=100).map(f64::from).collect()), [2.5, 97.5]);
        assert_eq!(interval95(vec![0.5]), [0.5, 0.5]);
    }
}
