//! Training, step by step.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{Device, Tensor, Var};

use super::checkpoint::{self, State};
use super::data::batches;
use super::figures::{EpochFigures, Step};
use super::model::{Dropout, Network};
use super::ops::{Pass, mix};
use super::optimizer::{AdamW, norm, schedule};
use super::options::{FineTuneOptions, Products};
use super::parameters::Parameters;
use super::task::Task;
use crate::transformer::config::Config;
use crate::{Error, Result};

/// The loss is multiplied by this at first where products are in 16-bit floating point.
const SCALE: f32 = 65_536.0;
/// Steps without overflow until it is doubled.
const GROW: u64 = 2_000;

/// Measures a model, which lies in a folder: the larger, the better.
pub type Evaluate<'a> = &'a mut dyn FnMut(&Path) -> Result<f64>;

/// A network, the task that it is trained for, and how far that is.
pub(super) struct Training<'a, T: Task> {
    pub options: &'a FineTuneOptions,
    pub device: Device,
    pub config: Config,
    pub dropout: Dropout,
    pub parameters: Parameters,
    pub task: T,
    adam: AdamW,
    pub state: State,
    /// The trained weights of the best epoch.
    best: Option<Vec<Tensor>>,
}

/// Rows of one parameter, from `first` to the last, whose learning rate is `factor` times that of all else.
pub(super) struct Tier<'a> {
    pub name: &'a str,
    pub first: usize,
    pub factor: f64,
}

/// The device of a training.
///
/// # Errors
/// [`Error::Options`] where there is no such device, or it does not compute products as wanted.
pub(super) fn device(options: &FineTuneOptions) -> Result<Device> {
    let device = options.device.open()?;
    match device.is_cpu() && options.products != Products::F32 {
        true => Err(Error::Options("the CPU trains in f32; bf16 and f16 are for a GPU".into())),
        false => Ok(device),
    }
}

impl<'a, T: Task> Training<'a, T> {
    /// A training that has not begun; `signature`: what its result depends on, beside the program's version.
    pub fn new(
        options: &'a FineTuneOptions,
        (config, dropout, parameters): (Config, Dropout, Parameters),
        device: Device,
        task: T,
        signature: &str,
        tier: Option<Tier<'_>>,
    ) -> Result<Training<'a, T>> {
        let mut adam = AdamW::new(&variables(&parameters), options.weight_decay)?;
        if let Some(tier) = tier
            && let Some((at, (_, var))) = parameters.trained().enumerate().find(|(_, (name, _))| *name == tier.name)
        {
            adam.set_tier(at, tier.first * var.dims()[1..].iter().product::<usize>(), tier.factor);
        }
        let signature = format!("{} {signature}", env!("CARGO_PKG_VERSION"));
        let state = State { signature, scale: SCALE, ..State::default() };
        Ok(Training { options, device, config, dropout, parameters, task, adam, state, best: None })
    }

    /// Trains, from the checkpoint on where there is one, and writes the model to `output`; the step of the checkpoint.
    pub fn train(
        &mut self,
        output: &Path,
        evaluate: Option<Evaluate<'_>>,
        watch: &mut dyn FnMut(Step),
    ) -> Result<Option<u64>> {
        let resumed = self.resume()?;
        self.run(output, evaluate, watch)?;
        self.save(output, true)?;
        Ok(resumed)
    }

    /// Weights of the model, and those that are trained.
    pub fn weights(&self) -> [usize; 2] {
        let all = self.parameters.all().map(|(_, tensor)| tensor.elem_count()).sum();
        [all, self.parameters.trained().map(|(_, var)| var.elem_count()).sum()]
    }

    /// The network as it is.
    pub fn network(&self) -> Network<'_> {
        Network { config: &self.config, parameters: &self.parameters, dropout: self.dropout }
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
    fn epoch_steps(&self, items: usize) -> u64 {
        items.div_ceil(self.options.batch_size).div_ceil(self.options.gradient_accumulation) as u64
    }

    fn run(&mut self, output: &Path, mut evaluate: Option<Evaluate<'_>>, watch: &mut dyn FnMut(Step)) -> Result<()> {
        let options = self.options;
        let rows = self.task.rows();
        let per_epoch = self.epoch_steps(rows.len());
        let steps = per_epoch * options.epochs as u64;
        while self.state.step < steps && !self.exhausted() {
            let epoch = self.state.step / per_epoch;
            let seed = options.shuffle.then(|| mix(options.seed, epoch));
            let lengths = options.group_by_length.then_some(&rows[..]);
            let order = batches(rows.len(), options.batch_size, seed, lengths);
            let groups = order.chunks(options.gradient_accumulation);
            for group in groups.skip((self.state.step % per_epoch) as usize) {
                let step = self.step(group, epoch, steps)?;
                self.state.loss += step.loss;
                watch(step);
                let due = options.checkpoint_steps.is_some_and(|every| step.step % every == 0);
                if due && step.step % per_epoch != 0 {
                    self.keep()?;
                }
            }
            self.end_epoch(output, per_epoch, evaluate.as_mut())?;
            self.keep()?;
        }
        Ok(())
    }

    /// Whether no epoch was better for as long as patience lasts.
    fn exhausted(&self) -> bool {
        let since = self.state.best.map(|(epoch, _)| self.state.history.len() - epoch);
        self.options.patience.is_some_and(|patience| since.is_some_and(|since| since >= patience))
    }

    fn end_epoch(&mut self, output: &Path, steps: u64, evaluate: Option<&mut Evaluate<'_>>) -> Result<()> {
        let dev = match evaluate {
            None => self.task.measure(&self.network())?,
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
        let loss = self.state.loss / steps as f64;
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
    fn step(&mut self, group: &[Vec<usize>], epoch: u64, steps: u64) -> Result<Step> {
        let (options, number) = (self.options, self.state.step);
        if !self.device.is_cpu() {
            self.device.set_seed(mix(options.seed, number) & 0x7fff_ffff)?;
        }
        let weight = self.task.weight(&group.concat(), epoch);
        let scale = if options.products == Products::F16 { self.state.scale } else { 1.0 };
        let (mut loss, mut gradients) = (0.0, Vec::new());
        for (at, batch) in group.iter().enumerate() {
            let seed = mix(mix(options.seed, 0x4452_4f50), number * options.gradient_accumulation as u64 + at as u64);
            let (of_batch, grads) = self.gradients(batch, epoch, weight, scale, seed)?;
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
    fn gradients(
        &self,
        batch: &[usize],
        epoch: u64,
        weight: f64,
        scale: f32,
        seed: u64,
    ) -> Result<(f64, Vec<Option<Tensor>>)> {
        let pass = Pass::new(self.device.is_cpu(), self.options.products.dtype(), Some(seed));
        let loss = self.task.loss(&self.network(), &pass, batch, epoch, weight)?;
        let value = f64::from(loss.to_scalar::<f32>()?);
        let mut found = if scale == 1.0 { loss.backward()? } else { (loss * f64::from(scale))?.backward()? };
        let gradients = variables(&self.parameters).iter().map(|variable| found.remove(variable)).collect();
        Ok((value, gradients))
    }

    /// Writes the model as it is, or as it was best.
    fn save(&self, folder: &Path, best: bool) -> Result<()> {
        let mut tensors: BTreeMap<&str, &Tensor> = self.parameters.all().collect();
        if let Some(best) = self.best.as_ref().filter(|_| best) {
            tensors.extend(self.parameters.trained().map(|(name, _)| name).zip(best));
        }
        self.task.write(folder, tensors)
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
