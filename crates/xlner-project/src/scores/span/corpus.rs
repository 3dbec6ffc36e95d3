//! What the whole corpus says of a token or a name: how frequent, how often unlinked, how often capitalised, tagged. All of it is
//! whole numbers, so that the counts of parts add up to those of the whole.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use xlner_core::{Pair, Posteriors, Sentence, Span, fixed};

use super::shape::Shape;
use xlner_core::text::fold;

/// What is known of a token as it is written.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    /// Form in lower-case Latin letters ([`fold`]).
    pub folded: Box<str>,
    pub shape: Shape,
    /// Statistics of the folded form: index into the forms.
    pub form: u32,
}

/// Counts of a folded form on one side.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Form {
    count: u64,
    /// Expected number of occurrences that the aligner explains by no word of the other side; a fixed-point number.
    unlinked: i64,
    /// Occurrences inside an entity (source side).
    tagged: u64,
}

/// One side of the corpus.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Counted", into = "Counted")]
pub(crate) struct Side {
    words: FxHashMap<Box<str>, u32>,
    pub entries: Vec<Word>,
    forms: Vec<Form>,
    form_ids: FxHashMap<Box<str>, u32>,
    tokens: u64,
    inner: u64,
    inner_capital: u64,
}

/// A side as it is stored: its words and forms in order.
#[derive(Serialize, Deserialize)]
struct Counted {
    words: Vec<Box<str>>,
    forms: Vec<Form>,
    tokens: u64,
    inner: u64,
    inner_capital: u64,
}

impl From<Side> for Counted {
    fn from(side: Side) -> Counted {
        let Side { words, forms, tokens, inner, inner_capital, .. } = side;
        let mut list: Vec<(Box<str>, u32)> = words.into_iter().collect();
        list.sort_unstable_by_key(|(_, id)| *id);
        Counted { words: list.into_iter().map(|(word, _)| word).collect(), forms, tokens, inner, inner_capital }
    }
}

impl From<Counted> for Side {
    fn from(counted: Counted) -> Side {
        let Counted { words, forms, tokens, inner, inner_capital } = counted;
        let mut side = Side { tokens, inner, inner_capital, ..Side::default() };
        words.iter().for_each(|word| {
            side.word(word);
        });
        side.forms.iter_mut().zip(forms).for_each(|(own, form)| *own = form);
        side
    }
}

impl Side {
    fn word(&mut self, token: &str) -> u32 {
        if let Some(&id) = self.words.get(token) {
            return id;
        }
        let folded = fold(token).into_boxed_str();
        let next = self.forms.len() as u32;
        let form = *self.form_ids.entry(folded.clone()).or_insert(next);
        if form == next {
            self.forms.push(Form::default());
        }
        let id = self.entries.len() as u32;
        self.entries.push(Word { folded, shape: Shape::of(token), form });
        self.words.insert(token.into(), id);
        id
    }

    /// The word of a token, if the corpus has it.
    pub fn find(&self, token: &str) -> Option<u32> {
        self.words.get(token).copied()
    }

    fn count(&mut self, sentence: &Sentence, unlinked: &[f32]) {
        for (at, token) in sentence.tokens().enumerate() {
            let word = self.word(token) as usize;
            let capital = self.entries[word].shape == Shape::Capital;
            let form = &mut self.forms[self.entries[word].form as usize];
            form.count += 1;
            form.unlinked += fixed::from_real(unlinked[at].into());
            self.tokens += 1;
            if at > 0 {
                self.inner += 1;
                self.inner_capital += u64::from(capital);
            }
            if sentence.entities.iter().any(|entity| entity.span.contains(at)) {
                form.tagged += 1;
            }
        }
    }

    /// Adds the counts of another part of the corpus.
    fn merge(&mut self, other: &Side) {
        // Several words may have one form: it is added with the first of them.
        let mut added = vec![false; other.forms.len()];
        for (token, &id) in &other.words {
            let word = self.word(token) as usize;
            let form = other.entries[id as usize].form as usize;
            if !std::mem::replace(&mut added[form], true) {
                let own = &mut self.forms[self.entries[word].form as usize];
                let Form { count, unlinked, tagged } = other.forms[form];
                own.count += count;
                own.unlinked += unlinked;
                own.tagged += tagged;
            }
        }
        self.tokens += other.tokens;
        self.inner += other.inner;
        self.inner_capital += other.inner_capital;
    }

    /// How much a form tells: 1 for one that occurs once, towards 0 for the most frequent. `1 - ln count / ln tokens`.
    pub fn weight(&self, form: u32) -> f32 {
        let count = self.forms[form as usize].count.max(1) as f32;
        (1.0 - count.ln() / (self.tokens.max(3) as f32).ln()).clamp(0.0, 1.0)
    }

    /// Share of the form's occurrences that no word of the other side explains, smoothed towards 0.2.
    pub fn unlinked_rate(&self, form: u32) -> f32 {
        let form = &self.forms[form as usize];
        (fixed::to_real(form.unlinked) as f32 + 0.4) / (form.count as f32 + 2.0)
    }

    /// How much a capital letter tells in this language: 1 where few words have one, towards 0 where nouns do (German).
    pub fn capital_information(&self) -> f32 {
        if self.inner == 0 {
            return 0.0;
        }
        (1.0 - 2.5 * self.inner_capital as f32 / self.inner as f32).max(0.0)
    }

    /// Share of the form's occurrences that are inside entities.
    pub fn tagged_rate(&self, form: u32) -> f32 {
        let form = &self.forms[form as usize];
        form.tagged as f32 / form.count.max(1) as f32
    }
}

/// Statistics of a corpus of pairs with source entities: what the features of a single candidate lean on. Those of parts add up.
///
/// Memory follows the vocabulary, not the number of pairs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Corpus {
    pub(crate) source: Side,
    pub(crate) target: Side,
    /// How often each folded entity is tagged with each label.
    labels: FxHashMap<String, BTreeMap<Box<str>, u64>>,
}

impl Corpus {
    /// Counts one pair. Both sentences must be tokenised, and the posteriors must be theirs.
    pub(crate) fn add(&mut self, pair: &Pair, posteriors: &Posteriors) {
        let mut source = vec![1.0f32; pair.source.len()];
        let mut target = vec![1.0f32; pair.target.len()];
        for cell in &posteriors.cells {
            source[cell.source as usize] -= cell.reverse;
            target[cell.target as usize] -= cell.forward;
        }
        let clip = |row: &mut Vec<f32>| row.iter_mut().for_each(|x| *x = x.max(0.0));
        clip(&mut source);
        clip(&mut target);
        self.source.count(&pair.source, &source);
        self.target.count(&pair.target, &target);
        for entity in &pair.source.entities {
            let row = self.labels.entry(folded_span(&pair.source, entity.span)).or_default();
            *row.entry(entity.label.as_str().into()).or_default() += 1;
        }
    }

    /// Adds the statistics of another part of the corpus.
    pub fn merge(&mut self, other: &Corpus) {
        self.source.merge(&other.source);
        self.target.merge(&other.target);
        for (form, labels) in &other.labels {
            let own = self.labels.entry(form.clone()).or_default();
            labels.iter().for_each(|(label, count)| *own.entry(label.clone()).or_default() += count);
        }
    }

    /// Whether the pair's words were counted.
    pub(crate) fn knows(&self, pair: &Pair) -> bool {
        let known = |side: &Side, sentence: &Sentence| sentence.tokens().all(|token| side.find(token).is_some());
        known(&self.source, &pair.source) && known(&self.target, &pair.target)
    }

    /// Share of the occurrences of an entity (by its folded form) that carry this label.
    pub(crate) fn label_agreement(&self, folded: &str, label: &str) -> f32 {
        let Some(row) = self.labels.get(folded) else { return 1.0 };
        let all: u64 = row.values().sum();
        row.get(label).map_or(0.0, |count| *count as f32 / all as f32)
    }
}

/// The folded forms of the tokens of a span, joined without a space.
pub(crate) fn folded_span(sentence: &Sentence, span: Span) -> String {
    span.range().map(|at| fold(sentence.token(at))).collect()
}
