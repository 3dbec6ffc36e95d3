//! The taggers, and how one is opened.

use std::path::Path;

use crate::crf::CrfTagger;
use crate::{Error, Result, Tagger};

/// The built-in tagger of English; `models/ATTRIBUTION.md` says what it was trained on.
const ENGLISH: &[u8] = include_bytes!("../models/en.crf");

/// Opens a tagger: `default` (or `en`) is the built-in one, English, which finds `PER`, `LOC` and `ORG`; a file is a model of
/// ours; a folder, or a name on the Hub (`organisation/model`), a transformer as Hugging Face keeps it.
///
/// # Errors
/// Where it is not there, or damaged.
pub fn open_tagger(name: &str) -> Result<Box<dyn Tagger>> {
    let path = Path::new(name);
    let tagger = match name {
        "default" | "en" => CrfTagger::from_bytes(ENGLISH).map_err(|problem| Error::model(path, problem))?,
        #[cfg(feature = "transformers")]
        _ if path.is_dir() || !path.exists() && name.contains('/') => return open_transformer(name),
        #[cfg(not(feature = "transformers"))]
        _ if path.is_dir() => {
            return Err(Error::model(
                path,
                "a folder is a transformer, and this xlner was built without the feature `transformers`",
            ));
        }
        _ => CrfTagger::load(path)?,
    };
    Ok(Box::new(tagger))
}

#[cfg(feature = "transformers")]
fn open_transformer(name: &str) -> Result<Box<dyn Tagger>> {
    let folder = crate::hub::resolve(name, None)?;
    let options = crate::transformer::TransformerTaggerOptions::default();
    Ok(Box::new(crate::transformer::TransformerTagger::load(&folder, options)?))
}
