//! Where data is.

use std::path::{Path, PathBuf};

use xlner_core::Sentence;
use xlner_formats::{ReadOptions, read_sentences};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file or folder of the shared data (in `XLNER_SHARED`, else beside the checkout): `shared("europarl-ner")`. `None`, and a
/// line that says so, where it is not there.
pub fn shared(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("XLNER_SHARED").map_or_else(|| workspace().join("../shared"), PathBuf::from);
    let path = folder.join("data").join(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is not there; set XLNER_SHARED", path.display());
    None
}

/// A bundled file: `sample("en.conll")`.
pub fn sample(name: &str) -> PathBuf {
    let path = workspace().join("samples").join(name);
    path.canonicalize().unwrap_or_else(|problem| panic!("{}: {problem}", path.display()))
}

/// The sentences of a bundled file.
pub fn read_sample(name: &str) -> Vec<Sentence> {
    let sentences = read_sentences(&sample(name), &ReadOptions::default()).expect("a sample can be read");
    sentences.collect::<Result<_, _>>().expect("a sample is whole")
}
