//! The state of a training, from which it goes on as if it had not stopped.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::figures::EpochFigures;
use super::folder;
use crate::{Error, Result};

const FILE: &str = "training.safetensors";

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
    fs::rename(&part, path(folder)).map_err(failed)
}

/// The state in a folder, where there is one.
///
/// # Errors
/// [`Error::Model`] where it is damaged or of another training.
pub(super) fn read(folder: &Path, signature: &str) -> Result<Option<(State, Tensors)>> {
    let path = path(folder);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(problem) if problem.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(problem) => return Err(Error::file(&path, problem)),
    };
    let damaged = |problem: &dyn std::fmt::Display| {
        Error::model(&path, format!("{problem}; the file is damaged: remove it, and training begins anew"))
    };
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

/// The file of a state.
fn path(folder: &Path) -> PathBuf {
    folder.join(FILE)
}
