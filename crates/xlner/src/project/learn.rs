//! Learning the weights of fused scores, on target sentences whose entities are known.

use std::path::Path;

use serde::Serialize;
use xlner_core::{Entity, Pair};
use xlner_formats::{ReadOptions, Side};
use xlner_project::{Matching, Method, Weights};

use super::method::{needs_links, needs_posteriors};
use super::prepare::Preparation;
use super::run;
use super::stage::CorpusProjector;
use super::{Inputs, ProjectJob, ProjectModels};
use crate::aligner::Aligner;
use crate::convert::gold;
use crate::counts::Counts;
use crate::engine::file::{File, Items as _, counted};
use crate::progress::{Listener, Progress, Stage};
use crate::signs::Signs;
use crate::{Error, Result};

/// Weights that are tried are 0 and powers of 2 up to this one and down to its inverse: scores are of very different scale.
const POWERS: i32 = 6;
/// Rounds over all scores at most.
const ROUNDS: usize = 10;

/// Weights that were learnt, and what they come to on the sentences that were learnt from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LearntScores {
    /// The weights, as [`Weights`] reads them.
    pub scores: String,
    /// Micro F1 with the weights at the beginning.
    pub f1_before: f64,
    /// Micro F1 with these.
    pub f1: f64,
}

impl ProjectJob {
    /// Learns the weights of the scores of [`projector`](Self::projector) by coordinate ascent on micro F1: one weight after the other
    /// takes the value that gives the best F1, until none gives a better one. The gold entities are those of a file of the target
    /// sentences, else of the records' field `gold`. Nothing is written. All pairs are held in memory.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::Options`] for a method without several scores, [`Error::Sentence`] where the gold sentences are not
    /// the target sentences.
    pub fn learn_weights<'a>(
        &'a self,
        gold: Option<(&Path, &ReadOptions)>,
        models: ProjectModels<'a>,
        listener: Listener<'_>,
    ) -> Result<LearntScores> {
        self.check(&models)?;
        let mut source = self.open()?;
        let linked = self.linked(&mut source, &models)?;
        let Method::Match(matching) = self.projector.method.resolve(linked)? else {
            return Err(Error::Option { field: "method", problem: "heuristic has no weights to learn".into() });
        };
        let mut weights: Vec<(String, f64)> =
            matching.weights.iter().map(|(name, weight)| (name.to_owned(), weight)).collect();
        if weights.len() < 2 {
            return Err(Error::Option {
                field: "scores",
                problem: "needs several scores to learn weights of: span,string, say".into(),
            });
        }
        let mut pairs = Preparation::new(&self.projector, models, self.place(), false, &Signs::default())?
            .all(&mut source, listener)?;
        if pairs.is_empty() {
            return Err(Error::Empty { file: self.input.name().to_owned(), noun: "pair" });
        }
        let gold = self.gold(gold, &pairs)?;
        let method = Method::Match(matching.clone());
        let aligner = match needs_posteriors(&method) || (!linked && needs_links(&method)) {
            true => Some(run::aligner(&self.projector, &pairs, &mut Inputs::default(), listener)?),
            false => None,
        };
        let trial = Trial { job: self, matching: &matching, aligner: aligner.as_ref(), gold: &gold };
        let f1_before = trial.f1(&mut pairs, &weights)?;
        let mut best = f1_before;
        for round in 0..ROUNDS {
            let before = best;
            for at in 0..weights.len() {
                let mut chosen = weights[at].1;
                for value in (-POWERS..=POWERS).map(|power| 2f64.powi(power)).chain([0.0]) {
                    weights[at].1 = value;
                    let f1 = trial.f1(&mut pairs, &weights)?;
                    if f1 > best {
                        (best, chosen) = (f1, value);
                    }
                }
                weights[at].1 = chosen;
                let done = (round * weights.len() + at + 1) as u64;
                listener(Progress { stage: Stage::Project, done, total: None });
            }
            if best <= before {
                break;
            }
        }
        let scores: Vec<String> = weights.iter().map(|(name, weight)| format!("{name}={weight}")).collect();
        Ok(LearntScores { scores: scores.join(","), f1_before, f1: best })
    }

    /// The gold entities of the target sentences: of a file, else of the records' field `gold`.
    fn gold(&self, file: Option<(&Path, &ReadOptions)>, pairs: &[Pair]) -> Result<Vec<Vec<Entity>>> {
        let Some((path, options)) = file else {
            let of_pair = |(at, pair): (usize, &Pair)| {
                let gold = gold::field(pair).and_then(|gold| gold.ok_or_else(|| "there is no field `gold`".to_owned()));
                gold.map_err(|problem| Error::Record {
                    file: self.input.name().to_owned(),
                    number: at as u64 + 1,
                    id: pair.id.clone(),
                    problem,
                })
            };
            return pairs.iter().enumerate().map(of_pair).collect();
        };
        let mut file = File::records(path, options, Side::Target)?;
        let mut found = Vec::with_capacity(pairs.len());
        while let Some(read) = file.next()? {
            let wrong = |problem: String| Error::Sentence {
                file: path.to_owned(),
                number: found.len() as u64 + 1,
                id: read.id.clone(),
                problem,
            };
            if pairs.get(found.len()).is_some_and(|pair| !pair.target.tokens().eq(read.target.tokens())) {
                return Err(wrong("its tokens are not those of the target sentence".into()));
            }
            found.push(gold::field(&read).map_err(wrong)?.unwrap_or(read.target.entities));
        }
        if found.len() == pairs.len() {
            return Ok(found);
        }
        Err(Error::UnequalFiles {
            first: self.input.name().to_owned(),
            first_count: counted(pairs.len() as u64, "pair"),
            second: path.to_owned(),
            second_count: counted(file.count(), file.noun()),
        })
    }
}

/// Projection with trial weights.
struct Trial<'a> {
    job: &'a ProjectJob,
    matching: &'a Matching,
    aligner: Option<&'a Aligner>,
    gold: &'a [Vec<Entity>],
}

impl Trial<'_> {
    /// Micro F1 with weights; links that are made stay in the pairs.
    fn f1(&self, pairs: &mut [Pair], weights: &[(String, f64)]) -> Result<f64> {
        let given: Vec<String> = weights
            .iter()
            .filter(|(_, weight)| *weight != 0.0)
            .map(|(name, weight)| format!("{name}={weight}"))
            .collect();
        if given.is_empty() {
            return Ok(0.0);
        }
        let weights: Weights =
            given.join(",").parse().map_err(|error: xlner_project::Error| Error::Options(error.to_string()))?;
        let mut tried = pairs.to_vec();
        let projector = CorpusProjector {
            method: &Method::Match(Matching { weights, ..self.matching.clone() }),
            aligner: self.aligner,
            keep_labels: self.job.projector.method.keep_labels,
            keep_links: false,
            decision: None,
            judging: None,
            fail: &|index, pair, problem| self.job.place().fail(index as u64 + 1, pair, problem),
        };
        projector.run(&mut tried, &mut |_| ())?;
        let mut counts = Counts::default();
        for ((tried, pair), gold) in tried.into_iter().zip(pairs).zip(self.gold) {
            counts.add(&tried.target.entities, gold);
            pair.alignment = tried.alignment;
        }
        Ok(counts.f1())
    }
}
