//! The votes on one sentence.

use xlner_core::{Entity, Sentence, Span};
use xlner_project::{Constraint, Match, Problem, Solution, Solver, SolverWorkspace};

use super::weights::VoteWeights;
use crate::{Error, Result};

/// What a system says of a proposal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Vote {
    /// It has the entity, with this score, where it gives one.
    Same(Option<f64>),
    /// It has the span, with another label.
    Span,
    /// It has another span that shares a token.
    Overlap,
    /// It has nothing there.
    None,
}

/// An entity that a system at least has.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// Where.
    pub span: Span,
    /// What.
    pub label: String,
    /// What every system says.
    pub votes: Vec<Vote>,
}

/// The proposals of a sentence, and buffers of the matcher.
#[derive(Debug, Default)]
pub struct Ballot {
    proposals: Vec<Proposal>,
    target_len: usize,
    problem: Problem,
    solver: SolverWorkspace,
    solution: Solution,
}

impl Ballot {
    /// Collects the proposals of a sentence, as every system has it.
    pub fn count(&mut self, sentences: &[Sentence]) {
        self.target_len = sentences.first().map_or(0, Sentence::len);
        let mut names: Vec<(usize, usize, &str)> = sentences
            .iter()
            .flat_map(|sentence| &sentence.entities)
            .map(|entity| (entity.span.start, entity.span.end, entity.label.as_str()))
            .collect();
        names.sort_unstable();
        names.dedup();
        let proposal = |(start, end, label): (usize, usize, &str)| {
            let span = Span::new(start, end);
            let votes = sentences.iter().map(|sentence| vote(&sentence.entities, span, label)).collect();
            Proposal { span, label: label.to_owned(), votes }
        };
        self.proposals = names.into_iter().map(proposal).collect();
    }

    /// The proposals, by span and label.
    pub fn proposals(&self) -> &[Proposal] {
        &self.proposals
    }

    /// The entities that are chosen, by first token: of those that are not less probable than `least` the ones without overlap
    /// whose probabilities have the largest sum. Their scores are the probabilities.
    ///
    /// # Errors
    /// [`Error::Options`] for a sentence that the matcher cannot take.
    pub fn choose(&mut self, weights: &VoteWeights, least: f64) -> Result<Vec<Entity>> {
        let scores: Vec<f64> = self.proposals.iter().map(|proposal| weights.score(proposal)).collect();
        self.choose_by(&scores, least)
    }

    /// The same with the probabilities of the proposals.
    pub(super) fn choose_by(&mut self, scores: &[f64], least: f64) -> Result<Vec<Entity>> {
        let Ballot { proposals, target_len, problem, solver, solution } = self;
        let failed = |error: xlner_project::Error| Error::Options(error.to_string());
        problem.clear(*target_len);
        // Every proposal is an entity with one match: itself.
        for (proposal, &score) in proposals.iter().zip(scores) {
            if score >= least && score > 0.0 {
                let (start, end) = (proposal.span.start as u32, proposal.span.end as u32);
                problem.push(Match { start, end, score }).map_err(failed)?;
            }
            problem.close_entity();
        }
        Solver::default().solve(problem, Constraint::AtMost(1), solver, solution).map_err(failed)?;
        let mut chosen: Vec<Entity> = solution
            .chosen
            .iter()
            .map(|chosen| {
                let at = chosen.entity as usize;
                let proposal = &proposals[at];
                Entity { score: Some(scores[at]), ..Entity::new(proposal.span, proposal.label.clone()) }
            })
            .collect();
        chosen.sort_by_key(|entity| (entity.span.start, entity.span.end));
        Ok(chosen)
    }
}

fn vote(entities: &[Entity], span: Span, label: &str) -> Vote {
    let mut vote = Vote::None;
    for entity in entities {
        match vote {
            _ if entity.span == span && entity.label == label => return Vote::Same(entity.score),
            Vote::None | Vote::Overlap if entity.span == span => vote = Vote::Span,
            Vote::None if entity.span.start < span.end && span.start < entity.span.end => vote = Vote::Overlap,
            _ => {}
        }
    }
    vote
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn sentence(entities: &[(usize, usize, &str)]) -> Sentence {
        let mut sentence = Sentence::from_tokens(["a", "b", "c", "d", "e"]);
        sentence.entities = entities.iter().map(|&(start, end, label)| Entity::new(start..end, label)).collect();
        sentence
    }

    #[test]
    fn every_system_says_something_of_every_proposal() {
        let mut ballot = Ballot::default();
        let mut first = sentence(&[(0, 2, "PER"), (3, 4, "LOC")]);
        first.entities[0].score = Some(0.25);
        ballot.count(&[first, sentence(&[(0, 2, "ORG"), (2, 4, "LOC")]), sentence(&[])]);
        let found: Vec<(Span, &str, &[Vote])> =
            ballot.proposals().iter().map(|p| (p.span, p.label.as_str(), &p.votes[..])).collect();
        assert_eq!(
            found,
            [
                (Span::new(0, 2), "ORG", &[Vote::Span, Vote::Same(None), Vote::None][..]),
                (Span::new(0, 2), "PER", &[Vote::Same(Some(0.25)), Vote::Span, Vote::None]),
                (Span::new(2, 4), "LOC", &[Vote::Overlap, Vote::Same(None), Vote::None]),
                (Span::new(3, 4), "LOC", &[Vote::Same(None), Vote::Overlap, Vote::None]),
            ]
        );
    }

    #[test]
    fn the_largest_sum_without_overlap_is_chosen() {
        let mut ballot = Ballot::default();
        ballot.count(&[sentence(&[(0, 4, "ORG")]), sentence(&[(0, 2, "PER"), (2, 4, "LOC")])]);
        let spans = |entities: Vec<Entity>| entities.iter().map(|e| (e.span.start, e.span.end)).collect::<Vec<_>>();
        // By span: PER 0–2, ORG 0–4, LOC 2–4.
        assert_eq!(spans(ballot.choose_by(&[0.4, 0.7, 0.4], 0.3).unwrap()), [(0, 2), (2, 4)]);
        assert_eq!(spans(ballot.choose_by(&[0.4, 0.7, 0.4], 0.5).unwrap()), [(0, 4)]);
        assert!(ballot.choose_by(&[0.4, 0.7, 0.4], 0.8).unwrap().is_empty());
    }
}
