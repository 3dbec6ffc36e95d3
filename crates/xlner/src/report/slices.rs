//! Figures of parts of the sentences and of the entities, and how consistently forms are labelled.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;
use xlner_core::{Entity, Sentence, Span};
use xlner_eval::Scores;

use super::excerpt::shortened;

/// The largest number of tokens of the sentences in each part; the last part has all longer ones.
const SENTENCE_LENGTHS: [usize; 5] = [10, 20, 30, 40, 60];
/// Forms of more than one label that are listed.
const MIXED: usize = 20;

/// The figures of a part of the sentences, or of the entities.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// Which: `1–10` tokens, `seen`.
    pub name: String,
    /// Sentences, for a part of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentences: Option<u64>,
    /// Precision, recall and F1 of its entities.
    #[serde(flatten)]
    pub scores: Scores,
}

/// Where a form has to stand to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeenIn {
    /// As an entity in the training data that was given.
    Training,
    /// As a gold entity in an earlier sentence.
    EarlierSentences,
}

/// Forms that were seen as entities before.
pub(super) struct Seen {
    place: SeenIn,
    forms: HashSet<String>,
}

impl Seen {
    /// Nothing yet; gold entities are seen once their sentence is past.
    pub fn earlier() -> Self {
        Seen { place: SeenIn::EarlierSentences, forms: HashSet::new() }
    }

    /// Those of training data.
    pub fn training(forms: HashSet<String>) -> Self {
        Seen { place: SeenIn::Training, forms }
    }

    pub fn place(&self) -> SeenIn {
        self.place
    }

    pub fn has(&self, form: &str) -> bool {
        self.forms.contains(form)
    }

    /// A sentence is past.
    pub fn pass(&mut self, sentence: &Sentence, gold: &[Entity]) {
        if self.place == SeenIn::EarlierSentences {
            for entity in gold {
                let form = sentence.span_text(entity.span);
                if !self.forms.contains(form) {
                    self.forms.insert(form.to_owned());
                }
            }
        }
    }
}

/// Gold, predicted, right.
type Counts = [u64; 3];

/// Counts the entities of sentences by the length of these, and by whether their form was seen.
#[derive(Default)]
pub(super) struct Parts {
    sentences: [u64; SENTENCE_LENGTHS.len() + 1],
    lengths: [Counts; SENTENCE_LENGTHS.len() + 1],
    /// Seen, unseen.
    forms: [Counts; 2],
}

impl Parts {
    /// Counts a sentence; `right`: the spans of predicted entities that are right.
    pub fn push(&mut self, sentence: &Sentence, gold: &[Entity], right: &[Span], seen: &Seen) {
        let part = SENTENCE_LENGTHS.partition_point(|&most| most < sentence.len());
        self.sentences[part] += 1;
        let all = [gold.len(), sentence.entities.len(), right.len()];
        self.lengths[part].iter_mut().zip(all).for_each(|(count, new)| *count += new as u64);
        let lists: [&mut dyn Iterator<Item = Span>; 3] = [
            &mut gold.iter().map(|entity| entity.span),
            &mut sentence.entities.iter().map(|entity| entity.span),
            &mut right.iter().copied(),
        ];
        for (which, spans) in lists.into_iter().enumerate() {
            for span in spans {
                self.forms[usize::from(!seen.has(sentence.span_text(span)))][which] += 1;
            }
        }
    }

    /// The figures by number of tokens of the sentence; parts without sentences are left out.
    pub fn sentence_lengths(&self) -> Vec<Part> {
        let name = |part: usize| {
            let from = if part == 0 { 1 } else { SENTENCE_LENGTHS[part - 1] + 1 };
            SENTENCE_LENGTHS.get(part).map_or_else(|| format!("{from}+"), |to| format!("{from}–{to}"))
        };
        let parts = (0..self.lengths.len()).filter(|&part| self.sentences[part] > 0);
        parts
            .map(|part| Part {
                name: name(part),
                sentences: Some(self.sentences[part]),
                scores: scores(self.lengths[part]),
            })
            .collect()
    }

    /// The figures of forms that were seen, and of those that were not.
    pub fn forms(&self) -> Vec<Part> {
        let part = |(name, counts): (&str, Counts)| Part { name: name.into(), sentences: None, scores: scores(counts) };
        ["seen", "unseen"].into_iter().zip(self.forms).map(part).collect()
    }
}

fn scores([gold, predicted, right]: Counts) -> Scores {
    Scores::new(gold, predicted, right)
}

/// How consistently forms are labelled: of the forms that are entities more than once, the share of their entities that have
/// the form's most frequent label (the label consistency of Fu, Liu and Neubig, "Interpretable multi-dataset evaluation for named
/// entity recognition", EMNLP 2020, over one data set).
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LabelConsistency {
    /// Forms that are entities more than once.
    pub forms: u64,
    /// Their entities.
    pub entities: u64,
    /// Of those, entities with the most frequent label of their form.
    pub consistent: u64,
    /// Forms with several labels, those with most entities of another than the most frequent label first; 20 at most.
    pub mixed: Vec<Mixed>,
}

impl LabelConsistency {
    /// The share of consistent entities, in 0..=1; `None` where no form is an entity more than once.
    pub fn share(&self) -> Option<f64> {
        (self.entities > 0).then(|| self.consistent as f64 / self.entities as f64)
    }

    /// Of counts by form and label.
    pub(super) fn of(counts: &BTreeMap<(String, String), u64>) -> LabelConsistency {
        let mut forms: BTreeMap<&str, BTreeMap<String, u64>> = BTreeMap::new();
        for ((form, label), count) in counts {
            *forms.entry(form).or_default().entry(label.clone()).or_default() += count;
        }
        let mut found = LabelConsistency::default();
        for (form, labels) in forms {
            let all: u64 = labels.values().sum();
            if all < 2 {
                continue;
            }
            found.forms += 1;
            found.entities += all;
            found.consistent += labels.values().copied().max().unwrap_or(0);
            if labels.len() > 1 {
                found.mixed.push(Mixed { form: shortened(form), labels });
            }
        }
        found.mixed.sort_by_key(|mixed| std::cmp::Reverse(mixed.others()));
        found.mixed.truncate(MIXED);
        found
    }
}

/// A form with several labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mixed {
    /// Words, 200 characters at most.
    pub form: String,
    /// Entities by label.
    pub labels: BTreeMap<String, u64>,
}

impl Mixed {
    /// Entities of another than the most frequent label.
    fn others(&self) -> u64 {
        self.labels.values().sum::<u64>() - self.labels.values().copied().max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_seen_in_the_sentences_before() {
        let mut sentence = Sentence::from_tokens(["Gulu", "and", "Lira"]);
        sentence.entities = vec![Entity::new(0..1, "LOC"), Entity::new(2..3, "PER")];
        let gold = [Entity::new(0..1, "LOC"), Entity::new(2..3, "LOC")];
        let (mut seen, mut parts) = (Seen::earlier(), Parts::default());
        for _ in 0..2 {
            parts.push(&sentence, &gold, &[Span::new(0, 1)], &seen);
            seen.pass(&sentence, &gold);
        }
        let figures: Vec<_> = parts.forms().iter().map(|p| (p.scores.support, p.scores.correct)).collect();
        assert_eq!(figures, [(2, 1), (2, 1)]);
        let lengths = parts.sentence_lengths();
        assert_eq!((lengths.len(), lengths[0].name.as_str(), lengths[0].sentences), (1, "1–10", Some(2)));
        assert_eq!(lengths[0].scores.f1, 0.5);
        // With training data, what stands in the file itself is not seen.
        let mut seen = Seen::training(HashSet::from(["Lira".to_owned()]));
        seen.pass(&sentence, &gold);
        assert!(seen.has("Lira") && !seen.has("Gulu"));
    }

    #[test]
    fn consistency_is_of_forms_that_stand_several_times() {
        let count = |form: &str, label: &str, count| ((form.to_owned(), label.to_owned()), count);
        let counts = BTreeMap::from([
            count("Gulu", "LOC", 3),
            count("Gulu", "ORG", 1),
            count("Lira", "LOC", 2),
            count("Nile", "LOC", 1),
        ]);
        let found = LabelConsistency::of(&counts);
        assert_eq!((found.forms, found.entities, found.consistent, found.share()), (2, 6, 5, Some(5.0 / 6.0)));
        assert_eq!(found.mixed.iter().map(|mixed| mixed.form.as_str()).collect::<Vec<_>>(), ["Gulu"]);
    }
}
