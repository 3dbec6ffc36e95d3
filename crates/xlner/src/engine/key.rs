//! Keys: all that the output of a stage depends on, hashed.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// Name of the output of a stage: the first half of the SHA-256 of all that it depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key([u8; 16]);

impl Key {
    /// The key of a stage's output, to which everything it depends on is added. The version of xlner is part of it: another
    /// one may work differently.
    pub fn of(stage: &str) -> KeyBuilder {
        KeyBuilder(Sha256::new()).text(env!("CARGO_PKG_VERSION")).text(stage)
    }

    /// The key of a file's content.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn of_file(path: &Path) -> Result<Key> {
        let failed = |problem| Error::File { path: path.to_owned(), problem };
        let mut hash = Sha256::new();
        let mut file = File::open(path).map_err(failed)?;
        let mut buffer = vec![0; 1 << 16];
        loop {
            match file.read(&mut buffer).map_err(failed)? {
                0 => break,
                read => hash.update(&buffer[..read]),
            }
        }
        Ok(KeyBuilder(hash).key())
    }
}

impl Key {
    /// Whether a text is the name of some key.
    pub(crate) fn is_name(text: &str) -> bool {
        text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A key in the making.
pub struct KeyBuilder(Sha256);

impl KeyBuilder {
    /// Adds a part; where one ends and the next begins is part of the key.
    pub fn bytes(mut self, part: &[u8]) -> Self {
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
        self
    }

    /// Adds a text.
    pub fn text(self, part: impl AsRef<str>) -> Self {
        self.bytes(part.as_ref().as_bytes())
    }

    /// Adds the output of another stage.
    pub fn after(self, other: Key) -> Self {
        self.bytes(&other.0)
    }

    /// The key.
    pub fn key(self) -> Key {
        let mut half = [0; 16];
        half.copy_from_slice(&self.0.finalize()[..16]);
        Key(half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_and_every_border_counts() {
        let keys = [
            Key::of("a").key(),
            Key::of("b").key(),
            Key::of("a").text("xy").text("z").key(),
            Key::of("a").text("x").text("yz").key(),
            Key::of("a").text("xyz").key(),
            Key::of("a").text("xyz").text("").key(),
        ];
        for (index, key) in keys.iter().enumerate() {
            assert!(!keys[..index].contains(key));
        }
        assert_eq!(Key::of("a").text("x").key().to_string(), Key::of("a").text("x").key().to_string());
        assert!(Key::is_name(&keys[0].to_string()) && !Key::is_name("lock") && !Key::is_name(&"A".repeat(32)));
    }
}
