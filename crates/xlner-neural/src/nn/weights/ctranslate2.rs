//! The format of CTranslate2 (`model.bin`, binary version 6): the kind of the model, its variables with their values, second
//! names of variables. Numbers are little-endian; a text is its length, the text and a zero byte, which the length counts.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use super::{Entry, Type};
use crate::{Error, Result};

/// The version that CTranslate2 3 and 4 write.
const VERSION: u32 = 6;

/// The tensors of a file, by CTranslate2's own names (`encoder/layer_0/ffn/linear_0/weight`).
pub(super) fn entries(path: &Path, file: usize) -> Result<BTreeMap<String, Entry>> {
    let opened = File::open(path).map_err(|problem| Error::file(path, problem))?;
    let size = opened.metadata().map_err(|problem| Error::file(path, problem))?.len();
    let mut reader = BufReader::new(opened);
    let damaged =
        |problem: &str| Error::model(path, format!("{problem}; the file is damaged, convert the model again"));
    let version = number(&mut reader).ok_or_else(|| damaged("it is shorter than 4 bytes"))?;
    if version != VERSION {
        return Err(Error::model(
            path,
            format!(
                "it has the binary version {version}, and {VERSION} is read; convert the model with CTranslate2 3 or 4"
            ),
        ));
    }
    let kind = text(&mut reader).ok_or_else(|| damaged("it ends in its head"))?;
    if kind != "TransformerSpec" {
        return Err(Error::model(
            path,
            format!("it holds a {kind}; of CTranslate2's models only translators (TransformerSpec) are loaded"),
        ));
    }
    let _revision = number(&mut reader);
    let broken = || damaged("the list of its variables breaks off");
    let mut entries = BTreeMap::new();
    for _ in 0..number(&mut reader).ok_or_else(broken)? {
        let (name, entry) = variable(&mut reader, file, size).ok_or_else(broken)?;
        if entries.contains_key(&name) {
            return Err(damaged(&format!("it holds {name} twice")));
        }
        entries.insert(name, entry);
    }
    let scaled: Vec<String> = entries.keys().filter_map(|name| Some(name.strip_suffix("_scale")?.to_owned())).collect();
    for name in scaled {
        let Some(shape) = entries.get(&name).map(|entry| entry.shape.clone()) else { continue };
        let scales = entries.remove(&format!("{name}_scale"));
        if scales
            .as_ref()
            .is_some_and(|scales| !scales.shape.is_empty() && scales.shape[..] != shape[..1.min(shape.len())])
        {
            return Err(damaged(&format!("{name} of shape {shape:?} has scales of another shape")));
        }
        entries.entry(name).and_modify(|entry| entry.scales = scales.map(Box::new));
    }
    // A second name is one of the scales as well.
    for _ in 0..number(&mut reader).ok_or_else(broken)? {
        let names = text(&mut reader).zip(text(&mut reader)).ok_or_else(broken)?;
        let entry = entries.get(&names.1).ok_or_else(broken)?.clone();
        entries.insert(names.0, entry);
    }
    if byte(&mut reader).is_some() {
        return Err(damaged("there are bytes after its end"));
    }
    Ok(entries)
}

/// A variable and where its values lie; the reader stands after them then.
fn variable(reader: &mut BufReader<File>, file: usize, size: u64) -> Option<(String, Entry)> {
    let name = text(reader)?;
    let rank = byte(reader)?;
    let shape = (0..rank).map(|_| Some(number(reader)? as usize)).collect::<Option<Vec<usize>>>()?;
    let values = match byte(reader)? {
        0 => Type::F32,
        1 => Type::I8,
        2 => Type::I16,
        3 => Type::Other(4),
        4 => Type::F16,
        5 => Type::Bf16,
        _ => return None,
    };
    let bytes = number(reader)?;
    let offset = reader.stream_position().ok()?;
    let count = shape.iter().try_fold(1usize, |count, size| count.checked_mul(*size))?;
    let fits = count.checked_mul(values.bytes()) == Some(bytes as usize) && offset + u64::from(bytes) <= size;
    reader.seek_relative(fits.then_some(i64::from(bytes))?).ok()?;
    Some((name, Entry { file, offset, values, shape, scales: None }))
}

fn byte(reader: &mut impl Read) -> Option<u8> {
    let mut bytes = [0; 1];
    reader.read_exact(&mut bytes).ok()?;
    Some(bytes[0])
}

fn number(reader: &mut impl Read) -> Option<u32> {
    let mut bytes = [0; 4];
    reader.read_exact(&mut bytes).ok()?;
    Some(u32::from_le_bytes(bytes))
}

fn text(reader: &mut impl Read) -> Option<String> {
    let mut length = [0; 2];
    reader.read_exact(&mut length).ok()?;
    let mut bytes = vec![0; u16::from_le_bytes(length) as usize];
    reader.read_exact(&mut bytes).ok()?;
    (bytes.pop() == Some(0)).then_some(())?;
    String::from_utf8(bytes).ok()
}
