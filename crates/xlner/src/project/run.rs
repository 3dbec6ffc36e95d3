//! How a projection is done: streamed, or in memory where an aligner is trained or the score looks at the whole corpus.

use std::path::Path;

use xlner_align::Scratch;
use xlner_core::Pair;
use xlner_project::{Method, Projector, Workspace};

use super::method;
use super::output::Writer;
use super::stage::CorpusProjector;
use super::{Inputs, ProjectJob, ProjectReport, TargetTags, TranslationScores};
use crate::Result;
use crate::aligner::{Aligner, Extraction, bitext};
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
    /// Gives the scores of a translation model.
    pub translation: Option<TranslationScores<'a>>,
    pub listener: Listener<'a>,
}

impl Run<'_> {
    /// Streams the pairs, with links from the aligner where a pair has none.
    pub fn stream(self, mut pairs: Pairs, aligner: Option<&Aligner>) -> Result<ProjectReport> {
        let Run { job, realign, method, mut report, mut translation, listener } = self;
        let mut writer = Writer::create(&job.output, &job.output_options)?;
        let projector = Projector { method };
        // A translation model works on a pair with all threads, where pairs are read one after the other.
        let mut source = Scored {
            pairs: &mut pairs,
            number: 0,
            score: &mut |pair, number| match &mut translation {
                Some(scores) => job.score(pair, number, realign, scores),
                None => Ok(()),
            },
        };
        let clock = stream::stream(
            &mut source,
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
            |done, source| listener(Progress { stage: Stage::Project, done, total: source.pairs.estimate() }),
        )?;
        report.seconds.read = clock.read;
        report.seconds.project = clock.work;
        report.seconds.write = clock.write;
        finish(job, report, &pairs, writer)
    }

    /// Streams the pairs with links from a model file.
    pub fn stream_with_model(mut self, pairs: Pairs, model: &Path) -> Result<ProjectReport> {
        let aligner = timed(&mut self.report.seconds.train, || Aligner::load(model))?;
        self.stream(pairs, Some(&aligner))
    }

    /// Reads all pairs, trains an aligner on them or loads its model, projects.
    pub fn in_memory(self, mut source: Pairs) -> Result<ProjectReport> {
        let Run { job, realign, method, mut report, mut translation, listener } = self;
        let decision = job.method.decision.open(method::needs_posteriors(&method))?;
        // Before the long work: a folder that is not there is found out at once.
        let mut writer = Writer::create(&job.output, &job.output_options)?;
        let mut pairs = timed(&mut report.seconds.read, || {
            source.read_all(|pair, number| job.prepare(pair, number, realign), listener)
        })?;
        if let Some(scores) = &mut translation {
            let total = pairs.len() as u64;
            for (pair, number) in pairs.iter_mut().zip(1..) {
                timed(&mut report.seconds.project, || job.score(pair, number, false, scores))?;
                listener(Progress { stage: Stage::Score, done: number, total: Some(total) });
            }
        }
        let aligner = timed(&mut report.seconds.train, || aligner(job, &pairs, &mut report.input, listener))?;
        let clock = CorpusProjector {
            method: &method,
            aligner: Some(&aligner),
            keep_labels: job.method.keep_labels,
            decision: decision.as_ref(),
            fail: &|index, pair, problem| job.fail(index as u64 + 1, pair, problem),
        }
        .run(&mut pairs, listener)?;
        report.decision = clock.decision;
        report.seconds.align = clock.align;
        report.seconds.project += clock.project;
        let mut seconds = 0.0;
        timed(&mut seconds, || {
            pairs.iter().try_for_each(|pair| {
                report.count(pair);
                writer.write(pair)
            })
        })?;
        report.seconds.write = seconds;
        finish(job, report, &source, writer)
    }
}

/// Pairs that get scores as they are read.
struct Scored<'s> {
    pairs: &'s mut Pairs,
    number: u64,
    score: &'s mut (dyn FnMut(&mut Pair, u64) -> Result<()> + Send),
}

impl Iterator for Scored<'_> {
    type Item = Result<Pair>;

    fn next(&mut self) -> Option<Result<Pair>> {
        self.number += 1;
        let mut pair = match self.pairs.next()? {
            Ok(pair) => pair,
            Err(error) => return Some(Err(error)),
        };
        Some((self.score)(&mut pair, self.number).map(|()| pair))
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
            let (bitext, langs) = bitext(pairs);
            let trained = Aligner::train(&job.aligner, bitext, &langs, listener)?;
            (counts.bitext_pairs, counts.dictionary_entries) = (trained.bitext_pairs, trained.dictionary_entries);
            Ok(trained.aligner)
        }
    }
}

/// Ends the output and the report.
fn finish(job: &ProjectJob, mut report: ProjectReport, pairs: &Pairs, writer: Writer) -> Result<ProjectReport> {
    if job.target_tags == TargetTags::Tagger {
        report.input.target_tags = pairs.target_entities();
    }
    report.input.repaired_tags = pairs.repaired();
    report.input.tokenized_sentences = pairs.untokenized();
    timed(&mut report.seconds.write, || writer.finish())?;
    Ok(report)
}
