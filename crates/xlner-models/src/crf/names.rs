//! Name lists: which tokens of a sentence stand on which list.

use std::collections::BTreeMap;

use xlner_core::tokenize::tokenize;

use super::hash::{self, Filter, Table, join};
use super::words::{Analyser, Word};

/// Lists that a model can have; each takes a bit.
pub(crate) const MOST: usize = 7;
/// The bit that says that longer names begin so.
const PREFIX: u8 = 1 << MOST;
/// Tokens of a name, at most.
const LONGEST: usize = 8;
/// Hash of no token.
const EMPTY: u64 = 0x6E61_6D65;

/// Where in a name a token stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NamePart {
    Only,
    First,
    Middle,
    Last,
}

/// A token of a name that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Match {
    pub(crate) token: usize,
    pub(crate) list: u8,
    pub(crate) part: NamePart,
}

/// Names of all lists, by the hash of their lower-cased tokens.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Names {
    lists: Vec<String>,
    /// Sorted keys of names and of their beginnings, and what each is.
    keys: Vec<u32>,
    bits: Vec<u8>,
    /// The bits by key.
    table: Table,
    filter: Filter,
}

impl Names {
    /// Reads names into lists. Names are tokenised by our tokeniser; case does not matter.
    pub(crate) fn new<'a>(lists: impl IntoIterator<Item = (&'a str, &'a [String])>) -> Names {
        let mut of_lists = Vec::new();
        let mut all: BTreeMap<u32, u8> = BTreeMap::new();
        let mut analyser = Analyser::default();
        for (list, entries) in lists {
            let bit = 1 << of_lists.len();
            of_lists.push(list.to_owned());
            for name in entries {
                let tokens = tokenize(name, None);
                if tokens.is_empty() || tokens.len() > LONGEST {
                    continue;
                }
                let mut hash = EMPTY;
                for (at, token) in tokens.iter().enumerate() {
                    hash = join(hash, analyser.word(&name[token.clone()], &Default::default(), |_, _| ()).lower);
                    *all.entry(hash::key(hash)).or_default() |= if at + 1 == tokens.len() { bit } else { PREFIX };
                }
            }
        }
        let (keys, bits) = all.into_iter().unzip();
        Names::of(of_lists, keys, bits)
    }

    /// From what a file holds; `None` where that is inconsistent.
    pub(crate) fn from_parts(lists: Vec<String>, keys: Vec<u32>, bits: Vec<u8>) -> Option<Names> {
        let fits = lists.len() <= MOST && keys.len() == bits.len() && keys.is_sorted();
        let known = |bits: &u8| (bits & !PREFIX) >> lists.len() == 0;
        (fits && bits.iter().all(known)).then(|| Names::of(lists, keys, bits))
    }

    fn of(lists: Vec<String>, keys: Vec<u32>, bits: Vec<u8>) -> Names {
        let table = Table::new(keys.iter().copied().zip(bits.iter().map(|bits| (*bits).into())));
        Names { lists, filter: Filter::new(&keys), table, keys, bits }
    }

    pub(crate) fn lists(&self) -> &[String] {
        &self.lists
    }

    pub(crate) fn keys(&self) -> &[u32] {
        &self.keys
    }

    pub(crate) fn bits(&self) -> &[u8] {
        &self.bits
    }

    /// Finds the names in a sentence: of each list, from left to right, the longest that begins at a token and is not in
    /// one found before. Matches come token by token.
    pub(crate) fn find(&self, words: &[Word], matches: &mut Vec<Match>) {
        matches.clear();
        if self.lists.is_empty() {
            return;
        }
        let mut free = [0; MOST];
        for start in 0..words.len() {
            let mut longest = [0; MOST];
            let mut hash = EMPTY;
            for (len, word) in (1..).zip(&words[start..]) {
                hash = join(hash, word.lower);
                let key = hash::key(hash);
                if !self.filter.may_hold(key) {
                    break;
                }
                let Some(bits) = self.table.get(key).map(|bits| bits as u8) else { break };
                for (list, longest) in longest.iter_mut().enumerate() {
                    if bits & (1 << list) != 0 {
                        *longest = len;
                    }
                }
                if bits & PREFIX == 0 {
                    break;
                }
            }
            for (list, len) in longest.into_iter().enumerate() {
                if len == 0 || free[list] > start {
                    continue;
                }
                free[list] = start + len;
                for at in 0..len {
                    let part = match (at, at + 1 == len) {
                        (0, true) => NamePart::Only,
                        (0, false) => NamePart::First,
                        (_, false) => NamePart::Middle,
                        (_, true) => NamePart::Last,
                    };
                    matches.push(Match { token: start + at, list: list as u8, part });
                }
            }
        }
        matches.sort_by_key(|found| found.token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_of_each_list_is_found() {
        let places = ["New York".to_owned(), "York".to_owned(), "New York City".to_owned()];
        let people = ["York".to_owned()];
        let names = Names::new([("LOC", &places[..]), ("PER", &people[..])]);
        let mut analyser = Analyser::default();
        let mut find = |text: &str| {
            let words: Vec<Word> = text.split(' ').map(|t| analyser.word(t, &Default::default(), |_, _| ())).collect();
            let mut matches = Vec::new();
            names.find(&words, &mut matches);
            matches.iter().map(|m| (m.token, m.list, m.part)).collect::<Vec<_>>()
        };
        assert_eq!(
            find("in new york today"),
            [(1, 0, NamePart::First), (2, 0, NamePart::Last), (2, 1, NamePart::Only)]
        );
        let city = find("NEW YORK CITY");
        assert_eq!(city.iter().filter(|m| m.1 == 0).count(), 3);
        assert_eq!(find("new day"), []);
        let again = Names::from_parts(names.lists.clone(), names.keys.clone(), names.bits.clone());
        assert_eq!(again, Some(names.clone()));
        assert_eq!(Names::from_parts(vec![], names.keys.clone(), names.bits.clone()), None);
    }
}
