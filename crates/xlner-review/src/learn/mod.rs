//! What corrections say of the sentences that nobody has looked at yet.
//!
//! One function, [`suggest`]: from what people made of some sentences it learns
//! 1. the *decision*: how probable it is that a projected entity is right. Where the records tell what the source's tagger held
//!    possible, the decision of projection is learnt again with the target's tagger ([`Decides`]); on it, or on the projection's
//!    own confidence, stands a log-linear model of length, label, shape and of what became of the same form elsewhere
//!    (`features`);
//! 2. the *forms*: what people named is found where nothing stands yet, and what they named otherwise is named so;
//! 3. the *misses*: how many entities a sentence lacks, a Poisson model of its capitals and source entities without counterpart.
//!
//! From these follow new suggestions, the order of the queue (expected errors), and an estimate of the F1 of the rest.

mod estimate;
mod features;
mod forms;
mod glm;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;
use xlner_core::{Entity, Pair, Span};

use crate::flags::{each_form, form};
use crate::item::{Item, confidence};

pub use estimate::F1Estimate;
use features::{DECISION_PRECISIONS, MISS_PRECISIONS, decision_features, decision_prior, miss_features, miss_prior};
use forms::count;
pub(crate) use forms::{Form, has};
use glm::Model;

/// Judged entities from which on one that is probably wrong is taken away.
const ENOUGH: usize = 20;
/// Entities less probable than that are taken away: half of an F1 of .7 is the threshold at which expected F1 is largest
/// (Lipton, Elkan and Naryanaswamy 2014, “Optimal thresholding of classifiers to maximize F1 measure”).
const KEEP: f64 = 0.35;
/// Forms named at least so probably are put in: by the same rule, a little above half of an F1 of .9, which the whole has when most forms are
/// known.
const ADD: f64 = 0.5;

/// What a person made of a sentence.
#[derive(Debug, Clone)]
pub struct Correction<'a> {
    /// Index of the item.
    pub item: usize,
    /// The entities that the person began with.
    pub before: &'a [Entity],
    /// The entities that are right.
    pub after: &'a [Entity],
}

/// Learns the decision of projection again from corrections. Who projects gives it: this crate knows no aligner and no tagger.
pub trait Decides: std::fmt::Debug + Send + Sync {
    /// What it makes of every record, in their order: entities with their `probability`. `corrections`: indices of sentences
    /// that are done, each once, and their right entities. `None`: there is nothing to decide by.
    ///
    /// # Errors
    /// What failed, for people; the suggestions then do without.
    fn decide(
        &self,
        pairs: &[&Pair],
        corrections: &[(usize, &[Entity])],
    ) -> std::result::Result<Option<Vec<Vec<Entity>>>, String>;
}

/// What was learnt.
#[derive(Debug, Clone, Default)]
pub struct Suggestions {
    /// New entities of items, by index: only items without a correction whose entities or their probabilities change.
    pub entities: Vec<(usize, Vec<Entity>)>,
    /// Expected number of errors in every item, with these suggestions.
    pub errors: Vec<f64>,
    /// Estimated F1 of the items without a correction, before these suggestions; `None` where too few were looked at.
    pub estimate: Option<F1Estimate>,
    /// What changed.
    pub changes: Changes,
}

/// How many entities of suggestions differ from what stood there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Sentences with other entities.
    pub sentences: usize,
    /// Entities put in.
    pub added: usize,
    /// Entities taken away.
    pub removed: usize,
    /// Entities with another label.
    pub relabelled: usize,
}

/// Learns from corrections, and suggests.
///
/// `decided`: what a decision that was learnt again makes of every item ([`Decides`]); the suggestions start from that.
pub fn suggest(items: &[Item], corrections: &[Correction<'_>], decided: Option<&[Vec<Entity>]>) -> Suggestions {
    let learnt = Learnt::of(items, corrections, decided);
    let corrected: FxHashSet<usize> = corrections.iter().map(|correction| correction.item).collect();
    let mut suggestions = Suggestions { errors: Vec::with_capacity(items.len()), ..Suggestions::default() };
    for (index, item) in items.iter().enumerate() {
        if corrected.contains(&index) {
            suggestions.errors.push(learnt.expected_errors(index, item, item.current()));
            continue;
        }
        let entities = learnt.entities(index, item, &mut suggestions.changes);
        suggestions.errors.push(learnt.expected_errors(index, item, &entities));
        if entities != item.current() {
            suggestions.entities.push((index, entities));
        }
    }
    suggestions.estimate = estimate::estimate(items, corrections, &suggestions.errors);
    suggestions
}

/// The expected number of errors in every item before anybody corrected anything: what the queue begins with.
pub fn expected_errors(items: &[Item]) -> Vec<f64> {
    let learnt = Learnt::of(items, &[], None);
    items.iter().enumerate().map(|(index, item)| learnt.expected_errors(index, item, item.current())).collect()
}

struct Learnt<'a> {
    /// What a decision makes of every item, where one was learnt again.
    decided: Option<&'a [Vec<Entity>]>,
    decision: Model<{ features::DECISION }>,
    misses: Model<{ features::MISSES }>,
    forms: FxHashMap<String, Form>,
    /// Of suggested entities of a label: kept and lost.
    labels: FxHashMap<String, [f64; 2]>,
    judged: usize,
}

impl<'a> Learnt<'a> {
    fn of(items: &[Item], corrections: &[Correction<'_>], decided: Option<&'a [Vec<Entity>]>) -> Learnt<'a> {
        let (forms, labels) = count(items, corrections);
        let mut learnt = Learnt { decided, decision: decision_prior(), misses: miss_prior(), forms, labels, judged: 0 };
        let (mut rows, mut right, mut sentences, mut missed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for correction in corrections {
            let item = &items[correction.item];
            for entity in correction.before {
                let kept = has(correction.after, entity);
                rows.push(learnt.features(correction.item, item, entity, Some(kept)));
                right.push(f64::from(u8::from(kept)));
            }
            sentences.push(miss_features(item, correction.before));
            let lacks = |entity: &&Entity| !correction.before.iter().any(|other| other.span.overlaps(entity.span));
            missed.push(correction.after.iter().filter(lacks).count() as f64);
        }
        learnt.judged = rows.len();
        learnt.decision = learnt.decision.learn(&rows, &right, &DECISION_PRECISIONS);
        learnt.misses = learnt.misses.learn(&sentences, &missed, &MISS_PRECISIONS);
        learnt
    }

    /// Features of an entity; `judged`: what became of it, which then does not count as evidence for itself.
    fn features(&self, index: usize, item: &Item, entity: &Entity, judged: Option<bool>) -> [f64; features::DECISION] {
        let form = self.forms.get(&form(&item.pair.target, entity.span));
        let form = form.map_or([0.0; 2], |form| [form.kept, form.lost]);
        let label = self.labels.get(&entity.label).copied().unwrap_or_default();
        let without = |[kept, lost]: [f64; 2]| match judged {
            Some(true) => [kept - 1.0, lost],
            Some(false) => [kept, lost - 1.0],
            None => [kept, lost],
        };
        decision_features(item, entity, self.confidence(index, item, entity), without(form), without(label))
    }

    /// How sure the decision is of an entity, or else the projection was: never an earlier round of suggestions, whose
    /// corrections would count twice.
    fn confidence(&self, index: usize, item: &Item, entity: &Entity) -> f64 {
        let said = self.decided.map_or(&item.pair.target.entities, |decided| &decided[index]);
        let same = |other: &&Entity| other.span == entity.span && other.label == entity.label;
        confidence(said.iter().find(same).unwrap_or(entity))
    }

    /// How probable it is that an entity is right as it stands.
    fn probability(&self, index: usize, item: &Item, entity: &Entity) -> f64 {
        self.decision.mean(&self.features(index, item, entity, None))
    }

    /// The entities to suggest for an item.
    fn entities(&self, index: usize, item: &Item, changes: &mut Changes) -> Vec<Entity> {
        let target = &item.pair.target;
        let start = self.decided.map_or(item.current(), |decided| decided[index].as_slice());
        let mut candidates: Vec<(f64, Entity, bool)> = Vec::new();
        for entity in start {
            let mut entity = entity.clone();
            let mut probability = self.probability(index, item, &entity);
            if let Some(known) = self.forms.get(&form(target, entity.span))
                && let Some(label) = known.label()
                && known.count(&entity.label) == 0
            {
                entity.label = label.to_owned();
                probability = probability.max(self.named(known));
            }
            candidates.push((probability, entity, false));
        }
        each_form(target, |form| self.forms.get(form).is_some_and(|form| form.total() > 0), &mut |text, span| {
            let known = &self.forms[text];
            if let Some(label) = known.label()
                && !start.iter().any(|entity| entity.span == span)
                && self.named(known) >= ADD
            {
                let mut entity = Entity::new(span, label);
                entity.from = counterpart(item, span);
                candidates.push((self.named(known), entity, true));
            }
        });
        // The more probable first; of two alike the longer.
        candidates.sort_by(|a, b| {
            b.0.total_cmp(&a.0).then(b.1.span.len().cmp(&a.1.span.len())).then(a.1.span.cmp(&b.1.span))
        });
        let mut chosen: Vec<Entity> = Vec::new();
        for (probability, mut entity, is_new) in candidates {
            let wrong = !is_new && self.judged >= ENOUGH && probability < KEEP;
            if wrong || chosen.iter().any(|other| other.span.overlaps(entity.span)) {
                continue;
            }
            entity.probability = Some(rounded(probability));
            chosen.push(entity);
        }
        chosen.sort_by_key(|entity| entity.span);
        self.tell(item.current(), &chosen, changes);
        chosen
    }

    fn tell(&self, before: &[Entity], after: &[Entity], changes: &mut Changes) {
        let at = |list: &[Entity], span: Span| list.iter().any(|entity| entity.span == span);
        let added = after.iter().filter(|entity| !at(before, entity.span)).count();
        let removed = before.iter().filter(|entity| !at(after, entity.span)).count();
        let relabelled = after.iter().filter(|entity| at(before, entity.span) && !has(before, entity)).count();
        changes.added += added;
        changes.removed += removed;
        changes.relabelled += relabelled;
        changes.sentences += usize::from(added + removed + relabelled > 0);
    }

    /// How probably a form is an entity, by what people made of it.
    fn named(&self, form: &Form) -> f64 {
        (f64::from(form.total()) + 0.5) / (f64::from(form.occurrences) + 1.0)
    }

    /// Entities that are probably wrong, and those that are probably missing.
    fn expected_errors(&self, index: usize, item: &Item, entities: &[Entity]) -> f64 {
        let wrong: f64 = entities.iter().map(|entity| 1.0 - self.probability(index, item, entity)).sum();
        wrong + self.misses.mean(&miss_features(item, entities))
    }
}

/// The source entity whose links lead into a span.
fn counterpart(item: &Item, span: Span) -> Option<usize> {
    let links = item.pair.alignment.as_ref()?.links();
    let into = |entity: &Entity| {
        let of = |link: &&xlner_core::Link| {
            entity.span.contains(link.source as usize) && span.contains(link.target as usize)
        };
        links.iter().filter(of).count()
    };
    let entities = item.pair.source.entities.iter().enumerate();
    let best = entities.map(|(at, entity)| (into(entity), at)).filter(|(count, _)| *count > 0);
    best.max_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1))).map(|(_, at)| at)
}

/// To four digits: more would say nothing and change with every round.
fn rounded(probability: f64) -> f64 {
    (probability * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests {
    use xlner_core::Sentence;

    use super::*;

    fn item(key: usize, text: &str, entities: &[(usize, usize, &str)]) -> Item {
        let mut target = Sentence::from_tokens(text.split(' '));
        target.entities = entities
            .iter()
            .map(|&(start, end, label)| Entity { score: Some(1.0), ..Entity::new(start..end, label) })
            .collect();
        let pair = Pair { target, ..Pair::default() };
        Item { key: key.to_string(), pair, suggestions: Vec::new(), routes: Vec::new() }
    }

    fn labels(entities: &[Entity]) -> Vec<(usize, usize, &str)> {
        entities.iter().map(|entity| (entity.span.start, entity.span.end, entity.label.as_str())).collect()
    }

    #[test]
    fn a_corrected_label_and_a_missed_form_go_to_the_other_sentences() {
        let items = [
            item(0, "Nile and Gulu .", &[(0, 1, "PER")]),
            item(1, "the Nile .", &[(1, 2, "PER")]),
            item(2, "in Gulu .", &[]),
            item(3, "no name .", &[]),
        ];
        let after = [Entity::new(0..1, "LOC"), Entity::new(2..3, "LOC")];
        let correction = Correction { item: 0, before: &items[0].pair.target.entities, after: &after };
        let found = suggest(&items, &[correction], None);
        assert_eq!(found.entities.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(labels(&found.entities[0].1), [(1, 2, "LOC")]);
        assert_eq!(labels(&found.entities[1].1), [(1, 2, "LOC")]);
        assert_eq!(found.changes, Changes { sentences: 2, added: 1, removed: 0, relabelled: 1 });
        assert_eq!(found.errors.len(), 4);
    }

    #[test]
    fn what_people_always_take_away_goes() {
        let items: Vec<Item> =
            (0..40).map(|at| item(at, "So it was Paul .", &[(0, 1, "PER"), (3, 4, "PER")])).collect();
        let after = [Entity::new(3..4, "PER")];
        let corrections: Vec<_> =
            (0..20).map(|at| Correction { item: at, before: &items[at].pair.target.entities, after: &after }).collect();
        let found = suggest(&items, &corrections, None);
        assert_eq!(found.entities.len(), 20);
        assert!(found.entities.iter().all(|(at, entities)| *at >= 20 && labels(entities) == [(3, 4, "PER")]));
        assert_eq!(found.changes.removed, 20);
    }

    #[test]
    fn work_of_people_is_never_suggested_over() {
        let items = [item(0, "Nile .", &[(0, 1, "PER")]), item(1, "Nile .", &[(0, 1, "PER")])];
        let after = [Entity::new(0..1, "LOC")];
        let corrections = [
            Correction { item: 0, before: &items[0].pair.target.entities, after: &after },
            Correction { item: 1, before: &items[1].pair.target.entities, after: &items[1].pair.target.entities },
        ];
        assert!(suggest(&items, &corrections, None).entities.is_empty());
    }

    #[test]
    fn a_decision_that_was_learnt_again_is_where_suggestions_start() {
        let items = [item(0, "the Nile .", &[(1, 2, "PER")]), item(1, "in Gulu .", &[])];
        let sure = |start: usize, label| Entity { probability: Some(0.95), ..Entity::new(start..start + 1, label) };
        let decided = [vec![sure(1, "LOC")], vec![sure(1, "LOC")]];
        let after = [Entity::new(1..2, "LOC")];
        let correction = Correction { item: 0, before: &items[0].pair.target.entities, after: &after };
        let found = suggest(&items, &[correction], Some(&decided));
        assert_eq!(found.entities.len(), 1, "the corrected sentence stays as it is");
        let (at, entities) = &found.entities[0];
        assert_eq!((*at, labels(entities)), (1, vec![(1, 2, "LOC")]));
        let text = serde_json::to_string(&entities[0]).unwrap();
        assert_eq!(text.matches("probability").count(), 1, "{text}");
        assert_eq!(serde_json::from_str::<Entity>(&text).unwrap(), entities[0]);
    }

    #[test]
    fn without_corrections_nothing_else_stands_there() {
        let items = [item(0, "the Nile .", &[(1, 2, "LOC")])];
        let found = suggest(&items, &[], None);
        assert!(found.entities.iter().all(|(_, entities)| labels(entities) == [(1, 2, "LOC")]));
        assert_eq!(found.estimate, None);
    }
}
