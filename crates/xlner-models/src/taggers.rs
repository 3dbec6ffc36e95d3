//! The taggers, and how one is opened.

use std::path::Path;

use crate::crf::CrfTagger;
use crate::{Error, Result, Tagger};

/// The built-in tagger of English; `models/ATTRIBUTION.md` says what it was trained on.
const ENGLISH: &[u8] = include_bytes!("../models/en.crf");

/// Opens a tagger: `default` (or `en`) is the built-in one, English, which finds `PER`, `LOC` and `ORG`; anything else is a
/// model file.
///
/// # Errors
/// Where it is not there, or damaged.
pub fn open_tagger(name: &str) -> Result<Box<dyn Tagger>> {
    let path = Path::new(name);
    let tagger = match name {
        "default" | "en" => CrfTagger::from_bytes(ENGLISH).map_err(|problem| Error::model(path, problem))?,
        _ => CrfTagger::load(path)?,
    };
    Ok(Box::new(tagger))
}
