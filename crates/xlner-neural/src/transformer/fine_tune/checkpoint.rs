//! The state of a training, from which it goes on as if it had not stopped: tensors in the format safetensors, with the rest of the state
//! in its header, and after them the CRC-32 of it all (4 bytes, little-endian).

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::figures::EpochFigures;
use super::folder;
use crate::{Error, Result};

const FILE: &str = "training.state";

/// What a training has come to, beside its tensors.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    /// What it depends on: options, data, the model it began from.
    pub signature: String,
    /// Steps made.
    pub step: u64,
    /// Steps that changed the weights.
    pub updates: u64,
    /// Sum of the losses of the current epoch's steps.
    pub loss: f64,
    /// Epochs so far.
    pub history: Vec<EpochFigures>,
    /// Epoch of the best dev figure, and the figure.
    pub best: Option<(usize, f64)>,
    /// What the loss is multiplied by, and steps since that was changed.
    pub scale: f32,
    pub scaled: u64,
}

/// The tensors of a state, by kind (`value`, `mean`, `square`, `best`) and name.
pub(super) type Tensors = HashMap<String, Tensor>;

/// Keeps a state in a folder: beside the last one, and renamed when all is there.
pub(super) fn write(folder: &Path, state: &State, tensors: &BTreeMap<String, Tensor>) -> Result<()> {
    let failed = |problem| Error::file(folder, problem);
    fs::create_dir_all(folder).map_err(failed)?;
    let part = folder.join(format!("{FILE}.part"));
    let state = serde_json::to_string(state).expect("a state can be written");
    let all = tensors.iter().map(|(name, tensor)| (&name[..], tensor));
    folder::save(&part, all, BTreeMap::from([("xlner", state)]))?;
    let checksum = checksum_of(&part).map_err(|problem| Error::file(&part, problem))?;
    let appended = File::options().append(true).open(&part).and_then(|mut file| {
        file.write_all(&checksum.to_le_bytes())?;
        file.sync_all()
    });
    appended.map_err(|problem| Error::file(&part, problem))?;
    fs::rename(&part, path(folder)).map_err(failed)
}

/// The state in a folder, where there is one.
///
/// # Errors
/// [`Error::Model`] where it is damaged or of another training.
pub(super) fn read(folder: &Path, signature: &str) -> Result<Option<(State, Tensors)>> {
    let path = path(folder);
    let mut bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(problem) if problem.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(problem) => return Err(Error::file(&path, problem)),
    };
    let damaged = |problem: &dyn std::fmt::Display| {
        Error::model(&path, format!("{problem}; the file is damaged: remove it, and training begins anew"))
    };
    let sound = bytes
        .split_last_chunk::<4>()
        .is_some_and(|(state, checksum)| crc32fast::hash(state) == u32::from_le_bytes(*checksum));
    if !sound {
        return Err(damaged(&"its checksum does not fit"));
    }
    bytes.truncate(bytes.len() - 4);
    let (_, about) = safetensors::SafeTensors::read_metadata(&bytes).map_err(|problem| damaged(&problem))?;
    let state = about.metadata().as_ref().and_then(|about| about.get("xlner")).map_or("", String::as_str);
    let state: State = serde_json::from_str(state).map_err(|problem| damaged(&problem))?;
    if state.signature != signature {
        return Err(Error::model(
            &path,
            "this is the state of another training: other data, another model to begin from, or other options; \
             remove it, or name another folder",
        ));
    }
    let tensors = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu).map_err(|problem| damaged(&problem))?;
    Ok(Some((state, tensors)))
}

fn checksum_of(path: &Path) -> std::io::Result<u32> {
    let (mut file, mut hasher, mut piece) = (File::open(path)?, crc32fast::Hasher::new(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hasher.finalize()),
            read => hasher.update(&piece[..read]),
        }
    }
}

/// The file of a state.
fn path(folder: &Path) -> PathBuf {
    folder.join(FILE)
}
