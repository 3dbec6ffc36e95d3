//! Maximum-weight bipartite matching.
//!
//! Shortest augmenting paths with potentials on the dense matrix, O(m²n) for m ≤ n (Jonker and Volgenant, Computing 38, 1987;
//! the form without initial reductions of Kuhn's method). Our own because a sentence is a small dense matrix of floating-point
//! numbers and cardinality comes first: `pathfinding::kuhn_munkres` wants integers, and the sparse solver of candidate
//! matching a sparse graph.

use std::cmp::Ordering;
use std::ops::{Add, Sub};

use xlner_core::Alignment;

use super::{Similarity, link};

/// Links as many tokens as possible one to one, and of all such matchings takes the one with the largest sum of similarities
/// (SimAlign §3.2, “Match”). A similarity of exactly 0 is no edge, as in the published implementation. All links have
/// probability 1. Of matchings with the same sum one is taken, always the same for the same matrix.
pub fn max_weight_match(similarity: &Similarity) -> Alignment {
    let turned = similarity.source_len() > similarity.target_len();
    let matched = if turned { assign(&similarity.transposed()) } else { assign(similarity) };
    let pairs = matched.into_iter().map(|(row, column)| if turned { (column, row) } else { (row, column) });
    let edges = pairs.filter(|&(source, target)| similarity.get(source, target) != 0.0);
    edges.map(|(source, target)| link(source, target, 1.0)).collect()
}

/// Cost of an assignment: first how many of its cells are no edges, then minus the sum of similarities. An ordered group, which
/// is all the method needs, so that no large constant blurs the similarities.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cost {
    missing: i64,
    weight: f64,
}

impl Cost {
    const ZERO: Cost = Cost { missing: 0, weight: 0.0 };
    const INFINITE: Cost = Cost { missing: i64::MAX, weight: 0.0 };

    fn of(similarity: f64) -> Cost {
        Cost { missing: i64::from(similarity == 0.0), weight: -similarity }
    }
}

impl Add for Cost {
    type Output = Cost;

    fn add(self, other: Cost) -> Cost {
        Cost { missing: self.missing + other.missing, weight: self.weight + other.weight }
    }
}

impl Sub for Cost {
    type Output = Cost;

    fn sub(self, other: Cost) -> Cost {
        Cost { missing: self.missing - other.missing, weight: self.weight - other.weight }
    }
}

impl PartialOrd for Cost {
    fn partial_cmp(&self, other: &Cost) -> Option<Ordering> {
        Some(self.missing.cmp(&other.missing).then(self.weight.total_cmp(&other.weight)))
    }
}

/// Assigns every row a column of its own at the least cost; there must be at least as many columns as rows.
fn assign(similarity: &Similarity) -> Vec<(usize, usize)> {
    let (rows, columns) = (similarity.source_len(), similarity.target_len());
    let mut row_potential = vec![Cost::ZERO; rows];
    let mut column_potential = vec![Cost::ZERO; columns];
    let mut row_of: Vec<Option<usize>> = vec![None; columns];
    let mut distance = vec![Cost::INFINITE; columns];
    let mut before: Vec<Option<usize>> = vec![None; columns];
    let mut done = vec![false; columns];
    for root in 0..rows {
        distance.fill(Cost::INFINITE);
        before.fill(None);
        done.fill(false);
        let (mut row, mut at, mut so_far) = (root, None, Cost::ZERO);
        // Dijkstra's algorithm over reduced costs, from the new row to the nearest free column.
        let mut end = loop {
            let mut nearest: Option<usize> = None;
            for (column, &value) in similarity.row(row).iter().enumerate() {
                if done[column] {
                    continue;
                }
                let reduced = so_far + Cost::of(value) - row_potential[row] - column_potential[column];
                if reduced < distance[column] {
                    distance[column] = reduced;
                    before[column] = at;
                }
                if nearest.is_none_or(|nearest| distance[column] < distance[nearest]) {
                    nearest = Some(column);
                }
            }
            // There are as many columns as rows, so one is left while a row is without.
            let column = nearest.expect("a column that is not done");
            done[column] = true;
            so_far = distance[column];
            match row_of[column] {
                None => break column,
                Some(next) => (row, at) = (next, Some(column)),
            }
        };
        row_potential[root] = row_potential[root] + so_far;
        for column in (0..columns).filter(|&column| done[column]) {
            let gain = so_far - distance[column];
            column_potential[column] = column_potential[column] - gain;
            if let Some(row) = row_of[column] {
                row_potential[row] = row_potential[row] + gain;
            }
        }
        // Flips the path.
        loop {
            match before[end] {
                Some(previous) => {
                    row_of[end] = row_of[previous];
                    end = previous;
                }
                None => {
                    row_of[end] = Some(root);
                    break;
                }
            }
        }
    }
    row_of.into_iter().enumerate().filter_map(|(column, row)| row.map(|row| (row, column))).collect()
}
