//! Expected counts of a pass over a part of the text. They add up (METHODS: Dyer et al. 2008): whoever counts the parts, in
//! whatever order they are merged, the sum is the same.

use crate::trainer::Trainer;
use crate::views::VIEWS;

/// Expected counts of some pairs, in units of 2⁻²⁰; see [`Trainer::expect`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// The pass that they belong to.
    pub(crate) iteration: usize,
    /// By view and place ([`Trainer::place`]): links.
    pub(crate) links: [Vec<i64>; VIEWS],
    /// By target, by source word: occurrences that come from none.
    pub(crate) null: [Vec<i64>; 2],
    /// By direction and length: jumps.
    pub(crate) jumps: [Vec<i64>; 2],
    /// Sure links, and the sum of their distances from the diagonal; in the first pass only.
    pub(crate) order: Vec<i64>,
}

/// Kinds of rows after the views: words of the target, of the source side that come from none; jumps forward, reverse.
const NULL: usize = VIEWS;
const JUMPS: usize = VIEWS + 2;
const ORDER: usize = VIEWS + 4;

/// Counts as four columns of one length, as a table of Arrow has them.
///
/// `kind` is a view (0 to 3; `source` and `target` are ids of it), 4 or 5 for a target or a source word that comes from none,
/// 6 or 7 for jumps forward or reverse (`target` is the length), 8 for word order (`target` is 0 for links, 1 for their
/// distances from the diagonal); what is not used is 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    /// What is counted.
    pub kind: Vec<u8>,
    /// Source id.
    pub source: Vec<u32>,
    /// Target id.
    pub target: Vec<u32>,
    /// The count; of expected counts in units of 2⁻²⁰.
    pub count: Vec<i64>,
}

/// Counts that do not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The columns have different lengths.
    #[error("the columns of counts have different lengths")]
    Lengths,
    /// A row counts what the trainer does not know.
    #[error("row {0} of the counts is not of this trainer; count again with the trainer that the counts are for")]
    Row(usize),
    /// Counts of another pass or trainer.
    #[error("these counts are of another pass or another trainer; count again with this one")]
    Pass,
}

impl Columns {
    pub(crate) fn push(&mut self, kind: u8, source: u32, target: u32, count: i64) {
        self.kind.push(kind);
        self.source.push(source);
        self.target.push(target);
        self.count.push(count);
    }

    pub(crate) fn rows(&self) -> Result<impl Iterator<Item = (u8, u32, u32, i64)>, Error> {
        let len = self.kind.len();
        if [self.source.len(), self.target.len(), self.count.len()] != [len; 3] {
            return Err(Error::Lengths);
        }
        Ok((0..len).map(|at| (self.kind[at], self.source[at], self.target[at], self.count[at])))
    }
}

impl Counts {
    /// Nothing counted yet.
    pub(crate) fn new(trainer: &Trainer) -> Counts {
        let model = &trainer.model;
        Counts {
            iteration: trainer.iteration(),
            links: std::array::from_fn(|view| vec![0; trainer.places(view)]),
            null: [vec![0; model.target.len()], vec![0; model.source.len()]],
            jumps: std::array::from_fn(|_| vec![0; crate::hmm::WIDTH]),
            order: vec![0; 2],
        }
    }

    fn lists(&self) -> impl Iterator<Item = &Vec<i64>> {
        self.links.iter().chain(&self.null).chain(&self.jumps).chain([&self.order])
    }

    /// Whether they are of the pass that the trainer is at.
    pub(crate) fn fits(&self, trainer: &Trainer) -> bool {
        let model = &trainer.model;
        let words = [model.target.len(), model.source.len()];
        self.iteration == trainer.iteration()
            && self.links.iter().enumerate().all(|(view, links)| links.len() == trainer.places(view))
            && self.null.iter().zip(words).all(|(null, words)| null.len() == words)
    }

    /// Adds the counts of other pairs, made by the same trainer in the same pass.
    ///
    /// # Errors
    /// [`Error::Pass`] where they are not.
    pub fn merge(&mut self, other: &Counts) -> Result<(), Error> {
        let same = self.iteration == other.iteration && self.lists().map(Vec::len).eq(other.lists().map(Vec::len));
        if !same {
            return Err(Error::Pass);
        }
        let own = self.links.iter_mut().chain(&mut self.null).chain(&mut self.jumps).chain([&mut self.order]);
        for (own, other) in own.zip(other.lists()) {
            own.iter_mut().zip(other).for_each(|(a, b)| *a += b);
        }
        Ok(())
    }

    /// The counts that are not 0 as columns.
    ///
    /// # Errors
    /// [`Error::Pass`] where the counts are not those of the trainer.
    pub fn to_columns(&self, trainer: &Trainer) -> Result<Columns, Error> {
        if !self.fits(trainer) {
            return Err(Error::Pass);
        }
        let mut columns = Columns::default();
        let mut push = |kind: usize, source: u32, target: u32, count: i64| {
            if count != 0 {
                columns.push(kind as u8, source, target, count);
            }
        };
        for (view, links) in self.links.iter().enumerate() {
            for (pair, &count) in trainer.pairs(view).zip(links) {
                if let Some((source, target)) = pair {
                    push(view, source, target, count);
                }
            }
        }
        for (at, &count) in self.null[0].iter().enumerate() {
            push(NULL, 0, at as u32, count);
        }
        for (at, &count) in self.null[1].iter().enumerate() {
            push(NULL + 1, at as u32, 0, count);
        }
        for (direction, jumps) in self.jumps.iter().enumerate() {
            jumps.iter().enumerate().for_each(|(at, &count)| push(JUMPS + direction, 0, at as u32, count));
        }
        self.order.iter().enumerate().for_each(|(at, &count)| push(ORDER, 0, at as u32, count));
        Ok(columns)
    }

    /// Counts of the pass that the trainer is at from columns, whose rows may be in any order, and several for one thing.
    ///
    /// # Errors
    /// [`Error::Row`], [`Error::Lengths`].
    pub fn from_columns(columns: &Columns, trainer: &Trainer) -> Result<Counts, Error> {
        let mut counts = Counts::new(trainer);
        for (at, (kind, source, target, count)) in columns.rows()?.enumerate() {
            let place = match usize::from(kind) {
                view @ 0..VIEWS => trainer.place(view, source, target).map(|place| &mut counts.links[view][place]),
                NULL => counts.null[0].get_mut(target as usize),
                kind if kind < JUMPS => counts.null[1].get_mut(source as usize),
                ORDER => counts.order.get_mut(target as usize),
                kind if kind < ORDER => counts.jumps[kind - JUMPS].get_mut(target as usize),
                _ => None,
            };
            *place.ok_or(Error::Row(at))? += count;
        }
        Ok(counts)
    }
}
