//! The beam search of one sentence, step for step that of `transformers.generate` (5.24), which it is tested against.

use crate::{Error, Result};

/// How translations are searched for.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// Hypotheses that are followed at once; 1 is greedy search.
    pub beams: usize,
    /// Translations that are returned, at most `beams`.
    pub best: usize,
    /// A hypothesis' score is its log-probability divided by its length to this power: over 0 favours long ones.
    pub length_penalty: f64,
    /// Whether to stop as soon as `beams` hypotheses are finished, instead of when none of those that are followed can become
    /// better at its length.
    pub early_stopping: bool,
    /// Tokens of a translation, the one that starts and the one that ends it included.
    pub max_length: usize,
    /// No sequence of so many tokens occurs twice in a translation; 0: whatever comes.
    pub no_repeat_ngram: usize,
}

impl Default for Search {
    fn default() -> Search {
        Search { beams: 4, best: 1, length_penalty: 1.0, early_stopping: false, max_length: 256, no_repeat_ngram: 0 }
    }
}

impl Search {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`Error::Options`] says which option is out of range.
    pub fn check(&self) -> Result<()> {
        let wrong = |message: &str| Err(Error::Options(message.to_owned()));
        match self {
            _ if self.beams == 0 || self.beams > 100 => wrong("a search has 1 to 100 beams"),
            _ if self.best == 0 || self.best > self.beams => {
                wrong("a search returns 1 to as many translations as it has beams")
            }
            _ if !self.length_penalty.is_finite() => wrong("the length penalty is a number"),
            _ if self.max_length < 3 => wrong("a translation has at least 3 tokens, those at its ends included"),
            _ => Ok(()),
        }
    }
}

/// A translation that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hypothesis {
    /// Its tokens; the one that starts the decoder is left out, a forced first one and the last one are in.
    pub tokens: Vec<u32>,
    /// Its log-probability divided by its length (forced tokens included) to the length penalty.
    pub score: f32,
    /// Its log-probability (natural logarithm); forced tokens count 0.
    pub log_probability: f32,
}

/// A hypothesis that is followed.
#[derive(Debug, Clone)]
pub(super) struct Running {
    pub(super) tokens: Vec<u32>,
    /// Its rows in the cache.
    pub(super) seen: Vec<u32>,
    pub(super) score: f32,
}

/// A way to go on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate {
    /// Which running hypothesis.
    pub(super) parent: usize,
    pub(super) token: u32,
    /// Log-probability of the whole.
    pub(super) score: f32,
}

/// The search of one sentence.
#[derive(Debug)]
pub(super) struct Beam {
    pub(super) running: Vec<Running>,
    finished: Vec<Hypothesis>,
    /// Whether one that is running may still become better than those finished.
    improvable: bool,
}

impl Beam {
    pub(super) fn new(first: Running) -> Beam {
        Beam { running: vec![first], finished: Vec::new(), improvable: true }
    }

    /// Candidates that a step looks at: enough that, whatever ends, all beams go on.
    pub(super) fn wanted(search: &Search) -> usize {
        if search.beams == 1 { 1 } else { 2 * search.beams }
    }

    /// Takes a step; `candidates` are the best of all, the best first.
    pub(super) fn advance(&mut self, candidates: &[Candidate], search: &Search, end: u32) {
        let Some(first) = self.running.first() else { return };
        // The start token counts in the length of a sequence, not in what it is divided by.
        let length = first.tokens.len() + 1;
        let penalty = |tokens: usize| (tokens as f64).powf(search.length_penalty) as f32;
        let full = search.early_stopping && self.finished.len() == search.beams;
        let mut next = Vec::with_capacity(search.beams);
        for (rank, candidate) in candidates.iter().enumerate() {
            let parent = &self.running[candidate.parent];
            let tokens = || parent.tokens.iter().copied().chain([candidate.token]).collect::<Vec<u32>>();
            if candidate.token == end || length + 1 >= search.max_length {
                if rank < search.beams && self.improvable && !full {
                    let score = candidate.score / penalty(length);
                    self.finished.push(Hypothesis { tokens: tokens(), score, log_probability: candidate.score });
                }
            } else if next.len() < search.beams {
                next.push(Running { tokens: tokens(), seen: parent.seen.clone(), score: candidate.score });
            }
        }
        self.finished.sort_by(|a, b| b.score.total_cmp(&a.score));
        self.finished.truncate(search.beams);
        if let Some(best) = next.first()
            && self.finished.len() == search.beams
        {
            let worst = self.finished.last().map_or(f32::NEG_INFINITY, |worst| worst.score);
            self.improvable &= best.score / penalty(length) > worst;
        }
        self.running = next;
        if !self.improvable || (search.early_stopping && self.finished.len() == search.beams) {
            self.running.clear();
        }
    }

    /// The best hypotheses, the best first.
    pub(super) fn finish(mut self, search: &Search) -> Vec<Hypothesis> {
        self.finished.truncate(search.best);
        self.finished
    }
}

/// The `count` largest values of a row that are no −∞, with their places, the largest first; of equal ones the first.
pub(super) fn largest(row: &[f32], count: usize) -> Vec<(u32, f32)> {
    const BLOCK: usize = 64;
    let mut best: Vec<(u32, f32)> = Vec::with_capacity(count + 1);
    let mut least = f32::NEG_INFINITY;
    for (block, values) in row.chunks(BLOCK).enumerate() {
        // Nearly all blocks have nothing to offer, and that is found out several values at a time.
        if !values.iter().fold(false, |any, value| any | (*value > least)) {
            continue;
        }
        for (place, value) in values.iter().enumerate() {
            if *value > least {
                let at = best.partition_point(|(_, other)| other >= value);
                best.insert(at, ((block * BLOCK + place) as u32, *value));
                best.truncate(count);
                if best.len() == count {
                    least = best[count - 1].1;
                }
            }
        }
    }
    best
}

/// Forbids every token that would end a sequence of `count` tokens which is there already; `tokens` begin with the start token.
pub(super) fn forbid_repeated(tokens: &[u32], count: usize, row: &mut [f32]) {
    if count == 0 || tokens.len() + 1 < count {
        return;
    }
    let last = &tokens[tokens.len() + 1 - count..];
    for sequence in tokens.windows(count) {
        if &sequence[..count - 1] == last {
            row[sequence[count - 1] as usize] = f32::NEG_INFINITY;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_are_found() {
        let row: Vec<f32> = (0..1000).map(|i| ((i * 7919) % 997) as f32).collect();
        let mut expected: Vec<(u32, f32)> =
            row.iter().enumerate().map(|(place, value)| (place as u32, *value)).collect();
        expected.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        assert_eq!(largest(&row, 8), expected[..8]);
        let none = f32::NEG_INFINITY;
        assert_eq!(largest(&[none, 1.0, none, 1.0, 0.5], 2), [(1, 1.0), (3, 1.0)]);
        assert_eq!(largest(&[none, none, 3.0], 2), [(2, 3.0)]);
    }

    #[test]
    fn repeated_sequences_are_forbidden() {
        let mut row = [0.0; 6];
        forbid_repeated(&[1, 2, 3, 1, 2, 4, 1, 2], 3, &mut row);
        assert_eq!(row.map(|value| value == 0.0), [true, true, true, false, false, true]);
        let mut row = [0.0; 3];
        forbid_repeated(&[1, 2], 1, &mut row);
        assert_eq!(row.map(|value| value == 0.0), [true, false, false]);
        forbid_repeated(&[1], 4, &mut row);
    }

    fn candidate(parent: usize, token: u32, score: f32) -> Candidate {
        Candidate { parent, token, score }
    }

    #[test]
    fn by_hand() {
        let search = Search { beams: 2, best: 2, max_length: 10, ..Search::default() };
        let mut beam = Beam::new(Running { tokens: vec![], seen: vec![0], score: 0.0 });
        beam.advance(
            &[candidate(0, 5, -1.0), candidate(0, 2, -2.0), candidate(0, 6, -3.0), candidate(0, 7, -4.0)],
            &search,
            2,
        );
        assert_eq!(beam.running.iter().map(|running| &running.tokens[..]).collect::<Vec<_>>(), [[5], [6]]);
        // An end after the first beams does not count.
        beam.advance(
            &[candidate(0, 8, -1.5), candidate(1, 8, -3.5), candidate(1, 2, -3.6), candidate(0, 9, -9.0)],
            &search,
            2,
        );
        assert_eq!(beam.finished.len(), 1);
        // -1.8/3 is finished; the best that runs has -6/3, which is not better than -2/1.
        beam.advance(
            &[candidate(0, 2, -1.8), candidate(1, 5, -6.0), candidate(0, 5, -7.0), candidate(1, 2, -8.0)],
            &search,
            2,
        );
        assert!(beam.running.is_empty());
        let found = beam.finish(&search);
        assert_eq!(found[0], Hypothesis { tokens: vec![5, 8, 2], score: -1.8 / 3.0, log_probability: -1.8 });
        assert_eq!((&found[1].tokens[..], found[1].score), (&[2][..], -2.0));
    }

    #[test]
    fn ranges_are_checked() {
        assert!(Search::default().check().is_ok());
        for search in [
            Search { beams: 0, ..Search::default() },
            Search { best: 5, ..Search::default() },
            Search { length_penalty: f64::NAN, ..Search::default() },
            Search { max_length: 2, ..Search::default() },
        ] {
            assert!(search.check().is_err(), "{search:?}");
        }
    }
}
