//! The job `ensemble`: entities that several systems found in the same sentences → those that they agree on best.
//!
//! A system is whatever made its file: a route of projection, an aligner, a source language, another translation, a tagger
//! applied as it is. Every entity that one of them has is proposed; how probable it is comes from who has it, who has another
//! one there, and how sure they are ([`Ballot`]), by weights given by hand or learnt ([`VoteWeights`]). Of proposals that overlap
//! the matcher keeps those of the largest sum, which is the number of right ones that is expected.

mod average;
mod ballot;
mod learn;
mod logistic;
mod weights;

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Serialize;
use xlner_core::{Entity, Sentence};
use xlner_formats::{ReadOptions, Side, WriteOptions, write_sentences};

pub use average::AverageJob;
pub use ballot::{Ballot, Proposal, Vote};
pub use learn::{LearnReport, LearnWeightsJob};
pub use weights::{Learnt, VoteWeights, Voter};

use crate::engine::file::{File, Items as _, Parallel};
use crate::engine::output::check_entities;
use crate::{Error, Result, signs};

/// Proposals that are less probable are dropped, where nothing else is said: half of the votes are enough.
pub const MIN_SCORE: f64 = 0.5;

/// Combines what several systems found.
#[derive(Debug, Clone)]
pub struct EnsembleJob {
    /// Their files, of the same sentences with the same tokens. Of records of pairs the target side counts.
    pub votes: Vec<PathBuf>,
    /// How they are read.
    pub options: ReadOptions,
    /// What their votes are worth.
    pub weights: VoteWeights,
    /// Proposals that are less probable are dropped, 0 to 1; `None`: [`MIN_SCORE`], or what was learnt.
    pub min_score: Option<f64>,
    /// Where the sentences go, with the entities that are chosen.
    pub output: PathBuf,
    /// How they are written.
    pub output_options: WriteOptions,
}

/// Figures of a run of `ensemble`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct EnsembleReport {
    /// Sentences.
    pub sentences: u64,
    /// Different entities that were proposed.
    pub proposals: u64,
    /// Entities chosen.
    pub entities: u64,
    /// By system.
    pub votes: Vec<VoteReport>,
}

/// What a system had to do with it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct VoteReport {
    /// Its file.
    pub file: PathBuf,
    /// Entities that it found.
    pub entities: u64,
    /// Those of them that were chosen.
    pub chosen: u64,
}

impl EnsembleReport {
    /// Counts a sentence: what the systems have, how many entities were proposed, and which were chosen.
    fn add(&mut self, sentences: &[Sentence], proposals: usize, chosen: &[Entity]) {
        self.sentences += 1;
        self.proposals += proposals as u64;
        self.entities += chosen.len() as u64;
        let same = |one: &Entity, other: &Entity| one.span == other.span && one.label == other.label;
        for (vote, sentence) in self.votes.iter_mut().zip(sentences) {
            vote.entities += sentence.entities.len() as u64;
            let is_chosen = |entity: &&Entity| chosen.iter().any(|other| same(other, entity));
            vote.chosen += sentence.entities.iter().filter(is_chosen).count() as u64;
        }
    }
}

impl EnsembleJob {
    /// Checks what can be checked without reading anything.
    ///
    /// # Errors
    /// [`Error::Options`].
    pub fn check(&self) -> Result<()> {
        check_votes(&self.votes)?;
        self.weights.check(self.votes.len())?;
        if self.min_score.is_some_and(|least| !(0.0..=1.0).contains(&least)) {
            return Err(Error::Options("option `min_score` of an ensemble is a number from 0 to 1".into()));
        }
        check_entities(&self.output, &self.output_options)
    }

    /// Does the job. The output appears when all is done.
    ///
    /// # Errors
    /// See [`Error`]; files of other sentences than the first are named with the sentence.
    pub fn run(&self) -> Result<EnsembleReport> {
        self.check()?;
        let mut writer = write_sentences(&self.output, &self.output_options)?;
        let votes = self.votes.iter().map(|file| VoteReport { file: file.clone(), ..VoteReport::default() });
        let mut report = EnsembleReport { votes: votes.collect(), ..EnsembleReport::default() };
        let least = self.min_score.unwrap_or(self.weights.min_score());
        let mut ballot = Ballot::default();
        let mut labels = vec![BTreeSet::new(); self.votes.len()];
        for sentences in Votes::open(&self.votes, &self.options)? {
            let sentences = sentences?;
            ballot.count(&sentences);
            for (seen, sentence) in labels.iter_mut().zip(&sentences) {
                for entity in &sentence.entities {
                    if !seen.contains(&entity.label) {
                        seen.insert(entity.label.clone());
                    }
                }
            }
            let chosen = ballot.choose(&self.weights, least)?;
            report.add(&sentences, ballot.proposals().len(), &chosen);
            let Some(mut sentence) = sentences.into_iter().next() else { continue };
            sentence.entities = chosen;
            writer.write(&sentence)?;
        }
        let voters: Vec<_> = self.votes.iter().map(PathBuf::as_path).zip(labels).collect();
        signs::labels_of_voters(&self.options, &voters)?;
        writer.finish()?;
        Ok(report)
    }
}

pub(crate) fn check_votes(votes: &[PathBuf]) -> Result<()> {
    match votes.len() {
        0 | 1 => Err(Error::Options("an ensemble has two members at least".into())),
        _ if votes.iter().filter(|path| path.as_os_str() == "-").count() > 1 => {
            Err(Error::Options("standard input (-) can be read once only".into()))
        }
        _ => Ok(()),
    }
}

/// The same sentence of every file.
struct Votes(Parallel<File>);

impl Votes {
    fn open(paths: &[PathBuf], options: &ReadOptions) -> Result<Votes> {
        let options = ReadOptions { side: options.side.or(Some(Side::Target)), ..options.clone() };
        let files = paths.iter().map(|path| File::sentences(path, &options, Side::Target)).collect::<Result<_>>()?;
        Ok(Votes(Parallel { files }))
    }

    fn read(&mut self) -> Result<Option<Vec<Sentence>>> {
        let Some(pairs) = self.0.next()? else { return Ok(None) };
        let sentences: Vec<Sentence> = pairs.into_iter().map(|pair| pair.target).collect();
        let first = &sentences[0];
        for (sentence, file) in sentences.iter().zip(&self.0.files).skip(1) {
            if first.tokens().eq(sentence.tokens()) {
                continue;
            }
            let at = (0..first.len()).find(|&at| at >= sentence.len() || first.token(at) != sentence.token(at));
            let at = at.unwrap_or(first.len());
            let token = |sentence: &Sentence| match at < sentence.len() {
                true => format!("“{}”", sentence.token(at)),
                false => "none".to_owned(),
            };
            let (own, other, at) = (token(sentence), token(first), at + 1);
            let first = self.0.files[0].path().display();
            return Err(Error::Sentence {
                file: file.path().to_owned(),
                number: file.count(),
                id: String::new(),
                problem: format!(
                    "token {at} is not that of {first} ({own}, there {other}); all must hold the same sentences"
                ),
            });
        }
        Ok(Some(sentences))
    }
}

impl Iterator for Votes {
    type Item = Result<Vec<Sentence>>;

    fn next(&mut self) -> Option<Result<Vec<Sentence>>> {
        self.read().transpose()
    }
}
