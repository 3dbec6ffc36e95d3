//! An encoder goes on learning raw text of a language or domain: masked language modelling (Devlin et al. 2019, §3.1; LAPT of Chau
//! and Smith 2021), translation language modelling on a bitext (Conneau and Lample 2019, §3.3), with pieces of the language's own
//! and words in other letters where wanted.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{DType, Tensor};
use rayon::prelude::*;
use serde_json::{Map, Value};
use xlner_core::Sentence;

use super::data::{Item, hash, joined};
use super::figures::{EpochFigures, Step};
use super::folder::{self, Extras};
use super::masked::{Head, Masking, Text};
use super::model::{Dropout, Network, Packed};
use super::ops::Pass;
use super::options::FineTuneOptions;
use super::parameters::Parameters;
use super::task::Task;
use super::texts::{CutFigures, cut_figures, mask, pairs, texts, unknown};
use super::trainer::{Tier, Training, device};
use super::vocabulary::{NewPiece, augment};
use crate::nn::Tensors;
use crate::transformer::config::Config;
use crate::transformer::transliteration::TRANSLITERATION;
use crate::transformer::{SubWordTokenizer, Transliteration};
use crate::{Error, Result};

const WORDS: &str = "embeddings.word_embeddings.weight";
/// Sub-words that go through the network together where it is measured.
const MEASURED: usize = 1024;

/// How an encoder is adapted.
#[derive(Debug, Clone, PartialEq)]
pub struct AdaptOptions {
    /// Pieces that the vocabulary gets beside its own, at most.
    pub vocabulary: usize,
    /// What the learning rate of the new pieces' vectors is multiplied by, > 0 (tiered vocabulary augmentation).
    pub vocabulary_rate: f64,
    /// How words are written before they are cut; `None`: as the encoder's folder says.
    pub transliterate: Option<Transliteration>,
    /// Share of sub-words that are to be found again, above 0 and below 1.
    pub mask: f64,
    /// How it is trained. Labels and their weights do not count.
    pub training: FineTuneOptions,
}

impl Default for AdaptOptions {
    fn default() -> Self {
        AdaptOptions {
            vocabulary: 0,
            vocabulary_rate: 5.0,
            transliterate: None,
            mask: 0.15,
            training: FineTuneOptions::default(),
        }
    }
}

impl AdaptOptions {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`Error::Options`].
    pub fn check(&self) -> Result<()> {
        if !(self.mask > 0.0 && self.mask < 1.0) {
            return Err(Error::Options(format!(
                "the share that is masked is {}; it is above 0 and below 1",
                self.mask
            )));
        }
        if !(self.vocabulary_rate.is_finite() && self.vocabulary_rate > 0.0) {
            let problem = format!("the factor of the new pieces' learning rate is {}", self.vocabulary_rate);
            return Err(Error::Options(problem + "; it is greater than 0"));
        }
        self.training.check()
    }
}

/// What an encoder is adapted to. All sentences are tokenised.
#[derive(Debug, Clone, Copy, Default)]
pub struct AdaptData<'a> {
    /// Raw text.
    pub text: &'a [Sentence],
    /// Sentences and their translations.
    pub pairs: &'a [(Sentence, Sentence)],
    /// Text that is measured on only.
    pub held_out: &'a [Sentence],
}

/// What an adaptation came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Adapted {
    /// How the text held out was cut before and after; the same of the training text where none was held out.
    pub cut: [CutFigures; 2],
    /// The pieces that were added.
    pub added: Vec<String>,
    /// Whether the checkpoint had a head for masked sub-words; else it got a new one.
    pub head: bool,
    /// Mean loss of the masked sub-words held out, in nats, before the first step; `None` where no text was held out.
    pub loss_before: Option<f64>,
    /// The same after the kept epoch.
    pub loss_after: Option<f64>,
    /// Weights of the model.
    pub weights: usize,
    /// Steps made, those before a resumption among them.
    pub steps: u64,
    /// The step at which a checkpoint was found.
    pub resumed: Option<u64>,
    /// Epochs in turn; `dev` is the mean loss held out, with its sign changed.
    pub history: Vec<EpochFigures>,
    /// The epoch whose model was kept: the best on the text held out, else the last.
    pub epoch: usize,
    /// Sentences that were trained on, and pairs.
    pub trained: [usize; 2],
    /// Sentences without a sub-word, and pairs with an empty side or longer than the encoder takes: left out.
    pub left_out: [usize; 2],
}

/// Trains the encoder in `init` on `data` and writes it, with its head for masked sub-words, to the folder `output`.
///
/// # Errors
/// [`Error::Options`] for options out of range; [`Error::Sentence`] (numbered over text, text held out, and both sides of all
/// pairs) for a sentence that is not tokenised; [`Error::Training`] where there is nothing to learn from, or the loss is no
/// number any more; [`Error::Model`] and [`Error::File`] for what is wrong with `init`, `output` or the checkpoint.
pub fn adapt(
    init: &Path,
    data: AdaptData<'_>,
    options: &AdaptOptions,
    output: &Path,
    watch: &mut dyn FnMut(Step),
) -> Result<Adapted> {
    options.check()?;
    folder::replaceable(output)?;
    let device = device(&options.training)?;
    let (mut config, weights, mut raw) = (Config::read(init)?, Tensors::open(init)?, folder::config(init)?);
    let old = SubWordTokenizer::load(init)?;
    let mask = mask(init, &old)?;
    let unknown = unknown(&old)?;
    let transliteration = options.transliterate.or(old.transliteration);
    let (tokenizer, description, first, added) = tokenizer(init, &old, data, transliteration, options.vocabulary)?;

    let mut parameters = Parameters::load(&config, &weights, options.training.freeze_layers, &device)?;
    let source = (init, &weights);
    let (head, had_head) = Head::load(&config, &mut raw, source, &mut parameters, options.training.seed, &device)?;
    if !added.is_empty() {
        let rows = first + added.len();
        grow(&mut parameters, &head, &added, (first, unknown), config.vocabulary.max(rows))?;
        config.vocabulary = config.vocabulary.max(rows);
        raw.insert("vocab_size".into(), config.vocabulary.into());
    }
    let training = &options.training;
    let longest = training.max_length.unwrap_or(usize::MAX).min(config.longest());
    let mut texts = texts(&tokenizer, data.text, longest, 0)?;
    let held_out = super::texts::texts(&tokenizer, data.held_out, longest, data.text.len())?;
    let mut trained = [texts.len(), 0];
    let pairs = pairs(&tokenizer, data.pairs, longest, data.text.len() + data.held_out.len())?;
    trained[1] = pairs.len() / 2;
    texts.extend(pairs);
    let measured = if data.held_out.is_empty() { data.text } else { data.held_out };
    let cut = [cut_figures(&old, measured, unknown)?, cut_figures(&tokenizer, measured, unknown)?];
    let pieces = texts.iter().chain(&held_out).flat_map(|text| text.windows.iter().flatten());
    if pieces.into_iter().any(|id| *id as usize >= config.vocabulary) {
        let problem = format!("the tokeniser gives sub-words beyond the {} that the model knows", config.vocabulary);
        return Err(Error::model(init, problem));
    }
    if texts.is_empty() {
        return Err(Error::Training("there is no sentence that the encoder takes".into()));
    }

    let dropout = Dropout::read(&config, &raw, init, training.dropout)?;
    let masking = Masking { share: options.mask, mask, vocabulary: (first + added.len()) as u32, seed: training.seed };
    let signature = signature(options, &weights, &texts, &held_out)?;
    let mut extras = Extras {
        tokenizer: description,
        files: vec![("README.md", card(init, &config, transliteration))],
        ..Extras::default()
    };
    extras.files.extend(transliteration.map(|to| (TRANSLITERATION, to.file())));
    let task = Masked { init, raw, extras, head, masking, texts, held_out };
    let name = format!("{}.{WORDS}", config.family.prefix());
    let tier = Tier { name: &name, first, factor: options.vocabulary_rate };
    let tier = Some(tier).filter(|_| !added.is_empty());
    let mut training = Training::new(training, (config, dropout, parameters), device, task, &signature, tier)?;
    let loss_before = training.task.measure(&training.network())?.map(|likelihood| -likelihood);
    let resumed = training.train(output, None, watch)?;
    let [weights, _] = training.weights();
    let state = training.state;
    Ok(Adapted {
        cut,
        added: added.into_iter().map(|piece| piece.text).collect(),
        head: had_head,
        loss_before,
        loss_after: state.best.map(|(_, likelihood)| -likelihood),
        weights,
        steps: state.step,
        resumed,
        epoch: state.best.map_or(state.history.len(), |(epoch, _)| epoch),
        history: state.history,
        trained,
        left_out: [data.text.len() - trained[0], data.pairs.len() - trained[1]],
    })
}

/// Texts whose sub-words are masked.
struct Masked<'a> {
    init: &'a Path,
    raw: Map<String, Value>,
    extras: Extras,
    head: Head,
    masking: Masking,
    texts: Vec<Text>,
    held_out: Vec<Text>,
}

impl Masked<'_> {
    fn masked(&self, items: &[usize], epoch: u64) -> Vec<Item> {
        items.iter().map(|item| self.masking.apply(&self.texts[*item], *item, epoch)).collect()
    }

    fn loss_of(&self, network: &Network<'_>, pass: &Pass, items: &[Item], weight: f64) -> Result<Tensor> {
        let (windows, targets) = joined(&items.iter().collect::<Vec<_>>(), weight);
        let packed = Packed::new(network.config, &windows, network.device())?;
        let states = network.hidden_states(pass, &packed, network.config.layers)?;
        self.head.loss(network, pass, &states, &targets)
    }
}

impl Task for Masked<'_> {
    fn rows(&self) -> Vec<usize> {
        self.texts.iter().map(|text| text.windows.iter().map(Vec::len).sum()).collect()
    }

    fn weight(&self, items: &[usize], epoch: u64) -> f64 {
        self.masked(items, epoch).iter().map(|item| item.weight).sum()
    }

    fn loss(&self, network: &Network<'_>, pass: &Pass, items: &[usize], epoch: u64, weight: f64) -> Result<Tensor> {
        self.loss_of(network, pass, &self.masked(items, epoch), weight)
    }

    /// The mean log-likelihood of masked sub-words held out; always the same are masked.
    fn measure(&self, network: &Network<'_>) -> Result<Option<f64>> {
        if self.held_out.is_empty() {
            return Ok(None);
        }
        let pass = Pass::new(network.device().is_cpu(), DType::F32, None);
        let items: Vec<Item> =
            self.held_out.iter().enumerate().map(|(at, text)| self.masking.apply(text, at, u64::MAX)).collect();
        let (mut sum, mut rest) = (0.0, &items[..]);
        while !rest.is_empty() {
            let mut rows = 0;
            let fits = rest.iter().take_while(|item| {
                rows += item.rows();
                rows <= MEASURED
            });
            let (batch, others) = rest.split_at(fits.count().max(1));
            sum += f64::from(self.loss_of(network, &pass, batch, 1.0)?.to_scalar::<f32>()?);
            rest = others;
        }
        Ok(Some(-sum / items.iter().map(|item| item.weight).sum::<f64>()))
    }

    fn write(&self, folder: &Path, tensors: BTreeMap<&str, &Tensor>) -> Result<()> {
        let config = folder::changed(self.raw.clone(), Some(folder::Head::Masked));
        folder::write(folder, self.init, &config, tensors.into_iter(), &self.extras)
    }
}

/// The tokeniser as it is to be: itself, what `tokenizer.json` is to hold where that changes, the number of the first new piece
/// (of the next one, where there is none), and the new pieces.
type Changed = (SubWordTokenizer, Option<Value>, usize, Vec<NewPiece>);

fn tokenizer(
    init: &Path,
    old: &SubWordTokenizer,
    data: AdaptData<'_>,
    transliteration: Option<Transliteration>,
    count: usize,
) -> Result<Changed> {
    let canonical = old.tokenizer.description()?;
    let file = init.join("tokenizer.json");
    // As it stands, with what it says about padding and the like.
    let mut description = match crate::transformer::pieces::json(&file)? {
        Value::Null => canonical.clone(),
        description => description,
    };
    description["model"]["type"] = canonical["model"]["type"].clone();
    let sides = data.pairs.iter().flat_map(|(source, target)| [source, target]);
    let sentences: Vec<&Sentence> = match count {
        0 => Vec::new(),
        _ => data.text.iter().chain(sides).collect(),
    };
    let parts = |(index, sentence): (usize, &&Sentence)| {
        let wrong = |problem| Error::Sentence { index, problem };
        if !sentence.is_tokenized() {
            return Err(wrong("it is not tokenised".into()));
        }
        let of = |word: &str| old.tokenizer.parts(&transliteration.map_or(word.into(), |to| to.apply(word)));
        let parts = sentence.tokens().map(of).collect::<std::result::Result<Vec<_>, _>>().map_err(wrong)?;
        Ok(parts.concat())
    };
    let found: Vec<Vec<String>> = sentences.par_iter().enumerate().map(parts).collect::<Result<_>>()?;
    let mut words = BTreeMap::new();
    for part in found.into_iter().flatten() {
        *words.entry(part).or_default() += 1;
    }
    let augmented = augment(&file, &old.tokenizer, description, &words, count)?;
    let tokenizer = SubWordTokenizer::of(&file, augmented.description.clone(), transliteration)?;
    let description = Some(augmented.description).filter(|_| !augmented.pieces.is_empty());
    Ok((tokenizer, description, augmented.first, augmented.pieces))
}

/// Gives embeddings and scores a row for every new piece: the mean of those of the pieces that it used to be split into.
fn grow(
    parameters: &mut Parameters,
    head: &Head,
    added: &[NewPiece],
    (first, unknown): (usize, Option<u32>),
    rows: usize,
) -> Result<()> {
    for name in [parameters.name(WORDS), head.bias.to_owned()] {
        let trained = parameters.trained().any(|(known, _)| known == name);
        let tensor = parameters.whole(&name);
        let (shape, device) = (tensor.dims().to_vec(), tensor.device().clone());
        let width = shape[1..].iter().product::<usize>();
        let mut values = tensor.flatten_all()?.to_vec1::<f32>()?;
        values.resize(rows * width, 0.0);
        for (at, piece) in added.iter().enumerate() {
            let of_unknown: Vec<u32> = unknown.into_iter().collect();
            let parts = if piece.parts.is_empty() { &of_unknown } else { &piece.parts };
            let row = |column: usize| {
                parts.iter().map(|part| values[*part as usize * width + column]).sum::<f32>()
                    / parts.len().max(1) as f32
            };
            let row: Vec<f32> = (0..width).map(row).collect();
            values[(first + at) * width..][..width].copy_from_slice(&row);
        }
        let shape = [&[rows], &shape[1..]].concat();
        parameters.add(name, Tensor::from_vec(values, shape, &device)?, trained)?;
    }
    Ok(())
}

/// What the result depends on, in a few characters. Where a state is kept does not count.
fn signature(options: &AdaptOptions, weights: &Tensors, texts: &[Text], held_out: &[Text]) -> Result<String> {
    let training = FineTuneOptions { checkpoint: None, checkpoint_steps: None, ..options.training.clone() };
    let counting = AdaptOptions { training, ..options.clone() };
    let mut data = crc32fast::Hasher::new();
    for text in texts.iter().chain(held_out) {
        text.windows.iter().for_each(|window| hash(&mut data, window));
        hash(&mut data, &text.rows);
    }
    let (data, checksum) = (data.finalize(), weights.checksum()?);
    Ok(format!("adapt {counting:?} {checksum:08x} {data:08x} {}", held_out.len()))
}

/// What people should know of the model.
fn card(init: &Path, config: &Config, transliteration: Option<Transliteration>) -> String {
    let from = init.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let mut card = format!(
        "# {from}, adapted\n\nAn encoder of the kind {} that went on learning raw text by masked language modelling (`xlner \
         adapt`), begun from {from}. Load it with `AutoModelForMaskedLM` or `AutoModel` of `transformers`, or begin `xlner \
         train` with it.\n",
        config.name
    );
    if transliteration.is_some() {
        card += "\nIts text was transliterated to Latin letters first (`transliteration.json`). xlner does so by itself; \
                 `transformers` does not: apply `any_ascii` to every letter, mark and digit that is not Latin before the \
                 tokeniser.\n";
    }
    card
}
