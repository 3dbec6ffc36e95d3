//! Searching translations, many sentences at once.

use rayon::prelude::*;

use super::DecodingConstraint;
use super::beam::{Beam, Candidate, Hypothesis, Running, Search, forbid_repeated, largest};
use super::model::{Seq2SeqModel, log_probabilities};
use super::state::{Memory, Rows};
use crate::Result;

/// Rows of logits that are held at once.
const ROWS: usize = 128;

impl Seq2SeqModel {
    /// Searches the best translations of encoded sentences, for each [`Search::best`] at most, the best first. `first` is the
    /// token that every translation begins with (the language, for M2M100 and NLLB-200). `constraint` may forbid tokens; where it
    /// leaves no way to an end a sentence has no translation.
    ///
    /// A sentence's result does not depend on the others.
    ///
    /// # Errors
    /// [`Error::Options`](crate::Error::Options) for options out of range, or a `first` outside the vocabulary.
    pub fn generate(
        &self,
        memory: &Memory,
        first: Option<u32>,
        search: &Search,
        constraint: Option<&dyn DecodingConstraint>,
    ) -> Result<Vec<Vec<Hypothesis>>> {
        search.check()?;
        if first.is_some_and(|token| token as usize >= self.vocabulary()) {
            return Err(crate::Error::Options("the first token is outside the vocabulary".into()));
        }
        let search = &Search { max_length: search.max_length.min(self.longest()), ..search.clone() };
        let (mut cache, mut logits) = (self.cache(), Vec::new());
        let mut beams = Vec::with_capacity(memory.len());
        let mut rows = Rows::default();
        for sentence in 0..memory.len() {
            let mut seen = Vec::new();
            for (position, token) in std::iter::once(self.config.start).chain(first).enumerate() {
                seen.push(rows.len() as u32);
                rows.add(token, position, sentence, seen.clone());
            }
            beams.push(Beam::new(Running { tokens: first.into_iter().collect(), seen, score: 0.0 }));
        }
        while rows.len() > 0 {
            let states = self.decode(&rows, &mut cache, memory);
            let candidates = self.candidates(&rows, &states, &beams, search, constraint, &mut logits);
            for (beam, candidates) in beams.iter_mut().zip(candidates) {
                beam.advance(&candidates, search, self.config.end);
            }
            rows = Rows::default();
            let mut next = cache.rows() as u32;
            for (sentence, beam) in beams.iter_mut().enumerate() {
                for running in &mut beam.running {
                    running.seen.push(next);
                    next += 1;
                    let token = running.tokens[running.tokens.len() - 1];
                    rows.add(token, running.tokens.len(), sentence, running.seen.clone());
                }
            }
        }
        Ok(beams.into_iter().map(|beam| beam.finish(search)).collect())
    }

    /// The best ways to go on, per sentence, the best first; `logits` is room that is used again.
    fn candidates(
        &self,
        rows: &Rows,
        states: &[f32],
        beams: &[Beam],
        search: &Search,
        constraint: Option<&dyn DecodingConstraint>,
        logits: &mut Vec<f32>,
    ) -> Vec<Vec<Candidate>> {
        let width = self.width();
        // The last row of every running hypothesis: all but the first step have no other.
        let running: Vec<(usize, usize)> = beams
            .iter()
            .enumerate()
            .flat_map(|(s, beam)| (0..beam.running.len()).map(move |parent| (s, parent)))
            .collect();
        let mut last = Vec::with_capacity(running.len() * width);
        let per_hypothesis = rows.len() / running.len().max(1);
        for row in (0..running.len()).map(|hypothesis| (hypothesis + 1) * per_hypothesis - 1) {
            last.extend_from_slice(&states[row * width..][..width]);
        }
        let wanted = Beam::wanted(search);
        let mut all: Vec<Vec<Candidate>> = vec![Vec::new(); beams.len()];
        for (states, running) in last.chunks(ROWS * width).zip(running.chunks(ROWS)) {
            self.logits(states, logits);
            let found: Vec<Vec<(u32, f32)>> = logits
                .par_chunks_exact_mut(self.vocabulary())
                .zip(running)
                .map(|(row, (sentence, parent))| {
                    log_probabilities(row);
                    self.restrict(row, *sentence, &beams[*sentence].running[*parent].tokens, search, constraint);
                    largest(row, wanted)
                })
                .collect();
            for ((sentence, parent), found) in running.iter().zip(found) {
                let before = beams[*sentence].running[*parent].score;
                all[*sentence].extend(found.into_iter().map(|(token, score)| Candidate {
                    parent: *parent,
                    token,
                    score: before + score,
                }));
            }
        }
        for candidates in &mut all {
            candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
            candidates.truncate(wanted);
        }
        all
    }

    /// Forbids what must not come next.
    fn restrict(
        &self,
        row: &mut [f32],
        sentence: usize,
        tokens: &[u32],
        search: &Search,
        constraint: Option<&dyn DecodingConstraint>,
    ) {
        if search.no_repeat_ngram > 0 {
            let whole: Vec<u32> = std::iter::once(self.config.start).chain(tokens.iter().copied()).collect();
            forbid_repeated(&whole, search.no_repeat_ngram, row);
        }
        for token in &self.config.forbidden {
            row[*token as usize] = f32::NEG_INFINITY;
        }
        if let Some(constraint) = constraint {
            constraint.restrict(sentence, tokens, row);
        }
        if let Some(end) = self.config.forced_end
            && tokens.len() + 2 == search.max_length
        {
            row.fill(f32::NEG_INFINITY);
            row[end as usize] = 0.0;
        }
    }
}
