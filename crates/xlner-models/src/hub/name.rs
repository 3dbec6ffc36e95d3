//! Names of models and revisions.

use std::fmt;
use std::str::FromStr;

use crate::{Error, Result};

/// `organisation/name`, or a name alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name(String);

/// What begins the names of models' folders in the cache.
const PREFIX: &str = "models--";

impl Name {
    /// Its folder in the cache.
    pub(super) fn folder(&self) -> String {
        format!("{PREFIX}{}", self.0.replace('/', "--"))
    }

    /// From a folder in the cache; `None` for what is not one of a model.
    pub(super) fn of_folder(folder: &str) -> Option<Name> {
        folder.strip_prefix(PREFIX)?.replacen("--", "/", 1).parse().ok()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Name, String> {
        let parts: Vec<&str> = text.split('/').collect();
        let allowed = |part: &&str| {
            let characters = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
            characters
                && !part.is_empty()
                && part.len() <= 96
                && !part.starts_with(['.', '-'])
                && !part.ends_with(['.', '-'])
        };
        let name = parts.len() <= 2 && parts.iter().all(allowed) && !text.contains("--") && !text.contains("..");
        match name {
            true => Ok(Name(text.to_owned())),
            false => Err(format!("“{text}” is no folder, and no name of a model on the Hub (`organisation/name`)")),
        }
    }
}

/// A branch, tag or commit, checked: it becomes a path in the cache.
pub(super) fn revision(given: Option<&str>) -> Result<&str> {
    let revision = given.unwrap_or(super::MAIN);
    let allowed = |part: &str| {
        let characters = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.+@".contains(&byte));
        characters && !part.is_empty() && !part.starts_with('.')
    };
    match revision.split('/').all(allowed) {
        true => Ok(revision),
        false => Err(Error::Options(format!("“{revision}” is no revision; give a branch, a tag or a commit"))),
    }
}

/// Whether it is the name of a commit.
pub(super) fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_their_folders() {
        for (text, folder) in [
            ("facebook/nllb-200-distilled-600M", "models--facebook--nllb-200-distilled-600M"),
            ("gpt2", "models--gpt2"),
            ("a_b/c.d", "models--a_b--c.d"),
        ] {
            let name: Name = text.parse().unwrap();
            assert_eq!(name.folder(), folder);
            assert_eq!(Name::of_folder(folder), Some(name));
        }
        for text in ["", "a/b/c", "/a", "a/", "../a", "./a", "a b", "a--b", "-a", "a.", "a/..", "C:\\a", "é"] {
            assert!(text.parse::<Name>().unwrap_err().contains("organisation/name"), "{text}");
        }
        assert_eq!(Name::of_folder("datasets--a--b"), None);
    }

    #[test]
    fn revisions_stay_in_their_folder() {
        assert_eq!(revision(None).unwrap(), "main");
        assert_eq!(revision(Some("refs/pr/1")).unwrap(), "refs/pr/1");
        for text in ["", "..", "a/../b", "/a", "a//b", ".a", "a b"] {
            assert!(revision(Some(text)).is_err(), "{text}");
        }
    }
}
