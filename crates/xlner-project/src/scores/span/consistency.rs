//! Second pass: how the corpus projects each name, and which words start, end, or stand beside projections.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use xlner_core::fixed;

/// Identity of a folded text: two FNV-1a hashes would be no safer at the sizes of a corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct TextId(u64);

impl TextId {
    /// The empty text.
    pub const EMPTY: TextId = TextId(0xcbf2_9ce4_8422_2325);

    /// The text with more after it.
    pub fn extend(self, text: &str) -> TextId {
        TextId(text.bytes().fold(self.0, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
    }
}

/// Beside which edge of projections a target form stands, in expected counts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Habit {
    pub starts: f32,
    pub before: f32,
    pub ends: f32,
    pub after: f32,
}

/// One candidate and its probability in the first pass, as [`Consistency`] counts it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice {
    pub candidate: TextId,
    pub probability: f32,
    /// Target forms: first, last, before, after.
    pub edges: [Option<u32>; 4],
}

/// Expected counts of the first pass over a corpus, as fixed-point numbers. Those of parts add up.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Counted", into = "Counted")]
pub struct Consistency {
    pairs: FxHashMap<(TextId, TextId), i64>,
    /// Occurrences, and how many of them are projected.
    entities: FxHashMap<TextId, (u64, i64)>,
    candidates: FxHashMap<TextId, i64>,
    /// By form, after those of no form at all: starts, before, ends, after.
    habits: Vec<[i64; 4]>,
}

/// The counts as they are stored: in order.
#[derive(Serialize, Deserialize)]
struct Counted {
    pairs: Vec<((TextId, TextId), i64)>,
    entities: Vec<(TextId, (u64, i64))>,
    candidates: Vec<(TextId, i64)>,
    habits: Vec<[i64; 4]>,
}

impl From<Consistency> for Counted {
    fn from(counts: Consistency) -> Counted {
        fn sorted<K: Ord, V: Ord>(map: FxHashMap<K, V>) -> Vec<(K, V)> {
            let mut list: Vec<(K, V)> = map.into_iter().collect();
            list.sort_unstable();
            list
        }
        let Consistency { pairs, entities, candidates, habits } = counts;
        Counted { pairs: sorted(pairs), entities: sorted(entities), candidates: sorted(candidates), habits }
    }
}

impl From<Counted> for Consistency {
    fn from(counted: Counted) -> Consistency {
        let Counted { pairs, entities, candidates, habits } = counted;
        Consistency {
            pairs: pairs.into_iter().collect(),
            entities: entities.into_iter().collect(),
            candidates: candidates.into_iter().collect(),
            habits,
        }
    }
}

impl Consistency {
    /// Adds the choices for one entity.
    pub(crate) fn count(&mut self, entity: TextId, choices: &[Choice]) {
        let mut projected = 0;
        for choice in choices {
            let p = fixed::from_real(choice.probability.into());
            projected += p;
            *self.pairs.entry((entity, choice.candidate)).or_default() += p;
            *self.candidates.entry(choice.candidate).or_default() += p;
            let [first, last, before, after] = choice.edges;
            for (kind, form) in [first, before, last, after].into_iter().enumerate() {
                self.habit_mut(form)[kind] += p;
            }
        }
        let entry = self.entities.entry(entity).or_default();
        entry.0 += 1;
        entry.1 += projected;
    }

    /// Adds the counts of another part of the corpus, made with the same statistics of words.
    pub fn merge(&mut self, other: &Consistency) {
        other.pairs.iter().for_each(|(key, p)| *self.pairs.entry(*key).or_default() += p);
        other.candidates.iter().for_each(|(key, p)| *self.candidates.entry(*key).or_default() += p);
        for (key, (count, projected)) in &other.entities {
            let own = self.entities.entry(*key).or_default();
            own.0 += count;
            own.1 += projected;
        }
        if self.habits.len() < other.habits.len() {
            self.habits.resize(other.habits.len(), [0; 4]);
        }
        for (own, other) in self.habits.iter_mut().zip(&other.habits) {
            own.iter_mut().zip(other).for_each(|(own, other)| *own += other);
        }
    }

    fn habit_mut(&mut self, form: Option<u32>) -> &mut [i64; 4] {
        let at = form.map_or(0, |form| form as usize + 1);
        if at >= self.habits.len() {
            self.habits.resize(at + 1, [0; 4]);
        }
        &mut self.habits[at]
    }

    pub(crate) fn habit(&self, form: u32) -> Habit {
        let counts = self.habits.get(form as usize + 1).copied().unwrap_or_default();
        let [starts, before, ends, after] = counts.map(|count| fixed::to_real(count) as f32);
        Habit { starts, before, ends, after }
    }

    /// Occurrences of the entity, and how many of them are projected.
    pub(crate) fn entity(&self, entity: TextId) -> (f32, f32) {
        let (count, projected) = self.entities.get(&entity).copied().unwrap_or_default();
        (count as f32, fixed::to_real(projected) as f32)
    }

    /// Expected number of times the candidate is the projection of the entity.
    pub(crate) fn pair(&self, entity: TextId, candidate: TextId) -> f32 {
        self.pairs.get(&(entity, candidate)).map_or(0.0, |count| fixed::to_real(*count) as f32)
    }

    /// Expected number of times the candidate is a projection.
    pub(crate) fn candidate(&self, candidate: TextId) -> f32 {
        self.candidates.get(&candidate).map_or(0.0, |count| fixed::to_real(*count) as f32)
    }
}
