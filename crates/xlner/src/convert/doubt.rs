//! What to check first: sentences in the order of their least sure entity, and those whose least sure entity lies in a range.

use xlner_core::{Entity, Pair};
use xlner_formats::Side;

use super::DoubtOrder;
use crate::engine::file::At;

/// How sure the entities of a sentence are; both figures are those of the least sure one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Doubt {
    /// In 0..=1; `None` without an entity.
    pub probability: Option<f64>,
    /// `None` where no entity has one.
    pub margin: Option<f64>,
}

impl Doubt {
    /// Of entities. One without a figure is sure.
    pub fn of(entities: &[Entity]) -> Doubt {
        let least = |values: &mut dyn Iterator<Item = f64>| values.reduce(f64::min);
        Doubt {
            probability: least(&mut entities.iter().map(|entity| probability(entity).unwrap_or(1.0))),
            margin: least(&mut entities.iter().filter_map(|entity| entity.margin)),
        }
    }
}

/// The entities of one side.
pub(super) fn entities_of(pair: &Pair, side: Side) -> &[Entity] {
    match side {
        Side::Source => &pair.source.entities,
        Side::Target => &pair.target.entities,
    }
}

/// The calibrated probability, else a score that may be one.
fn probability(entity: &Entity) -> Option<f64> {
    entity.probability.or(entity.score.filter(|score| (0.0..=1.0).contains(score)))
}

/// Chooses and sorts items by how sure their entities are.
pub(super) struct Doubts {
    sort: Option<DoubtOrder>,
    least: Option<f64>,
    most: Option<f64>,
    /// Items that wait to be sorted.
    waiting: Vec<(Doubt, Pair, At)>,
    /// Entities, those with a probability, and those with a margin.
    counts: [u64; 3],
    /// Items that were left out.
    pub left_out: u64,
}

impl Doubts {
    pub fn new(sort: Option<DoubtOrder>, least: Option<f64>, most: Option<f64>) -> Doubts {
        Doubts { sort, least, most, waiting: Vec::new(), counts: [0; 3], left_out: 0 }
    }

    /// Takes an item and its place: gives it back where it is to be written at once. The entities of this side count.
    pub fn take(&mut self, pair: Pair, side: Side, at: At) -> Option<(Pair, At)> {
        if self.sort.is_none() && self.least.is_none() && self.most.is_none() {
            return Some((pair, at));
        }
        let entities = entities_of(&pair, side);
        let count = |holds: fn(&Entity) -> bool| entities.iter().filter(|entity| holds(entity)).count() as u64;
        self.counts[0] += entities.len() as u64;
        self.counts[1] += count(|entity| probability(entity).is_some());
        self.counts[2] += count(|entity| entity.margin.is_some());
        let doubt = Doubt::of(entities);
        // A sentence without entities has none below the least; it has none to look at either.
        let above = self.least.is_none_or(|least| doubt.probability.is_none_or(|found| found >= least));
        let below = self.most.is_none_or(|most| doubt.probability.is_some_and(|found| found <= most));
        if !(above && below) {
            self.left_out += 1;
            return None;
        }
        match self.sort {
            None => Some((pair, at)),
            Some(_) => {
                self.waiting.push((doubt, pair, at));
                None
            }
        }
    }

    /// What was asked for and no entity has, although there are some.
    pub fn missing(&self) -> Option<&'static str> {
        let [entities, probabilities, margins] = self.counts;
        let by_margin = self.sort == Some(DoubtOrder::Margin);
        let by_probability = self.sort == Some(DoubtOrder::Probability) || self.least.is_some() || self.most.is_some();
        match entities > 0 {
            true if by_probability && probabilities == 0 => Some("probability"),
            true if by_margin && margins == 0 => Some("margin"),
            _ => None,
        }
    }

    /// The items that waited, the least sure first; those without a figure come last, and all else stays in its order.
    pub fn sorted(&mut self) -> Vec<(Pair, At)> {
        let mut waiting = std::mem::take(&mut self.waiting);
        let by_margin = self.sort == Some(DoubtOrder::Margin);
        let key = |doubt: &Doubt| if by_margin { doubt.margin } else { doubt.probability }.unwrap_or(f64::INFINITY);
        waiting.sort_by(|(a, ..), (b, ..)| key(a).total_cmp(&key(b)));
        waiting.into_iter().map(|(_, pair, at)| (pair, at)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(probability: Option<f64>, score: Option<f64>, margin: Option<f64>) -> Entity {
        Entity { probability, score, margin, ..Entity::new(0..1, "X") }
    }

    #[test]
    fn the_least_sure_entity_counts() {
        let doubt = Doubt::of(&[entity(Some(0.9), Some(0.1), None), entity(None, Some(0.5), Some(2.0))]);
        assert_eq!(doubt, Doubt { probability: Some(0.5), margin: Some(2.0) });
        // A sum of scores is no probability.
        assert_eq!(Doubt::of(&[entity(None, Some(3.5), None)]).probability, Some(1.0));
        assert_eq!(Doubt::of(&[]), Doubt { probability: None, margin: None });
    }

    fn of_entities(entities: &[Entity]) -> Pair {
        let mut pair = Pair::default();
        pair.target.entities = entities.to_vec();
        pair
    }

    fn chosen(mut doubts: Doubts, items: &[&[Entity]]) -> Vec<usize> {
        let mut chosen = Vec::new();
        for (index, entities) in items.iter().enumerate() {
            let mut pair = of_entities(entities);
            pair.id = index.to_string();
            chosen.extend(doubts.take(pair, Side::Target, At::default()));
        }
        chosen.extend(doubts.sorted());
        chosen.iter().map(|(pair, _)| pair.id.parse().unwrap()).collect()
    }

    #[test]
    fn items_are_chosen_and_sorted() {
        let of = |probability, margin| [entity(Some(probability), None, margin)];
        let (a, b, c) = (of(0.9, Some(0.1)), of(0.2, None), of(0.5, Some(0.0)));
        let items: [&[Entity]; 4] = [&a, &[], &b, &c];
        assert_eq!(chosen(Doubts::new(None, None, None), &items), [0, 1, 2, 3]);
        assert_eq!(chosen(Doubts::new(Some(DoubtOrder::Probability), None, None), &items), [2, 3, 0, 1]);
        assert_eq!(chosen(Doubts::new(Some(DoubtOrder::Margin), None, None), &items), [3, 0, 1, 2]);
        assert_eq!(chosen(Doubts::new(None, Some(0.5), None), &items), [0, 1, 3]);
        assert_eq!(chosen(Doubts::new(None, None, Some(0.5)), &items), [2, 3]);
        assert_eq!(chosen(Doubts::new(Some(DoubtOrder::Probability), Some(0.3), Some(0.9)), &items), [3, 0]);
    }

    #[test]
    fn a_figure_that_no_entity_has_is_missed() {
        let mut doubts = Doubts::new(Some(DoubtOrder::Margin), None, None);
        doubts.take(of_entities(&[entity(Some(0.5), None, None)]), Side::Target, At::default());
        assert_eq!(doubts.missing(), Some("margin"));
        let mut doubts = Doubts::new(None, Some(0.5), None);
        doubts.take(of_entities(&[]), Side::Target, At::default());
        assert_eq!(doubts.missing(), None);
        doubts.take(of_entities(&[entity(None, None, Some(1.0))]), Side::Target, At::default());
        assert_eq!(doubts.missing(), Some("probability"));
    }
}
