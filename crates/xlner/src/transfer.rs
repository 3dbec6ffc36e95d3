//! The job `transfer` (translate-train): labelled sentences → their translations with the entities where they belong, to
//! train a tagger on.

use std::path::PathBuf;

use xlner_core::Pair;
use xlner_core::{Tagger, TranslationScorer, Translator};
use xlner_formats::{ReadOptions, Side, WriteOptions};
use xlner_project::filters::Drops;
use xlner_project::markers::Markers;

use crate::align::EncoderAligner;
use crate::aligner::AlignerOptions;
use crate::decision::Judging;
use crate::engine::output::check_entities;
use crate::engine::source::{Input, Source};
use crate::engine::step::Step;
use crate::flow::job::{FlowJob, check_target_tagger, sentence_error, translation_scores};
use crate::flow::{FlowReport, Marking, RunOptions, Taggers, Translating, What};
use crate::progress::Listener;
use crate::project::MethodOptions;
use crate::signs::Signs;
use crate::{Error, Result};

/// Gives a language training data.
#[derive(Debug, Clone)]
pub struct TransferJob {
    /// The labelled sentences; with a tagger their labels are not looked at.
    pub source: PathBuf,
    /// How they are read.
    pub source_options: ReadOptions,
    /// Translations that are given, sentence by sentence, and how they are read; else a translator makes them.
    pub translations: Option<(PathBuf, ReadOptions)>,
    /// Language of the translations (BCP 47).
    pub to: String,
    /// Entities are projected by markers that go through the translation, instead of by [`method`](Self::method): the text is
    /// translated with markers round its entities. Brackets (EasyProject; Chen et al. 2023) are told apart by the entities' own
    /// translations, tags (LabelPigeon) by their letters. A sentence that loses a marker is left out.
    pub markers: Option<Markers>,
    /// The built-in aligner.
    pub aligner: AlignerOptions,
    /// How entities are projected.
    pub method: MethodOptions,
    /// How the stages run.
    pub run: RunOptions,
    /// Where the translations go; formats that hold pairs (JSONL, Parquet) get the pairs.
    pub output: PathBuf,
    /// How they are written.
    pub output_options: WriteOptions,
}

/// What `transfer` works with.
#[derive(Default)]
pub struct TransferModels<'a> {
    /// Into [`TransferJob::to`], where no translations are given.
    pub translator: Option<&'a mut dyn Translator>,
    /// Of the source, where that has no labels.
    pub tagger: Option<&'a dyn Tagger>,
    /// Of the language of the translations, where scores or candidates of projection ask for one.
    pub target_tagger: Option<&'a dyn Tagger>,
    /// Gives the links instead of the built-in aligner.
    pub encoder: Option<EncoderAligner<'a>>,
    /// Gives the scores `nmt` and `codec`, where the method asks for them.
    pub scorer: Option<&'a mut dyn TranslationScorer>,
    /// Who is asked about entities that the decision is unsure of.
    pub judging: Option<Judging<'a>>,
}

impl TransferJob {
    /// Checks what can be checked without reading anything.
    ///
    /// # Errors
    /// [`Error::Options`].
    pub fn check(&self) -> Result<()> {
        self.method.check()?;
        if self.markers.is_some() {
            let given = [
                ("given translations", self.translations.is_some()),
                ("options of projection", self.method != MethodOptions::default()),
                ("an aligner, bitext or dictionary", self.aligner.is_given()),
            ];
            if let Some((what, _)) = given.iter().find(|(_, given)| *given) {
                return Err(Error::Options(format!(
                    "option `markers` projects by markers that go through the translation, and has no use for {what}; leave that out"
                )));
            }
        }
        check_entities(&self.output, &self.output_options)
    }

    /// Does the job. The output appears when all is done.
    ///
    /// # Errors
    /// See [`Error`]. What the stages made is in the run folder all the same.
    pub fn run(&self, models: TransferModels<'_>, listener: Listener<'_>) -> Result<FlowReport> {
        self.check()?;
        let TransferModels { translator, tagger, target_tagger, encoder, scorer, judging } = models;
        if self.markers.is_some() && encoder.is_some() {
            return Err(Error::Options("option `markers` projects by markers, and has no use for an encoder".into()));
        }
        check_target_tagger(&self.method, target_tagger)?;
        let scores = translation_scores(&self.method, scorer)?;
        let fail = |number, pair: &Pair, problem| sentence_error(&self.source, number, pair, problem);
        let mut pairs: Box<dyn Iterator<Item = Result<Pair>> + Send> = match (&self.translations, &translator) {
            (Some((target, target_options)), None) => {
                let input = Input::Files {
                    source: self.source.clone(),
                    source_options: self.source_options.clone(),
                    target: target.clone(),
                    target_options: ReadOptions {
                        lang: Some(self.to.clone()),
                        no_tags: true,
                        ..target_options.clone()
                    },
                };
                Box::new(Source::open(&input, None)?)
            }
            (None, Some(_)) => Box::new(Source::sentences(&self.source, &self.source_options, Side::Source)?),
            (Some(_), Some(_)) => {
                return Err(Error::Options("translations are given, so there is nothing for an engine to do".into()));
            }
            (None, None) => return Err(Error::Options("give option `engine`, or option `translations`".into())),
        };
        let signs = Signs::default();
        let translations = self.translations.as_ref().map_or(&self.source, |(path, _)| path);
        let flow = FlowJob {
            aligner: &self.aligner,
            encoder,
            judging,
            method: self.markers.is_none().then_some(&self.method),
            drops: Drops::Sentence,
            back: None,
            run: &self.run,
            input: (&self.source, translations, &self.source_options),
            tagged: tagger.is_some(),
            signs: signs.clone(),
            output: (&self.output, &self.output_options),
            documents: None,
            fail: &fail,
        };
        let uncertain = self.markers.is_none() && self.method.decides(flow.links());
        let mut steps: Vec<Box<dyn Step + '_>> = vec![Box::new(Taggers {
            source: tagger,
            target: target_tagger,
            fused: None,
            uncertain,
            signs: signs.clone(),
        })];
        if let Some(translator) = translator {
            if let Some(markers) = self.markers {
                steps.push(Box::new(Marking { translator, markers, lang: self.to.clone() }));
            } else {
                let lang = Some(self.to.clone());
                steps.insert(0, Box::new(Translating { translator, what: What::Source, lang, signs: signs.clone() }));
            }
        }
        steps.extend(scores.map(|scores| Box::new(scores) as Box<dyn Step + '_>));
        flow.run(steps, &mut pairs, listener)
    }
}
