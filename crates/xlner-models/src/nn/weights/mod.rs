//! The weights of a checkpoint: tensors by name.
//!
//! Read are the files that `transformers` writes: `model.safetensors`, several of them by `model.safetensors.index.json`,
//! and `pytorch_model.bin`, several of them by `pytorch_model.bin.index.json`; the first that is there. Of a file only the list
//! of its tensors is read at first, and a tensor's values where they are asked for.

mod pickle;
mod safetensors;
mod torch;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use serde::Deserialize;

use crate::{Error, Result};

/// Bytes read at a time; whole values of every type.
const PIECE: usize = 1 << 20;

/// What a tensor's values are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    F32,
    F16,
    Bf16,
    /// Something that is no weight: counts, masks. The name, and bytes of a value.
    Other(usize),
}

impl Type {
    fn bytes(self) -> usize {
        match self {
            Type::F32 => 4,
            Type::F16 | Type::Bf16 => 2,
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
}

/// The tensors of a checkpoint.
#[derive(Debug)]
pub struct Weights {
    folder: PathBuf,
    files: Vec<PathBuf>,
    entries: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

impl Weights {
    /// Finds the weights in a checkpoint's folder.
    ///
    /// # Errors
    /// [`Error::Model`] where there are none or a file is damaged, [`Error::File`] where one cannot be read.
    pub fn open(folder: &Path) -> Result<Weights> {
        let mut weights = Weights { folder: folder.to_owned(), files: Vec::new(), entries: BTreeMap::new() };
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
        Err(Error::model(
            folder,
            "there are no weights: neither model.safetensors nor pytorch_model.bin, nor the index of several of them",
        ))
    }

    fn add(&mut self, path: PathBuf) -> Result<()> {
        let file = self.files.len();
        let read = if path.extension().is_some_and(|extension| extension == "bin") {
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

    /// All tensors, by their whole names.
    pub fn root(&self) -> Scope<'_> {
        Scope { weights: self, prefix: String::new() }
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
        self.read(name, entry)
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
            if entry.values == Type::F32 {
                values.extend(bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])));
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

/// The tensors of a part of a model: those whose names begin with its name and a dot.
#[derive(Debug, Clone)]
pub struct Scope<'a> {
    weights: &'a Weights,
    prefix: String,
}

impl<'a> Scope<'a> {
    /// A part of this part: `at("encoder").at("layer.0")` or `at("encoder.layer.0")`; the part itself where `name` is empty.
    pub fn at(&self, name: impl std::fmt::Display) -> Scope<'a> {
        let name = self.name(&name.to_string());
        Scope { weights: self.weights, prefix: name }
    }

    fn name(&self, name: &str) -> String {
        match (self.prefix.as_str(), name) {
            ("", name) => name.to_owned(),
            (prefix, "") => prefix.to_owned(),
            (prefix, name) => format!("{prefix}.{name}"),
        }
    }

    /// Whether there is a tensor of that name in this part.
    pub fn contains(&self, name: &str) -> bool {
        self.weights.contains(&self.name(name))
    }

    /// The shape of a tensor, if there is one of that name.
    pub fn shape(&self, name: &str) -> Option<&'a [usize]> {
        self.weights.shape(&self.name(name))
    }

    /// The values of a tensor, as [`Weights::tensor`].
    ///
    /// # Errors
    /// Those of [`Weights::tensor`].
    pub fn tensor(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        self.weights.tensor(&self.name(name), shape)
    }
}

#[cfg(test)]
mod tests;
