//! Counts kept while sentences come by, for one system.

use std::collections::BTreeMap;

use xlner_core::{Entity, Pair, Sentence, Span};
use xlner_eval::Calibration;

use super::analysis::{
    Confusion, ErrorGroup, Example, Form, Frequent, Length, Named, ProjectionCounts, SystemAnalysis,
};
use super::classify::{self, ErrorClass, Finding};
use super::curve::Values;
use super::excerpt::{Excerpt, shortened};
use super::sample::Sample;
use super::slices::{LabelConsistency, Parts, Seen};

/// Lengths that are told apart; the last stands for all longer ones.
const LENGTHS: usize = 10;
/// Forms that are listed.
const FORMS: usize = 20;
/// Labels of which each pair is counted.
const LABELS: usize = 100;
/// Name of a reason that is not given.
const UNKNOWN: &str = "unknown";

/// Counts of one system.
pub struct Tally {
    name: String,
    examples: usize,
    predicted: BTreeMap<String, u64>,
    projection: ProjectionCounts,
    errors: BTreeMap<ErrorClass, Group>,
    /// By gold and predicted label; the empty label stands for no entity.
    confusion: BTreeMap<(String, String), u64>,
    score: Values,
    margin: Values,
    /// Probability of entities that have one, and whether they are right; only with gold.
    probabilities: Vec<(f64, bool)>,
    /// Gold, predicted, right.
    lengths: [[u64; 3]; LENGTHS],
    parts: Parts,
    missed: Forms,
    spurious: Forms,
    unprojected: Forms,
    /// Of all predicted entities.
    forms: Forms,
    sentences: Sample<Example>,
    unprojected_sentences: BTreeMap<&'static str, Sample<Example>>,
    other_tokens: u64,
}

/// How often, by form and label.
pub type Forms = BTreeMap<(String, String), u64>;

struct Group {
    count: u64,
    gold: u64,
    predicted: u64,
    labels: BTreeMap<String, [u64; 2]>,
    reasons: BTreeMap<&'static str, u64>,
    examples: Sample<Example>,
}

impl Tally {
    /// Nothing counted yet; of each kind, `examples` are kept at most.
    pub fn new(name: &str, examples: usize) -> Self {
        Tally {
            name: name.to_owned(),
            examples,
            predicted: BTreeMap::new(),
            projection: ProjectionCounts::default(),
            errors: BTreeMap::new(),
            confusion: BTreeMap::new(),
            score: Values::default(),
            margin: Values::default(),
            probabilities: Vec::new(),
            lengths: [[0; 3]; LENGTHS],
            parts: Parts::default(),
            missed: Forms::new(),
            spurious: Forms::new(),
            unprojected: Forms::new(),
            forms: Forms::new(),
            sentences: Sample::new(examples),
            unprojected_sentences: BTreeMap::new(),
            other_tokens: 0,
        }
    }

    /// The tokens of a sentence are written otherwise than in gold.
    pub fn add_other_tokens(&mut self) {
        self.other_tokens += 1;
    }

    /// Counts sentence `number`.
    pub fn push(&mut self, number: u64, pair: &Pair, gold: Option<&[Entity]>, seen: &Seen) {
        for entity in &pair.target.entities {
            add(&mut self.forms, &pair.target, entity);
            *self.predicted.entry(entity.label.clone()).or_default() += 1;
            self.lengths[length(entity.span)][1] += 1;
        }
        self.count_projection(number, pair, gold.is_none());
        match gold {
            Some(gold) => self.compare(number, pair, gold, seen),
            None => {
                for entity in &pair.target.entities {
                    self.score.push(entity.score, false);
                    self.margin.push(entity.margin, false);
                }
                if !pair.target.entities.is_empty() || !pair.source.entities.is_empty() {
                    self.sentences.offer(number, 0, || example(number, pair, None, None));
                }
            }
        }
    }

    fn compare(&mut self, number: u64, pair: &Pair, gold: &[Entity], seen: &Seen) {
        let predicted = &pair.target.entities;
        gold.iter().for_each(|entity| self.lengths[length(entity.span)][0] += 1);
        let comparison = classify::classify(pair, gold);
        let mut is_right = vec![false; predicted.len()];
        for &(g, p) in &comparison.right {
            is_right[p] = true;
            self.lengths[length(gold[g].span)][2] += 1;
            *self.confusion.entry((gold[g].label.clone(), gold[g].label.clone())).or_default() += 1;
        }
        let right: Vec<Span> = comparison.right.iter().map(|&(_, p)| predicted[p].span).collect();
        self.parts.push(&pair.target, gold, &right, seen);
        for (entity, &right) in predicted.iter().zip(&is_right) {
            self.score.push(entity.score, right);
            self.margin.push(entity.margin, right);
            let probability = entity.probability.filter(|probability| (0.0..=1.0).contains(probability));
            self.probabilities.extend(probability.map(|probability| (probability, right)));
        }
        for (index, finding) in comparison.findings.iter().enumerate() {
            self.add_finding(number, index, pair, gold, finding);
        }
        if comparison.findings.is_empty() && !gold.is_empty() {
            self.sentences.offer(number, 0, || example(number, pair, Some(gold), None));
        }
    }

    fn add_finding(&mut self, number: u64, index: usize, pair: &Pair, gold: &[Entity], finding: &Finding) {
        let limit = self.examples;
        let group = self.errors.entry(finding.class).or_insert_with(|| Group::new(limit));
        let (gold_entity, predicted) =
            (finding.gold.map(|g| &gold[g]), finding.predicted.map(|p| &pair.target.entities[p]));
        group.count += 1;
        if let Some(entity) = gold_entity {
            group.gold += 1;
            group.labels.entry(entity.label.clone()).or_default()[0] += 1;
            if finding.class.is_missed() {
                add(&mut self.missed, &pair.target, entity);
            }
        }
        if let Some(entity) = predicted {
            group.predicted += 1;
            group.labels.entry(entity.label.clone()).or_default()[1] += 1;
            if finding.class == ErrorClass::Spurious {
                add(&mut self.spurious, &pair.target, entity);
            }
        }
        if finding.class == ErrorClass::Unprojected {
            let reason = finding.reason.map_or(UNKNOWN, |reason| reason.as_str());
            *group.reasons.entry(reason).or_default() += 1;
        }
        group.examples.offer(number, index, || example(number, pair, Some(gold), Some(*finding)));
        let label = |entity: Option<&Entity>| entity.map_or_else(String::new, |entity| entity.label.clone());
        *self.confusion.entry((label(gold_entity), label(predicted))).or_default() += 1;
    }

    fn count_projection(&mut self, number: u64, pair: &Pair, browse: bool) {
        let sources = &pair.source.entities;
        if pair.source.is_empty() {
            return;
        }
        self.projection.pairs += 1;
        self.projection.aligned += u64::from(pair.alignment.is_some());
        self.projection.source_entities += sources.len() as u64;
        for (index, source) in sources.iter().enumerate() {
            if pair.target.entities.iter().any(|entity| entity.from == Some(index)) {
                self.projection.projected += 1;
                continue;
            }
            add(&mut self.unprojected, &pair.source, source);
            let given = pair.projection.iter().flat_map(|projection| &projection.unprojected);
            let reason = given.clone().find(|unprojected| unprojected.entity == index).map(|given| given.reason);
            let name = reason.map_or(UNKNOWN, |reason| reason.as_str());
            *self.projection.unprojected.entry(name).or_default() += 1;
            if browse {
                let limit = self.examples;
                let sample = self.unprojected_sentences.entry(name).or_insert_with(|| Sample::new(limit));
                let class = ErrorClass::Unprojected;
                let finding = Finding { class, gold: None, predicted: None, source: Some(index), reason };
                sample.offer(number, index, || example(number, pair, None, Some(finding)));
            }
        }
    }

    /// What was counted; the figures are still missing. `gold`: gold entities, where known.
    pub fn finish(self, gold: Option<u64>) -> SystemAnalysis {
        let lengths = self.lengths.iter().enumerate().map(|(index, &[in_gold, predicted, right])| Length {
            tokens: index + 1,
            gold: gold.map(|_| in_gold),
            predicted,
            right: gold.map(|_| right),
        });
        let errors = self.errors.into_iter().map(|(class, group)| ErrorGroup {
            class,
            count: group.count,
            gold: group.gold,
            predicted: group.predicted,
            labels: group.labels,
            reasons: group.reasons,
            examples: group.examples.finish(),
        });
        SystemAnalysis {
            attribution: None,
            calibration: (!self.probabilities.is_empty()).then(|| Calibration::new(&self.probabilities)),
            name: self.name,
            predicted: self.predicted,
            figures: None,
            projection: (self.projection.pairs > 0).then_some(self.projection),
            errors: errors.collect(),
            confusion: gold.map(|_| confusion(&self.confusion)),
            score: self.score.finish(gold),
            margin: self.margin.finish(gold),
            lengths: lengths.collect(),
            sentence_lengths: gold.map_or_else(Vec::new, |_| self.parts.sentence_lengths()),
            by_form: gold.map_or_else(Vec::new, |_| self.parts.forms()),
            consistency: LabelConsistency::of(&self.forms),
            frequent: Frequent {
                missed: top(self.missed),
                spurious: top(self.spurious),
                unprojected: top(self.unprojected),
                predicted: if gold.is_none() { top(self.forms) } else { Vec::new() },
            },
            sentences: self.sentences.finish(),
            unprojected: self.unprojected_sentences.into_iter().map(|(name, sample)| (name, sample.finish())).collect(),
            other_tokens: self.other_tokens,
        }
    }
}

impl Group {
    fn new(limit: usize) -> Self {
        let (labels, reasons) = (BTreeMap::new(), BTreeMap::new());
        Group { count: 0, gold: 0, predicted: 0, labels, reasons, examples: Sample::new(limit) }
    }
}

fn length(span: Span) -> usize {
    span.len().clamp(1, LENGTHS) - 1
}

/// Counts the form of an entity.
pub fn add(forms: &mut Forms, sentence: &Sentence, entity: &Entity) {
    *forms.entry((sentence.span_text(entity.span).to_owned(), entity.label.clone())).or_default() += 1;
}

fn top(forms: Forms) -> Vec<Form> {
    let mut forms: Vec<Form> = forms.into_iter().map(|((form, label), count)| Form { form, label, count }).collect();
    forms.sort_by_key(|form| std::cmp::Reverse(form.count));
    forms.truncate(FORMS);
    forms.iter_mut().for_each(|form| form.form = shortened(&form.form));
    forms
}

fn confusion(pairs: &BTreeMap<(String, String), u64>) -> Confusion {
    let mut by_label: BTreeMap<&str, u64> = BTreeMap::new();
    for ((gold, predicted), count) in pairs {
        for label in [gold, predicted].into_iter().filter(|label| !label.is_empty()) {
            *by_label.entry(label).or_default() += count;
        }
    }
    let mut labels: Vec<(&str, u64)> = by_label.into_iter().collect();
    let others = if labels.len() > LABELS { labels.len() - LABELS + 1 } else { 0 };
    if others > 0 {
        labels.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        labels.truncate(LABELS - 1);
        labels.sort_unstable();
    }
    let known = labels.len();
    let mut labels: Vec<String> = labels.into_iter().map(|(label, _)| label.to_owned()).collect();
    let place =
        |label: &str, labels: &[String]| match labels[..known].binary_search_by(|other| other.as_str().cmp(label)) {
            Ok(place) => place,
            Err(_) if label.is_empty() => known + usize::from(others > 0),
            Err(_) => known,
        };
    labels.extend((others > 0).then(|| format!("{others} other labels")));
    let mut counts = vec![vec![0; labels.len() + 1]; labels.len() + 1];
    for ((gold, predicted), count) in pairs {
        counts[place(gold, &labels)][place(predicted, &labels)] += count;
    }
    Confusion { labels, others, counts }
}

fn example(number: u64, pair: &Pair, gold: Option<&[Entity]>, finding: Option<Finding>) -> Example {
    let at = |sentence: &Sentence, index: Option<usize>| sentence.entities.get(index?).map(|entity| entity.span);
    let in_gold = finding.and_then(|f| Some(gold?.get(f.gold?)?.span));
    let in_target = in_gold.or(finding.and_then(|f| at(&pair.target, f.predicted)));
    let in_source = finding.and_then(|f| at(&pair.source, f.source));
    let excerpt = Excerpt::around(pair, in_source, in_target);
    let (part, gold_entities) = excerpt.of(pair, gold);
    Example {
        number,
        id: id(pair),
        gold: finding.and_then(|f| Some(named(&pair.target, gold?.get(f.gold?)?))),
        predicted: finding.and_then(|f| Some(named(&pair.target, pair.target.entities.get(f.predicted?)?))),
        source: finding.and_then(|f| Some(named(&pair.source, pair.source.entities.get(f.source?)?))),
        reason: finding.and_then(|f| f.reason).map(|reason| reason.as_str()),
        finding,
        excerpt,
        pair: part,
        gold_entities,
    }
}

/// An entity with its words.
pub fn named(sentence: &Sentence, entity: &Entity) -> Named {
    Named {
        start: entity.span.start,
        end: entity.span.end,
        label: entity.label.clone(),
        form: shortened(sentence.span_text(entity.span)),
    }
}

/// The id of a pair, or of its target sentence.
pub fn id(pair: &Pair) -> String {
    match (&*pair.id, pair.target.extra.get("id")) {
        ("", Some(serde_json::Value::String(id))) => id.clone(),
        (id, _) => id.to_owned(),
    }
}
