//! Reading order: groups in groups, each child with an index or where it stands.

use std::collections::HashMap;

use super::document::Block;

/// A group of the reading order, or a reference, which has no children.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Place among its siblings.
    pub index: Option<i64>,
    /// Id of the region it stands for.
    pub region: Option<String>,
    pub children: Vec<Group>,
}

impl Group {
    /// Ranks of the regions it names, in reading order.
    pub(super) fn ranks(mut self) -> HashMap<String, usize> {
        let mut ranks = HashMap::new();
        self.collect(&mut ranks);
        ranks
    }

    fn collect(&mut self, ranks: &mut HashMap<String, usize>) {
        if let Some(region) = self.region.take() {
            let rank = ranks.len();
            ranks.entry(region).or_insert(rank);
        }
        self.children.sort_by_key(|child| child.index.unwrap_or(i64::MAX));
        self.children.iter_mut().for_each(|child| child.collect(ranks));
    }
}

/// Blocks by their rank; those that have none come last, as they stand.
pub(super) fn sorted(mut blocks: Vec<(Option<usize>, Block)>) -> Vec<Block> {
    blocks.sort_by_key(|(rank, _)| rank.unwrap_or(usize::MAX));
    blocks.into_iter().map(|(_, block)| block).collect()
}
