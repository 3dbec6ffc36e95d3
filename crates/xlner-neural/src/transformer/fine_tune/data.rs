//! Sentences as what a model learns from.

use std::collections::BTreeMap;

use xlner_core::fusion::own_tokens;
use xlner_core::tags::{Scheme, encode};
use xlner_models::crf::TrainingExample;

use super::ops::{Target, mix};
use super::{FineTuneOptions, LabelOn};
use crate::transformer::tagger::ALONE;
use crate::transformer::tokenizer::{SubWordTokenizer, Tokens};
use crate::transformer::windows::{Window, cut};
use crate::{Error, Result};

/// A sentence, in one window or several.
pub(super) struct Item {
    pub windows: Vec<Vec<u32>>,
    /// Rows of the windows one after another that have a class.
    pub targets: Vec<Target>,
    /// The sum of their classes' weights.
    pub weight: f64,
}

impl Item {
    pub fn rows(&self) -> usize {
        self.windows.iter().map(Vec::len).sum()
    }
}

/// The windows of items one after another, and their targets, whose weights are divided by `weight`.
pub(super) fn joined<'i>(items: &[&'i Item], weight: f64) -> (Vec<&'i [u32]>, Vec<Target>) {
    let (mut windows, mut targets, mut start) = (Vec::new(), Vec::new(), 0);
    for item in items {
        windows.extend(item.windows.iter().map(|ids| &ids[..]));
        let moved = |target: &Target| Target {
            row: target.row + start,
            weight: (f64::from(target.weight) / weight) as f32,
            ..*target
        };
        targets.extend(item.targets.iter().map(moved));
        start += item.rows() as u32;
    }
    (windows, targets)
}

/// Takes the sub-words of a window into a checksum.
pub(super) fn hash(data: &mut crc32fast::Hasher, window: &[u32]) {
    data.update(&(window.len() as u32).to_le_bytes());
    window.iter().for_each(|id| data.update(&id.to_le_bytes()));
}

/// The sentences as sub-words with classes; those without sub-words are left out.
pub(super) fn items(
    examples: &[TrainingExample<'_>],
    classes: &[String],
    tokenizer: &SubWordTokenizer,
    longest: usize,
    options: &FineTuneOptions,
) -> Result<Vec<Item>> {
    let numbers: BTreeMap<&str, u32> = classes.iter().map(String::as_str).zip(0..).collect();
    let weights = class_weights(classes, &options.class_weights)?;
    let sentences: Vec<_> = examples.iter().map(|example| example.sentence).collect();
    let tokens = tokenizer.encode_all(&sentences)?;
    let mut items = Vec::with_capacity(examples.len());
    for (index, (example, tokens)) in examples.iter().zip(&tokens).enumerate() {
        let wrong = |problem: String| Error::Sentence { index, problem };
        let tags = encode(example.sentence.len(), &example.sentence.entities, Scheme::Iob2);
        let tags = tags.map_err(|problem| wrong(problem.to_string()))?;
        let class = |tag: &str| numbers.get(tag).copied().ok_or_else(|| wrong(format!("{tag} is no class")));
        let mut windows = Vec::new();
        cut(index, tokens, longest, &mut windows).map_err(wrong)?;
        let own = match options.fusion {
            true => own_tokens(example.sentence).ok_or_else(|| wrong(ALONE.into()))?,
            false => tags.len(),
        };
        let targets = targets(&windows, tokens, &tags[..own], options.label_on, &class)?;
        let weighted = |(row, class)| Target { row, class, weight: example.weight as f32 * weights[class as usize] };
        let item = Item {
            weight: targets.iter().map(|(_, class)| f64::from(weights[*class as usize])).sum(),
            targets: targets.into_iter().map(weighted).collect(),
            windows: windows.into_iter().map(|window| window.ids).collect(),
        };
        if !item.targets.is_empty() {
            items.push(item);
        }
    }
    match items.is_empty() {
        true => Err(Error::Training("no sentence has a token that the tokeniser knows".into())),
        false => Ok(items),
    }
}

/// Row and class of every sub-word that has one; tokens after those that have tags have none.
fn targets(
    windows: &[Window],
    tokens: &Tokens,
    tags: &[String],
    label_on: LabelOn,
    class: &dyn Fn(&str) -> Result<u32>,
) -> Result<Vec<(u32, u32)>> {
    let mut words = tokens.words.iter().flatten();
    let (mut targets, mut start, mut before) = (Vec::new(), 0, None);
    for window in windows {
        // Every sub-word counts in one window, and they come in order.
        for row in window.counts.clone() {
            let word = words.next().copied();
            let first = word != before;
            before = word;
            let Some(tag) = word.and_then(|word| tags.get(word as usize)) else { continue };
            let class = match (label_on, tag.strip_prefix("B-")) {
                _ if first => class(tag)?,
                (LabelOn::First, _) => continue,
                (LabelOn::All, Some(label)) => class(&format!("I-{label}"))?,
                (LabelOn::All, None) => class(tag)?,
            };
            targets.push(((start + row) as u32, class));
        }
        start += window.ids.len();
    }
    Ok(targets)
}

/// The weight of every class, by the weights of labels.
fn class_weights(classes: &[String], given: &[(String, f64)]) -> Result<Vec<f32>> {
    let label = |class: &str| class.split_once('-').map_or(class, |(_, label)| label).to_owned();
    for (name, weight) in given {
        if !(weight.is_finite() && *weight > 0.0) {
            return Err(Error::Options(format!("the weight of {name} is {weight}; weights are greater than 0")));
        }
        if !classes.iter().any(|class| label(class) == *name) {
            return Err(Error::Options(format!("there is no label {name}; the classes are {}", classes.join(", "))));
        }
    }
    let weight = |class: &String| {
        given.iter().rev().find(|(name, _)| *name == label(class)).map_or(1.0, |(_, weight)| *weight as f32)
    };
    Ok(classes.iter().map(weight).collect())
}

/// The order of one pass over the data, as batches of `size` numbers of items. `lengths`: those of the items where sentences
/// of like length are to come together: within fifty batches they are sorted, and the batches shuffled.
pub(super) fn batches(count: usize, size: usize, seed: Option<u64>, lengths: Option<&[usize]>) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..count).collect();
    let Some(seed) = seed else { return order.chunks(size).map(<[usize]>::to_vec).collect() };
    shuffle(&mut order, seed);
    if let Some(lengths) = lengths {
        order.chunks_mut(50 * size).for_each(|part| part.sort_by_key(|item| std::cmp::Reverse(lengths[*item])));
    }
    let mut batches: Vec<Vec<usize>> = order.chunks(size).map(<[usize]>::to_vec).collect();
    if lengths.is_some() {
        shuffle(&mut batches, mix(seed, 1));
    }
    batches
}

/// Fisher and Yates.
fn shuffle<T>(values: &mut [T], seed: u64) {
    for at in (1..values.len()).rev() {
        let other = ((u128::from(mix(seed, at as u64)) * (at as u128 + 1)) >> 64) as usize;
        values.swap(at, other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_come_once() {
        let lengths: Vec<usize> = (0..103).map(|at| at % 17).collect();
        for lengths in [None, Some(&lengths[..])] {
            let one = batches(103, 4, Some(1), lengths);
            assert_eq!((one.len(), one.iter().map(Vec::len).max()), (26, Some(4)));
            let mut all = one.concat();
            all.sort_unstable();
            assert_eq!(all, (0..103).collect::<Vec<_>>());
            assert_ne!(one, batches(103, 4, Some(2), lengths));
        }
        assert_eq!(batches(5, 2, None, None), [vec![0, 1], vec![2, 3], vec![4]]);
    }

    #[test]
    fn sub_words_and_their_classes() {
        let tokens = Tokens {
            ids: (0..8).collect(),
            words: vec![None, Some(0), Some(0), Some(1), Some(3), Some(3), Some(3), None],
        };
        let tags = ["B-X", "I-X", "O", "B-X"].map(str::to_owned);
        let class = |tag: &str| Ok(["O", "B-X", "I-X"].iter().position(|known| *known == tag).unwrap() as u32);
        for longest in [12, 6] {
            let mut windows = Vec::new();
            cut(0, &tokens, longest, &mut windows).unwrap();
            let classes =
                |on| targets(&windows, &tokens, &tags, on, &class).unwrap().into_iter().map(|(_, class)| class);
            assert_eq!(classes(LabelOn::First).collect::<Vec<_>>(), [1, 2, 1]);
            assert_eq!(classes(LabelOn::All).collect::<Vec<_>>(), [1, 2, 2, 1, 2, 2]);
            let ids: Vec<u32> = windows.iter().flat_map(|window| window.ids.clone()).collect();
            let rows = targets(&windows, &tokens, &tags, LabelOn::All, &class).unwrap();
            assert_eq!(rows.iter().map(|(row, _)| ids[*row as usize]).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
        }
    }

    #[test]
    fn weights_of_classes() {
        let classes = ["O", "B-X", "I-X"].map(str::to_owned);
        let weights = |given: &[(&str, f64)]| {
            let given: Vec<(String, f64)> = given.iter().map(|(label, w)| ((*label).to_owned(), *w)).collect();
            class_weights(&classes, &given).map_err(|error| error.to_string())
        };
        assert_eq!(weights(&[("X", 2.0)]).unwrap(), [1.0, 2.0, 2.0]);
        assert_eq!(weights(&[("O", 0.5)]).unwrap(), [0.5, 1.0, 1.0]);
        assert!(weights(&[("Y", 2.0)]).unwrap_err().contains("no label Y"));
        assert!(weights(&[("X", 0.0)]).unwrap_err().contains("greater than 0"));
    }
}
