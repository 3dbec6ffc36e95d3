//! The decision learnt again while people correct a corpus.

use std::sync::{Mutex, PoisonError};

use xlner_core::{Entity, Pair};
use xlner_project::Method;
use xlner_project::decision::{Cut, Decision, FitOptions, Judged, decide, fit};

use super::cross::opinions_after;
use crate::aligner::{Aligner, AlignerOptions, text};
use crate::engine::source::tokenize;
use crate::project::MethodOptions;
use crate::project::stage::CorpusProjector;
use crate::{Error, Result};

/// Learns the decision again and again on one corpus: the weights, with the default as prior, and the target's tagger, from what
/// is corrected by then. The corpus is aligned and projected the first time only.
#[derive(Debug, Default)]
pub struct Relearner {
    ready: Mutex<Option<Ready>>,
}

/// The corpus with all that the source's tagger holds possible projected, and the source entities that were there.
#[derive(Debug, Clone)]
struct Ready {
    pairs: Vec<Pair>,
    before: Vec<Option<Vec<Entity>>>,
}

impl Relearner {
    /// What the decision makes of every pair, with probabilities; `corrections` are indices of pairs and their right entities. The
    /// pairs are the same in every call. `None` where no source has a tagger's probabilities, where nothing is corrected, and
    /// where the corpus is too unlike what the decision knows.
    ///
    /// # Errors
    /// As the aligner's training, projection, and the training of the target's tagger.
    pub fn decide(&self, pairs: &[&Pair], corrections: &[(usize, &[Entity])]) -> Result<Option<Vec<Vec<Entity>>>> {
        if corrections.is_empty() || !pairs.iter().any(|pair| pair.source.probabilities.is_some()) {
            return Ok(None);
        }
        let Ready { mut pairs, mut before } = self.ready(pairs)?;
        opinions_after(&mut pairs, corrections)?;
        let mut gold = vec![None; pairs.len()];
        for (at, right) in corrections {
            if let Some(place) = gold.get_mut(*at) {
                *place = Some(right.to_vec());
            }
        }
        let judged = Judged::of_some(&pairs, &gold);
        let learnt = fit(&[judged], Some(&Decision::default()), &FitOptions::default());
        let given: Vec<usize> = before
            .iter()
            .zip(&pairs)
            .map(|(before, pair)| before.as_ref().unwrap_or(&pair.source.entities).len())
            .collect();
        let decided = decide(&learnt, Cut::F1, &mut pairs, &mut before);
        if decided.map_err(|error| Error::Options(error.to_string()))?.is_none() {
            return Ok(None);
        }
        // Source entities that were none before have a place in these pairs alone.
        let entities = pairs.into_iter().zip(given).map(|(pair, given)| {
            let mut entities = pair.target.entities;
            entities.iter_mut().for_each(|entity| entity.from = entity.from.filter(|from| *from < given));
            entities
        });
        Ok(Some(entities.collect()))
    }

    /// The corpus made ready, the first time it is asked for.
    fn ready(&self, pairs: &[&Pair]) -> Result<Ready> {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ready) = ready.as_ref().filter(|ready| ready.pairs.len() == pairs.len()) {
            return Ok(ready.clone());
        }
        let name = std::path::Path::new("the records");
        let mut own: Vec<Pair> = pairs.iter().map(|pair| (*pair).clone()).collect();
        for (pair, number) in own.iter_mut().zip(1..) {
            pair.target.entities.clear();
            tokenize(pair).map_err(|error| Error::of_pair(name, number, pair, error.into()))?;
        }
        let (text, langs) = text(&own)?;
        let aligner = Aligner::train(&AlignerOptions::default(), text, &langs, &mut |_| ())?.aligner;
        let method: Method = MethodOptions::default().resolve(false)?;
        let projector = CorpusProjector {
            method: &method,
            aligner: Some(&aligner),
            keep_labels: true,
            decision: None,
            judging: None,
            keep_links: false,
            fail: &|index, pair, problem| Error::of_pair(name, index as u64 + 1, pair, problem),
        };
        let before = projector.uncertain(&mut own, &mut |_| ())?;
        Ok(ready.insert(Ready { pairs: own, before }).clone())
    }
}

#[cfg(test)]
mod tests {
    use xlner_core::{LabelProbabilities, Sentence};

    use super::*;

    /// A name that the tagger is sure of, or a word that it doubts.
    fn pair(at: usize) -> Pair {
        let (name, p) = if at.is_multiple_of(2) { (["Amina", "Juma"][at / 2 % 2], 0.9) } else { ("Today", 0.3) };
        let mut source = Sentence::from_tokens([name, "came", "home"]);
        if p > 0.5 {
            source.entities = vec![Entity::new(0..1, "PER")];
        }
        source.probabilities = Some(LabelProbabilities {
            labels: ["O", "B-PER", "I-PER"].map(String::from).into(),
            rows: vec![vec![1.0 - p, p, 0.0], vec![1.0, 0.0, 0.0], vec![1.0, 0.0, 0.0]],
            ..LabelProbabilities::default()
        });
        let target = Sentence::from_tokens(["jana", name, "alikuja"]);
        Pair { source, target, ..Pair::default() }
    }

    #[test]
    fn corrections_move_probabilities() {
        let pairs: Vec<Pair> = (0..240).map(pair).collect();
        let pairs: Vec<&Pair> = pairs.iter().collect();
        let relearner = Relearner::default();
        assert_eq!(relearner.decide(&pairs, &[]).unwrap(), None);
        let (none, person) = (Vec::new(), vec![Entity::new(1..2, "PER")]);
        // People say that the tagger is right where it is sure; then that it is right where it doubts, too.
        let mean = |right: &dyn Fn(usize) -> bool| {
            let corrections: Vec<(usize, &[Entity])> =
                (0..120).map(|at| (at, if right(at) { &person[..] } else { &none[..] })).collect();
            let found = relearner.decide(&pairs, &corrections).unwrap().unwrap();
            assert_eq!(found.len(), 240);
            assert!(found.iter().flatten().all(|entity| entity.probability.is_some()));
            let doubted = (121..240).step_by(2).flat_map(|at| &found[at]).filter_map(|entity| entity.probability);
            doubted.sum::<f64>()
        };
        let (sure, all) = (mean(&|at| at.is_multiple_of(2)), mean(&|_| true));
        assert!(all > sure, "{all} {sure}");
    }
}
