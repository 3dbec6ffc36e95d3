//! How a projection is done: streamed, or in memory where an aligner is trained or the score looks at the whole corpus.

use std::path::Path;

use xlner_align::Scratch;
use xlner_core::Pair;
use xlner_project::span::{SpanModel, SpanProjector, SpanStage};
use xlner_project::{Matching, Method, Projector, Workspace};

use super::output::Writer;
use super::{Inputs, ProjectJob, ProjectReport, method};
use crate::Result;
use crate::aligner::{Aligner, Extraction};
use crate::input::Pairs;
use crate::progress::{Listener, Progress, Stage};
use crate::stream::{self, timed};

/// A job that is being done.
pub(super) struct Run<'a> {
    pub job: &'a ProjectJob,
    /// Links that records have are dropped.
    pub realign: bool,
    pub method: Method,
    pub report: ProjectReport,
    pub listener: Listener<'a>,
}

impl Run<'_> {
    /// Streams the pairs, with links from the aligner where a pair has none.
    pub fn stream(self, mut pairs: Pairs, aligner: Option<&Aligner>) -> Result<ProjectReport> {
        let Run { job, realign, method, mut report, listener } = self;
        let mut writer = Writer::create(&job.output, &job.output_options)?;
        let projector = Projector { method };
        let clock = stream::stream(
            &mut pairs,
            |(workspace, scratch): &mut (Workspace, Scratch), pair, number| {
                job.prepare(pair, number, realign)?;
                if let Some(aligner) = aligner
                    && pair.alignment.is_none()
                {
                    let links = aligner.links(pair, &Extraction::default(), scratch);
                    pair.alignment = Some(links.map_err(|error| job.fail(number, pair, error.into()))?);
                }
                projector.apply(pair, workspace).map_err(|error| job.fail(number, pair, error))
            },
            |pair| {
                report.count(&pair);
                writer.write(&pair)
            },
            |done, pairs| listener(Progress { stage: Stage::Project, done, total: pairs.estimate() }),
        )?;
        report.seconds.read = clock.read;
        report.seconds.project = clock.work;
        report.seconds.write = clock.write;
        finish(report, &pairs, writer)
    }

    /// Streams the pairs with links from a model file.
    pub fn stream_with_model(mut self, pairs: Pairs, model: &Path) -> Result<ProjectReport> {
        let aligner = timed(&mut self.report.seconds.train, || Aligner::load(model))?;
        self.stream(pairs, Some(&aligner))
    }

    /// Reads all pairs, trains an aligner on them or loads its model, projects.
    pub fn in_memory(self, mut source: Pairs) -> Result<ProjectReport> {
        let Run { job, realign, method, mut report, listener } = self;
        // Before the long work: a folder that is not there is found out at once.
        let mut writer = Writer::create(&job.output, &job.output_options)?;
        let mut pairs = timed(&mut report.seconds.read, || {
            source.read_all(|pair, number| job.prepare(pair, number, realign), listener)
        })?;

        let aligner = timed(&mut report.seconds.train, || aligner(job, &pairs, &mut report.input, listener))?;
        if method::needs_links(&method) {
            timed(&mut report.seconds.align, || link(job, &mut pairs, &aligner, listener))?;
        }
        timed(&mut report.seconds.project, || match method {
            Method::Match(matching) if method::has_span(&matching) => {
                project_corpus(job, &mut pairs, matching, &aligner, listener)
            }
            method => project(job, &mut pairs, method, listener),
        })?;
        let mut seconds = 0.0;
        timed(&mut seconds, || {
            pairs.iter().try_for_each(|pair| {
                report.count(pair);
                writer.write(pair)
            })
        })?;
        report.seconds.write = seconds;
        finish(report, &source, writer)
    }
}

/// The aligner: loaded, or trained on the pairs and other text.
fn aligner(job: &ProjectJob, pairs: &[Pair], counts: &mut Inputs, listener: Listener<'_>) -> Result<Aligner> {
    match &job.aligner.model {
        Some(path) if !job.aligner.trains() => Aligner::load(path),
        _ => {
            let trained = Aligner::train(&job.aligner, pairs, listener)?;
            (counts.bitext_pairs, counts.dictionary_entries) = (trained.bitext_pairs, trained.dictionary_entries);
            Ok(trained.aligner)
        }
    }
}

/// Gives the pairs that have no links the aligner's.
fn link(job: &ProjectJob, pairs: &mut [Pair], aligner: &Aligner, listener: Listener<'_>) -> Result<()> {
    let total = Some(pairs.len() as u64);
    stream::all(
        pairs,
        |scratch: &mut Scratch, pair, number| {
            if pair.alignment.is_none() {
                let links = aligner.links(pair, &Extraction::default(), scratch);
                pair.alignment = Some(links.map_err(|error| job.fail(number, pair, error.into()))?);
            }
            Ok(())
        },
        |done| listener(Progress { stage: Stage::Align, done, total }),
    )
}

/// Projects pair by pair.
fn project(job: &ProjectJob, pairs: &mut [Pair], method: Method, listener: Listener<'_>) -> Result<()> {
    let (projector, total) = (Projector { method }, Some(pairs.len() as u64));
    stream::all(
        pairs,
        |workspace: &mut Workspace, pair, number| {
            projector.apply(pair, workspace).map_err(|error| job.fail(number, pair, error))
        },
        |done| listener(Progress { stage: Stage::Project, done, total }),
    )
}

/// Projects with the score `span`, which looks at all pairs before it decides on one.
fn project_corpus(
    job: &ProjectJob,
    pairs: &mut [Pair],
    matching: Matching,
    aligner: &Aligner,
    listener: Listener<'_>,
) -> Result<()> {
    let projector = SpanProjector { model: SpanModel::default(), matching, correct_labels: !job.method.keep_labels };
    let posteriors = |pair: &Pair| aligner.posteriors(pair, &mut Scratch::default());
    let result = projector.project_corpus(pairs, &posteriors, &mut |stage, done, total| {
        // Stages one after the other, on one scale.
        let before = match stage {
            SpanStage::Counting => 0,
            SpanStage::Learning => total,
            SpanStage::Projecting => 2 * total,
        };
        listener(Progress { stage: Stage::Project, done: (before + done) as u64, total: Some(3 * total as u64) });
    });
    result.map_err(|(index, error)| job.fail(index as u64 + 1, &pairs[index], error))
}

/// Ends the output and the report.
fn finish(mut report: ProjectReport, pairs: &Pairs, writer: Writer) -> Result<ProjectReport> {
    report.input.repaired_tags = pairs.repaired();
    report.input.tokenized_sentences = pairs.untokenized();
    timed(&mut report.seconds.write, || writer.finish())?;
    Ok(report)
}
