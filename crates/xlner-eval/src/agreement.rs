//! How far annotators agree who marked entities in the same sentences.
//!
//! - *Entity F1* of every two annotators: of exact entities (span and label), and of those that overlap with the same label.
//! - *κ over tokens*: every token has the label of the entity over it, or none. Cohen (1960), "A coefficient of agreement for
//!   nominal scales", for two; Fleiss (1971), "Measuring nominal scale agreement among many raters", for all. Both **drop
//!   disagreement on boundaries**: where one has one entity and the other two neighbours of the same label, the
//!   tokens are the same. Most tokens have no label, which raises κ's chance agreement.
//! - *Unitizing α*: Krippendorff (2004), "Measuring the reliability of qualitative text analysis data", Quality & Quantity 38,
//!   which counts boundaries: see [`unitizing_alpha`].
//!
//! A figure that has nothing to divide by is `None`.

mod unitizing;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use xlner_core::Entity;

pub use unitizing::unitizing_alpha;

/// A sentence and what annotators marked in it.
#[derive(Debug, Clone, Default)]
pub struct Annotated<'a> {
    /// Number of tokens.
    pub tokens: usize,
    /// The entities of each annotator; `None` for one who did not do it. They lie in the sentence and no two of one
    /// annotator overlap.
    pub versions: Vec<Option<&'a [Entity]>>,
}

/// The figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Agreement {
    /// Names of the annotators.
    pub annotators: Vec<String>,
    /// Sentences that at least two did.
    pub sentences: usize,
    /// Every two annotators who have sentences in common.
    pub pairs: Vec<PairAgreement>,
    /// Fleiss' κ over the tokens of sentences that at least two did.
    pub fleiss_kappa: Option<f64>,
    /// Krippendorff's unitizing α over the sentences that all did.
    pub unitizing_alpha: Option<f64>,
    /// Sentences that all did.
    pub common: usize,
}

/// The figures of two annotators.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PairAgreement {
    /// Their names.
    pub annotators: [String; 2],
    /// Sentences that both did.
    pub sentences: usize,
    /// Entities of each in them.
    pub entities: [usize; 2],
    /// 2 × entities that both have / entities of both.
    pub f1_exact: Option<f64>,
    /// Entities that overlap one of the other with the same label / entities of both.
    pub f1_overlap: Option<f64>,
    /// Cohen's κ over tokens.
    pub cohen_kappa: Option<f64>,
    /// Unitizing α of the two.
    pub unitizing_alpha: Option<f64>,
}

/// Figures of all annotators, named in the order of the versions of every sentence.
///
/// # Panics
/// Where a sentence has another number of versions than there are names, or an entity leaves its sentence.
pub fn agreement(annotators: &[&str], sentences: &[Annotated<'_>]) -> Agreement {
    assert!(sentences.iter().all(|sentence| sentence.versions.len() == annotators.len()), "one version per annotator");
    let mut pairs = Vec::new();
    for a in 0..annotators.len() {
        for b in a + 1..annotators.len() {
            let common: Vec<(usize, [&[Entity]; 2])> = sentences
                .iter()
                .filter_map(|sentence| Some((sentence.tokens, [sentence.versions[a]?, sentence.versions[b]?])))
                .collect();
            if !common.is_empty() {
                pairs.push(of_two([annotators[a], annotators[b]], &common));
            }
        }
    }
    let complete: Vec<(usize, Vec<&[Entity]>)> = sentences
        .iter()
        .filter_map(|sentence| Some((sentence.tokens, sentence.versions.iter().copied().collect::<Option<Vec<_>>>()?)))
        .collect();
    let done = |sentence: &&Annotated<'_>| sentence.versions.iter().flatten().count() >= 2;
    Agreement {
        annotators: annotators.iter().map(|&name| name.to_owned()).collect(),
        sentences: sentences.iter().filter(done).count(),
        pairs,
        fleiss_kappa: fleiss(sentences.iter().filter(done)),
        unitizing_alpha: unitizing_alpha(&complete),
        common: complete.len(),
    }
}

fn of_two(names: [&str; 2], common: &[(usize, [&[Entity]; 2])]) -> PairAgreement {
    let (mut entities, mut exact, mut overlapping) = ([0; 2], 0, 0);
    let mut tokens: BTreeMap<[Option<&str>; 2], usize> = BTreeMap::new();
    for (len, [a, b]) in common {
        entities[0] += a.len();
        entities[1] += b.len();
        let marks = |list: &[Entity]| -> BTreeSet<_> { list.iter().map(|e| (e.span, e.label.clone())).collect() };
        exact += 2 * marks(a).intersection(&marks(b)).count();
        let meets = |one: &Entity, list: &[Entity]| {
            list.iter().any(|other| other.label == one.label && other.span.overlaps(one.span))
        };
        overlapping += a.iter().filter(|one| meets(one, b)).count() + b.iter().filter(|one| meets(one, a)).count();
        for (a, b) in labels(*len, a).into_iter().zip(labels(*len, b)) {
            *tokens.entry([a, b]).or_default() += 1;
        }
    }
    let all = entities[0] + entities[1];
    let share = |count: usize| (all > 0).then(|| count as f64 / all as f64);
    let versions: Vec<(usize, Vec<&[Entity]>)> = common.iter().map(|(len, both)| (*len, both.to_vec())).collect();
    PairAgreement {
        annotators: names.map(str::to_owned),
        sentences: common.len(),
        entities,
        f1_exact: share(exact),
        f1_overlap: share(overlapping),
        cohen_kappa: cohen(&tokens),
        unitizing_alpha: unitizing_alpha(&versions),
    }
}

/// The label over every token.
fn labels(len: usize, entities: &[Entity]) -> Vec<Option<&str>> {
    let mut labels = vec![None; len];
    for entity in entities {
        labels[entity.span.range()].fill(Some(entity.label.as_str()));
    }
    labels
}

/// Cohen's κ of tokens by the labels that the two gave them.
fn cohen(tokens: &BTreeMap<[Option<&str>; 2], usize>) -> Option<f64> {
    let total: usize = tokens.values().sum();
    let same: usize = tokens.iter().filter(|([a, b], _)| a == b).map(|(_, count)| count).sum();
    let mut sides: [BTreeMap<Option<&str>, usize>; 2] = Default::default();
    for (labels, count) in tokens {
        for (side, label) in sides.iter_mut().zip(labels) {
            *side.entry(*label).or_default() += count;
        }
    }
    let [a, b] = &sides;
    let by_chance: usize = a.iter().map(|(label, count)| count * b.get(label).copied().unwrap_or(0)).sum();
    kappa(same as f64 / total as f64, by_chance as f64 / (total * total) as f64)
}

/// Fleiss' κ; sentences may have different numbers of annotators, from two on.
fn fleiss<'a, 'b: 'a>(sentences: impl Iterator<Item = &'a Annotated<'b>>) -> Option<f64> {
    let (mut agreed, mut tokens, mut given) = (0.0, 0_usize, 0_usize);
    let mut totals: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    for sentence in sentences {
        let versions: Vec<_> =
            sentence.versions.iter().flatten().map(|entities| labels(sentence.tokens, entities)).collect();
        let raters = versions.len();
        for token in 0..sentence.tokens {
            let mut counts: BTreeMap<Option<&str>, usize> = BTreeMap::new();
            for version in &versions {
                *counts.entry(version[token]).or_default() += 1;
            }
            let pairs: usize = counts.values().map(|count| count * (count - 1)).sum();
            agreed += pairs as f64 / (raters * (raters - 1)) as f64;
            for (label, count) in counts {
                *totals.entry(label).or_default() += count;
            }
            tokens += 1;
            given += raters;
        }
    }
    let by_chance = totals.values().map(|&count| (count as f64 / given as f64).powi(2)).sum();
    kappa(agreed / tokens as f64, by_chance)
}

/// κ of observed and expected agreement; `None` where one label alone was used, or nothing.
fn kappa(observed: f64, expected: f64) -> Option<f64> {
    (expected < 1.0).then(|| (observed - expected) / (1.0 - expected)).filter(|kappa| kappa.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entities(list: &[(usize, usize, &str)]) -> Vec<Entity> {
        list.iter().map(|&(start, end, label)| Entity::new(start..end, label)).collect()
    }

    fn near(found: Option<f64>, wanted: f64) {
        assert!(found.is_some_and(|found| (found - wanted).abs() < 1e-12), "{found:?} is not {wanted}");
    }

    #[test]
    fn two_annotators_by_hand() {
        // Ten tokens. a: PER 0..2, LOC 5..6; b: PER 0..2, ORG 5..6, LOC 8..9.
        let (a, b) =
            (entities(&[(0, 2, "PER"), (5, 6, "LOC")]), entities(&[(0, 2, "PER"), (5, 6, "ORG"), (8, 9, "LOC")]));
        let found = agreement(&["a", "b"], &[Annotated { tokens: 10, versions: vec![Some(&a), Some(&b)] }]);
        let pair = &found.pairs[0];
        near(pair.f1_exact, 2.0 / 5.0);
        near(pair.f1_overlap, 2.0 / 5.0);
        // Tokens: PER both 2, LOC/ORG 1, none/LOC 1, none both 6. Observed .8; by chance (2·2 + 1·1 + 0·1 + 7·6)/100 = .47.
        near(pair.cohen_kappa, (0.8 - 0.47) / 0.53);
        // Fleiss: labels PER 4, LOC 2, ORG 1, none 13 of 20.
        let chance = (16.0 + 4.0 + 1.0 + 169.0) / 400.0;
        near(found.fleiss_kappa, (0.8 - chance) / (1.0 - chance));
    }

    #[test]
    fn boundaries_count_in_alpha_and_not_in_kappa() {
        let (one, two) = (entities(&[(0, 4, "PER")]), entities(&[(0, 2, "PER"), (2, 4, "PER")]));
        let found = agreement(&["a", "b"], &[Annotated { tokens: 10, versions: vec![Some(&one), Some(&two)] }]);
        near(found.pairs[0].cohen_kappa, 1.0);
        near(found.pairs[0].f1_exact, 0.0);
        near(found.pairs[0].f1_overlap, 1.0);
        assert!(found.unitizing_alpha.is_some_and(|alpha| alpha < 1.0));
    }

    #[test]
    fn overlap_wants_the_same_label() {
        let (a, b) = (entities(&[(0, 3, "PER")]), entities(&[(1, 2, "PER"), (2, 3, "LOC")]));
        let found = agreement(&["a", "b"], &[Annotated { tokens: 4, versions: vec![Some(&a), Some(&b)] }]);
        near(found.pairs[0].f1_overlap, 2.0 / 3.0);
    }

    #[test]
    fn who_did_not_do_a_sentence_does_not_count_there() {
        let (x, y) = (entities(&[(0, 1, "PER")]), entities(&[]));
        let sentences = [
            Annotated { tokens: 2, versions: vec![Some(&x), Some(&x), None] },
            Annotated { tokens: 2, versions: vec![Some(&x), Some(&x), Some(&x)] },
            Annotated { tokens: 2, versions: vec![Some(&y), None, None] },
        ];
        let found = agreement(&["a", "b", "c"], &sentences);
        assert_eq!((found.sentences, found.common), (2, 1));
        assert_eq!(found.pairs.iter().map(|pair| pair.sentences).collect::<Vec<_>>(), [2, 1, 1]);
        near(found.fleiss_kappa, 1.0);
        near(found.unitizing_alpha, 1.0);
    }

    #[test]
    fn nothing_marked_is_no_figure() {
        let none = entities(&[]);
        let found = agreement(&["a", "b"], &[Annotated { tokens: 5, versions: vec![Some(&none), Some(&none)] }]);
        let pair = &found.pairs[0];
        assert_eq!(
            (pair.f1_exact, pair.cohen_kappa, found.fleiss_kappa, found.unitizing_alpha),
            (None, None, None, None)
        );
        assert!(agreement(&["a"], &[]).pairs.is_empty());
    }
}
