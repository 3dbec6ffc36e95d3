//! Which pairs of views have a parameter: those that stand in a sentence pair together, the most frequent where not all fit.

use std::cell::RefCell;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;

use crate::bitext::{Bitext, Segments};
use crate::counts::{Columns, Error};
use crate::spool::Spool;
use crate::views::VIEWS;
use crate::vocabulary::{UNKNOWN, Vocabularies, Vocabulary};

#[cfg(test)]
mod tests;

/// Source views whose rows are counted before those of too few are dropped.
const BATCH: usize = 4096;

/// How often views of words stand in a sentence pair together. Counts of parts of a text add up to those of the whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PairCounts {
    /// By view: source and target id, and the count, ordered by the ids.
    views: [Vec<(u64, u64)>; VIEWS],
}

/// The pairs of views that have a parameter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    /// By view, in order.
    pub(crate) views: [Vec<u64>; VIEWS],
    /// By side, view and id: how many views of the other side stand beside it, those without a parameter counted, too.
    pub(crate) degrees: [[Vec<u32>; VIEWS]; 2],
}

pub(crate) fn key(source: u32, target: u32) -> u64 {
    u64::from(source) << 32 | u64::from(target)
}

pub(crate) fn ids(key: u64) -> (u32, u32) {
    ((key >> 32) as u32, key as u32)
}

impl PairCounts {
    /// Counts all pairs of a bitext; memory follows the number of different ones. [`Keys::of`] does with less.
    pub fn of(bitext: &Bitext, vocabularies: &Vocabularies) -> PairCounts {
        let words = vocabularies.ids([&bitext.source, &bitext.target]);
        let view = |view| {
            let ids = Ids::of(&words, vocabularies, view);
            Rows::new(&bitext.text, &ids, ids.all()).count(usize::MAX, 1, None)
        };
        PairCounts { views: std::array::from_fn(view) }
    }

    /// Adds the counts of another part of the text, made with the same vocabularies.
    pub fn merge(&mut self, other: &PairCounts) {
        self.views.iter_mut().zip(&other.views).for_each(|(own, other)| merge(own, other));
    }

    /// The pairs that have a parameter: at most [`max_parameters`](crate::TrainOptions::max_parameters), a quarter of them
    /// for each view.
    pub fn keys(&self, max_parameters: usize) -> Keys {
        let mut keys = Keys::default();
        for (view, counts) in self.views.iter().enumerate() {
            let last =
                |of: fn((u32, u32)) -> u32| counts.iter().map(|(key, _)| of(ids(*key)) as usize + 1).max().unwrap_or(0);
            let degrees = Degrees::new([last(|(e, _)| e), last(|(_, f)| f)]);
            counts.iter().for_each(|(key, _)| degrees.add(*key));
            let mut kept = counts.clone();
            keep(&mut kept, max_parameters / VIEWS, 1);
            keys.set(view, kept, degrees);
        }
        keys
    }

    /// The counts as columns; `kind` is the view.
    pub fn to_columns(&self) -> Columns {
        let mut columns = Columns::default();
        for (view, counts) in self.views.iter().enumerate() {
            for &(key, count) in counts {
                let (source, target) = ids(key);
                columns.push(view as u8, source, target, count as i64);
            }
        }
        columns
    }

    /// Counts from columns, whose rows may be in any order, and several for one pair.
    ///
    /// # Errors
    /// For a row of a view that is not known, or a negative count; for columns of different lengths.
    pub fn from_columns(columns: &Columns) -> Result<PairCounts, Error> {
        let mut counts = PairCounts::default();
        for (at, (kind, source, target, count)) in columns.rows()?.enumerate() {
            let known = counts.views.get_mut(usize::from(kind)).zip(u64::try_from(count).ok());
            let (view, count) = known.ok_or(Error::Row(at))?;
            view.push((key(source, target), count));
        }
        for view in &mut counts.views {
            view.sort_unstable();
            view.dedup_by(|next, first| {
                let same = next.0 == first.0;
                first.1 += if same { next.1 } else { 0 };
                same
            });
        }
        Ok(counts)
    }
}

impl Keys {
    /// The pairs of a bitext that have a parameter; the same as those of [`PairCounts::keys`], without holding the counts of
    /// the others.
    pub fn of(bitext: &Bitext, vocabularies: &Vocabularies, max_parameters: usize) -> Keys {
        let mut keys = Keys::default();
        let words = vocabularies.ids([&bitext.source, &bitext.target]);
        for view in 0..VIEWS {
            let ids = Ids::of(&words, vocabularies, view);
            let degrees = Degrees::new(ids.lens);
            let counts = Rows::new(&bitext.text, &ids, ids.all()).count(max_parameters / VIEWS, 1, Some(&degrees));
            keys.set(view, counts, degrees);
        }
        keys
    }

    /// Those of a text on disk, which are the same. The source views are counted slice by slice, with as many sentences in
    /// memory as `memory` bytes hold besides the keys.
    ///
    /// # Errors
    /// Where the text cannot be read back.
    pub(crate) fn of_spool(
        spool: &Spool,
        vocabularies: &Vocabularies,
        max_parameters: usize,
        memory: usize,
    ) -> io::Result<Keys> {
        let room = max_parameters / VIEWS;
        let mut keys = Keys::default();
        let words = vocabularies.ids(spool.vocabularies());
        for view in 0..VIEWS {
            let ids = Ids::of(&words, vocabularies, view);
            let degrees = Degrees::new(ids.lens);
            let (mut kept, mut least) = (Vec::new(), 1);
            for slice in slices(spool, &ids, memory) {
                kept.append(&mut count_slice(spool, &ids, slice, memory, (room, least), &degrees)?);
                least = keep(&mut kept, room, least);
            }
            keys.set(view, kept, degrees);
        }
        Ok(keys)
    }

    fn set(&mut self, view: usize, counts: Vec<(u64, u64)>, degrees: Degrees) {
        self.views[view] = counts.into_iter().map(|(key, _)| key).collect();
        for (side, of_side) in degrees.0.into_iter().enumerate() {
            let degrees = &mut self.degrees[side][view];
            *degrees = of_side.into_iter().map(AtomicU32::into_inner).collect();
            // Ids that no part of the text has say nothing, whichever vocabulary they are of.
            degrees.truncate(degrees.iter().rposition(|degree| *degree > 0).map_or(0, |last| last + 1));
        }
    }
}

/// How many views of the other side stand beside each view, by side and id; counted by all threads.
struct Degrees([Vec<AtomicU32>; 2]);

impl Degrees {
    fn new(lens: [usize; 2]) -> Degrees {
        Degrees(lens.map(|len| (0..len).map(|_| AtomicU32::new(0)).collect()))
    }

    /// Counts a pair, which must be counted once.
    fn add(&self, key: u64) {
        let (e, f) = ids(key);
        self.0[0][e as usize].fetch_add(1, Ordering::Relaxed);
        self.0[1][f as usize].fetch_add(1, Ordering::Relaxed);
    }
}

/// Adds counts to counts; both are ordered by their keys.
fn merge(own: &mut Vec<(u64, u64)>, other: &[(u64, u64)]) {
    let mut merged: Vec<(u64, u64)> = Vec::with_capacity(own.len().max(other.len()));
    let (mut a, mut b) = (own.iter().peekable(), other.iter().peekable());
    while let Some(&key) = a.peek().into_iter().chain(b.peek()).map(|(key, _)| key).min() {
        let of_a = a.next_if(|(k, _)| *k == key).map_or(0, |(_, count)| *count);
        let of_b = b.next_if(|(k, _)| *k == key).map_or(0, |(_, count)| *count);
        merged.push((key, of_a + of_b));
    }
    *own = merged;
}

/// Source views in slices whose sentences fit into that many bytes, as far as their numbers tell.
fn slices(spool: &Spool, ids: &Ids, memory: usize) -> Vec<Range<u32>> {
    let mut occurrences = vec![0u64; ids.lens[0]];
    let counts = spool.counts();
    for (&count, &e) in counts[0].iter().zip(&ids.views[0]) {
        if let Some(sum) = occurrences.get_mut(e as usize) {
            *sum += count;
        }
    }
    // Of every occurrence a sentence is held: its target tokens, and where it ends.
    let bytes = 4 * counts[1].iter().sum::<u64>() / spool.segments().max(1) as u64 + 32;
    let (mut slices, mut first, mut sum) = (Vec::new(), 0, 0);
    for (e, count) in occurrences.into_iter().enumerate() {
        sum += count * bytes;
        if sum > memory as u64 && e as u32 > first {
            slices.push(first..e as u32);
            (first, sum) = (e as u32, count * bytes);
        }
    }
    slices.push(first..ids.lens[0] as u32);
    slices
}

/// The counts of a slice of source views: those that are at least `least`, and of one reading the `room` most frequent.
fn count_slice(
    spool: &Spool,
    ids: &Ids,
    slice: Range<u32>,
    memory: usize,
    (room, least): (usize, u64),
    degrees: &Degrees,
) -> io::Result<Vec<(u64, u64)>> {
    let mut counts = Vec::new();
    let mut held = Segments::default();
    let mut parts = 0;
    spool.for_each_block(&mut |block| {
        for index in 0..block.len() {
            let segment = block.get(index);
            held.push_of(segment, |word| slice.contains(&ids.views[0][word as usize]));
        }
        // One view alone may have more sentences than fit: then it is counted in parts, of which none says what is rare.
        if held.bytes() > memory {
            merge(&mut counts, &Rows::new(&held, ids, slice.clone()).count(usize::MAX, 1, None));
            held = Segments::default();
            parts += 1;
        }
    })?;
    let rows = Rows::new(&held, ids, slice.clone());
    if parts == 0 {
        return Ok(rows.count(room, least, Some(degrees)));
    }
    merge(&mut counts, &rows.count(usize::MAX, 1, None));
    counts.iter().for_each(|(key, _)| degrees.add(*key));
    keep(&mut counts, room, least);
    counts.retain(|(_, count)| *count >= least);
    Ok(counts)
}

/// Keeps the pairs of the least count with which no more than `room` are left, which is at least `least`; returns it.
fn keep(counts: &mut Vec<(u64, u64)>, room: usize, mut least: u64) -> u64 {
    if counts.len() > room {
        let mut by_count: Vec<u64> = counts.iter().map(|(_, count)| *count).collect();
        let (_, largest_left_out, _) = by_count.select_nth_unstable_by(room, |a, b| b.cmp(a));
        least = least.max(*largest_left_out + 1);
        counts.retain(|(_, count)| *count >= least);
    }
    least
}

/// What the words of a text are in a view of the vocabularies.
pub(crate) struct Ids {
    /// By word of the source and of the target side.
    pub views: [Vec<u32>; 2],
    /// Number of ids of the view on both sides.
    pub lens: [usize; 2],
}

impl Ids {
    fn of(words: &[Vec<u32>; 2], vocabularies: &Vocabularies, view: usize) -> Ids {
        Ids::new(words, [&vocabularies.source, &vocabularies.target], view)
    }

    /// Of words whose ids in the vocabularies are known.
    pub fn new(words: &[Vec<u32>; 2], known: [&Vocabulary; 2], view: usize) -> Ids {
        let ids = |at: usize| words[at].iter().map(|&id| known[at].view(id, view)).collect();
        Ids { views: [ids(0), ids(1)], lens: known.map(|side| side.view_len(view)) }
    }

    /// All source views.
    pub fn all(&self) -> Range<u32> {
        0..self.lens[0] as u32
    }
}

/// Segments sorted by their source views: for each view the segments that it stands in.
pub(crate) struct Rows<'a> {
    text: &'a Segments,
    ids: &'a Ids,
    /// The source views that are counted.
    pub range: Range<u32>,
    /// Where view `range.start + e` stands, segments and places in them, from `starts[e]` on.
    starts: Vec<usize>,
    places: Vec<(u32, u32)>,
}

/// Counts of the target views beside one source view, and which are not 0.
#[derive(Default)]
struct Row {
    counts: Vec<u64>,
    seen: Vec<u32>,
}

impl<'a> Rows<'a> {
    pub fn new(text: &'a Segments, ids: &'a Ids, range: Range<u32>) -> Self {
        let rows = |index: usize| {
            let views = text.source.get(index).iter().map(|word| ids.views[0][*word as usize]);
            (0..).zip(views).filter(|(_, e)| range.contains(e)).map(|(at, e)| (at, (e - range.start) as usize))
        };
        let mut starts = vec![0usize; range.len() + 1];
        for index in 0..text.len() {
            rows(index).for_each(|(_, row)| starts[row + 1] += 1);
        }
        (1..starts.len()).for_each(|row| starts[row] += starts[row - 1]);
        let mut next = starts.clone();
        let mut places = vec![(0, 0); starts.last().copied().unwrap_or(0)];
        for index in 0..text.len() {
            rows(index).for_each(|(at, row)| {
                places[next[row]] = (index as u32, at);
                next[row] += 1;
            });
        }
        Rows { text, ids, range, starts, places }
    }

    /// Where a source view stands: segments, and places in them.
    pub fn places(&self, row: usize) -> &[(u32, u32)] {
        &self.places[self.starts[row]..self.starts[row + 1]]
    }

    /// The pairs of at least that count in order, of more than `room` pairs the most frequent ones.
    fn count(&self, room: usize, mut least: u64, degrees: Option<&Degrees>) -> Vec<(u64, u64)> {
        let mut counts = Vec::new();
        for first in (0..self.range.len()).step_by(BATCH) {
            let batch: Vec<Vec<(u64, u64)>> = (first..self.range.len().min(first + BATCH))
                .into_par_iter()
                .map(|row| self.row(row, least, degrees))
                .collect();
            batch.into_iter().for_each(|row| counts.extend(row));
            least = keep(&mut counts, room, least);
        }
        counts
    }

    /// The pairs of a source view that are counted often enough.
    fn row(&self, row: usize, least: u64, degrees: Option<&Degrees>) -> Vec<(u64, u64)> {
        thread_local!(static ROW: RefCell<Row> = RefCell::default());
        ROW.with_borrow_mut(|Row { counts, seen }| {
            if counts.len() < self.ids.lens[1] {
                counts.resize(self.ids.lens[1], 0);
            }
            let e = self.range.start + row as u32;
            for &(index, _) in self.places(row) {
                for &word in self.text.target.get(index as usize) {
                    let f = self.ids.views[1][word as usize];
                    if f != UNKNOWN {
                        if counts[f as usize] == 0 {
                            seen.push(f);
                        }
                        counts[f as usize] += 1;
                    }
                }
            }
            seen.sort_unstable();
            if let Some(degrees) = degrees {
                seen.iter().for_each(|&f| degrees.add(key(e, f)));
            }
            let counted = seen.drain(..).map(|f| (key(e, f), std::mem::take(&mut counts[f as usize])));
            counted.filter(|(_, count)| *count >= least).collect()
        })
    }
}
