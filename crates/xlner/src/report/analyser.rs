//! Sentence by sentence into an analysis.

use std::collections::{BTreeMap, HashSet};

use xlner_core::tags::{Scheme, encode};
use xlner_core::{Entity, Pair, Sentence, Span};
use xlner_eval::{EvalOptions, Evaluator, Resampling, TagId};

use super::analysis::{Analysis, Difference};
use super::excerpt::{self, Excerpt};
use super::sample::Sample;
use super::slices::{LabelConsistency, Seen};
use super::tally::{Forms, Tally, add, id, named};

/// A problem with a sentence: which system's it is (`None`: gold), and what is wrong.
pub type SentenceProblem = (Option<usize>, String);

/// Takes sentence after sentence of one or several systems.
pub struct Analyser {
    evaluator: Evaluator,
    tallies: Vec<Tally>,
    sentences: u64,
    tokens: u64,
    /// Gold entities by label; `None` while no sentence with gold has come.
    gold: Option<BTreeMap<String, u64>>,
    /// Forms of gold entities.
    forms: Forms,
    seen: Seen,
    differences: Sample<Difference>,
    different: u64,
}

impl Analyser {
    /// For systems of the given names; of each kind `examples` sentences are kept at most.
    pub fn new<S: AsRef<str>>(systems: &[S], examples: usize) -> Self {
        let named: Vec<(&str, Scheme)> = systems.iter().map(|name| (name.as_ref(), Scheme::Iob2)).collect();
        Analyser {
            evaluator: Evaluator::new(&EvalOptions::default(), Scheme::Iob2, &named),
            tallies: systems.iter().map(|name| Tally::new(name.as_ref(), examples)).collect(),
            sentences: 0,
            tokens: 0,
            gold: None,
            forms: Forms::new(),
            seen: Seen::earlier(),
            differences: Sample::new(examples),
            different: 0,
        }
    }

    /// Forms of entities that the systems have seen in training; figures are then told by these. Without, a form is seen where it is
    /// a gold entity of an earlier sentence.
    #[must_use]
    pub fn with_seen(mut self, forms: HashSet<String>) -> Self {
        self.seen = Seen::training(forms);
        self
    }

    /// Counts a sentence: of each system the pair whose target carries its predictions (a pair without source tokens
    /// where nothing is known of the source side), and the gold entities of the target, in all sentences or none.
    ///
    /// # Errors
    /// Where a target has no tokens, numbers of tokens differ, entities leave the sentence or overlap, links leave the
    /// pair, or gold is given for some sentences only: the system concerned (`None`: gold), and what is wrong. Nothing is counted then.
    ///
    /// # Panics
    /// Where the number of pairs is not that of the systems, or none.
    pub fn push(&mut self, pairs: &[Pair], gold: Option<&[Entity]>) -> Result<(), SentenceProblem> {
        assert_eq!(pairs.len(), self.tallies.len(), "one pair per system");
        if self.sentences > 0 && self.gold.is_some() != gold.is_some() {
            return Err((None, "gold entities are known of some sentences only; give all of them, or none".into()));
        }
        let len = pairs[0].target.len();
        let mut predictions = Vec::with_capacity(pairs.len());
        for (system, pair) in pairs.iter().enumerate() {
            let problem = |problem: String| (Some(system), problem);
            if !pair.target.is_tokenized() {
                return Err(problem(
                    "its target sentence has no tokens, and entities are token ranges; give it `tokens`".into(),
                ));
            }
            if pair.target.len() != len {
                let found = pair.target.len();
                return Err(problem(format!("{found} tokens, the first system has {len}; all need the same tokens")));
            }
            pair.validate().map_err(|error| problem(told(&error)))?;
            predictions.push(self.tags(&pair.target, &pair.target.entities).map_err(problem)?);
        }
        if let Some(gold) = gold {
            let tags = self.tags(&pairs[0].target, gold).map_err(|problem| (None, problem))?;
            self.evaluator.push(&tags, &predictions).map_err(|error| (None, error.to_string()))?;
            let counts = self.gold.get_or_insert_default();
            gold.iter().for_each(|entity| *counts.entry(entity.label.clone()).or_default() += 1);
            gold.iter().for_each(|entity| add(&mut self.forms, &pairs[0].target, entity));
        }
        self.sentences += 1;
        self.tokens += len as u64;
        for (tally, pair) in self.tallies.iter_mut().zip(pairs) {
            tally.push(self.sentences, pair, gold, &self.seen);
        }
        if let Some(gold) = gold {
            self.seen.pass(&pairs[0].target, gold);
        }
        if let Some(span) = first_difference(pairs) {
            self.different += 1;
            self.differences.offer(self.sentences, 0, || difference(self.sentences, pairs, gold, span));
        }
        Ok(())
    }

    /// The tokens of the last sentence are written otherwise by a system than in gold, though they are as many.
    pub fn add_other_tokens(&mut self, system: usize) {
        self.tallies[system].add_other_tokens();
    }

    /// The tags of entities.
    fn tags(&mut self, sentence: &Sentence, entities: &[Entity]) -> Result<Vec<TagId>, String> {
        let tags = encode(sentence.len(), entities, Scheme::Iob2).map_err(|error| error.to_string())?;
        tags.iter().map(|tag| self.evaluator.intern(tag, Scheme::Iob2).map_err(|error| error.to_string())).collect()
    }

    /// The analysis, under a heading.
    pub fn finish(self, title: &str, resampling: &Resampling) -> Analysis {
        let gold = self.gold.as_ref().map(|counts| counts.values().sum());
        let report = self.gold.is_some().then(|| self.evaluator.finish(resampling));
        let mut systems: Vec<_> = self.tallies.into_iter().map(|tally| tally.finish(gold)).collect();
        let (mut signature, mut comparisons) = (None, Vec::new());
        if let Some(report) = report {
            for (system, figures) in systems.iter_mut().zip(report.systems) {
                system.figures = Some(figures);
            }
            signature = Some(report.signature);
            comparisons = report.comparisons;
        }
        let title = title.to_owned();
        Analysis {
            title,
            sentences: self.sentences,
            tokens: self.tokens,
            gold: self.gold,
            signature,
            systems,
            comparisons,
            differences: self.differences.finish(),
            different: self.different,
            seen_in: gold.map(|_: u64| self.seen.place()),
            consistency: gold.map(|_| LabelConsistency::of(&self.forms)),
        }
    }
}

/// The first place where a system has another entity than the first system.
fn first_difference(pairs: &[Pair]) -> Option<Span> {
    let of = |pair: &Pair| {
        let mut list: Vec<(Span, String)> =
            pair.target.entities.iter().map(|entity| (entity.span, entity.label.clone())).collect();
        list.sort_unstable();
        list
    };
    let first = of(&pairs[0]);
    let others = pairs[1..].iter().map(of).filter(|other| *other != first);
    let place = |other: Vec<(Span, String)>| {
        let only =
            |a: &[(Span, String)], b: &[(Span, String)]| a.iter().find(|entity| !b.contains(entity)).map(|e| e.0);
        only(&first, &other).into_iter().chain(only(&other, &first)).min()
    };
    others.filter_map(place).min()
}

/// The versions of a sentence, cut round a place.
fn difference(number: u64, pairs: &[Pair], gold: Option<&[Entity]>, place: Span) -> Difference {
    let excerpt = Excerpt::around(&pairs[0], None, Some(place));
    let (pair, gold_entities) = excerpt.of(&pairs[0], gold);
    let target = &pairs[0].target;
    Difference {
        number,
        id: id(&pairs[0]),
        gold: gold.map(|gold| gold.iter().map(|entity| named(target, entity)).collect()),
        systems: pairs
            .iter()
            .map(|pair| pair.target.entities.iter().map(|e| named(&pair.target, e)).collect())
            .collect(),
        versions: pairs.iter().map(|pair| excerpt::entities(&pair.target.entities, &excerpt.target)).collect(),
        excerpt,
        pair,
        gold_entities,
    }
}

/// What is wrong with a pair; where a link leaves it, links may count from 1.
fn told(error: &xlner_core::Error) -> String {
    match error {
        xlner_core::Error::LinkOutOfRange { .. } => {
            format!("{error}; where links count tokens from 1, say so (option `one_based`)")
        }
        _ => error.to_string(),
    }
}
