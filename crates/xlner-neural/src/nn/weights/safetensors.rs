//! The format safetensors: the length of a header (8 bytes, little-endian), the header in JSON, the values.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use super::{Entry, Type};
use crate::{Error, Result};

/// Longest header; the format's own limit.
const LONGEST: u64 = 100_000_000;

#[derive(Deserialize)]
struct Tensor {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: [u64; 2],
}

/// The tensors of a file.
pub(super) fn entries(path: &Path, file: usize) -> Result<BTreeMap<String, Entry>> {
    let damaged = |problem: String| Error::model(path, format!("{problem}; the file is damaged, fetch it again"));
    let mut reader = File::open(path).map_err(|problem| Error::file(path, problem))?;
    let size = reader.metadata().map_err(|problem| Error::file(path, problem))?.len();
    let mut length = [0; 8];
    reader.read_exact(&mut length).map_err(|_| damaged("it is shorter than 8 bytes".into()))?;
    let length = u64::from_le_bytes(length);
    if length > LONGEST.min(size - 8) {
        return Err(damaged(format!("its header would be {length} bytes long")));
    }
    let mut header = vec![0; length as usize];
    reader.read_exact(&mut header).map_err(|problem| Error::file(path, problem))?;
    let mut header: BTreeMap<String, serde_json::Value> = serde_json::from_slice(&header)
        .map_err(|problem| damaged(format!("its header is no JSON object: {problem}")))?;
    header.remove("__metadata__");
    let (mut entries, mut places) = (BTreeMap::new(), Vec::new());
    for (name, value) in header {
        let tensor: Tensor =
            serde_json::from_value(value).map_err(|problem| damaged(format!("tensor {name}: {problem}")))?;
        let values = match tensor.dtype.as_str() {
            "F32" => Type::F32,
            "F16" => Type::F16,
            "BF16" => Type::Bf16,
            "F64" | "I64" | "U64" => Type::Other(8),
            "I32" | "U32" => Type::Other(4),
            "I16" | "U16" => Type::Other(2),
            _ => Type::Other(1),
        };
        let [start, end] = tensor.data_offsets;
        let count = tensor.shape.iter().try_fold(1usize, |count, size| count.checked_mul(*size));
        let bytes = count.and_then(|count| count.checked_mul(values.bytes()));
        let fits = end <= size - 8 - length && end.checked_sub(start) == bytes.map(|bytes| bytes as u64);
        if !fits {
            return Err(damaged(format!("tensor {name} of shape {:?} lies at {start}..{end}", tensor.shape)));
        }
        places.push((start, end, name.clone()));
        entries.insert(name, Entry { file, offset: 8 + length + start, values, shape: tensor.shape, scales: None });
    }
    // The format wants every byte to belong to one tensor.
    places.sort();
    let mut before = 0;
    for (start, end, name) in &places {
        if *start != before {
            return Err(damaged(format!(
                "tensor {name} begins at byte {start} of the values, and the one before it ends at {before}"
            )));
        }
        before = *end;
    }
    match size - 8 - length - before {
        0 => Ok(entries),
        more => Err(damaged(format!("{more} bytes after its tensors belong to none"))),
    }
}
