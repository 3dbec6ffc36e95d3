//! The built-in tagger.

use std::path::Path;

use crate::crf::CrfTagger;
use crate::{Error, Result};

/// The built-in tagger of English; `models/ATTRIBUTION.md` says what it was trained on.
const ENGLISH: &[u8] = include_bytes!("../models/en.crf");

/// Opens a CRF: `default` (or `en`), the built-in one, or a model file.
///
/// # Errors
/// Where it is not there, or damaged.
pub fn open_crf(name: &str) -> Result<CrfTagger> {
    let path = Path::new(name);
    match is_built_in(name) {
        true => CrfTagger::from_bytes(ENGLISH)
            .map(|tagger| tagger.of_language("en"))
            .map_err(|problem| Error::model(path, problem)),
        false => CrfTagger::load(path),
    }
}

/// Whether this is a name of the built-in tagger.
pub fn is_built_in(name: &str) -> bool {
    matches!(name, "default" | "en")
}
