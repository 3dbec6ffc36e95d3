//! Candidates of which is known whether they are right.

use xlner_core::{Entity, Pair};

use super::choose::{Cut, choose};
use super::model::{Decision, variant};
use super::pool::Pool;
use crate::Result;

/// The candidates of a corpus, and which of them are right.
#[derive(Debug, Clone, Default)]
pub struct Judged {
    /// The candidates with the target tagger's opinion, and without; either may be empty.
    pub(super) pools: [Pool; 2],
    pub(super) right: [Vec<bool>; 2],
    /// Entities by pair.
    pub(super) gold: Vec<usize>,
    /// The kind of text; empty where nothing is said of it.
    pub(super) domain: String,
}

impl Judged {
    /// Judges the candidates of pairs by their right target entities, given per pair. Candidates of labels of which there is no
    /// right entity at all are left out: nobody looked for them; so are right entities of labels that no candidate has.
    pub fn new(pairs: &[Pair], gold: &[Vec<Entity>]) -> Judged {
        let pool = Pool::new(pairs);
        let sought = |entity: &&Entity| pool.labels.contains(&entity.label);
        let gold_counts = gold.iter().map(|gold| gold.iter().filter(sought).count()).collect();
        let mut judged = Judged { gold: gold_counts, ..Judged::default() };
        judged.add(pool, gold);
        if judged.pools[0].target {
            let mut pairs = pairs.to_vec();
            pairs.iter_mut().for_each(|pair| pair.target.probabilities = None);
            judged.add(Pool::new(&pairs), gold);
        }
        judged
    }

    /// The same where the right entities of some pairs only are known: the corpus is all of them, judged are those.
    pub fn of_some(pairs: &[Pair], gold: &[Option<Vec<Entity>>]) -> Judged {
        let given: Vec<Vec<Entity>> = gold.iter().map(|gold| gold.clone().unwrap_or_default()).collect();
        Judged::new(pairs, &given).part(|pair| gold.get(pair).is_some_and(Option::is_some))
    }

    /// Says what kind of text this is. Corpora of one domain count as one where weights are learnt, and are held out together: two
    /// translations of one text teach little more than one of them. Without, a corpus is a domain of its own.
    #[must_use]
    pub fn of_domain(mut self, domain: &str) -> Judged {
        domain.clone_into(&mut self.domain);
        self
    }

    /// Whether what is learnt of one says nothing new of the other.
    pub(super) fn is_akin(&self, other: &Judged) -> bool {
        std::ptr::eq(self, other) || (!self.domain.is_empty() && self.domain == other.domain)
    }

    fn add(&mut self, mut pool: Pool, gold: &[Vec<Entity>]) {
        let known = |label: &str| gold.iter().flatten().any(|entity| entity.label == label);
        let looked_for: Vec<bool> =
            pool.candidates.iter().map(|candidate| known(pool.label(candidate.label))).collect();
        let mut keep = looked_for.iter();
        pool.candidates.retain(|_| *keep.next().unwrap_or(&false));
        let mut keep = looked_for.iter();
        pool.rows.retain(|_| *keep.next().unwrap_or(&false));
        let right = pool.candidates.iter().map(|candidate| {
            let label = pool.label(candidate.label);
            gold[candidate.pair].iter().any(|entity| entity.span == candidate.span && entity.label == label)
        });
        let (variant, right) = (variant(&pool), right.collect());
        (self.pools[variant], self.right[variant]) = (pool, right);
    }

    /// The candidates of some pairs.
    pub(super) fn part(&self, has: impl Fn(usize) -> bool) -> Judged {
        let mut part = Judged { gold: self.gold.clone(), domain: self.domain.clone(), ..Judged::default() };
        part.gold.iter_mut().enumerate().for_each(|(pair, gold)| *gold *= usize::from(has(pair)));
        for variant in 0..2 {
            let (pool, right) = (&self.pools[variant], &self.right[variant]);
            let kept: Vec<usize> = (0..pool.len()).filter(|&at| has(pool.candidates[at].pair)).collect();
            let mut of = pool.clone();
            of.candidates = kept.iter().map(|&at| pool.candidates[at]).collect();
            of.rows = kept.iter().map(|&at| pool.rows[at]).collect();
            part.right[variant] = kept.iter().map(|&at| right[at]).collect();
            part.pools[variant] = of;
        }
        part
    }

    /// The variant that is looked at first: with a target tagger where there is one.
    pub(super) fn variant(&self) -> usize {
        usize::from(self.pools[0].is_empty())
    }
}

/// What a decision finds in a judged corpus.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The probability of every entity that is kept, and whether it is right.
    pub kept: Vec<(f64, bool)>,
    /// Entities that there are.
    pub gold: usize,
    /// How unlike what the decision was learnt from the corpus is, and how far it reaches.
    pub distance: f64,
}

impl Judgement {
    /// Micro F1.
    pub fn f1(&self) -> f64 {
        let right = self.kept.iter().filter(|(_, right)| *right).count();
        let all = self.kept.len() + self.gold;
        if all > 0 { 2.0 * right as f64 / all as f64 } else { 0.0 }
    }
}

impl Judged {
    /// What a decision finds; `target`: whether the target tagger is heard, where there is one.
    ///
    /// # Errors
    /// As the solver.
    pub fn judge(&self, decision: &Decision, cut: Cut, target: bool) -> Result<Judgement> {
        let variant = if target { self.variant() } else { 1 };
        let pool = &self.pools[variant];
        let probabilities = decision.probabilities(pool);
        let threshold = cut.threshold(pool, &probabilities, decision.coverage[variant]);
        let kept = choose(pool, &probabilities, threshold)?;
        let kept = kept.into_iter().map(|at| (probabilities[at], self.right[variant][at])).collect();
        Ok(Judgement { kept, gold: self.gold.iter().sum(), distance: decision.distance(pool) })
    }
}
