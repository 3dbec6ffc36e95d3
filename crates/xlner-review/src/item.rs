//! A sentence to review: the record, and what is suggested for it.

use xlner_core::{Entity, Pair};

use crate::error::{Error, Result};

/// A sentence to review.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its name in the store and in addresses: the record's id, made unique.
    pub key: String,
    /// The record, tokenised; with an empty source where the file held single sentences.
    pub pair: Pair,
    /// Entities suggested later, round after round: `(round, entities)`, in order.
    pub suggestions: Vec<(u32, Vec<Entity>)>,
    /// What other routes found in the same sentence, by the name of their file.
    pub routes: Vec<(String, Vec<Entity>)>,
}

impl Item {
    /// The entities that a version begins with: those of a round of suggestions, or of the last one before it.
    pub fn start(&self, round: u32) -> &[Entity] {
        let suggested = self.suggestions.iter().rev().find(|(of, _)| *of <= round);
        suggested.map_or(&self.pair.target.entities, |(_, entities)| entities)
    }

    /// The newest round of suggestions; 0: there is none.
    pub fn round(&self) -> u32 {
        self.suggestions.last().map_or(0, |(round, _)| *round)
    }

    /// What stands there if nobody has touched it.
    pub fn current(&self) -> &[Entity] {
        self.start(u32::MAX)
    }

    pub(crate) fn has_link(&self, (source, target): (u32, u32)) -> bool {
        self.pair.alignment.as_ref().is_some_and(|alignment| alignment.contains(source, target))
    }

    pub(crate) fn check_link(&self, source: u32, target: u32) -> Result<(u32, u32)> {
        let (sources, targets) = (self.pair.source.len(), self.pair.target.len());
        if source as usize >= sources || target as usize >= targets {
            return Err(Error::Refused(format!(
                "there is no link {source}-{target} in a pair of {sources} and {targets} tokens"
            )));
        }
        Ok((source, target))
    }

    /// Source entities that nothing stands for in the target.
    pub(crate) fn uncovered(&self, entities: &[Entity]) -> usize {
        let covered = |source: usize| entities.iter().any(|entity| entity.from == Some(source));
        (0..self.pair.source.entities.len()).filter(|&source| !covered(source)).count()
    }

    /// How sure the projection is of its least sure entity; the least sure first in the queue. An item without entities
    /// is sure, unless a source entity found no place.
    pub fn probability(&self) -> f64 {
        let lost = if self.uncovered(self.current()) > 0 { 0.5 } else { 1.0 };
        self.current().iter().map(confidence).fold(lost, f64::min)
    }

    /// The smallest margin of its entities.
    pub fn margin(&self) -> Option<f64> {
        self.current().iter().filter_map(|entity| entity.margin).reduce(f64::min)
    }

    /// How far the routes disagree, in 0..=1: 1 minus the mean F1 of every two of them; 0 where there is one alone.
    pub fn disagreement(&self) -> f64 {
        let own = std::iter::once(&self.pair.target.entities);
        let routes: Vec<&Vec<Entity>> = own.chain(self.routes.iter().map(|(_, entities)| entities)).collect();
        let (mut sum, mut pairs) = (0.0, 0.0);
        for (at, a) in routes.iter().enumerate() {
            for b in &routes[at + 1..] {
                sum += same(a, b);
                pairs += 1.0;
            }
        }
        if pairs == 0.0 { 0.0 } else { 1.0 - sum / pairs }
    }
}

/// F1 of the entities of two versions; 1 where both have none.
fn same(a: &[Entity], b: &[Entity]) -> f64 {
    let equal = |x: &Entity, y: &Entity| x.span == y.span && x.label == y.label;
    let common = a.iter().filter(|x| b.iter().any(|y| equal(x, y))).count();
    if a.is_empty() && b.is_empty() { 1.0 } else { 2.0 * common as f64 / (a.len() + b.len()) as f64 }
}

/// How sure the projection is of an entity, in 0..=1: its calibrated probability where there is one, else its margin or
/// its score m as m / (1 + m), which keeps the order.
pub fn confidence(entity: &Entity) -> f64 {
    if let Some(probability) = probability(entity) {
        return probability;
    }
    match entity.margin.or(entity.score) {
        Some(value) if value.is_finite() => value.max(0.0) / (1.0 + value.max(0.0)),
        _ => 0.5,
    }
}

/// The calibrated probability of an entity.
pub(crate) fn probability(entity: &Entity) -> Option<f64> {
    entity.probability.filter(|p| (0.0..=1.0).contains(p))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Obama visited Berlin, with a German translation and two projected entities.
    pub(crate) fn item() -> Item {
        let json = r#"{"id":"s1","source":{"lang":"en","text":"Obama visited Berlin .","tokens":["Obama","visited","Berlin","."],"entities":[{"start":0,"end":1,"label":"PER"},{"start":2,"end":3,"label":"LOC"}]},"target":{"lang":"de","text":"Obama besuchte Berlin .","tokens":["Obama","besuchte","Berlin","."],"entities":[{"start":0,"end":1,"label":"PER","score":0.91,"from":0,"margin":3.0},{"start":2,"end":3,"label":"LOC","score":0.5,"from":1,"probability":0.4}]},"alignment":[[0,0],[1,1],[2,2],[3,3]]}"#;
        Item {
            key: "s1".into(),
            pair: serde_json::from_str(json).expect("a record"),
            suggestions: Vec::new(),
            routes: Vec::new(),
        }
    }

    #[test]
    fn the_least_sure_entity_counts() {
        let mut item = item();
        assert_eq!(item.probability(), 0.4);
        assert_eq!(confidence(&item.pair.target.entities[0]), 0.75);
        item.pair.target.entities.pop();
        assert_eq!(item.probability(), 0.5, "a source entity without counterpart");
        item.pair.source.entities.pop();
        assert_eq!(item.probability(), 0.75);
    }

    #[test]
    fn a_version_begins_with_its_round() {
        let mut item = item();
        item.suggestions = vec![(1, Vec::new()), (3, item.pair.target.entities[..1].to_vec())];
        assert_eq!([0, 1, 2, 3, 9].map(|round| item.start(round).len()), [2, 0, 0, 1, 1]);
        assert_eq!(item.round(), 3);
    }
}
