//! The weights of a model: a hash table from features to the states that they speak for or against.

use super::hash::{Filter, Table};

/// A weight of a feature.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Weight {
    /// A multiple of `unit`.
    value: i16,
    state: u8,
    /// Whether the next one is of the same feature.
    more: bool,
}

/// Features that are looked up together; holds the buffers for it.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// Keys, and the row of scores that the weights of each are added to.
    asked: Vec<(u32, u32)>,
    found: Vec<Found>,
}

/// A feature that was found: its first weight, where the next is, and the row of scores.
#[derive(Debug, Clone, Copy)]
struct Found {
    first: Weight,
    next: u32,
    row: u32,
}

impl Batch {
    /// Adds a feature.
    pub(crate) fn push(&mut self, key: u32, row: usize) {
        self.asked.push((key, row as u32));
    }
}

/// Weights by feature. What a look-up needs of memory are two places: one of the table, one of the weights.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Weights {
    /// Where the weights of each feature begin.
    starts: Table,
    /// Feature by feature; each has one or more.
    weights: Vec<Weight>,
    keys: Vec<u32>,
    filter: Filter,
    unit: f32,
}

impl Weights {
    /// From sorted, distinct keys with the states and weights of each. Weights are rounded to 1/32767 of the largest, and
    /// those that are 0 then left out.
    pub(crate) fn new<'a>(rows: impl Iterator<Item = (u32, &'a [f64])> + Clone) -> Weights {
        let most = rows.clone().flat_map(|(_, row)| row).fold(0.0_f64, |most, weight| most.max(weight.abs()));
        let unit = (most / f64::from(i16::MAX)) as f32;
        let (mut starts, mut weights) = (Vec::new(), Vec::new());
        for (key, row) in rows {
            let start = weights.len();
            for (state, weight) in row.iter().enumerate() {
                let value = (weight / f64::from(unit)).round() as i16;
                if value != 0 {
                    weights.push(Weight { value, state: state as u8, more: true });
                }
            }
            if let Some(last) = weights[start..].last_mut() {
                last.more = false;
                starts.push((key, start as u32));
            }
        }
        let keys: Vec<u32> = starts.iter().map(|(key, _)| *key).collect();
        Weights { starts: Table::new(starts.into_iter()), filter: Filter::new(&keys), weights, keys, unit }
    }

    /// From what a file holds: `counts` weights for each key, one or more; `None` where that is inconsistent.
    pub(crate) fn from_parts(
        keys: Vec<u32>,
        counts: &[u8],
        states: &[u8],
        values: &[i16],
        unit: f32,
        len: usize,
    ) -> Option<Weights> {
        let sum: usize = counts.iter().map(|count| usize::from(*count)).sum();
        let fits = keys.len() == counts.len()
            && counts.iter().all(|count| *count > 0)
            && states.len() == values.len()
            && sum == values.len()
            && sum < u32::MAX as usize
            && states.iter().all(|state| usize::from(*state) < len);
        let sorted = keys.windows(2).all(|two| two[0] < two[1]);
        if !(sorted && fits && unit.is_finite() && unit >= 0.0) {
            return None;
        }
        let mut weights: Vec<Weight> =
            std::iter::zip(values, states).map(|(&value, &state)| Weight { value, state, more: true }).collect();
        let (mut starts, mut end) = (Vec::with_capacity(keys.len()), 0);
        for count in counts {
            starts.push(end as u32);
            end += usize::from(*count);
            weights[end - 1].more = false;
        }
        let starts = Table::new(keys.iter().copied().zip(starts));
        Some(Weights { starts, filter: Filter::new(&keys), weights, keys, unit })
    }

    pub(crate) fn keys(&self) -> &[u32] {
        &self.keys
    }

    /// Number of weights of each feature.
    pub(crate) fn counts(&self) -> impl Iterator<Item = u8> {
        self.weights.chunk_by(|weight, _| weight.more).map(|weights| weights.len() as u8)
    }

    /// The state of each weight.
    pub(crate) fn states(&self) -> impl ExactSizeIterator<Item = u8> {
        self.weights.iter().map(|weight| weight.state)
    }

    /// Each weight, as a multiple of [`unit`](Self::unit).
    pub(crate) fn values(&self) -> impl ExactSizeIterator<Item = i16> {
        self.weights.iter().map(|weight| weight.value)
    }

    pub(crate) fn unit(&self) -> f32 {
        self.unit
    }

    /// Adds the weights of a feature to the scores of the states; nothing where the feature is not known.
    pub(crate) fn add(&self, key: u32, scores: &mut [f64]) {
        if let Some(start) = self.starts.get(key) {
            self.add_from(self.weights[start as usize], start + 1, scores);
        }
    }

    /// Adds the weights of many features, each to its row of `scores` (rows × `lanes`), in their order; empties the batch.
    ///
    /// Step by step for all, not feature by feature: a look-up is waiting for memory, and many can wait at a time.
    pub(crate) fn add_all(&self, batch: &mut Batch, scores: &mut [f64], lanes: usize) {
        let Batch { asked, found } = batch;
        let mut kept = 0;
        for at in 0..asked.len() {
            asked[kept] = asked[at];
            kept += usize::from(self.filter.may_hold(asked[at].0));
        }
        found.extend(asked.drain(..).take(kept).filter_map(|(key, row)| {
            let start = self.starts.get(key)?;
            Some(Found { first: self.weights[start as usize], next: start + 1, row })
        }));
        for Found { first, next, row } in found.drain(..) {
            self.add_from(first, next, &mut scores[row as usize * lanes..][..lanes]);
        }
    }

    /// Adds the weights of a feature, `next` being the place of the second.
    fn add_from(&self, first: Weight, next: u32, scores: &mut [f64]) {
        let mut add = |weight: &Weight| {
            scores[usize::from(weight.state)] += f64::from(f32::from(weight.value) * self.unit);
            weight.more
        };
        let mut more = add(&first);
        let mut rest = self.weights[next as usize..].iter();
        while more {
            more = rest.next().is_some_and(&mut add);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_found_and_only_they() {
        let rows: Vec<(u32, [f64; 3])> = (0..1000).map(|n| (n * 8, [f64::from(n % 3), 0.0, -1.0])).collect();
        let weights = Weights::new(rows.iter().map(|(key, row)| (*key, &row[..])));
        assert_eq!(weights.keys().len(), 1000);
        for key in 0..8_000 {
            let mut scores = [0.0; 3];
            weights.add(key, &mut scores);
            let expected = if key % 8 == 0 { rows[key as usize / 8].1 } else { [0.0; 3] };
            assert!(scores.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-3), "{key} {scores:?}");
        }
        let (counts, states): (Vec<u8>, Vec<u8>) = (weights.counts().collect(), weights.states().collect());
        let values: Vec<i16> = weights.values().collect();
        let read =
            |counts: &[u8], len| Weights::from_parts(weights.keys.clone(), counts, &states, &values, weights.unit, len);
        assert_eq!(read(&counts, 3).as_ref(), Some(&weights));
        assert_eq!(read(&counts, 2), None);
        assert_eq!(read(&counts[1..], 3), None);
        let mut wrong = counts.clone();
        (wrong[0], wrong[1]) = (0, counts[0] + counts[1]);
        assert_eq!(read(&wrong, 3), None);
    }

    #[test]
    fn many_are_added_as_one_by_one() {
        let rows: Vec<(u32, [f64; 3])> = (0..1000).map(|n| (n * 8, [f64::from(n % 3), 0.0, -1.0])).collect();
        let weights = Weights::new(rows.iter().map(|(key, row)| (*key, &row[..])));
        let (mut single, mut all) = ([0.0; 15], [0.0; 15]);
        let mut batch = Batch::default();
        for n in 0..4_000 {
            let (key, row) = (n * 7919 % 8_000, n as usize % 5);
            weights.add(key, &mut single[row * 3..][..3]);
            batch.push(key, row);
        }
        weights.add_all(&mut batch, &mut all, 3);
        assert!(batch.asked.is_empty() && single == all && single.iter().any(|score| *score != 0.0));
    }

    #[test]
    fn no_weights_are_no_trouble() {
        let weights = Weights::new([(5, &[0.0, 0.0][..])].into_iter());
        assert!(weights.keys().is_empty());
        weights.add(5, &mut [0.0, 0.0]);
    }
}
