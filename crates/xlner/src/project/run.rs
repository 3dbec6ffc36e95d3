//! How a projection is done: streamed, or in memory where an aligner is trained or the score looks at the whole corpus.

use xlner_align::Scratch;
use xlner_core::Pair;
use xlner_project::filters::Drops;
use xlner_project::{Method, PairProjector, Workspace};

use super::method::{needs_links, needs_posteriors};
use super::prepare::Preparation;
use super::projector::Place;
use super::stage::CorpusProjector;
use super::{Inputs, Origin, ProjectModels, ProjectReport, Projector, TargetTags};
use crate::Result;
use crate::aligner::{Aligner, LinkExtraction, text};
use crate::decision::{Judging, OpenDecision};
use crate::engine::output::Output;
use crate::engine::pump::{BATCH, each, pump, timed};
use crate::engine::source::{Input, Source};
use crate::eval::Judge;
use crate::progress::{Listener, Progress, Stage};
use crate::signs::Signs;

/// A projection that is being done.
pub(super) struct Run<'a> {
    projector: &'a Projector,
    place: Place<'a>,
    preparation: Preparation<'a>,
    method: Method,
    decision: Option<OpenDecision>,
    /// Who is asked where it is unsure.
    judging: Option<Judging<'a>>,
    /// A trained aligner that is taken as it is.
    aligner: Option<&'a Aligner>,
    /// A tagger gives the source's probabilities, for the decision only.
    tagged: bool,
    /// Whether the aligner's links are kept.
    keep_links: bool,
    report: ProjectReport,
    signs: Signs,
    listener: Listener<'a>,
}

impl<'a> Run<'a> {
    /// Of pairs that have links already, or get them from an encoder, where `linked`.
    pub fn new(
        projector: &'a Projector,
        models: ProjectModels<'a>,
        place: Place<'a>,
        linked: bool,
        listener: Listener<'a>,
    ) -> Result<Run<'a>> {
        let method = projector.method.resolve(linked)?;
        let corpus_wide = needs_posteriors(&method);
        let model = projector.aligner.model.is_some() || models.aligner.is_some();
        let links = needs_links(&method) || projector.method.filters.needs_links();
        let origin = match (links, model) {
            (true, _) if linked && !corpus_wide => match models.encoder {
                Some(_) => Origin::Encoder,
                None => Origin::Given,
            },
            (false, _) if !corpus_wide => Origin::None,
            (_, true) => Origin::Model,
            (_, false) => Origin::Trained,
        };
        if let Some(judging) = &models.judging {
            judging.check(projector.method.decides(linked))?;
        }
        let signs = Signs::default();
        Ok(Run {
            projector,
            place,
            aligner: models.aligner,
            judging: models.judging,
            tagged: models.tagger.is_some(),
            keep_links: projector.keep_links || projector.method.filters.needs_links(),
            preparation: Preparation::new(projector, models, place, projector.method.decides(linked), &signs)?,
            decision: projector.method.decision.open(corpus_wide)?,
            report: ProjectReport::new(Some(&method), origin),
            signs,
            method,
            listener,
        })
    }

    /// Whether a pair can be projected before the next one is read.
    pub fn streams(&self) -> bool {
        let corpus_wide = needs_posteriors(&self.method);
        match self.report.alignment {
            Origin::Trained => false,
            Origin::Model => !corpus_wide && !self.projector.aligner.trains(),
            _ => true,
        }
    }

    /// Streams the pairs, with links from the aligner's model, if one is given, where a pair has none.
    pub fn stream(mut self, mut source: Source, mut end: End<'_>) -> Result<ProjectReport> {
        let aligner = match (self.report.alignment, &self.projector.aligner.model) {
            (Origin::Model, Some(path)) => Some(timed(&mut self.report.seconds.train, || Aligner::load(path))?),
            _ => None,
        };
        let Run { projector, place, mut preparation, method, mut report, signs, tagged, listener, .. } = self;
        let pair_projector = PairProjector { method };
        let project = |(workspace, scratch): &mut (Workspace, Scratch), pair: &mut Pair, number| {
            if let Some(aligner) = &aligner
                && pair.alignment.is_none()
            {
                let links = aligner.links(pair, &LinkExtraction::of_entities(), scratch);
                pair.alignment = Some(links.map_err(|error| place.fail(number, pair, error.into()))?);
            }
            pair_projector.apply(pair, workspace).map_err(|error| place.fail(number, pair, error))
        };
        let clock = pump(
            &mut source,
            BATCH,
            |pairs, first| {
                preparation.work(pairs, first)?;
                each(pairs, first, project)
            },
            |mut pair| match settle(&mut pair, projector, &mut report, tagged) {
                true => end.write(pair, projector),
                false => Ok(()),
            },
            |done, source| listener(Progress { stage: Stage::Project, done, total: source.estimate() }),
        )?;
        preparation.finish()?;
        report.seconds.read = clock.read;
        report.seconds.project = clock.work;
        report.seconds.write = clock.write;
        end.finish(projector, report, &signs, &source)
    }

    /// Makes no links that nothing looks at: the output cannot hold them.
    pub fn without_new_links(self) -> Run<'a> {
        Run { keep_links: self.projector.method.filters.needs_links(), ..self }
    }

    /// Reads all pairs, trains an aligner on them or loads its model, projects.
    pub fn in_memory(mut self, mut source: Source, mut end: End<'_>) -> Result<ProjectReport> {
        let (preparation, listener) = (&mut self.preparation, &mut *self.listener);
        let mut pairs = timed(&mut self.report.seconds.read, || preparation.all(&mut source, listener))?;
        self.project(&mut pairs)?;
        let Run { projector, mut report, signs, tagged, .. } = self;
        pairs.retain_mut(|pair| settle(pair, projector, &mut report, tagged));
        let mut seconds = 0.0;
        timed(&mut seconds, || pairs.into_iter().try_for_each(|pair| end.write(pair, projector)))?;
        report.seconds.write = seconds;
        end.finish(projector, report, &signs, &source)
    }

    /// Makes pairs ready that are in memory, and projects them.
    pub fn apply(mut self, pairs: &mut Vec<Pair>) -> Result<ProjectReport> {
        let sides = pairs.iter().flat_map(|pair| [&pair.source, &pair.target]);
        self.report.input.tokenized_sentences = sides.filter(|side| !side.is_tokenized()).count() as u64;
        if self.projector.target_tags == TargetTags::Tagger {
            self.report.input.target_tags = pairs.iter().map(|pair| pair.target.entities.len() as u64).sum();
        }
        let total = Some(pairs.len() as u64);
        let mut done = 0;
        for batch in pairs.chunks_mut(BATCH) {
            self.preparation.work(batch, done + 1)?;
            done += batch.len() as u64;
            (self.listener)(Progress { stage: Stage::Read, done, total });
        }
        self.project(pairs)?;
        let Run { projector, mut report, tagged, .. } = self;
        pairs.retain_mut(|pair| settle(pair, projector, &mut report, tagged));
        pairs.iter_mut().for_each(|pair| drop_links(pair, projector));
        Ok(report)
    }

    /// Aligns pairs that are ready, where that is needed, and projects them.
    fn project(&mut self, pairs: &mut [Pair]) -> Result<()> {
        let Run { projector, place, report, listener, .. } = self;
        let made = match report.alignment {
            Origin::Trained | Origin::Model if self.aligner.is_none() => {
                Some(timed(&mut report.seconds.train, || aligner(projector, pairs, &mut report.input, *listener))?)
            }
            _ => None,
        };
        let clock = CorpusProjector {
            method: &self.method,
            aligner: self.aligner.or(made.as_ref()),
            keep_labels: projector.method.keep_labels,
            keep_links: self.keep_links,
            decision: self.decision.as_ref(),
            judging: self.judging,
            fail: &|index, pair, problem| place.fail(index as u64 + 1, pair, problem),
        }
        .run(pairs, *listener)?;
        report.decision = clock.decision;
        report.seconds.align = clock.align;
        report.seconds.project += clock.project;
        Ok(())
    }
}

/// Filters and counts a projected pair; says whether it stays. The source's probabilities are dropped where a tagger of the
/// projection's own gave them: they are for the decision only.
pub(super) fn settle(pair: &mut Pair, projector: &Projector, report: &mut ProjectReport, tagged: bool) -> bool {
    if !projector.method.filters.apply(pair, Drops::Entity, &mut report.filters) {
        return false;
    }
    report.count(pair);
    if tagged {
        pair.source.probabilities = None;
    }
    true
}

pub(super) fn drop_links(pair: &mut Pair, projector: &Projector) {
    if !projector.keep_links {
        pair.alignment = None;
    }
}

/// The aligner: loaded, or trained on the pairs and other text.
pub(super) fn aligner(
    projector: &Projector,
    pairs: &[Pair],
    counts: &mut Inputs,
    listener: Listener<'_>,
) -> Result<Aligner> {
    match &projector.aligner.model {
        Some(path) if !projector.aligner.trains() => Aligner::load(path),
        _ => {
            let (text, langs) = text(pairs)?;
            let trained = Aligner::train(&projector.aligner, text, &langs, listener)?;
            (counts.bitext_pairs, counts.dictionary_entries) = (trained.bitext_pairs, trained.dictionary_entries);
            Ok(trained.aligner)
        }
    }
}

/// Where the pairs of a job end: in the output, compared with gold entities before.
pub(super) struct End<'a> {
    pub output: Output<'a>,
    pub judge: Option<Judge>,
    /// Where they come from: remarks on likely mistakes go there.
    pub input: &'a Input,
}

impl End<'_> {
    fn write(&mut self, mut pair: Pair, projector: &Projector) -> Result<()> {
        if let Some(judge) = &mut self.judge {
            judge.push(&pair)?;
        }
        drop_links(&mut pair, projector);
        self.output.write(pair)
    }

    /// Ends the output and the report.
    fn finish(
        self,
        projector: &Projector,
        mut report: ProjectReport,
        signs: &Signs,
        source: &Source,
    ) -> Result<ProjectReport> {
        report.evaluation = self.judge.map(Judge::finish).transpose()?;
        if projector.target_tags == TargetTags::Tagger {
            report.input.target_tags = source.target_entities();
        }
        let (options, first) = match self.input {
            Input::Files { source, source_options, .. } => (source_options, source),
            Input::Pairs { path, options } => (options, path),
        };
        report.places.tell(options, first, self.input.name(), false)?;
        signs.tell(options, self.input.name())?;
        report.input.repaired_tags = source.repaired();
        report.input.tokenized_sentences = source.untokenized();
        timed(&mut report.seconds.write, || self.output.finish())?;
        Ok(report)
    }
}
