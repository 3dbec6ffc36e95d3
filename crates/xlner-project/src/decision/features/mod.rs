//! The features: what is known of a candidate. Each is one function.
//!
//! Probabilities come as log-odds, kept between those of 0.001 and 0.999. What cannot be known of a candidate is 0: the source's
//! side of one that only the target tagger found, the target tagger's where there is none.

mod corpus;
mod shape;
mod source;
mod target;

use xlner_core::{Entity, Pair, Span};

use super::corpus::{Corpus, Marginal, Side};

/// A candidate and all that is known around it.
pub struct View<'a> {
    pub(super) corpus: &'a Corpus,
    pub(super) pair: &'a Pair,
    pub(super) source: &'a Side,
    pub(super) target: &'a Side,
    pub(super) span: Span,
    pub(super) label: u16,
    /// The projection onto just this span.
    pub(super) projected: Option<Projected<'a>>,
    /// Where there is none: the likeliest projection of this label onto tokens of this span.
    pub(super) overlapping: Option<Projected<'a>>,
}

/// A projected entity.
#[derive(Clone, Copy)]
pub(super) struct Projected<'a> {
    /// Index among the target's entities.
    pub number: usize,
    pub entity: &'a Entity,
    /// Where it comes from.
    pub source: &'a Marginal,
}

impl<'a> View<'a> {
    pub(super) fn new(
        corpus: &'a Corpus,
        index: usize,
        pair: &'a Pair,
        projected: &[Projected<'a>],
        span: Span,
        label: u16,
    ) -> View<'a> {
        let on_it = projected.iter().find(|projected| projected.entity.span == span).copied();
        let near = projected.iter().filter(|other| on_it.is_none() && other.entity.span.overlaps(span));
        let overlapping =
            near.copied().reduce(|best, next| if next.source.of(label) > best.source.of(label) { next } else { best });
        View {
            corpus,
            pair,
            source: &corpus.source[index],
            target: &corpus.target[index],
            span,
            label,
            projected: on_it,
            overlapping,
        }
    }

    /// What a function makes of the projection; 0 where there is none.
    fn of_projection(&self, value: impl Fn(&Projected<'a>) -> f32) -> f32 {
        self.projected.as_ref().map_or(0.0, value)
    }

    /// The tokens of the candidate.
    fn tokens(&self) -> impl Iterator<Item = &'a str> + Clone {
        let pair = self.pair;
        self.span.range().map(move |token| pair.target.token(token))
    }
}

/// A feature.
pub struct Feature {
    /// Its name in files of weights.
    pub name: &'static str,
    /// What it says.
    pub about: &'static str,
    of: fn(&View<'_>) -> f32,
}

/// Values of all features.
pub(crate) type Row = [f32; FEATURES.len()];

/// Log-odds of a probability, which is kept between 0.001 and 0.999.
fn log_odds(probability: f32) -> f32 {
    let p = probability.clamp(1e-3, 1.0 - 1e-3);
    (p / (1.0 - p)).ln()
}

/// A share of counts, drawn a little towards a tenth.
fn share(part: f32, whole: f32) -> f32 {
    (part.max(0.0) + 0.02) / (whole.max(0.0) + 0.2)
}

/// All features of a candidate.
pub(super) fn row(view: &View<'_>) -> Row {
    std::array::from_fn(|at| (FEATURES[at].of)(view))
}

macro_rules! features {
    ($($name:literal $of:path, $about:literal;)*) => {
        /// All features, in the order of rows.
        pub const FEATURES: &[Feature] = &[$(Feature { name: $name, about: $about, of: $of }),*];
    };
}

features! {
    "projected" source::projected, "1 where a source entity is projected onto the span, else 0";
    "source" source::label, "probability of the source span with this label, by the source tagger";
    "source-any" source::any_label, "the same with any label";
    "source-rival" source::rival, "largest probability of this label on another source span that shares a token";
    "source-capitals" source::capitals, "share of the source entity's tokens that begin with a capital";
    "score" source::score, "matching score, up to 15, divided by 5";
    "score-rank" source::rank, "share of the corpus' projections with a lower score";
    "margin" source::margin, "logarithm of 1 + how much worse the best assignment without the match is";
    "equal" source::equal, "1 where both forms are equal but for case";
    "similar" source::similar, "similarity of the letters of both forms, from 0 to 1";
    "longer" source::longer, "logarithm of target tokens per source token, where there are more";
    "shorter" source::shorter, "the same of source tokens per target token";
    "overlap" source::overlap, "1 where the span shares tokens with a projection onto another span, and has none itself";
    "overlap-source" source::overlap_label, "probability of that projection's source span with this label";
    "target" target::label, "probability of the span with this label, by the cross-fitted target tagger";
    "target-any" target::any_label, "the same with any label";
    "target-rival" target::rival, "largest probability of this label on another target span that shares a token";
    "target-tokens" target::tokens, "mean probability of the span's tokens to be in an entity of this label";
    "target-outside" target::outside, "mean probability of the span's tokens to be in no entity";
    "source-form" corpus::source_form, "share of the source form's occurrences that the source tagger gives this label";
    "source-form-any" corpus::source_form_any, "the same with any label";
    "source-form-seen" corpus::source_form_seen, "logarithm of 1 + the source form's other occurrences";
    "target-form" corpus::target_form, "share of the target form's other occurrences with a projection of this label";
    "target-form-other" corpus::target_form_other, "the same with another label, this occurrence as well";
    "target-form-tagged" corpus::target_form_tagged, "share of the target form's occurrences that the target tagger gives this label";
    "target-form-seen" corpus::target_form_seen, "logarithm of 1 + the target form's other occurrences";
    "target-form-once" corpus::target_form_once, "1 where the target form occurs here only";
    "target-form-small" corpus::target_form_small, "share of the target form's occurrences that begin with a small letter";
    "capital-first" shape::capital_first, "1 where the first token begins with a capital";
    "capital-last" shape::capital_last, "1 where the last token does";
    "capitals" shape::capitals, "share of the tokens that do";
    "capitals-sentence" shape::capitals_sentence, "the same of the whole sentence";
    "capital-before" shape::capital_before, "1 where the token before does, unless it begins the sentence";
    "capital-behind" shape::capital_behind, "1 where the next token does";
    "sentence-start" shape::sentence_start, "1 where the span begins the sentence";
    "upper" shape::upper, "1 where it has more than one letter and all are capitals";
    "digit" shape::digit, "1 where it has a digit";
    "punctuation" shape::punctuation, "1 where one of its tokens has neither letter nor digit";
    "tokens-1" shape::one_token, "1 where it is one token";
    "tokens-2" shape::two_tokens, "1 where it is two tokens";
    "tokens-3" shape::three_tokens, "1 where it is three tokens";
    "letters" shape::letters, "logarithm of 1 + its characters";
    "person" shape::person, "1 for the label PER or PERSON";
    "location" shape::location, "1 for the label LOC, LOCATION or GPE";
    "organisation" shape::organisation, "1 for the label ORG or ORGANIZATION";
    "confidence" shape::confidence, "least confidence of a page's or recording's reader in its tokens; 0 without regions";
}

/// Whether a feature tells of the target tagger's opinion.
pub(super) fn is_of_target(name: &str) -> bool {
    matches!(name, "target" | "target-any" | "target-rival" | "target-tokens" | "target-outside" | "target-form-tagged")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use xlner_core::{LabelProbabilities, Sentence};

    fn spans(spans: &[(usize, usize, &str, f64)], len: usize) -> LabelProbabilities {
        let entity = |&(start, end, label, score): &(usize, usize, &str, f64)| Entity {
            score: Some(score),
            ..Entity::new(start..end, label)
        };
        LabelProbabilities {
            labels: vec!["O".into()],
            rows: vec![vec![1.0]; len],
            spans: spans.iter().map(entity).collect(),
        }
    }

    /// “Paul saw New York” and a translation: Paul (PER .9, ORG .05), New York (LOC .8), York alone (LOC .1).
    pub(in crate::decision) fn pair() -> Pair {
        let mut source = Sentence::from_tokens(["Paul", "saw", "New", "York"]);
        source.probabilities =
            Some(spans(&[(0, 1, "PER", 0.9), (0, 1, "ORG", 0.05), (2, 4, "LOC", 0.8), (3, 4, "LOC", 0.1)], 4));
        super::super::hand_over(&mut source);
        let mut target = Sentence::from_tokens(["Paulo", "aliona", "New", "York"]);
        target.probabilities = Some(spans(&[(0, 1, "PER", 0.5), (2, 4, "LOC", 0.7), (1, 4, "LOC", 0.2)], 4));
        let entity = |from, range: std::ops::Range<usize>, label| Entity {
            score: Some(5.0),
            margin: Some(1.0),
            from: Some(from),
            ..Entity::new(range, label)
        };
        target.entities = vec![entity(0, 0..1, "PER"), entity(1, 2..4, "LOC")];
        Pair { source, target, ..Pair::default() }
    }

    /// A feature of the candidates of the pair, among as many copies of it.
    pub(in crate::decision) fn value(name: &str, span: (usize, usize), label: &str, pair: Pair, copies: usize) -> f32 {
        let at = FEATURES.iter().position(|feature| feature.name == name).unwrap();
        let pool = super::super::Pool::new(&vec![pair; copies]);
        let found = pool
            .candidates
            .iter()
            .position(|candidate| candidate.span == Span::new(span.0, span.1) && pool.label(candidate.label) == label);
        pool.rows[found.expect("the candidate is in the pool")][at]
    }

    pub(in crate::decision) fn close(found: f32, expected: f32) {
        assert!((found - expected).abs() < 1e-4, "{found} is not {expected}");
    }

    #[test]
    fn names_are_unique() {
        for (at, feature) in FEATURES.iter().enumerate() {
            assert!(FEATURES[..at].iter().all(|other| other.name != feature.name), "{}", feature.name);
        }
    }
}
