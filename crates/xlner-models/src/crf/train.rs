//! Training.

use std::collections::BTreeSet;

use xlner_core::Sentence;

use super::chain::lanes;
use super::clusters::Clusters;
use super::corpus::Corpus;
use super::model::Model;
use super::names::{self, Names};
use super::objective::Objective;
use super::optimize::{Limits, minimize};
use super::prior::Prior;
use super::states::States;
use super::tagger::CrfTagger;
use super::weights::Weights;
use crate::{Error, Result};

/// A sentence to learn from.
#[derive(Debug, Clone, Copy)]
pub struct TrainingExample<'a> {
    /// Its entities are what is to be found.
    pub sentence: &'a Sentence,
    /// How much it counts, > 0; 1 is usual.
    pub weight: f64,
}

/// A list of names that are known before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameList {
    /// Its name, usually a label.
    pub name: String,
    /// The names; case does not matter. Names of more than 8 tokens are left out.
    pub entries: Vec<String>,
}

/// How a CRF is trained.
#[derive(Debug, Clone, PartialEq)]
pub struct CrfTrainOptions {
    /// Weight of the L1 norm, ≥ 0: the larger, the fewer features remain.
    pub l1: f64,
    /// Weight of the squared L2 norm, ≥ 0.
    pub l2: f64,
    /// Times that a feature must be seen, ≥ 1.
    pub min_count: u32,
    /// Iterations at most, ≥ 1.
    pub iterations: usize,
    /// Training ends where the objective falls by less than this share in ten iterations.
    pub tolerance: f64,
    /// Whether last and single tokens of entities are states of their own (IOBES); the tags remain those of IOB2.
    pub iobes: bool,
    /// Lists of names.
    pub names: Vec<NameList>,
    /// Clusters of words from raw text.
    pub clusters: Clusters,
    /// What the data is called, for [`CrfTagger::training`].
    pub data: String,
    /// The language of the data (BCP 47), which the model then tells; `None`: that of the model that training goes on from.
    pub lang: Option<String>,
}

impl Default for CrfTrainOptions {
    fn default() -> Self {
        CrfTrainOptions {
            l1: 0.05,
            l2: 0.2,
            min_count: 3,
            iterations: 100,
            tolerance: 2e-3,
            iobes: false,
            names: Vec::new(),
            clusters: Clusters::default(),
            data: String::new(),
            lang: None,
        }
    }
}

/// How far training is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Iteration {
    /// Number of the iteration, from 1.
    pub number: usize,
    /// Iterations at most.
    pub limit: usize,
    /// Value of the objective; it falls.
    pub objective: f64,
}

/// Figures of a training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Training {
    /// Features looked at.
    pub candidates: usize,
    /// Iterations made.
    pub iterations: usize,
    /// Final value of the objective.
    pub objective: f64,
}

impl CrfTagger {
    /// Learns from sentences, by maximum likelihood with L1 and L2 regularisation (OWL-QN). Same examples, same options: the
    /// same model, whatever the number of threads. `watch` is called after every iteration.
    ///
    /// Memory grows with the text: 2 to 3 kB a token.
    ///
    /// # Errors
    /// [`Error::Options`] for options out of range; [`Error::Sentence`] for a sentence that is not tokenised, has entities that
    /// overlap, or a weight that is no positive number; [`Error::Training`] where there is no entity.
    pub fn train(
        examples: &[TrainingExample<'_>],
        options: &CrfTrainOptions,
        watch: &mut dyn FnMut(Iteration),
    ) -> Result<(CrfTagger, Training)> {
        learn(None, examples, options, watch)
    }

    /// Goes on learning from other sentences: a tagger of a domain from a general one. Its weights are the mean of the prior of
    /// the new ones (Chelba and Acero 2004): L1 and L2 hold every weight close to what it was, the larger the closer, and what
    /// the sentences say nothing of stays. Labels that it does not know are added; its name lists and clusters stay its own.
    ///
    /// # Errors
    /// Those of [`train`](Self::train); [`Error::Options`] for name lists, clusters or IOBES that it was not trained with.
    pub fn adapt(
        &self,
        examples: &[TrainingExample<'_>],
        options: &CrfTrainOptions,
        watch: &mut dyn FnMut(Iteration),
    ) -> Result<(CrfTagger, Training)> {
        learn(Some(self.model()), examples, options, watch)
    }
}

/// Learns, from nothing or from a model on.
fn learn(
    model: Option<&Model>,
    examples: &[TrainingExample<'_>],
    options: &CrfTrainOptions,
    watch: &mut dyn FnMut(Iteration),
) -> Result<(CrfTagger, Training)> {
    options.check(model)?;
    let wrong = |index: usize, problem: String| Error::Sentence { index, problem };
    for (index, example) in examples.iter().enumerate() {
        if !example.sentence.is_tokenized() {
            return Err(wrong(index, "it is not tokenised; tokenise it first".into()));
        }
        if !(example.weight.is_finite() && example.weight > 0.0) {
            return Err(wrong(index, format!("its weight is {}; weights are greater than 0", example.weight)));
        }
    }
    let sentences: Vec<&Sentence> = examples.iter().map(|example| example.sentence).collect();
    let entities = sentences.iter().flat_map(|sentence| &sentence.entities);
    let mut labels: BTreeSet<&str> = entities.clone().map(|entity| entity.label.as_str()).collect();
    if labels.is_empty() {
        return Err(Error::Training("there is no entity to learn from; are these the files with the tags?".into()));
    }
    labels.extend(model.iter().flat_map(|model| model.states.labels()).map(String::as_str));
    let iobes = model.map_or(options.iobes, |model| model.states.iobes());
    let states = States::new(labels.iter().map(|label| (*label).to_owned()).collect(), iobes)?;
    let mut gold = Vec::new();
    for (index, sentence) in sentences.iter().enumerate() {
        gold.extend(states.of_sentence(sentence).map_err(|problem| wrong(index, problem))?);
    }
    let weights: Vec<f64> = examples.iter().map(|example| example.weight).collect();
    let lists = options.names.iter().map(|list| (list.name.as_str(), list.entries.as_slice()));
    let names = model.map_or_else(|| Names::new(lists), |model| model.names.clone());
    let clusters = model.map_or(&options.clusters, |model| &model.clusters);
    let prior = model.map(|model| Prior::new(model, &states));
    let known = prior.as_ref().map_or(&[][..], Prior::features);
    let corpus = Corpus::new(&sentences, &names, clusters, options.min_count, known);
    let mean = prior.as_ref().map_or_else(Vec::new, |prior| prior.weights(&corpus.features, &states));
    let mut objective = Objective::new(&corpus, &states, &gold, &weights, options.l2, &mean);

    let mut x = vec![0.0; objective.len()];
    let limits = Limits { iterations: options.iterations, decrease: options.tolerance };
    let found = minimize(
        &mut x,
        options.l1,
        limits,
        |x, gradient| objective.evaluate(x, gradient),
        |number, objective, _| {
            watch(Iteration { number, limit: options.iterations, objective });
            true
        },
    );

    x.iter_mut().zip(&mean).for_each(|(change, mean)| *change += mean);
    let (of_features, of_transitions) = x.split_at(objective.transitions());
    let (features, of_features) = match &prior {
        Some(prior) => prior.complete(&corpus.features, of_features),
        None => (corpus.features.clone(), of_features.to_vec()),
    };
    let rows = features.iter().copied().zip(of_features.chunks_exact(lanes(states.len())));
    let training = options.describe(sentences.len(), gold.len(), entities.count(), clusters.len());
    let lang = options.lang.clone().or_else(|| model.map(|model| model.lang.clone())).unwrap_or_default();
    let model = Model {
        lang,
        weights: Weights::new(rows),
        transitions: of_transitions.iter().map(|weight| *weight as f32).collect(),
        training: model.map_or(training.clone(), |model| format!("{training}; before: {}", model.training)),
        names,
        clusters: clusters.clone(),
        states,
    };
    // By way of its file, so that the tagger is the one that will be loaded.
    let tagger = CrfTagger::from_bytes(&model.to_bytes()).map_err(Error::Training)?;
    let figures = Training { candidates: corpus.features.len(), iterations: found.iterations, objective: found.value };
    Ok((tagger, figures))
}

impl CrfTrainOptions {
    /// Checks what can be checked before; `model` is what training goes on from.
    fn check(&self, model: Option<&Model>) -> Result<()> {
        let problem = if !(self.l1.is_finite() && self.l1 >= 0.0 && self.l2.is_finite() && self.l2 >= 0.0) {
            "the weights of L1 and L2 are numbers from 0 on".into()
        } else if self.min_count == 0 || self.iterations == 0 {
            "features are seen once and training takes one iteration at least".into()
        } else if !(self.tolerance.is_finite() && self.tolerance >= 0.0) {
            "the tolerance is a number from 0 on".into()
        } else if self.names.len() > names::MOST {
            format!("{} name lists are too many; {} is the most", self.names.len(), names::MOST)
        } else if model.is_some() && !(self.names.is_empty() && self.clusters.is_empty()) {
            "training that goes on from a model keeps its name lists and clusters: give them where that is trained"
                .into()
        } else if self.iobes && model.is_some_and(|model| !model.states.iobes()) {
            "the model that training goes on from knows IOB2, not IOBES: leave IOBES out".into()
        } else {
            return Ok(());
        };
        Err(Error::Options(problem))
    }

    fn describe(&self, sentences: usize, tokens: usize, entities: usize, clustered: usize) -> String {
        let names: Vec<String> =
            self.names.iter().map(|list| format!(" {} {}", list.name, list.entries.len())).collect();
        format!(
            "{}{}{sentences} sentences, {tokens} tokens, {entities} entities; l1 {} l2 {} min-count {} iterations {} \
             tolerance {} {}; names:{}; clustered words: {}",
            self.data,
            if self.data.is_empty() { "" } else { ": " },
            self.l1,
            self.l2,
            self.min_count,
            self.iterations,
            self.tolerance,
            if self.iobes { "iobes" } else { "iob2" },
            if names.is_empty() { " none".to_owned() } else { names.concat() },
            clustered,
        )
    }
}
