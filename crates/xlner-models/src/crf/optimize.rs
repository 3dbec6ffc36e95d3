//! Minimises a smooth convex function plus an L1 norm: OWL-QN (Andrew and Gao 2007).
//!
//! The quasi-Newton step comes from the crate `lbfgs`; what L1 asks for (pseudo-gradient, orthants, line search) is here.

use lbfgs::Lbfgs;

/// Steps that curvature is remembered from.
const MEMORY: usize = 6;
/// Share of the promised decrease that a step must bring.
const ARMIJO: f64 = 1e-4;
const HALVINGS: usize = 30;
/// Iterations over which the decrease is looked at.
const PERIOD: usize = 10;

/// What [`minimize`] found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Minimum {
    pub(crate) value: f64,
    pub(crate) iterations: usize,
}

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) iterations: usize,
    /// Relative decrease of the value over ten iterations below which it is at its minimum.
    pub(crate) decrease: f64,
}

/// Minimises `evaluate(x, gradient)` + l1 · |x|₁ from `x` on, which is set to the minimum. `watch` gets the number and
/// value of every iteration and says whether to go on.
pub(crate) fn minimize(
    x: &mut [f64],
    l1: f64,
    limits: Limits,
    mut evaluate: impl FnMut(&[f64], &mut [f64]) -> f64,
    mut watch: impl FnMut(usize, f64, &[f64]) -> bool,
) -> Minimum {
    let len = x.len();
    let mut memory: Lbfgs<f64> = Lbfgs::new(len.max(1), MEMORY);
    let norm = |x: &[f64]| l1 * x.iter().map(|x| x.abs()).sum::<f64>();
    let mut gradient = vec![0.0; len];
    let mut value = evaluate(x, &mut gradient) + norm(x);
    let mut values = vec![value];
    let (mut pseudo, mut direction) = (vec![0.0; len], vec![0.0; len]);
    let (mut next, mut next_gradient) = (vec![0.0; len], vec![0.0; len]);
    for iteration in 1..=limits.iterations {
        for ((pseudo, &x), &g) in pseudo.iter_mut().zip(&*x).zip(&gradient) {
            *pseudo = pseudo_gradient(x, g, l1);
        }
        memory.update_hessian(&gradient, x);
        direction.copy_from_slice(&pseudo);
        memory.apply_hessian(&mut direction);
        for (direction, &pseudo) in direction.iter_mut().zip(&pseudo) {
            // Only downhill: the direction stays in the orthant of the pseudo-gradient.
            *direction = if *direction * pseudo > 0.0 { -*direction } else { 0.0 };
        }
        let length = direction.iter().map(|d| d * d).sum::<f64>().sqrt();
        if length == 0.0 {
            return Minimum { value, iterations: iteration - 1 };
        }
        let mut step = if iteration == 1 { 1.0 / length } else { 1.0 };
        let mut taken = None;
        for _ in 0..HALVINGS {
            let mut promised = 0.0;
            let places = next.iter_mut().zip(&*x).zip(direction.iter().zip(&pseudo));
            for ((next, &x), (&direction, &pseudo)) in places {
                let orthant = if x != 0.0 { x } else { -pseudo };
                let moved = x + step * direction;
                *next = if l1 > 0.0 && moved * orthant <= 0.0 { 0.0 } else { moved };
                promised += pseudo * (*next - x);
            }
            let found = evaluate(&next, &mut next_gradient) + norm(&next);
            if found <= value + ARMIJO * promised {
                taken = Some(found);
                break;
            }
            step /= 2.0;
        }
        // No step goes down any more: the minimum, up to rounding.
        let Some(found) = taken else { return Minimum { value, iterations: iteration - 1 } };
        x.copy_from_slice(&next);
        std::mem::swap(&mut gradient, &mut next_gradient);
        value = found;
        values.push(value);
        if !watch(iteration, value, x) {
            return Minimum { value, iterations: iteration };
        }
        if let Some(before) = iteration.checked_sub(PERIOD).map(|at| values[at])
            && before - value <= limits.decrease * value.abs()
        {
            return Minimum { value, iterations: iteration };
        }
    }
    Minimum { value, iterations: limits.iterations }
}

/// The derivative of the function with the L1 norm towards where it falls; 0 where it falls nowhere.
fn pseudo_gradient(x: f64, g: f64, l1: f64) -> f64 {
    if x != 0.0 {
        g + l1 * x.signum()
    } else if g < -l1 {
        g + l1
    } else if g > l1 {
        g - l1
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { iterations: 500, decrease: 1e-14 };

    /// Σ a (x − b)², whose minimum with L1 is known: b moved towards 0 by l1 / 2a.
    fn quadratic(x: &[f64], gradient: &mut [f64]) -> f64 {
        let mut value = 0.0;
        for (at, (x, g)) in x.iter().zip(gradient).enumerate() {
            let (a, b) = (1.0 + at as f64, (at as f64 - 5.0) / 3.0);
            value += a * (x - b) * (x - b);
            *g = 2.0 * a * (x - b);
        }
        value
    }

    #[test]
    fn it_finds_the_minimum_with_and_without_l1() {
        for l1 in [0.0, 0.5, 3.0, 100.0] {
            let mut x = vec![0.0; 12];
            let mut last = f64::INFINITY;
            let found = minimize(&mut x, l1, LIMITS, quadratic, |_, value, _| {
                assert!(value <= last);
                last = value;
                true
            });
            for (at, x) in x.iter().enumerate() {
                let (a, b) = (1.0 + at as f64, (at as f64 - 5.0) / 3.0);
                let expected = b.signum() * (b.abs() - l1 / (2.0 * a)).max(0.0);
                assert!((x - expected).abs() < 1e-5, "l1 {l1}, {at}: {x} {expected}");
                assert!(expected != 0.0 || *x == 0.0);
            }
            let value = quadratic(&x, &mut [0.0; 12]) + l1 * x.iter().map(|x| x.abs()).sum::<f64>();
            assert!((found.value - value).abs() < 1e-9);
        }
    }

    #[test]
    fn it_stops_when_told() {
        let mut x = vec![0.0; 12];
        let found = minimize(&mut x, 0.0, LIMITS, quadratic, |iteration, _, _| iteration < 3);
        assert_eq!(found.iterations, 3);
    }
}
