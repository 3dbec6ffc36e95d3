//! Batches of pairs on their way.

use xlner_core::Pair;

use super::folder::RunFolder;
use super::key::Key;
use super::shard::Shard;
use super::{BATCH, WINDOW};
use crate::Result;

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
pub(crate) struct Reader {
    pub shard: Shard,
    /// Pairs that are needed whatever the shard, because the aligner is trained on them.
    pub sample: u64,
}

impl Reader {
    /// The batches that are needed, each under the key of its content.
    pub fn batches<'p>(
        self,
        pairs: &'p mut (dyn Iterator<Item = Result<Pair>> + Send),
    ) -> impl Iterator<Item = Result<Batch>> + use<'p> {
        let all = (0..).map_while(move |number| match pairs.take(BATCH).collect::<Result<Vec<_>>>() {
            Ok(pairs) if pairs.is_empty() => None,
            Ok(pairs) => Some(Ok((number, pairs))),
            Err(error) => Some(Err(error)),
        });
        all.filter_map(move |batch| match batch {
            Ok((number, pairs)) => self.needs(number).then(|| Batch::read(number, pairs)),
            Err(error) => Some(Err(error)),
        })
    }

    fn needs(self, number: u64) -> bool {
        self.shard.has(number / WINDOW) || number * (BATCH as u64) < self.sample
    }
}

impl Batch {
    fn read(number: u64, pairs: Vec<Pair>) -> Result<Batch> {
        let mut key = Key::of("read");
        for pair in &pairs {
            key = key.bytes(&serde_json::to_vec(pair)?);
        }
        Ok(Batch { number, stage: "read", key: key.key(), length: pairs.len() as u64, pairs: Some(pairs) })
    }
}
