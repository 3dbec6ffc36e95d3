//! Translation probabilities from expected counts.

use rayon::prelude::*;

use xlner_core::fixed;

use crate::table::Table;
use crate::train::PRIOR;
use crate::views::VIEWS;

/// Sets the probabilities from what was counted and the priors.
pub(crate) fn estimate(tables: &mut [Table; VIEWS]) {
    tables.par_iter_mut().for_each(|table| {
        let (priors, counts) = (std::mem::take(&mut table.priors), std::mem::take(&mut table.counts));
        let values: &[i64] = &counts;
        set_probabilities(table, |place| fixed::to_real(values[place]) as f32 + priors[place] + PRIOR, exp_digamma);
        table.priors = priors;
        table.counts = counts;
    });
}

/// Sets both probabilities of every pair to `of(value) / of(sum of values)`.
fn set_probabilities(table: &mut Table, value: impl Fn(usize) -> f32, of: impl Fn(f32) -> f32) {
    let (mut source, mut target) = (Vec::new(), Vec::new());
    let add = |sums: &mut Vec<f64>, id: u32, x: f32| {
        if sums.len() <= id as usize {
            sums.resize(id as usize + 1, 0.0);
        }
        sums[id as usize] += f64::from(x);
    };
    for (place, entry) in table.entries().iter().enumerate() {
        if let Some((e, f)) = entry.pair() {
            add(&mut source, e, value(place));
            add(&mut target, f, value(place));
        }
    }
    let totals = |sums: Vec<f64>| -> Vec<f32> { sums.into_iter().map(|sum| of(sum as f32).max(1e-6)).collect() };
    let (source, target) = (totals(source), totals(target));
    for (place, entry) in table.entries_mut().iter_mut().enumerate() {
        if let Some((e, f)) = entry.pair() {
            let x = of(value(place));
            entry.forward = (x / source[e as usize]).min(1.0);
            entry.reverse = (x / target[f as usize]).min(1.0);
        }
    }
}

/// Base of the exponential of the digamma function: `exp(ψ(x))` for x > 0, to 1e-4 relative.
///
/// A Dirichlet posterior enters variational Bayes as `exp(ψ(count + prior)) / exp(ψ(total))` (Beal 2003, §3.4): close
/// to `x - 1/2` for large x, next to nothing for small x, so that rare words cannot collect what nothing else explains.
pub(crate) fn exp_digamma(x: f32) -> f32 {
    if x < 0.02 {
        return 0.0;
    }
    // ψ(x) = ψ(x + 2) - 1/x - 1/(x + 1); exp(ψ(y)) ≈ y - 1/2 + 1/(24 y) from y = 2 on.
    let y = x + 2.0;
    let large = y - 0.5 + 1.0 / (24.0 * y);
    if x > 100.0 { x - 0.5 } else { large * (-1.0 / x - 1.0 / (x + 1.0)).exp() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_close_to_the_series() {
        // ψ at 0.5, 1, 2, 10, 1000.
        for (x, psi) in
            [(0.5, -1.963_510), (1.0, -0.577_216), (2.0, 0.422_784), (10.0, 2.251_753), (1000.0, 6.907_255f64)]
        {
            let expected = psi.exp();
            let found = f64::from(exp_digamma(x));
            assert!((found / expected - 1.0).abs() < 2e-3, "{x}: {found} {expected}");
        }
        assert_eq!(exp_digamma(0.001), 0.0);
    }
}
