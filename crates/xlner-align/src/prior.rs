//! What is likely before anything was counted: prior counts of words that a dictionary, an earlier model, their spelling or
//! their vectors bring together.

use rayon::prelude::*;

use crate::first::First;
use crate::keys::{Keys, ids, key};
use crate::model::Model;
use crate::spelling;
use crate::table::Table;
use crate::train::{DICTIONARY, FIRST, TEMPERATURE, TrainOptions, VECTORS, spelling_prior};
use crate::vectors::WordVectors;
use crate::views::VIEWS;
use crate::vocabulary::Vocabulary;

/// Sets the tables of a model to the pairs that have a prior count, with it and with the probability that it alone gives
/// them; returns what the first pass knows of all other pairs. The keys of the dictionary and of the model to start from
/// are added to those given.
pub(crate) fn set_priors(mut keys: Keys, options: &TrainOptions, start: Option<&Model>, model: &mut Model) -> First {
    let known = std::array::from_fn::<_, VIEWS, _>(|view| known(&mut keys, view, options, start, model));
    let alike = alike(&keys.views[0], options, model);
    let mut first = First { keys: keys.views, shares: Default::default() };
    for (view, mut priors) in known.into_iter().enumerate() {
        // Words alike raise the prior of all their views: the most alike ones that share a view tell how much.
        let pair =
            |&(e, f, prior): &(u32, u32, f32)| (key(model.source.view(e, view), model.target.view(f, view)), prior);
        let mut best: Vec<(u64, f32)> = alike.iter().map(pair).collect();
        best.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
        best.dedup_by_key(|(key, _)| *key);
        best.retain(|(key, _)| first.keys[view].binary_search(key).is_ok());
        priors.extend(best);
        let priors = sums(priors);
        let totals = [0, 1].map(|side| {
            let mut totals: Vec<f64> = vec![0.0; [&model.source, &model.target][side].view_len(view)];
            for (total, degree) in totals.iter_mut().zip(&keys.degrees[side][view]) {
                *total = f64::from(FIRST) * f64::from(*degree);
            }
            for &(key, prior) in &priors {
                totals[<[u32; 2]>::from(ids(key))[side] as usize] += f64::from(prior);
            }
            totals
        });
        let mut table = Table::new(&priors.iter().map(|(key, _)| *key).collect::<Vec<_>>());
        for &(key, prior) in &priors {
            let (e, f) = ids(key);
            let Some(place) = table.find(e, f) else { continue };
            table.priors[place] = prior;
            let entry = &mut table.entries_mut()[place];
            entry.forward = (f64::from(prior) / totals[0][e as usize]) as f32;
            entry.reverse = (f64::from(prior) / totals[1][f as usize]) as f32;
        }
        model.tables[view] = table;
        let share = |total: f64| if total > 0.0 { (f64::from(FIRST) / total) as f32 } else { 0.0 };
        let [source, target] = totals.map(|totals| totals.into_iter().map(share).collect());
        (first.shares[0][view], first.shares[1][view]) = (source, target);
    }
    first
}

/// Sums of the values of each key, ordered by the keys; values of a key are added in their order.
fn sums(mut values: Vec<(u64, f32)>) -> Vec<(u64, f32)> {
    values.sort_by_key(|(key, _)| *key);
    values.dedup_by(|next, first| {
        let same = next.0 == first.0;
        first.1 += if same { next.1 } else { 0.0 };
        same
    });
    values
}

/// Prior counts of a view from the dictionary and the model to start from, whose pairs become keys.
fn known(
    keys: &mut Keys,
    view: usize,
    options: &TrainOptions,
    start: Option<&Model>,
    model: &Model,
) -> Vec<(u64, f32)> {
    let (source, target) = (&model.source, &model.target);
    let mut priors = Vec::new();
    for (a, b) in &options.dictionary {
        let share = DICTIONARY / (a.split_whitespace().count() * b.split_whitespace().count()) as f32;
        for x in a.split_whitespace().map(|x| source.look_up(x)) {
            let pairs = b.split_whitespace().map(|y| key(x.views[view], target.look_up(y).views[view]));
            priors.extend(pairs.map(|key| (key, share)));
        }
    }
    if let Some(start) = start {
        start.for_each_count(view, source, target, |e, f, count| priors.push((key(e, f), count)));
    }
    let priors = sums(priors);
    let known = &mut keys.views[view];
    let new: Vec<u64> = priors.iter().map(|(key, _)| *key).filter(|key| known.binary_search(key).is_err()).collect();
    for &key in &new {
        let (e, f) = ids(key);
        for (side, id) in [e, f].into_iter().enumerate() {
            let degrees = &mut keys.degrees[side][view];
            degrees.resize(degrees.len().max(id as usize + 1), 0);
            degrees[id as usize] += 1;
        }
    }
    known.extend(new);
    known.sort_unstable();
    priors
}

/// Pairs of words that stand together and are spelt alike, or whose vectors are near each other, and their prior counts.
fn alike(keys: &[u64], options: &TrainOptions, model: &Model) -> Vec<(u32, u32, f32)> {
    let (source, target) = (&model.source, &model.target);
    let mut alike: Vec<(u32, u32, f32)> = keys
        .par_iter()
        .filter_map(|&key| {
            let (e, f) = ids(key);
            let prior = spelling_prior(spelling::similarity(&source.word(e), &target.word(f)));
            (prior > 1e-4).then_some((e, f, prior))
        })
        .collect();
    if let Some(vectors) = &options.vectors {
        alike.extend(near(vectors, keys, source, target));
    }
    alike
}

/// Pairs of words whose vectors are near each other, and their prior counts: the geometric mean of the shares that each has
/// among the words beside which the other stands, by the softmax of the cosines.
fn near(vectors: &WordVectors, keys: &[u64], source: &Vocabulary, target: &Vocabulary) -> Vec<(u32, u32, f32)> {
    let rows = [vectors.rows(false, source), vectors.rows(true, target)];
    let weights: Vec<(u32, u32, f32)> = keys
        .par_iter()
        .filter_map(|&key| {
            let (e, f) = ids(key);
            let cosine = vectors.cosine(rows[0][e as usize]?, rows[1][f as usize]?);
            Some((e, f, (cosine / TEMPERATURE).exp()))
        })
        .collect();
    let mut sums = [vec![0.0f64; source.len()], vec![0.0f64; target.len()]];
    for &(e, f, weight) in &weights {
        sums[0][e as usize] += f64::from(weight);
        sums[1][f as usize] += f64::from(weight);
    }
    let share = |(e, f, weight): (u32, u32, f32)| {
        let both = (sums[0][e as usize] * sums[1][f as usize]).sqrt();
        (e, f, (VECTORS * f64::from(weight) / both) as f32)
    };
    weights.into_iter().map(share).filter(|(.., prior)| *prior > 1e-2).collect()
}
