//! An encoder fine-tuned on a bitext, so that the vectors of words and of their translations come closer (Dou and Neubig 2021,
//! “Word alignment by fine-tuning embeddings on parallel corpora”, §3).

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{Device, Tensor, Var};
use xlner_core::Sentence;

use super::data::batches;
use super::figures::Step;
use super::folder;
use super::model::{Dropout, Network, Packed};
use super::ops::{Pass, mix};
use super::optimizer::{AdamW, norm, schedule};
use super::options::DeviceChoice;
use super::parameters::Parameters;
use crate::nn::Weights;
use crate::transformer::SubWordTokenizer;
use crate::transformer::config::Config;
use crate::transformer::tokenizer::Tokens;
use crate::{Error, Result};

/// How an encoder is fine-tuned; the usual values are those of awesome-align.
#[derive(Debug, Clone, PartialEq)]
pub struct AlignerOptions {
    /// The layer whose vectors are compared; only it and those below are trained.
    pub layer: usize,
    /// Probability, in both directions, from which two sub-words are taken to belong together.
    pub threshold: f64,
    /// Whether both directions are to agree, too (consistency, eq. 5 of the paper).
    pub consistency: bool,
    /// Passes over the pairs, ≥ 1.
    pub epochs: usize,
    /// Pairs of a batch, ≥ 1.
    pub batch_size: usize,
    /// Largest learning rate, > 0.
    pub learning_rate: f64,
    /// Share of the steps over which the learning rate rises, 0 to below 1.
    pub warmup: f64,
    /// Gradients whose norm is larger are scaled down to it; > 0.
    pub max_grad_norm: f64,
    /// Share of values dropped, from 0 to below 1; `None`: as `config.json` says.
    pub dropout: Option<f64>,
    /// Whether pairs come in an order of their own in every epoch.
    pub shuffle: bool,
    /// What the order and what is dropped follow from.
    pub seed: u64,
    /// What computes.
    pub device: DeviceChoice,
}

impl Default for AlignerOptions {
    fn default() -> Self {
        AlignerOptions {
            layer: 8,
            threshold: 1e-3,
            consistency: false,
            epochs: 1,
            batch_size: 8,
            learning_rate: 2e-5,
            warmup: 0.0,
            max_grad_norm: 1.0,
            dropout: None,
            shuffle: true,
            seed: 42,
            device: DeviceChoice::Auto,
        }
    }
}

/// What a training of an encoder came to.
#[derive(Debug, Clone, PartialEq)]
pub struct AlignerTuned {
    /// Steps made.
    pub steps: u64,
    /// Pairs that were trained on.
    pub pairs: usize,
    /// Pairs left out: with an empty side, or longer than the model takes.
    pub left_out: usize,
    /// Mean loss of the steps of every epoch; below 0, and the lower the better.
    pub losses: Vec<f64>,
}

/// The sub-words of a pair.
struct Pair {
    sides: [Vec<u32>; 2],
    /// Special sub-words before, and the others.
    inside: [(usize, usize); 2],
}

/// Trains the encoder in `init` on `pairs` by the self-training objective (eq. 4 of the paper): sub-words that it takes to belong
/// together, by probabilities over the other sentence in both directions, are to do so more. What comes out is an encoder of the
/// same kind in the folder `output`.
///
/// # Errors
/// [`Error::Options`] for options out of range; [`Error::Sentence`] (numbered over both sides of all pairs) for a sentence that
/// is not tokenised; [`Error::Training`] where there is no pair to learn from, or the loss is no number any more;
/// [`Error::Model`] and [`Error::File`] for what is wrong with `init` or `output`.
pub fn fine_tune_aligner(
    init: &Path,
    pairs: &[(&Sentence, &Sentence)],
    options: &AlignerOptions,
    output: &Path,
    watch: &mut dyn FnMut(Step),
) -> Result<AlignerTuned> {
    options.check()?;
    folder::replaceable(output)?;
    let device = options.device.open()?;
    let (config, weights) = (Config::read(init)?, Weights::open(init)?);
    if options.layer == 0 || options.layer > config.layers {
        let problem = format!("there is no layer {} to train; the encoder has 1 to {}", options.layer, config.layers);
        return Err(Error::Options(problem));
    }
    let (pairs, left_out) = read(pairs, &SubWordTokenizer::load(init)?, &config)?;
    let raw = folder::config(init)?;
    let mut dropout = Dropout::of(&config, &serde_json::Value::Object(raw.clone()))
        .map_err(|problem| Error::model(&init.join("config.json"), problem))?;
    if let Some(share) = options.dropout {
        dropout = Dropout { hidden: share, attention: share, classifier: share };
    }
    let parameters = Parameters::load(&config, &weights, None, &device)?;
    let network = Network { config: &config, parameters: &parameters, dropout };
    let variables: Vec<&Var> = parameters.trained().map(|(_, variable)| variable).collect();
    let mut adam = AdamW::new(&variables, 0.0)?;
    let steps = (pairs.len().div_ceil(options.batch_size) * options.epochs) as u64;
    let warmup = (options.warmup * steps as f64).ceil() as u64;
    let (mut step, mut losses) = (0, Vec::new());
    for epoch in 0..options.epochs {
        let seed = options.shuffle.then(|| mix(options.seed, epoch as u64));
        let order = batches(pairs.len(), options.batch_size, seed, None);
        let mut sum = 0.0;
        for batch in &order {
            if !device.is_cpu() {
                device.set_seed(mix(options.seed, step) & 0x7fff_ffff)?;
            }
            let pass = Pass::new(device.is_cpu(), candle_core::DType::F32, Some(mix(!options.seed, step)));
            let batch: Vec<&Pair> = batch.iter().map(|pair| &pairs[*pair]).collect();
            let loss = loss(&network, &pass, &batch, options, &device)?;
            let value = f64::from(loss.to_scalar::<f32>()?);
            let mut found = loss.backward()?;
            let gradients: Vec<Option<Tensor>> = variables.iter().map(|variable| found.remove(variable)).collect();
            let norm = norm(&gradients)?;
            if !(norm.is_finite() && value.is_finite()) {
                let problem = format!("the loss is no number at step {}; try a smaller learning rate", step + 1);
                return Err(Error::Training(problem));
            }
            let rate = options.learning_rate * schedule(step, warmup, steps);
            adam.step(&variables, &gradients, rate, (options.max_grad_norm / (norm + 1e-6)).min(1.0))?;
            step += 1;
            sum += value;
            watch(Step { step, steps, loss: value, learning_rate: rate, gradient_norm: norm });
        }
        losses.push(sum / order.len() as f64);
    }
    let tensors: BTreeMap<&str, &Tensor> = parameters.all().collect();
    folder::write(output, init, &folder::changed(raw, None), tensors.into_iter())?;
    Ok(AlignerTuned { steps: step, pairs: pairs.len(), left_out, losses })
}

impl AlignerOptions {
    fn check(&self) -> Result<()> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let problem = if self.epochs == 0 || self.batch_size == 0 {
            "epochs and the batch size are 1 at least"
        } else if !positive(self.learning_rate) || !positive(self.max_grad_norm) {
            "the learning rate and the largest norm of gradients are greater than 0"
        } else if !(0.0..1.0).contains(&self.warmup) || self.dropout.is_some_and(|share| !(0.0..1.0).contains(&share)) {
            "shares, of warm-up and of what is dropped, are from 0 to below 1"
        } else if !(0.0..1.0).contains(&self.threshold) {
            "the threshold is a probability below 1"
        } else {
            return Ok(());
        };
        Err(Error::Options(problem.into()))
    }
}

/// The pairs that can be trained on, and how many others there are.
fn read(pairs: &[(&Sentence, &Sentence)], tokenizer: &SubWordTokenizer, config: &Config) -> Result<(Vec<Pair>, usize)> {
    let sentences: Vec<&Sentence> = pairs.iter().flat_map(|(source, target)| [*source, *target]).collect();
    let tokens = tokenizer.encode_all(&sentences)?;
    let inside = |tokens: &Tokens| {
        let before = tokens.words.iter().take_while(|word| word.is_none()).count();
        (before, tokens.words.iter().filter(|word| word.is_some()).count())
    };
    let fits = |tokens: &Tokens| {
        let known = tokens.ids.iter().all(|id| (*id as usize) < config.vocabulary);
        known && tokens.ids.len() <= config.longest() && inside(tokens).1 > 0
    };
    let sides = tokens.chunks_exact(2).filter(|sides| sides.iter().all(fits));
    let pair = |sides: &[Tokens]| Pair {
        sides: [sides[0].ids.clone(), sides[1].ids.clone()],
        inside: [inside(&sides[0]), inside(&sides[1])],
    };
    let read: Vec<Pair> = sides.map(pair).collect();
    match read.is_empty() {
        true => Err(Error::Training("there is no pair of two sentences that the encoder takes".into())),
        false => {
            let left_out = pairs.len() - read.len();
            Ok((read, left_out))
        }
    }
}

/// The mean loss of pairs.
fn loss(
    network: &Network<'_>,
    pass: &Pass,
    pairs: &[&Pair],
    options: &AlignerOptions,
    device: &Device,
) -> Result<Tensor> {
    let sentences: Vec<&[u32]> = pairs.iter().flat_map(|pair| pair.sides.iter().map(|side| &side[..])).collect();
    let packed = Packed::new(network.config, &sentences, device)?;
    let states = network.hidden_states(pass, &packed, options.layer)?;
    let (mut start, mut sum) = (0, None);
    for pair in pairs {
        let mut side = |at: usize| {
            let (before, rows) = pair.inside[at];
            let part = states.narrow(0, start + before, rows);
            start += pair.sides[at].len();
            part
        };
        let (source, target) = (side(0)?, side(1)?);
        let loss = pair_loss(&source, &target, options)?;
        sum = Some(match sum {
            None => loss,
            Some(sum) => (sum + loss)?,
        });
    }
    let sum = sum.expect("a batch has a pair");
    Ok((sum / pairs.len() as f64)?)
}

/// −Σᵢⱼ Aᵢⱼ ½ (P(j|i) / n + P(i|j) / m), and with consistency − tr(P(·|source) P(·|target)ᵀ) / min(n, m).
fn pair_loss(source: &Tensor, target: &Tensor, options: &AlignerOptions) -> candle_core::Result<Tensor> {
    let scores = source.contiguous()?.matmul(&target.t()?.contiguous()?)?;
    let (rows, columns) = scores.dims2()?;
    let softmax = |over: usize| -> candle_core::Result<Tensor> {
        let exponents = scores.broadcast_sub(&scores.max_keepdim(over)?.detach())?.exp()?;
        exponents.broadcast_div(&exponents.sum_keepdim(over)?)
    };
    let (forward, reverse) = (softmax(1)?, softmax(0)?);
    let least = options.threshold as f32;
    let together = forward.gt(least)?.mul(&reverse.gt(least)?)?.to_dtype(scores.dtype())?.detach();
    let mean = ((&forward / rows as f64)? + (&reverse / columns as f64)?)?;
    let mut loss = ((mean * &together)?.sum_all()? * -0.5)?;
    if options.consistency {
        let trace = (&forward * &reverse)?.sum_all()?;
        loss = (loss - (trace / rows.min(columns) as f64)?)?;
    }
    Ok(loss)
}
