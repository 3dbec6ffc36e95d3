//! The format of `torch.save`: a zip archive of a pickled list (`data.pkl`) and the values, not compressed (`data/0`, …).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use xlner_formats::fence;
use zip::{CompressionMethod, ZipArchive};

use super::pickle::{self, Tensor};
use super::{Entry, Type};
use crate::{Error, Result};

/// Longest list of tensors that is read, bytes.
const LONGEST: u64 = 16 << 20;

/// The tensors of a file.
pub(super) fn entries(path: &Path, file: usize) -> Result<BTreeMap<String, Entry>> {
    let read = fence(|| read(path, file));
    read.map_err(|problem| Error::model(path, format!("{problem}; the file is damaged, fetch it again")))?
}

fn read(path: &Path, file: usize) -> Result<BTreeMap<String, Entry>> {
    let wrong = |problem: String| Error::model(path, problem);
    let damaged = |problem: zip::result::ZipError| wrong(format!("{problem}; the file is damaged, fetch it again"));
    let mut reader = BufReader::new(File::open(path).map_err(|problem| Error::file(path, problem))?);
    let mut magic = [0; 4];
    reader.read_exact(&mut magic).map_err(|problem| Error::file(path, problem))?;
    if magic != *b"PK\x03\x04" {
        return Err(wrong(
            "this is no zip archive; weights saved before PyTorch 1.6 must be saved again, best as model.safetensors \
             (`AutoModel.from_pretrained(folder).save_pretrained(folder)`)"
                .into(),
        ));
    }
    let mut archive = ZipArchive::new(reader).map_err(damaged)?;
    let list = archive.file_names().flatten().find(|name| name.ends_with("/data.pkl")).map(String::from);
    let list = list.ok_or_else(|| wrong("there is no data.pkl in it: it was not written by torch.save".into()))?;
    let top = list.trim_end_matches("data.pkl").to_owned();
    if let Ok(order) = archive.by_name(&format!("{top}byteorder")) {
        let mut name = String::new();
        order.take(16).read_to_string(&mut name).map_err(|problem| Error::file(path, problem))?;
        if name.trim() != "little" {
            return Err(wrong(format!(
                "its values are kept {}-endian; save the model again as model.safetensors",
                name.trim()
            )));
        }
    }
    let mut bytes = Vec::new();
    archive
        .by_name(&list)
        .map_err(damaged)?
        .take(LONGEST)
        .read_to_end(&mut bytes)
        .map_err(|problem| Error::file(path, problem))?;
    let tensors = pickle::tensors(&bytes).map_err(|problem| wrong(format!("data.pkl: {problem}")))?;
    let mut entries = BTreeMap::new();
    for (name, tensor) in tensors {
        let Tensor { storage, offset, shape, strides } = tensor;
        let values = match &*storage.class {
            "FloatStorage" => Type::F32,
            "HalfStorage" => Type::F16,
            "BFloat16Storage" => Type::Bf16,
            "LongStorage" | "DoubleStorage" => Type::Other(8),
            "IntStorage" => Type::Other(4),
            "ShortStorage" => Type::Other(2),
            _ => Type::Other(1),
        };
        let values_there = archive.by_name(&format!("{top}data/{}", storage.key)).map_err(damaged)?;
        let (start, size) = match (values_there.compression(), values_there.data_start()) {
            (CompressionMethod::Stored, Some(start)) => (start, values_there.size()),
            _ => return Err(wrong(format!("tensor {name} is compressed; save the model again with PyTorch"))),
        };
        if !is_row_by_row(&shape, &strides) {
            return Err(wrong(format!(
                "tensor {name} is not kept row by row; save the model again as model.safetensors"
            )));
        }
        let count = shape.iter().try_fold(1usize, |count, size| count.checked_mul(*size));
        let end = count.and_then(|count| count.checked_add(offset)).and_then(|end| end.checked_mul(values.bytes()));
        if end.is_none_or(|end| end as u64 > size) {
            return Err(wrong(format!("tensor {name} of shape {shape:?} is longer than what is kept of it")));
        }
        entries.insert(
            name,
            Entry { file, offset: start + (offset * values.bytes()) as u64, values, shape, scales: None },
        );
    }
    Ok(entries)
}

/// Whether values are kept row by row: `strides` are the distances of neighbours in each dimension. One that holds a single
/// value has no neighbours, and its distance says nothing.
fn is_row_by_row(shape: &[usize], strides: &[usize]) -> bool {
    let mut distance = 1usize;
    for (size, stride) in shape.iter().zip(strides).rev() {
        if *size > 1 && *stride != distance {
            return false;
        }
        distance = distance.saturating_mul((*size).max(1));
    }
    true
}
