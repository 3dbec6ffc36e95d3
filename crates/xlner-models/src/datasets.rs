//! Public data for evaluation: where each file is, how long it is, and what its content must be.
//!
//! The files are those of the authors' own repositories at a fixed commit. What has been fetched has been compared with the
//! SHA-256 in the manifest (`data/public.json`), so that a figure is a figure of the same data everywhere.

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::hub::{self, Damage, Hub};
use crate::{Error, Result};

const MANIFEST: &str = include_str!("../data/public.json");

/// Data of one origin.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Dataset {
    /// Name, and that of its folder.
    pub name: String,
    /// What it is, and its paper.
    pub about: String,
    /// Licence that its authors give.
    pub licence: String,
    /// Repository on GitHub, `owner/name`.
    pub repository: String,
    /// Commit of the files.
    pub commit: String,
    /// The files.
    pub files: Vec<DataFile>,
}

/// A file of a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "(String, String, u64, String)")]
pub struct DataFile {
    /// Path in the folder of the dataset, with `/`.
    pub path: String,
    /// Path in the repository.
    pub origin: String,
    /// Length.
    pub bytes: u64,
    /// SHA-256 of the content, hexadecimal.
    pub sha256: String,
}

impl From<(String, String, u64, String)> for DataFile {
    fn from((path, origin, bytes, sha256): (String, String, u64, String)) -> DataFile {
        DataFile { path, origin, bytes, sha256 }
    }
}

/// Where files are fetched from.
#[derive(Debug, Clone)]
pub struct Mirror {
    /// Address before `owner/name/commit/path`, without a slash at the end.
    pub endpoint: String,
    /// Whether the network must not be used.
    pub offline: bool,
    /// What is waited before the first retry; before each further one it is twice as long.
    pub pause: Duration,
}

impl Mirror {
    /// GitHub, or another address that has the same paths; offline where the Hub is (`HF_HUB_OFFLINE`).
    pub fn new(endpoint: Option<&str>) -> Mirror {
        let Hub { offline, pause, .. } = Hub::from_env();
        let endpoint = endpoint.unwrap_or("https://raw.githubusercontent.com").trim_end_matches('/').to_owned();
        Mirror { endpoint, offline, pause }
    }
}

/// What [`Dataset::fetch`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fetched {
    /// Files that came.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that were there, and sound.
    pub there: u64,
}

/// The datasets that are known.
///
/// # Errors
/// Where the manifest in the program is damaged.
pub fn datasets() -> Result<Vec<Dataset>> {
    serde_json::from_str(MANIFEST).map_err(|problem| Error::model(Path::new("data/public.json"), problem.to_string()))
}

impl Dataset {
    /// Length of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// What is not as it should be under `folder`, by the path of the file.
    ///
    /// # Errors
    /// Where a file cannot be read.
    pub fn verify(&self, folder: &Path) -> Result<Vec<(PathBuf, Damage)>> {
        let mut damaged = Vec::new();
        for file in &self.files {
            let path = self.place(folder, file)?;
            if !path.is_file() {
                damaged.push((path, Damage::Missing));
            } else if !file.fits(&path)? {
                damaged.push((path, Damage::Changed));
            }
        }
        Ok(damaged)
    }

    /// Brings the files that are not there, or not as they should be, to `folder`/name. A file has its name only when its
    /// content is checked; one broken off is gone on with. Of several processes one brings a file, and the others wait for it
    /// (`folder`/.locks). `listener` hears the file, and how many bytes of all are there.
    ///
    /// # Errors
    /// [`Error::Model`] offline or built without the feature `http`; [`Error::Engine`] where the server refuses, fails after
    /// every retry, or sends something else than the manifest says; [`Error::File`] where the folder cannot be written.
    pub fn fetch(&self, mirror: &Mirror, folder: &Path, listener: &mut dyn FnMut(&str, u64)) -> Result<Fetched> {
        let mut fetched = Fetched::default();
        let mut before = 0;
        for file in &self.files {
            let path = self.place(folder, file)?;
            let mut heard = |there| listener(&file.path, before + there);
            if file.is_at(&path)? || !self.fetch_file(mirror, file, folder, &mut heard)? {
                fetched.there += 1;
            } else {
                fetched.files += 1;
                fetched.bytes += file.bytes;
            }
            before += file.bytes;
            listener(&file.path, before);
        }
        Ok(fetched)
    }

    /// Brings a file, unless another process has brought it meanwhile; says whether.
    fn fetch_file(
        &self,
        mirror: &Mirror,
        file: &DataFile,
        folder: &Path,
        listener: &mut dyn FnMut(u64),
    ) -> Result<bool> {
        let path = &self.place(folder, file)?;
        if mirror.offline {
            return Err(Error::model(
                path,
                "it is not there, and HF_HUB_OFFLINE is set; unset it, or copy the file there",
            ));
        }
        let (parent, Dataset { repository, commit, .. }) = (path.parent().unwrap_or(path), self);
        std::fs::create_dir_all(parent).map_err(|problem| Error::file(parent, problem))?;
        // Two places of one content are two files.
        let name = file.path.replace('/', "--");
        let _lock = hub::lock(&folder.join(".locks").join(&self.name), &name)?;
        if file.is_at(path)? {
            return Ok(false);
        }
        let url = format!("{}/{repository}/{commit}/{}", mirror.endpoint, file.origin);
        let hub = Hub {
            cache: PathBuf::new(),
            endpoint: mirror.endpoint.clone(),
            token: None,
            offline: false,
            pause: mirror.pause,
        };
        let what = format!("{} of {}", file.path, self.name);
        hub.fetch_file(&url, &what, path, (file.bytes, &file.sha256), listener).map(|()| true)
    }

    fn place(&self, folder: &Path, file: &DataFile) -> Result<PathBuf> {
        let relative = Path::new(&self.name).join(&file.path);
        match relative.components().all(|part| matches!(part, Component::Normal(_))) {
            true => Ok(folder.join(relative)),
            false => Err(Error::Options(format!("{} leaves the folder of {}", file.path, self.name))),
        }
    }
}

impl DataFile {
    fn is_at(&self, path: &Path) -> Result<bool> {
        Ok(path.is_file() && self.fits(path)?)
    }

    fn fits(&self, path: &Path) -> Result<bool> {
        let failed = |problem| Error::file(path, problem);
        Ok(std::fs::metadata(path).map_err(failed)?.len() == self.bytes
            && hub::has_checksum(path, &self.sha256).map_err(failed)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_is_sound() {
        let all = datasets().unwrap();
        let mut names: Vec<&str> = all.iter().map(|dataset| dataset.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all.len());
        for dataset in &all {
            assert!(dataset.commit.len() == 40 && !dataset.files.is_empty(), "{}", dataset.name);
            let mut paths: Vec<PathBuf> =
                dataset.files.iter().map(|file| dataset.place(Path::new("x"), file).unwrap()).collect();
            paths.sort_unstable();
            paths.dedup();
            assert_eq!(paths.len(), dataset.files.len(), "{}", dataset.name);
            assert!(dataset.files.iter().all(|file| file.sha256.len() == 64 && file.bytes > 0));
        }
    }
}
