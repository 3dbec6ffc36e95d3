//! Learning what votes are worth, on sentences whose entities are known.

use std::path::PathBuf;

use serde::Serialize;
use xlner_core::Entity;
use xlner_formats::{Output, ReadOptions};

use super::ballot::{Ballot, Vote};
use super::logistic::fit;
use super::weights::{Learnt, VoteWeights, Voter};
use super::{Votes, check_votes};
use crate::counts::Counts;
use crate::{Error, Result};

/// Holds weights down that few examples speak for.
const PENALTY: f64 = 1.0;
/// Least scores that are tried: hundredths.
const STEPS: u32 = 100;

/// Learns the weights of an ensemble: those that make the right proposals most probable (logistic regression with an L2 penalty
/// of 1 over features of [`Voter`]), then the least score that gives the best micro F1.
#[derive(Debug, Clone)]
pub struct LearnWeightsJob {
    /// The files of the systems, in the order in which they are given later.
    pub votes: Vec<PathBuf>,
    /// The same sentences with their gold entities.
    pub gold: PathBuf,
    /// How they all are read.
    pub options: ReadOptions,
    /// Where the weights go: TOML, read by [`VoteWeights::read`].
    pub weights: PathBuf,
}

/// Figures of learning. They are of the sentences that were learnt from: report those of others.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LearnReport {
    /// Sentences.
    pub sentences: u64,
    /// Proposals.
    pub proposals: u64,
    /// Those that are right.
    pub right: u64,
    /// Gold entities.
    pub gold: u64,
    /// Micro F1 of every system alone.
    pub single: Vec<f64>,
    /// Micro F1 of the ensemble.
    pub f1: f64,
}

impl LearnWeightsJob {
    /// Does the job.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::Options`] where nothing is proposed.
    pub fn run(&self) -> Result<LearnReport> {
        check_votes(&self.votes)?;
        let files: Vec<PathBuf> = self.votes.iter().cloned().chain([self.gold.clone()]).collect();
        let mut report = LearnReport::default();
        let (mut ballots, mut golds) = (Vec::new(), Vec::new());
        let mut single = vec![Counts::default(); self.votes.len()];
        for sentences in Votes::open(&files, &self.options)? {
            let mut sentences = sentences?;
            let gold = sentences.pop().map(|gold| gold.entities).unwrap_or_default();
            let mut ballot = Ballot::default();
            ballot.count(&sentences);
            single.iter_mut().zip(&sentences).for_each(|(counts, sentence)| counts.add(&sentence.entities, &gold));
            report.sentences += 1;
            report.gold += gold.len() as u64;
            report.proposals += ballot.proposals().len() as u64;
            ballots.push(ballot);
            golds.push(gold);
        }
        if report.proposals == 0 {
            return Err(Error::of_file(
                &self.votes[0],
                "no system has any entity in these sentences: there is nothing to learn from",
            ));
        }
        report.single = single.iter().map(Counts::f1).collect();
        let mut voters: Vec<Voter> = self.votes.iter().map(|path| voter(path.display().to_string())).collect();
        for (at, voter) in voters.iter_mut().enumerate() {
            standardize(voter, ballots.iter().flat_map(Ballot::proposals).map(|proposal| proposal.votes[at]));
        }
        let mut rows = Vec::new();
        for (ballot, gold) in ballots.iter().zip(&golds) {
            for proposal in ballot.proposals() {
                let features =
                    proposal.votes.iter().zip(&voters).flat_map(|(vote, voter)| voter.features(*vote)).collect();
                let right = gold.iter().any(|gold| gold.span == proposal.span && gold.label == proposal.label);
                report.right += u64::from(right);
                rows.push((features, right));
            }
        }
        let found = fit(&rows, PENALTY);
        for (voter, weights) in voters.iter_mut().zip(found.chunks_exact(4)) {
            [voter.same, voter.span, voter.overlap, voter.score] = [weights[0], weights[1], weights[2], weights[3]];
        }
        let bias = found.last().copied().unwrap_or(0.0);
        let mut learnt = Learnt { bias, min_score: 0.0, voters };
        (learnt.min_score, report.f1) = least(&learnt, &mut ballots, &golds)?;
        self.write(&learnt)?;
        Ok(report)
    }

    fn write(&self, learnt: &Learnt) -> Result<()> {
        use std::io::Write as _;
        let text = toml::to_string(learnt).map_err(|problem| Error::Options(problem.to_string()))?;
        let mut output = Output::create(&self.weights)?;
        let wrote = writeln!(output, "# Weights of `xlner ensemble`, learnt on {}", self.gold.display());
        let wrote = wrote.and_then(|()| output.write_all(text.as_bytes()));
        wrote.map_err(|problem| Error::File { path: self.weights.clone(), problem })?;
        Ok(output.finish()?)
    }
}

fn voter(file: String) -> Voter {
    Voter { file, ..Voter::default() }
}

/// Finds mean and deviation of a system's scores.
fn standardize(voter: &mut Voter, votes: impl Iterator<Item = Vote>) {
    let scores: Vec<f64> = votes
        .filter_map(|vote| match vote {
            Vote::Same(score) => score.filter(|score| score.is_finite()),
            _ => None,
        })
        .collect();
    if scores.is_empty() {
        return;
    }
    let count = scores.len() as f64;
    voter.mean = scores.iter().sum::<f64>() / count;
    let deviation = (scores.iter().map(|score| (score - voter.mean).powi(2)).sum::<f64>() / count).sqrt();
    voter.deviation = if deviation > 1e-9 { deviation } else { 0.0 };
}

/// The least score of the best F1, the largest of equals, and that F1.
fn least(learnt: &Learnt, ballots: &mut [Ballot], golds: &[Vec<Entity>]) -> Result<(f64, f64)> {
    let weights = VoteWeights::Learnt(learnt.clone());
    let scores: Vec<Vec<f64>> = ballots
        .iter()
        .map(|ballot| ballot.proposals().iter().map(|proposal| weights.score(proposal)).collect())
        .collect();
    let mut best = (0.0, -1.0);
    for step in 0..STEPS {
        let least = f64::from(step) / f64::from(STEPS);
        let mut counts = Counts::default();
        for ((ballot, scores), gold) in ballots.iter_mut().zip(&scores).zip(golds) {
            counts.add(&ballot.choose_by(scores, least)?, gold);
        }
        if counts.f1() >= best.1 {
            best = (least, counts.f1());
        }
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_of_any_scale_come_to_the_same() {
        let votes = |scale: f64| {
            [1.0, 2.0, 4.0]
                .map(|score| Vote::Same(Some(scale * score)))
                .into_iter()
                .chain([Vote::None, Vote::Same(None)])
        };
        let (mut one, mut other) = (voter("a".into()), voter("b".into()));
        standardize(&mut one, votes(1.0));
        standardize(&mut other, votes(1000.0));
        for (x, y) in votes(1.0).zip(votes(1000.0)) {
            let pairs = one.features(x).into_iter().zip(other.features(y));
            assert!(pairs.into_iter().all(|(x, y)| (x - y).abs() < 1e-9));
        }
        standardize(&mut one, [Vote::Same(Some(2.0)); 3].into_iter());
        assert_eq!((one.deviation, one.features(Vote::Same(Some(2.0)))), (0.0, [1.0, 0.0, 0.0, 0.0]));
    }
}
