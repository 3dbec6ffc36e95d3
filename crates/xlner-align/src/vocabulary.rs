//! The words of one side, interned with their views.

use std::borrow::Cow;

use bytemuck::{Pod, Zeroable};
use rustc_hash::FxHashMap;
use xlner_core::text::fold;

use crate::bitext::Bitext;
use crate::column::Column;
use crate::spelling;
use crate::strings::{Index, Strings};
use crate::views::{Kind, VIEWS, prefix, stem};
use crate::{Model, TrainOptions};

/// Id of a word or view that is not known.
pub(crate) const UNKNOWN: u32 = u32::MAX;

/// A word as it is written in lower case.
#[derive(Debug, Clone)]
pub(crate) struct Word<'v> {
    /// Form in lower-case Latin letters, as UTF-8.
    pub folded: Cow<'v, [u8]>,
    /// The letters of it as bits.
    pub letters: u64,
    pub kind: Kind,
    /// Id of each view; [`UNKNOWN`] where the vocabulary does not have it.
    pub views: [u32; VIEWS],
}

/// What is known of a word besides its forms.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Facts {
    letters: u64,
    views: [u32; VIEWS],
    kind: u64,
}

/// Words of one side. Ids count up from 0 in the order in which words were made known, in each view.
#[derive(Debug, Clone, Default)]
pub(crate) struct Vocabulary {
    /// Lower-cased forms.
    pub forms: Index,
    pub folded: Strings,
    pub facts: Column<Facts>,
    /// Of the views after the first.
    pub prefixes: [Index; VIEWS - 1],
}

impl Vocabulary {
    /// Id of the word, which is made known.
    pub fn intern(&mut self, token: &str) -> u32 {
        self.intern_lower(&token.to_lowercase())
    }

    /// The same for a lower-cased form.
    fn intern_lower(&mut self, lower: &str) -> u32 {
        if let Some(id) = self.forms.find(lower.as_bytes()) {
            return id;
        }
        let id = self.forms.insert(lower.as_bytes());
        let folded = fold(lower);
        let mut views = [id; VIEWS];
        for (view, id) in views.iter_mut().enumerate().skip(1) {
            *id = self.prefixes[view - 1].insert(prefix(stem(lower, &folded), view).as_bytes());
        }
        let Word { folded, letters, kind, .. } = plain(lower, folded);
        self.folded.push(&folded);
        self.facts.to_mut().push(Facts { letters, views, kind: kind as u64 });
        id
    }

    /// The word, with as many of its views as are known.
    pub fn look_up(&self, token: &str) -> Word<'_> {
        let lower = token.to_lowercase();
        if let Some(id) = self.forms.find(lower.as_bytes()) {
            return self.word(id);
        }
        let folded = fold(&lower);
        let mut views = [UNKNOWN; VIEWS];
        for (view, id) in views.iter_mut().enumerate().skip(1) {
            let prefix = prefix(stem(&lower, &folded), view);
            *id = self.prefixes[view - 1].find(prefix.as_bytes()).unwrap_or(UNKNOWN);
        }
        Word { views, ..plain(&lower, folded) }
    }

    /// A known word.
    #[inline]
    pub fn word(&self, id: u32) -> Word<'_> {
        let Facts { letters, views, kind } = self.facts[id as usize];
        Word { folded: Cow::Borrowed(self.folded.get(id)), letters, kind: Kind::from_number(kind), views }
    }

    /// Id here of every word of another vocabulary; [`UNKNOWN`] where it is not known.
    pub fn ids(&self, other: &Vocabulary) -> Vec<u32> {
        (0..other.len() as u32).map(|id| self.forms.find(other.forms.strings.get(id)).unwrap_or(UNKNOWN)).collect()
    }

    /// Id of a lower-cased form.
    pub fn look_up_lower(&self, form: &str) -> Option<u32> {
        self.forms.find(form.as_bytes())
    }

    /// Id of a view of a word; [`UNKNOWN`] where the word is.
    pub fn view(&self, id: u32, view: usize) -> u32 {
        self.facts.get(id as usize).map_or(UNKNOWN, |facts| facts.views[view])
    }

    /// Ids of a view by word.
    pub fn views(&self, view: usize) -> impl Iterator<Item = u32> + '_ {
        self.facts.iter().map(move |facts| facts.views[view])
    }

    /// Number of words.
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// Number of ids of a view.
    pub fn view_len(&self, view: usize) -> usize {
        if view == 0 { self.len() } else { self.prefixes[view - 1].len() }
    }

    /// Whether the parts fit each other; those of a file may not.
    pub fn is_valid(&self) -> bool {
        let lens = std::array::from_fn::<_, VIEWS, _>(|view| self.view_len(view));
        let inside = |views: &[u32; VIEWS]| views.iter().zip(lens).all(|(id, len)| (*id as usize) < len);
        let numbered = (0..).zip(self.facts.iter()).all(|(id, facts)| facts.views[0] == id && inside(&facts.views));
        numbered && [self.forms.len(), self.folded.len()] == [self.len(); 2]
    }

    /// The lower-cased forms by id.
    pub fn forms(&self) -> impl Iterator<Item = &str> {
        let form = |id| std::str::from_utf8(self.forms.strings.get(id)).unwrap_or_default();
        (0..self.len() as u32).map(form)
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
            vocabularies[at].forms().map(Box::from).zip(std::mem::take(counts)).collect()
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
            let of_start = of_start.into_iter().flat_map(Vocabulary::forms).map(str::to_owned);
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
                vocabulary.intern_lower(&word);
            });
            (vocabulary, counts)
        };
        let ((source, source_counts), (target, target_counts)) = (side(false), side(true));
        Vocabularies { source, target, counts: [source_counts, target_counts] }
    }
}

/// A word without ids, of its lower-cased and its folded form.
fn plain(lower: &str, folded: String) -> Word<'static> {
    let letters = spelling::letters(folded.as_bytes());
    Word { folded: Cow::Owned(folded.into_bytes()), letters, kind: Kind::of(lower), views: [UNKNOWN; VIEWS] }
}

/// Stands for a word that is not known at all: nothing is spelt like it.
pub(crate) fn stranger() -> Word<'static> {
    plain("", String::new())
}

#[cfg(test)]
pub(crate) fn word(token: &str) -> Word<'static> {
    let lower = token.to_lowercase();
    plain(&lower, fold(&lower))
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
        assert_eq!(vocabulary.forms().collect::<Vec<_>>(), ["parlament", "parlamentes"]);
        assert!(vocabulary.is_valid());
        // Chinese characters are views, not their readings: 京 and 経 are read alike.
        let (a, b, c) = (vocabulary.intern("京都"), vocabulary.intern("京城"), vocabulary.intern("経済"));
        assert_eq!(vocabulary.word(a).views[3], vocabulary.word(b).views[3]);
        assert_ne!(vocabulary.word(a).views[2], vocabulary.word(b).views[2]);
        assert_ne!(vocabulary.word(a).views[3], vocabulary.word(c).views[3]);
    }
}
