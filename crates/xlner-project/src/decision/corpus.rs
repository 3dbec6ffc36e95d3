//! What the corpus as a whole says of names: how often a form is seen, tagged, projected.

use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHasher};
use xlner_core::{Entity, Pair, Sentence, Span};

use super::spans::{by_span, marginals};

/// Tokens of the longest form that is counted.
const LONGEST: usize = 7;

/// Identity of a form: the hash of its tokens in lower case.
pub(crate) type FormId = u64;

/// A span and the probabilities of its labels, by number.
#[derive(Debug, Clone)]
pub(crate) struct Marginal {
    pub span: Span,
    pub form: FormId,
    pub labels: Vec<(u16, f32)>,
}

impl Marginal {
    /// Probability of a label.
    pub fn of(&self, label: u16) -> f32 {
        self.labels.iter().find(|(known, _)| *known == label).map_or(0.0, |(_, probability)| *probability)
    }

    /// Probability of any label.
    pub fn any(&self) -> f32 {
        self.labels.iter().map(|(_, probability)| probability).sum()
    }
}

/// A side of a pair made ready.
#[derive(Debug, Clone, Default)]
pub(crate) struct Side {
    /// Tokens in lower case.
    pub lower: Vec<String>,
    /// Possible entities by span; `None` where nobody gave an opinion.
    pub spans: Option<Vec<Marginal>>,
}

impl Side {
    pub fn at(&self, span: Span) -> Option<&Marginal> {
        self.spans.iter().flatten().find(|marginal| marginal.span == span)
    }
}

/// Form of a span.
pub(crate) fn form(lower: &[String], span: Span) -> FormId {
    lower[span.range()].iter().fold(0, |id, token| extend(id, hash(token)))
}

fn hash(token: &str) -> u64 {
    let mut hasher = FxHasher::default();
    token.hash(&mut hasher);
    hasher.finish()
}

fn extend(id: FormId, token: u64) -> FormId {
    (id.rotate_left(5) ^ token).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Counts of a form.
#[derive(Debug, Clone, Default)]
pub(crate) struct Form {
    /// Occurrences, and those whose first token begins with a small letter.
    pub seen: f32,
    pub small: f32,
    /// Probabilities that the tagger of this side gave, summed up by label.
    pub tagged: Vec<f32>,
    /// On the target side: probabilities of the entities projected there, summed up by label.
    pub projected: Vec<f32>,
}

impl Form {
    fn add(counts: &mut Vec<f32>, label: u16, probability: f32) {
        let at = usize::from(label);
        if counts.len() <= at {
            counts.resize(at + 1, 0.0);
        }
        counts[at] += probability;
    }

    /// A sum by label, and of all.
    pub fn of(counts: &[f32], label: u16) -> f32 {
        counts.get(usize::from(label)).copied().unwrap_or(0.0)
    }
}

/// A corpus made ready for the decision.
#[derive(Debug, Clone, Default)]
pub(crate) struct Corpus {
    /// The labels that numbers stand for.
    pub labels: Vec<String>,
    pub source: Vec<Side>,
    pub target: Vec<Side>,
    pub source_forms: FxHashMap<FormId, Form>,
    pub target_forms: FxHashMap<FormId, Form>,
    /// Scores of all projections, ascending.
    pub scores: Vec<f64>,
}

impl Corpus {
    /// Counts pairs whose source entities were handed over and projected. The target's probabilities, if any, are a
    /// tagger's opinion.
    pub fn new(pairs: &[Pair]) -> Corpus {
        let mut corpus = Corpus::default();
        for pair in pairs {
            let source = match &pair.source.probabilities {
                Some(probabilities) => marginals(probabilities),
                None => {
                    pair.source.entities.iter().map(|entity| Entity { score: Some(1.0), ..entity.clone() }).collect()
                }
            };
            let source = corpus.side(&pair.source, Some(source));
            let target = pair.target.probabilities.as_ref().map(marginals);
            let target = corpus.side(&pair.target, target);
            for marginal in source.spans.iter().flatten() {
                let form = corpus.source_forms.entry(marginal.form).or_default();
                marginal.labels.iter().for_each(|(label, p)| Form::add(&mut form.tagged, *label, *p));
            }
            for marginal in target.spans.iter().flatten() {
                let form = corpus.target_forms.entry(marginal.form).or_default();
                marginal.labels.iter().for_each(|(label, p)| Form::add(&mut form.tagged, *label, *p));
            }
            for entity in &pair.target.entities {
                corpus.scores.extend(entity.score);
                let form = corpus.target_forms.entry(form(&target.lower, entity.span)).or_default();
                let from = entity.from.and_then(|from| pair.source.entities.get(from));
                let marginal = from.and_then(|from| source.at(from.span));
                let labels = marginal.iter().flat_map(|marginal| &marginal.labels);
                labels.for_each(|(label, p)| Form::add(&mut form.projected, *label, *p));
            }
            corpus.source.push(source);
            corpus.target.push(target);
        }
        corpus.scores.sort_by(f64::total_cmp);
        for (at, pair) in pairs.iter().enumerate() {
            occurrences(&pair.source, &corpus.source[at].lower, &mut corpus.source_forms);
            occurrences(&pair.target, &corpus.target[at].lower, &mut corpus.target_forms);
        }
        corpus
    }

    /// Whether a tagger gave its opinion of the target side.
    pub fn has_target(&self) -> bool {
        self.target.iter().any(|side| side.spans.is_some())
    }

    fn side(&mut self, sentence: &Sentence, spans: Option<Vec<Entity>>) -> Side {
        let lower: Vec<String> = sentence.tokens().map(str::to_lowercase).collect();
        let spans = spans.map(|spans| {
            let numbered = by_span(spans).into_iter().map(|(span, labels)| Marginal {
                span,
                form: form(&lower, span),
                labels: labels.into_iter().map(|(label, p)| (self.number(label), p as f32)).collect(),
            });
            numbered.collect()
        });
        Side { lower, spans }
    }

    fn number(&mut self, label: String) -> u16 {
        let at = self.labels.iter().position(|known| *known == label).unwrap_or_else(|| {
            self.labels.push(label);
            self.labels.len() - 1
        });
        at as u16
    }
}

/// Counts the occurrences of forms that are known.
fn occurrences(sentence: &Sentence, lower: &[String], forms: &mut FxHashMap<FormId, Form>) {
    let hashes: Vec<u64> = lower.iter().map(|token| hash(token)).collect();
    for start in 0..hashes.len() {
        let small = sentence.token(start).chars().next().is_some_and(char::is_lowercase);
        let mut id = 0;
        for token in &hashes[start..hashes.len().min(start + LONGEST)] {
            id = extend(id, *token);
            if let Some(form) = forms.get_mut(&id) {
                form.seen += 1.0;
                form.small += f32::from(u8::from(small));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_counted_wherever_they_stand() {
        let mut pair = Pair {
            source: Sentence::from_tokens(["New", "York"]),
            target: Sentence::from_tokens(["new", "york", "New", "York"]),
            ..Pair::default()
        };
        pair.source.entities = vec![Entity::new(0..2, "LOC")];
        pair.target.entities = vec![Entity { from: Some(0), score: Some(2.0), ..Entity::new(2..4, "LOC") }];
        let corpus = Corpus::new(&[pair.clone(), pair]);
        let form = &corpus.target_forms[&form(&corpus.target[0].lower, Span::new(2, 4))];
        assert_eq!((form.seen, form.small, &form.projected[..]), (4.0, 2.0, &[2.0][..]));
        let form = corpus.source_forms.values().next().unwrap();
        assert_eq!((form.seen, &form.tagged[..]), (2.0, &[2.0][..]));
        assert_eq!(corpus.labels, ["LOC"]);
        assert!(!corpus.has_target());
    }
}
