//! Learning the weights from pairs whose target entities are known.

use super::choose::{Cut, winning};
use super::features::{FEATURES, is_of_target};
use super::judged::Judged;
use super::model::{Decision, mean};
use crate::Result;

const COUNT: usize = FEATURES.len();
/// Candidates that a domain counts for at most, so that a large one does not drown the others.
const MOST: f64 = 1000.0;
/// Candidates of a corpus that are looked at, at most: more would cost time and count for no more.
const LOOKED_AT: usize = 4000;
/// Corpora may be farther away than all that it was learnt from by this factor.
const BEYOND: f64 = 1.5;
/// Parts of the pairs, for cross-validation and to calibrate on where there is one domain only.
const PARTS: usize = 5;

/// How weights are learnt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FitOptions {
    /// Weight of the squares of what weights per deviation differ from those learning starts from, or from 0.
    pub l2: f64,
}

impl Default for FitOptions {
    fn default() -> Self {
        FitOptions { l2: 300.0 }
    }
}

/// Learns a decision: maximum likelihood with L2 regularisation (Newton's method). Every domain
/// ([`Judged::of_domain`]) counts for at most 1,000 candidates, its corpora for equal parts of them. With a start its weights
/// are the prior; means, deviations and whatever the data says nothing of stay its own.
///
/// Learnt from nothing, the probabilities are calibrated on domains that are held out, or on fifths of the pairs where there is one domain
/// only; those say nothing of text of another kind.
pub fn fit(corpora: &[Judged], start: Option<&Decision>, options: &FitOptions) -> Decision {
    let all: Vec<&Judged> = corpora.iter().collect();
    let mut decision = weigh(&all, start, options);
    if start.is_none() {
        match domains(&all).len() {
            0 | 1 => calibrate(&mut decision, &parts(&all).iter().collect::<Vec<_>>(), options),
            _ => calibrate(&mut decision, &all, options),
        }
    }
    for variant in 0..2 {
        let corpora: Vec<&Judged> = corpora.iter().filter(|judged| !judged.pools[variant].is_empty()).collect();
        if corpora.is_empty() {
            continue;
        }
        let shares = corpora.iter().map(|judged| {
            let pool = &judged.pools[variant];
            let won = winning(pool, &decision.probabilities(pool));
            let right = won.iter().filter(|&&at| judged.right[variant][at]).count();
            (right as f64 + 1.0) / (judged.gold.iter().sum::<usize>() as f64 + 1.0)
        });
        let share = shares.sum::<f64>() / corpora.len() as f64;
        decision.coverage[variant] = share.clamp(0.05, 1.0);
    }
    // Means of small corpora are far from each other by chance alone.
    let farthest = corpora.iter().map(|judged| decision.distance(&judged.pools[judged.variant()])).fold(0.2, f64::max);
    decision.reach = decision.reach.max(BEYOND * farthest);
    decision
}

/// The first corpus of every domain.
fn domains<'j>(corpora: &[&'j Judged]) -> Vec<&'j Judged> {
    let mut first: Vec<&Judged> = Vec::new();
    for &judged in corpora {
        if first.iter().all(|other| !other.is_akin(judged)) {
            first.push(judged);
        }
    }
    first
}

/// Fifths of the pairs, each as a domain.
fn parts(corpora: &[&Judged]) -> Vec<Judged> {
    let part = |number: usize| {
        let of = move |judged: &&Judged| judged.part(|pair| pair % PARTS == number).of_domain(&number.to_string());
        corpora.iter().map(of)
    };
    (0..PARTS).flat_map(part).collect()
}

/// What one of so many candidates of a corpus counts.
fn weight(judged: &Judged, corpora: &[&Judged], candidates: usize) -> f64 {
    let akin = corpora.iter().filter(|other| other.is_akin(judged)).count();
    (MOST / candidates as f64).min(1.0) / akin as f64
}

/// Scales the log-odds so that probabilities hold on text that was not learnt from (Platt 1999, “Probabilistic outputs for
/// support vector machines”): each domain is judged by weights learnt from the others, and one line is put through the
/// log-odds of all the likeliest candidates. Weights that are held back are too cautious; text of another kind makes them too bold.
fn calibrate(decision: &mut Decision, corpora: &[&Judged], options: &FitOptions) {
    let mut points: [Vec<([f64; 2], f64, f64)>; 2] = Default::default();
    for domain in domains(corpora) {
        let (held, others): (Vec<&Judged>, Vec<&Judged>) = corpora.iter().partition(|judged| judged.is_akin(domain));
        let blind = weigh(&others, None, options);
        for (judged, variant) in held.iter().flat_map(|judged| [(judged, 0), (judged, 1)]) {
            let (pool, right) = (&judged.pools[variant], &judged.right[variant]);
            let probabilities = blind.probabilities(pool);
            let won = winning(pool, &probabilities);
            let weight = weight(judged, corpora, won.len());
            points[variant].extend(won.into_iter().map(|at| {
                let p = probabilities[at].clamp(1e-9, 1.0 - 1e-9);
                ([1.0, (p / (1.0 - p)).ln()], weight, f64::from(u8::from(right[at])))
            }));
        }
    }
    for (variant, points) in points.iter().enumerate() {
        if points.iter().any(|(_, _, right)| *right > 0.5) && points.iter().any(|(_, _, right)| *right < 0.5) {
            let [shift, scale] = logistic(points, [0.0, 1.0], [1.0; 2]);
            decision.weights[variant].iter_mut().for_each(|weight| *weight *= scale);
            decision.bias[variant] = shift + scale * decision.bias[variant];
        }
    }
}

/// The weights of largest likelihood, before they are calibrated.
fn weigh(corpora: &[&Judged], start: Option<&Decision>, options: &FitOptions) -> Decision {
    let mut decision = start.cloned().unwrap_or_else(|| {
        let rows = || corpora.iter().flat_map(|judged| &judged.pools[judged.variant()].rows).collect::<Vec<_>>();
        let rows = rows();
        let mean = mean(rows.iter().copied()).unwrap_or([0.0; COUNT]);
        let mut deviation = [0.0; COUNT];
        for row in &rows {
            (0..COUNT).for_each(|at| deviation[at] += (f64::from(row[at]) - mean[at]).powi(2));
        }
        let deviation =
            deviation.map(|sum| (sum / rows.len().max(1) as f64).sqrt()).map(|d| if d < 1e-4 { 1.0 } else { d });
        let zero = [[0.0; COUNT]; 2];
        Decision { mean, deviation, weights: zero, bias: [0.0; 2], coverage: [0.8; 2], reach: 0.0 }
    });
    for variant in 0..2 {
        let corpora: Vec<&Judged> =
            corpora.iter().copied().filter(|judged| !judged.pools[variant].is_empty()).collect();
        if corpora.is_empty() {
            continue;
        }
        newton(&mut decision, variant, &corpora, start.is_some(), options.l2);
    }
    decision
}

fn newton(decision: &mut Decision, variant: usize, corpora: &[&Judged], started: bool, l2: f64) {
    const SIZE: usize = COUNT + 1;
    let mut rows: Vec<([f64; SIZE], f64, f64)> = Vec::new();
    for judged in corpora {
        let pool = &judged.pools[variant];
        let taken = pool.len().min(LOOKED_AT);
        let weight = weight(judged, corpora, taken);
        // Evenly spread, so that the sample is as the corpus.
        for at in (0..taken).map(|at| at * pool.len() / taken) {
            let values = decision.standardise(&pool.rows[at]);
            let values = std::array::from_fn(|at| match values.get(at) {
                None => 1.0,
                Some(_) if variant == 1 && is_of_target(FEATURES[at].name) => 0.0,
                Some(value) => *value,
            });
            rows.push((values, weight, f64::from(u8::from(judged.right[variant][at]))));
        }
    }
    let start: [f64; SIZE] =
        std::array::from_fn(|at| decision.weights[variant].get(at).copied().unwrap_or(decision.bias[variant]));
    // The bias is free where learning starts from nothing.
    let penalty: [f64; SIZE] = std::array::from_fn(|at| if at == COUNT && !started { 1e-3 } else { l2 });
    let weights = logistic(&rows, start, penalty);
    decision.weights[variant].copy_from_slice(&weights[..COUNT]);
    decision.bias[variant] = weights[COUNT];
}

/// Weights of largest likelihood of rows, each with its weight and whether it is right, with a penalty on the squares of what
/// they differ from the start (Newton's method).
fn logistic<const SIZE: usize>(
    rows: &[([f64; SIZE], f64, f64)],
    start: [f64; SIZE],
    penalty: [f64; SIZE],
) -> [f64; SIZE] {
    let mut weights = start;
    for _ in 0..30 {
        let mut slope: Vec<f64> = (0..SIZE).map(|at| penalty[at] * (weights[at] - start[at])).collect();
        let mut curve = vec![vec![0.0; SIZE]; SIZE];
        for (values, weight, right) in rows {
            let logit: f64 = values.iter().zip(&weights).map(|(x, w)| x * w).sum();
            let probability = 1.0 / (1.0 + (-logit).exp());
            let (error, spread) = (weight * (probability - right), weight * probability * (1.0 - probability));
            for at in 0..SIZE {
                slope[at] += error * values[at];
                let scaled = spread * values[at];
                curve[at][..=at].iter_mut().zip(values).for_each(|(sum, x)| *sum += scaled * x);
            }
        }
        (0..SIZE).for_each(|at| curve[at][at] += penalty[at] + 1e-9);
        let step = solve(curve, slope);
        let largest = step.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        // Newton's steps overshoot only where classes come apart; the penalty keeps them from that, this from the rest.
        let scale = if largest > 5.0 { 5.0 / largest } else { 1.0 };
        weights.iter_mut().zip(&step).for_each(|(weight, step)| *weight -= scale * step);
        if largest < 1e-7 {
            break;
        }
    }
    weights
}

/// Solves a symmetric positive definite system, given by its lower half, by Cholesky's decomposition.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for i in 0..n {
        for j in 0..=i {
            let sum = a[i][j] - (0..j).map(|k| a[i][k] * a[j][k]).sum::<f64>();
            a[i][j] = if i == j { sum.max(1e-12).sqrt() } else { sum / a[j][j] };
        }
        b[i] = (b[i] - (0..i).map(|k| a[i][k] * b[k]).sum::<f64>()) / a[i][i];
    }
    for i in (0..n).rev() {
        b[i] = (b[i] - (i + 1..n).map(|k| a[k][i] * b[k]).sum::<f64>()) / a[i][i];
    }
    b
}

/// F1 of a decision and of one learnt from other pairs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// Of the start; `None` where learning started from nothing.
    pub start: Option<f64>,
    /// Of what was learnt, each part judged by weights learnt from the others.
    pub learnt: f64,
}

/// Says by cross-validation whether learning helps: parts are corpora where there are three or more, else fifths of the pairs.
///
/// # Errors
/// As the solver.
pub fn verdict(corpora: &[Judged], start: Option<&Decision>, options: &FitOptions) -> Result<Verdict> {
    let parts = if corpora.len() > 2 { corpora.len() } else { PARTS };
    let (mut learnt, mut before) = ([0.0; 3], [0.0; 3]);
    for part in 0..parts {
        let held = |corpus: usize, pair: usize| part == if corpora.len() > 2 { corpus } else { pair % PARTS };
        let split = |inside: bool| -> Vec<Judged> {
            let of = |(corpus, judged): (usize, &Judged)| judged.part(|pair| held(corpus, pair) == inside);
            corpora.iter().enumerate().map(of).filter(|judged| judged.gold.iter().any(|gold| *gold > 0)).collect()
        };
        let (train, test) = (split(false), split(true));
        let decision = fit(&train, start, options);
        for judged in &test {
            count(&decision, judged, &mut learnt)?;
            if let Some(start) = start {
                count(start, judged, &mut before)?;
            }
        }
    }
    let f1 = |[right, found, gold]: [f64; 3]| if found + gold > 0.0 { 2.0 * right / (found + gold) } else { 0.0 };
    Ok(Verdict { start: start.map(|_| f1(before)), learnt: f1(learnt) })
}

/// Adds what a decision finds: right ones, all, and those that there are.
fn count(decision: &Decision, judged: &Judged, counts: &mut [f64; 3]) -> Result<()> {
    let found = judged.judge(decision, Cut::F1, true)?;
    counts[0] += found.kept.iter().filter(|(_, right)| *right).count() as f64;
    counts[1] += found.kept.len() as f64;
    counts[2] += found.gold as f64;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::features::tests::pair;
    use super::*;
    use xlner_core::Entity;

    fn judged(copies: usize) -> Judged {
        let pairs = vec![pair(); copies];
        Judged::new(&pairs, &vec![vec![Entity::new(0..1, "PER"), Entity::new(2..4, "LOC")]; copies])
    }

    #[test]
    fn what_is_right_gets_the_higher_probability() {
        let judged = judged(50);
        let decision = fit(std::slice::from_ref(&judged), None, &FitOptions { l2: 1.0 });
        for variant in 0..2 {
            let probabilities = decision.probabilities(&judged.pools[variant]);
            for (probability, right) in probabilities.iter().zip(&judged.right[variant]) {
                assert!((*probability > 0.5) == *right, "{probability} {right}");
            }
        }
        assert_eq!(decision, fit(&[judged], None, &FitOptions { l2: 1.0 }));
    }

    #[test]
    fn held_out_corpora_calibrate() {
        // All candidates of a pair in four are right, whatever they look like: learnt from three such corpora nothing is sure.
        let noisy = |shift: usize| {
            let mut noisy = judged(60);
            for (pool, right) in noisy.pools.iter().zip(&mut noisy.right) {
                let candidates = pool.candidates.iter().zip(right);
                candidates.for_each(|(candidate, right)| *right = (candidate.pair + shift).is_multiple_of(4));
            }
            noisy
        };
        let corpora = [noisy(0), noisy(1), noisy(2)];
        let decision = fit(&corpora, None, &FitOptions { l2: 0.1 });
        for (variant, pool) in corpora[0].pools.iter().enumerate() {
            let probabilities = decision.probabilities(pool);
            let won = winning(pool, &probabilities);
            let mean = won.iter().map(|&at| probabilities[at]).sum::<f64>() / won.len() as f64;
            assert!((mean - 0.25).abs() < 0.1, "{variant}: {mean}");
        }
    }

    #[test]
    fn parts_of_one_corpus_calibrate() {
        // Weights that are held back are too cautious; in a pair of seven everything is wrong.
        let mut judged = judged(70);
        for (pool, right) in judged.pools.iter().zip(&mut judged.right) {
            let candidates = pool.candidates.iter().zip(right);
            candidates.for_each(|(candidate, right)| *right &= !candidate.pair.is_multiple_of(7));
        }
        let options = FitOptions { l2: 3000.0 };
        let decision = fit(std::slice::from_ref(&judged), None, &options);
        let (pool, right) = (&judged.pools[0], &judged.right[0]);
        let probabilities = decision.probabilities(pool);
        let won = winning(pool, &probabilities);
        let mean = won.iter().map(|&at| probabilities[at]).sum::<f64>() / won.len() as f64;
        let share = won.iter().filter(|&&at| right[at]).count() as f64 / won.len() as f64;
        let uncalibrated = weigh(&[&judged], None, &options).probabilities(pool);
        let before = won.iter().map(|&at| uncalibrated[at]).sum::<f64>() / won.len() as f64;
        assert!((mean - share).abs() < 0.1 && (before - share).abs() > 0.1, "{before} {mean} {share}");
    }

    #[test]
    fn corpora_of_one_domain_count_as_one() {
        let mut other = judged(50);
        other.right.iter_mut().flatten().for_each(|right| *right = !*right);
        let same = || judged(50).of_domain("news");
        let options = FitOptions { l2: 1.0 };
        let (one, two) = (fit(&[same(), other.clone()], None, &options), fit(&[same(), same(), other], None, &options));
        for (a, b) in one.weights.iter().flatten().zip(two.weights.iter().flatten()) {
            assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
        assert!((one.bias[0] - two.bias[0]).abs() < 1e-6);
    }

    #[test]
    fn a_strong_prior_keeps_the_start() {
        let start = fit(&[judged(50)], None, &FitOptions::default());
        let mut other = judged(5);
        other.right.iter_mut().flatten().for_each(|right| *right = !*right);
        let near = fit(&[other], Some(&start), &FitOptions { l2: 1e9 });
        for (a, b) in near.weights.iter().flatten().zip(start.weights.iter().flatten()) {
            assert!((a - b).abs() < 1e-4);
        }
    }

    #[test]
    fn a_system_is_solved() {
        let x = solve(vec![vec![4.0, 0.0], vec![2.0, 3.0]], vec![10.0, 8.0]);
        assert!((x[0] - 1.75).abs() < 1e-9 && (x[1] - 1.5).abs() < 1e-9);
    }
}
