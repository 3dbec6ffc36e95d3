//! The words of one side, interned with their views.

use rustc_hash::FxHashMap;
use xlner_core::text::fold;

use crate::bitext::Bitext;
use crate::spelling;
use crate::views::{Kind, VIEWS, prefix, stem};
use crate::{Model, TrainOptions};

/// Id of a word or view that is not known.
pub(crate) const UNKNOWN: u32 = u32::MAX;

/// A word as it is written in lower case.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    /// Form in lower-case Latin letters.
    pub folded: Box<str>,
    /// The letters of it as bits.
    pub letters: u64,
    pub kind: Kind,
    /// Id of each view; [`UNKNOWN`] where the vocabulary does not have it.
    pub views: [u32; VIEWS],
}

/// Words of one side. Ids count up from 0 in the order in which words were made known, in each view.
#[derive(Debug, Clone, Default)]
pub(crate) struct Vocabulary {
    /// Lower-cased forms.
    forms: FxHashMap<Box<str>, u32>,
    words: Vec<Word>,
    prefixes: [FxHashMap<Box<str>, u32>; VIEWS - 1],
}

impl Vocabulary {
    /// Id of the word, which is made known.
    pub fn intern(&mut self, token: &str) -> u32 {
        self.intern_lower(token.to_lowercase())
    }

    /// The same for a lower-cased form.
    fn intern_lower(&mut self, lower: String) -> u32 {
        if let Some(&id) = self.forms.get(lower.as_str()) {
            return id;
        }
        let mut word = plain(&lower);
        let id = self.words.len() as u32;
        word.views[0] = id;
        for view in 1..VIEWS {
            let ids = &mut self.prefixes[view - 1];
            let next = ids.len() as u32;
            let prefix = prefix(stem(&lower, &word.folded), view);
            word.views[view] = match ids.get(prefix) {
                Some(&id) => id,
                None => *ids.entry(prefix.into()).or_insert(next),
            };
        }
        self.words.push(word);
        self.forms.insert(lower.into_boxed_str(), id);
        id
    }

    /// The word, with as many of its views as are known.
    pub fn look_up(&self, token: &str) -> Word {
        let lower = token.to_lowercase();
        if let Some(&id) = self.forms.get(lower.as_str()) {
            return self.words[id as usize].clone();
        }
        let mut word = plain(&lower);
        for view in 1..VIEWS {
            word.views[view] =
                self.prefixes[view - 1].get(prefix(stem(&lower, &word.folded), view)).copied().unwrap_or(UNKNOWN);
        }
        word
    }

    pub fn word(&self, id: u32) -> &Word {
        &self.words[id as usize]
    }

    /// Id here of every word of another vocabulary; [`UNKNOWN`] where it is not known.
    pub fn ids(&self, other: &Vocabulary) -> Vec<u32> {
        other.forms().into_iter().map(|form| self.look_up_lower(form).unwrap_or(UNKNOWN)).collect()
    }

    /// Id of a lower-cased form.
    pub fn look_up_lower(&self, form: &str) -> Option<u32> {
        self.forms.get(form).copied()
    }

    /// Id of a view of a word; [`UNKNOWN`] where the word is.
    pub fn view(&self, id: u32, view: usize) -> u32 {
        self.words.get(id as usize).map_or(UNKNOWN, |word| word.views[view])
    }

    /// Number of words.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Number of ids of a view.
    pub fn view_len(&self, view: usize) -> usize {
        if view == 0 { self.words.len() } else { self.prefixes[view - 1].len() }
    }

    /// The words by id.
    pub fn words(&self) -> &[Word] {
        &self.words
    }

    /// A vocabulary of lower-cased forms and their words, as [`forms`](Self::forms) and [`words`](Self::words) gave
    /// them. `None` where they cannot be one.
    pub fn from_parts(forms: Vec<Box<str>>, words: Vec<Word>) -> Option<Vocabulary> {
        let mut vocabulary = Vocabulary { words, ..Vocabulary::default() };
        for (id, (form, word)) in forms.into_iter().zip(&vocabulary.words).enumerate() {
            for view in 1..VIEWS {
                let ids = &mut vocabulary.prefixes[view - 1];
                let next = ids.len() as u32;
                if *ids.entry(prefix(stem(&form, &word.folded), view).into()).or_insert(next) != word.views[view] {
                    return None;
                }
            }
            if word.views[0] != id as u32 || vocabulary.forms.insert(form, id as u32).is_some() {
                return None;
            }
        }
        Some(vocabulary)
    }

    /// The lower-cased forms by id.
    pub fn forms(&self) -> Vec<&str> {
        let mut forms = vec![""; self.words.len()];
        for (form, &id) in &self.forms {
            forms[id as usize] = form;
        }
        forms
    }
}

impl Word {
    /// A word of its lower-cased and its folded form.
    pub fn new(lower: &str, folded: Box<str>, views: [u32; VIEWS]) -> Word {
        Word { letters: spelling::letters(&folded), folded, kind: Kind::of(lower), views }
    }
}

/// The words of a text by side, lower-cased, and how often they occur. Counts of parts of a text add up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WordCounts {
    sides: [FxHashMap<Box<str>, u64>; 2],
}

impl WordCounts {
    /// The words of a bitext.
    pub fn of(bitext: &Bitext) -> WordCounts {
        let mut counts = [Vec::new(), Vec::new()];
        bitext.text.source.count(&mut counts[0]);
        bitext.text.target.count(&mut counts[1]);
        WordCounts::of_ids([&bitext.source, &bitext.target], counts)
    }

    /// The words of vocabularies, counted by id.
    pub(crate) fn of_ids(vocabularies: [&Vocabulary; 2], mut counts: [Vec<u64>; 2]) -> WordCounts {
        let side = |at: usize, counts: &mut Vec<u64>| {
            counts.resize(vocabularies[at].len(), 0);
            vocabularies[at].forms().into_iter().map(Box::from).zip(std::mem::take(counts)).collect()
        };
        let [source, target] = &mut counts;
        WordCounts { sides: [side(0, source), side(1, target)] }
    }

    /// Adds occurrences of a word of the target (or the source) side.
    pub fn add(&mut self, target: bool, word: &str, count: u64) {
        *self.sides[usize::from(target)].entry(word.to_lowercase().into()).or_default() += count;
    }

    /// Adds the words of another part of the text.
    pub fn merge(&mut self, other: &WordCounts) {
        for (own, other) in self.sides.iter_mut().zip(&other.sides) {
            other.iter().for_each(|(word, count)| *own.entry(word.clone()).or_default() += count);
        }
    }

    /// The words of the source, then those of the target side, in no order: whether of the target, form, count.
    pub fn iter(&self) -> impl Iterator<Item = (bool, &str, u64)> {
        let side = |at: usize| self.sides[at].iter().map(move |(word, count)| (at == 1, &**word, *count));
        side(0).chain(side(1))
    }
}

/// The words of both sides as a trainer numbers them: the most frequent first, of equally frequent ones by form.
#[derive(Debug, Clone)]
pub struct Vocabularies {
    pub(crate) source: Vocabulary,
    pub(crate) target: Vocabulary,
    /// Occurrences by word, of the source and the target side.
    pub(crate) counts: [Vec<u64>; 2],
}

impl Vocabularies {
    /// Id here of every word of the vocabularies of a text.
    pub(crate) fn ids(&self, text: [&Vocabulary; 2]) -> [Vec<u32>; 2] {
        [self.source.ids(text[0]), self.target.ids(text[1])]
    }

    /// The vocabularies of a text, the words of the dictionary and of the model to start from included.
    pub fn new(words: &WordCounts, options: &TrainOptions, start: Option<&Model>) -> Vocabularies {
        let known = |target: bool| {
            let of_start = start.map(|model| if target { &model.target } else { &model.source });
            let entries = options.dictionary.iter().map(move |(a, b)| if target { b } else { a });
            let of_dictionary = entries.flat_map(|entry| entry.split_whitespace()).map(str::to_lowercase);
            let of_start = of_start.map(Vocabulary::forms).unwrap_or_default().into_iter().map(str::to_owned);
            of_dictionary.chain(of_start)
        };
        let side = |target: bool| {
            let mut counts = words.sides[usize::from(target)].clone();
            known(target).for_each(|word| {
                counts.entry(word.into()).or_default();
            });
            let mut sorted: Vec<(Box<str>, u64)> = counts.into_iter().collect();
            sorted.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            let mut vocabulary = Vocabulary::default();
            let counts: Vec<u64> = sorted.iter().map(|(_, count)| *count).collect();
            sorted.into_iter().for_each(|(word, _)| {
                vocabulary.intern_lower(word.into());
            });
            (vocabulary, counts)
        };
        let ((source, source_counts), (target, target_counts)) = (side(false), side(true));
        Vocabularies { source, target, counts: [source_counts, target_counts] }
    }
}

/// A word without ids.
fn plain(lower: &str) -> Word {
    Word::new(lower, fold(lower).into_boxed_str(), [UNKNOWN; VIEWS])
}

/// Stands for a word that is not known at all: nothing is spelt like it.
pub(crate) fn stranger() -> Word {
    plain("")
}

#[cfg(test)]
pub(crate) fn word(token: &str) -> Word {
    plain(&token.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relatives_share_views() {
        let mut vocabulary = Vocabulary::default();
        let (a, b) = (vocabulary.intern("Parlament"), vocabulary.intern("parlamentes"));
        assert_ne!(a, b);
        assert_eq!(vocabulary.intern("PARLAMENT"), a);
        assert_eq!(vocabulary.word(a).views[1..], vocabulary.word(b).views[1..]);
        let unseen = vocabulary.look_up("Parlaments");
        assert_eq!(unseen.views[0], UNKNOWN);
        assert_eq!(unseen.views[1], vocabulary.word(a).views[1]);
        assert_eq!(vocabulary.forms(), ["parlament", "parlamentes"]);
        // Chinese characters are views, not their readings: 京 and 経 are read alike.
        let (a, b, c) = (vocabulary.intern("京都"), vocabulary.intern("京城"), vocabulary.intern("経済"));
        assert_eq!(vocabulary.word(a).views[3], vocabulary.word(b).views[3]);
        assert_ne!(vocabulary.word(a).views[2], vocabulary.word(b).views[2]);
        assert_ne!(vocabulary.word(a).views[3], vocabulary.word(c).views[3]);
    }
}
