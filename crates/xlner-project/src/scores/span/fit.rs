//! Training of the weights.

use rayon::prelude::*;
use xlner_core::{Entity, Pair, Posteriors};

use super::consistency::{Choice, Consistency};
use super::corpus::Corpus;
use super::model::{PassWeights, SpanModel, dot, longest};
use super::names::{Feature, NullFeature};
use super::prepared::Prepared;
use super::projector::{count, learn};
use super::tokens::Row;
use super::view::NullRow;

/// How to train.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpanFitOptions {
    /// Weight of the squares of the weights.
    pub l2: f32,
    /// Passes over all entities.
    pub epochs: usize,
}

impl Default for SpanFitOptions {
    fn default() -> Self {
        SpanFitOptions { l2: 0.02, epochs: 30 }
    }
}

/// A corpus with entities on both sides.
pub struct Labelled<'c> {
    /// Pairs with source entities.
    pub pairs: &'c [Pair],
    /// The right target entities of every pair.
    pub gold: &'c [Vec<Entity>],
    /// Posteriors of a pair.
    pub posteriors: &'c (dyn Fn(&Pair) -> Posteriors + Sync),
}

/// An entity to learn from.
struct Instance {
    rows: Vec<Row>,
    null: NullRow,
    /// The right candidate; `None` where it has no counterpart.
    gold: Option<usize>,
}

/// Trains the weights of both passes by the conditional likelihood of the right candidates (Adam, fixed order of
/// examples): the same corpora give the same weights.
///
/// # Errors
/// Number of the corpus, index of the pair, and what is wrong with it.
pub fn fit(corpora: &[Labelled<'_>], options: &SpanFitOptions) -> Result<SpanModel, (usize, usize, crate::Error)> {
    let mut instances = Vec::new();
    for (number, labelled) in corpora.iter().enumerate() {
        let (corpus, evidence) = count(labelled.pairs, &posteriors(labelled), &mut |_, _, _| ())
            .map_err(|(at, error)| (number, at, error))?;
        collect(labelled, &corpus, &evidence, None, &[], &mut instances);
    }
    let first = optimise(&instances, options);
    instances.clear();
    let model = SpanModel { passes: [first.clone(), first] };
    for (number, labelled) in corpora.iter().enumerate() {
        let (statistics, evidence, choices) = learn(&model, labelled.pairs, &posteriors(labelled), &mut |_, _, _| ())
            .map_err(|(at, error)| (number, at, error))?;
        collect(labelled, &statistics.corpus, &evidence, Some(&statistics.consistency), &choices, &mut instances);
    }
    let [first, _] = model.passes;
    Ok(SpanModel { passes: [first, optimise(&instances, options)] })
}

fn collect(
    labelled: &Labelled<'_>,
    corpus: &Corpus,
    evidence: &[Posteriors],
    consistency: Option<&Consistency>,
    choices: &[Vec<Vec<Choice>>],
    instances: &mut Vec<Instance>,
) {
    for (index, pair) in labelled.pairs.iter().enumerate() {
        if pair.source.entities.is_empty() {
            continue;
        }
        let own = choices.get(index).map_or(&[][..], |own| own);
        let prepared = Prepared::new(pair, &evidence[index], corpus, consistency, own);
        let counterparts = counterparts(pair, &labelled.gold[index], &evidence[index]);
        for (entity, counterpart) in counterparts.into_iter().enumerate() {
            let view = prepared.entity(entity);
            let (mut rows, mut gold) = (Vec::new(), None);
            view.candidates(longest(view.len()), |span, row| {
                if counterpart == Some(span) {
                    gold = Some(rows.len());
                }
                rows.push(*row);
            });
            // A counterpart that is no candidate teaches nothing.
            if counterpart.is_none() || gold.is_some() {
                instances.push(Instance { rows, null: view.null(), gold });
            }
        }
    }
}

/// The posteriors of a corpus, which keep no buffers.
fn posteriors<'c>(labelled: &Labelled<'c>) -> impl Fn(&mut (), &Pair) -> Posteriors + Sync + use<'c> {
    let of = labelled.posteriors;
    move |(), pair| of(pair)
}

/// The gold entity that each source entity became, as far as posteriors and labels tell.
fn counterparts(pair: &Pair, gold: &[Entity], posteriors: &Posteriors) -> Vec<Option<xlner_core::Span>> {
    let mut matches = Vec::new();
    for (source, entity) in pair.source.entities.iter().enumerate() {
        for (target, candidate) in gold.iter().enumerate() {
            let inside = posteriors.cells.iter().filter(|cell| {
                entity.span.contains(cell.source as usize) && candidate.span.contains(cell.target as usize)
            });
            let mass: f32 = inside.map(|cell| cell.forward.max(cell.reverse)).sum();
            let same = entity.label == candidate.label;
            let only = same && gold.iter().filter(|other| other.label == entity.label).count() == 1;
            if mass > 0.1 || only {
                let tokens = (entity.span.len() + candidate.span.len()) as f32;
                matches.push((2.0 * mass / tokens + if same { 0.3 } else { 0.0 }, source, target));
            }
        }
    }
    matches.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut found = vec![None; pair.source.entities.len()];
    let mut taken = vec![false; gold.len()];
    for (_, source, target) in matches {
        if found[source].is_none() && !taken[target] {
            found[source] = Some(gold[target].span);
            taken[target] = true;
        }
    }
    found
}

const COUNT: usize = Feature::COUNT + NullFeature::COUNT;
const BATCH: usize = 64;

fn optimise(instances: &[Instance], options: &SpanFitOptions) -> PassWeights {
    let scale = scales(instances);
    let mut weights = [0.0f32; COUNT];
    let (mut mean, mut square) = ([0.0f32; COUNT], [0.0f32; COUNT]);
    let mut order: Vec<usize> = (0..instances.len()).collect();
    let mut random = 12_345u64;
    let mut step = 0;
    for epoch in 0..options.epochs {
        for at in (1..order.len()).rev() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            order.swap(at, (random >> 33) as usize % (at + 1));
        }
        let rate = 0.05 * (1.0 - epoch as f32 / options.epochs as f32) + 0.001;
        for batch in order.chunks(BATCH) {
            let gradients: Vec<[f32; COUNT]> =
                batch.par_iter().map(|&index| gradient(&instances[index], &weights, &scale)).collect();
            step += 1;
            for k in 0..COUNT {
                let sum: f32 = gradients.iter().map(|gradient| gradient[k]).sum();
                let slope = sum / batch.len() as f32 + options.l2 * weights[k];
                mean[k] = 0.9 * mean[k] + 0.1 * slope;
                square[k] = 0.999 * square[k] + 0.001 * slope * slope;
                let (m, s) = (mean[k] / (1.0 - 0.9f32.powi(step)), square[k] / (1.0 - 0.999f32.powi(step)));
                weights[k] -= rate * m / (s.sqrt() + 1e-8);
            }
        }
    }
    PassWeights {
        candidate: std::array::from_fn(|k| weights[k] * scale[k]),
        null: std::array::from_fn(|k| weights[Feature::COUNT + k]),
    }
}

/// One over the root mean square of each feature, so that the penalty is fair.
fn scales(instances: &[Instance]) -> Row {
    let (mut sums, mut count) = ([0.0f64; Feature::COUNT], 0.0f64);
    for row in instances.iter().flat_map(|instance| instance.rows.iter().step_by(7)) {
        count += 1.0;
        sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += f64::from(*x).powi(2));
    }
    sums.map(|sum| (1.0 / (sum / count.max(1.0)).sqrt().max(0.05)) as f32)
}

/// Gradient of the negative log-likelihood of one instance.
fn gradient(instance: &Instance, weights: &[f32; COUNT], scale: &Row) -> [f32; COUNT] {
    let scaled: Row = std::array::from_fn(|k| weights[k] * scale[k]);
    let null = dot(&instance.null, &weights[Feature::COUNT..]);
    let mut scores: Vec<f32> = instance.rows.iter().map(|row| dot(row, &scaled)).collect();
    let largest = scores.iter().copied().fold(null, f32::max);
    scores.iter_mut().for_each(|score| *score = (*score - largest).exp());
    let of_null = (null - largest).exp();
    let total = scores.iter().sum::<f32>() + of_null;
    let mut gradient = [0.0; COUNT];
    for (row, score) in instance.rows.iter().zip(&scores).filter(|(_, score)| **score > 1e-5 * total) {
        (0..Feature::COUNT).for_each(|k| gradient[k] += score / total * row[k] * scale[k]);
    }
    let right_null = f32::from(instance.gold.is_none());
    for k in 0..NullFeature::COUNT {
        gradient[Feature::COUNT + k] += (of_null / total - right_null) * instance.null[k];
    }
    if let Some(gold) = instance.gold {
        (0..Feature::COUNT).for_each(|k| gradient[k] -= instance.rows[gold][k] * scale[k]);
    }
    gradient
}
