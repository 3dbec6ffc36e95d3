//! What the jobs `label` and `transfer` share: how their stages run, the output, the report.

use std::path::{Path, PathBuf};

use serde::Serialize;
use xlner_core::Pair;
use xlner_core::{Tagger, TranslationScorer};
use xlner_formats::{ReadOptions, Side, WriteOptions};
use xlner_project::Method;
use xlner_project::filters::Drops;

use super::{Back, Flow, FlowFigures, Shard};
use crate::align::EncoderAligner;
use crate::aligner::AlignerOptions;
use crate::decision::Judging;
use crate::documents::Documents;
use crate::engine::folder::RunFolder;
use crate::engine::output::Output;
use crate::engine::step::{Fail, Step};
use crate::progress::Listener;
use crate::project::{
    FilterOptions, IDLE_TAGGER, MethodOptions, NO_MODEL, Origin, ProjectReport, TranslationScores, method,
};
use crate::signs::Signs;
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

/// What `label` and `transfer` share: the stages, the output, the report.
pub(crate) struct FlowJob<'a> {
    pub aligner: &'a AlignerOptions,
    pub encoder: Option<EncoderAligner<'a>>,
    /// `None` where a step projects: it gives pairs that are to be left out no [`Pair::projection`].
    pub method: Option<&'a MethodOptions>,
    /// Who is asked where the decision is unsure.
    pub judging: Option<Judging<'a>>,
    /// What filters drop, unless the user says otherwise.
    pub drops: Drops,
    pub back: Option<Back>,
    pub run: &'a RunOptions,
    /// The source of projection, the target, and how they are read: what notes on them need.
    pub input: (&'a Path, &'a Path, &'a ReadOptions),
    /// Whether the source's entities are those that a tagger found.
    pub tagged: bool,
    pub signs: Signs,
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
        if let Some(judging) = &self.judging {
            judging.check(decision.is_some())?;
        }
        let none = FilterOptions::default();
        let filters = self.method.map_or(&none, |method| &method.filters);
        let links = |method: &Method| filters.needs_links() || method::needs_links(method);
        let looks = |method: &Method| links(method) || method::needs_posteriors(method);
        let origin = match (method.as_ref().is_some_and(looks), &self.aligner.model) {
            (false, _) => Origin::None,
            _ if self.encoder.is_some() => Origin::Encoder,
            (true, Some(_)) if !self.aligner.trains() => Origin::Model,
            (true, _) => Origin::Trained,
        };
        let mut projection = ProjectReport::new(method.as_ref(), origin);
        let mut lost = method.is_none().then_some(0);
        // Before the long work: a folder that cannot be written to is found out at once.
        let (path, options) = self.output;
        let mut output = match self.documents {
            Some(documents) => Output::documents(path, options, documents)?,
            None => Output::entities(path, options, Side::Target)?,
        };
        let folder = RunFolder::open_or_temporary(self.run.folder.as_deref())?;
        let flow = Flow {
            folder: &folder,
            aligner: self.aligner,
            encoder: self.encoder,
            train_pairs: self.run.train_pairs,
            method: method.as_ref(),
            keep_labels: self.method.is_some_and(|method| method.keep_labels),
            decision: decision.as_ref(),
            judging: self.judging,
            links: filters.needs_links(),
            back: self.back,
            shard: self.run.shard,
            fail: self.fail,
        };
        let mut write = |mut pair: Pair| {
            if let Some(lost) = lost.as_mut().filter(|_| pair.projection.is_none()) {
                *lost += 1;
                return Ok(());
            }
            if !filters.apply(&mut pair, self.drops, &mut projection.filters) {
                return Ok(());
            }
            projection.count(&pair);
            output.write(pair)
        };
        let stages = flow.run(steps, pairs, &mut write, listener)?;
        let (source, target, options) = self.input;
        projection.places.tell(options, source, target, self.tagged)?;
        self.signs.tell(options, source)?;
        output.finish()?;
        projection.decision = stages.decision;
        Ok(FlowReport { stages, projection, lost_markers: lost })
    }

    /// An encoder gives links, and no posteriors; what asks for nothing else, or for more, is refused.
    fn check_encoder(&self, method: &xlner_project::Method) -> Result<()> {
        let problem = if self.back.is_some() {
            "a back-translation is aligned by the built-in aligner: leave out option `encoder`, or option `back`"
        } else if !(method::needs_links(method) || self.method.is_some_and(|method| method.filters.needs_links())) {
            "the encoder has nothing to do: take its links too (option `scores` align=1), or leave out option `encoder`"
        } else if self.aligner.is_given() && !method::needs_posteriors(method) {
            "the links come from the encoder: leave out option `bitext` and option `dictionary`, which train the built-in aligner, or take its \
             score too (option `scores` align=1,span=1)"
        } else {
            return Ok(());
        };
        Err(Error::Options(problem.into()))
    }
}

/// Scores and candidates that ask for a tagger of the target language get one, and no other method does.
pub(crate) fn check_target_tagger(method: &MethodOptions, tagger: Option<&dyn Tagger>) -> Result<()> {
    match (method.needs_tagger(), tagger.is_some()) {
        (true, false) => Err(Error::Options(
            "the scores tagger and tagger-any and the candidates tagger ask for a tagger of the target language: give \
             option `target_tagger`"
                .into(),
        )),
        (false, true) => Err(Error::Options(IDLE_TAGGER.into())),
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
pub(crate) fn sentence_error(file: &Path, number: u64, pair: &Pair, problem: String) -> Error {
    Error::Sentence { file: file.to_owned(), number, id: pair.id.clone(), problem }
}
