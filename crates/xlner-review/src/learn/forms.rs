//! What people made of forms and labels.

use rustc_hash::FxHashMap;
use xlner_core::Entity;

use super::Correction;
use crate::flags::{each_form, form};
use crate::item::Item;

/// What people made of a form.
#[derive(Debug, Clone, Default)]
pub(crate) struct Form {
    /// How often it stands in corrected sentences.
    pub occurrences: u32,
    /// How often it is an entity there, by label.
    named: Vec<(String, u32)>,
    /// Of those that were suggested there: kept and lost.
    pub kept: f64,
    pub lost: f64,
}

impl Form {
    pub fn total(&self) -> u32 {
        self.named.iter().map(|(_, count)| count).sum()
    }

    /// The most frequent label; of several the first by name.
    pub fn label(&self) -> Option<&str> {
        let best = self.named.iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(&a.0)))?;
        Some(&best.0)
    }

    pub fn count(&self, label: &str) -> u32 {
        self.named.iter().find(|(other, _)| other == label).map_or(0, |(_, count)| *count)
    }
}

/// Counts forms and labels in corrected sentences.
pub(super) fn count(
    items: &[Item],
    corrections: &[Correction<'_>],
) -> (FxHashMap<String, Form>, FxHashMap<String, [f64; 2]>) {
    let mut forms: FxHashMap<String, Form> = FxHashMap::default();
    let mut labels: FxHashMap<String, [f64; 2]> = FxHashMap::default();
    for correction in corrections {
        let target = &items[correction.item].pair.target;
        for entity in correction.after {
            let named = &mut forms.entry(form(target, entity.span)).or_default().named;
            match named.iter_mut().find(|(label, _)| *label == entity.label) {
                Some((_, count)) => *count += 1,
                None => named.push((entity.label.clone(), 1)),
            }
        }
        for entity in correction.before {
            let kept = has(correction.after, entity);
            let known = forms.entry(form(target, entity.span)).or_default();
            *(if kept { &mut known.kept } else { &mut known.lost }) += 1.0;
            labels.entry(entity.label.clone()).or_default()[usize::from(!kept)] += 1.0;
        }
    }
    let mut occurrences: FxHashMap<String, u32> = FxHashMap::default();
    for correction in corrections {
        let target = &items[correction.item].pair.target;
        each_form(target, |form| forms.contains_key(form), &mut |form, _| {
            *occurrences.entry(form.to_owned()).or_default() += 1;
        });
    }
    for (form, count) in occurrences {
        forms.entry(form).or_default().occurrences = count;
    }
    (forms, labels)
}

/// Whether an entity is in a list, in the same place with the same label.
pub(crate) fn has(list: &[Entity], entity: &Entity) -> bool {
    list.iter().any(|other| other.span == entity.span && other.label == entity.label)
}
