//! How sure the aligner is that two sentences are translations of each other.

use xlner_core::Posteriors;

/// What speaks for a pair being translations; all are in 0..=1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Confidence {
    /// Mean over the tokens of both sides of the largest posterior of a link, the geometric mean of the two directions.
    pub linked: f64,
    /// Mean over the tokens of both sides of the share that comes from some token of the other side, not from none.
    pub explained: f64,
    /// Tokens of the shorter side over those of the longer side.
    pub length: f64,
}

impl Confidence {
    /// Of a pair with these posteriors; 0 throughout where a side is empty.
    pub fn of(posteriors: &Posteriors) -> Confidence {
        let (ni, nj) = (posteriors.source_len, posteriors.target_len);
        if ni == 0 || nj == 0 {
            return Confidence { linked: 0.0, explained: 0.0, length: 0.0 };
        }
        let mut best = (vec![0.0f64; ni], vec![0.0f64; nj]);
        let mut mass = 0.0;
        for cell in &posteriors.cells {
            let (i, j) = (cell.source as usize, cell.target as usize);
            let link = f64::from(cell.forward * cell.reverse).sqrt();
            best.0[i] = best.0[i].max(link);
            best.1[j] = best.1[j].max(link);
            mass += f64::from(cell.forward + cell.reverse);
        }
        let tokens = (ni + nj) as f64;
        Confidence {
            linked: best.0.iter().chain(&best.1).sum::<f64>() / tokens,
            explained: (mass / tokens).min(1.0),
            length: ni.min(nj) as f64 / ni.max(nj) as f64,
        }
    }

    /// One figure, 0..=1: the posteriors of the links, times the share that is explained, times the square root of the
    /// length ratio. It ranks pairs of one corpus; it is no probability.
    pub fn value(self) -> f64 {
        self.linked * self.explained * self.length.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use xlner_core::Evidence;

    use super::*;

    #[test]
    fn by_hand() {
        let cell = |source, target, forward, reverse| Evidence {
            source,
            target,
            forward,
            reverse,
            lexical_forward: 0.0,
            lexical_reverse: 0.0,
        };
        let cells = vec![cell(0, 0, 1.0, 1.0), cell(1, 0, 0.0, 0.25), cell(1, 1, 0.25, 1.0 / 16.0)];
        let confidence = Confidence::of(&Posteriors { source_len: 2, target_len: 4, cells });
        // Source 1, 1/8; target 1, 1/8, 0, 0.
        assert!((confidence.linked - 2.25 / 6.0).abs() < 1e-9);
        assert!((confidence.explained - (2.0 + 0.25 + 0.25 + 0.0625) / 6.0).abs() < 1e-9);
        assert_eq!(confidence.length, 0.5);
        assert_eq!(Confidence::of(&Posteriors { source_len: 0, target_len: 4, cells: Vec::new() }).value(), 0.0);
    }
}
