//! Training to classify tokens.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use candle_core::Tensor;
use serde_json::{Map, Value};
use xlner_models::crf::TrainingExample;

use super::data::{Item, hash, items, joined};
use super::figures::{FineTuned, Step};
use super::folder;
use super::lora::Lora;
use super::model::{Dropout, Network, Packed};
use super::ops::Pass;
use super::options::FineTuneOptions;
use super::parameters::Parameters;
use super::task::Task;
use super::trainer::{Evaluate, Training, device};
use crate::nn::Tensors;
use crate::transformer::SubWordTokenizer;
use crate::transformer::config::{Config, Family};
use crate::transformer::language;
use crate::transformer::tagger::FUSION;
use crate::{Error, Result};

/// Trains the checkpoint in `init` to classify the tokens of `examples`, and keeps the result in the folder `output`, which
/// appears when training is done. With `evaluate` every epoch's model is measured, and the best kept. The same examples,
/// options and device give the same model, whatever the number of threads, and whether or not it was stopped between
/// checkpoints. Where `init` classifies tokens by all tags of the examples already, its head is trained on; else it gets a new
/// one.
///
/// # Errors
/// [`Error::Options`] for options out of range; [`Error::Sentence`] for a sentence that is not tokenised, has entities that
/// overlap, or a weight that is no positive number; [`Error::Training`] where there is no entity, or the loss is no number any
/// more; [`Error::Model`] and [`Error::File`] for what is wrong with `init`, `output` or the checkpoint; those of `evaluate`.
pub fn fine_tune(
    init: &Path,
    examples: &[TrainingExample<'_>],
    options: &FineTuneOptions,
    output: &Path,
    evaluate: Option<Evaluate<'_>>,
    watch: &mut dyn FnMut(Step),
) -> Result<FineTuned> {
    options.check()?;
    if options.patience.is_some() && evaluate.is_none() {
        return Err(Error::Options("patience needs dev sentences, by which an epoch is better or not".into()));
    }
    folder::replaceable(output)?;
    let mut training = begin(init, examples, options)?;
    let resumed = training.train(output, evaluate, watch)?;
    let (weights, state) = (training.weights(), training.state);
    Ok(FineTuned {
        epoch: state.best.map_or(state.history.len(), |(epoch, _)| epoch),
        classes: training.task.classes,
        weights,
        steps: state.step,
        resumed,
        history: state.history,
    })
}

fn begin<'a>(
    init: &'a Path,
    examples: &[TrainingExample<'_>],
    options: &'a FineTuneOptions,
) -> Result<Training<'a, Classify<'a>>> {
    let device = device(options)?;
    let (config, weights) = (Config::read(init)?, Tensors::open(init)?);
    let tokenizer = SubWordTokenizer::load(init)?;
    if options.freeze_layers.is_some_and(|layers| layers > config.layers) {
        return Err(Error::Options(format!("more layers are to be frozen than the {} there are", config.layers)));
    }
    let longest = options.max_length.unwrap_or(usize::MAX).min(config.longest());
    let (classes, old) = classes(examples, &config, &weights)?;
    let items = items(examples, &classes, &tokenizer, longest, options)?;
    let known = |item: &Item| item.windows.iter().flatten().all(|id| (*id as usize) < config.vocabulary);
    if !items.iter().all(known) {
        let problem = format!("the tokeniser gives sub-words beyond the {} that the model knows", config.vocabulary);
        return Err(Error::model(init, problem));
    }
    let freeze = if options.lora.is_some() { Some(usize::MAX) } else { options.freeze_layers };
    let mut parameters = Parameters::load(&config, &weights, freeze, &device)?;
    if let Some(lora) = &options.lora {
        lora.add(&config, &mut parameters, options.seed, &device)?;
    }
    let mut raw = folder::config(init)?;
    // That of `init` says nothing of what is learnt now.
    raw.remove(language::FIELD);
    if let Some(lang) = &options.lang {
        raw.insert(language::FIELD.into(), lang.as_str().into());
    }
    raw.remove(FUSION);
    if options.fusion {
        raw.insert(FUSION.into(), true.into());
    }
    if old {
        for (name, shape) in [("weight", vec![classes.len(), config.hidden]), ("bias", vec![classes.len()])] {
            let name = format!("classifier.{name}");
            let tensor = Tensor::from_vec(weights.tensor(&name, &shape)?, shape, &device)?;
            parameters.add(name, tensor, true)?;
        }
    } else {
        let shape = [classes.len(), config.hidden];
        parameters.add_random("classifier", shape, folder::deviation(&raw), options.seed, &device)?;
    }
    let dropout = Dropout::read(&config, &raw, init, options.dropout)?;
    let signature = signature(options, &weights, &classes, &items)?;
    let task = Classify { init, raw, classes, items, lora: options.lora.as_ref().map(|lora| (lora, config.family)) };
    Training::new(options, (config, dropout, parameters), device, task, &signature, None)
}

/// Sentences whose tokens have classes.
struct Classify<'a> {
    init: &'a Path,
    raw: Map<String, Value>,
    classes: Vec<String>,
    items: Vec<Item>,
    lora: Option<(&'a Lora, Family)>,
}

impl Task for Classify<'_> {
    fn rows(&self) -> Vec<usize> {
        self.items.iter().map(Item::rows).collect()
    }

    fn weight(&self, items: &[usize], _: u64) -> f64 {
        items.iter().map(|item| self.items[*item].weight).sum()
    }

    fn loss(&self, network: &Network<'_>, pass: &Pass, items: &[usize], _: u64, weight: f64) -> Result<Tensor> {
        let items: Vec<&Item> = items.iter().map(|item| &self.items[*item]).collect();
        let (windows, targets) = joined(&items, weight);
        let packed = Packed::new(network.config, &windows, network.device())?;
        Ok(pass.cross_entropy(&network.logits(pass, &packed)?, &targets)?)
    }

    fn write(&self, folder: &Path, tensors: BTreeMap<&str, &Tensor>) -> Result<()> {
        let config = folder::changed(self.raw.clone(), Some(folder::Head::Classes(&self.classes)));
        match self.lora {
            Some((lora, family)) => lora.write(folder, (self.init, &config, family), tensors),
            None => folder::write(folder, self.init, &config, tensors.into_iter(), &folder::Extras::default()),
        }
    }
}

/// The classes, and whether the model's own head knows them all.
fn classes(examples: &[TrainingExample<'_>], config: &Config, weights: &Tensors) -> Result<(Vec<String>, bool)> {
    for (index, example) in examples.iter().enumerate() {
        if !(example.weight.is_finite() && example.weight > 0.0) {
            let problem = format!("its weight is {}; weights are greater than 0", example.weight);
            return Err(Error::Sentence { index, problem });
        }
    }
    let entities = examples.iter().flat_map(|example| &example.sentence.entities);
    let labels: BTreeSet<&str> = entities.map(|entity| entity.label.as_str()).collect();
    if labels.is_empty() {
        return Err(Error::Training("there is no entity to learn from; are these the files with the tags?".into()));
    }
    let tags = labels.iter().flat_map(|label| [format!("B-{label}"), format!("I-{label}")]);
    let tags: Vec<String> = std::iter::once("O".to_owned()).chain(tags).collect();
    let head = weights.shape("classifier.weight") == Some(&[config.labels.len(), config.hidden])
        && weights.contains("classifier.bias");
    match head && tags.iter().all(|tag| config.labels.contains(tag)) {
        true => Ok((config.labels.clone(), true)),
        false => Ok((tags, false)),
    }
}

/// What the result depends on, in a few characters. Where a state is kept does not count.
fn signature(options: &FineTuneOptions, weights: &Tensors, classes: &[String], items: &[Item]) -> Result<String> {
    let counting = FineTuneOptions { checkpoint: None, checkpoint_steps: None, ..options.clone() };
    let mut data = crc32fast::Hasher::new();
    for item in items {
        item.windows.iter().for_each(|window| hash(&mut data, window));
        for target in &item.targets {
            for part in [target.row, target.class, target.weight.to_bits()] {
                data.update(&part.to_le_bytes());
            }
        }
    }
    let (data, checksum) = (data.finalize(), weights.checksum()?);
    Ok(format!("{counting:?} {checksum:08x} {data:08x} {}", classes.join(" ")))
}
