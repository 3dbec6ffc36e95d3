//! The target's own opinion: a tagger learnt from the corpus' projections, of each fold by the others.

use rayon::prelude::*;
use xlner_core::{Entity, LabelProbabilities, Pair, Sentence, Tagger};
use xlner_models::crf::{CrfTagger, CrfTrainOptions, TrainingExample};

use crate::Result;

/// Folds of the corpus.
pub const FOLDS: usize = 2;
/// Smaller corpora do without a target tagger.
pub const MIN_PAIRS: usize = 200;
/// So do those with fewer projected entities to learn from in some fold.
pub const MIN_ENTITIES: usize = 40;
/// Sentences that a tagger is learnt from at most.
const MOST: usize = 6000;
/// Projections of source entities of a higher probability are learnt from.
const LEAST: f64 = 0.4;

/// Gives every target sentence the opinion of a tagger that was not learnt from it, as its `probabilities`; those that were
/// there, if any, are gone. Says whether there is an opinion: a corpus may be too small for it.
///
/// # Errors
/// As the CRF's training.
pub(crate) fn opinions(pairs: &mut [Pair]) -> Result<bool> {
    opinions_after(pairs, &[])
}

/// The same where people corrected some pairs, by index: these teach what is right.
///
/// # Errors
/// As the CRF's training.
pub(crate) fn opinions_after(pairs: &mut [Pair], corrections: &[(usize, &[Entity])]) -> Result<bool> {
    pairs.par_iter_mut().for_each(|pair| pair.target.probabilities = None);
    if pairs.len() < MIN_PAIRS {
        return Ok(false);
    }
    let mut lessons: Vec<(Sentence, f64)> = pairs.par_iter().map(lesson).collect();
    for (at, right) in corrections {
        if let Some((sentence, weight)) = lessons.get_mut(*at) {
            let bare = |entity: &Entity| Entity::new(entity.span, entity.label.as_str());
            (sentence.entities, *weight) = (right.iter().map(bare).collect(), 1.0);
        }
    }
    let entities = |fold: usize| -> usize {
        lessons
            .iter()
            .enumerate()
            .filter(|(at, _)| at % FOLDS != fold)
            .map(|(_, (lesson, _))| lesson.entities.len())
            .sum()
    };
    if (0..FOLDS).any(|fold| entities(fold) < MIN_ENTITIES) {
        return Ok(false);
    }
    let options = CrfTrainOptions { min_count: 2, iterations: 60, ..CrfTrainOptions::default() };
    let mut found: Vec<Option<LabelProbabilities>> = vec![None; pairs.len()];
    for fold in 0..FOLDS {
        let others: Vec<&(Sentence, f64)> =
            lessons.iter().enumerate().filter(|(at, _)| at % FOLDS != fold).map(|(_, lesson)| lesson).collect();
        // Evenly spread, so that the sample is as the corpus.
        let taken = others.len().min(MOST);
        let examples: Vec<TrainingExample<'_>> = (0..taken)
            .map(|at| others[at * others.len() / taken])
            .map(|(sentence, weight)| TrainingExample { sentence, weight: *weight })
            .collect();
        if examples.iter().all(|example| example.sentence.entities.is_empty()) {
            return Ok(false);
        }
        let (tagger, _) = CrfTagger::train(&examples, &options, &mut |_| ())?;
        let own = |at: &usize| at % FOLDS == fold;
        let mut sentences: Vec<Sentence> = (0..pairs.len()).filter(own).map(|at| bare(&pairs[at].target)).collect();
        tagger.tag(&mut sentences, true)?;
        for (at, sentence) in (0..pairs.len()).filter(own).zip(sentences) {
            // The decision looks at spans; rows of all tokens of a corpus would only take memory.
            found[at] = sentence.probabilities.map(|mut probabilities| {
                probabilities.rows = Vec::new();
                probabilities
            });
        }
    }
    pairs.iter_mut().zip(found).for_each(|(pair, found)| pair.target.probabilities = found);
    Ok(true)
}

/// The tokens alone.
fn bare(sentence: &Sentence) -> Sentence {
    Sentence::from_tokens(sentence.tokens())
}

/// What a pair teaches, and how much it counts: the less, the more of it is doubtful.
fn lesson(pair: &Pair) -> (Sentence, f64) {
    let mut sentence = bare(&pair.target);
    let (mut sum, mut count) = (0.0, 0.0);
    for entity in &pair.target.entities {
        let source = entity.from.and_then(|from| pair.source.entities.get(from));
        let probability = source.and_then(|source| source.score).unwrap_or(1.0);
        count += 1.0;
        if probability >= LEAST {
            sentence.entities.push(Entity::new(entity.span, entity.label.as_str()));
            sum += probability;
        } else {
            sum += 1.0 - probability;
        }
    }
    (sentence, if count > 0.0 { sum / count } else { 1.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(at: usize) -> Pair {
        let names = ["Amina", "Otieno", "David", "Mwangi"];
        let name = names[at / 2 % names.len()];
        let mut source = Sentence::from_tokens([name, "came"]);
        source.entities = vec![Entity { score: Some(0.9), ..Entity::new(0..1, "PER") }];
        let mut target = Sentence::from_tokens(["alikuja", name, "leo"]);
        target.entities = vec![Entity { from: Some(0), ..Entity::new(1..2, "PER") }];
        Pair { source, target, ..Pair::default() }
    }

    #[test]
    fn a_small_corpus_has_no_opinion() {
        let mut pairs: Vec<Pair> = (0..MIN_PAIRS - 1).map(pair).collect();
        assert!(!opinions(&mut pairs).unwrap());
        assert!(pairs.iter().all(|pair| pair.target.probabilities.is_none()));
    }

    #[test]
    fn every_sentence_gets_the_opinion_of_the_others() {
        let mut pairs: Vec<Pair> = (0..MIN_PAIRS).map(pair).collect();
        assert!(opinions(&mut pairs).unwrap());
        let first = pairs.clone();
        for pair in &pairs {
            let spans = &pair.target.probabilities.as_ref().unwrap().spans;
            let name = spans.iter().find(|entity| entity.span.range() == (1..2)).unwrap();
            assert!(name.score.unwrap() > 0.5);
        }
        opinions(&mut pairs).unwrap();
        assert_eq!(pairs, first);
    }
}
