//! Which marked text is which entity, where markers are all alike.

use xlner_core::text::{Lcs, dice, fold};

/// Entities of more are matched one after the other, the most alike first.
const EXACT: usize = 12;

/// Which entity each marked text is, by how alike it is to the entities' own translations, and how alike, 0..=1. As many
/// entities as marked texts; the sum of similarities is the largest there is, up to a dozen entities.
pub fn assign(marked: &[&str], entities: &[&str]) -> Vec<(usize, f64)> {
    let alike: Vec<Vec<f64>> = marked.iter().map(|a| entities.iter().map(|b| similarity(a, b)).collect()).collect();
    let chosen = if marked.len() <= EXACT { best(&alike) } else { greedy(&alike) };
    chosen.into_iter().enumerate().map(|(at, entity)| (entity, alike[at][entity])).collect()
}

fn similarity(a: &str, b: &str) -> f64 {
    let folded = |text: &str| text.split_whitespace().map(fold).collect::<Vec<_>>().join(" ");
    let (a, b) = (folded(a), folded(b));
    let mut lcs = Lcs::default();
    lcs.set_pattern(a.as_bytes());
    lcs.extend(b.as_bytes());
    f64::from(dice(lcs.common(), a.len(), b.len()))
}

/// The assignment of the largest sum, by dynamic programming over the sets of entities used; of equals that which keeps the
/// order.
pub(super) fn best(alike: &[Vec<f64>]) -> Vec<usize> {
    let n = alike.len();
    // best[set]: the largest sum of the first |set| marked texts with these entities; last[set]: the last one's entity.
    let mut sums = vec![f64::NEG_INFINITY; 1 << n];
    let mut last = vec![0; 1 << n];
    sums[0] = 0.0;
    for set in 1_usize..1 << n {
        let row = &alike[set.count_ones() as usize - 1];
        for entity in (0..n).rev().filter(|entity| set >> entity & 1 == 1) {
            let sum = sums[set & !(1 << entity)] + row[entity];
            if sum > sums[set] {
                (sums[set], last[set]) = (sum, entity);
            }
        }
    }
    let (mut chosen, mut set) = (vec![0; n], (1 << n) - 1);
    for at in (0..n).rev() {
        chosen[at] = last[set];
        set &= !(1 << last[set]);
    }
    chosen
}

fn greedy(alike: &[Vec<f64>]) -> Vec<usize> {
    let n = alike.len();
    let mut cells: Vec<(usize, usize)> = (0..n).flat_map(|at| (0..n).map(move |entity| (at, entity))).collect();
    cells.sort_by(|a, b| alike[b.0][b.1].total_cmp(&alike[a.0][a.1]));
    let (mut chosen, mut used) = (vec![usize::MAX; n], vec![false; n]);
    for (at, entity) in cells {
        if chosen[at] == usize::MAX && !used[entity] {
            (chosen[at], used[entity]) = (entity, true);
        }
    }
    chosen
}
