//! Models by their names on the Hugging Face Hub, in the cache that all its programs share.
//!
//! The layout is the Hub's own (`huggingface_hub` documentation, "Understand caching"): `models--org--name/` holds `blobs/`
//! (files by their checksum), `snapshots/COMMIT/` (links to them, by name) and `refs/` (the commit of a branch or tag). What
//! `transformers` has pulled is found here, and what is pulled here is found by `transformers`.
//!
//! [`resolve`] never asks the Hub for a model that is in the cache: a model once pulled stays as it is until
//! [`Hub::pull`] is called.

mod cache;
#[cfg(feature = "http")]
mod client;
mod files;
mod name;
#[cfg(feature = "http")]
mod pull;
mod verify;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use cache::Cached;
pub use verify::{Damage, Verified};

use crate::{Error, Result};
use name::Name;

/// The revision that is meant where none is given.
pub const MAIN: &str = "main";

/// How far a pull is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullProgress {
    /// The file that is being pulled, by its name in the model.
    pub file: String,
    /// Bytes of all files that are there.
    pub done: u64,
    /// Bytes of all files.
    pub total: u64,
}

/// Who wants to know how far a pull is.
pub type PullListener<'a> = &'a mut dyn FnMut(PullProgress);

/// A Hub and the cache before it.
#[derive(Debug, Clone)]
pub struct Hub {
    /// Folder of the cache; need not exist.
    pub cache: PathBuf,
    /// Address of the Hub, without a slash at the end.
    pub endpoint: String,
    /// What shows the Hub who asks, for private and gated models.
    pub token: Option<String>,
    /// Whether the network must not be used.
    pub offline: bool,
    /// What is waited before the first retry; before each further one it is twice as long.
    pub pause: Duration,
}

impl Hub {
    /// As the Hub's environment variables say: `HF_HUB_CACHE` (or `HUGGINGFACE_HUB_CACHE`, `HF_HOME`, `XDG_CACHE_HOME`),
    /// `HF_ENDPOINT`, `HF_TOKEN` (or `HUGGING_FACE_HUB_TOKEN`, the file `HF_TOKEN_PATH`, the file that `hf auth login`
    /// writes), `HF_HUB_OFFLINE` (or `TRANSFORMERS_OFFLINE`).
    pub fn from_env() -> Hub {
        Hub::from_variables(&|name| std::env::var(name).ok().filter(|value| !value.trim().is_empty()))
    }

    fn from_variables(variable: &dyn Fn(&str) -> Option<String>) -> Hub {
        let user = || variable("HOME").or_else(|| variable("USERPROFILE")).map_or_else(PathBuf::new, PathBuf::from);
        let folder = |text: String| match text.strip_prefix("~/") {
            Some(rest) => user().join(rest),
            None => PathBuf::from(text),
        };
        let home = variable("HF_HOME").map(folder).unwrap_or_else(|| {
            variable("XDG_CACHE_HOME").map_or_else(|| user().join(".cache"), folder).join("huggingface")
        });
        let cache = variable("HF_HUB_CACHE").or_else(|| variable("HUGGINGFACE_HUB_CACHE"));
        let token = variable("HF_TOKEN").or_else(|| variable("HUGGING_FACE_HUB_TOKEN")).or_else(|| {
            let file = variable("HF_TOKEN_PATH").map_or_else(|| home.join("token"), folder);
            fs::read_to_string(file).ok()
        });
        let yes = |name| {
            variable(name).is_some_and(|value| matches!(value.to_uppercase().as_str(), "1" | "ON" | "YES" | "TRUE"))
        };
        let endpoint = variable("HF_ENDPOINT").unwrap_or_else(|| "https://huggingface.co".to_owned());
        Hub {
            cache: cache.map_or_else(|| home.join("hub"), folder),
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            token: token.map(|token| token.trim().to_owned()).filter(|token| !token.is_empty()),
            offline: yes("HF_HUB_OFFLINE") || yes("TRANSFORMERS_OFFLINE"),
            pause: Duration::from_millis(500),
        }
    }

    /// The folder of a model: `name_or_path` itself where that is a folder, else the snapshot in the cache, pulled first
    /// where it is not there or not complete.
    ///
    /// # Errors
    /// [`Error::Options`] for what is neither a folder nor a name; [`Error::Model`] where the model would have to be pulled
    /// and must not be (offline, or built without the feature `http`); those of [`Hub::pull`].
    pub fn resolve(&self, name_or_path: &str, revision: Option<&str>, listener: PullListener<'_>) -> Result<PathBuf> {
        let path = Path::new(name_or_path);
        if path.is_dir() {
            return Ok(path.to_owned());
        }
        let name: Name = name_or_path.parse().map_err(|problem| match path.exists() {
            true => Error::model(path, "this is a file; a model of this kind is a folder with `config.json` in it"),
            false => Error::Options(problem),
        })?;
        let revision = name::revision(revision)?;
        if let Some(snapshot) = self.snapshot(&name, revision)
            && files::missing(&snapshot).is_none()
        {
            return Ok(snapshot);
        }
        self.pull_named(&name, revision, listener)
    }

    /// Brings a model's newest files of a revision (a branch, tag or commit; `main` where `None`) into the cache, and says
    /// where its snapshot is. Only the files that can be loaded are pulled: configuration, tokeniser, and the weights once
    /// (safetensors where there are any). Files that are there are not pulled again; a file broken off is gone on with; every
    /// file is checked against the Hub's checksum before it gets its name.
    ///
    /// # Errors
    /// [`Error::Options`] for a name or revision that cannot be one; [`Error::Model`] offline or built without the feature
    /// `http`; [`Error::Engine`] where the Hub refuses, fails after every retry, or sends something else than it says;
    /// [`Error::File`] where the cache cannot be written.
    pub fn pull(&self, name: &str, revision: Option<&str>, listener: PullListener<'_>) -> Result<PathBuf> {
        self.pull_named(&name.parse().map_err(Error::Options)?, name::revision(revision)?, listener)
    }

    /// Brings a file of known length and SHA-256 from an address to `path`, where it is only when it is whole and checked.
    pub(crate) fn fetch_file(
        &self,
        url: &str,
        what: &str,
        path: &Path,
        (size, sha256): (u64, &str),
        listener: &mut dyn FnMut(u64),
    ) -> Result<()> {
        #[cfg(feature = "http")]
        {
            let checksum = verify::Checksum::of_blob(sha256)
                .ok_or_else(|| Error::Options(format!("“{sha256}” is no checksum of {what}")))?;
            pull::fetch(&client::Client::new(self), url, what, path, size, &checksum, listener)
        }
        #[cfg(not(feature = "http"))]
        {
            let _ = (url, size, sha256, listener);
            Err(Error::model(path, format!("{what} is not there, and this xlner was built without the feature `http`")))
        }
    }

    fn pull_named(&self, name: &Name, revision: &str, listener: PullListener<'_>) -> Result<PathBuf> {
        let place = self.place(name);
        let absent = |why: &str| {
            let state = match self.snapshot(name, revision).as_deref().and_then(files::missing) {
                Some(file) => format!("is not complete in the cache ({file} is missing)"),
                None => format!("is not in the cache (and there is no folder “{name}” here)"),
            };
            Error::model(&place, format!("revision {revision} of {name} {state}, {why}"))
        };
        if self.offline {
            return Err(absent("and HF_HUB_OFFLINE is set; unset it, or give the path of the model's folder"));
        }
        #[cfg(feature = "http")]
        return pull::pull(self, name, revision, listener);
        #[cfg(not(feature = "http"))]
        {
            let _ = listener;
            Err(absent("and this xlner was built without the feature `http`; pull it with `hf download`"))
        }
    }
}

/// The folder of a model, by path or name, as [`Hub::resolve`] of [`Hub::from_env`].
///
/// # Errors
/// Those of [`Hub::resolve`].
pub fn resolve(name_or_path: &str, revision: Option<&str>) -> Result<PathBuf> {
    Hub::from_env().resolve(name_or_path, revision, &mut |_| {})
}

/// Holds off other processes that would bring the same file, until it is dropped.
pub(crate) fn lock(folder: &Path, name: &str) -> Result<File> {
    fs::create_dir_all(folder).map_err(|problem| Error::file(folder, problem))?;
    let path = folder.join(format!("{name}.lock"));
    let file = File::options().create(true).append(true).open(&path).map_err(|problem| Error::file(&path, problem))?;
    file.lock().map_err(|problem| Error::file(&path, problem))?;
    Ok(file)
}

/// Whether the content of a file has this SHA-256 (or name in Git).
pub(crate) fn has_checksum(path: &Path, checksum: &str) -> std::io::Result<bool> {
    match verify::Checksum::of_blob(checksum) {
        Some(checksum) => checksum.fits(path),
        None => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hub(variables: &[(&str, &str)]) -> Hub {
        Hub::from_variables(&|name| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn variables_are_read_in_the_order_of_the_hub() {
        let usual = hub(&[("HOME", "/home/a")]);
        assert_eq!(usual.cache, Path::new("/home/a/.cache/huggingface/hub"));
        assert_eq!((usual.endpoint.as_str(), usual.offline, usual.token), ("https://huggingface.co", false, None));
        assert_eq!(hub(&[("HOME", "/h"), ("XDG_CACHE_HOME", "/x")]).cache, Path::new("/x/huggingface/hub"));
        assert_eq!(hub(&[("HOME", "/h"), ("HF_HOME", "~/f"), ("XDG_CACHE_HOME", "/x")]).cache, Path::new("/h/f/hub"));
        assert_eq!(hub(&[("HF_HOME", "/f"), ("HUGGINGFACE_HUB_CACHE", "/c")]).cache, Path::new("/c"));
        assert_eq!(hub(&[("HF_HUB_CACHE", "/d"), ("HUGGINGFACE_HUB_CACHE", "/c")]).cache, Path::new("/d"));
        let all = hub(&[("HF_ENDPOINT", "http://mirror/"), ("HF_HUB_OFFLINE", "yes"), ("HF_TOKEN", " t\n")]);
        assert_eq!((all.endpoint.as_str(), all.offline, all.token.as_deref()), ("http://mirror", true, Some("t")));
        assert!(!hub(&[("HF_HUB_OFFLINE", "0")]).offline && hub(&[("TRANSFORMERS_OFFLINE", "1")]).offline);
    }

    #[test]
    fn the_token_is_read_from_its_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), "secret\n").unwrap();
        let home = folder.path().to_str().unwrap();
        assert_eq!(hub(&[("HF_HOME", home)]).token.as_deref(), Some("secret"));
        assert_eq!(hub(&[("HF_HOME", home), ("HF_TOKEN_PATH", "/none")]).token, None);
    }
}
