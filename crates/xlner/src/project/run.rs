//! How a projection is done: streamed, or in memory where an aligner is trained or the score looks at the whole corpus.

use std::path::Path;

use xlner_align::Scratch;
use xlner_core::Pair;
use xlner_formats::Side;
use xlner_project::filters::Drops;
use xlner_project::{Method, Projector, Workspace};

use super::method;
use super::prepare::Preparation;
use super::stage::CorpusProjector;
use super::{Inputs, ProjectJob, ProjectReport, TargetTags};
use crate::Result;
use crate::aligner::{Aligner, Extraction, text};
use crate::engine::output::{Output, holds_records};
use crate::engine::pump::{BATCH, each, pump, timed};
use crate::engine::source::{Input, Source};
use crate::eval::Judge;
use crate::progress::{Listener, Progress, Stage};
use crate::signs::Signs;

/// A job that is being done.
pub(super) struct Run<'a> {
    pub job: &'a ProjectJob,
    pub signs: Signs,
    pub preparation: Preparation<'a>,
    /// Compares the result with gold entities.
    pub judge: Option<Judge>,
    pub method: Method,
    pub report: ProjectReport,
    pub listener: Listener<'a>,
}

impl Run<'_> {
    /// Streams the pairs, with links from the aligner where a pair has none.
    pub fn stream(self, mut source: Source, aligner: Option<&Aligner>) -> Result<ProjectReport> {
        let Run { job, signs, mut preparation, mut judge, method, mut report, listener } = self;
        let mut output = Output::entities(&job.output, &job.output_options, Side::Target)?;
        let projector = Projector { method };
        let project = |(workspace, scratch): &mut (Workspace, Scratch), pair: &mut Pair, number| {
            if let Some(aligner) = aligner
                && pair.alignment.is_none()
            {
                let links = aligner.links(pair, &Extraction::default(), scratch);
                pair.alignment = Some(links.map_err(|error| job.fail(number, pair, error.into()))?);
            }
            projector.apply(pair, workspace).map_err(|error| job.fail(number, pair, error))
        };
        let clock = pump(
            &mut source,
            BATCH,
            |pairs, first| {
                preparation.work(pairs, first)?;
                each(pairs, first, project)
            },
            |mut pair| {
                if !job.method.filters.apply(&mut pair, Drops::Entity, &mut report.filters) {
                    return Ok(());
                }
                report.count(&pair);
                judge.as_mut().map_or(Ok(()), |judge| judge.push(&pair))?;
                job.drop_links(&mut pair);
                output.write(pair)
            },
            |done, source| listener(Progress { stage: Stage::Project, done, total: source.estimate() }),
        )?;
        report.seconds.read = clock.read;
        report.seconds.project = clock.work;
        report.seconds.write = clock.write;
        finish(job, &signs, report, judge, &source, output)
    }

    /// Streams the pairs with links from a model file.
    pub fn stream_with_model(mut self, source: Source, model: &Path) -> Result<ProjectReport> {
        let aligner = timed(&mut self.report.seconds.train, || Aligner::load(model))?;
        self.stream(source, Some(&aligner))
    }

    /// Reads all pairs, trains an aligner on them or loads its model, projects.
    pub fn in_memory(self, mut source: Source) -> Result<ProjectReport> {
        let Run { job, signs, mut preparation, mut judge, method, mut report, listener } = self;
        let decision = job.method.decision.open(method::needs_posteriors(&method))?;
        // Before the long work: a folder that is not there is found out at once.
        let mut output = Output::entities(&job.output, &job.output_options, Side::Target)?;
        let mut pairs = timed(&mut report.seconds.read, || preparation.all(&mut source, listener))?;
        let aligner = timed(&mut report.seconds.train, || aligner(job, &pairs, &mut report.input, listener))?;
        let clock = CorpusProjector {
            method: &method,
            aligner: Some(&aligner),
            keep_labels: job.method.keep_labels,
            keep_links: job.method.filters.needs_links()
                || job.keep_links && holds_records(&job.output, &job.output_options),
            decision: decision.as_ref(),
            fail: &|index, pair, problem| job.fail(index as u64 + 1, pair, problem),
        }
        .run(&mut pairs, listener)?;
        report.decision = clock.decision;
        report.seconds.align = clock.align;
        report.seconds.project += clock.project;
        let mut seconds = 0.0;
        timed(&mut seconds, || {
            pairs.into_iter().try_for_each(|mut pair| {
                if !job.method.filters.apply(&mut pair, Drops::Entity, &mut report.filters) {
                    return Ok(());
                }
                report.count(&pair);
                judge.as_mut().map_or(Ok(()), |judge| judge.push(&pair))?;
                job.drop_links(&mut pair);
                output.write(pair)
            })
        })?;
        report.seconds.write = seconds;
        finish(job, &signs, report, judge, &source, output)
    }
}

/// The aligner: loaded, or trained on the pairs and other text.
pub(super) fn aligner(
    job: &ProjectJob,
    pairs: &[Pair],
    counts: &mut Inputs,
    listener: Listener<'_>,
) -> Result<Aligner> {
    match &job.aligner.model {
        Some(path) if !job.aligner.trains() => Aligner::load(path),
        _ => {
            let (text, langs) = text(pairs)?;
            let trained = Aligner::train(&job.aligner, text, &langs, listener)?;
            (counts.bitext_pairs, counts.dictionary_entries) = (trained.bitext_pairs, trained.dictionary_entries);
            Ok(trained.aligner)
        }
    }
}

/// Ends the output and the report.
fn finish(
    job: &ProjectJob,
    signs: &Signs,
    mut report: ProjectReport,
    judge: Option<Judge>,
    source: &Source,
    output: Output<'_>,
) -> Result<ProjectReport> {
    report.evaluation = judge.map(Judge::finish).transpose()?;
    if job.target_tags == TargetTags::Tagger {
        report.input.target_tags = source.target_entities();
    }
    let (options, first) = match &job.input {
        Input::Files { source, source_options, .. } => (source_options, source),
        Input::Pairs { path, options } => (options, path),
    };
    report.places.tell(options, first, job.input.name())?;
    signs.tell(options, job.input.name())?;
    report.input.repaired_tags = source.repaired();
    report.input.tokenized_sentences = source.untokenized();
    timed(&mut report.seconds.write, || output.finish())?;
    Ok(report)
}
