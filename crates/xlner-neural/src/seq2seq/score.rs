//! How probable given translations are.

use super::model::{Seq2SeqModel, log_probabilities};
use super::state::{Memory, Rows};

/// Rows that are decoded at once, and of which logits are held.
const ROWS: usize = 128;

/// A translation whose probability is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Which of the encoded sentences it translates.
    pub sentence: usize,
    /// Its tokens, the one that ends it included, the one that starts the decoder not.
    pub tokens: Vec<u32>,
    /// How many of them are given and have no score: 1 where the first is the language.
    pub given: usize,
}

impl Seq2SeqModel {
    /// The log-probability (natural logarithm) of every token of given translations but those given, in their order. All
    /// translations of a sentence share its states. Panics where a sentence is not in `memory`, or a target has no token, more than
    /// [`longest`](Self::longest), or one outside the vocabulary.
    pub fn log_probabilities(&self, memory: &Memory, targets: &[Target]) -> Vec<Vec<f32>> {
        let mut order: Vec<usize> = (0..targets.len()).collect();
        order.sort_by_key(|target| targets[*target].sentence);
        let mut scores = vec![Vec::new(); targets.len()];
        let mut batch: Vec<usize> = Vec::new();
        let mut rows = 0;
        for target in order {
            let length = targets[target].tokens.len();
            if rows > 0 && rows + length > ROWS {
                self.score_batch(memory, targets, &batch, &mut scores);
                batch.clear();
                rows = 0;
            }
            batch.push(target);
            rows += length;
        }
        self.score_batch(memory, targets, &batch, &mut scores);
        scores
    }

    fn score_batch(&self, memory: &Memory, targets: &[Target], batch: &[usize], scores: &mut [Vec<f32>]) {
        let mut rows = Rows::default();
        let mut wanted: Vec<(usize, usize, u32)> = Vec::new();
        for &number in batch {
            let target = &targets[number];
            assert!((1..=self.longest()).contains(&target.tokens.len()), "a target of {} tokens", target.tokens.len());
            let first = rows.len() as u32;
            let inputs = std::iter::once(self.config.start).chain(target.tokens.iter().copied());
            for (position, (input, output)) in inputs.zip(&target.tokens).enumerate() {
                if position >= target.given {
                    wanted.push((number, rows.len(), *output));
                }
                rows.add(input, position, target.sentence, (first..=first + position as u32).collect());
            }
        }
        if rows.len() == 0 {
            return;
        }
        let width = self.width();
        let states = self.decode(&rows, &mut self.cache(), memory);
        let mut logits = Vec::new();
        for wanted in wanted.chunks(ROWS) {
            let states: Vec<f32> =
                wanted.iter().flat_map(|(_, row, _)| &states[row * width..][..width]).copied().collect();
            self.logits(&states, &mut logits);
            for (row, (number, _, token)) in logits.chunks_exact_mut(self.vocabulary()).zip(wanted) {
                log_probabilities(row);
                scores[*number].push(row[*token as usize]);
            }
        }
    }
}
