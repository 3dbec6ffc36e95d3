//! The job `label` (translate-test): sentences of a language without a tagger → the same sentences with entities. They are
//! translated, the translation is tagged, and its entities are projected back.

use std::path::PathBuf;

use xlner_core::{Pair, Sentence};
use xlner_core::{Tagger, TranslationScorer, Translator};
use xlner_formats::{Format, ReadOptions, Side, WriteOptions, read_sentences};
use xlner_project::filters::Drops;

use crate::align::EncoderAligner;
use crate::aligner::AlignerOptions;
use crate::decision::Judging;
use crate::documents::Documents;
use crate::engine::output::check_entities;
use crate::engine::source::{Input, Source};
use crate::engine::step::Step;
use crate::flow::job::{FlowJob, check_target_tagger, sentence_error, translation_scores};
use crate::flow::{Back, FlowReport, RunOptions, Shard, Taggers, Translating, What};
use crate::progress::Listener;
use crate::project::MethodOptions;
use crate::signs::Signs;
use crate::{Error, Result};

/// Name of the method where a tagger finds the entities beside the translation.
pub(crate) const FUSION: &str = "fusion";

/// Finds the entities of sentences by way of another language.
#[derive(Debug, Clone)]
pub struct LabelJob {
    /// The sentences: tokenised (tags are not looked at), or raw, one a line; `-` is standard input.
    pub input: PathBuf,
    /// How they are read.
    pub input_options: ReadOptions,
    /// The input is documents: a whole text file, or the text of every record. They are taken apart into sentences, and
    /// written as documents with the entities where they stand in them.
    pub documents: bool,
    /// Translations that are given, sentence by sentence, and how they are read; else a translator makes them.
    pub translations: Option<(PathBuf, ReadOptions)>,
    /// Language of the translation (BCP 47).
    pub via: String,
    /// Back-translation refinement.
    pub back: Option<Back>,
    /// The built-in aligner.
    pub aligner: AlignerOptions,
    /// How entities are projected.
    pub method: MethodOptions,
    /// How the stages run.
    pub run: RunOptions,
    /// Where the sentences go; formats that hold pairs (JSONL, Parquet) get the pairs, the translation as source.
    pub output: PathBuf,
    /// How they are written.
    pub output_options: WriteOptions,
}

/// What `label` works with.
pub struct LabelModels<'a> {
    /// From the sentences' language into [`LabelJob::via`], where no translations are given.
    pub translator: Option<&'a mut dyn Translator>,
    /// Of the language `via`.
    pub tagger: &'a dyn Tagger,
    /// Of the sentences' own language, where scores or candidates of projection ask for one.
    pub target_tagger: Option<&'a dyn Tagger>,
    /// From `via` into the sentences' language, for [`LabelJob::back`].
    pub back_translator: Option<&'a mut dyn Translator>,
    /// Gives the links instead of the built-in aligner.
    pub encoder: Option<EncoderAligner<'a>>,
    /// Gives the scores `nmt` and `codec`, where the method asks for them.
    pub scorer: Option<&'a mut dyn TranslationScorer>,
    /// Of the sentences' own language: finds their entities, reading each beside its tagged translation, in place of projection.
    pub fusion: Option<&'a dyn Tagger>,
    /// Who is asked about entities that the decision is unsure of.
    pub judging: Option<Judging<'a>>,
}

impl LabelJob {
    /// Checks what can be checked without reading anything.
    ///
    /// # Errors
    /// [`Error::Options`].
    pub fn check(&self) -> Result<()> {
        self.method.check()?;
        check_entities(&self.output, &self.output_options)?;
        if self.documents && self.run.shard != Shard::WHOLE {
            return Err(Error::Options(
                "a shard ends inside a document: with option `documents` share out the files instead".into(),
            ));
        }
        if self.documents && self.translations.is_some() {
            return Err(Error::Options(
                "given translations are sentence by sentence, and documents are taken apart here: give the sentences"
                    .into(),
            ));
        }
        Ok(())
    }

    /// Does the job. The output appears when all is done.
    ///
    /// # Errors
    /// See [`Error`]. What the stages made is in the run folder all the same.
    pub fn run(&self, models: LabelModels<'_>, listener: Listener<'_>) -> Result<FlowReport> {
        self.check()?;
        let LabelModels { translator, tagger, target_tagger, back_translator, encoder, scorer, fusion, judging } =
            models;
        self.check_fusion(fusion, encoder.is_some())?;
        if self.back.is_some() != back_translator.is_some() {
            return Err(Error::Options("back-translation wants a translator back, and nothing else does".into()));
        }
        match (&self.translations, &translator) {
            (Some(_), Some(_)) => {
                return Err(Error::Options("translations are given, so there is nothing for an engine to do".into()));
            }
            (None, None) => return Err(Error::Options("give option `engine`, or option `translations`".into())),
            _ => {}
        }
        check_target_tagger(&self.method, target_tagger)?;
        let scores = translation_scores(&self.method, scorer)?;
        let documents = Documents::default();
        let mut pairs: Box<dyn Iterator<Item = Result<Pair>> + Send> = if self.documents {
            let texts = self.texts()?.zip(1..).map(|(document, number)| self.sentences(&documents, document?, number));
            Box::new(texts.flat_map(|sentences| match sentences {
                Ok(pairs) => pairs.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            }))
        } else {
            let options = ReadOptions { no_tags: true, ..self.input_options.clone() };
            let pairs = match &self.translations {
                None => Source::sentences(&self.input, &options, Side::Target)?,
                Some((path, of_translations)) => {
                    let input = Input::Files {
                        source: path.clone(),
                        source_options: ReadOptions {
                            lang: Some(self.via.clone()),
                            no_tags: true,
                            ..of_translations.clone()
                        },
                        target: self.input.clone(),
                        target_options: options,
                    };
                    Source::open(&input, None)?
                }
            };
            Box::new(pairs.map(|pair| {
                let mut pair = pair?;
                pair.target.entities.clear();
                Ok(pair)
            }))
        };
        let fail = |number, pair: &Pair, problem| sentence_error(&self.input, number, pair, problem);
        let signs = Signs::default();
        let flow = FlowJob {
            aligner: &self.aligner,
            encoder,
            judging,
            method: fusion.is_none().then_some(&self.method),
            drops: Drops::Entity,
            back: self.back,
            run: &self.run,
            tagged: true,
            input: (self.translations.as_ref().map_or(&self.input, |(path, _)| path), &self.input, &self.input_options),
            signs: signs.clone(),
            output: (&self.output, &self.output_options),
            documents: self.documents.then_some(&documents),
            fail: &fail,
        };
        let lang = Some(self.via.clone());
        let mut steps: Vec<Box<dyn Step + '_>> = Vec::new();
        if let Some(translator) = translator {
            steps.push(Box::new(Translating { translator, what: What::Target, lang, signs: signs.clone() }));
        }
        if let Some(translator) = back_translator {
            let lang = self.input_options.lang.clone();
            steps.push(Box::new(Translating { translator, what: What::Back, lang, signs: Signs::default() }));
        }
        let uncertain = fusion.is_none() && self.method.decides(flow.links());
        steps.push(Box::new(Taggers {
            source: Some(tagger),
            target: target_tagger,
            fused: fusion,
            uncertain,
            signs: signs.clone(),
        }));
        steps.extend(scores.map(|scores| Box::new(scores) as Box<dyn Step + '_>));
        let mut report = flow.run(steps, &mut pairs, listener)?;
        if fusion.is_some() {
            // Nothing was projected, and no marker could be lost.
            (report.projection.method, report.projection.projected, report.lost_markers) = (FUSION, 0, None);
        }
        Ok(report)
    }

    /// A tagger that reads sentences beside their translations takes the place of projection; what projection alone looks at is
    /// refused.
    fn check_fusion(&self, fusion: Option<&dyn Tagger>, encoder: bool) -> Result<()> {
        let Some(fusion) = fusion else { return Ok(()) };
        if !fusion.reads_translation() {
            return Err(Error::Options(
                "option `fusion` wants a tagger that reads sentences beside their tagged translations, as `train` with option `fusion` \
                 makes it"
                    .into(),
            ));
        }
        let given = [
            ("options of projection", self.method != MethodOptions::default()),
            ("an aligner, bitext or dictionary", self.aligner.is_given() || encoder),
            ("back-translation", self.back.is_some()),
        ];
        match given.iter().find(|(_, given)| *given) {
            Some((what, _)) => Err(Error::Options(format!(
                "with option `fusion` nothing is projected, and there is no use for {what}; leave that out"
            ))),
            None => Ok(()),
        }
    }

    /// The documents.
    fn texts(&self) -> Result<Box<dyn Iterator<Item = Result<Sentence>> + Send>> {
        let options = ReadOptions { no_tags: true, tokenized: false, ..self.input_options.clone() };
        let format = options.format.or_else(|| Format::from_path(&self.input));
        let mut read = read_sentences(&self.input, &options)?.map(|sentence| Ok(sentence?));
        if format != Some(Format::Text) {
            return Ok(Box::new(read));
        }
        let lines = read.by_ref().map(|line| Ok(line?.text().to_owned())).collect::<Result<Vec<String>>>()?;
        let mut document = Sentence::from_text(lines.join("\n"));
        document.lang = self.input_options.lang.clone();
        Ok(Box::new(std::iter::once(Ok(document))))
    }

    /// The pairs of a document's sentences.
    fn sentences(&self, documents: &Documents, document: Sentence, number: u64) -> Result<Vec<Pair>> {
        let name =
            document.extra.get("id").and_then(|id| id.as_str()).map_or_else(|| number.to_string(), str::to_owned);
        let failed = |error: xlner_core::Error| {
            let pair = Pair { id: name.clone(), ..Pair::default() };
            sentence_error(&self.input, number, &pair, error.to_string())
        };
        let sentences = documents.take_apart(document).map_err(failed)?;
        let pair = |(target, at)| Pair { id: format!("{name}.{at}"), target, ..Pair::default() };
        Ok(sentences.into_iter().zip(1..).map(pair).collect())
    }
}
