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

    /// The name without `.gz` or `.zst`; `.bz2` and the like go as well, so that the content can say what it is.
    pub(crate) fn strip_extension(path: &Path) -> PathBuf {
        match Codec::from_path(path).is_some() || Codec::foreign_name(path).is_some() {
            true => path.with_extension(""),
            false => path.to_owned(),
        }
    }

    /// The name of a compression that is not read, where the first bytes tell it.
    pub(crate) fn foreign(bytes: &[u8]) -> Option<&'static str> {
        const FOREIGN: [(&[u8], &str); 5] = [
            (b"BZh", "bzip2"),
            (b"\xfd7zX", "xz"),
            (b"PK\x03\x04", "a ZIP archive"),
            (b"7z\xbc\xaf", "a 7-Zip archive"),
            (b"\x04\x22\x4d\x18", "LZ4"),
        ];
        FOREIGN.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, name)| *name)
    }

    /// The name of a compression that is not written, where the file's name tells it.
    pub(crate) fn foreign_name(path: &Path) -> Option<&'static str> {
        const FOREIGN: [(&str, &str); 4] = [("bz2", "bzip2"), ("xz", "xz"), ("lz4", "LZ4"), ("zip", "a ZIP archive")];
        let extension = path.extension()?;
        FOREIGN.iter().find(|(name, _)| extension.eq_ignore_ascii_case(name)).map(|(_, codec)| *codec)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Codec::Gzip => "gzip",
            Codec::Zstd => "zstd",
        }
    }
}
