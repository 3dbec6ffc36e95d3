//! The weights of a checkpoint: tensors by name.
//!
//! Read are the files that `transformers` writes: `model.safetensors`, several of them by `model.safetensors.index.json`,
//! and `pytorch_model.bin`, several of them by `pytorch_model.bin.index.json`; and `model.bin`, which CTranslate2's converters
//! write; the first that is there. Of a file only the list of its tensors is read at first, and a tensor's values where they
//! are asked for.

pub(crate) mod adapter;
mod ctranslate2;
mod pickle;
mod safetensors;
mod scope;
mod torch;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

pub use scope::Scope;

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use serde::Deserialize;

use crate::{Error, Result};

/// Bytes read at a time; whole values of every type.
const PIECE: usize = 1 << 20;

/// The file that CTranslate2's converters write.
const CTRANSLATE2: &str = "model.bin";

/// What a tensor's values are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    F32,
    F16,
    Bf16,
    /// Integers, which are divided by scales; CTranslate2's.
    I8,
    I16,
    /// Something that is no weight: counts, masks. The name, and bytes of a value.
    Other(usize),
}

impl Type {
    fn bytes(self) -> usize {
        match self {
            Type::F32 => 4,
            Type::F16 | Type::Bf16 | Type::I16 => 2,
            Type::I8 => 1,
            Type::Other(bytes) => bytes,
        }
    }
}

/// Where a tensor lies, its values row by row.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    file: usize,
    offset: u64,
    values: Type,
    shape: Vec<usize>,
    /// What the values are divided by: one number, or one for every row.
    scales: Option<Box<Entry>>,
}

impl Entry {
    /// Some of its rows; `None` where it has not so many.
    fn rows(&self, rows: Range<usize>) -> Option<Entry> {
        let (count, others) = self.shape.split_first()?;
        let row = others.iter().product::<usize>() * self.values.bytes();
        let scales = match &self.scales {
            Some(scales) if !scales.shape.is_empty() => Some(Box::new(scales.rows(rows.clone())?)),
            scales => scales.clone(),
        };
        (rows.start <= rows.end && rows.end <= *count).then(|| Entry {
            offset: self.offset + (rows.start * row) as u64,
            shape: [&[rows.len()], others].concat(),
            scales,
            ..*self
        })
    }
}

/// The tensors of a checkpoint.
#[derive(Debug)]
pub struct Tensors {
    folder: PathBuf,
    files: Vec<PathBuf>,
    entries: BTreeMap<String, Entry>,
    /// What an adapter adds to matrices.
    added: BTreeMap<String, adapter::LowRank>,
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

impl Tensors {
    /// Finds the weights in a checkpoint's folder; where an adapter is in it, those of the model that it changes, changed.
    ///
    /// # Errors
    /// [`Error::Model`] where there are none or a file is damaged, [`Error::File`] where one cannot be read.
    pub fn open(folder: &Path) -> Result<Tensors> {
        let mut weights =
            Tensors { folder: folder.to_owned(), files: Vec::new(), entries: BTreeMap::new(), added: BTreeMap::new() };
        for name in ["model.safetensors", "pytorch_model.bin"] {
            let (single, index) = (folder.join(name), folder.join(format!("{name}.index.json")));
            if single.is_file() {
                weights.add(single)?;
                return Ok(weights);
            }
            if index.is_file() {
                let text = std::fs::read(&index).map_err(|problem| Error::file(&index, problem))?;
                let index: Index =
                    serde_json::from_slice(&text).map_err(|problem| Error::model(&index, problem.to_string()))?;
                for file in index.weight_map.values().collect::<BTreeSet<_>>() {
                    if Path::new(file).components().count() != 1 || file.starts_with('.') {
                        return Err(Error::model(
                            folder,
                            format!("its index names “{file}”, which is no file beside it"),
                        ));
                    }
                    weights.add(folder.join(file))?;
                }
                if let Some(name) = index.weight_map.keys().find(|name| !weights.entries.contains_key(&renamed(name))) {
                    return Err(Error::model(folder, format!("tensor {name} of the index is in none of the files")));
                }
                return Ok(weights);
            }
        }
        if folder.join(CTRANSLATE2).is_file() {
            weights.add(folder.join(CTRANSLATE2))?;
            return Ok(weights);
        }
        if let Some(weights) = adapter::open(folder)? {
            return Ok(weights);
        }
        Err(Error::model(
            folder,
            "there are no weights: neither model.safetensors nor pytorch_model.bin, nor the index of several of them, nor \
             CTranslate2's model.bin, nor an adapter's adapter_config.json",
        ))
    }

    /// Whether they are CTranslate2's, with its names and its integers.
    pub fn is_ctranslate2(&self) -> bool {
        self.files.first().is_some_and(|file| file.file_name().is_some_and(|name| name == CTRANSLATE2))
    }

    /// Whether matrices are kept in 8 bits.
    pub fn has_int8(&self) -> bool {
        self.entries.values().any(|entry| entry.values == Type::I8 && entry.scales.is_some())
    }

    fn add(&mut self, path: PathBuf) -> Result<()> {
        let file = self.files.len();
        let read = if path.file_name().is_some_and(|name| name == CTRANSLATE2) {
            ctranslate2::entries(&path, file)
        } else if path.extension().is_some_and(|extension| extension == "bin") {
            torch::entries(&path, file)
        } else {
            safetensors::entries(&path, file)
        }?;
        self.entries.extend(read.into_iter().map(|(name, entry)| (renamed(&name), entry)));
        self.files.push(path);
        Ok(())
    }

    /// The names of all tensors, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Whether there is a tensor of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// The shape of a tensor, if there is one of that name.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.entries.get(name).map(|entry| &entry.shape[..])
    }

    /// Gives rows of a tensor, or with `None` all of it, a second name. Whether there were so many.
    pub(crate) fn name(&mut self, name: &str, rows: Option<Range<usize>>, second: String) -> bool {
        let entry = self.entries.get(name);
        let entry = entry.and_then(|entry| rows.map_or_else(|| Some(entry.clone()), |rows| entry.rows(rows)));
        entry.map(|entry| self.entries.insert(second, entry)).is_some()
    }

    /// Whether two names have the same values in the same place.
    pub(crate) fn same(&self, one: &str, other: &str) -> bool {
        self.entries.get(one).is_some_and(|entry| self.entries.get(other) == Some(entry))
    }

    /// Whether a tensor is kept in 32-bit floating point.
    pub(crate) fn is_f32(&self, name: &str) -> bool {
        self.entries.get(name).is_some_and(|entry| entry.values == Type::F32)
    }

    /// A number that stands among the tensors, if there is one of that name.
    ///
    /// # Errors
    /// [`Error::Model`] where it is no single number, [`Error::File`] where it cannot be read.
    pub(crate) fn number(&self, name: &str) -> Result<Option<f32>> {
        self.contains(name).then(|| Ok(self.tensor(name, &[])?[0])).transpose()
    }

    /// All tensors, by their whole names.
    pub fn root(&self) -> Scope<'_> {
        Scope::root(self)
    }

    /// The values of a tensor, row by row, whatever precision they are kept in.
    ///
    /// # Errors
    /// [`Error::Model`] where there is no such tensor, it has another shape than `shape`, or holds no weights.
    pub fn tensor(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let entry = self.entries.get(name).ok_or_else(|| {
            Error::model(
                &self.folder,
                format!("there is no tensor {name}; is this another kind of model than config.json says?"),
            )
        })?;
        if entry.shape != shape {
            let problem = format!("tensor {name} has the shape {:?}, and {shape:?} by config.json", entry.shape);
            return Err(Error::model(&self.folder, problem));
        }
        let mut values = self.read(name, entry)?;
        if let Some(added) = self.added.get(name) {
            added.add(self, &mut values, shape)?;
        }
        Ok(values)
    }

    fn read(&self, name: &str, entry: &Entry) -> Result<Vec<f32>> {
        let path = &self.files[entry.file];
        let count: usize = entry.shape.iter().product();
        if matches!(entry.values, Type::Other(_)) {
            return Err(Error::model(path, format!("tensor {name} holds no floating-point values of 16 or 32 bits")));
        }
        let mut file = File::open(path).map_err(|problem| Error::file(path, problem))?;
        file.seek(SeekFrom::Start(entry.offset)).map_err(|problem| Error::file(path, problem))?;
        let mut values = Vec::with_capacity(count);
        let mut bytes = vec![0; PIECE.min(count * entry.values.bytes())];
        let mut halves: Vec<u16> = Vec::new();
        while values.len() < count {
            let piece = bytes.len().min((count - values.len()) * entry.values.bytes());
            let bytes = &mut bytes[..piece];
            file.read_exact(bytes).map_err(|problem| Error::file(path, problem))?;
            match entry.values {
                Type::F32 => values.extend(bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))),
                Type::I8 => values.extend(bytes.iter().map(|b| f32::from(b.cast_signed()))),
                Type::I16 => values.extend(bytes.chunks_exact(2).map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])))),
                _ => {}
            }
            if !matches!(entry.values, Type::F16 | Type::Bf16) {
                continue;
            }
            halves.clear();
            halves.extend(bytes.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]])));
            let (start, end) = (values.len(), values.len() + halves.len());
            values.resize(end, 0.0);
            let half = entry.values == Type::F16;
            if half {
                let halves: Vec<f16> = halves.iter().map(|bits| f16::from_bits(*bits)).collect();
                halves.convert_to_f32_slice(&mut values[start..end]);
            } else {
                let halves: Vec<bf16> = halves.iter().map(|bits| bf16::from_bits(*bits)).collect();
                halves.convert_to_f32_slice(&mut values[start..end]);
            }
        }
        if let Some(scales) = &entry.scales {
            let scales = self.read(name, scales)?;
            let row = count.div_ceil(scales.len().max(1)).max(1);
            for (values, scale) in values.chunks_mut(row).zip(&scales) {
                values.iter_mut().for_each(|value| *value /= scale);
            }
        }
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            let problem = format!(
                "value {at} of tensor {name} is {}, and no number; the file is damaged, fetch it again",
                values[at]
            );
            return Err(Error::model(path, problem));
        }
        Ok(values)
    }

    /// CRC-32 of all files, one after the other: two checkpoints of one checksum hold the same weights.
    ///
    /// # Errors
    /// [`Error::File`] where one cannot be read.
    pub fn checksum(&self) -> Result<u32> {
        let mut hasher = crc32fast::Hasher::new();
        let mut bytes = vec![0; PIECE];
        for path in &self.files {
            let mut file = File::open(path).map_err(|problem| Error::file(path, problem))?;
            loop {
                match file.read(&mut bytes).map_err(|problem| Error::file(path, problem))? {
                    0 => break,
                    read => hasher.update(&bytes[..read]),
                }
            }
        }
        Ok(hasher.finalize())
    }
}

/// The name of a tensor; norms of checkpoints that come from TensorFlow call their weights `gamma` and `beta`.
fn renamed(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((layer, "gamma")) => format!("{layer}.weight"),
        Some((layer, "beta")) => format!("{layer}.bias"),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests;
