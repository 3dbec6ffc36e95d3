//! Changes to entities: labels replaced, entities dropped, and everything that refers to them kept right.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use xlner_core::{Entity, LabelProbabilities, Pair, Sentence};

/// What is to be changed, and how often it was.
pub(super) struct Changes<'a> {
    map: &'a BTreeMap<String, String>,
    ignore: &'a BTreeSet<String>,
    longest: bool,
    tokenized: AtomicU64,
    ignored: AtomicU64,
    overlapping: AtomicU64,
    /// Labels that entities came with.
    seen: Mutex<BTreeSet<String>>,
}

impl<'a> Changes<'a> {
    pub fn new(map: &'a BTreeMap<String, String>, ignore: &'a BTreeSet<String>, longest: bool) -> Self {
        let [tokenized, ignored, overlapping] = [0; 3].map(AtomicU64::new);
        Changes { map, ignore, longest, tokenized, ignored, overlapping, seen: Mutex::default() }
    }

    fn see(&self, entities: &[Entity]) {
        if entities.is_empty() || self.map.is_empty() && self.ignore.is_empty() {
            return;
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for entity in entities {
            if !seen.contains(&entity.label) {
                seen.insert(entity.label.clone());
            }
        }
    }

    /// Labels that entities came with, where labels are to be changed.
    pub fn seen(&self) -> BTreeSet<String> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// One sentence more was tokenised.
    pub fn count_tokenized(&self) {
        self.tokenized.fetch_add(1, Ordering::Relaxed);
    }

    /// Sentences that were tokenised.
    pub fn tokenized(&self) -> u64 {
        self.tokenized.load(Ordering::Relaxed)
    }

    /// Entities dropped for their label.
    pub fn ignored(&self) -> u64 {
        self.ignored.load(Ordering::Relaxed)
    }

    /// Entities dropped because they overlap a longer one.
    pub fn overlapping(&self) -> u64 {
        self.overlapping.load(Ordering::Relaxed)
    }

    /// Changes the entities of a sentence. Tells the new index of each entity there was, `None` for one that was dropped.
    pub fn sentence(&self, sentence: &mut Sentence) -> Vec<Option<usize>> {
        self.see(&sentence.entities);
        for entity in &mut sentence.entities {
            if let Some(label) = self.map.get(&entity.label) {
                entity.label.clone_from(label);
            }
        }
        if let Some(probabilities) = &mut sentence.probabilities {
            self.probabilities(probabilities);
        }
        let mut keep: Vec<bool> = sentence.entities.iter().map(|entity| !self.ignore.contains(&entity.label)).collect();
        self.ignored.fetch_add(keep.iter().filter(|keep| !**keep).count() as u64, Ordering::Relaxed);
        if self.longest {
            self.overlapping.fetch_add(drop_overlapping(sentence, &mut keep), Ordering::Relaxed);
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
        if self.ignore.contains(label) { "O".to_owned() } else { format!("{prefix}-{label}") }
    }
}

/// Changes what refers to source entities, `from`, scores and the account of the projection: `places` tells the new index of
/// each entity there was, `None` for one that was dropped.
pub(crate) fn refer(pair: &mut Pair, places: &[Option<usize>]) {
    let place = |entity: usize| places.get(entity).copied().flatten();
    for entity in &mut pair.target.entities {
        entity.from = entity.from.and_then(place);
    }
    let moved = |entity: &mut usize| {
        let new = place(*entity);
        *entity = new.unwrap_or(*entity);
        new.is_some()
    };
    for scores in pair.scores.values_mut() {
        scores.retain_mut(|score| moved(&mut score.entity));
    }
    if let Some(projection) = &mut pair.projection {
        projection.unprojected.retain_mut(|unprojected| moved(&mut unprojected.entity));
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

    fn gpe_is_loc() -> (BTreeMap<String, String>, BTreeSet<String>) {
        ([("GPE".into(), "LOC".into())].into(), ["DATE".into()].into())
    }

    #[test]
    fn what_refers_to_a_dropped_entity_is_dropped() {
        let mut pair: Pair = serde_json::from_str(
            r#"{"source":{"tokens":["a","b"],"entities":[{"start":0,"end":1,"label":"DATE"},{"start":1,"end":2,"label":"GPE"}]},
                "target":{"tokens":["x","y"],"entities":[{"start":0,"end":1,"label":"GPE","from":1},{"start":1,"end":2,"label":"LOC","from":0}]},
                "scores":{"nmt":[[0,0,1,0.5],[1,0,1,0.7]]}}"#,
        )
        .unwrap();
        let (map, ignore) = gpe_is_loc();
        let changes = Changes::new(&map, &ignore, false);
        let places = changes.sentence(&mut pair.source);
        changes.sentence(&mut pair.target);
        refer(&mut pair, &places);
        assert_eq!(pair.source.entities, [Entity::new(Span::new(1, 2), "LOC")]);
        assert_eq!(pair.target.entities.iter().map(|entity| entity.from).collect::<Vec<_>>(), [Some(0), None]);
        assert_eq!(pair.scores["nmt"].len(), 1);
        assert_eq!(pair.scores["nmt"][0].entity, 0);
        assert_eq!(changes.ignored(), 1);
    }

    #[test]
    fn probabilities_follow_their_labels() {
        let (map, ignore) = gpe_is_loc();
        let changes = Changes::new(&map, &ignore, false);
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
        let (map, ignore) = Default::default();
        let changes = Changes::new(&map, &ignore, true);
        assert_eq!(changes.sentence(&mut sentence), [None, Some(0), None, Some(1)]);
        assert_eq!(changes.overlapping(), 2);
    }
}
