//! The job `tune decision`: weights learnt from pairs whose target entities are known.

use std::path::{Path, PathBuf};

use serde::Serialize;
use xlner_core::{Entity, Pair};
use xlner_formats::{Output, ReadOptions, read_pairs};
use xlner_project::Method;
use xlner_project::decision::{Decision, FitOptions, Judged, fit, verdict};

use super::{DecisionChoice, opinions, read};
use crate::aligner::{Aligner, AlignerOptions, text};
use crate::engine::source::tokenize;
use crate::progress::{Listener, Progress, Stage};
use crate::project::MethodOptions;
use crate::project::stage::CorpusProjector;
use crate::{Error, Result};

/// Learns a decision.
#[derive(Debug, Clone)]
pub struct TuneDecisionJob {
    /// Files of pairs: their sources carry a tagger's `probabilities`, and the right entities stand in `gold`.
    pub pairs: Vec<PathBuf>,
    /// How they are read.
    pub options: ReadOptions,
    /// What learning starts from and stays close to; [`DecisionChoice::None`]: nothing.
    pub start: DecisionChoice,
    /// Weight of the squares of what the weights differ from the start.
    pub l2: f64,
    /// How the pairs are aligned.
    pub aligner: AlignerOptions,
    /// Where the weights go.
    pub output: PathBuf,
}

/// Figures of the learning.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TuneDecisionReport {
    /// Pairs, and entities in them.
    pub pairs: usize,
    /// Right entities.
    pub entities: usize,
    /// Cross-validated F1 of the start; `None` where learning started from nothing.
    pub f1_start: Option<f64>,
    /// Cross-validated F1 of what is learnt.
    pub f1: f64,
}

/// A file made ready to learn from.
pub struct TuningSet {
    /// Its candidates and which of them are right.
    pub judged: Judged,
    /// The pairs with uncertain source entities projected and the target tagger's opinion, to decide on.
    pub pairs: Vec<Pair>,
    /// The source entities that were there, by pair.
    pub before: Vec<Option<Vec<Entity>>>,
    /// The right entities.
    pub gold: Vec<Vec<Entity>>,
}

impl TuningSet {
    /// Reads pairs, aligns them, projects every span that the source's tagger holds possible, and asks the target's own tagger.
    ///
    /// # Errors
    /// Files that cannot be read; a pair without `gold`; a file without `probabilities`.
    pub fn read(
        path: &Path,
        options: &ReadOptions,
        aligner: &AlignerOptions,
        listener: Listener<'_>,
    ) -> Result<TuningSet> {
        let (mut pairs, mut gold) = (Vec::new(), Vec::new());
        for (pair, number) in read_pairs(path, options)?.zip(1..) {
            let mut pair = pair?;
            tokenize(&mut pair).map_err(|error| Error::of_pair(path, number, &pair, error.into()))?;
            let sentence =
                |problem: String| Error::Sentence { file: path.to_owned(), number, id: pair.id.clone(), problem };
            let given = pair.extra.remove("gold").ok_or_else(|| {
                sentence("it has no field `gold` with the right entities of the target; give each pair one, `[]` where there is none".into())
            })?;
            let given: Vec<Entity> =
                serde_json::from_value(given).map_err(|problem| sentence(format!("its field `gold`: {problem}")))?;
            if let Some(wrong) = given.iter().find(|e| e.span.is_empty() || e.span.end > pair.target.len()) {
                return Err(sentence(format!(
                    "gold entity {} does not fit the {} target tokens",
                    wrong.span,
                    pair.target.len()
                )));
            }
            gold.push(given);
            pairs.push(pair);
            listener(Progress { stage: Stage::Read, done: number, total: None });
        }
        if !pairs.iter().any(|pair| pair.source.probabilities.is_some()) {
            return Err(Error::of_file(
                path,
                "no source has a tagger's probabilities, and of certain entities there is nothing to decide; `xlner tag` with \
                 option `probabilities` writes them",
            ));
        }
        let (text, langs) = text(&pairs)?;
        let aligner = Aligner::train(aligner, text, &langs, listener)?.aligner;
        let method: Method = MethodOptions::default().resolve(false)?;
        let projector = CorpusProjector {
            method: &method,
            aligner: Some(&aligner),
            keep_labels: true,
            keep_links: false,
            decision: None,
            judging: None,
            fail: &|index, pair, problem| Error::of_pair(path, index as u64 + 1, pair, problem),
        };
        let before = projector.uncertain(&mut pairs, listener)?;
        opinions(&mut pairs)?;
        Ok(TuningSet { judged: Judged::new(&pairs, &gold), pairs, before, gold })
    }
}

impl TuneDecisionJob {
    /// Does the job.
    ///
    /// # Errors
    /// See [`TuningSet::read`].
    pub fn run(&self, listener: Listener<'_>) -> Result<TuneDecisionReport> {
        if !(self.l2.is_finite() && self.l2 > 0.0) {
            return Err(Error::Options("the weight of the prior is a number above 0".into()));
        }
        let start = match &self.start {
            DecisionChoice::Default => Some(Decision::default()),
            DecisionChoice::None => None,
            DecisionChoice::File(path) => Some(read(path)?),
        };
        let mut output = Output::create(&self.output)?;
        let (mut corpora, mut pairs, mut entities) = (Vec::new(), 0, 0);
        for path in &self.pairs {
            let evidence = TuningSet::read(path, &self.options, &self.aligner, listener)?;
            pairs += evidence.gold.len();
            entities += evidence.gold.iter().map(Vec::len).sum::<usize>();
            corpora.push(evidence.judged);
        }
        if let (0, Some(path)) = (entities, self.pairs.first()) {
            return Err(Error::of_file(path, "there is no gold entity to learn from"));
        }
        let options = FitOptions { l2: self.l2 };
        let failed = |error: xlner_project::Error| Error::Options(error.to_string());
        let verdict = verdict(&corpora, start.as_ref(), &options).map_err(failed)?;
        let learnt = fit(&corpora, start.as_ref(), &options);
        std::io::Write::write_all(&mut output, learnt.to_text().as_bytes())
            .map_err(|problem| Error::File { path: self.output.clone(), problem })?;
        output.finish()?;
        Ok(TuneDecisionReport { pairs, entities, f1_start: verdict.start, f1: verdict.learnt })
    }
}
