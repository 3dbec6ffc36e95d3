//! Training data as numbers: which groups of features every token has, and which features every group.

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use xlner_core::Sentence;

use super::clusters::Clusters;
use super::hash;
use super::joint::Joint;
use super::names::Names;
use super::words::{Analyser, Place, Word};

/// A sparse matrix of ones: for every row its columns.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    starts: Vec<usize>,
    columns: Vec<u32>,
}

impl Rows {
    fn new() -> Rows {
        Rows { starts: vec![0], columns: Vec::new() }
    }

    fn push(&mut self, columns: impl IntoIterator<Item = u32>) {
        self.columns.extend(columns);
        self.starts.push(self.columns.len());
    }

    pub(crate) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    pub(crate) fn row(&self, row: usize) -> &[u32] {
        &self.columns[self.starts[row]..self.starts[row + 1]]
    }

    fn transposed(&self, columns: usize) -> Rows {
        let mut starts = vec![0_usize; columns + 1];
        self.columns.iter().for_each(|&column| starts[column as usize + 1] += 1);
        (0..columns).for_each(|column| starts[column + 1] += starts[column]);
        let mut next = starts.clone();
        let mut turned = vec![0; self.columns.len()];
        for row in 0..self.len() {
            for &column in self.row(row) {
                let place = &mut next[column as usize];
                turned[*place] = row as u32;
                *place += 1;
            }
        }
        Rows { starts, columns: turned }
    }
}

/// Training data. A *group* is what is known of one word in one place, or a single feature of several words; the features
/// of a group always come together, so that sums over them are made once.
#[derive(Debug)]
pub(crate) struct Corpus {
    /// Sorted keys of the features.
    pub(crate) features: Vec<u32>,
    /// Groups of each token, and the reverse.
    pub(crate) groups: Rows,
    pub(crate) tokens: Rows,
    /// Features of each group, and the reverse.
    pub(crate) members: Rows,
    pub(crate) holders: Rows,
    /// First token of each sentence, and the end of the last.
    pub(crate) sentences: Vec<usize>,
}

impl Corpus {
    /// Finds the features of sentences; those seen fewer than `min_count` times are left out unless they are in `known`
    /// (sorted).
    pub(crate) fn new(
        sentences: &[&Sentence],
        names: &Names,
        clusters: &Clusters,
        min_count: u32,
        known: &[u32],
    ) -> Corpus {
        let mut bounds = vec![0];
        sentences.iter().for_each(|sentence| bounds.push(bounds[bounds.len() - 1] + sentence.len()));
        let forms = Forms::new(sentences);
        let words = forms.analyse(clusters);

        // How often each feature is seen: those of words by the number of tokens in each place.
        let mut uses = vec![[0_u32; Place::ALL.len()]; forms.list.len()];
        let mut borders = [0_u32; Place::ALL.len()];
        for sentence in bounds.windows(2) {
            let ids = &forms.ids[sentence[0]..sentence[1]];
            each_place(ids.len(), |_, place, other| match other {
                Some(other) => uses[ids[other] as usize][place as usize] += 1,
                None => borders[place as usize] += 1,
            });
        }
        let mut counts: FxHashMap<u32, u32> = FxHashMap::default();
        for (word, uses) in words.iter().zip(&uses) {
            for &(place, key) in &word.features {
                if uses[place as usize] > 0 {
                    *counts.entry(key).or_default() += uses[place as usize];
                }
            }
        }
        Analyser::border(|place, hash| *counts.entry(hash::key(hash)).or_default() += borders[place as usize]);
        let joint = joint_features(&bounds, &forms, &words, names);
        joint.columns.iter().for_each(|key| *counts.entry(*key).or_default() += 1);

        let counts_in = |(key, count): &(&u32, &u32)| **count >= min_count || known.binary_search(key).is_ok();
        let mut features: Vec<u32> = counts.iter().filter(counts_in).map(|(key, _)| *key).collect();
        features.sort_unstable();
        let number: FxHashMap<u32, u32> = features.iter().copied().zip(0..).collect();
        drop(counts);

        // Groups: a word in a place, a border in a place, a single feature of several words.
        let mut members = Rows::new();
        let mut group_of: FxHashMap<(u32, u8), u32> = FxHashMap::default();
        for (id, (word, uses)) in (0..).zip(words.iter().zip(&uses)) {
            for place in Place::ALL {
                if uses[place as usize] > 0 {
                    group_of.insert((id, place as u8), members.len() as u32);
                    let here = word.features.iter().filter(|(at, _)| *at == place);
                    members.push(here.filter_map(|(_, key)| number.get(key).copied()));
                }
            }
        }
        let mut border_of = [None; Place::ALL.len()];
        Analyser::border(|place, hash| {
            border_of[place as usize] = Some(members.len() as u32);
            members.push(number.get(&hash::key(hash)).copied());
        });
        let mut single: Vec<Option<u32>> = vec![None; features.len()];
        let mut groups = Rows::new();
        let mut row: Vec<u32> = Vec::new();
        for sentence in bounds.windows(2) {
            let ids = &forms.ids[sentence[0]..sentence[1]];
            let mut of_tokens: Vec<Vec<u32>> = vec![Vec::new(); ids.len()];
            each_place(ids.len(), |token, place, other| match other {
                Some(other) => of_tokens[token].push(group_of[&(ids[other], place as u8)]),
                None => of_tokens[token].extend(border_of[place as usize]),
            });
            for (token, of_token) in (sentence[0]..).zip(&of_tokens) {
                row.clear();
                row.extend(of_token);
                for feature in joint.row(token).iter().filter_map(|key| number.get(key)) {
                    row.push(*single[*feature as usize].get_or_insert_with(|| {
                        members.push([*feature]);
                        members.len() as u32 - 1
                    }));
                }
                groups.push(row.iter().copied());
            }
        }
        Corpus {
            tokens: groups.transposed(members.len()),
            holders: members.transposed(features.len()),
            features,
            groups,
            members,
            sentences: bounds,
        }
    }
}

/// Calls `each` with every token, every place seen from it, and the token that stands there; `None` where the place is
/// outside of the sentence (once a place, and for the near ones only).
pub(crate) fn each_place(len: usize, mut each: impl FnMut(usize, Place, Option<usize>)) {
    for token in 0..len {
        for place in Place::ALL {
            for &offset in place.offsets() {
                match token.checked_add_signed(offset).filter(|at| *at < len) {
                    Some(other) => each(token, place, Some(other)),
                    None if place.offsets().len() == 1 => each(token, place, None),
                    None => {}
                }
            }
        }
    }
}

/// The different forms of a text.
struct Forms<'a> {
    list: Vec<&'a str>,
    /// Form of each token.
    ids: Vec<u32>,
}

struct FormFeatures {
    word: Word,
    features: Vec<(Place, u32)>,
}

impl<'a> Forms<'a> {
    fn new(sentences: &[&'a Sentence]) -> Forms<'a> {
        let mut known: FxHashMap<&str, u32> = FxHashMap::default();
        let mut forms = Forms { list: Vec::new(), ids: Vec::new() };
        for token in sentences.iter().flat_map(|sentence| sentence.tokens()) {
            let id = *known.entry(token).or_insert_with(|| {
                forms.list.push(token);
                forms.list.len() as u32 - 1
            });
            forms.ids.push(id);
        }
        forms
    }

    fn analyse(&self, clusters: &Clusters) -> Vec<FormFeatures> {
        let analyse = |analyser: &mut Analyser, form: &&str| {
            let mut features = Vec::new();
            let word = analyser.word(form, clusters, |place, hash| features.push((place, hash::key(hash))));
            FormFeatures { word, features }
        };
        self.list.par_iter().map_init(Analyser::default, analyse).collect()
    }
}

/// Features of several words, token by token.
fn joint_features(bounds: &[usize], forms: &Forms<'_>, words: &[FormFeatures], names: &Names) -> Rows {
    let mut rows = Rows::new();
    let (mut joint, mut of_tokens) = (Joint::default(), Vec::<Vec<u32>>::new());
    for sentence in bounds.windows(2) {
        let sentence: Vec<Word> =
            forms.ids[sentence[0]..sentence[1]].iter().map(|id| words[*id as usize].word).collect();
        of_tokens.clear();
        of_tokens.resize_with(sentence.len(), Vec::new);
        joint.sentence(&sentence, names, |token, hash| of_tokens[token].push(hash::key(hash)));
        of_tokens.iter().for_each(|keys| rows.push(keys.iter().copied()));
    }
    rows
}
