//! Where the pairs of a job come from.

use std::path::{Path, PathBuf};

use xlner_core::tokenize::tokenize_sentence;
use xlner_core::{Pair, Sentence};
use xlner_formats::{ReadOptions, Side};

use super::file::{At, File, Holds, Items as _, Parallel};
use super::pump::{self, BATCH};
use super::sides::Sides;
use crate::Result;
use crate::progress::{Listener, Progress, Stage};

/// Where the pairs of a job come from. `-` is standard input.
#[derive(Debug, Clone)]
pub enum Input {
    /// Two files: sentence n of one is the translation of sentence n of the other.
    Files {
        /// The source sentences.
        source: PathBuf,
        /// How they are read.
        source_options: ReadOptions,
        /// The target sentences.
        target: PathBuf,
        /// How they are read.
        target_options: ReadOptions,
    },
    /// One file of pairs: records, bitext.
    Pairs {
        /// The file.
        path: PathBuf,
        /// How it is read.
        options: ReadOptions,
    },
}

impl Input {
    /// The files.
    pub fn paths(&self) -> Vec<&Path> {
        match self {
            Input::Files { source, target, .. } => vec![source, target],
            Input::Pairs { path, .. } => vec![path],
        }
    }

    /// The file that pairs are counted in.
    pub(crate) fn name(&self) -> &Path {
        match self {
            Input::Files { target, .. } => target,
            Input::Pairs { path, .. } => path,
        }
    }
}

/// Pairs, one by one, with their links where a file of links was given. A sentence alone is one side of a pair.
pub(crate) struct Source {
    files: Parallel<File>,
    /// The first pair, where it was looked at.
    first: Option<Pair>,
    count: u64,
    /// Sentences so far that are not tokenised yet.
    untokenized: u64,
    /// Entities so far of target sentences.
    target_entities: u64,
    /// Bytes of the first file.
    bytes: Option<u64>,
    /// Watches whether the sides belong together; `None` at the end.
    sides: Option<Sides>,
    /// How the file is read that pairs are counted in, and its name.
    options: ReadOptions,
    name: PathBuf,
}

impl Source {
    /// Opens the files of pairs.
    pub fn open(input: &Input, links: Option<(&Path, &ReadOptions)>) -> Result<Source> {
        let mut files = match input {
            Input::Files { source, source_options, target, target_options } => vec![
                File::sentences(source, source_options, Side::Source)?,
                File::sentences(target, target_options, Side::Target)?,
            ],
            Input::Pairs { path, options } => vec![File::pairs(path, options)?],
        };
        if let Some((path, options)) = links {
            files.push(File::links(path, options)?);
        }
        let options = match input {
            Input::Files { target_options, .. } => target_options,
            Input::Pairs { options, .. } => options,
        };
        Ok(Source::new(files, input.name(), options))
    }

    /// Opens a file of sentences, each of which becomes that side of a pair.
    pub fn sentences(path: &Path, options: &ReadOptions, side: Side) -> Result<Source> {
        Ok(Source::new(vec![File::sentences(path, options, side)?], path, options))
    }

    /// Opens a file of sentences, each of which becomes that side of a pair, or of pairs.
    pub fn records(path: &Path, options: &ReadOptions, side: Side) -> Result<Source> {
        Ok(Source::new(vec![File::records(path, options, side)?], path, options))
    }

    /// Opens a file, whatever it holds; sentences become that side of pairs.
    pub fn any(path: &Path, options: &ReadOptions, side: Side) -> Result<Source> {
        Ok(Source::new(vec![File::any(path, options, side)?], path, options))
    }

    fn new(files: Vec<File>, name: &Path, options: &ReadOptions) -> Source {
        let bytes = files.first().and_then(|file| std::fs::metadata(file.path()).ok());
        let bytes = bytes.filter(std::fs::Metadata::is_file).map(|file| file.len());
        Source {
            files: Parallel { files },
            first: None,
            count: 0,
            untokenized: 0,
            target_entities: 0,
            bytes,
            sides: Some(Sides::default()),
            options: options.clone(),
            name: name.to_owned(),
        }
    }

    /// What is read: pairs, also of two files; or what the one file holds.
    pub fn holds(&self) -> Holds {
        match self.files.files.as_slice() {
            [file] => file.holds(),
            _ => Holds::Pairs,
        }
    }

    /// Where the pair read last stands, where there is one file (or folder, of which the file is told) and its format tells the line.
    pub fn place(&self) -> At {
        match self.files.files.as_slice() {
            [file] => file.place(),
            _ => (None, None),
        }
    }

    /// The first pair; it is still the next to come.
    pub fn peek(&mut self) -> Result<Option<&Pair>> {
        if self.first.is_none() && self.count == 0 {
            self.first = self.next().transpose()?;
        }
        Ok(self.first.as_ref())
    }

    /// How many pairs there are, as far as the bytes read tell.
    pub fn estimate(&self) -> Option<u64> {
        let read = self.files.files.first()?.bytes_read();
        let estimate = self.count as f64 * self.bytes? as f64 / read.max(1) as f64;
        Some((estimate as u64).max(self.count))
    }

    /// Pairs read so far.
    pub fn done(&self) -> u64 {
        self.count
    }

    /// Tags so far that were read with repairs.
    pub fn repaired(&self) -> u64 {
        self.files.files.iter().map(File::repaired).sum()
    }

    /// Sentences so far that are not tokenised yet.
    pub fn untokenized(&self) -> u64 {
        self.untokenized
    }

    /// Entities so far that target sentences came with.
    pub fn target_entities(&self) -> u64 {
        self.target_entities
    }

    /// Reads all pairs that are left, batch after batch; `prepare` is called for every pair with its number, `take` for every
    /// batch.
    pub fn for_each_batch(
        &mut self,
        prepare: impl Fn(&mut Pair, u64) -> Result<()> + Sync,
        listener: Listener<'_>,
        mut take: impl FnMut(Vec<Pair>) -> Result<()>,
    ) -> Result<()> {
        let mut done = 0;
        loop {
            let mut batch = pump::read(self, BATCH)?;
            if batch.is_empty() {
                return Ok(());
            }
            pump::each(&mut batch, done + 1, |(): &mut (), pair, number| prepare(pair, number))?;
            done += batch.len() as u64;
            take(batch)?;
            listener(Progress { stage: Stage::Read, done, total: self.estimate() });
        }
    }

    /// All pairs that are left; see [`for_each_batch`](Self::for_each_batch).
    pub fn read_all(
        &mut self,
        prepare: impl Fn(&mut Pair, u64) -> Result<()> + Sync,
        listener: Listener<'_>,
    ) -> Result<Vec<Pair>> {
        let mut pairs = Vec::new();
        self.for_each_batch(prepare, listener, |mut batch| {
            pairs.append(&mut batch);
            Ok(())
        })?;
        Ok(pairs)
    }

    fn add(&mut self, pair: &Pair) {
        self.count += 1;
        if let Some(sides) = &mut self.sides {
            sides.add(pair, self.count);
        }
        self.target_entities += pair.target.entities.len() as u64;
        self.untokenized += [&pair.source, &pair.target].iter().filter(|side| !side.is_tokenized()).count() as u64;
    }

    /// The next pair, made of what the files hold.
    fn read(&mut self) -> Result<Option<Pair>> {
        let Some(parts) = self.files.next()? else {
            self.sides.take().map_or(Ok(()), |mut sides| sides.tell(&self.options, &self.name))?;
            return Ok(None);
        };
        let mut parts = parts.into_iter().zip(&self.files.files);
        let Some((mut pair, _)) = parts.next() else { return Ok(None) };
        for (part, file) in parts {
            match file.holds() {
                Holds::Links => pair.alignment = part.alignment,
                _ => pair = join(pair.source, part.target),
            }
        }
        self.add(&pair);
        Ok(Some(pair))
    }
}

impl Iterator for Source {
    type Item = Result<Pair>;

    fn next(&mut self) -> Option<Result<Pair>> {
        match self.first.take() {
            Some(first) => Some(Ok(first)),
            None => self.read().transpose(),
        }
    }
}

/// A side of a pair.
pub(crate) fn side(pair: &mut Pair, side: Side) -> &mut Sentence {
    match side {
        Side::Source => &mut pair.source,
        Side::Target => &mut pair.target,
    }
}

/// A pair of two sentences; it takes the source's id, where that has one.
fn join(source: Sentence, target: Sentence) -> Pair {
    let id = source.extra.get("id").or_else(|| target.extra.get("id")).cloned().unwrap_or_default();
    let mut pair = Pair { source, target, ..Pair::default() };
    // What is neither text nor number stays with its sentence alone.
    pair.set_id(&id).unwrap_or_default();
    pair
}

/// Tokenises the sentences of a pair that are not tokenised yet.
///
/// # Errors
/// Links that do not fit the tokens.
pub(crate) fn tokenize(pair: &mut Pair) -> xlner_core::Result<()> {
    for sentence in [&mut pair.source, &mut pair.target] {
        if !sentence.is_tokenized() {
            tokenize_sentence(sentence)?;
        }
    }
    match &pair.alignment {
        Some(alignment) => alignment.validate(pair.source.len(), pair.target.len()),
        None => Ok(()),
    }
}
