//! An encoder fine-tuned on a bitext, so that the vectors of words and of their translations come closer (Dou and Neubig 2021,
//! “Word alignment by fine-tuning embeddings on parallel corpora”, §3).

mod options;

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{Device, Tensor};
use serde_json::{Map, Value};
use xlner_core::Sentence;

use super::data::{Item, joined};
use super::figures::Step;
use super::folder;
use super::masked::{Head, Masking, Text};
use super::model::{Dropout, Network, Packed};
use super::ops::{Pass, Target, mix};
use super::parameters::Parameters;
use super::task::Task;
use super::texts::{self, together};
use super::trainer::Training;
use crate::nn::Tensors;
use crate::transformer::SubWordTokenizer;
use crate::transformer::config::Config;
use crate::transformer::tokenizer::Tokens;
use crate::{Error, Result};

pub use options::FineTuneAlignerOptions;

/// Share of sub-words that are masked.
const MASKED: f64 = 0.15;
/// Names of the head that tells whether two sentences are translations; it is not kept.
const PARALLEL: [&str; 3] = ["parallel.dense", "parallel.norm", "parallel.decoder"];

/// What a training of an encoder came to.
#[derive(Debug, Clone, PartialEq)]
pub struct AlignerTuned {
    /// Steps made.
    pub steps: u64,
    /// Pairs that were trained on.
    pub pairs: usize,
    /// Pairs left out: with an empty side, or longer than the model takes.
    pub left_out: usize,
    /// Mean loss of the steps of every epoch, over all objectives; the lower the better. Self-training's is below 0.
    pub losses: Vec<f64>,
}

/// The sub-words of a pair.
struct Pair {
    sides: [Tokens; 2],
    /// Special sub-words before, and the others.
    inside: [(usize, usize); 2],
}

/// Trains the encoder in `init` on `pairs` by the objectives of the options, whose losses are added up; usually by self-training:
/// sub-words that it takes to belong together, by probabilities over the other sentence in both directions, are to do so more.
/// What comes out is an encoder of the same kind in the folder `output`.
///
/// # Errors
/// [`Error::Options`] for options out of range; [`Error::Sentence`] (numbered over both sides of all pairs) for a sentence that
/// is not tokenised; [`Error::Training`] where there is no pair to learn from, or the loss is no number any more;
/// [`Error::Model`] and [`Error::File`] for what is wrong with `init` or `output`.
pub fn fine_tune_aligner(
    init: &Path,
    pairs: &[(&Sentence, &Sentence)],
    options: &FineTuneAlignerOptions,
    output: &Path,
    watch: &mut dyn FnMut(Step),
) -> Result<AlignerTuned> {
    options.check()?;
    folder::replaceable(output)?;
    let training = options.training();
    let device = options.device.open()?;
    let (config, weights) = (Config::read(init)?, Tensors::open(init)?);
    if options.layer == 0 || options.layer > config.layers {
        let problem = format!("there is no layer {} to train; the encoder has 1 to {}", options.layer, config.layers);
        return Err(Error::Options(problem));
    }
    let tokenizer = SubWordTokenizer::load(init)?;
    // Where both sides are read together, half of what the encoder takes is for each.
    let shared = options.translation || options.identification;
    let longest = if shared { config.longest() / 2 } else { config.longest() };
    let (pairs, left_out) = read(pairs, &tokenizer, &config, longest)?;
    if options.identification && pairs.len() < 2 {
        let problem = "to tell pairs from others the encoder needs two of them at least";
        return Err(Error::Training(problem.into()));
    }
    let raw = folder::config(init)?;
    let dropout = Dropout::read(&config, &raw, init, options.dropout)?;
    let mut parameters = Parameters::load(&config, &weights, None, &device)?;
    let masked = if options.masked || options.translation {
        let (head, _) =
            Head::load(&config, &mut raw.clone(), (init, &weights), &mut parameters, options.seed, &device)?;
        let mask = texts::mask(init, &tokenizer)?;
        Some((head, Masking { share: MASKED, mask, vocabulary: config.vocabulary as u32, seed: options.seed }))
    } else {
        None
    };
    if options.identification {
        let (hidden, deviation) = (config.hidden, folder::deviation(&raw));
        let [dense, norm, decoder] = PARALLEL;
        parameters.add_random(dense, [hidden, hidden], deviation, options.seed, &device)?;
        parameters.add_random(decoder, [2, hidden], deviation, mix(options.seed, 1), &device)?;
        let ones = Tensor::ones(hidden, candle_core::DType::F32, &device)?;
        parameters.add(format!("{norm}.bias"), ones.zeros_like()?, true)?;
        parameters.add(format!("{norm}.weight"), ones, true)?;
    }
    let count = pairs.len();
    let encoder = format!("{}.", config.family.prefix());
    let task = Align { init, raw, encoder, options, pairs, masked, device: device.clone() };
    let mut training = Training::new(&training, (config, dropout, parameters), device, task, "aligner", None)?;
    training.train(output, None, watch)?;
    let losses = training.state.history.iter().map(|epoch| epoch.loss).collect();
    Ok(AlignerTuned { steps: training.state.step, pairs: count, left_out, losses })
}

/// Pairs whose sub-words come to be aligned.
struct Align<'a> {
    init: &'a Path,
    raw: Map<String, Value>,
    /// What the names of the encoder's tensors begin with.
    encoder: String,
    options: &'a FineTuneAlignerOptions,
    pairs: Vec<Pair>,
    masked: Option<(Head, Masking)>,
    device: Device,
}

impl Task for Align<'_> {
    fn rows(&self) -> Vec<usize> {
        self.pairs.iter().map(|pair| pair.sides.iter().map(|side| side.ids.len()).sum()).collect()
    }

    fn weight(&self, items: &[usize], _: u64) -> f64 {
        items.len() as f64
    }

    fn loss(&self, network: &Network<'_>, pass: &Pass, items: &[usize], epoch: u64, weight: f64) -> Result<Tensor> {
        let options = self.options;
        let mut losses = Vec::new();
        if options.self_training || options.consistency {
            let pairs: Vec<&Pair> = items.iter().map(|item| &self.pairs[*item]).collect();
            losses.push(loss(network, pass, &pairs, options, &self.device)?);
        }
        if options.masked {
            let alone = |tokens: &Tokens| {
                let rows = tokens.words.iter().zip(0..).filter(|(word, _)| word.is_some()).map(|(_, row)| row);
                Text { windows: vec![tokens.ids.clone()], rows: rows.collect() }
            };
            losses.push(self.masked(network, pass, items, epoch, &|pair| pair.sides.each_ref().map(alone))?);
        }
        if options.translation {
            let both = |pair: &Pair| {
                let [source, target] = &pair.sides;
                [together(source, target), together(target, source)]
            };
            losses.push(self.masked(network, pass, items, !epoch, &both)?);
        }
        if options.identification {
            losses.push(self.identification(network, pass, items, epoch)?);
        }
        let sum = losses.into_iter().map(Ok).reduce(|sum, loss| sum? + loss?).expect("there is an objective")?;
        Ok((sum * (items.len() as f64 / weight))?)
    }

    fn write(&self, folder: &Path, tensors: BTreeMap<&str, &Tensor>) -> Result<()> {
        let tensors = tensors.into_iter().filter(|(name, _)| name.starts_with(&self.encoder));
        folder::write(folder, self.init, &folder::changed(self.raw.clone(), None), tensors, &folder::Extras::default())
    }
}

impl Align<'_> {
    /// The mean loss of masked sub-words of what `texts` makes of pairs.
    fn masked(
        &self,
        network: &Network<'_>,
        pass: &Pass,
        items: &[usize],
        epoch: u64,
        texts: &dyn Fn(&Pair) -> [Text; 2],
    ) -> Result<Tensor> {
        let (head, masking) = self.masked.as_ref().expect("what masks has a head");
        let masked = |item: &usize| {
            let texts = texts(&self.pairs[*item]);
            [0, 1].map(|side| masking.apply(&texts[side], 2 * item + side, epoch))
        };
        let masked: Vec<Item> = items.iter().flat_map(masked).collect();
        let weight = masked.iter().map(|item| item.weight).sum();
        let (windows, targets) = joined(&masked.iter().collect::<Vec<_>>(), weight);
        let packed = Packed::new(network.config, &windows, &self.device)?;
        let states = network.hidden_states(pass, &packed, network.config.layers)?;
        head.loss(network, pass, &states, &targets)
    }

    /// The mean loss of telling every pair from one with a side of another pair, by the first sub-word of both together.
    fn identification(&self, network: &Network<'_>, pass: &Pass, items: &[usize], epoch: u64) -> Result<Tensor> {
        let mut windows = Vec::new();
        for &item in items {
            let draw = mix(mix(self.options.seed, 0x5053_4900 ^ epoch), item as u64);
            let other = (item + 1 + (draw >> 1) as usize % (self.pairs.len() - 1)) % self.pairs.len();
            let ([source, target], other) = (&self.pairs[item].sides, &self.pairs[other].sides);
            windows.push(together(source, target).windows);
            let apart = if draw & 1 == 0 { together(source, &other[1]) } else { together(&other[0], target) };
            windows.push(apart.windows);
        }
        let windows: Vec<&[u32]> = windows.iter().map(|windows| &windows[0][..]).collect();
        let packed = Packed::new(network.config, &windows, &self.device)?;
        let states = network.hidden_states(pass, &packed, network.config.layers)?;
        let starts = windows.iter().scan(0u32, |start, window| {
            *start += window.len() as u32;
            Some(*start - window.len() as u32)
        });
        let starts = Tensor::from_vec(starts.collect::<Vec<_>>(), windows.len(), &self.device)?;
        let of = |name: &str, part: &str| network.parameters.whole(&format!("{name}.{part}"));
        let [dense, norm, decoder] = PARALLEL;
        let states = pass.linear(&states.index_select(&starts, 0)?, of(dense, "weight"), Some(of(dense, "bias")))?;
        let states = pass.activation(&states, network.config.activation)?;
        let states = pass.norm(&states, of(norm, "weight"), of(norm, "bias"), network.config.epsilon)?;
        let scores = pass.linear(&states, of(decoder, "weight"), Some(of(decoder, "bias")))?;
        let weight = (windows.len() as f32).recip();
        let targets = (0..windows.len() as u32).map(|row| Target { row, class: 1 - row % 2, weight });
        Ok(pass.cross_entropy(&scores, &targets.collect::<Vec<_>>())?)
    }
}

/// The pairs that can be trained on, and how many others there are.
///
/// `longest`: sub-words of a side at most.
fn read(
    pairs: &[(&Sentence, &Sentence)],
    tokenizer: &SubWordTokenizer,
    config: &Config,
    longest: usize,
) -> Result<(Vec<Pair>, usize)> {
    let sentences: Vec<&Sentence> = pairs.iter().flat_map(|(source, target)| [*source, *target]).collect();
    let tokens = tokenizer.encode_all(&sentences)?;
    let inside = |tokens: &Tokens| {
        let before = tokens.words.iter().take_while(|word| word.is_none()).count();
        (before, tokens.words.iter().filter(|word| word.is_some()).count())
    };
    let fits = |tokens: &Tokens| {
        let known = tokens.ids.iter().all(|id| (*id as usize) < config.vocabulary);
        known && tokens.ids.len() <= longest && inside(tokens).1 > 0
    };
    let sides = tokens.chunks_exact(2).filter(|sides| sides.iter().all(fits));
    let pair = |sides: &[Tokens]| Pair {
        sides: [sides[0].clone(), sides[1].clone()],
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
    options: &FineTuneAlignerOptions,
    device: &Device,
) -> Result<Tensor> {
    let sentences: Vec<&[u32]> = pairs.iter().flat_map(|pair| pair.sides.iter().map(|side| &side.ids[..])).collect();
    let packed = Packed::new(network.config, &sentences, device)?;
    let states = network.hidden_states(pass, &packed, options.layer)?;
    let (mut start, mut sum) = (0, None);
    for pair in pairs {
        let mut side = |at: usize| {
            let (before, rows) = pair.inside[at];
            let part = states.narrow(0, start + before, rows);
            start += pair.sides[at].ids.len();
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
fn pair_loss(source: &Tensor, target: &Tensor, options: &FineTuneAlignerOptions) -> candle_core::Result<Tensor> {
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
    let mut loss = ((mean * &together)?.sum_all()? * if options.self_training { -0.5 } else { 0.0 })?;
    if options.consistency {
        let trace = (&forward * &reverse)?.sum_all()?;
        loss = (loss - (trace / rows.min(columns) as f64)?)?;
    }
    Ok(loss)
}
