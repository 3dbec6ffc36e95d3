//! The taggers, and how one is opened.

use std::path::Path;

use crate::crf::CrfTagger;
use crate::{CapitalsTagger, Error, Result, Tagger};

/// Before the label of the baseline that takes capitalised words for entities.
const CAPITALS: &str = "capitals:";

/// The built-in tagger of English; `models/ATTRIBUTION.md` says what it was trained on.
const ENGLISH: &[u8] = include_bytes!("../models/en.crf");

/// Opens a tagger: `default` (or `en`) is the built-in one, English, which finds `PER`, `LOC` and `ORG`;
/// `capitals:LABEL` is [`CapitalsTagger`]; a file is a model of ours; a folder, or a name on the Hub (`organisation/model`), a transformer as Hugging Face keeps it.
///
/// # Errors
/// Where it is not there, or damaged.
pub fn open_tagger(name: &str) -> Result<Box<dyn Tagger>> {
    let path = Path::new(name);
    if let Some(label) = name.strip_prefix(CAPITALS) {
        return match label {
            "" => Err(Error::Options("the label is missing: write capitals:PER".into())),
            label => Ok(Box::new(CapitalsTagger::new(label))),
        };
    }
    match name {
        #[cfg(feature = "transformers")]
        _ if !is_built_in(name) && (path.is_dir() || !path.exists() && name.contains('/')) => open_transformer(name),
        #[cfg(not(feature = "transformers"))]
        _ if !is_built_in(name) && path.is_dir() => Err(Error::model(
            path,
            "a folder is a transformer, and this xlner was built without the feature `transformers`",
        )),
        _ => Ok(Box::new(open_crf(name)?)),
    }
}

/// Opens a CRF: `default` (or `en`), the built-in one, or a model file.
///
/// # Errors
/// Where it is not there, or damaged.
pub fn open_crf(name: &str) -> Result<CrfTagger> {
    let path = Path::new(name);
    match is_built_in(name) {
        true => CrfTagger::from_bytes(ENGLISH).map_err(|problem| Error::model(path, problem)),
        false => CrfTagger::load(path),
    }
}

fn is_built_in(name: &str) -> bool {
    matches!(name, "default" | "en")
}

#[cfg(feature = "transformers")]
fn open_transformer(name: &str) -> Result<Box<dyn Tagger>> {
    let folder = crate::hub::resolve(name, None)?;
    let options = crate::transformer::TransformerTaggerOptions::default();
    Ok(Box::new(crate::transformer::TransformerTagger::load(&folder, options)?))
}
