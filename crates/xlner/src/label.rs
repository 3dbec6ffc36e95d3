//! The job `label` (translate-test): sentences of a language without a tagger → the same sentences with entities. They are
//! translated, the translation is tagged, and its entities are projected back.

use std::path::PathBuf;

use serde::Serialize;
use xlner_core::{Pair, Sentence};
use xlner_formats::{Format, ReadOptions, SentenceWriter, WriteOptions, read_sentences, write_sentences};
use xlner_models::{Tagger, TranslationScorer, Translator};
use xlner_project::Method;

use crate::align::EncoderAligner;
use crate::aligner::AlignerOptions;
use crate::documents::Documents;
use crate::flow::{Back, Fail, Flow, FlowFigures, RunFolder, Shard, Step, Taggers, Translating, What};
use crate::progress::Listener;
use crate::project::output::{self, Writer};
use crate::project::{MethodOptions, NO_MODEL, Origin, ProjectReport, TranslationScores, method};
use crate::{Error, Result};

/// Pairs that the built-in aligner is trained on, where nothing else is said.
pub const TRAIN_PAIRS: u64 = 100_000;

/// How a job of several stages runs.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Where every stage keeps what it made, so that a second start goes on from there; `None`: nothing is kept.
    pub folder: Option<PathBuf>,
    /// The part of the work that is done here.
    pub shard: Shard,
    /// The built-in aligner is trained on that many pairs, the first.
    pub train_pairs: u64,
}

impl Default for RunOptions {
    fn default() -> Self {
        RunOptions { folder: None, shard: Shard::WHOLE, train_pairs: TRAIN_PAIRS }
    }
}

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
    /// From the sentences' language into [`LabelJob::via`].
    pub translator: &'a mut dyn Translator,
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
}

/// Figures of a run of `label` or `transfer`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct FlowReport {
    /// What the stages did.
    pub stages: FlowFigures,
    /// What projection came to, for the sentences of this shard.
    pub projection: ProjectReport,
    /// `transfer` by markers: sentences that are left out because a marker was lost in translation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost_markers: Option<u64>,
}

impl LabelJob {
    /// Checks what can be checked without reading anything.
    ///
    /// # Errors
    /// [`Error::Options`].
    pub fn check(&self) -> Result<()> {
        self.method.check()?;
        output::check(&self.output, &self.output_options)?;
        if self.documents && self.run.shard != Shard::WHOLE {
            return Err(Error::Options(
                "a shard ends inside a document: with --documents share out the files instead".into(),
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
        let LabelModels { translator, tagger, target_tagger, back_translator, encoder, scorer } = models;
        if self.back.is_some() != back_translator.is_some() {
            return Err(Error::Options("back-translation wants a translator back, and nothing else does".into()));
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
            Box::new(read_sentences(&self.input, &options)?.map(|sentence| Ok(LabelJob::pair(sentence?))))
        };
        let fail = |number, pair: &Pair, problem| sentence_error(&self.input, number, pair, problem);
        let flow = FlowJob {
            aligner: &self.aligner,
            encoder,
            method: Some(&self.method),
            back: self.back,
            run: &self.run,
            output: (&self.output, &self.output_options),
            documents: self.documents.then_some(&documents),
            fail: &fail,
        };
        let lang = Some(self.via.clone());
        let mut steps: Vec<Box<dyn Step + '_>> = vec![Box::new(Translating { translator, what: What::Target, lang })];
        if let Some(translator) = back_translator {
            let lang = self.input_options.lang.clone();
            steps.push(Box::new(Translating { translator, what: What::Back, lang }));
        }
        let uncertain = self.method.decides(flow.links());
        steps.push(Box::new(Taggers { source: Some(tagger), target: target_tagger, uncertain }));
        steps.extend(scores.map(|scores| Box::new(scores) as Box<dyn Step + '_>));
        flow.run(steps, &mut pairs, listener)
    }

    /// The pair of a sentence, whose source is still to be made.
    fn pair(mut sentence: Sentence) -> Pair {
        let id = sentence.extra.get("id").and_then(|id| id.as_str()).unwrap_or_default().to_owned();
        sentence.entities.clear();
        Pair { id, target: sentence, ..Pair::default() }
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

/// What `label` and `transfer` share: the stages, the output, the report.
pub(crate) struct FlowJob<'a> {
    pub aligner: &'a AlignerOptions,
    pub encoder: Option<EncoderAligner<'a>>,
    /// `None` where a step projects: it gives pairs that are to be left out no [`Pair::projection`].
    pub method: Option<&'a MethodOptions>,
    pub back: Option<Back>,
    pub run: &'a RunOptions,
    pub output: (&'a PathBuf, &'a WriteOptions),
    /// Put together what was taken apart.
    pub documents: Option<&'a Documents>,
    pub fail: Fail<'a>,
}

impl FlowJob<'_> {
    /// Whether something else than the built-in aligner gives the links.
    pub fn links(&self) -> bool {
        self.back.is_some_and(Back::gives_links) || self.encoder.is_some()
    }

    pub fn run(
        self,
        steps: Vec<Box<dyn Step + '_>>,
        pairs: &mut (dyn Iterator<Item = Result<Pair>> + Send),
        listener: Listener<'_>,
    ) -> Result<FlowReport> {
        let method = self.method.map(|method| method.resolve(self.links())).transpose()?;
        if let (Some(_), Some(method)) = (&self.encoder, &method) {
            self.check_encoder(method)?;
        }
        let decision = match (self.method, &method) {
            (Some(options), Some(method)) => options.decision.open(method::needs_posteriors(method))?,
            _ => None,
        };
        let looks = |method: &Method| method::needs_links(method) || method::needs_posteriors(method);
        let origin = match (method.as_ref().is_some_and(looks), &self.aligner.model) {
            (false, _) => Origin::None,
            _ if self.encoder.is_some() => Origin::Encoder,
            (true, Some(_)) if !self.aligner.trains() => Origin::Model,
            (true, _) => Origin::Trained,
        };
        let mut projection = ProjectReport::new(method.as_ref(), origin);
        let mut lost = method.is_none().then_some(0);
        // Before the long work: a folder that cannot be written to is found out at once.
        let mut sink = Sink::create(self.output, self.documents)?;
        let folder = RunFolder::open_or_temporary(self.run.folder.as_deref())?;
        let flow = Flow {
            folder: &folder,
            aligner: self.aligner,
            encoder: self.encoder,
            train_pairs: self.run.train_pairs,
            method: method.as_ref(),
            keep_labels: self.method.is_some_and(|method| method.keep_labels),
            decision: decision.as_ref(),
            back: self.back,
            shard: self.run.shard,
            fail: self.fail,
        };
        let mut write = |pair: Pair| {
            if let Some(lost) = lost.as_mut().filter(|_| pair.projection.is_none()) {
                *lost += 1;
                return Ok(());
            }
            projection.count(&pair);
            sink.write(pair)
        };
        let stages = flow.run(steps, pairs, &mut write, listener)?;
        sink.finish()?;
        Ok(FlowReport { stages, projection, lost_markers: lost })
    }

    /// An encoder gives links, and no posteriors; what asks for nothing else, or for more, is refused.
    fn check_encoder(&self, method: &xlner_project::Method) -> Result<()> {
        let problem = if self.back.is_some() {
            "a back-translation is aligned by the built-in aligner: leave out --encoder, or --back"
        } else if !method::needs_links(method) {
            "the encoder has nothing to do: take its links too (--scores align=1), or leave out --encoder"
        } else if self.aligner.is_given() && !method::needs_posteriors(method) {
            "the links come from the encoder: leave out --bitext and --dictionary, which train the built-in aligner, or take its \
             score too (--scores align=1,span=1)"
        } else {
            return Ok(());
        };
        Err(Error::Options(problem.into()))
    }
}

/// Where the result goes.
enum Sink<'a> {
    Pairs(Writer),
    Documents(&'a Documents, Box<dyn SentenceWriter>),
}

impl<'a> Sink<'a> {
    fn create((path, options): (&PathBuf, &WriteOptions), documents: Option<&'a Documents>) -> Result<Sink<'a>> {
        Ok(match documents {
            Some(documents) => Sink::Documents(documents, write_sentences(path, options)?),
            None => Sink::Pairs(Writer::create(path, options)?),
        })
    }

    fn write(&mut self, pair: Pair) -> Result<()> {
        match self {
            Sink::Pairs(writer) => writer.write(&pair),
            Sink::Documents(documents, writer) => {
                let name = pair.id;
                let whole = documents.put_back(pair.target);
                let whole = whole.map_err(|error| Error::Options(format!("sentence {name}: {error}")))?;
                whole.iter().try_for_each(|document| Ok(writer.write(document)?))
            }
        }
    }

    fn finish(self) -> Result<()> {
        match self {
            Sink::Pairs(writer) => writer.finish(),
            Sink::Documents(documents, mut writer) => {
                documents.rest().iter().try_for_each(|document| writer.write(document))?;
                Ok(writer.finish()?)
            }
        }
    }
}

/// Scores and candidates that ask for a tagger of the target language get one, and no other method does.
pub(crate) fn check_target_tagger(method: &MethodOptions, tagger: Option<&dyn Tagger>) -> Result<()> {
    match (method.needs_tagger(), tagger.is_some()) {
        (true, false) => Err(Error::Options(
            "the scores tagger and tagger-any and the candidates tagger ask for a tagger of the target language: give \
             --target-tagger"
                .into(),
        )),
        (false, true) => Err(Error::Options(
            "--target-tagger is not asked for anything: add --scores span=1,tagger=0.5 or --candidates tagger".into(),
        )),
        _ => Ok(()),
    }
}

/// The scores of a translation model that a method asks for, whose records have none.
pub(crate) fn translation_scores<'a>(
    method: &MethodOptions,
    scorer: Option<&'a mut dyn TranslationScorer>,
) -> Result<Option<TranslationScores<'a>>> {
    if method.needs_scorer() && scorer.is_none() {
        return Err(Error::Options(NO_MODEL.into()));
    }
    TranslationScores::new(method, scorer)
}

/// The error of a sentence of the input.
pub(crate) fn sentence_error(file: &std::path::Path, number: u64, pair: &Pair, problem: String) -> Error {
    Error::Sentence { file: file.to_owned(), number, id: pair.id.clone(), problem }
}
