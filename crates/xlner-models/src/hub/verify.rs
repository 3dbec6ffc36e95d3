//! Checksums: a blob is named by what the Hub says of its content.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::{Cached, Hub};
use crate::{Error, Result};

/// What a file of a model is checked by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Checksum {
    /// SHA-256 of the content, of files in Git LFS.
    Sha256(String),
    /// Git's name of the content: SHA-1 of `blob`, its length and it.
    Git(String),
}

impl Checksum {
    /// From the name of a blob; `None` where that is neither.
    pub(super) fn of_blob(name: &str) -> Option<Checksum> {
        let hex = name.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        match name.len() {
            64 if hex => Some(Checksum::Sha256(name.to_owned())),
            40 if hex => Some(Checksum::Git(name.to_owned())),
            _ => None,
        }
    }

    /// The name of the blob.
    #[cfg(feature = "http")]
    pub(super) fn blob(&self) -> &str {
        match self {
            Checksum::Sha256(hex) | Checksum::Git(hex) => hex,
        }
    }

    /// Whether the content of a file has it.
    pub(super) fn fits(&self, path: &Path) -> std::io::Result<bool> {
        let file = File::open(path)?;
        Ok(match self {
            Checksum::Sha256(hex) => digest(Sha256::new(), file)? == *hex,
            Checksum::Git(hex) => {
                let start = format!("blob {}\0", file.metadata()?.len());
                digest(Sha1::new().chain_update(start), file)? == *hex
            }
        })
    }
}

fn digest(mut digest: impl Digest, mut file: File) -> std::io::Result<String> {
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
            read => digest.update(&buffer[..read]),
        }
    }
}

/// What checking a revision of a model found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The revision.
    pub model: Cached,
    /// Files whose content is what their checksum says.
    pub sound: usize,
    /// Files that the cache has no checksum for.
    pub unknown: Vec<String>,
    /// Files that are not as they should be, sorted by name.
    pub damaged: Vec<(String, Damage)>,
}

impl Verified {
    /// Whether it can be trusted: no file is damaged, none is missing.
    pub fn is_sound(&self) -> bool {
        self.damaged.is_empty()
    }
}

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Damage {
    /// It is needed, and is not there.
    Missing,
    /// Its content is not what its checksum says.
    Changed,
}

impl Damage {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Damage::Missing => "missing",
            Damage::Changed => "changed",
        }
    }
}

impl Hub {
    /// Checks every file of a cached revision against the checksum that its blob is named by.
    ///
    /// # Errors
    /// [`Error::File`] where a file cannot be read.
    pub fn verify(&self, cached: &Cached) -> Result<Verified> {
        let mut verified = Verified { model: cached.clone(), sound: 0, unknown: Vec::new(), damaged: Vec::new() };
        for file in &cached.files {
            let path = cached.path.join(file);
            if !path.is_file() {
                verified.damaged.push((file.clone(), Damage::Missing));
                continue;
            }
            let blob = fs::canonicalize(&path).map_err(|problem| Error::file(&path, problem))?;
            match blob.file_name().and_then(|name| Checksum::of_blob(name.to_str()?)) {
                None => verified.unknown.push(file.clone()),
                Some(checksum) => match checksum.fits(&blob).map_err(|problem| Error::file(&blob, problem))? {
                    true => verified.sound += 1,
                    false => verified.damaged.push((file.clone(), Damage::Changed)),
                },
            }
        }
        let missing = super::files::missing(&cached.path).filter(|file| !cached.files.contains(file));
        verified.damaged.extend(missing.map(|file| (file, Damage::Missing)));
        verified.damaged.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(verified)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_git_and_sha256sum() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hello");
        fs::write(&path, "hello\n").unwrap();
        // `git hash-object`, `sha256sum`
        for hex in [
            "ce013625030ba8dba906f756967f9e9ca394464a",
            "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
        ] {
            let checksum = Checksum::of_blob(hex).unwrap();
            assert!(checksum.fits(&path).unwrap());
            let other = Checksum::of_blob(&hex.replace('c', "d")).unwrap();
            assert!(!other.fits(&path).unwrap());
        }
        assert_eq!(Checksum::of_blob("hello"), None);
        assert_eq!(Checksum::of_blob(&"g".repeat(40)), None);
    }
}
