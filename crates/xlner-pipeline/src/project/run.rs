//! How a projection is done: streamed.

use xlner_project::{Method, Projector, Workspace};

use super::output::Writer;
use super::{ProjectJob, ProjectReport};
use crate::Result;
use crate::input::Pairs;
use crate::progress::{Listener, Progress, Stage};
use crate::stream::{self, timed};

/// A job that is being done.
pub(super) struct Run<'a> {
    pub job: &'a ProjectJob,
    pub method: Method,
    pub report: ProjectReport,
    pub listener: Listener<'a>,
}

impl Run<'_> {
    /// Streams the pairs, in batches.
    pub fn stream(self, mut pairs: Pairs) -> Result<ProjectReport> {
        let Run { job, method, mut report, listener } = self;
        let mut writer = Writer::create(&job.output, &job.output_options)?;
        let projector = Projector { method };
        let clock = stream::stream(
            &mut pairs,
            |workspace: &mut Workspace, pair, number| {
                job.prepare(pair, number)?;
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
}

/// Ends the output and the report.
fn finish(mut report: ProjectReport, pairs: &Pairs, writer: Writer) -> Result<ProjectReport> {
    report.input.repaired_tags = pairs.repaired();
    report.input.tokenized_sentences = pairs.untokenized();
    timed(&mut report.seconds.write, || writer.finish())?;
    Ok(report)
}
