//! In which order the sentences are looked at, and which of them.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::flags::{Flag, flags};
use crate::item::Item;
use crate::learn;
use crate::version::{State, Version};

/// In [`Sort::Useful`], every so many-th sentence is a random one: what is found there tells how good the rest is.
pub const SPOT_CHECK: usize = 10;

/// An order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// Most expected errors first, with spot checks between.
    #[default]
    Useful,
    /// Lowest probability of an entity first.
    Probability,
    /// Smallest margin of an entity first.
    Margin,
    /// Most disagreement between routes first.
    Disagreement,
    /// Most flags first.
    Flags,
    /// As they stand in the file.
    Order,
}

impl std::str::FromStr for Sort {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Ok(match name {
            "useful" => Sort::Useful,
            "probability" => Sort::Probability,
            "margin" => Sort::Margin,
            "disagreement" => Sort::Disagreement,
            "flags" => Sort::Flags,
            "order" => Sort::Order,
            _ => {
                let known = "useful, probability, margin, disagreement, flags, order";
                return Err(Error::Options(format!("“{name}” is not an order; orders: {known}")));
            }
        })
    }
}

/// What the queue knows of every item.
#[derive(Debug, Clone, Default)]
pub struct Index {
    facts: Vec<Facts>,
    /// Items by expected errors, with spot checks.
    useful: Vec<u32>,
}

#[derive(Debug, Clone, Default)]
struct Facts {
    probability: f64,
    margin: f64,
    disagreement: f64,
    flags: Vec<Flag>,
    /// Both texts in lower case, and the labels.
    text: String,
}

/// Which sentences.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// How far the person is with them.
    pub state: Option<State>,
    /// Their order.
    pub sort: Sort,
    /// A label that an entity has.
    pub label: Option<String>,
    /// A part of the text, or of the id.
    pub text: Option<String>,
    /// A flag that they have.
    pub flag: Option<String>,
}

/// A line of the queue.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// Key of the item.
    pub id: String,
    /// Its place in the file, from 1.
    pub number: usize,
    /// How far the person is.
    pub state: State,
    /// Whether the person is not sure.
    pub unsure: bool,
    /// Whether the person left a remark.
    pub commented: bool,
    /// The beginning of the target text.
    pub text: String,
    /// Confidence in the least sure entity, in 0..=1.
    pub probability: f64,
    /// Smallest margin of an entity.
    pub margin: Option<f64>,
    /// How far routes disagree, in 0..=1.
    pub disagreement: f64,
    /// Number of entities.
    pub entities: usize,
    /// What is suspicious.
    pub flags: Vec<Flag>,
    /// Whether the entities were suggested from corrections elsewhere.
    pub suggested: bool,
}

impl Index {
    /// The index of items; `errors`: expected errors of every item, where learnt.
    pub fn new(items: &[Item], errors: Option<&[f64]>) -> Index {
        let flags = flags(items);
        let facts: Vec<Facts> = items
            .iter()
            .zip(flags)
            .map(|(item, flags)| Facts {
                probability: item.probability(),
                margin: item.margin().unwrap_or(f64::INFINITY),
                disagreement: item.disagreement(),
                flags,
                text: format!("{}\n{}\n{}", item.key, item.pair.target.text(), item.pair.source.text()).to_lowercase(),
            })
            .collect();
        let errors = errors.map_or_else(|| learn::expected_errors(items), <[f64]>::to_vec);
        Index { useful: useful(&errors), facts }
    }

    /// The items of a query, in its order. `versions`: what the person has made of items; `assigned`: the items that are theirs,
    /// in order, where items are assigned.
    pub fn select(
        &self,
        items: &[Item],
        query: &Query,
        versions: &FxHashMap<usize, Version>,
        assigned: Option<&[usize]>,
    ) -> Vec<usize> {
        let text = query.text.as_ref().map(|text| text.to_lowercase());
        let fits = |at: &usize| {
            let version = versions.get(at);
            let state = version.map_or(State::Open, |version| version.state);
            let entities = version.map_or(items[*at].current(), |version| &version.entities);
            query.state.is_none_or(|wanted| wanted == state)
                && query.label.as_ref().is_none_or(|label| entities.iter().any(|entity| entity.label == *label))
                && query
                    .flag
                    .as_ref()
                    .is_none_or(|flag| self.facts[*at].flags.iter().any(|other| other.as_str() == flag))
                && text.as_ref().is_none_or(|text| self.facts[*at].text.contains(text))
                && assigned.is_none_or(|assigned| assigned.binary_search(at).is_ok())
        };
        let mut chosen: Vec<usize> = match query.sort {
            Sort::Useful => self.useful.iter().map(|&at| at as usize).filter(fits).collect(),
            _ => (0..self.facts.len()).filter(fits).collect(),
        };
        let facts = |at: &usize| &self.facts[*at];
        match query.sort {
            Sort::Useful | Sort::Order => {}
            Sort::Probability => chosen.sort_by(|a, b| facts(a).probability.total_cmp(&facts(b).probability)),
            Sort::Margin => chosen.sort_by(|a, b| facts(a).margin.total_cmp(&facts(b).margin)),
            Sort::Disagreement => chosen.sort_by(|a, b| facts(b).disagreement.total_cmp(&facts(a).disagreement)),
            Sort::Flags => chosen.sort_by_key(|at| std::cmp::Reverse(facts(at).flags.len())),
        }
        chosen
    }

    /// A line of the queue.
    pub fn line(&self, items: &[Item], at: usize, version: Option<&Version>) -> Line {
        let (item, facts) = (&items[at], &self.facts[at]);
        let text = item.pair.target.text();
        Line {
            id: item.key.clone(),
            number: at + 1,
            state: version.map_or(State::Open, |version| version.state),
            unsure: version.is_some_and(|version| version.unsure),
            commented: version.is_some_and(|version| !version.comment.is_empty()),
            text: text.char_indices().nth(120).map_or(text, |(end, _)| &text[..end]).to_owned(),
            probability: facts.probability,
            margin: Some(facts.margin).filter(|margin| margin.is_finite()),
            disagreement: facts.disagreement,
            entities: version.map_or(item.current(), |version| &version.entities).len(),
            flags: facts.flags.clone(),
            suggested: version.is_none() && item.round() > 0,
        }
    }

    /// What is suspicious about an item.
    pub fn flags(&self, at: usize) -> &[Flag] {
        &self.facts[at].flags
    }
}

/// Items by expected errors, most first; every tenth is a random one of the rest.
pub(crate) fn useful(errors: &[f64]) -> Vec<u32> {
    let mut by_errors: Vec<u32> = (0..errors.len() as u32).collect();
    by_errors.sort_by(|&a, &b| errors[b as usize].total_cmp(&errors[a as usize]));
    let mut random = by_errors.clone();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for at in (1..random.len()).rev() {
        random.swap(at, (rng.next_u64() % (at as u64 + 1)) as usize);
    }
    let mut taken = vec![false; errors.len()];
    let (mut first, mut spot) = (by_errors.into_iter(), random.into_iter());
    let mut order = Vec::with_capacity(errors.len());
    while order.len() < errors.len() {
        let list = if order.len() % SPOT_CHECK == SPOT_CHECK - 1 { &mut spot } else { &mut first };
        let Some(next) = list.find(|&at| !taken[at as usize]) else { break };
        taken[next as usize] = true;
        order.push(next);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::tests::item;

    #[test]
    fn most_expected_errors_come_first_with_spot_checks() {
        let order = useful(&[0.1, 0.9, 0.5, 0.2, 0.3, 0.0, 0.0, 0.0]);
        assert_eq!(order[..4], [1, 2, 4, 3]);
        let mut all = order.clone();
        all.sort_unstable();
        assert_eq!(all, (0..8).collect::<Vec<_>>());
    }

    #[test]
    fn a_query_filters_and_orders() {
        let mut items = vec![item(), item(), item()];
        items[0].key = "a".into();
        items[1].pair.target.entities.pop();
        items[2].pair.target.entities.clear();
        let index = Index::new(&items, None);
        let mut versions = FxHashMap::default();
        versions.insert(0, Version { state: State::Submitted, ..Version::of(&items[0], 0) });
        let select = |query: Query| index.select(&items, &query, &versions, None);
        assert_eq!(select(Query { sort: Sort::Order, ..Query::default() }), [0, 1, 2]);
        assert_eq!(select(Query { sort: Sort::Probability, ..Query::default() }), [0, 1, 2]);
        assert_eq!(select(Query { state: Some(State::Open), sort: Sort::Order, ..Query::default() }), [1, 2]);
        assert_eq!(select(Query { label: Some("LOC".into()), ..Query::default() }), [0]);
        assert_eq!(select(Query { text: Some("BESUCHTE".into()), ..Query::default() }).len(), 3);
        assert_eq!(index.select(&items, &Query::default(), &versions, Some(&[1])), [1]);
        assert!(index.line(&items, 0, versions.get(&0)).state == State::Submitted);
    }
}
