//! The quality of a whole set from a judged sample of it: stratified sampling of sentences, and an interval for micro F1.
//!
//! Sentences are sorted into strata by how doubtful they are ([`strata`]), a sample takes more of the strata that vary
//! more ([`allocate`]), and what people find in it stands for the rest ([`estimate`]): every judged sentence weighs as many
//! sentences as its stratum has of one judged (Horvitz and Thompson 1952), after a linear model of what a sentence looks
//! like has explained what it can (the regression estimator; Särndal, Swensson and Wretman 1992, “Model Assisted Survey
//! Sampling”). The interval is a rescaled bootstrap within strata (Rao and Wu 1988, “Resampling inference with complex
//! survey data”), corrected for the judged share of each stratum.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;
use serde::Serialize;

use crate::options::Resampling;
use crate::resample::interval95;

use draw::below;
pub use draw::{allocate, sample, strata};

mod draw;

/// How much features have to explain before the model follows them: a weight of squares, in judged sentences.
const RIDGE: f64 = 2.0;

/// What a person found in a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct JudgedCounts {
    /// Entities of the set that are right.
    pub right: f64,
    /// Entities that there are.
    pub gold: f64,
}

/// A sentence of the set.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Unit {
    /// Its stratum, counted from 0.
    pub stratum: usize,
    /// Entities of the set in it.
    pub found: f64,
    /// What is known of it without a person; as many numbers for every sentence.
    pub features: Vec<f64>,
    /// What a person found in it; `None` where nobody looked.
    pub judged: Option<JudgedCounts>,
}

/// An F1, and how far it is to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Estimated micro F1, 0 to 1.
    pub f1: f64,
    /// 95 % interval.
    pub ci95: [f64; 2],
}

/// What a sample says of a set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// Of the set as the systems made it.
    pub found: Interval,
    /// Of the set with the judged sentences as people have them: these are right.
    pub corrected: Interval,
    /// Estimated number of entities that there are.
    pub gold: f64,
}

/// Estimates the F1 of a set from its judged sentences, a random sample of each stratum. `None` where fewer than
/// two sentences are judged. A stratum with a single judged sentence, or none, is taken together with its neighbour.
pub fn estimate(units: &[Unit], resampling: &Resampling) -> Option<Estimate> {
    let judged: Vec<usize> = (0..units.len()).filter(|&at| units[at].judged.is_some()).collect();
    if judged.len() < 2 {
        return None;
    }
    let strata = merged(units);
    let sample = Sample::new(units, &judged, &strata);
    let point = sample.f1(&sample.weights);
    let draws: Vec<[f64; 3]> = (0..resampling.bootstrap as u64)
        .map(|stream| {
            let mut rng = ChaCha8Rng::seed_from_u64(resampling.seed);
            rng.set_stream(stream);
            sample.f1(&sample.drawn(&mut rng))
        })
        .collect();
    let interval = |figure: usize| {
        let f1 = point[figure];
        let ci95 = if draws.is_empty() { [f1; 2] } else { interval95(draws.iter().map(|draw| draw[figure]).collect()) };
        Interval { f1, ci95: ci95.map(|end| end.clamp(0.0, 1.0)) }
    };
    Some(Estimate { found: interval(0), corrected: interval(1), gold: point[2] })
}

/// Strata of at least two judged sentences each, by stratum: neighbours are taken together until they have them.
fn merged(units: &[Unit]) -> Vec<usize> {
    let count = units.iter().map(|unit| unit.stratum + 1).max().unwrap_or(0);
    let mut judged = vec![0usize; count];
    units.iter().filter(|unit| unit.judged.is_some()).for_each(|unit| judged[unit.stratum] += 1);
    let (mut place, mut have, mut places) = (0usize, 0usize, vec![0usize; count]);
    for stratum in 0..count {
        places[stratum] = place;
        have += judged[stratum];
        if have >= 2 {
            (place, have) = (place + 1, 0);
        }
    }
    // What is left after the last full one goes to it.
    places.iter_mut().for_each(|at| *at = (*at).min(place.saturating_sub(1)));
    places
}

/// The judged sentences, and what is known of all.
struct Sample<'u> {
    judged: Vec<&'u Unit>,
    /// Their features, a 1 before them.
    rows: Vec<Vec<f64>>,
    /// The stratum of each, and by stratum its judged sentences and the share of its sentences that they are.
    strata: Vec<usize>,
    members: Vec<Vec<usize>>,
    shares: Vec<f64>,
    /// Sentences that each stands for.
    weights: Vec<f64>,
    /// Sums of all sentences' features, the first of which is 1.
    features: Vec<f64>,
    /// Entities of the set, and in the judged sentences the set's, the right ones, those that there are.
    found: f64,
    known: [f64; 3],
}

impl<'u> Sample<'u> {
    fn new(units: &'u [Unit], judged: &[usize], places: &[usize]) -> Sample<'u> {
        let count = places.iter().max().map_or(0, |last| last + 1);
        let mut sizes = vec![0.0; count];
        units.iter().for_each(|unit| sizes[places[unit.stratum]] += 1.0);
        let strata: Vec<usize> = judged.iter().map(|&at| places[units[at].stratum]).collect();
        let mut members = vec![Vec::new(); count];
        strata.iter().enumerate().for_each(|(at, stratum)| members[*stratum].push(at));
        let shares: Vec<f64> = members.iter().zip(&sizes).map(|(list, size)| list.len() as f64 / size).collect();
        let mut features = vec![0.0; units[0].features.len() + 1];
        for unit in units {
            features.iter_mut().zip(row(unit)).for_each(|(sum, value)| *sum += value);
        }
        let judged: Vec<&Unit> = judged.iter().map(|&at| &units[at]).collect();
        let mut known = [0.0; 3];
        for unit in &judged {
            let JudgedCounts { right, gold } = unit.judged.unwrap_or_default();
            known = [known[0] + unit.found, known[1] + right, known[2] + gold];
        }
        Sample {
            weights: strata.iter().map(|stratum| 1.0 / shares[*stratum]).collect(),
            rows: judged.iter().map(|unit| row(unit).collect()).collect(),
            judged,
            strata,
            members,
            shares,
            features,
            found: units.iter().map(|unit| unit.found).sum(),
            known,
        }
    }

    /// Weights of a replicate: of the n sentences of a stratum n - 1 are drawn with replacement, and how far the weights move
    /// is scaled by the share that is judged.
    fn drawn(&self, rng: &mut ChaCha8Rng) -> Vec<f64> {
        let mut times = vec![0.0; self.judged.len()];
        for members in &self.members {
            (1..members.len()).for_each(|_| times[members[below(rng, members.len())]] += 1.0);
        }
        // The model follows the judged sentences it was learnt from, whose spread is therefore a little too small.
        let (count, learnt) = (self.judged.len() as f64, self.features.len() as f64);
        let freedom = if count > 2.0 * learnt { count / (count - learnt) } else { 2.0 };
        (0..self.judged.len())
            .map(|at| {
                let (stratum, n) = (self.strata[at], self.members[self.strata[at]].len() as f64);
                let moved = (freedom * (1.0 - self.shares[stratum]).max(0.0)).sqrt();
                self.weights[at] * (1.0 - moved + moved * n / (n - 1.0).max(1.0) * times[at])
            })
            .collect()
    }

    /// F1 of the set, F1 with the judged sentences put right, entities that there are.
    fn f1(&self, weights: &[f64]) -> [f64; 3] {
        let [right, gold] = self.totals(weights);
        let [known_found, known_right, known_gold] = self.known;
        // The totals are what they are in the judged sentences, and at least 0 in the others; no more can be right than there are.
        let rest_found = self.found - known_found;
        let rest_gold = (gold - known_gold).max(0.0);
        let rest_right = (right - known_right).clamp(0.0, rest_gold.min(rest_found));
        let f1 = |right: f64, both: f64| if both > 0.0 { 2.0 * right / both } else { 1.0 };
        [
            f1(known_right + rest_right, self.found + known_gold + rest_gold),
            f1(known_gold + rest_right, rest_found + 2.0 * known_gold + rest_gold),
            known_gold + rest_gold,
        ]
    }

    /// Right entities and those that there are, of all sentences: what a linear model of the features says of all of them, and
    /// what the judged ones are beside it.
    fn totals(&self, weights: &[f64]) -> [f64; 2] {
        let size = self.features.len();
        let (mut square, mut sides) = (vec![vec![0.0; size]; size], [vec![0.0; size], vec![0.0; size]]);
        let figures = |unit: &Unit| unit.judged.map_or([0.0; 2], |judged| [judged.right, judged.gold]);
        for ((unit, row), weight) in self.judged.iter().zip(&self.rows).zip(weights) {
            let figures = figures(unit);
            for at in 0..size {
                let scaled = weight * row[at];
                square[at][..=at].iter_mut().zip(row).for_each(|(sum, value)| *sum += scaled * value);
                sides[0][at] += scaled * figures[0];
                sides[1][at] += scaled * figures[1];
            }
        }
        // As if there were so many judged sentences more that speak against every feature.
        let all = square[0][0].max(f64::MIN_POSITIVE);
        let ridge = RIDGE / weights.len() as f64;
        (1..size).for_each(|at| square[at][at] += ridge * square[at][at] + 1e-9 * all);
        let dot = |row: &[f64], model: &[f64]| row.iter().zip(model).map(|(x, w)| x * w).sum::<f64>();
        [0, 1].map(|figure| {
            let model = solve(square.clone(), sides[figure].clone());
            let judged = self.judged.iter().zip(&self.rows).zip(weights);
            let beside = judged.map(|((unit, row), weight)| weight * (figures(unit)[figure] - dot(row, &model)));
            dot(&self.features, &model) + beside.sum::<f64>()
        })
    }
}

/// 1, then the features.
fn row(unit: &Unit) -> impl Iterator<Item = f64> {
    std::iter::once(1.0).chain(unit.features.iter().copied())
}

/// Solves a symmetric positive definite system, given by its lower half (Cholesky).
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    for i in 0..b.len() {
        for j in 0..=i {
            let sum = a[i][j] - (0..j).map(|k| a[i][k] * a[j][k]).sum::<f64>();
            a[i][j] = if i == j { sum.max(1e-12).sqrt() } else { sum / a[j][j] };
        }
        b[i] = (b[i] - (0..i).map(|k| a[i][k] * b[k]).sum::<f64>()) / a[i][i];
    }
    for i in (0..b.len()).rev() {
        b[i] = (b[i] - (i + 1..b.len()).map(|k| a[k][i] * b[k]).sum::<f64>()) / a[i][i];
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: Resampling = Resampling { bootstrap: 400, randomization: 0, seed: 3 };

    /// 300 sentences of up to three entities each, a third of them doubtful, in which two of three are wrong.
    fn set() -> (Vec<f64>, Vec<Unit>) {
        let mut doubts = Vec::new();
        let units = (0..300).map(|at| {
            let (found, doubtful) = ((at % 4) as f64, at % 3 == 0);
            doubts.push(if doubtful { 0.3 } else { 0.02 } + 0.01 * found);
            let right = if doubtful { (found / 3.0).floor() } else { found };
            let judged = Some(JudgedCounts { right, gold: found + if at % 7 == 0 { 1.0 } else { 0.0 } });
            Unit { stratum: 0, found, features: vec![found], judged }
        });
        let units = units.collect();
        (doubts, units)
    }

    fn truth(units: &[Unit]) -> f64 {
        let sum = |of: fn(&Unit) -> f64| units.iter().map(of).sum::<f64>();
        let right = sum(|unit| unit.judged.unwrap().right);
        2.0 * right / (sum(|unit| unit.found) + sum(|unit| unit.judged.unwrap().gold))
    }

    #[test]
    fn doubtful_sentences_are_together_and_looked_at_more() {
        let (doubts, _) = set();
        let strata = strata(&doubts, 6);
        for (a, b) in strata.iter().zip(&doubts).flat_map(|a| strata.iter().zip(&doubts).map(move |b| (a, b))) {
            assert!(a.1 < b.1 || a.0 >= b.0);
        }
        let wanted = allocate(&strata, &doubts, 60);
        assert_eq!(wanted.iter().sum::<usize>(), 60);
        let of = |stratum: usize| strata.iter().filter(|at| **at == stratum).count() as f64;
        let last = wanted.len() - 1;
        assert!(wanted[last] as f64 / of(last) > 2.0 * wanted[0] as f64 / of(0));
        assert_eq!(allocate(&strata, &doubts, 1000).iter().sum::<usize>(), 300);
        assert_eq!(allocate(&[], &[], 5), Vec::<usize>::new());
    }

    #[test]
    fn a_sample_is_of_the_strata_and_by_seed() {
        let strata = [0, 0, 1, 1, 1, 0];
        let taken = sample(&strata, &[1, 2], 7);
        assert_eq!(taken.iter().filter(|at| strata[**at] == 1).count(), 2);
        assert_eq!(taken.len(), 3);
        assert_eq!(taken, sample(&strata, &[1, 2], 7));
        assert!((0..20).any(|seed| sample(&strata, &[1, 2], seed) != taken));
    }

    #[test]
    fn who_judges_all_knows_all() {
        let (_, units) = set();
        let found = estimate(&units, &OPTIONS).unwrap();
        assert!((found.found.f1 - truth(&units)).abs() < 1e-9, "{} {}", found.found.f1, truth(&units));
        assert!(found.found.ci95.iter().all(|end| (end - truth(&units)).abs() < 1e-6));
        assert!((found.corrected.f1 - 1.0).abs() < 1e-9);
        assert_eq!(estimate(&units[..0], &OPTIONS), None);
    }

    #[test]
    fn intervals_cover_the_truth() {
        let (doubts, mut units) = set();
        let truth = truth(&units);
        let (places, mut covered) = (strata(&doubts, 6), 0);
        units.iter_mut().zip(&places).for_each(|(unit, stratum)| unit.stratum = *stratum);
        let wanted = allocate(&places, &doubts, 60);
        let draws = 200;
        for seed in 0..draws {
            let taken = sample(&places, &wanted, seed);
            let mut seen = units.clone();
            (0..seen.len()).filter(|at| !taken.contains(at)).for_each(|at| seen[at].judged = None);
            let Interval { ci95: [low, high], f1 } = estimate(&seen, &OPTIONS).unwrap().found;
            assert!((f1 - truth).abs() < 0.2);
            covered += u64::from((low..=high).contains(&truth));
        }
        assert!(covered >= draws * 90 / 100, "{covered} of {draws}");
    }

    #[test]
    fn strata_that_nobody_looked_at_go_with_their_neighbours() {
        let (_, mut units) = set();
        for (at, unit) in units.iter_mut().enumerate() {
            unit.stratum = at / 60;
            unit.judged = unit.judged.filter(|_| at / 60 == 2 && at % 6 == 0);
        }
        assert_eq!(merged(&units), [0; 5]);
        let found = estimate(&units, &OPTIONS).unwrap().found;
        assert!(found.f1.is_finite() && found.ci95[0] <= found.f1 && found.f1 <= found.ci95[1]);
    }
}
