//! Second pass: how the corpus projects each name, and which words start, end, or stand beside projections.

use rustc_hash::FxHashMap;

/// Identity of a folded text: two FNV-1a hashes would be no safer at the sizes of a corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TextId(u64);

impl TextId {
    /// The empty text.
    pub const EMPTY: TextId = TextId(0xcbf2_9ce4_8422_2325);

    /// The text with more behind it.
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
    /// Target forms: first, last, before, behind.
    pub edges: [Option<u32>; 4],
}

/// Expected counts of the first pass over a corpus.
#[derive(Debug, Clone, Default)]
pub(crate) struct Consistency {
    pairs: FxHashMap<(TextId, TextId), f32>,
    entities: FxHashMap<TextId, (f32, f32)>,
    candidates: FxHashMap<TextId, f32>,
    habits: Vec<Habit>,
}

impl Consistency {
    /// Adds the choices for one entity.
    pub fn count(&mut self, entity: TextId, choices: &[Choice]) {
        let mut projected = 0.0;
        for choice in choices {
            let p = choice.probability;
            projected += p;
            *self.pairs.entry((entity, choice.candidate)).or_default() += p;
            *self.candidates.entry(choice.candidate).or_default() += p;
            let [first, last, before, after] = choice.edges;
            self.habit_mut(first).starts += p;
            self.habit_mut(last).ends += p;
            self.habit_mut(before).before += p;
            self.habit_mut(after).after += p;
        }
        let entry = self.entities.entry(entity).or_default();
        entry.0 += 1.0;
        entry.1 += projected;
    }

    fn habit_mut(&mut self, form: Option<u32>) -> &mut Habit {
        let at = form.map_or(0, |form| form as usize + 1);
        if at >= self.habits.len() {
            self.habits.resize(at + 1, Habit::default());
        }
        &mut self.habits[at]
    }

    pub fn habit(&self, form: u32) -> Habit {
        self.habits.get(form as usize + 1).copied().unwrap_or_default()
    }

    /// Occurrences of the entity, and how many of them are projected.
    pub fn entity(&self, entity: TextId) -> (f32, f32) {
        self.entities.get(&entity).copied().unwrap_or_default()
    }

    /// Expected number of times the candidate is the projection of the entity.
    pub fn pair(&self, entity: TextId, candidate: TextId) -> f32 {
        self.pairs.get(&(entity, candidate)).copied().unwrap_or_default()
    }

    /// Expected number of times the candidate is a projection.
    pub fn candidate(&self, candidate: TextId) -> f32 {
        self.candidates.get(&candidate).copied().unwrap_or_default()
    }
}
