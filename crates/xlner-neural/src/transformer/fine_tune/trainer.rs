//! Training, step by step.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use candle_core::{Device, Tensor, Var};
use serde_json::{Map, Value};
use xlner_models::crf::Example;

use super::checkpoint::{self, State};
use super::data::{Item, batches, items};
use super::figures::{EpochFigures, FineTuned, Step};
use super::folder;
use super::model::{Dropout, Network, Packed};
use super::ops::{Pass, Target, mix};
use super::optimizer::{AdamW, norm, schedule};
use super::options::{FineTuneOptions, Products};
use super::parameters::Parameters;
use crate::nn::Weights;
use crate::transformer::SubWordTokenizer;
use crate::transformer::config::Config;
use crate::{Error, Result};

/// The loss is multiplied by this at first where products are in 16-bit floating point.
const SCALE: f32 = 65_536.0;
/// Steps without overflow until it is doubled.
const GROW: u64 = 2_000;

/// Measures a model, which lies in a folder: the larger, the better.
pub type Evaluate<'a> = &'a mut dyn FnMut(&Path) -> Result<f64>;

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
    examples: &[Example<'_>],
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
    let mut training = Training::new(init, examples, options)?;
    let resumed = training.resume()?;
    training.run(output, evaluate, watch)?;
    training.save(output, true)?;
    let count = |tensors: &mut dyn Iterator<Item = usize>| tensors.sum::<usize>();
    let parameters = &training.parameters;
    let all = count(&mut parameters.all().map(|(_, tensor)| tensor.elem_count()));
    let trained = count(&mut parameters.trained().map(|(_, var)| var.elem_count()));
    let state = training.state;
    Ok(FineTuned {
        epoch: state.best.map_or(state.history.len(), |(epoch, _)| epoch),
        classes: training.classes,
        weights: [all, trained],
        steps: state.step,
        resumed,
        history: state.history,
    })
}

struct Training<'a> {
    init: &'a Path,
    options: &'a FineTuneOptions,
    device: Device,
    config: Config,
    raw: Map<String, Value>,
    dropout: Dropout,
    classes: Vec<String>,
    parameters: Parameters,
    items: Vec<Item>,
    adam: AdamW,
    state: State,
    /// The trained weights of the best epoch.
    best: Option<Vec<Tensor>>,
}

impl<'a> Training<'a> {
    fn new(init: &'a Path, examples: &[Example<'_>], options: &'a FineTuneOptions) -> Result<Training<'a>> {
        let device = options.device.open()?;
        if device.is_cpu() && options.products != Products::F32 {
            return Err(Error::Options("the CPU trains in f32; bf16 and f16 are for a GPU".into()));
        }
        let config = Config::read(init)?;
        let weights = Weights::open(init)?;
        let tokenizer = SubWordTokenizer::load(init)?;
        if options.freeze_layers.is_some_and(|layers| layers > config.layers) {
            return Err(Error::Options(format!("more layers are to be frozen than the {} there are", config.layers)));
        }
        let longest = options.max_length.unwrap_or(usize::MAX).min(config.longest());
        let (classes, old) = classes(examples, &config, &weights)?;
        let items = items(examples, &classes, &tokenizer, longest, options)?;
        let known = |item: &Item| item.windows.iter().flatten().all(|id| (*id as usize) < config.vocabulary);
        if !items.iter().all(known) {
            let problem =
                format!("the tokeniser gives sub-words beyond the {} that the model knows", config.vocabulary);
            return Err(Error::model(init, problem));
        }
        let mut parameters = Parameters::load(&config, &weights, options.freeze_layers, &device)?;
        let raw = folder::config(init)?;
        if old {
            for (name, shape) in [("weight", vec![classes.len(), config.hidden]), ("bias", vec![classes.len()])] {
                let name = format!("classifier.{name}");
                let tensor = Tensor::from_vec(weights.tensor(&name, &shape)?, shape, &device)?;
                parameters.add(name, tensor, true)?;
            }
        } else {
            let deviation = raw.get("initializer_range").and_then(Value::as_f64).unwrap_or(0.02);
            let shape = [classes.len(), config.hidden];
            parameters.add_random("classifier", shape, deviation, options.seed, &device)?;
        }
        let mut dropout = Dropout::of(&config, &Value::Object(raw.clone()))
            .map_err(|problem| Error::model(&init.join("config.json"), problem))?;
        if let Some(share) = options.dropout {
            dropout = Dropout { hidden: share, attention: share, classifier: share };
        }
        let adam = AdamW::new(&variables(&parameters), options.weight_decay)?;
        let signature = signature(options, &weights, &classes, &items)?;
        let state = State { signature, scale: SCALE, ..State::default() };
        Ok(Training {
            init,
            options,
            device,
            config,
            raw,
            dropout,
            classes,
            parameters,
            items,
            adam,
            state,
            best: None,
        })
    }

    /// Goes on from the checkpoint, where there is one; at which step.
    fn resume(&mut self) -> Result<Option<u64>> {
        let Some(folder) = &self.options.checkpoint else { return Ok(None) };
        let Some((state, tensors)) = checkpoint::read(folder, &self.state.signature)? else { return Ok(None) };
        self.parameters.set(folder, &|name| tensors.get(&format!("value/{name}")).cloned())?;
        let kept = |kind: &str, name: &str| {
            let missing = || Error::model(folder, format!("{kind} of {name} is missing in the checkpoint"));
            tensors.get(&format!("{kind}/{name}")).cloned().ok_or_else(missing)
        };
        let names: Vec<&str> = self.parameters.trained().map(|(name, _)| name).collect();
        let moments = names.iter().map(|name| Ok([kept("mean", name)?, kept("square", name)?]));
        self.adam.restore(state.updates, moments.collect::<Result<_>>()?)?;
        if state.best.is_some() {
            self.best = Some(names.iter().map(|name| kept("best", name)).collect::<Result<_>>()?);
        }
        self.state = state;
        Ok(Some(self.state.step))
    }

    fn keep(&mut self) -> Result<()> {
        let Some(folder) = &self.options.checkpoint else { return Ok(()) };
        self.state.updates = self.adam.steps();
        let moments = self.adam.moments(&variables(&self.parameters))?;
        let mut tensors = BTreeMap::new();
        for (index, (name, var)) in self.parameters.trained().enumerate() {
            let [mean, square] = &moments[index];
            tensors.insert(format!("value/{name}"), var.as_tensor().detach());
            tensors.insert(format!("mean/{name}"), mean.clone());
            tensors.insert(format!("square/{name}"), square.clone());
            if let Some(best) = &self.best {
                tensors.insert(format!("best/{name}"), best[index].clone());
            }
        }
        checkpoint::write(folder, &self.state, &tensors)
    }

    /// Steps of an epoch.
    fn epoch_steps(&self) -> u64 {
        self.items.len().div_ceil(self.options.batch_size).div_ceil(self.options.gradient_accumulation) as u64
    }

    fn run(&mut self, output: &Path, mut evaluate: Option<Evaluate<'_>>, watch: &mut dyn FnMut(Step)) -> Result<()> {
        let options = self.options;
        let per_epoch = self.epoch_steps();
        let steps = per_epoch * options.epochs as u64;
        let lengths: Vec<usize> = self.items.iter().map(Item::rows).collect();
        while self.state.step < steps && !self.exhausted() {
            let epoch = self.state.step / per_epoch;
            let seed = options.shuffle.then(|| mix(options.seed, epoch));
            let lengths = options.group_by_length.then_some(&lengths[..]);
            let order = batches(self.items.len(), options.batch_size, seed, lengths);
            let groups = order.chunks(options.gradient_accumulation);
            for group in groups.skip((self.state.step % per_epoch) as usize) {
                let step = self.step(group, steps)?;
                self.state.loss += step.loss;
                watch(step);
                let due = options.checkpoint_steps.is_some_and(|every| step.step % every == 0);
                if due && step.step % per_epoch != 0 {
                    self.keep()?;
                }
            }
            self.end_epoch(output, evaluate.as_mut())?;
            self.keep()?;
        }
        Ok(())
    }

    /// Whether no epoch was better for as long as patience lasts.
    fn exhausted(&self) -> bool {
        let since = self.state.best.map(|(epoch, _)| self.state.history.len() - epoch);
        self.options.patience.is_some_and(|patience| since.is_some_and(|since| since >= patience))
    }

    fn end_epoch(&mut self, output: &Path, evaluate: Option<&mut Evaluate<'_>>) -> Result<()> {
        let dev = match evaluate {
            None => None,
            Some(evaluate) => {
                // Beside the output, which is on a disk that has room for it.
                let parent = output.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
                let folder = tempfile::Builder::new().prefix(".dev.").tempdir_in(parent);
                let folder = folder.map_err(|problem| Error::file(parent, problem))?;
                let folder = folder.path().join("model");
                self.save(&folder, false)?;
                Some(evaluate(&folder)?)
            }
        };
        let epoch = self.state.history.len() + 1;
        let loss = self.state.loss / self.epoch_steps() as f64;
        self.state.history.push(EpochFigures { epoch, loss, dev });
        self.state.loss = 0.0;
        if let Some(dev) = dev
            && self.state.best.is_none_or(|(_, best)| dev > best)
        {
            self.state.best = Some((epoch, dev));
            let copies = self.parameters.trained().map(|(_, var)| var.as_tensor().detach().copy());
            self.best = Some(copies.collect::<candle_core::Result<_>>()?);
        }
        Ok(())
    }

    /// One step over several batches.
    fn step(&mut self, group: &[Vec<usize>], steps: u64) -> Result<Step> {
        let (options, number) = (self.options, self.state.step);
        if !self.device.is_cpu() {
            self.device.set_seed(mix(options.seed, number) & 0x7fff_ffff)?;
        }
        let weight: f64 = group.iter().flatten().map(|item| self.items[*item].weight).sum();
        let scale = if options.products == Products::F16 { self.state.scale } else { 1.0 };
        let (mut loss, mut gradients) = (0.0, Vec::new());
        for (at, batch) in group.iter().enumerate() {
            let seed = mix(mix(options.seed, 0x4452_4f50), number * options.gradient_accumulation as u64 + at as u64);
            let (of_batch, grads) = self.gradients(batch, weight, scale, seed)?;
            loss += of_batch;
            add(&mut gradients, grads)?;
        }
        let norm = norm(&gradients)? / f64::from(scale);
        let rate = options.learning_rate * schedule(number, options.warmup_steps(steps), steps);
        self.state.step += 1;
        if norm.is_finite() && loss.is_finite() {
            // As `torch.nn.utils.clip_grad_norm_` does.
            let factor = (options.max_grad_norm / (norm + 1e-6)).min(1.0) / f64::from(scale);
            self.adam.step(&variables(&self.parameters), &gradients, rate, factor)?;
            self.state.scaled += 1;
            if self.state.scaled == GROW {
                (self.state.scale, self.state.scaled) = (self.state.scale * 2.0, 0);
            }
        } else if options.products == Products::F16 && scale > 1.0 {
            (self.state.scale, self.state.scaled) = (self.state.scale / 2.0, 0);
        } else {
            let problem = format!("the loss is no number at step {}; try a smaller learning rate", number + 1);
            return Err(Error::Training(problem));
        }
        Ok(Step { step: number + 1, steps, loss, learning_rate: rate, gradient_norm: norm })
    }

    /// The loss of a batch, and its gradients times `scale`; `weight`: what the losses of its tokens are divided by.
    fn gradients(&self, batch: &[usize], weight: f64, scale: f32, seed: u64) -> Result<(f64, Vec<Option<Tensor>>)> {
        let (mut windows, mut targets, mut start) = (Vec::new(), Vec::new(), 0);
        for item in batch.iter().map(|item| &self.items[*item]) {
            windows.extend(item.windows.iter().map(|ids| &ids[..]));
            let moved = |target: &Target| Target {
                row: target.row + start,
                weight: (f64::from(target.weight) / weight) as f32,
                ..*target
            };
            targets.extend(item.targets.iter().map(moved));
            start += item.rows() as u32;
        }
        let pass = Pass::new(self.device.is_cpu(), self.options.products.dtype(), Some(seed));
        let network = Network { config: &self.config, parameters: &self.parameters, dropout: self.dropout };
        let packed = Packed::new(&self.config, &windows, &self.device)?;
        let loss = pass.cross_entropy(&network.logits(&pass, &packed)?, &targets)?;
        let value = f64::from(loss.to_scalar::<f32>()?);
        let mut found = if scale == 1.0 { loss.backward()? } else { (loss * f64::from(scale))?.backward()? };
        let gradients = variables(&self.parameters).iter().map(|variable| found.remove(variable)).collect();
        Ok((value, gradients))
    }

    /// Writes the model as it is, or as it was best.
    fn save(&self, folder: &Path, best: bool) -> Result<()> {
        let config = folder::changed(self.raw.clone(), Some(&self.classes));
        let mut tensors: BTreeMap<&str, &Tensor> = self.parameters.all().collect();
        if let Some(best) = self.best.as_ref().filter(|_| best) {
            tensors.extend(self.parameters.trained().map(|(name, _)| name).zip(best));
        }
        folder::write(folder, self.init, &config, tensors.into_iter())
    }
}

fn variables(parameters: &Parameters) -> Vec<&Var> {
    parameters.trained().map(|(_, variable)| variable).collect()
}

fn add(sums: &mut Vec<Option<Tensor>>, gradients: Vec<Option<Tensor>>) -> Result<()> {
    if sums.is_empty() {
        *sums = gradients;
        return Ok(());
    }
    for (sum, gradient) in sums.iter_mut().zip(gradients) {
        *sum = match (sum.take(), gradient) {
            (Some(sum), Some(gradient)) => Some((sum + gradient)?),
            (sum, gradient) => sum.or(gradient),
        };
    }
    Ok(())
}

/// The classes, and whether the model's own head knows them all.
fn classes(examples: &[Example<'_>], config: &Config, weights: &Weights) -> Result<(Vec<String>, bool)> {
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
fn signature(options: &FineTuneOptions, weights: &Weights, classes: &[String], items: &[Item]) -> Result<String> {
    let counting = FineTuneOptions { checkpoint: None, checkpoint_steps: None, ..options.clone() };
    let mut data = crc32fast::Hasher::new();
    for item in items {
        for window in &item.windows {
            data.update(&(window.len() as u32).to_le_bytes());
            window.iter().for_each(|id| data.update(&id.to_le_bytes()));
        }
        for target in &item.targets {
            for part in [target.row, target.class, target.weight.to_bits()] {
                data.update(&part.to_le_bytes());
            }
        }
    }
    let (data, checksum) = (data.finalize(), weights.checksum()?);
    Ok(format!("{} {counting:?} {checksum:08x} {data:08x} {}", env!("CARGO_PKG_VERSION"), classes.join(" ")))
}
