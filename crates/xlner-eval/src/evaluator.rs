//! Entity metrics, sentence by sentence.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde::Serialize;
use xlner_core::tags::Scheme;

use crate::chunks::{self, Chunk};
use crate::error::{Error, Result};
use crate::options::{EvalOptions, Resampling};
use crate::resample::{self, Profile};
use crate::scores::{Scores, ratio};
use crate::semeval::{Counter, SemEval2013};
use crate::vocabulary::{TagId, Vocabulary};

/// The figures of all systems.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// What was compared and how; two evaluations with one signature can be compared.
    pub signature: String,
    /// Sentences.
    pub sentences: u64,
    /// Tokens.
    pub tokens: u64,
    /// One per system, in the order they were named.
    pub systems: Vec<Evaluation>,
    /// One per pair of systems; empty where randomisation is switched off.
    pub comparisons: Vec<Comparison>,
}

/// The figures of one system.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Name of the system.
    #[serde(skip)]
    pub name: String,
    /// Over all entities.
    pub micro: Scores,
    /// Mean over types.
    #[serde(rename = "macro")]
    pub macro_: Scores,
    /// Mean over types, weighted by support.
    pub weighted: Scores,
    /// By type: all that occur in gold or prediction.
    pub types: BTreeMap<String, Scores>,
    /// Tokens whose predicted tag is the gold tag, of all tokens.
    pub token_accuracy: f64,
    /// Mean over sentences of predicted / gold entities: 1 where a sentence has neither, and the number of predicted ones
    /// where it has predicted and no gold ones (division by 1).
    pub projection_ratio: f64,
    /// Bootstrap intervals; `None` where the bootstrap is switched off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ci95: Option<Intervals>,
    /// Scores with partial matches.
    pub semeval2013: SemEval2013,
    /// The same by type: of the gold and predicted entities of that type alone. All that occur in gold or prediction.
    pub semeval2013_types: BTreeMap<String, SemEval2013>,
    /// Malformed tags that were repaired.
    pub repaired: Repaired,
}

/// 95% confidence intervals: the 2.5th and 97.5th percentile of a bootstrap over sentences.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Intervals {
    /// Of micro F1: lower and upper end.
    pub f1: [f64; 2],
}

/// Tags with another prefix than the scheme of the file would have written for the entities read; 0 in strict mode.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Repaired {
    /// In the gold tags.
    pub gold: u64,
    /// In the predicted tags.
    pub predicted: u64,
}

/// Two systems compared by micro F1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Their names.
    pub systems: [String; 2],
    /// F1 of the first minus F1 of the second.
    pub f1_difference: f64,
    /// 95% bootstrap interval of the difference, the same sentences for both; `None` where the bootstrap is switched off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ci95: Option<[f64; 2]>,
    /// Two-sided p-value of paired approximate randomisation.
    pub p_value: f64,
}

/// Counts entities of one or several systems against gold, sentence by sentence.
pub struct Evaluator {
    vocabulary: Vocabulary,
    scheme: Scheme,
    sentences: u64,
    tokens: u64,
    /// Gold entities by label.
    support: Vec<u64>,
    gold_repaired: u64,
    systems: Vec<System>,
    profiles: FxHashMap<Profile, u64>,
    // Used again for every sentence.
    gold: Vec<Chunk>,
    predicted: Vec<Chunk>,
    profile: Vec<u32>,
}

struct System {
    name: String,
    scheme: Scheme,
    /// Predicted and correct entities by label.
    labels: Vec<[u64; 2]>,
    equal_tokens: u64,
    ratios: f64,
    semeval: Counter,
    /// By label.
    semeval_types: Vec<Counter>,
    repaired: u64,
}

impl Evaluator {
    /// Nothing counted yet, for gold tags of a scheme and for systems, each a name and the scheme of its tags.
    pub fn new<S: AsRef<str>>(options: &EvalOptions, gold: Scheme, systems: &[(S, Scheme)]) -> Self {
        Evaluator {
            vocabulary: Vocabulary::new(options, gold),
            scheme: gold,
            sentences: 0,
            tokens: 0,
            support: Vec::new(),
            gold_repaired: 0,
            systems: systems.iter().map(|(name, scheme)| System::new(name.as_ref(), *scheme)).collect(),
            profiles: FxHashMap::default(),
            gold: Vec::new(),
            predicted: Vec::new(),
            profile: Vec::new(),
        }
    }

    /// The number of a tag in a file of the given scheme (which matters for labels without prefix: only IO has them).
    ///
    /// # Errors
    /// [`Error::Tag`] where it is not a tag; [`Error::NotInScheme`] in strict mode.
    pub fn intern(&mut self, tag: &str, scheme: Scheme) -> Result<TagId> {
        self.vocabulary.intern(tag, scheme)
    }

    /// Counts a sentence: its gold tags, and those that each system predicts.
    ///
    /// # Errors
    /// [`Error::Length`] where a prediction has another number of tags than gold; nothing is counted then.
    ///
    /// # Panics
    /// Where the number of predictions is not that of the systems.
    pub fn push<P: AsRef<[TagId]>>(&mut self, gold: &[TagId], predictions: &[P]) -> Result<()> {
        assert_eq!(predictions.len(), self.systems.len(), "one prediction per system");
        if let Some(other) = predictions.iter().find(|tags| tags.as_ref().len() != gold.len()) {
            return Err(Error::Length { gold: gold.len(), predicted: other.as_ref().len() });
        }
        self.sentences += 1;
        self.tokens += gold.len() as u64;
        self.gold_repaired += chunks::read(gold, &self.vocabulary, self.scheme, &mut self.gold);
        let labels = self.vocabulary.labels().len();
        self.support.resize(labels, 0);
        for chunk in &self.gold {
            self.support[chunk.label as usize] += 1;
        }
        self.profile.clear();
        self.profile.push(self.gold.len() as u32);
        for (system, tags) in self.systems.iter_mut().zip(predictions) {
            let tags = tags.as_ref();
            system.repaired += chunks::read(tags, &self.vocabulary, system.scheme, &mut self.predicted);
            system.equal_tokens += gold.iter().zip(tags).filter(|(gold, tag)| gold == tag).count() as u64;
            system.labels.resize(labels, [0; 2]);
            system.semeval_types.resize_with(labels, Counter::default);
            let correct = system.count(&self.gold, &self.predicted);
            self.profile.extend([self.predicted.len() as u32, correct]);
        }
        match self.profiles.get_mut(self.profile.as_slice()) {
            Some(count) => *count += 1,
            None => drop(self.profiles.insert(self.profile.as_slice().into(), 1)),
        }
        Ok(())
    }

    /// Sentences counted so far.
    pub fn sentences(&self) -> u64 {
        self.sentences
    }

    /// The figures.
    pub fn finish(self, resampling: &Resampling) -> Report {
        let mut profiles: Vec<(Profile, u64)> =
            self.profiles.iter().map(|(key, count)| (key.clone(), *count)).collect();
        profiles.sort_unstable();
        let samples = match self.sentences {
            0 => Vec::new(),
            _ => resample::bootstrap(&profiles, self.systems.len(), resampling),
        };
        let interval = |figure: &dyn Fn(&Vec<f64>) -> f64| {
            (!samples.is_empty()).then(|| resample::interval95(samples.iter().map(figure).collect()))
        };
        let systems: Vec<Evaluation> = (self.systems.iter().enumerate())
            .map(|(index, system)| {
                let ci95 = interval(&|f1| f1[index]).map(|f1| Intervals { f1 });
                self.evaluation(system, ci95)
            })
            .collect();
        let mut comparisons = Vec::new();
        if resampling.randomization > 0 {
            for a in 0..systems.len() {
                for b in a + 1..systems.len() {
                    comparisons.push(Comparison {
                        systems: [a, b].map(|index| systems[index].name.clone()),
                        f1_difference: systems[a].micro.f1 - systems[b].micro.f1,
                        ci95: interval(&|f1| f1[a] - f1[b]),
                        p_value: resample::randomization(&profiles, (a, b), comparisons.len(), resampling),
                    });
                }
            }
        }
        let signature = self.signature(&systems, resampling);
        Report { signature, sentences: self.sentences, tokens: self.tokens, systems, comparisons }
    }

    fn evaluation(&self, system: &System, ci95: Option<Intervals>) -> Evaluation {
        let (mut types, mut semeval2013_types) = (BTreeMap::new(), BTreeMap::new());
        for (label, name) in self.vocabulary.labels().iter().enumerate() {
            let support = self.support.get(label).copied().unwrap_or(0);
            let [predicted, correct] = system.labels.get(label).copied().unwrap_or_default();
            if support + predicted > 0 {
                types.insert(name.clone(), Scores::new(support, predicted, correct));
                let counter = system.semeval_types.get(label).map(Counter::finish);
                semeval2013_types.extend(counter.map(|scores| (name.clone(), scores)));
            }
        }
        let sum = |count: fn(&Scores) -> u64| types.values().map(count).sum();
        Evaluation {
            name: system.name.clone(),
            micro: Scores::new(sum(|s| s.support), sum(|s| s.predicted), sum(|s| s.correct)),
            macro_: Scores::mean(types.values(), |_| 1.0),
            weighted: Scores::mean(types.values(), |scores| scores.support as f64),
            types,
            token_accuracy: ratio(system.equal_tokens as f64, self.tokens as f64),
            projection_ratio: ratio(system.ratios, self.sentences as f64),
            ci95,
            semeval2013: system.semeval.finish(),
            semeval2013_types,
            repaired: Repaired { gold: self.gold_repaired, predicted: system.repaired },
        }
    }

    /// `xlner-eval|mode:…|scheme:…|labels:…|ignore:…|map:…|bootstrap:…|randomization:…|seed:…|version:…`; parts that
    /// change no figure are left out.
    fn signature(&self, systems: &[Evaluation], resampling: &Resampling) -> String {
        let options = self.vocabulary.options();
        let mut parts = vec!["xlner-eval".to_owned(), format!("mode:{}", options.mode)];
        let mut part = |name: &str, value: String| parts.push(format!("{name}:{value}"));
        if let Some(scheme) = self.vocabulary.strict() {
            part("scheme", scheme.to_string());
        }
        let labels: std::collections::BTreeSet<&str> =
            systems.iter().flat_map(|system| system.types.keys()).map(String::as_str).collect();
        part("labels", labels.into_iter().collect::<Vec<_>>().join(","));
        if !options.ignore.is_empty() {
            part("ignore", options.ignore.iter().map(String::as_str).collect::<Vec<_>>().join(","));
        }
        if !options.map.is_empty() {
            part("map", options.map.iter().map(|(from, to)| format!("{from}={to}")).collect::<Vec<_>>().join(","));
        }
        if resampling.bootstrap > 0 {
            part("bootstrap", resampling.bootstrap.to_string());
        }
        if resampling.randomization > 0 && systems.len() > 1 {
            part("randomization", resampling.randomization.to_string());
        }
        if resampling.bootstrap > 0 || resampling.randomization > 0 && systems.len() > 1 {
            part("seed", resampling.seed.to_string());
        }
        part("version", env!("CARGO_PKG_VERSION").to_owned());
        parts.join("|")
    }
}

impl System {
    fn new(name: &str, scheme: Scheme) -> Self {
        System {
            name: name.to_owned(),
            scheme,
            labels: Vec::new(),
            equal_tokens: 0,
            ratios: 0.0,
            semeval: Counter::default(),
            semeval_types: Vec::new(),
            repaired: 0,
        }
    }

    /// Counts the entities of a sentence and returns how many are correct.
    fn count(&mut self, gold: &[Chunk], predicted: &[Chunk]) -> u32 {
        let mut correct = 0;
        let mut rest = gold;
        for chunk in predicted {
            let [all, right] = &mut self.labels[chunk.label as usize];
            *all += 1;
            rest = &rest[rest.partition_point(|gold| gold.start < chunk.start)..];
            if rest.first() == Some(chunk) {
                *right += 1;
                correct += 1;
            }
        }
        self.ratios += match (gold.len(), predicted.len()) {
            (0, 0) => 1.0,
            (gold, predicted) => predicted as f64 / gold.max(1) as f64,
        };
        self.semeval.push(gold, predicted);
        self.count_types(gold, predicted);
        correct
    }

    /// Counts the entities of each label by themselves, as `nervaluate` counts a type.
    fn count_types(&mut self, gold: &[Chunk], predicted: &[Chunk]) {
        if gold == predicted {
            for chunk in gold {
                let alone = std::slice::from_ref(chunk);
                self.semeval_types[chunk.label as usize].push(alone, alone);
            }
            return;
        }
        let mut labels: Vec<u32> = gold.iter().chain(predicted).map(|chunk| chunk.label).collect();
        labels.sort_unstable();
        labels.dedup();
        let of = |chunks: &[Chunk], label: u32| -> Vec<Chunk> {
            chunks.iter().filter(|chunk| chunk.label == label).copied().collect()
        };
        for label in labels {
            self.semeval_types[label as usize].push(&of(gold, label), &of(predicted, label));
        }
    }
}
