//! Changes to entities: labels replaced, entities dropped, and everything that refers to them kept right.

use std::collections::BTreeMap;

use xlner_core::{Entity, LabelProbabilities, Pair, Sentence};

/// What is to be changed, and how often it was.
pub struct Changes {
    map: BTreeMap<String, String>,
    ignore: Vec<String>,
    longest: bool,
    /// Entities dropped for their label.
    pub ignored: u64,
    /// Entities dropped because they overlap a longer one.
    pub overlapping: u64,
}

impl Changes {
    pub fn new(map: &[(String, String)], ignore: &[String], longest: bool) -> Self {
        Changes { map: map.iter().cloned().collect(), ignore: ignore.to_vec(), longest, ignored: 0, overlapping: 0 }
    }

    /// Changes the entities of a sentence. Tells the new index of each entity there was, `None` for one that was dropped.
    pub fn sentence(&mut self, sentence: &mut Sentence) -> Vec<Option<usize>> {
        for entity in &mut sentence.entities {
            if let Some(label) = self.map.get(&entity.label) {
                entity.label.clone_from(label);
            }
        }
        if let Some(probabilities) = &mut sentence.probabilities {
            self.probabilities(probabilities);
        }
        let mut keep: Vec<bool> = sentence.entities.iter().map(|entity| !self.ignore.contains(&entity.label)).collect();
        self.ignored += keep.iter().filter(|keep| !**keep).count() as u64;
        if self.longest {
            self.overlapping += drop_overlapping(sentence, &mut keep);
        }
        let mut kept = 0;
        let places = keep
            .iter()
            .map(|&keep| {
                kept += usize::from(keep);
                keep.then(|| kept - 1)
            })
            .collect();
        let mut keep = keep.into_iter();
        sentence.entities.retain(|_| keep.next().unwrap_or(true));
        places
    }

    /// Changes the entities of both sides, and what refers to those of the source side: `from`, scores, and the account
    /// of the projection.
    pub fn pair(&mut self, pair: &mut Pair) {
        let places = self.sentence(&mut pair.source);
        self.sentence(&mut pair.target);
        let place = |entity: usize| places.get(entity).copied().flatten();
        for entity in &mut pair.target.entities {
            entity.from = entity.from.and_then(place);
        }
        for scores in pair.scores.values_mut() {
            scores.retain_mut(|score| {
                place(score.entity).is_some_and(|entity| {
                    score.entity = entity;
                    true
                })
            });
        }
        if let Some(projection) = &mut pair.projection {
            projection.unprojected.retain_mut(|unprojected| {
                place(unprojected.entity).is_some_and(|entity| {
                    unprojected.entity = entity;
                    true
                })
            });
        }
    }

    /// Renames the columns of label probabilities; those that get one name are added up, ignored ones go to `O`.
    fn probabilities(&self, probabilities: &mut LabelProbabilities) {
        if self.map.is_empty() && self.ignore.is_empty() {
            return;
        }
        let renamed: Vec<String> = probabilities.labels.iter().map(|tag| self.tag(tag)).collect();
        let mut labels: Vec<String> = Vec::new();
        let places: Vec<usize> = renamed
            .into_iter()
            .map(|tag| {
                labels.iter().position(|label| *label == tag).unwrap_or_else(|| {
                    labels.push(tag);
                    labels.len() - 1
                })
            })
            .collect();
        for row in &mut probabilities.rows {
            let mut sums = vec![0.0; labels.len()];
            for (&place, &value) in places.iter().zip(row.iter()) {
                sums[place] += value;
            }
            *row = sums;
        }
        probabilities.labels = labels;
        let mut spans: Vec<Entity> = Vec::new();
        for mut span in std::mem::take(&mut probabilities.spans) {
            let label = self.map.get(&span.label).unwrap_or(&span.label);
            if self.ignore.contains(label) {
                continue;
            }
            span.label = label.clone();
            match spans.iter_mut().find(|other| other.span == span.span && other.label == span.label) {
                Some(other) => other.score = other.score.zip(span.score).map(|(a, b)| a + b),
                None => spans.push(span),
            }
        }
        probabilities.spans = spans;
    }

    fn tag(&self, tag: &str) -> String {
        let Some((prefix, label)) = tag.split_once('-') else { return tag.to_owned() };
        let label = self.map.get(label).map_or(label, String::as_str);
        if self.ignore.iter().any(|ignored| ignored == label) { "O".to_owned() } else { format!("{prefix}-{label}") }
    }
}

/// Of entities that share a token, keeps the longest, of equally long ones the first. Tells how many were dropped.
fn drop_overlapping(sentence: &Sentence, keep: &mut [bool]) -> u64 {
    let mut order: Vec<usize> = (0..keep.len()).filter(|&index| keep[index]).collect();
    order.sort_by_key(|&index| {
        let span = sentence.entities[index].span;
        (std::cmp::Reverse(span.len()), span.start)
    });
    let mut taken = vec![false; sentence.len()];
    let mut dropped = 0;
    for index in order {
        let tokens = &mut taken[sentence.entities[index].span.range()];
        if tokens.contains(&true) {
            keep[index] = false;
            dropped += 1;
        } else {
            tokens.fill(true);
        }
    }
    dropped
}

#[cfg(test)]
mod tests {
    use xlner_core::Span;

    use super::*;

    #[test]
    fn what_refers_to_a_dropped_entity_is_dropped() {
        let mut pair: Pair = serde_json::from_str(
            r#"{"source":{"tokens":["a","b"],"entities":[{"start":0,"end":1,"label":"DATE"},{"start":1,"end":2,"label":"GPE"}]},
                "target":{"tokens":["x","y"],"entities":[{"start":0,"end":1,"label":"GPE","from":1},{"start":1,"end":2,"label":"LOC","from":0}]},
                "scores":{"nmt":[[0,0,1,0.5],[1,0,1,0.7]]}}"#,
        )
        .unwrap();
        let mut changes = Changes::new(&[("GPE".into(), "LOC".into())], &["DATE".into()], false);
        changes.pair(&mut pair);
        assert_eq!(pair.source.entities, [Entity::new(Span::new(1, 2), "LOC")]);
        assert_eq!(pair.target.entities.iter().map(|entity| entity.from).collect::<Vec<_>>(), [Some(0), None]);
        assert_eq!(pair.scores["nmt"].len(), 1);
        assert_eq!(pair.scores["nmt"][0].entity, 0);
        assert_eq!(changes.ignored, 1);
    }

    #[test]
    fn probabilities_follow_their_labels() {
        let changes = Changes::new(&[("GPE".into(), "LOC".into())], &["DATE".into()], false);
        let labels = ["O", "B-LOC", "B-GPE", "I-DATE"].map(str::to_owned).to_vec();
        let mut probabilities =
            LabelProbabilities { labels, rows: vec![vec![0.5, 0.25, 0.125, 0.125]], spans: Vec::new() };
        changes.probabilities(&mut probabilities);
        assert_eq!(probabilities.labels, ["O", "B-LOC"]);
        assert_eq!(probabilities.rows, [[0.625, 0.375]]);
    }

    #[test]
    fn the_longest_of_overlapping_entities_stays() {
        let mut sentence = Sentence::from_tokens(["a", "b", "c"]);
        sentence.entities =
            vec![Entity::new(0..1, "X"), Entity::new(0..2, "Y"), Entity::new(1..3, "Z"), Entity::new(2..3, "W")];
        let mut changes = Changes::new(&[], &[], true);
        assert_eq!(changes.sentence(&mut sentence), [None, Some(0), None, Some(1)]);
        assert_eq!(changes.overlapping, 2);
    }
}
