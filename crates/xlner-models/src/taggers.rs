//! The taggers, and how one is opened.

use std::path::Path;

use crate::crf::CrfTagger;
use crate::{Result, Tagger};

/// Opens a tagger: a model file.
///
/// # Errors
/// Where it is not there, or damaged.
pub fn open_tagger(name: &str) -> Result<Box<dyn Tagger>> {
    Ok(Box::new(CrfTagger::load(Path::new(name))?))
}
