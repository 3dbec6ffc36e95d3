//! What the features know of one word, wherever it stands.
//!
//! Everything that depends on the word alone is found once for each word and each place in which it can stand relative to
//! the token that is tagged ([`Place`]): training sums the weights of such a *group* once an iteration, tagging once a word.

use super::clusters::{Clusters, LEVELS};
use super::hash::{self, join};

/// Where a word stands, seen from the token that is tagged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Here,
    Before,
    After,
    Before2,
    After2,
    /// 3 to 5 tokens before.
    Left,
    /// 3 to 5 tokens after.
    Right,
}

impl Place {
    pub(crate) const ALL: [Place; 7] =
        [Place::Here, Place::Before, Place::After, Place::Before2, Place::After2, Place::Left, Place::Right];

    /// The tokens that stand there, as offsets.
    pub(crate) const fn offsets(self) -> &'static [isize] {
        match self {
            Place::Here => &[0],
            Place::Before => &[-1],
            Place::After => &[1],
            Place::Before2 => &[-2],
            Place::After2 => &[2],
            Place::Left => &[-3, -4, -5],
            Place::Right => &[3, 4, 5],
        }
    }
}

/// What is seen of a word; a template and a value make a feature.
#[derive(Debug, Clone, Copy)]
enum Template {
    Form,
    Lower,
    Digits,
    Prefix,
    Suffix,
    Piece,
    Shape,
    LongShape,
    Cluster,
    Case,
    Border,
}

/// What features of several words need of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word {
    /// Hash of the lower-cased form, digits as 0.
    pub(crate) lower: u64,
    /// Hash of the short shape: `Xx`, `X.X.`, `d-x`.
    pub(crate) shape: u64,
    /// Its clusters, from coarse to fine; 0 where it has none.
    pub(crate) clusters: [u16; LEVELS],
    /// Whether it begins with a capital letter, or its script has none.
    pub(crate) capital: bool,
    /// Whether it has a lower-case letter.
    pub(crate) small: bool,
    /// Whether it has a letter.
    pub(crate) letters: bool,
}

impl Word {
    /// What stands before the first and after the last token.
    pub(crate) const BORDER: Word =
        Word { lower: 1, shape: 1, clusters: [0; LEVELS], capital: false, small: false, letters: false };
}

/// Takes words apart; holds the buffers for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Analyser {
    lower: String,
    shape: String,
    long: String,
    ends: Vec<usize>,
}

/// Letters of prefixes and suffixes, at most.
const AFFIX: usize = 6;
/// Letters of pieces from the middle of a word.
const PIECE: std::ops::RangeInclusive<usize> = 3..=4;
/// Letters of a word that are looked at, at most; longer ones are addresses and the like.
const LONGEST: usize = 40;

impl Analyser {
    /// Takes a word apart, and hands the hashes of its features to `each`, place by place in the order of [`Place::ALL`].
    pub(crate) fn word(&mut self, form: &str, clusters: &Clusters, mut each: impl FnMut(Place, u64)) -> Word {
        self.read(form);
        let mut first = None;
        let (mut small, mut capitals, mut letters) = (false, 0, false);
        for c in form.chars() {
            first.get_or_insert(c);
            small |= c.is_lowercase();
            capitals += usize::from(c.is_uppercase());
            letters |= c.is_alphabetic();
        }
        let lower = hash::text(&self.lower);
        let seen = clusters.of(lower);
        let word = Word {
            lower,
            shape: hash::text(&self.shape),
            clusters: seen.clusters,
            capital: first.is_some_and(|c| c.is_uppercase() || c.is_alphabetic() && !c.is_lowercase()),
            small,
            letters,
        };
        let long = hash::text(&self.long);
        for place in Place::ALL {
            let mut put = |template, value| each(place, join(seed(place, template), value));
            let near = matches!(place, Place::Here | Place::Before | Place::After);
            put(Template::Lower, word.lower);
            if matches!(place, Place::Left | Place::Right) {
                put(Template::Cluster, join(LEVELS as u64 - 1, seen.clusters[LEVELS - 1].into()));
                continue;
            }
            put(Template::Shape, word.shape);
            for (level, cluster) in seen.clusters.iter().enumerate().filter(|(_, cluster)| **cluster != 0) {
                put(Template::Cluster, join(level as u64, (*cluster).into()));
            }
            if !near {
                continue;
            }
            put(Template::Form, hash::text(form));
            put(Template::LongShape, long);
            put(Template::Case, join(seen.case.into(), u64::from(word.capital) * 2 + u64::from(small)));
            let here = place == Place::Here;
            let letters = self.ends.len() - 1;
            for len in 1..=letters.min(if here { AFFIX } else { 3 }) {
                put(Template::Prefix, hash::text(&self.lower[..self.ends[len]]));
                put(Template::Suffix, hash::text(&self.lower[self.ends[letters - len]..]));
            }
            if here {
                put(Template::Digits, join(capitals.min(3) as u64, letters.min(12) as u64));
                for len in PIECE {
                    for start in 1..letters.saturating_sub(len) {
                        put(Template::Piece, hash::text(&self.lower[self.ends[start]..self.ends[start + len]]));
                    }
                }
            }
        }
        word
    }

    /// Hands over the features of a place that is outside of the sentence.
    pub(crate) fn border(mut each: impl FnMut(Place, u64)) {
        for place in [Place::Before, Place::After, Place::Before2, Place::After2] {
            each(place, join(seed(place, Template::Border), 0));
        }
    }

    /// Lower-cases a form and finds its shapes.
    fn read(&mut self, form: &str) {
        self.lower.clear();
        self.shape.clear();
        self.long.clear();
        self.ends.clear();
        self.ends.push(0);
        let mut last = None;
        for c in form.chars().take(LONGEST) {
            let kind = kind(c);
            self.long.push(kind);
            if last.replace(kind) != Some(kind) {
                self.shape.push(kind);
            }
            if kind == 'd' {
                self.lower.push('0');
                self.ends.push(self.lower.len());
            } else {
                for lower in c.to_lowercase() {
                    self.lower.push(lower);
                    self.ends.push(self.lower.len());
                }
            }
        }
    }
}

const fn seed(place: Place, template: Template) -> u64 {
    join(place as u64, template as u64)
}

/// The kind of a character: `X` capital, `x` small letter, `a` letter without case, `d` digit, else itself.
fn kind(c: char) -> char {
    if c.is_lowercase() {
        'x'
    } else if c.is_uppercase() {
        'X'
    } else if c.is_numeric() {
        'd'
    } else if c.is_alphabetic() {
        'a'
    } else {
        c
    }
}
