//! A model and its vocabulary as a translator, and as what scores translations.

use std::path::Path;

use xlner_core::contracts::{
    GivenTranslation, MarkerOptions, ModelError, ModelResult, Placement, Translation, TranslationScorer, Translator,
    TranslatorFigures,
};
use xlner_models::hub;

use super::split::split;
use super::{Hypothesis, InsertSearch, Insertion, Search, Seq2SeqModel, Target, TranslationDirection, Vocabulary};
use crate::nn::Precision;
use crate::{Error, Result};

/// Hypotheses that are followed at once.
const HYPOTHESES: usize = 128;

/// How a translation model is opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Seq2SeqOptions {
    /// What the network calculates in; `None`: as [`Seq2SeqModel::load`] chooses.
    pub precision: Option<Precision>,
    /// How translations are searched for. Half of [`Search::max_length`] is what a text may have in sub-words before it is split
    /// into sentences, and a sentence before it is split between words: so a translation has room for twice the length.
    pub search: Search,
    /// Branch, tag or commit on the Hub.
    pub revision: Option<String>,
    /// Sub-words that are translated at once.
    pub batch_tokens: usize,
}

impl Default for Seq2SeqOptions {
    fn default() -> Seq2SeqOptions {
        Seq2SeqOptions { precision: None, search: Search::default(), revision: None, batch_tokens: 1024 }
    }
}

/// A translation model and its vocabulary, for one pair of languages.
pub struct Seq2Seq {
    name: String,
    model: Seq2SeqModel,
    vocabulary: Vocabulary,
    direction: TranslationDirection,
    from: String,
    to: String,
    options: Seq2SeqOptions,
    figures: TranslatorFigures,
}

impl Seq2Seq {
    /// Opens the model of a folder, or of the Hub by its name, for translation between two languages (BCP 47).
    ///
    /// # Errors
    /// Those of [`hub::resolve`], [`Seq2SeqModel::load`], [`Vocabulary::open`] and [`Vocabulary::direction`];
    /// [`Error::Options`] for options out of range.
    pub fn open(model: &str, from: &str, to: &str, options: &Seq2SeqOptions) -> Result<Seq2Seq> {
        options.search.check()?;
        let folder = hub::resolve(model, options.revision.as_deref())?;
        Seq2Seq::load(model, &folder, from, to, options)
    }

    /// Whether it is a Marian model, which translates in one direction only.
    pub fn is_marian(&self) -> bool {
        self.model.is_marian()
    }

    /// Whether one of CTranslate2's converters wrote it.
    pub fn is_ctranslate2(&self) -> bool {
        self.model.is_ctranslate2()
    }

    /// Checks that the model translates between two languages.
    ///
    /// # Errors
    /// [`Error::Options`] where it does not know one of them.
    pub fn knows(&self, from: &str, to: &str) -> Result<()> {
        self.vocabulary.direction(from, to).map(drop)
    }

    fn load(name: &str, folder: &Path, from: &str, to: &str, options: &Seq2SeqOptions) -> Result<Seq2Seq> {
        let vocabulary = Vocabulary::open(folder)?;
        let direction = vocabulary.direction(from, to)?;
        let model = Seq2SeqModel::load(folder, options.precision)?;
        if direction.first.is_some_and(|token| token as usize >= model.vocabulary()) {
            return Err(Error::model(
                folder,
                "its tokeniser has more tokens than the network; they belong to different models",
            ));
        }
        Ok(Seq2Seq {
            name: name.to_owned(),
            model,
            vocabulary,
            direction,
            from: from.to_owned(),
            to: to.to_owned(),
            options: options.clone(),
            figures: TranslatorFigures::default(),
        })
    }

    /// The error for what the network calculates with weights out of all proportion.
    fn no_numbers(&self) -> Error {
        let problem = "its weights give values that are no numbers; they are damaged, fetch them again";
        Error::model(Path::new(&self.name), problem)
    }

    /// The translations of a text from those of its parts.
    fn join(&self, parts: &[&[Hypothesis]]) -> Result<Vec<Translation>> {
        if parts.is_empty() {
            return Ok(vec![Translation::default()]);
        }
        let space = match self.to.split(['-', '_']).next() {
            Some("zh" | "ja" | "th" | "lo" | "km" | "my" | "yue") => "",
            _ => " ",
        };
        let ranks = parts.iter().map(|part| part.len()).max().unwrap_or(0);
        let forced = usize::from(self.direction.first.is_some());
        let mut joined = Vec::with_capacity(ranks);
        for rank in 0..ranks {
            let (mut texts, mut sum, mut tokens) = (Vec::new(), 0.0, 0);
            for part in parts {
                if let Some(hypothesis) = part.get(rank).or(part.last()) {
                    texts.push(self.vocabulary.text(&hypothesis.tokens)?);
                    if hypothesis.log_probability.is_nan() {
                        return Err(self.no_numbers());
                    }
                    sum += f64::from(hypothesis.log_probability);
                    tokens += hypothesis.tokens.len() - forced;
                }
            }
            let score = (tokens > 0).then(|| sum / tokens as f64);
            joined.push(Translation { text: texts.join(space).trim().to_owned(), score });
        }
        Ok(joined)
    }
}

impl Translator for Seq2Seq {
    fn signature(&self) -> String {
        let Seq2SeqOptions { search, .. } = &self.options;
        format!("{} {} {}-{} {search:?}", self.name, self.model.signature(), self.from, self.to)
    }

    fn translate(&mut self, texts: &[&str]) -> ModelResult<Vec<Translation>> {
        let best = self.translate_best(texts)?.into_iter();
        Ok(best.map(|best| best.into_iter().next().unwrap_or_default()).collect())
    }

    /// At most [`Search::best`] of every text; those of a text that was split are those of its parts, rank by rank.
    fn translate_best(&mut self, texts: &[&str]) -> ModelResult<Vec<Vec<Translation>>> {
        let longest = (self.options.search.max_length.min(self.model.longest()) / 2).max(4);
        let mut parts: Vec<(usize, Vec<u32>)> = Vec::new();
        for (number, text) in texts.iter().enumerate() {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            if !text.is_empty() {
                let count = |text: &str| -> Result<usize> { Ok(self.vocabulary.source(&self.direction, text)?.len()) };
                for part in split(&text, &self.from, longest, &count)? {
                    parts.push((number, self.vocabulary.source(&self.direction, &part)?));
                }
            }
        }
        let mut order: Vec<usize> = (0..parts.len()).collect();
        order.sort_by_key(|part| std::cmp::Reverse(parts[*part].1.len()));
        let mut found: Vec<Vec<Hypothesis>> = vec![Vec::new(); parts.len()];
        let mut rest = &order[..];
        while !rest.is_empty() {
            let most = (HYPOTHESES / self.options.search.beams).max(1);
            let mut tokens = 0;
            let fits = rest.iter().take(most).take_while(|part| {
                tokens += parts[**part].1.len();
                tokens <= self.options.batch_tokens
            });
            let (batch, others) = rest.split_at(fits.count().max(1));
            let sentences: Vec<&[u32]> = batch.iter().map(|part| &parts[*part].1[..]).collect();
            let memory = self.model.encode(&sentences);
            let hypotheses = self.model.generate(&memory, self.direction.first, &self.options.search, None)?;
            for (part, hypotheses) in batch.iter().zip(hypotheses) {
                found[*part] = hypotheses;
            }
            rest = others;
        }
        let mut of_texts: Vec<Vec<&[Hypothesis]>> = vec![Vec::new(); texts.len()];
        for ((number, _), hypotheses) in parts.iter().zip(&found) {
            of_texts[*number].push(hypotheses);
        }
        let best: Vec<Vec<Translation>> = of_texts.into_iter().map(|parts| self.join(&parts)).collect::<Result<_>>()?;
        self.figures.texts += texts.len() as u64;
        let lost = |(text, best): &(&&str, &Vec<Translation>)| {
            best.first().is_none_or(|best| best.text.is_empty()) && text.chars().any(char::is_alphabetic)
        };
        self.figures.empty += texts.iter().zip(&best).filter(lost).count() as u64;
        Ok(best)
    }

    fn figures(&self) -> TranslatorFigures {
        self.figures
    }
}

impl TranslationScorer for Seq2Seq {
    fn signature(&self) -> String {
        format!("{} {}", self.name, self.model.signature())
    }

    fn score(&mut self, from: &str, sources: &[&str], targets: &[GivenTranslation<'_>]) -> ModelResult<Vec<f64>> {
        let too_long = |index: usize, tokens: usize| ModelError::Sentence {
            index,
            problem: format!(
                "it has {tokens} sub-words, and the model takes {}; score shorter texts",
                self.model.longest()
            ),
        };
        // For M2M100 and NLLB-200 a source's states do not depend on the target language; for Marian there is one.
        let mut encoded = Vec::with_capacity(sources.len());
        for (index, source) in sources.iter().enumerate() {
            let to =
                targets.iter().find(|target| target.source == index).map_or(self.to.as_str(), |target| target.lang);
            let tokens = self.vocabulary.source(&self.vocabulary.direction(from, to)?, source)?;
            if tokens.len() > self.model.longest() {
                return Err(too_long(index, tokens.len()));
            }
            encoded.push(tokens);
        }
        let mut given = Vec::with_capacity(targets.len());
        for target in targets {
            let direction = self.vocabulary.direction(from, target.lang)?;
            let tokens = self.vocabulary.target(&direction, target.text)?;
            if target.source >= sources.len() || tokens.len() > self.model.longest() {
                return Err(too_long(target.source, tokens.len()));
            }
            given.push(Target { sentence: target.source, tokens, given: usize::from(direction.first.is_some()) });
        }
        let mut scores = vec![0.0; targets.len()];
        let mut start = 0;
        while start < sources.len() {
            let mut tokens = 0;
            let fits = encoded[start..].iter().take_while(|source| {
                tokens += source.len();
                tokens <= self.options.batch_tokens
            });
            let end = start + fits.count().max(1);
            let batch: Vec<&[u32]> = encoded[start..end].iter().map(Vec::as_slice).collect();
            let memory = self.model.encode(&batch);
            let numbers: Vec<usize> = (0..given.len()).filter(|n| (start..end).contains(&given[*n].sentence)).collect();
            let wanted: Vec<Target> =
                numbers.iter().map(|n| Target { sentence: given[*n].sentence - start, ..given[*n].clone() }).collect();
            for (number, found) in numbers.iter().zip(self.model.log_probabilities(&memory, &wanted)) {
                let score = found.iter().map(|score| f64::from(*score)).sum::<f64>() / found.len() as f64;
                if score.is_nan() {
                    return Err(self.no_numbers().into());
                }
                scores[*number] = score;
            }
            start = end;
        }
        Ok(scores)
    }

    fn place_markers(
        &mut self,
        [from, to]: [&str; 2],
        plain: &str,
        marked: &[&str],
        words: &[&str],
        options: &MarkerOptions,
    ) -> ModelResult<Vec<Vec<Placement>>> {
        let direction = self.vocabulary.direction(from, to)?;
        let (mut tokens, mut starts) = (Vec::new(), vec![0]);
        for word in words {
            tokens.extend(self.vocabulary.word(word)?);
            starts.push(tokens.len());
        }
        let markers = [self.vocabulary.word("[")?, self.vocabulary.word("]")?];
        if markers.iter().any(Vec::is_empty) || markers[0] == markers[1] {
            return Err(ModelError::Options(format!(
                "{} has no tokens for [ and ]; the score codec wants them",
                self.name
            )));
        }
        let mut sources = Vec::with_capacity(marked.len() + 1);
        for text in std::iter::once(&plain).chain(marked) {
            sources.push(self.vocabulary.source(&direction, text)?);
        }
        let whole = 2 + tokens.len() + markers.iter().map(Vec::len).sum::<usize>();
        let longest = sources.iter().map(Vec::len).chain([whole]).max().unwrap_or(0);
        if longest > self.model.longest() {
            let problem = format!(
                "with markers it has {longest} sub-words, and the model takes {}; leave it out, or do without the score codec",
                self.model.longest()
            );
            return Err(ModelError::Sentence { index: 0, problem });
        }
        let sources: Vec<&[u32]> = sources.iter().map(Vec::as_slice).collect();
        let memory = self.model.encode(&sources);
        let mut insertion = Insertion { marked: 0, plain: 0, first: direction.first, tokens, words: starts, markers };
        let search = InsertSearch { best: options.best, longest: options.longest, slack: options.slack };
        let mut places = Vec::with_capacity(marked.len());
        for entity in 1..=marked.len() {
            insertion.marked = entity;
            let found = self.model.insert(&memory, &insertion, &search);
            if found.iter().any(|place| place.log_probability.is_nan()) {
                return Err(self.no_numbers().into());
            }
            places.push(found.into_iter().map(Placement::from).collect());
        }
        Ok(places)
    }
}

impl From<super::Inserted> for Placement {
    fn from(found: super::Inserted) -> Placement {
        let [start, end] = found.words;
        Placement { span: xlner_core::Span::new(start, end), log_probability: f64::from(found.log_probability) }
    }
}
