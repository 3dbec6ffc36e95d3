//! Generalised linear models with a Gaussian prior, by Newton's method.

/// How the mean follows from the weighted sum of the features.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Link {
    /// A probability: 1 / (1 + e^−x); targets are 0 or 1.
    Logistic,
    /// A count: e^x (Poisson); targets are counts.
    Log,
}

impl Link {
    /// The mean, and its derivative.
    fn mean(self, sum: f64) -> (f64, f64) {
        match self {
            Link::Logistic => {
                let mean = 1.0 / (1.0 + (-sum).exp());
                (mean, mean * (1.0 - mean))
            }
            Link::Log => {
                let mean = sum.clamp(-20.0, 6.0).exp();
                (mean, mean)
            }
        }
    }
}

/// Rounds of Newton's method, at most; a dozen features take five or six.
const ROUNDS: usize = 25;

/// Weights of features.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Model<const N: usize> {
    pub(crate) weights: [f64; N],
    pub(crate) link: Link,
}

impl<const N: usize> Model<N> {
    /// The mean for features.
    pub(crate) fn mean(&self, features: &[f64; N]) -> f64 {
        self.link.mean(dot(&self.weights, features)).0
    }

    /// The most probable weights given targets, and a normal prior round the weights of this model with the given precisions
    /// (1 / variance).
    pub(crate) fn learn(&self, rows: &[[f64; N]], targets: &[f64], precisions: &[f64; N]) -> Model<N> {
        let mut weights = self.weights;
        for _ in 0..ROUNDS {
            let mut gradient = [0.0; N];
            let mut hessian = [[0.0; N]; N];
            for (row, target) in rows.iter().zip(targets) {
                let (mean, slope) = self.link.mean(dot(&weights, row));
                for i in 0..N {
                    gradient[i] += (target - mean) * row[i];
                    for j in 0..=i {
                        hessian[i][j] += slope * row[i] * row[j];
                    }
                }
            }
            for i in 0..N {
                gradient[i] -= precisions[i] * (weights[i] - self.weights[i]);
                hessian[i][i] += precisions[i];
            }
            let step = solve(hessian, gradient);
            // A step that leaps is cut: far out the curvature of the Poisson model misleads.
            let size = step.iter().fold(0.0_f64, |size, s| size.max(s.abs()));
            let factor = if size > 2.0 { 2.0 / size } else { 1.0 };
            weights.iter_mut().zip(step).for_each(|(weight, step)| *weight += factor * step);
            if size < 1e-9 {
                break;
            }
        }
        Model { weights, link: self.link }
    }
}

fn dot<const N: usize>(a: &[f64; N], b: &[f64; N]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Solves a x = b for a symmetric positive definite matrix, of which the lower half is given (Cholesky).
fn solve<const N: usize>(mut a: [[f64; N]; N], mut b: [f64; N]) -> [f64; N] {
    for i in 0..N {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| a[i][k] * a[j][k]).sum();
            a[i][j] = if i == j { (a[i][i] - sum).max(1e-12).sqrt() } else { (a[i][j] - sum) / a[j][j] };
        }
    }
    for i in 0..N {
        let sum: f64 = (0..i).map(|k| a[i][k] * b[k]).sum();
        b[i] = (b[i] - sum) / a[i][i];
    }
    for i in (0..N).rev() {
        let sum: f64 = (i + 1..N).map(|k| a[k][i] * b[k]).sum();
        b[i] = (b[i] - sum) / a[i][i];
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_of_the_targets_is_learnt() {
        let prior = Model { weights: [0.0], link: Link::Logistic };
        let model = prior.learn(&[[1.0]; 4], &[1.0, 1.0, 1.0, 0.0], &[1e-9]);
        assert!((model.mean(&[1.0]) - 0.75).abs() < 1e-6);
        let prior = Model { weights: [0.0], link: Link::Log };
        let model = prior.learn(&[[1.0]; 4], &[3.0, 0.0, 5.0, 2.0], &[1e-9]);
        assert!((model.mean(&[1.0]) - 2.5).abs() < 1e-6);
    }

    #[test]
    fn without_data_the_prior_stands() {
        let prior = Model { weights: [0.5, -1.0], link: Link::Logistic };
        assert_eq!(prior.learn(&[], &[], &[1.0, 1.0]), prior);
    }

    #[test]
    fn targets_that_can_be_told_apart_do_not_run_away() {
        let prior = Model { weights: [0.0, 0.0], link: Link::Logistic };
        let model = prior.learn(&[[1.0, 1.0], [1.0, -1.0]], &[1.0, 0.0], &[0.1, 0.1]);
        assert!(model.weights[1] > 1.0 && model.weights[1] < 10.0);
    }

    #[test]
    fn systems_are_solved() {
        let x = solve([[4.0, 0.0], [2.0, 3.0]], [2.0, 1.0]);
        assert!((x[0] - 0.5).abs() < 1e-12 && x[1].abs() < 1e-12);
    }
}
