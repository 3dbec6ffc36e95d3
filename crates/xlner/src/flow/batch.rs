//! Batches of pairs on their way.

use rayon::prelude::*;
use xlner_core::Pair;

use super::shard::Shard;
use super::{BATCH, WINDOW};
use crate::Result;
use crate::engine::folder::RunFolder;
use crate::engine::key::Key;
use crate::engine::source;
use crate::engine::step::Fail;

/// A batch, and what its content depends on.
pub(crate) struct Batch {
    /// Counted from 0.
    pub number: u64,
    /// The stage that made it, and the key it made it under.
    pub stage: &'static str,
    pub key: Key,
    pub length: u64,
    /// The pairs, where they are in memory; else they are in the run folder.
    pub pairs: Option<Vec<Pair>>,
}

impl Batch {
    /// Number of its first pair in the input, counted from 1.
    pub fn first(&self) -> u64 {
        self.number * BATCH as u64 + 1
    }

    /// The window it belongs to, counted from 0.
    pub fn window(&self) -> u64 {
        self.number / WINDOW
    }

    /// The pairs, from memory or from the run folder.
    ///
    /// # Errors
    /// Where the kept file is damaged.
    pub fn take(&mut self, folder: &RunFolder) -> Result<Vec<Pair>> {
        match self.pairs.take() {
            Some(pairs) => Ok(pairs),
            None => folder.load(self.stage, self.key),
        }
    }
}

/// Cuts a stream of pairs into batches.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub shard: Shard,
    /// Pairs that are needed whatever the shard, because the aligner is trained on them.
    pub sample: u64,
    pub fail: Fail<'a>,
}

impl<'a> Reader<'a> {
    /// The batches that are needed, tokenised, each under the key of its content.
    pub fn batches<'p>(
        self,
        pairs: &'p mut (dyn Iterator<Item = Result<Pair>> + Send),
    ) -> impl Iterator<Item = Result<Batch>> + use<'p, 'a> {
        let all = (0..).map_while(move |number| match pairs.take(BATCH).collect::<Result<Vec<_>>>() {
            Ok(pairs) if pairs.is_empty() => None,
            Ok(pairs) => Some(Ok((number, pairs))),
            Err(error) => Some(Err(error)),
        });
        all.filter_map(move |batch| match batch {
            Ok((number, pairs)) => self.needs(number).then(|| Batch::read(number, pairs, self.fail)),
            Err(error) => Some(Err(error)),
        })
    }

    fn needs(self, number: u64) -> bool {
        self.shard.has(number / WINDOW) || number * (BATCH as u64) < self.sample
    }
}

impl Batch {
    fn read(number: u64, mut pairs: Vec<Pair>, fail: Fail<'_>) -> Result<Batch> {
        let first = number * BATCH as u64 + 1;
        let records = pairs.par_iter_mut().enumerate().map(|(index, pair)| {
            source::tokenize(pair).map_err(|error| fail(first + index as u64, pair, error.to_string()))?;
            Ok(serde_json::to_vec(pair)?)
        });
        let records: Vec<Result<Vec<u8>>> = records.collect();
        let mut key = Key::of("read");
        for record in records {
            key = key.bytes(&record?);
        }
        Ok(Batch { number, stage: "read", key: key.key(), length: pairs.len() as u64, pairs: Some(pairs) })
    }
}
