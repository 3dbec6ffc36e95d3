//! Tokenised sentence pairs on disk, as ids: what training reads again in every pass does not have to fit into memory.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use bytemuck::{cast_slice, cast_slice_mut};
use xlner_core::Alignment;

use crate::bitext::{Bitext, Given, Segments};
use crate::vocabulary::{Vocabulary, WordCounts};

/// Bytes of segments that are written and read at once.
const BLOCK: usize = 8 << 20;

/// Pairs to train on of which memory holds the vocabulary and one block; the others lie in a temporary file, which goes with
/// the process.
///
/// [`Model::train_spool`](crate::Model::train_spool) trains on it, and makes the model that
/// [`Model::train`](crate::Model::train) makes of the same pairs in memory.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    /// The vocabularies of all pairs, and the last block.
    open: Bitext,
    file: Option<File>,
    /// Bytes of the lists of each block in the file.
    blocks: Vec<[usize; 6]>,
    /// Of the blocks in the file: occurrences of every word of the source and the target side, and segments.
    counts: [Vec<u64>; 2],
    segments: usize,
}

impl Spool {
    /// A spool whose file, where it needs one, is in this folder.
    pub fn new(folder: PathBuf) -> Spool {
        let (open, counts) = (Bitext::default(), [Vec::new(), Vec::new()]);
        Spool { folder, open, file: None, blocks: Vec::new(), counts, segments: 0 }
    }

    /// Adds a pair of tokenised sentences and the links that another aligner gave for it; see [`Bitext::push_given`].
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn push<S: AsRef<str>, T: AsRef<str>>(
        &mut self,
        source: impl IntoIterator<Item = S>,
        target: impl IntoIterator<Item = T>,
        given: &Alignment,
    ) -> io::Result<()> {
        self.open.push_given(source, target, given);
        if self.open.text.bytes() > BLOCK { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> io::Result<()> {
        if self.file.is_none() {
            self.file = Some(tempfile::tempfile_in(&self.folder)?);
        }
        let text = std::mem::take(&mut self.open.text);
        text.source.count(&mut self.counts[0]);
        text.target.count(&mut self.counts[1]);
        self.segments += text.len();
        let Segments { source, target, given, given_ends } = &text;
        let lists: [&[u8]; 6] = [
            cast_slice(&source.tokens),
            cast_slice(&source.ends),
            cast_slice(&target.tokens),
            cast_slice(&target.ends),
            cast_slice(given),
            cast_slice(given_ends),
        ];
        if let Some(file) = &mut self.file {
            file.seek(SeekFrom::End(0))?;
            lists.iter().try_for_each(|list| file.write_all(list))?;
        }
        self.blocks.push(lists.map(<[u8]>::len));
        Ok(())
    }

    /// Number of pairs.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a word of the target (or the source) side is known.
    pub fn knows(&self, target: bool, word: &str) -> bool {
        self.open.knows(target, word)
    }

    /// Calls `visit` with every block.
    pub(crate) fn for_each_block(&self, visit: &mut dyn FnMut(&Segments)) -> io::Result<()> {
        if let Some(mut file) = self.file.as_ref() {
            file.seek(SeekFrom::Start(0))?;
            let mut text = Segments::default();
            for bytes in &self.blocks {
                read(&mut file, &mut text.source.tokens, bytes[0])?;
                read(&mut file, &mut text.source.ends, bytes[1])?;
                read(&mut file, &mut text.target.tokens, bytes[2])?;
                read(&mut file, &mut text.target.ends, bytes[3])?;
                read::<Given>(&mut file, &mut text.given, bytes[4])?;
                read(&mut file, &mut text.given_ends, bytes[5])?;
                visit(&text);
            }
        }
        visit(&self.open.text);
        Ok(())
    }

    pub(crate) fn vocabularies(&self) -> [&Vocabulary; 2] {
        [&self.open.source, &self.open.target]
    }

    /// Occurrences of every word of the source and the target side.
    pub(crate) fn counts(&self) -> [Vec<u64>; 2] {
        let mut counts = self.counts.clone();
        self.open.text.source.count(&mut counts[0]);
        self.open.text.target.count(&mut counts[1]);
        counts
    }

    /// Number of segments.
    pub(crate) fn segments(&self) -> usize {
        self.segments + self.open.text.len()
    }

    /// The words and how often they occur.
    pub(crate) fn words(&self) -> WordCounts {
        WordCounts::of_ids(self.vocabularies(), self.counts())
    }
}

/// Reads a list of that many bytes.
fn read<T: bytemuck::Pod>(file: &mut &File, list: &mut Vec<T>, bytes: usize) -> io::Result<()> {
    list.resize(bytes / size_of::<T>(), T::zeroed());
    file.read_exact(cast_slice_mut(list))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Keys;
    use crate::vocabulary::Vocabularies;
    use crate::{Model, TrainOptions};

    /// Made-up pairs, some long, some with given links: in memory, and in a spool that writes every few pairs.
    fn texts(pairs: usize) -> (Bitext, Spool) {
        let (mut bitext, mut spool) = (Bitext::default(), Spool::new(std::env::temp_dir()));
        for pair in 0..pairs {
            let len = if pair % 50 == 7 { 1500 } else { 1 + pair % 9 };
            let words = |salt: usize| (0..len).map(move |at| format!("{salt}{}", (pair * 31 + at * (7 + salt)) % 97));
            let mut given = Alignment::default();
            if pair % 3 == 0 {
                given = Alignment::from_pairs([(0, 0), (len as u32 - 1, len as u32 - 1)]);
            }
            bitext.push_given(words(1), words(2), &given);
            spool.push(words(1), words(2), &given).unwrap();
            if pair % 4 == 3 {
                spool.write().unwrap();
            }
        }
        (bitext, spool)
    }

    #[test]
    fn what_lies_on_disk_trains_the_same_model() {
        let (bitext, spool) = texts(120);
        assert_eq!((spool.len(), spool.segments(), spool.words()), (120, bitext.text.len(), WordCounts::of(&bitext)));
        assert!(spool.blocks.len() > 20);
        let bytes = |model: Model| {
            let mut bytes = Vec::new();
            model.save(&mut bytes).unwrap();
            bytes
        };
        for max_parameters in [2000, 88_000_000] {
            let options = TrainOptions { max_parameters, ..TrainOptions::default() };
            let whole = Model::train(&bitext, &options, None, &mut |_| ());
            let again = Model::train_spool(&spool, &options, None, 1 << 30, &mut |_| ()).unwrap();
            assert!(bytes(whole) == bytes(again), "{max_parameters}");
        }
    }

    #[test]
    fn keys_do_not_depend_on_the_memory() {
        let (bitext, spool) = texts(120);
        let vocabularies = Vocabularies::new(&WordCounts::of(&bitext), &TrainOptions::default(), None);
        for most in [0, 400, 5000, 88_000_000] {
            let whole = Keys::of(&bitext, &vocabularies, most);
            for memory in [1, 5_000, 100_000, 1 << 30] {
                assert_eq!(Keys::of_spool(&spool, &vocabularies, most, memory).unwrap(), whole, "{most} in {memory}");
            }
        }
    }

    #[test]
    fn less_memory_means_fewer_parameters() {
        let (_, spool) = texts(60);
        let train = |memory| {
            Model::train_spool(&spool, &TrainOptions::default(), None, memory, &mut |_| ()).unwrap().parameters()
        };
        let (few, all) = (train(100_000), train(1 << 30));
        assert!(few > 0 && few <= 100_000 / TrainOptions::BYTES && few < all, "{few} {all}");
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_an_error_once_a_file_is_needed() {
        let mut spool = Spool::new("/nowhere/at/all".into());
        spool.push(["a"], ["b"], &Alignment::default()).unwrap();
        assert!(spool.write().is_err());
    }
}
