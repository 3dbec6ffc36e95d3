//! Logistic regression of few features, by Newton's method.

/// Steps at most; a dozen are usual.
const STEPS: usize = 100;
/// The largest change of a weight in the last step.
const ENOUGH: f64 = 1e-9;
/// Largest change of a weight in a step, so that it does not jump over the optimum.
const STRIDE: f64 = 4.0;

/// The weights of features, and after them the bias, that make the labels most probable, less half the sum of the squared
/// weights (the bias not) times `penalty`. `rows` are the features of an example, all as many.
pub(super) fn fit(rows: &[(Vec<f64>, bool)], penalty: f64) -> Vec<f64> {
    let features = rows.first().map_or(0, |(row, _)| row.len());
    let mut weights = vec![0.0; features + 1];
    for _ in 0..STEPS {
        let size = weights.len();
        let (mut gradient, mut curvature) = (vec![0.0; size], vec![vec![0.0; size]; size]);
        for (row, label) in rows {
            let input = || row.iter().copied().chain([1.0]).enumerate();
            let log_odds: f64 = input().map(|(at, value)| value * weights[at]).sum();
            let probability = 1.0 / (1.0 + (-log_odds).exp());
            let (difference, slope) = (f64::from(u8::from(*label)) - probability, probability * (1.0 - probability));
            for (at, value) in input().filter(|(_, value)| *value != 0.0) {
                gradient[at] += difference * value;
                for (other, with) in input() {
                    curvature[at][other] += slope * value * with;
                }
            }
        }
        for at in 0..features {
            gradient[at] -= penalty * weights[at];
            curvature[at][at] += penalty;
        }
        // The bias has no penalty, and no curvature where all is certain.
        curvature[features][features] += 1e-9;
        let step = solve(curvature, gradient);
        let largest = step.iter().fold(0.0f64, |largest, change| largest.max(change.abs()));
        let scale = if largest > STRIDE { STRIDE / largest } else { 1.0 };
        weights.iter_mut().zip(&step).for_each(|(weight, change)| *weight += scale * change);
        if largest < ENOUGH {
            break;
        }
    }
    weights
}

/// The solution of symmetric positive definite equations, by Cholesky's decomposition.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let size = right.len();
    for row in 0..size {
        for column in 0..=row {
            let sum: f64 = (0..column).map(|at| matrix[row][at] * matrix[column][at]).sum();
            let rest = matrix[row][column] - sum;
            matrix[row][column] = if row == column { rest.max(1e-12).sqrt() } else { rest / matrix[column][column] };
        }
    }
    for row in 0..size {
        let sum: f64 = (0..row).map(|at| matrix[row][at] * right[at]).sum();
        right[row] = (right[row] - sum) / matrix[row][row];
    }
    for row in (0..size).rev() {
        let sum: f64 = (row + 1..size).map(|at| matrix[at][row] * right[at]).sum();
        right[row] = (right[row] - sum) / matrix[row][row];
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equations_are_solved() {
        let matrix = vec![vec![4.0, 2.0, 0.5], vec![2.0, 5.0, 1.0], vec![0.5, 1.0, 3.0]];
        let found = solve(matrix.clone(), vec![1.0, -2.0, 3.0]);
        for (row, expected) in matrix.iter().zip([1.0, -2.0, 3.0]) {
            let value: f64 = row.iter().zip(&found).map(|(one, other)| one * other).sum();
            assert!((value - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn without_penalty_shares_become_log_odds() {
        // 3 of 4 where the feature is 1, 1 of 5 where it is 0.
        let mut rows = vec![(vec![1.0], true); 3];
        rows.push((vec![1.0], false));
        rows.push((vec![0.0], true));
        rows.extend(vec![(vec![0.0], false); 4]);
        let weights = fit(&rows, 0.0);
        assert!((weights[1] - 0.25f64.ln()).abs() < 1e-6 && (weights[0] + weights[1] - 3f64.ln()).abs() < 1e-6);
        // With it, at the optimum the slope of the penalised likelihood is 0, and weights are smaller.
        let held = fit(&rows, 1.0);
        assert!(held[0] > 0.0 && held[0] < weights[0]);
        let slope: f64 = rows
            .iter()
            .map(|(row, label)| {
                let probability = 1.0 / (1.0 + (-(row[0] * held[0] + held[1])).exp());
                row[0] * (f64::from(u8::from(*label)) - probability)
            })
            .sum();
        assert!((slope - held[0]).abs() < 1e-6);
    }

    #[test]
    fn what_is_certain_does_not_run_away() {
        let rows = vec![(vec![1.0, 3.0], true), (vec![0.0, -2.0], false)];
        assert!(fit(&rows, 1.0).iter().all(|weight| weight.is_finite() && weight.abs() < 5.0));
        assert!(fit(&[(vec![1.0], true)], 1.0).iter().all(|weight| weight.is_finite()));
        assert_eq!(fit(&[], 1.0).len(), 1);
    }
}
