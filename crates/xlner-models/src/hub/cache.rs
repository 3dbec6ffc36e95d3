//! The cache: what is in it, and how it is taken out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::name::{self, Name};
use super::{Hub, files};
use crate::{Error, Result};

/// A revision of a model in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cached {
    /// Name of the model.
    pub name: String,
    /// Its commit.
    pub commit: String,
    /// The branches and tags that were this commit when they were pulled, sorted.
    pub refs: Vec<String>,
    /// Its snapshot: the folder that is loaded.
    pub path: PathBuf,
    /// Its files, by their names in the model, sorted.
    pub files: Vec<String>,
    /// Bytes of its files.
    pub size: u64,
    /// Whether nothing is missing that is needed to load it.
    pub complete: bool,
}

impl Hub {
    /// Folder of a model in the cache.
    pub(super) fn place(&self, name: &Name) -> PathBuf {
        self.cache.join(name.folder())
    }

    /// The snapshot of a revision, where there is one.
    pub(super) fn snapshot(&self, name: &Name, revision: &str) -> Option<PathBuf> {
        let place = self.place(name);
        let commit = match fs::read_to_string(place.join("refs").join(revision)) {
            Ok(commit) => commit.trim().to_owned(),
            Err(_) => revision.to_owned(),
        };
        let snapshot = place.join("snapshots").join(&commit);
        (name::is_commit(&commit) && snapshot.is_dir()).then_some(snapshot)
    }

    /// What is in the cache, by name and commit.
    ///
    /// # Errors
    /// [`Error::File`] where the cache cannot be read; a cache that does not exist is empty.
    pub fn list(&self) -> Result<Vec<Cached>> {
        let mut cached = Vec::new();
        for folder in names(&self.cache)? {
            if let Some(name) = Name::of_folder(&folder) {
                cached.extend(self.revisions(&name)?);
            }
        }
        cached.sort_by(|a, b| (&a.name, &a.commit).cmp(&(&b.name, &b.commit)));
        Ok(cached)
    }

    /// The revisions of a model in the cache: all, or the given one (a branch, tag or commit).
    ///
    /// # Errors
    /// [`Error::Options`] for a name or revision that cannot be one, [`Error::Model`] where it is not in the cache,
    /// [`Error::File`] where the cache cannot be read.
    pub fn cached(&self, name: &str, revision: Option<&str>) -> Result<Vec<Cached>> {
        let name: Name = name.parse().map_err(Error::Options)?;
        let mut found = self.revisions(&name)?;
        if revision.is_some() {
            let snapshot = self.snapshot(&name, name::revision(revision)?);
            found.retain(|cached| Some(&cached.path) == snapshot.as_ref());
        }
        if found.is_empty() {
            let what = revision.map_or_else(String::new, |revision| format!("revision {revision} of "));
            return Err(Error::model(
                &self.place(&name),
                format!("{what}{name} is not in the cache; see `xlner models list`"),
            ));
        }
        Ok(found)
    }

    fn revisions(&self, name: &Name) -> Result<Vec<Cached>> {
        let place = self.place(name);
        let mut refs: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for file in files_below(&place.join("refs"))? {
            let path = place.join("refs").join(&file);
            let commit = fs::read_to_string(&path).map_err(|problem| Error::file(&path, problem))?;
            refs.entry(commit.trim().to_owned()).or_default().push(file);
        }
        let mut cached = Vec::new();
        for commit in names(&place.join("snapshots"))? {
            let path = place.join("snapshots").join(&commit);
            let files = files_below(&path)?;
            let size = files.iter().filter_map(|file| Some(fs::metadata(path.join(file)).ok()?.len())).sum();
            let whole = files.iter().all(|file| path.join(file).is_file());
            cached.push(Cached {
                name: name.to_string(),
                refs: refs.remove(&commit).unwrap_or_default(),
                complete: whole && files::missing(&path).is_none(),
                commit,
                path,
                files,
                size,
            });
        }
        Ok(cached)
    }

    /// Takes a model out of the cache, or, given a revision, that one with the files that no other revision shares. Returns
    /// the bytes that became free.
    ///
    /// # Errors
    /// Those of [`Hub::cached`].
    pub fn remove(&self, name: &str, revision: Option<&str>) -> Result<u64> {
        let gone = self.cached(name, revision)?;
        let name: Name = name.parse().map_err(Error::Options)?;
        let place = self.place(&name);
        let before = size(&place)?;
        let stays = self.revisions(&name)?.into_iter().filter(|cached| gone.iter().all(|g| g.commit != cached.commit));
        let stays: Vec<Cached> = stays.collect();
        if stays.is_empty() {
            remove_folder(&place)?;
            let locks = self.cache.join(".locks").join(name.folder());
            if locks.is_dir() {
                remove_folder(&locks)?;
            }
            return Ok(before);
        }
        for cached in &gone {
            for file in &cached.refs {
                remove_file(&place.join("refs").join(file))?;
            }
            remove_folder(&cached.path)?;
        }
        let used: BTreeSet<PathBuf> = stays
            .iter()
            .flat_map(|cached| cached.files.iter().filter_map(|file| fs::canonicalize(cached.path.join(file)).ok()))
            .collect();
        for blob in names(&place.join("blobs"))? {
            let blob = place.join("blobs").join(blob);
            if fs::canonicalize(&blob).is_ok_and(|path| !used.contains(&path)) {
                remove_file(&blob)?;
            }
        }
        Ok(before.saturating_sub(size(&place)?))
    }
}

fn remove_folder(path: &Path) -> Result<()> {
    fs::remove_dir_all(path).map_err(|problem| Error::file(path, problem))
}

fn remove_file(path: &Path) -> Result<()> {
    fs::remove_file(path).map_err(|problem| Error::file(path, problem))
}

/// Names in a folder, sorted; none where it does not exist. Names that are no Unicode are not ours.
fn names(folder: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(problem) if problem.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(problem) => return Err(Error::file(folder, problem)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|problem| Error::file(folder, problem))?;
        names.extend(entry.file_name().into_string());
    }
    names.sort_unstable();
    Ok(names)
}

/// Files (and links) in a folder and the folders in it, by their paths below it, sorted.
fn files_below(folder: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for name in names(folder)? {
        let path = folder.join(&name);
        match fs::symlink_metadata(&path).map_err(|problem| Error::file(&path, problem))?.is_dir() {
            true => files.extend(files_below(&path)?.into_iter().map(|file| format!("{name}/{file}"))),
            false => files.push(name),
        }
    }
    Ok(files)
}

/// Bytes in a folder; links count nothing.
fn size(folder: &Path) -> Result<u64> {
    let sizes = files_below(folder)?.into_iter().filter_map(|file| fs::symlink_metadata(folder.join(file)).ok());
    Ok(sizes.filter(|data| data.is_file()).map(|data| data.len()).sum())
}
