//! What the whole corpus says of a token or a name: how frequent, how often unlinked, how often capitalised, tagged.

use rustc_hash::FxHashMap;
use xlner_core::{Pair, Posteriors, Sentence, Span};

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
#[derive(Debug, Clone, Default)]
pub(crate) struct Form {
    count: f32,
    /// Expected number of occurrences that the aligner explains by no word of the other side.
    unlinked: f32,
    /// Occurrences inside an entity (source side).
    tagged: f32,
}

/// One side of the corpus.
#[derive(Debug, Clone, Default)]
pub(crate) struct Side {
    words: FxHashMap<Box<str>, u32>,
    pub entries: Vec<Word>,
    forms: Vec<Form>,
    form_ids: FxHashMap<Box<str>, u32>,
    tokens: f32,
    inner: f32,
    inner_capital: f32,
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
            form.count += 1.0;
            form.unlinked += unlinked[at];
            self.tokens += 1.0;
            if at > 0 {
                self.inner += 1.0;
                if capital {
                    self.inner_capital += 1.0;
                }
            }
            if sentence.entities.iter().any(|entity| entity.span.contains(at)) {
                form.tagged += 1.0;
            }
        }
    }

    /// How much a form tells: 1 for one that occurs once, towards 0 for the most frequent. `1 - ln count / ln tokens`.
    pub fn weight(&self, form: u32) -> f32 {
        let count = self.forms[form as usize].count.max(1.0);
        (1.0 - count.ln() / self.tokens.max(3.0).ln()).clamp(0.0, 1.0)
    }

    /// Share of the form's occurrences that no word of the other side explains, smoothed towards 0.2.
    pub fn unlinked_rate(&self, form: u32) -> f32 {
        let form = &self.forms[form as usize];
        (form.unlinked + 0.4) / (form.count + 2.0)
    }

    /// How much a capital letter tells in this language: 1 where few words have one, towards 0 where nouns do (German).
    pub fn capital_information(&self) -> f32 {
        if self.inner == 0.0 {
            return 0.0;
        }
        (1.0 - 2.5 * self.inner_capital / self.inner).max(0.0)
    }

    /// Share of the form's occurrences that are inside entities.
    pub fn tagged_rate(&self, form: u32) -> f32 {
        let form = &self.forms[form as usize];
        form.tagged / form.count.max(1.0)
    }
}

/// Statistics of a corpus of pairs with source entities: what the features of a single candidate lean on.
///
/// Memory follows the vocabulary, not the number of pairs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Corpus {
    pub(crate) source: Side,
    pub(crate) target: Side,
    /// How often each folded entity is tagged with each label.
    labels: FxHashMap<String, Vec<(Box<str>, f32)>>,
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
            match row.iter_mut().find(|(label, _)| **label == *entity.label) {
                Some((_, count)) => *count += 1.0,
                None => row.push((entity.label.as_str().into(), 1.0)),
            }
        }
    }

    /// Share of the occurrences of an entity (by its folded form) that carry this label.
    pub(crate) fn label_agreement(&self, folded: &str, label: &str) -> f32 {
        let Some(row) = self.labels.get(folded) else { return 1.0 };
        let all: f32 = row.iter().map(|(_, count)| count).sum();
        row.iter().find(|(name, _)| **name == *label).map_or(0.0, |(_, count)| count / all)
    }
}

/// The folded forms of the tokens of a span, joined without a space.
pub(crate) fn folded_span(sentence: &Sentence, span: Span) -> String {
    span.range().map(|at| fold(sentence.token(at))).collect()
}
