//! Clusters of words that stand in the same surroundings, learnt from raw text.
//!
//! Words are moved between clusters as long as the clusters tell more of their neighbours: the exchange algorithm (Martin,
//! Liermann and Ney 1998) on the two-sided predictive criterion (Uszkoreit and Brants 2008; Dehdari, Tan and van Genabith
//! 2016), which is the information that a word's cluster gives of the word before and the word after. The finest clusters
//! are then clustered in the same way to coarser ones.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::hash;
use super::words::Analyser;

/// Clusterings, from coarse to fine.
pub(crate) const LEVELS: usize = 3;
const SIZES: [usize; LEVELS] = [50, 200, 800];
/// Occurrences that a word needs to be clustered.
const SEEN: u32 = 3;
/// Words that are clustered, at most: the most frequent ones.
const WORDS: usize = 60_000;
/// Frequent words that count as surroundings.
const CONTEXTS: usize = 4_000;
const ROUNDS: usize = 8;

/// What raw text says of a word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Its clusters, from coarse to fine, counted from 1; 0 where it has none.
    pub(crate) clusters: [u16; LEVELS],
    /// How often it is written small inside of sentences: 0 unknown, 1 never, 2 seldom, 3 mostly, 4 always.
    pub(crate) case: u8,
}

/// Words by the key of their lower-cased form (digits as 0) with what raw text says of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Clusters {
    keys: Vec<u32>,
    seen: Vec<Seen>,
}

/// Counts of raw text, sentence by sentence.
#[derive(Debug, Default)]
pub struct ClusterBuilder {
    ids: FxHashMap<u64, u32>,
    hashes: Vec<u64>,
    counts: Vec<u32>,
    /// Written small, written with a capital; not at the start of a sentence.
    cases: Vec<[u32; 2]>,
    tokens: Vec<u32>,
    analyser: Analyser,
}

/// Stands between sentences.
const BREAK: u32 = u32::MAX;

impl ClusterBuilder {
    /// Counts a sentence.
    pub fn add<'a>(&mut self, tokens: impl IntoIterator<Item = &'a str>) {
        self.tokens.push(BREAK);
        for (at, token) in tokens.into_iter().enumerate() {
            let word = self.analyser.word(token, &Clusters::default(), |_, _| ());
            let next = self.hashes.len() as u32;
            let id = *self.ids.entry(word.lower).or_insert(next);
            if id == next {
                self.hashes.push(word.lower);
                self.counts.push(0);
                self.cases.push([0; 2]);
            }
            self.counts[id as usize] += 1;
            if at > 0 && word.letters {
                self.cases[id as usize][usize::from(word.capital)] += 1;
            }
            self.tokens.push(id);
        }
    }

    /// Tokens counted so far.
    pub fn tokens(&self) -> usize {
        self.tokens.iter().filter(|token| **token != BREAK).count()
    }

    /// Clusters the words. Takes about a minute for five million tokens.
    pub fn build(&self) -> Clusters {
        let mut order: Vec<u32> =
            (0..self.counts.len() as u32).filter(|&id| self.counts[id as usize] >= SEEN).collect();
        order.sort_by_key(|&id| (std::cmp::Reverse(self.counts[id as usize]), id));
        order.truncate(WORDS);
        let mut rank = vec![u32::MAX; self.counts.len()];
        (0..).zip(&order).for_each(|(at, &id)| rank[id as usize] = at);
        let mut clusters = vec![[0; LEVELS]; order.len()];
        let mut surroundings = self.surroundings(&rank, order.len());
        let mut of_word: Vec<u32> = (0..order.len() as u32).collect();
        for level in (0..LEVELS).rev() {
            let found = exchange(&surroundings, SIZES[level]);
            of_word.iter_mut().for_each(|at| *at = found[*at as usize]);
            clusters.iter_mut().zip(&of_word).for_each(|(clusters, at)| clusters[level] = *at as u16 + 1);
            surroundings = merge(&surroundings, &found);
        }
        let mut all = BTreeMap::new();
        for (&id, clusters) in order.iter().zip(clusters) {
            let seen = Seen { clusters, case: case(self.cases[id as usize]) };
            all.entry(hash::key(self.hashes[id as usize])).or_insert(seen);
        }
        let (keys, seen) = all.into_iter().unzip();
        Clusters { keys, seen }
    }

    /// For every word the frequent words that stand before it (even numbers) and after it (odd numbers), with counts.
    fn surroundings(&self, rank: &[u32], words: usize) -> Vec<Vec<(u32, u32)>> {
        let mut pairs: Vec<(u32, u32)> = Vec::with_capacity(2 * self.tokens.len());
        let of = |token: u32| if token == BREAK { 0 } else { rank[token as usize].saturating_add(1) };
        for two in self.tokens.windows(2) {
            let (before, after) = (of(two[0]), of(two[1]));
            let known = |word: u32| word != u32::MAX;
            if two[1] != BREAK && known(after) && known(before) && (before as usize) < CONTEXTS {
                pairs.push((after - 1, 2 * before));
            }
            if two[0] != BREAK && known(before) && known(after) && (after as usize) < CONTEXTS {
                pairs.push((before - 1, 2 * after + 1));
            }
        }
        pairs.sort_unstable();
        let mut surroundings = vec![Vec::new(); words];
        for same in pairs.chunk_by(|a, b| a == b) {
            surroundings[same[0].0 as usize].push((same[0].1, same.len() as u32));
        }
        surroundings
    }
}

/// Bucket of the counts of small and capital spellings.
fn case([small, capital]: [u32; 2]) -> u8 {
    match (small, capital) {
        (0, 0) => 0,
        (0, _) => 1,
        (_, 0) => 4,
        _ if small < capital => 2,
        _ => 3,
    }
}

/// Distributes items, given by descending frequency with their surroundings, over `size` clusters.
fn exchange(items: &[Vec<(u32, u32)>], size: usize) -> Vec<u32> {
    let size = size.min(items.len()).max(1);
    let contexts = items.iter().flatten().map(|(context, _)| *context as usize + 1).max().unwrap_or(0);
    let mut cluster: Vec<u32> = (0..items.len()).map(|item| (item % size) as u32).collect();
    let mut counts = vec![0_u32; contexts * size];
    let mut totals = vec![0_u32; size];
    let logs = Logs::new();
    for (item, surroundings) in items.iter().enumerate() {
        add(&mut counts, &mut totals, surroundings, cluster[item] as usize, |a, b| a + b);
    }
    let mut gains = vec![0.0; size];
    for _ in 0..ROUNDS {
        let mut moved = 0;
        for (item, surroundings) in items.iter().enumerate() {
            let own = cluster[item] as usize;
            let weight: u32 = surroundings.iter().map(|(_, count)| count).sum();
            if weight == 0 {
                continue;
            }
            add(&mut counts, &mut totals, surroundings, own, |a, b| a - b);
            gains.iter_mut().zip(&totals).for_each(|(gain, &total)| *gain = -logs.gain(total, weight));
            for &(context, count) in surroundings {
                let row = &counts[context as usize * size..][..size];
                gains.iter_mut().zip(row).for_each(|(gain, &n)| *gain += logs.gain(n, count));
            }
            let mut best = own;
            for (at, gain) in gains.iter().enumerate() {
                if *gain > gains[best] + 1e-9 {
                    best = at;
                }
            }
            moved += usize::from(best != own);
            cluster[item] = best as u32;
            add(&mut counts, &mut totals, surroundings, best, |a, b| a + b);
        }
        if moved * 1000 <= items.len() {
            break;
        }
    }
    cluster
}

fn add(
    counts: &mut [u32],
    totals: &mut [u32],
    surroundings: &[(u32, u32)],
    cluster: usize,
    change: impl Fn(u32, u32) -> u32,
) {
    let size = totals.len();
    for &(context, count) in surroundings {
        let cell = &mut counts[context as usize * size + cluster];
        *cell = change(*cell, count);
        totals[cluster] = change(totals[cluster], count);
    }
}

/// The surroundings of clusters, by descending frequency of their first members.
fn merge(items: &[Vec<(u32, u32)>], cluster: &[u32]) -> Vec<Vec<(u32, u32)>> {
    let size = cluster.iter().map(|at| *at as usize + 1).max().unwrap_or(0);
    let mut merged: Vec<BTreeMap<u32, u32>> = vec![BTreeMap::new(); size];
    for (surroundings, &at) in items.iter().zip(cluster) {
        surroundings.iter().for_each(|(context, count)| *merged[at as usize].entry(*context).or_default() += count);
    }
    merged.into_iter().map(|all| all.into_iter().collect()).collect()
}

/// n · ln n.
struct Logs(Vec<f64>);

impl Logs {
    fn new() -> Logs {
        Logs((0..1 << 16).map(|n| of(n.into())).collect())
    }

    fn get(&self, n: u32) -> f64 {
        self.0.get(n as usize).copied().unwrap_or_else(|| of(n.into()))
    }

    /// What n · ln n grows by when n does by `count`.
    fn gain(&self, n: u32, count: u32) -> f64 {
        self.get(n + count) - self.get(n)
    }
}

fn of(n: f64) -> f64 {
    if n > 0.0 { n * n.ln() } else { 0.0 }
}

impl Clusters {
    /// What is known of a word.
    pub(crate) fn of(&self, lower: u64) -> Seen {
        self.keys.binary_search(&hash::key(lower)).map_or(Seen::default(), |at| self.seen[at])
    }

    /// Number of words.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is no word.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// From what a file holds; `None` where that is inconsistent.
    pub(crate) fn from_parts(keys: Vec<u32>, seen: Vec<Seen>) -> Option<Clusters> {
        (keys.len() == seen.len() && keys.is_sorted()).then_some(Clusters { keys, seen })
    }

    pub(crate) fn keys(&self) -> &[u32] {
        &self.keys
    }

    pub(crate) fn seen(&self) -> &[Seen] {
        &self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_the_same_surroundings_come_together() {
        let mut builder = ClusterBuilder::default();
        let (cities, people) = (["berlin", "paris", "rome", "oslo"], ["anna", "peter", "maria", "jonas"]);
        for n in 0..400 {
            let (city, person) = (cities[n % 4], people[(n / 4) % 4]);
            builder.add(["she", "lives", "in", city, "now"]);
            builder.add(["yesterday", person, "said", "so"]);
        }
        let surroundings = {
            let words = builder.counts.len();
            let rank: Vec<u32> = (0..words as u32).collect();
            builder.surroundings(&rank, words)
        };
        let found = exchange(&surroundings, 8);
        let of = |word: &str| found[builder.ids[&hash::text(word)] as usize];
        assert!(cities.iter().all(|city| of(city) == of("berlin")), "{found:?}");
        assert!(people.iter().all(|person| of(person) == of("anna")));
        assert_ne!(of("berlin"), of("anna"));
        let built = builder.build();
        assert_eq!(built.of(hash::text("berlin")).case, 4);
        assert_eq!(built, builder.build());
        assert_eq!(Clusters::from_parts(built.keys.clone(), built.seen.clone()), Some(built.clone()));
    }

    #[test]
    fn no_text_gives_no_clusters() {
        assert!(ClusterBuilder::default().build().is_empty());
        assert_eq!(Clusters::default().of(7), Seen::default());
    }
}
