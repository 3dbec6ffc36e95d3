//! Compressed streams, told by name and by their first bytes.

use std::path::{Path, PathBuf};

/// A compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    Gzip,
    Zstd,
}

impl Codec {
    /// The compression that the name tells.
    pub(crate) fn from_path(path: &Path) -> Option<Codec> {
        let extension = path.extension()?.to_str()?;
        if extension.eq_ignore_ascii_case("gz") {
            Some(Codec::Gzip)
        } else if extension.eq_ignore_ascii_case("zst") {
            Some(Codec::Zstd)
        } else {
            None
        }
    }

    /// The compression that the first bytes tell.
    pub(crate) fn from_magic(bytes: &[u8]) -> Option<Codec> {
        if bytes.starts_with(&[0x1f, 0x8b]) {
            Some(Codec::Gzip)
        } else if bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            Some(Codec::Zstd)
        } else {
            None
        }
    }

    /// The name without `.gz` or `.zst`.
    pub(crate) fn strip_extension(path: &Path) -> PathBuf {
        match Codec::from_path(path) {
            Some(_) => path.with_extension(""),
            None => path.to_owned(),
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Codec::Gzip => "gzip",
            Codec::Zstd => "zstd",
        }
    }
}
