//! The pump: pairs are read, worked on and written in their order, all at once, batch by batch.

use std::time::Instant;

use rayon::prelude::*;
use xlner_core::Pair;

use crate::Result;

/// Pairs in memory at a time, in each of the three stages of a stream.
pub(crate) const BATCH: usize = 2048;
/// Pairs a thread takes at a time.
const CHUNK: usize = 32;

/// Seconds that went by in the three stages. While a batch is worked on, the one before it is written and the next one
/// read, so they may add up to more than the time of the whole.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Clock {
    pub read: f64,
    pub work: f64,
    pub write: f64,
}

/// Works on every pair of a batch, on all threads. `work` gets a buffer of its thread, the pair and its number, counted
/// from `first`. Of several errors the first pair's is given, whatever the number of threads.
pub(crate) fn each<B: Default>(
    pairs: &mut [Pair],
    first: u64,
    work: impl Fn(&mut B, &mut Pair, u64) -> Result<()> + Sync,
) -> Result<()> {
    let results: Vec<Result<()>> = pairs
        .par_chunks_mut(CHUNK)
        .enumerate()
        .map_init(B::default, |buffer, (chunk, pairs)| {
            let first = first + (chunk * CHUNK) as u64;
            pairs.iter_mut().zip(first..).try_for_each(|(pair, number)| work(buffer, pair, number))
        })
        .collect();
    results.into_iter().collect()
}

/// Works on all pairs, batch after batch (see [`each`]; pairs are counted from 1). `after` is told the number of pairs done.
pub(crate) fn all<B: Default>(
    pairs: &mut [Pair],
    work: impl Fn(&mut B, &mut Pair, u64) -> Result<()> + Sync,
    mut after: impl FnMut(u64),
) -> Result<()> {
    let mut done = 0;
    for batch in pairs.chunks_mut(BATCH) {
        each(batch, done + 1, &work)?;
        done += batch.len() as u64;
        after(done);
    }
    Ok(())
}

/// Reads batches of `size` pairs from a source, works on them and hands the pairs to `write`, in their order: while one batch
/// is worked on, the one before it is written and the next one read. `work` gets a batch and the number of its first pair,
/// counted from 1. `after` is told the number of pairs written, after every batch, and may look at the source.
///
/// Memory follows the batch, not the source.
pub(crate) fn pump<S: Iterator<Item = Result<Pair>> + Send>(
    source: &mut S,
    size: usize,
    mut work: impl FnMut(&mut [Pair], u64) -> Result<()> + Send,
    mut write: impl FnMut(Pair) -> Result<()> + Send,
    mut after: impl FnMut(u64, &S),
) -> Result<Clock> {
    let mut clock = Clock::default();
    let mut done: Vec<Pair> = Vec::new();
    let mut current = timed(&mut clock.read, || read(source, size))?;
    let mut number = 1;
    while !current.is_empty() || !done.is_empty() {
        let length = current.len() as u64;
        let written = done.len() as u64;
        let (mut reading, mut writing, mut working) = (0.0, 0.0, 0.0);
        let write_done = || timed(&mut writing, || done.drain(..).try_for_each(&mut write));
        // After the last batch there is nothing to read.
        let read_next = || if length == 0 { Ok(Vec::new()) } else { timed(&mut reading, || read(source, size)) };
        let work_on = || if length == 0 { Ok(()) } else { timed(&mut working, || work(&mut current, number)) };
        let (wrote, (following, worked)) = rayon::join(write_done, || rayon::join(read_next, work_on));
        clock = Clock { read: clock.read + reading, work: clock.work + working, write: clock.write + writing };
        // In the order of the pairs, so that it is always the same error.
        wrote?;
        worked?;
        done = std::mem::replace(&mut current, following?);
        number += length;
        if written > 0 {
            after(number - 1 - length, source);
        }
    }
    Ok(clock)
}

/// Runs work on a thread of the pool: stages that work beside each other then take no more processors together than the pool
/// has threads. Not for work that waits for something else.
pub(crate) fn in_pool<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    rayon::scope(|_| work())
}

/// The next batch; empty at the end.
pub(crate) fn read(source: &mut impl Iterator<Item = Result<Pair>>, size: usize) -> Result<Vec<Pair>> {
    source.take(size).collect()
}

/// Adds the seconds that something takes.
pub(crate) fn timed<T>(seconds: &mut f64, run: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = run();
    *seconds += start.elapsed().as_secs_f64();
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    fn numbered(count: u64) -> impl Iterator<Item = Result<Pair>> + Send {
        (1..=count).map(|number| Ok(Pair { id: number.to_string(), ..Pair::default() }))
    }

    #[test]
    fn pairs_come_out_in_their_order_each_once() {
        for count in [0, 1, BATCH as u64, 3 * BATCH as u64 + 5] {
            let (mut seen, mut told) = (Vec::new(), Vec::new());
            pump(
                &mut numbered(count),
                BATCH,
                |pairs, first| {
                    each(pairs, first, |(): &mut (), pair, number| {
                        assert_eq!(pair.id, number.to_string());
                        pair.id.push('!');
                        Ok(())
                    })
                },
                |pair| {
                    seen.push(pair.id);
                    Ok(())
                },
                |done, _| told.push(done),
            )
            .unwrap();
            assert_eq!(seen, (1..=count).map(|number| format!("{number}!")).collect::<Vec<_>>());
            assert_eq!(told.last().copied().unwrap_or(0), count);
            assert!(told.is_sorted());
        }
    }

    #[test]
    fn the_first_error_ends_it() {
        let fail = |number: u64| Err(Error::Options(number.to_string()));
        let bad = [BATCH as u64 + 7, BATCH as u64 + 900, 3 * BATCH as u64];
        let mut written = 0;
        let result = pump(
            &mut numbered(4 * BATCH as u64),
            BATCH,
            |pairs, first| {
                let work =
                    |(): &mut (), _: &mut Pair, number| if bad.contains(&number) { fail(number) } else { Ok(()) };
                each(pairs, first, work)
            },
            |_| {
                written += 1;
                Ok(())
            },
            |_, _| {},
        );
        assert_eq!(result.err().unwrap().to_string(), bad[0].to_string());
        assert!(written <= BATCH);
    }
}
