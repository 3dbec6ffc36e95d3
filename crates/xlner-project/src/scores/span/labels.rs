//! The label of a projected entity, corrected by what the corpus as a whole says.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use xlner_core::{Entity, Pair};

use super::shape::Shape;
use xlner_core::text::fold;

/// Weight of the label of the source entity itself, and how many occurrences make the rest count by half.
const OWN: f64 = 0.2;
const HALF: f64 = 2.0;

/// How often a form carries each label.
type Votes = FxHashMap<String, BTreeMap<String, u64>>;

/// How often each form carries each label. The counts of parts of a corpus add up.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Labels {
    source: Votes,
    target: Votes,
    /// Whether the corpus has the label `MISC`.
    misc: bool,
}

impl Labels {
    /// Adds the counts of another part of the corpus.
    pub fn merge(&mut self, other: &Labels) {
        for (own, other) in [(&mut self.source, &other.source), (&mut self.target, &other.target)] {
            for (form, votes) in other {
                let own = own.entry(form.clone()).or_default();
                votes.iter().for_each(|(label, count)| *own.entry(label.clone()).or_default() += count);
            }
        }
        self.misc |= other.misc;
    }

    /// Counts a pair whose entities were projected.
    pub(crate) fn add(&mut self, pair: &Pair) {
        for entity in &pair.source.entities {
            self.misc |= entity.label == "MISC";
            vote(&mut self.source, form(&pair.source, entity), &entity.label);
        }
        for entity in &pair.target.entities {
            vote(&mut self.target, form(&pair.target, entity), &entity.label);
        }
    }

    /// Corrects the labels of the projected entities of a pair.
    ///
    /// Taggers contradict themselves; the label that most occurrences of the source form and of the target form carry is
    /// more often right than that of one occurrence. And where the label set is that of CoNLL-2003 (it has `MISC`), a
    /// name of a place or organisation that became one lower-cased word became an adjective, which is `MISC`
    /// (`Europe's` – `europäische`).
    pub(crate) fn correct(&self, pair: &mut Pair) {
        let labels: Vec<String> = pair.target.entities.iter().map(|entity| self.label(pair, entity)).collect();
        for (entity, label) in pair.target.entities.iter_mut().zip(labels) {
            entity.label = label;
        }
    }

    fn label(&self, pair: &Pair, entity: &Entity) -> String {
        let mut scores: Vec<(&str, f64)> = vec![(&entity.label, OWN)];
        let source = entity.from.map(|from| form(&pair.source, &pair.source.entities[from]));
        let votes = [source.and_then(|form| self.source.get(&form)), self.target.get(&form(&pair.target, entity))];
        for votes in votes.into_iter().flatten() {
            let total = votes.values().sum::<u64>() as f64;
            for (label, &count) in votes {
                let share = count as f64 / (total + HALF);
                match scores.iter_mut().find(|(known, _)| known == label) {
                    Some((_, score)) => *score += share,
                    None => scores.push((label, share)),
                }
            }
        }
        // Of equals the one that comes first: the own label, then those of the source form by name.
        let best = scores.iter().fold(scores[0], |best, next| if next.1 > best.1 { *next } else { best });
        let lower = entity.span.len() == 1 && Shape::of(pair.target.token(entity.span.start)) == Shape::Lower;
        if self.misc && lower && matches!(best.0, "LOC" | "ORG") { "MISC".to_owned() } else { best.0.to_owned() }
    }
}

fn form(sentence: &xlner_core::Sentence, entity: &Entity) -> String {
    entity.span.range().map(|token| fold(sentence.token(token))).collect::<Vec<_>>().join(" ")
}

fn vote(votes: &mut Votes, form: String, label: &str) {
    *votes.entry(form).or_default().entry(label.to_owned()).or_default() += 1;
}

#[cfg(test)]
mod tests {
    use super::*;
    use xlner_core::Sentence;

    fn pair(target: &str, label: &str) -> Pair {
        let mut source = Sentence::from_tokens(["Kampala"]);
        source.entities = vec![Entity::new(0..1, label)];
        let mut target = Sentence::from_tokens([target]);
        target.entities = vec![Entity { from: Some(0), ..Entity::new(0..1, label) }];
        Pair { source, target, ..Pair::default() }
    }

    fn corrected(pairs: &[Pair], mut last: Pair) -> String {
        let mut labels = Labels::default();
        pairs.iter().chain([&last]).for_each(|pair| labels.add(pair));
        labels.correct(&mut last);
        last.target.entities.remove(0).label
    }

    #[test]
    fn the_majority_corrects_one_slip() {
        let pairs = vec![pair("Kampala", "LOC"); 3];
        assert_eq!(corrected(&pairs, pair("Kampala", "PER")), "LOC");
        assert_eq!(corrected(&pairs[..1], pair("Kampala", "PER")), "PER");
    }

    #[test]
    fn adjectives_are_misc_where_the_label_set_has_it() {
        assert_eq!(corrected(&[], pair("kampalisch", "LOC")), "LOC");
        assert_eq!(corrected(&[pair("Koran", "MISC")], pair("kampalisch", "LOC")), "MISC");
        assert_eq!(corrected(&[pair("Koran", "MISC")], pair("kampalisch", "PER")), "PER");
    }
}
