//! Files of models and trainers: a header with version and checksum, then the arrays of the model as they lie in memory.
//!
//! The file of a large model is mapped into memory: loading it is reading it once for its checksum, of which nothing is kept, and
//! all processes that align with it share the one copy that the system holds. Such a file must not be overwritten in place while it
//! is in use, which would end the process; one that is replaced, as [`Model::save`]'s callers do, stays what it was for those who
//! mapped it. A smaller one is read: there is little to share.

use std::fs::File;
use std::io::{Read as _, Write};
use std::path::Path;
use std::sync::Arc;

use memmap2::Mmap;
use rayon::prelude::*;

use crate::column::Column;
use crate::first::First;
use crate::hmm::Jumps;
use crate::keys::ids;
use crate::strings::{Index, Strings};
use crate::table::{Entry, Table};
use crate::views::VIEWS;
use crate::vocabulary::Vocabulary;
use crate::{Error, Model, Result, Trainer};

#[cfg(test)]
mod tests;

const MODEL: &[u8; 8] = b"xlner-a\n";
const TRAINER: &[u8; 8] = b"xlner-t\n";
/// Raised whenever the layout, the views or the meaning of a number changes.
const VERSION: u32 = 6;
/// Magic, version, checksum (CRC-32 of the rest), all little-endian.
const HEADER: usize = 16;
/// Arrays begin at multiples of this in the file, so that they can be used where they lie.
const ALIGNMENT: usize = 64;
/// Bytes from which the file of a model is mapped.
const MAPPED: u64 = 64 << 20;
/// Bytes of which a thread calculates the checksum at a time.
const PIECE: usize = 1 << 22;

impl Model {
    /// Writes the model. The same model gives the same bytes.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn save(&self, writer: &mut dyn Write) -> Result<()> {
        let mut body = Vec::new();
        put_model(&mut body, self);
        write(writer, MODEL, &body)
    }

    /// Loads a model that [`save`](Self::save) wrote. A file of 64 MiB or more is mapped into memory: while the model is used it
    /// must not be changed or cut in place; it may be deleted or replaced.
    ///
    /// # Errors
    /// [`Error::Read`] where the file cannot be read; [`Error::Model`] where it is no model, one of another version, or
    /// damaged.
    pub fn load(path: &Path) -> Result<Model> {
        load(path, MODEL, MAPPED, read_model)
    }

    /// The model that [`save`](Self::save) wrote as these bytes.
    ///
    /// # Errors
    /// [`Error::Model`], without a path.
    pub fn from_bytes(bytes: &[u8]) -> Result<Model> {
        in_memory(bytes, MODEL, read_model)
    }
}

impl Trainer {
    /// Writes all that training goes on from, the same bytes for the same trainer: a pass can be counted by other processes,
    /// and training can be resumed after it.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn save(&self, writer: &mut dyn Write) -> Result<()> {
        let mut body = Vec::new();
        put(&mut body, &[self.iteration as u64, self.iterations as u64, u64::from(self.jumps_known)]);
        self.shares.iter().flatten().for_each(|shares| put(&mut body, shares));
        self.model.tables.iter().for_each(|table| put(&mut body, &table.priors));
        put(&mut body, &[u64::from(self.first.is_some())]);
        if let Some(First { keys, shares }) = &self.first {
            keys.iter().for_each(|keys| put(&mut body, keys));
            shares.iter().flatten().for_each(|shares| put(&mut body, shares));
        }
        put_model(&mut body, &self.model);
        write(writer, TRAINER, &body)
    }

    /// Reads a trainer that [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn load(path: &Path) -> Result<Trainer> {
        // It is there to be changed, and its file is written again after every pass.
        load(path, TRAINER, u64::MAX, read_trainer)
    }

    /// The trainer that [`save`](Self::save) wrote as these bytes.
    ///
    /// # Errors
    /// As [`Model::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Trainer> {
        in_memory(bytes, TRAINER, read_trainer)
    }
}

/// Writes a file of that kind.
fn write(writer: &mut dyn Write, magic: &[u8; 8], body: &[u8]) -> Result<()> {
    writer.write_all(magic)?;
    writer.write_all(&VERSION.to_le_bytes())?;
    writer.write_all(&checksum(body).to_le_bytes())?;
    writer.write_all(body)?;
    Ok(())
}

/// CRC-32, calculated by all threads.
fn checksum(bytes: &[u8]) -> u32 {
    let of_piece = |piece: &[u8]| {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(piece);
        hasher
    };
    let pieces: Vec<crc32fast::Hasher> = bytes.par_chunks(PIECE).map(of_piece).collect();
    let mut sum = crc32fast::Hasher::new();
    pieces.iter().for_each(|piece| sum.combine(piece));
    sum.finalize()
}

/// Reads a file of that kind; one of `mapped` bytes or more is mapped.
fn load<T>(path: &Path, magic: &[u8; 8], mapped: u64, read: fn(&mut Reader<'_>) -> Option<T>) -> Result<T> {
    let unread = |source| Error::Read { path: path.to_owned(), source };
    let damaged = |problem| Error::Model { path: path.to_owned(), problem };
    let mut file = File::open(path).map_err(unread)?;
    let found = file.metadata().map_err(unread)?;
    if found.is_file() && found.len() >= mapped {
        let file = Arc::new(map(&file).map_err(unread)?);
        return from_bytes(&file, Some(&file), magic, read).map_err(damaged);
    }
    // One that begins otherwise may have no end.
    let mut bytes = Vec::new();
    (&mut file).take(magic.len() as u64).read_to_end(&mut bytes).map_err(unread)?;
    if bytes == magic {
        file.read_to_end(&mut bytes).map_err(unread)?;
    }
    from_bytes(&bytes, None, magic, read).map_err(damaged)
}

#[expect(
    unsafe_code,
    reason = "a mapped file is memory that others may change; its values are never trusted to be sound"
)]
fn map(file: &File) -> std::io::Result<Mmap> {
    // SAFETY: numbers and bytes only are read from it, of which every value is one, and every place is checked where it is used.
    unsafe { Mmap::map(file) }
}

/// What was written as these bytes.
fn in_memory<T>(bytes: &[u8], magic: &[u8; 8], read: fn(&mut Reader<'_>) -> Option<T>) -> Result<T> {
    from_bytes(bytes, None, magic, read).map_err(|problem| Error::Model { path: std::path::PathBuf::new(), problem })
}

fn from_bytes<T>(
    bytes: &[u8],
    file: Option<&Arc<Mmap>>,
    magic: &[u8; 8],
    read: fn(&mut Reader<'_>) -> Option<T>,
) -> std::result::Result<T, String> {
    if bytes.len() < HEADER || &bytes[..8] != magic {
        return Err(match magic {
            MODEL => "this is no aligner model of xlner; train one with `xlner align` with option `save_model`".into(),
            _ => "this is no trainer of xlner's aligner".into(),
        });
    }
    let number = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    if number(8) != VERSION {
        return Err(format!(
            "this model has version {}, and this xlner reads version {VERSION}; train it again",
            number(8)
        ));
    }
    if checksum(&bytes[HEADER..]) != number(12) {
        return Err("the model is damaged (its checksum does not fit); copy or train it again".into());
    }
    let mut reader = Reader { bytes, at: HEADER, file };
    let value = read(&mut reader).filter(|_| reader.at == bytes.len());
    value.ok_or_else(|| "the model is inconsistent; train it again".into())
}

fn put_model(body: &mut Vec<u8>, model: &Model) {
    for vocabulary in [&model.source, &model.target] {
        put_strings(body, &vocabulary.folded);
        put(body, &vocabulary.facts);
        for index in std::iter::once(&vocabulary.forms).chain(&vocabulary.prefixes) {
            put_strings(body, &index.strings);
            put(body, &index.slots);
        }
    }
    for table in &model.tables {
        let (len, buckets, filter) = table.parts();
        put(body, &[len as u64]);
        put(body, buckets);
        put(body, filter);
        put(body, &table.counts);
    }
    model.jumps.iter().for_each(|jumps| put(body, jumps.values()));
    model.null.iter().flatten().for_each(|null| put(body, null));
}

fn read_trainer(reader: &mut Reader<'_>) -> Option<Trainer> {
    let [iteration, iterations, jumps_known] = reader.array::<u64>()?[..].try_into().ok()?;
    let mut shares: [[Vec<f32>; VIEWS]; 2] = Default::default();
    for shares in shares.iter_mut().flatten() {
        *shares = reader.array()?.to_vec();
    }
    let mut priors: [Vec<f32>; VIEWS] = Default::default();
    for priors in &mut priors {
        *priors = reader.array()?.to_vec();
    }
    let first = match *reader.array::<u64>()? {
        [1] => Some(read_first(reader)?),
        _ => None,
    };
    let mut model = read_model(reader)?;
    if let Some(first) = &first {
        let known = |view: usize| {
            let (e_len, f_len) = (model.source.view_len(view), model.target.view_len(view));
            let lens = [&first.shares[0][view], &first.shares[1][view]].map(Vec::len);
            let inside = |key: &u64| (ids(*key).0 as usize) < e_len && (ids(*key).1 as usize) < f_len;
            lens == [e_len, f_len] && first.keys[view].is_sorted() && first.keys[view].iter().all(inside)
        };
        (0..VIEWS).all(known).then_some(())?;
    }
    for (view, priors) in priors.into_iter().enumerate() {
        let (e_len, f_len) = (model.source.view_len(view), model.target.view_len(view));
        let table = &mut model.tables[view];
        let inside = |(e, f): (u32, u32)| (e as usize) < e_len && (f as usize) < f_len;
        let valid = priors.len() == table.entries().len()
            && priors.iter().all(|prior| prior.is_finite() && *prior >= 0.0)
            && table.entries().iter().filter_map(Entry::pair).all(inside);
        table.priors = valid.then_some(priors)?;
    }
    let fits = |(shares, null): (&Vec<f32>, &Column<f32>)| shares.len() == null.len();
    let valid = shares.iter().flatten().zip(model.null.iter().flatten()).all(fits);
    let trainer = Trainer {
        model,
        first,
        iteration: usize::try_from(iteration).ok()?,
        iterations: usize::try_from(iterations).ok()?,
        jumps_known: jumps_known != 0,
        shares,
    };
    valid.then_some(trainer)
}

fn read_first(reader: &mut Reader<'_>) -> Option<First> {
    let mut first = First::default();
    for keys in &mut first.keys {
        *keys = reader.array()?.to_vec();
    }
    for shares in first.shares.iter_mut().flatten() {
        *shares = reader.array()?.to_vec();
        shares.iter().all(|share| share.is_finite() && *share >= 0.0).then_some(())?;
    }
    Some(first)
}

fn read_model(reader: &mut Reader<'_>) -> Option<Model> {
    let (source, target) = (reader.vocabulary()?, reader.vocabulary()?);
    let mut model = Model::new(source, target);
    for table in &mut model.tables {
        let [len] = reader.array::<u64>()?[..].try_into().ok()?;
        let (buckets, filter, counts) = (reader.array()?, reader.array()?, reader.array()?);
        *table = Table::from_parts(usize::try_from(len).ok()?, buckets, filter, counts)?;
    }
    for jumps in &mut model.jumps {
        *jumps = Jumps::from_values(reader.array()?.to_vec())?;
    }
    for direction in 0..2 {
        for view in 0..VIEWS {
            let null: Column<f32> = reader.array()?;
            let expected = [&model.target, &model.source][direction].view_len(view);
            if null.len() != expected || !null.iter().all(|x| x.is_finite() && *x >= 0.0) {
                return None;
            }
            model.null[direction][view] = null;
        }
    }
    Some(model)
}

/// Adds an array to the body of a file: the number of values, and after what aligns them the values.
fn put<T: bytemuck::NoUninit>(body: &mut Vec<u8>, values: &[T]) {
    body.extend_from_slice(&(values.len() as u64).to_le_bytes());
    body.resize((HEADER + body.len()).next_multiple_of(ALIGNMENT) - HEADER, 0);
    body.extend_from_slice(bytemuck::cast_slice(values));
}

fn put_strings(body: &mut Vec<u8>, strings: &Strings) {
    put(body, &strings.bytes);
    put(body, &strings.ends);
}

/// Reads the arrays of a file in their order.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The file that the bytes are, where it is mapped: its arrays are not copied.
    file: Option<&'a Arc<Mmap>>,
}

impl Reader<'_> {
    fn array<T: bytemuck::Pod>(&mut self) -> Option<Column<T>> {
        let (len, _) = self.bytes.get(self.at..)?.split_first_chunk::<8>()?;
        let len = usize::try_from(u64::from_le_bytes(*len)).ok()?;
        let start = (self.at + 8).next_multiple_of(ALIGNMENT);
        let end = start.checked_add(len.checked_mul(size_of::<T>())?)?;
        let bytes = self.bytes.get(start..end)?;
        self.at = end;
        if let Some(file) = self.file {
            return Some(Column::Mapped { file: file.clone(), start, len });
        }
        let mut values = vec![T::zeroed(); len];
        bytemuck::cast_slice_mut::<T, u8>(&mut values).copy_from_slice(bytes);
        Some(values.into())
    }

    fn strings(&mut self) -> Option<Strings> {
        Some(Strings { bytes: self.array()?, ends: self.array()? })
    }

    fn index(&mut self) -> Option<Index> {
        Index::from_parts(self.strings()?, self.array()?)
    }

    fn vocabulary(&mut self) -> Option<Vocabulary> {
        let (folded, facts, forms) = (self.strings()?, self.array()?, self.index()?);
        let mut vocabulary = Vocabulary { folded, facts, forms, ..Vocabulary::default() };
        for index in &mut vocabulary.prefixes {
            *index = self.index()?;
        }
        vocabulary.is_valid().then_some(vocabulary)
    }
}
