//! The hidden Markov model of word positions (Vogel, Ney and Tillmann 1996): every generated token comes from one
//! generating token or from none, and where it comes from depends on how far that is from where the last one came from.

use xlner_core::fixed;

/// Jumps that are longer share one probability.
const REACH: usize = 40;
pub(crate) const WIDTH: usize = 2 * REACH + 1;
/// Weight of every jump besides its probability: translations do jump, and short texts have not seen it.
const FLOOR: f32 = 0.01;
/// Added to the count of every jump.
const SMOOTHING: f64 = 0.3;
/// How much less likely each step more or less is at first, as a logarithm: where links lie less than [`NEAR`] from the
/// diagonal, and more than [`FAR`] (chosen on XL-WA's development part and every other sentence of KFTT).
const STEEP: f64 = 0.5;
const FLAT: f64 = 0.1;
const NEAR: f64 = 0.07;
const FAR: f64 = 0.09;
/// Mass below this is not followed further.
const NEGLIGIBLE: f32 = 1e-4;

/// Probability of a token to come from none.
pub(crate) const NULL: f32 = 0.1;

/// Probabilities of jumps from -[`REACH`] to [`REACH`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Jumps(Vec<f32>);

/// Expected counts of the same, of one pair.
#[derive(Debug, Clone)]
pub(crate) struct JumpCounts(pub Vec<f32>);

impl Default for JumpCounts {
    fn default() -> Self {
        JumpCounts(vec![0.0; WIDTH])
    }
}

impl Default for Jumps {
    fn default() -> Self {
        Jumps::falling(STEEP)
    }
}

impl Jumps {
    /// One step forward is likeliest; every step more or less is less likely by a factor of `exp(-steepness)`.
    fn falling(steepness: f64) -> Jumps {
        let weight = |at: usize| (-steepness * (at as f64 - REACH as f64 - 1.0).abs()).exp() as f32;
        Jumps((0..WIDTH).map(weight).collect())
    }

    /// Jumps to begin with, given how far links lie from the diagonal on the average (0..=1) where nothing but a preference
    /// for the diagonal was known. Languages that order words alike stay close to it, and jumps that are known to be short
    /// are then a help; where they do not (Japanese and English), they are a hindrance that no later pass makes good.
    pub fn of_distance(distance: f64) -> Jumps {
        let share = ((FAR - distance) / (FAR - NEAR)).clamp(0.0, 1.0);
        Jumps::falling(FLAT + share * (STEEP - FLAT))
    }

    /// From fixed-point counts of a whole text.
    pub fn estimate(counts: &[i64]) -> Jumps {
        let total = fixed::to_real(counts.iter().sum()) + SMOOTHING * WIDTH as f64;
        Jumps(counts.iter().map(|&count| ((fixed::to_real(count) + SMOOTHING) / total) as f32).collect())
    }

    pub fn values(&self) -> &[f32] {
        &self.0
    }

    /// `None` where these are no probabilities of jumps.
    pub fn from_values(values: Vec<f32>) -> Option<Jumps> {
        let valid = values.len() == WIDTH && values.iter().all(|value| value.is_finite() && *value > 0.0);
        valid.then_some(Jumps(values))
    }
}

/// Buffers of [`posteriors`], kept between sentences.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    /// (generated + 1) × (generating + 1): mass at each position after each token; position 0 is the start.
    mass: Vec<f32>,
    /// The same before the token is generated, without null.
    incoming: Vec<f32>,
    /// One over the sum of weights of the jumps from each position.
    norm: Vec<f32>,
    outgoing: Vec<f32>,
    /// What flows back into each position, without null.
    flowing: Vec<f32>,
    /// The jumps, the longest one forward first.
    back: Vec<f32>,
    backward: Vec<f32>,
    cumulative: Vec<f32>,
}

/// Posteriors by forward-backward.
///
/// `emissions` and `out` are generated × generating: the probability of the generated token given the generating one, and
/// the posterior of the one having come from the other; `null` has the probability of each generated token given none.
/// The expected jumps are added to `counts` where they are wanted.
pub(crate) fn posteriors(
    jumps: &Jumps,
    (generating, generated): (usize, usize),
    emissions: &[f32],
    null: &[f32],
    buffers: &mut Buffers,
    out: &mut [f32],
    mut counts: Option<&mut JumpCounts>,
) {
    let n = generating + 1;
    let Buffers { mass, incoming, norm, outgoing, flowing, back, backward, cumulative } = buffers;
    normalisers(jumps, n, norm, cumulative);
    mass.clear();
    mass.resize((generated + 1) * n, 0.0);
    incoming.clear();
    incoming.resize((generated + 1) * n, 0.0);
    flowing.clear();
    flowing.resize(n, 0.0);
    back.clear();
    back.extend(jumps.0.iter().rev());
    mass[0] = 1.0;
    for j in 0..generated {
        let (before, after) = mass.split_at_mut((j + 1) * n);
        let (before, after) = (&before[j * n..], &mut after[..n]);
        let row = &mut incoming[(j + 1) * n..(j + 2) * n];
        let mut total = 0.0;
        for (p, &x) in before.iter().enumerate() {
            if x > NEGLIGIBLE {
                let x = x * norm[p];
                total += x;
                // Position q is a jump of q - p, which is at q - p + REACH.
                let first = 1.max(p.saturating_sub(REACH));
                let reached = &mut row[first..n.min(p + REACH + 1)];
                reached.iter_mut().zip(&jumps.0[first + REACH - p..]).for_each(|(y, jump)| *y += x * jump);
            }
        }
        let none = NULL * null[j];
        after[0] = before[0] * none;
        let mut sum = after[0];
        for q in 1..n {
            row[q] += FLOOR * total;
            after[q] = row[q] * emissions[j * generating + q - 1] + before[q] * none;
            sum += after[q];
        }
        let scale = 1.0 / sum.max(f32::MIN_POSITIVE);
        after.iter_mut().for_each(|x| *x *= scale);
        row.iter_mut().for_each(|x| *x *= scale);
    }
    backward.clear();
    backward.resize(n, 1.0);
    outgoing.clear();
    outgoing.resize(n, 0.0);
    for j in (0..generated).rev() {
        let (after, row) = (&mass[(j + 1) * n..(j + 2) * n], &incoming[(j + 1) * n..(j + 2) * n]);
        let total: f32 = after.iter().zip(&*backward).map(|(a, b)| a * b).sum();
        let scale = 1.0 / total.max(f32::MIN_POSITIVE);
        flowing.fill(0.0);
        let mut floor = 0.0;
        for q in 1..n {
            let x = emissions[j * generating + q - 1] * backward[q] * scale;
            outgoing[q] = x;
            out[j * generating + q - 1] = (row[q] * x).min(1.0);
            floor += x;
        }
        let least = floor * NEGLIGIBLE;
        for q in 1..n {
            let x = outgoing[q];
            if x > least {
                // From position p, a jump of q - p; backwards, so that both are walked forwards.
                let first = q.saturating_sub(REACH);
                let from = &mut flowing[first..n.min(q + REACH + 1)];
                from.iter_mut().zip(&back[first + REACH - q..]).for_each(|(y, jump)| *y += x * jump);
            }
        }
        let before = &mass[j * n..(j + 1) * n];
        // `incoming` of this row was scaled with `mass`; what flowed out of `before` was not.
        let mut flow = 0.0;
        let none = NULL * null[j] * scale;
        for p in 0..n {
            let next = norm[p] * (flowing[p] + FLOOR * floor) + none * backward[p];
            flow += before[p] * next;
            backward[p] = next;
        }
        let share = 1.0 / flow.max(f32::MIN_POSITIVE);
        for (p, &x) in before.iter().enumerate() {
            let Some(counts) = &mut counts else { break };
            if x > 0.01 {
                let x = x * norm[p] * share;
                // From position p to q, which is q - p + REACH.
                let first = 1.max(p.saturating_sub(REACH));
                let reached = &outgoing[first..n.min(p + REACH + 1)];
                let at = first + REACH - p;
                for ((count, jump), y) in counts.0[at..].iter_mut().zip(&jumps.0[at..]).zip(reached) {
                    *count += x * jump * y;
                }
            }
        }
        let largest = backward.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        backward.iter_mut().for_each(|x| *x /= largest);
    }
}

/// One over the sum of weights of the jumps from each position to positions `1..n`, times the probability of not null.
fn normalisers(jumps: &Jumps, n: usize, norm: &mut Vec<f32>, cumulative: &mut Vec<f32>) {
    cumulative.clear();
    cumulative.push(0.0);
    let mut sum = 0.0;
    for jump in &jumps.0 {
        sum += jump;
        cumulative.push(sum);
    }
    norm.clear();
    norm.extend((0..n).map(|p| {
        // Jumps from 1 - p to n - 1 - p.
        let first = (REACH + 1).saturating_sub(p).min(WIDTH);
        let end = (REACH + n).saturating_sub(p).min(WIDTH);
        let inside = cumulative[end.max(first)] - cumulative[first];
        (1.0 - NULL) / (inside + FLOOR * (n - 1) as f32)
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Posteriors by summing over all ways.
    fn by_enumeration(jumps: &Jumps, i: usize, j: usize, emissions: &[f32], null: &[f32]) -> Vec<f64> {
        let weight = |from: usize, to: usize| {
            let jump = |to: usize| {
                let at = to as isize - from as isize + REACH as isize;
                f64::from(FLOOR)
                    + usize::try_from(at).ok().and_then(|at| jumps.0.get(at)).map_or(0.0, |x| f64::from(*x))
            };
            jump(to) / (1..=i).map(jump).sum::<f64>() * f64::from(1.0 - NULL)
        };
        let mut out = vec![0.0; i * j];
        let mut total = 0.0;
        for way in 0..(i + 1).pow(j as u32) {
            let (mut at, mut p, mut code, mut links) = (0, 1.0, way, Vec::new());
            for t in 0..j {
                let to = code % (i + 1);
                code /= i + 1;
                if to == 0 {
                    p *= f64::from(NULL * null[t]);
                } else {
                    p *= weight(at, to) * f64::from(emissions[t * i + to - 1]);
                    links.push(t * i + to - 1);
                    at = to;
                }
            }
            total += p;
            links.into_iter().for_each(|link| out[link] += p);
        }
        out.into_iter().map(|x| x / total).collect()
    }

    #[test]
    fn posteriors_are_the_sum_over_all_ways() {
        let (i, j) = (3, 4);
        let emissions: Vec<f32> = (0..i * j).map(|k| 0.01 + (k * 7 % 11) as f32 / 11.0).collect();
        let null = [0.1, 0.2, 0.05, 0.3];
        let (mut out, mut counts) = (vec![0.0; i * j], JumpCounts::default());
        let jumps = Jumps::default();
        posteriors(&jumps, (i, j), &emissions, &null, &mut Buffers::default(), &mut out, Some(&mut counts));
        for (a, b) in out.iter().zip(by_enumeration(&jumps, i, j, &emissions, &null)) {
            assert!((f64::from(*a) - b).abs() < f64::from(NEGLIGIBLE), "{a} {b}");
        }
        let jumped: f32 = counts.0.iter().sum();
        assert!(jumped > 0.0 && jumped <= out.iter().sum::<f32>() + 1e-4);
    }

    #[test]
    fn jumps_are_flatter_where_links_are_far_from_the_diagonal() {
        let values = |distance| Jumps::of_distance(distance).values().to_vec();
        let (near, between, far) = (values(0.05), values(0.08), values(0.2));
        assert_eq!(near, Jumps::default().values());
        for at in (0..WIDTH).filter(|at| *at != REACH + 1) {
            assert!(near[at] < between[at] && between[at] < far[at] && far[at] < 1.0);
        }
        assert_eq!((near[REACH + 1], far[REACH + 1]), (1.0, 1.0));
    }

    #[test]
    fn hopeless_input_gives_numbers() {
        let (mut out, mut counts) = (vec![0.0; 4], JumpCounts::default());
        posteriors(
            &Jumps::default(),
            (2, 2),
            &[0.0; 4],
            &[0.0; 2],
            &mut Buffers::default(),
            &mut out,
            Some(&mut counts),
        );
        assert!(out.iter().all(|x| x.is_finite()));
        assert!(counts.0.iter().all(|x| x.is_finite()));
        assert!(Jumps::estimate(&[0; WIDTH]).values().iter().all(|x| x.is_finite()));
    }
}
