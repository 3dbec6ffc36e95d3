//! The words of one side, interned with their views.

use rustc_hash::FxHashMap;
use xlner_core::text::fold;

use crate::spelling;
use crate::views::{Kind, VIEWS, prefix};

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

/// Words of one side. Ids count up from 0 in the order of first sight, in each view.
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
        let lower = token.to_lowercase();
        if let Some(&id) = self.forms.get(lower.as_str()) {
            return id;
        }
        let mut word = plain(&lower);
        let id = self.words.len() as u32;
        word.views[0] = id;
        for view in 1..VIEWS {
            let ids = &mut self.prefixes[view - 1];
            let next = ids.len() as u32;
            let prefix = prefix(&word.folded, view);
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
            word.views[view] = self.prefixes[view - 1].get(prefix(&word.folded, view)).copied().unwrap_or(UNKNOWN);
        }
        word
    }

    pub fn word(&self, id: u32) -> &Word {
        &self.words[id as usize]
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
            if word.views[0] != id as u32 || vocabulary.forms.insert(form, id as u32).is_some() {
                return None;
            }
            for view in 1..VIEWS {
                let ids = &mut vocabulary.prefixes[view - 1];
                let next = ids.len() as u32;
                if *ids.entry(prefix(&word.folded, view).into()).or_insert(next) != word.views[view] {
                    return None;
                }
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

/// A word without ids.
fn plain(lower: &str) -> Word {
    Word::new(lower, fold(lower).into_boxed_str(), [UNKNOWN; VIEWS])
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
    }
}
