//! What a model knows before it sees new data: where its training goes on.
//!
//! Maximum a posteriori adaptation (Chelba and Acero 2004, "Adaptation of Maximum Entropy Capitalizer: Little Data Can Help a
//! Lot", section 4): the weights of the model are the mean of the prior of the new ones, so that the norms of L1 and L2 are those
//! of the *change* of each weight. What the new data says nothing of stays as it was. (Going on without such a prior would
//! forget it: the objective is convex, and where its minimum lies does not depend on the start.)

use super::chain::lanes;
use super::model::Model;
use super::states::States;

/// A model in the terms of new states.
#[derive(Debug)]
pub(super) struct Prior<'m> {
    model: &'m Model,
    /// The new number of each of its states.
    states: Vec<usize>,
    lanes: usize,
}

impl<'m> Prior<'m> {
    /// `states` has all labels of the model, and its scheme.
    pub(super) fn new(model: &'m Model, states: &States) -> Prior<'m> {
        let parts = |states: &States| (states.len() - 1) / states.labels().len().max(1);
        let parts = parts(&model.states);
        let of_labels = model.states.labels().iter().flat_map(|label| {
            let label = states.labels().binary_search(label).unwrap_or_default();
            (0..parts).map(move |part| 1 + label * parts + part)
        });
        Prior { model, states: std::iter::once(0).chain(of_labels).collect(), lanes: lanes(states.len()) }
    }

    /// The features of the model, sorted.
    pub(super) fn features(&self) -> &'m [u32] {
        self.model.weights.keys()
    }

    /// The weights of features (features × lanes), then of transitions (states × lanes); 0 of what the model does not know.
    pub(super) fn weights(&self, features: &[u32], states: &States) -> Vec<f64> {
        let mut weights = vec![0.0; (features.len() + states.len()) * self.lanes];
        let (of_features, of_transitions) = weights.split_at_mut(features.len() * self.lanes);
        features.iter().zip(of_features.chunks_exact_mut(self.lanes)).for_each(|(key, row)| self.row(*key, row));
        let rows = self.model.transitions.chunks_exact(lanes(self.model.states.len()));
        for (row, before) in rows.zip(&self.states) {
            for (weight, after) in row.iter().zip(&self.states) {
                of_transitions[before * self.lanes + after] = f64::from(*weight);
            }
        }
        weights
    }

    /// Adds to sorted features, whose weights are known, those that only the model has.
    pub(super) fn complete(&self, features: &[u32], weights: &[f64]) -> (Vec<u32>, Vec<f64>) {
        let mut all: Vec<(u32, Option<usize>)> = features.iter().copied().zip((0..).map(Some)).collect();
        let others = self.features().iter().filter(|key| features.binary_search(key).is_err());
        all.extend(others.map(|key| (*key, None)));
        all.sort_unstable();
        let mut merged = Vec::with_capacity(all.len() * self.lanes);
        for (key, at) in &all {
            match at {
                Some(at) => merged.extend(&weights[at * self.lanes..][..self.lanes]),
                None => {
                    let start = merged.len();
                    merged.resize(start + self.lanes, 0.0);
                    self.row(*key, &mut merged[start..]);
                }
            }
        }
        (all.into_iter().map(|(key, _)| key).collect(), merged)
    }

    /// Sets the weights of a feature that the model has.
    fn row(&self, key: u32, row: &mut [f64]) {
        let mut own = vec![0.0; self.states.len()];
        self.model.weights.add(key, &mut own);
        own.iter().zip(&self.states).for_each(|(weight, state)| row[*state] = *weight);
    }
}
