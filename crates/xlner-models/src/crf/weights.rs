//! The weights of a model: a hash table from features to the states that they speak for or against.

use super::hash::Filter;

/// A feature in the table: its key, and 1 + its number; 0 where the place is free.
type Place = [u32; 2];

/// Weights by feature.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Weights {
    /// Open addressing; at most half full, a power of two long.
    table: Vec<Place>,
    /// Where the states of each feature begin, and where the last ones end.
    starts: Vec<u32>,
    states: Vec<u8>,
    /// Multiples of `unit`.
    values: Vec<i16>,
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
        let (mut keys, mut starts, mut states, mut values) = (Vec::new(), vec![0], Vec::new(), Vec::new());
        for (key, row) in rows {
            for (state, weight) in row.iter().enumerate() {
                let value = (weight / f64::from(unit)).round() as i16;
                if value != 0 {
                    states.push(state as u8);
                    values.push(value);
                }
            }
            if values.len() > starts[keys.len()] as usize {
                keys.push(key);
                starts.push(values.len() as u32);
            }
        }
        Weights { table: table(&keys), filter: Filter::new(&keys), starts, states, values, keys, unit }
    }

    /// From what a file holds: `counts` states for each key; `None` where that is inconsistent.
    pub(crate) fn from_parts(
        keys: Vec<u32>,
        counts: &[u8],
        states: Vec<u8>,
        values: Vec<i16>,
        unit: f32,
        len: usize,
    ) -> Option<Weights> {
        let mut starts = vec![0_u32];
        for count in counts {
            starts.push(starts[starts.len() - 1].checked_add((*count).into())?);
        }
        let sorted = keys.windows(2).all(|two| two[0] < two[1]);
        let fits = keys.len() == counts.len()
            && states.len() == values.len()
            && *starts.last()? as usize == values.len()
            && states.iter().all(|state| usize::from(*state) < len);
        (sorted && fits && unit.is_finite() && unit >= 0.0).then(|| Weights {
            table: table(&keys),
            filter: Filter::new(&keys),
            starts,
            states,
            values,
            keys,
            unit,
        })
    }

    pub(crate) fn keys(&self) -> &[u32] {
        &self.keys
    }

    /// Number of states of each feature.
    pub(crate) fn counts(&self) -> impl Iterator<Item = u8> {
        self.starts.windows(2).map(|two| (two[1] - two[0]) as u8)
    }

    pub(crate) fn states(&self) -> &[u8] {
        &self.states
    }

    pub(crate) fn values(&self) -> &[i16] {
        &self.values
    }

    pub(crate) fn unit(&self) -> f32 {
        self.unit
    }

    /// Adds the weights of a feature to the scores of the states; nothing where the feature is not known.
    pub(crate) fn add(&self, key: u32, scores: &mut [f64]) {
        if !self.filter.may_hold(key) {
            return;
        }
        let mask = self.table.len() - 1;
        let mut at = key as usize & mask;
        loop {
            match self.table[at] {
                [_, 0] => return,
                [found, number] if found == key => {
                    let row = self.starts[number as usize - 1] as usize..self.starts[number as usize] as usize;
                    for (state, value) in self.states[row.clone()].iter().zip(&self.values[row]) {
                        scores[usize::from(*state)] += f64::from(f32::from(*value) * self.unit);
                    }
                    return;
                }
                _ => at = (at + 1) & mask,
            }
        }
    }
}

fn table(keys: &[u32]) -> Vec<Place> {
    let len = (2 * keys.len()).next_power_of_two().max(2);
    let mut table = vec![[0; 2]; len];
    for (number, &key) in (1..).zip(keys) {
        let mut at = key as usize & (len - 1);
        while table[at][1] != 0 {
            at = (at + 1) & (len - 1);
        }
        table[at] = [key, number];
    }
    table
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
        let counts: Vec<u8> = weights.counts().collect();
        let again = Weights::from_parts(
            weights.keys.clone(),
            &counts,
            weights.states.clone(),
            weights.values.clone(),
            weights.unit,
            3,
        );
        assert_eq!(again.as_ref(), Some(&weights));
        let other = Weights::from_parts(
            weights.keys.clone(),
            &counts,
            weights.states.clone(),
            weights.values.clone(),
            weights.unit,
            2,
        );
        assert_eq!(other, None);
    }

    #[test]
    fn no_weights_are_no_trouble() {
        let weights = Weights::new([(5, &[0.0, 0.0][..])].into_iter());
        assert!(weights.keys().is_empty());
        weights.add(5, &mut [0.0, 0.0]);
    }
}
