//! What the routes found, sentence by sentence: the set, and how far they agree.

use std::path::{Path, PathBuf};

use xlner_core::{Entity, Pair, Sentence};
use xlner_eval::stratified::{Unit, strata};
use xlner_formats::{ReadOptions, Side};

use crate::engine::file::{File, Parallel};
use crate::ensemble::{Ballot, Vote, VoteWeights};
use crate::{Error, Result};

/// Strata of a set, at most.
const STRATA: usize = 8;
/// How probable an entity is for a route that has it, where that gives no probability, and for one that has it not.
const HAS: f64 = 0.85;
const HAS_NOT: f64 = 0.2;

/// The set, and what is known of its sentences without a person.
#[derive(Debug, Clone, Default)]
pub struct SilverSet {
    /// The pairs of the first route, their targets with the entities of the majority; the score is its share.
    pub pairs: Vec<Pair>,
    /// Nobody judged them yet.
    pub units: Vec<Unit>,
    /// How doubtful each is: the expected variance of its number of errors, by rule of thumb.
    pub doubts: Vec<f64>,
}

impl SilverSet {
    /// Reads the files of all routes; sentence *n* of every one is the same sentence. Of pairs the target side counts.
    ///
    /// # Errors
    /// See [`Error`]; files of other sentences than the first are named with the sentence.
    pub fn read(paths: &[PathBuf], options: &ReadOptions) -> Result<SilverSet> {
        crate::ensemble::check_votes(paths)?;
        let files =
            paths.iter().map(|path| File::records(path, options, Side::Target)).collect::<Result<Vec<File>>>()?;
        let mut files = Parallel { files };
        let weights = VoteWeights::Shares(vec![1.0; paths.len()]);
        let mut ballot = Ballot::default();
        let mut set = SilverSet::default();
        while let Some(read) = files.next()? {
            check(paths, &read, set.pairs.len() as u64 + 1)?;
            set.add(read, &mut ballot, &weights)?;
        }
        if set.pairs.is_empty() {
            return Err(Error::Options(format!("{}: there is no sentence", paths[0].display())));
        }
        let places = strata(&set.doubts, STRATA);
        set.units.iter_mut().zip(places).for_each(|(unit, stratum)| unit.stratum = stratum);
        Ok(set)
    }

    /// Adds a sentence, as every route has it.
    fn add(&mut self, read: Vec<Pair>, ballot: &mut Ballot, weights: &VoteWeights) -> Result<()> {
        let sentences: Vec<Sentence> = read.iter().map(|pair| pair.target.clone()).collect();
        ballot.count(&sentences);
        let mut chosen = ballot.choose(weights, crate::ensemble::MIN_SCORE)?;
        let mut agreement = vec![0.0; sentences.len()];
        let mut doubt = 0.0;
        for proposal in ballot.proposals() {
            let has = proposal.votes.iter().filter(|vote| matches!(vote, Vote::Same(_))).count();
            agreement[has - 1] += 1.0;
            let of = |(sentence, vote): (&Sentence, &Vote)| match vote {
                Vote::Same(_) => probability(sentence, &Entity::new(proposal.span, proposal.label.as_str())),
                _ => HAS_NOT,
            };
            let probability = sentences.iter().zip(&proposal.votes).map(of).sum::<f64>() / sentences.len() as f64;
            doubt += probability * (1.0 - probability);
        }
        let target = &sentences[0];
        let capital = |token: &str| token.chars().next().is_some_and(char::is_uppercase);
        let covered = |at: usize| chosen.iter().any(|entity| entity.span.contains(at));
        let capitals = (1..target.len()).filter(|&at| capital(target.token(at)) && !covered(at)).count();
        let (capitals, tokens) = ((capitals as f64).ln_1p(), (target.len() as f64).ln_1p());
        // What everybody missed: names are capitalised in many languages, and long sentences have more of everything.
        self.doubts.push(doubt + 0.02 + 0.03 * capitals + 0.004 * target.len() as f64);
        let features = agreement.into_iter().chain([capitals, tokens]).collect();
        self.units.push(Unit { stratum: 0, found: chosen.len() as f64, features, judged: None });
        let mut pair = read.into_iter().next().unwrap_or_default();
        for entity in &mut chosen {
            let of_first = pair.target.entities.iter().find(|other| other.span == entity.span);
            entity.from = of_first.and_then(|other| other.from);
        }
        pair.target.entities = chosen;
        pair.projection = None;
        self.pairs.push(pair);
        Ok(())
    }
}

/// How probable a route holds an entity that it has.
fn probability(sentence: &Sentence, entity: &Entity) -> f64 {
    let same = |other: &&Entity| other.span == entity.span && other.label == entity.label;
    sentence.entities.iter().find(same).and_then(|entity| entity.probability).unwrap_or(HAS)
}

/// Checks that a sentence is the same in every file.
fn check(paths: &[PathBuf], read: &[Pair], number: u64) -> Result<()> {
    let failed = |file: &Path, pair: &Pair, problem: &str| Error::Sentence {
        file: file.to_owned(),
        number,
        id: pair.id.clone(),
        problem: problem.into(),
    };
    for (path, pair) in paths.iter().zip(read) {
        if !pair.target.is_tokenized() {
            return Err(failed(
                path,
                pair,
                "its target has no tokens, and entities are token ranges; give it `tokens`",
            ));
        }
        pair.target.validate().map_err(|error| failed(path, pair, &error.to_string()))?;
        if !pair.target.tokens().eq(read[0].target.tokens()) {
            let problem =
                format!("its tokens are not those of {}; all must hold the same sentences", paths[0].display());
            return Err(failed(path, pair, &problem));
        }
    }
    Ok(())
}
