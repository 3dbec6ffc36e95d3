//! What votes are worth.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::MIN_SCORE;
use super::ballot::{Proposal, Vote};
use crate::{Error, Result};

/// What votes are worth.
#[derive(Debug, Clone, PartialEq)]
pub enum VoteWeights {
    /// By hand: a proposal's probability is the weight of the systems that have it, of all weight.
    Shares(Vec<f64>),
    /// Learnt.
    Learnt(Learnt),
}

/// Log-linear weights: the log-odds (natural logarithm) of a proposal being right are the bias and what every system adds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Learnt {
    /// Log-odds where no system adds anything.
    pub bias: f64,
    /// Proposals that are less probable are dropped: what was best for F1.
    pub min_score: f64,
    /// By system, in the order of the files.
    #[serde(rename = "vote")]
    pub voters: Vec<Voter>,
}

/// What a system adds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Voter {
    /// The file that it was learnt from.
    pub file: String,
    /// Where it has the entity.
    pub same: f64,
    /// Where it has the span with another label.
    pub span: f64,
    /// Where it has another span that shares a token.
    pub overlap: f64,
    /// Where it has the entity with a score: this times (score − mean) / deviation, so that scores of any scale can be
    /// compared.
    #[serde(default)]
    pub score: f64,
    /// Mean of its scores.
    #[serde(default)]
    pub mean: f64,
    /// Their standard deviation; 0 where it gives none, or always the same.
    #[serde(default)]
    pub deviation: f64,
}

impl Voter {
    /// Numbers that a vote comes to; the weights are those of [`weights`](Self::weights).
    pub(super) fn features(&self, vote: Vote) -> [f64; 4] {
        match vote {
            Vote::Same(Some(score)) if self.deviation > 0.0 => [1.0, 0.0, 0.0, (score - self.mean) / self.deviation],
            Vote::Same(_) => [1.0, 0.0, 0.0, 0.0],
            Vote::Span => [0.0, 1.0, 0.0, 0.0],
            Vote::Overlap => [0.0, 0.0, 1.0, 0.0],
            Vote::None => [0.0; 4],
        }
    }

    fn weights(&self) -> [f64; 4] {
        [self.same, self.span, self.overlap, self.score]
    }
}

impl VoteWeights {
    /// Reads learnt weights.
    ///
    /// # Errors
    /// [`Error::Place`] where the file is not one of them, [`Error::File`] where it cannot be read.
    pub fn read(path: &Path) -> Result<VoteWeights> {
        let text =
            xlner_formats::read_small_text(path).map_err(|problem| Error::File { path: path.to_owned(), problem })?;
        let learnt = toml::from_str::<Learnt>(&text);
        let learnt = learnt.map_err(|problem| Error::of_file(path, problem.message()))?;
        Ok(VoteWeights::Learnt(learnt))
    }

    /// Whether they fit so many files.
    pub(super) fn check(&self, votes: usize) -> Result<()> {
        let (count, finite) = match self {
            VoteWeights::Shares(shares) => {
                let fine =
                    shares.iter().all(|share| share.is_finite() && *share >= 0.0) && shares.iter().sum::<f64>() > 0.0;
                (shares.len(), fine)
            }
            VoteWeights::Learnt(learnt) => {
                let numbers = learnt
                    .voters
                    .iter()
                    .flat_map(|voter| voter.weights().into_iter().chain([voter.mean, voter.deviation]));
                (learnt.voters.len(), numbers.chain([learnt.bias, learnt.min_score]).all(f64::is_finite))
            }
        };
        if count != votes {
            return Err(Error::Options(format!(
                "the weights are for {count} files, and {votes} are given; give them in the order in which they were learnt"
            )));
        }
        if !finite {
            return Err(Error::Options(
                "weights of votes are finite numbers, those given by hand from 0 on, one at least over 0".into(),
            ));
        }
        Ok(())
    }

    /// The least score where none is given.
    pub(super) fn min_score(&self) -> f64 {
        match self {
            VoteWeights::Shares(_) => MIN_SCORE,
            VoteWeights::Learnt(learnt) => learnt.min_score,
        }
    }

    /// How probable a proposal is, 0 to 1.
    pub fn score(&self, proposal: &Proposal) -> f64 {
        match self {
            VoteWeights::Shares(shares) => {
                let votes = proposal.votes.iter().zip(shares).filter(|(vote, _)| matches!(vote, Vote::Same(_)));
                votes.map(|(_, share)| share).sum::<f64>() / shares.iter().sum::<f64>()
            }
            VoteWeights::Learnt(Learnt { bias, voters, .. }) => {
                let add = |(vote, voter): (&Vote, &Voter)| -> f64 {
                    voter.features(*vote).iter().zip(voter.weights()).map(|(feature, weight)| feature * weight).sum()
                };
                let log_odds = bias + proposal.votes.iter().zip(voters).map(add).sum::<f64>();
                1.0 / (1.0 + (-log_odds).exp())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use xlner_core::Span;

    use super::*;

    fn proposal(votes: &[Vote]) -> Proposal {
        Proposal { span: Span::new(0, 1), label: "X".into(), votes: votes.to_vec() }
    }

    #[test]
    fn shares_are_weight_of_all_weight() {
        let weights = VoteWeights::Shares(vec![1.0, 2.0, 1.0]);
        assert_eq!(weights.score(&proposal(&[Vote::Same(None), Vote::Span, Vote::Same(Some(9.0))])), 0.5);
        assert_eq!(weights.score(&proposal(&[Vote::None, Vote::Same(None), Vote::None])), 0.5);
        assert!(weights.check(3).is_ok() && weights.check(2).is_err());
        for bad in [vec![0.0, 0.0], vec![-1.0, 2.0], vec![f64::NAN, 1.0]] {
            assert!(VoteWeights::Shares(bad).check(2).is_err());
        }
    }

    #[test]
    fn log_odds_add_up() {
        let voter =
            Voter { same: 1.0, span: -0.5, overlap: -1.0, score: 2.0, mean: 3.0, deviation: 4.0, ..Voter::default() };
        let learnt =
            Learnt { bias: -0.5, min_score: 0.4, voters: vec![voter.clone(), Voter { deviation: 0.0, ..voter }] };
        let text = toml::to_string(&learnt).unwrap();
        assert_eq!(toml::from_str::<Learnt>(&text).unwrap(), learnt);
        let weights = VoteWeights::Learnt(learnt);
        let score = |log_odds: f64| 1.0 / (1.0 + (-log_odds).exp());
        let cases = [
            ([Vote::Same(Some(5.0)), Vote::None], -0.5 + 1.0 + 2.0 * 0.5),
            ([Vote::Same(None), Vote::Span], -0.5 + 1.0 - 0.5),
            ([Vote::Overlap, Vote::Same(Some(5.0))], -0.5 - 1.0 + 1.0),
        ];
        for (votes, log_odds) in cases {
            assert!((weights.score(&proposal(&votes)) - score(log_odds)).abs() < 1e-12, "{votes:?}");
        }
    }
}
