//! The job `transfer` (translate-train): labelled sentences → their translations with the entities where they belong, to
//! train a tagger on.

use std::path::PathBuf;

use xlner_core::Pair;
use xlner_formats::{ReadOptions, WriteOptions, read_sentences};
use xlner_models::{Tagger, Translator};

use crate::align::EncoderAligner;
use crate::aligner::AlignerOptions;
use crate::flow::{Taggers, Translating, What};
use crate::input::{Input, Pairs};
use crate::label::{FlowJob, FlowReport, RunOptions, check_target_tagger, sentence_error};
use crate::progress::Listener;
use crate::project::{MethodOptions, output};
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

impl TransferJob {
    /// Checks what can be checked without reading anything.
    ///
    /// # Errors
    /// [`Error::Options`].
    pub fn check(&self) -> Result<()> {
        self.method.check()?;
        output::check(&self.output, &self.output_options)
    }

    /// Does the job: with a translator into `to` where no translations are given, with a tagger of the source where that
    /// has no labels, with one of the target where scores or candidates ask for it, with an encoder where that gives the
    /// links instead of the built-in aligner. The output appears when all is done.
    ///
    /// # Errors
    /// See [`Error`]. What the stages made is in the run folder all the same.
    pub fn run(
        &self,
        translator: Option<&mut dyn Translator>,
        tagger: Option<&dyn Tagger>,
        target_tagger: Option<&dyn Tagger>,
        encoder: Option<EncoderAligner<'_>>,
        listener: Listener<'_>,
    ) -> Result<FlowReport> {
        self.check()?;
        check_target_tagger(&self.method, target_tagger)?;
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
                Box::new(Pairs::open(&input, None)?)
            }
            (None, Some(_)) => Box::new(read_sentences(&self.source, &self.source_options)?.map(|sentence| {
                let source = sentence?;
                let id = source.extra.get("id").and_then(|id| id.as_str()).unwrap_or_default().to_owned();
                Ok(Pair { id, source, ..Pair::default() })
            })),
            (Some(_), Some(_)) => {
                return Err(Error::Options("translations are given, so there is nothing for an engine to do".into()));
            }
            (None, None) => return Err(Error::Options("give --engine, or --translations".into())),
        };
        let flow = FlowJob {
            taggers: Taggers { source: tagger, target: target_tagger },
            aligner: &self.aligner,
            encoder,
            method: &self.method,
            back: None,
            run: &self.run,
            output: (&self.output, &self.output_options),
            documents: None,
            fail: &fail,
        };
        let translate =
            translator.map(|translator| Translating { translator, what: What::Source, lang: Some(self.to.clone()) });
        flow.run(translate, None, &mut pairs, listener)
    }
}
