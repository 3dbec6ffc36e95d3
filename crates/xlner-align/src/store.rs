//! Files of models and trainers: a header with version and checksum, then the arrays of the model as they lie in memory, so that reading
//! one takes about as long as copying it.

use std::io::{Read as _, Write};
use std::path::Path;

use crate::first::First;
use crate::hmm::Jumps;
use crate::keys::ids;
use crate::table::{Bucket, Entry, Table};
use crate::views::VIEWS;
use crate::vocabulary::{Vocabulary, Word};
use crate::{Error, Model, Result, Trainer};

const MODEL: &[u8; 8] = b"xlner-a\n";
const TRAINER: &[u8; 8] = b"xlner-t\n";
/// Raised whenever the layout, the views or the meaning of a number changes.
const VERSION: u32 = 5;
/// Magic, version, checksum (CRC-32 of the rest), all little-endian.
const HEADER: usize = 16;

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

    /// Reads a model that [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// [`Error::Read`] where the file cannot be read; [`Error::Model`] where it is no model, one of another version, or
    /// damaged.
    pub fn load(path: &Path) -> Result<Model> {
        load(path, MODEL, read_model)
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
        load(path, TRAINER, read_trainer)
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
    writer.write_all(&crc32fast::hash(body).to_le_bytes())?;
    writer.write_all(body)?;
    Ok(())
}

/// Reads a file of that kind.
fn load<T>(path: &Path, magic: &[u8; 8], read: fn(&mut Reader<'_>) -> Option<T>) -> Result<T> {
    let bytes = read_bytes(path, magic).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    from_bytes(&bytes, magic, read).map_err(|problem| Error::Model { path: path.to_owned(), problem })
}

/// The bytes of a file; of one that begins otherwise only those of the beginning, as it may have no end.
fn read_bytes(path: &Path, magic: &[u8; 8]) -> std::io::Result<Vec<u8>> {
    let mut file = std::fs::File::open(path)?;
    let mut bytes = Vec::new();
    (&mut file).take(magic.len() as u64).read_to_end(&mut bytes)?;
    if bytes == magic {
        file.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// What was written as these bytes.
fn in_memory<T>(bytes: &[u8], magic: &[u8; 8], read: fn(&mut Reader<'_>) -> Option<T>) -> Result<T> {
    from_bytes(bytes, magic, read).map_err(|problem| Error::Model { path: std::path::PathBuf::new(), problem })
}

fn from_bytes<T>(
    bytes: &[u8],
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
    let body = &bytes[HEADER..];
    if crc32fast::hash(body) != number(12) {
        return Err("the model is damaged (its checksum does not fit); copy or train it again".into());
    }
    let mut reader = Reader(body);
    let value = read(&mut reader).filter(|_| reader.0.is_empty());
    value.ok_or_else(|| "the model is inconsistent; train it again".into())
}

fn put_model(body: &mut Vec<u8>, model: &Model) {
    for vocabulary in [&model.source, &model.target] {
        put_strings(body, &vocabulary.forms());
        put_strings(body, &vocabulary.words().iter().map(|word| &*word.folded).collect::<Vec<_>>());
        let views: Vec<u32> = vocabulary.words().iter().flat_map(|word| word.views).collect();
        put(body, &views);
    }
    for table in &model.tables {
        put(body, table.buckets());
        put(body, &table.counts);
    }
    model.jumps.iter().for_each(|jumps| put(body, jumps.values()));
    model.null.iter().flatten().for_each(|null| put(body, null));
}

fn read_trainer(reader: &mut Reader<'_>) -> Option<Trainer> {
    let [iteration, iterations, jumps_known] = reader.array::<u64>()?.try_into().ok()?;
    let mut shares: [[Vec<f32>; VIEWS]; 2] = Default::default();
    for shares in shares.iter_mut().flatten() {
        *shares = reader.array()?;
    }
    let mut priors: [Vec<f32>; VIEWS] = Default::default();
    for priors in &mut priors {
        *priors = reader.array()?;
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
    for (table, priors) in model.tables.iter_mut().zip(priors) {
        let valid = priors.len() == table.priors.len() && priors.iter().all(|prior| prior.is_finite() && *prior >= 0.0);
        table.priors = valid.then_some(priors)?;
    }
    let fits = |(shares, null): (&Vec<f32>, &Vec<f32>)| shares.len() == null.len();
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
        *keys = reader.array()?;
    }
    for shares in first.shares.iter_mut().flatten() {
        *shares = reader.array()?;
        shares.iter().all(|share| share.is_finite() && *share >= 0.0).then_some(())?;
    }
    Some(first)
}

fn read_model(reader: &mut Reader<'_>) -> Option<Model> {
    let (source, target) = (reader.vocabulary()?, reader.vocabulary()?);
    let mut model = Model::new(source, target);
    for view in 0..VIEWS {
        model.tables[view] = Table::from_parts(reader.array::<Bucket>()?, reader.array()?)?;
        let fits = |(e, f): (u32, u32)| {
            (e as usize) < model.source.view_len(view) && (f as usize) < model.target.view_len(view)
        };
        if !model.tables[view].entries().iter().filter_map(Entry::pair).all(fits) {
            return None;
        }
    }
    model.jumps = [Jumps::from_values(reader.array()?)?, Jumps::from_values(reader.array()?)?];
    for direction in 0..2 {
        for view in 0..VIEWS {
            let null: Vec<f32> = reader.array()?;
            let expected = [&model.target, &model.source][direction].view_len(view);
            if null.len() != expected || !null.iter().all(|x| x.is_finite() && *x >= 0.0) {
                return None;
            }
            model.null[direction][view] = null;
        }
    }
    Some(model)
}

fn put<T: bytemuck::NoUninit>(out: &mut Vec<u8>, values: &[T]) {
    out.extend_from_slice(&(values.len() as u64).to_le_bytes());
    out.extend_from_slice(bytemuck::cast_slice(values));
}

fn put_strings(out: &mut Vec<u8>, strings: &[&str]) {
    let lengths: Vec<u32> = strings.iter().map(|string| string.len() as u32).collect();
    put(out, &lengths);
    put(out, strings.concat().as_bytes());
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn array<T: bytemuck::AnyBitPattern + bytemuck::NoUninit>(&mut self) -> Option<Vec<T>> {
        let (len, rest) = self.0.split_first_chunk::<8>()?;
        let len = usize::try_from(u64::from_le_bytes(*len)).ok()?;
        let bytes = rest.get(..len.checked_mul(size_of::<T>())?)?;
        self.0 = &rest[bytes.len()..];
        let mut values = vec![T::zeroed(); len];
        bytemuck::cast_slice_mut::<T, u8>(&mut values).copy_from_slice(bytes);
        Some(values)
    }

    fn strings(&mut self) -> Option<Vec<Box<str>>> {
        let lengths: Vec<u32> = self.array()?;
        let bytes: Vec<u8> = self.array()?;
        let mut rest = std::str::from_utf8(&bytes).ok()?;
        let mut strings = Vec::with_capacity(lengths.len());
        for len in lengths {
            let string = rest.get(..len as usize)?;
            strings.push(string.into());
            rest = &rest[string.len()..];
        }
        rest.is_empty().then_some(strings)
    }

    fn vocabulary(&mut self) -> Option<Vocabulary> {
        let (forms, folded) = (self.strings()?, self.strings()?);
        let views: Vec<u32> = self.array()?;
        if folded.len() != forms.len() || views.len() != forms.len() * VIEWS {
            return None;
        }
        let words = forms.iter().zip(folded).zip(views.chunks_exact(VIEWS));
        let words: Option<Vec<Word>> =
            words.map(|((form, folded), views)| Some(Word::new(form, folded, views.try_into().ok()?))).collect();
        Vocabulary::from_parts(forms, words?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bitext, TrainOptions};

    fn model() -> Model {
        let mut bitext = Bitext::default();
        for _ in 0..5 {
            bitext.push(["the", "Parliament", "of", "Berlin"], ["das", "Parlament", "von", "Berlin"]);
            bitext.push(["the", "house"], ["das", "Haus"]);
        }
        Model::train(&bitext, &TrainOptions::default(), None, &mut |_| ())
    }

    #[test]
    fn a_model_comes_back_as_it_was() {
        let model = model();
        let mut bytes = Vec::new();
        model.save(&mut bytes).unwrap();
        let again = from_bytes(&bytes, MODEL, read_model).unwrap();
        let (source, target) = (["the", "Parliament", "sits"], ["das", "Parlament", "tagt"]);
        assert_eq!(model.posteriors(&source, &target), again.posteriors(&source, &target));
        let mut second = Vec::new();
        again.save(&mut second).unwrap();
        assert_eq!(bytes, second);
    }

    #[test]
    fn a_damaged_model_is_refused() {
        let mut bytes = Vec::new();
        model().save(&mut bytes).unwrap();
        for at in (0..bytes.len()).step_by(97).chain([bytes.len() - 1]) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert!(from_bytes(&damaged, MODEL, read_model).is_err(), "byte {at}");
        }
        for len in (0..bytes.len()).step_by(131) {
            assert!(from_bytes(&bytes[..len], MODEL, read_model).is_err(), "cut at {len}");
        }
        let newer = [&bytes[..8], &7u32.to_le_bytes(), &bytes[12..]].concat();
        assert!(from_bytes(&newer, MODEL, read_model).unwrap_err().contains("version 7"));
    }
}
