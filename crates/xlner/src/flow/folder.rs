//! The run folder: what the stages have made, each file under the key of all that it depends on.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use tempfile::TempDir;
use xlner_core::Pair;
use xlner_formats::{Format, ReadOptions, compress_pairs, read_pairs, write_pieces};

use super::key::Key;
use crate::stream::in_pool;
use crate::{Error, Result};

/// A folder in which stages keep what they made: `<stage>/<key>.jsonl.zst`, written beside and renamed, so that a file that
/// is there is whole. Several processes may work in one folder: none makes what another is making.
pub(crate) struct RunFolder {
    root: PathBuf,
    /// Held by everyone who works in the folder.
    _shared: File,
    _temporary: Option<TempDir>,
}

impl RunFolder {
    /// Opens a folder, and makes it where it is not there.
    ///
    /// # Errors
    /// Where that cannot be done.
    pub fn open(root: &Path) -> Result<RunFolder> {
        fs::create_dir_all(root).map_err(|problem| Error::File { path: root.to_owned(), problem })?;
        let path = root.join("lock");
        let failed = |problem| Error::File { path: path.clone(), problem };
        let lock = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        match lock.try_lock() {
            // Nobody else is here: what a killed process had begun to write is rubbish.
            Ok(()) => {
                sweep(root).map_err(|problem| Error::File { path: root.to_owned(), problem })?;
                lock.unlock().map_err(failed)?;
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => unsupported(error).map_err(failed)?,
        }
        lock.lock_shared().or_else(unsupported).map_err(failed)?;
        Ok(RunFolder { root: root.to_owned(), _shared: lock, _temporary: None })
    }

    /// The folder that is given, or one that is gone when it is dropped.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn open_or_temporary(root: Option<&Path>) -> Result<RunFolder> {
        if let Some(root) = root {
            return RunFolder::open(root);
        }
        let temporary = tempfile::Builder::new().prefix("xlner-run-").tempdir();
        let temporary = temporary.map_err(|problem| Error::File { path: std::env::temp_dir(), problem })?;
        let folder = RunFolder::open(temporary.path())?;
        Ok(RunFolder { _temporary: Some(temporary), ..folder })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a stage keeps the file of a key.
    pub fn path(&self, stage: &str, key: Key, extension: &str) -> PathBuf {
        self.root.join(stage).join(format!("{key}.{extension}"))
    }

    /// Makes the file of a key unless it is there; while one process makes it, others wait. Says whether it was made.
    ///
    /// # Errors
    /// Those of `make`, and where the folder cannot be written to.
    pub fn keep(&self, stage: &str, key: Key, extension: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<bool> {
        let path = self.path(stage, key, extension);
        if whole(&path) {
            return Ok(false);
        }
        let folder = self.root.join(stage);
        fs::create_dir_all(&folder).map_err(|problem| Error::File { path: folder.clone(), problem })?;
        // A lock of its own for every key would leave as many files behind.
        let lock_path = folder.join(format!("lock-{}", &key.to_string()[..2]));
        let failed = |problem| Error::File { path: lock_path.clone(), problem };
        let lock = File::options().create(true).truncate(false).write(true).open(&lock_path).map_err(failed)?;
        lock.lock().or_else(unsupported).map_err(failed)?;
        if whole(&path) {
            return Ok(false);
        }
        make(&path).map(|()| true)
    }

    /// Keeps pairs.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn save(path: &Path, pairs: &[Pair]) -> Result<()> {
        let pieces = in_pool(|| match pairs {
            // A file that is there is not empty.
            [] => Ok(vec![compress_pairs(path, pairs)?]),
            _ => pairs
                .par_chunks(PIECE)
                .map(|pairs| compress_pairs(path, pairs))
                .collect::<xlner_formats::Result<Vec<_>>>(),
        });
        Ok(write_pieces(path, &pieces?)?)
    }

    /// Reads the pairs that a stage has kept.
    ///
    /// # Errors
    /// Where the file is damaged; says to delete it.
    pub fn load(&self, stage: &str, key: Key) -> Result<Vec<Pair>> {
        let path = self.path(stage, key, PAIRS);
        let options = ReadOptions { format: Some(Format::Jsonl), ..ReadOptions::default() };
        let read = || read_pairs(&path, &options)?.collect::<std::result::Result<Vec<_>, _>>();
        in_pool(read).map_err(|problem| Error::Kept { path: path.clone(), problem })
    }
}

/// Pairs that a thread serialises and compresses at a time; of one length, so that the bytes depend on the pairs alone.
const PIECE: usize = 500;

/// Extension of kept pairs.
pub(crate) const PAIRS: &str = "jsonl.zst";

/// Whether a file is there and not empty: one that is, lost its content with the power.
fn whole(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.len() > 0)
}

/// File systems without locks are worked on without them; then two processes may make the same file, which is the same.
fn unsupported(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::Unsupported { Ok(()) } else { Err(error) }
}

/// Removes files that were never finished.
fn sweep(root: &Path) -> io::Result<()> {
    for stage in fs::read_dir(root)? {
        let stage = stage?.path();
        if stage.is_dir() {
            for file in fs::read_dir(&stage)? {
                let file = file?.path();
                let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                if name.starts_with('.') && name.ends_with(".part") {
                    fs::remove_file(&file)?;
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs() -> Vec<Pair> {
        ["a", "b"].map(|id| Pair { id: id.into(), ..Pair::default() }).into()
    }

    #[test]
    fn what_is_kept_is_made_once_and_found_again() {
        let root = tempfile::tempdir().unwrap();
        let key = Key::of("tag").key();
        for (first, folder) in [(true, root.path().join("run")), (false, root.path().join("run"))] {
            let folder = RunFolder::open(&folder).unwrap();
            assert_eq!(whole(&folder.path("tag", key, PAIRS)), !first);
            assert_eq!(folder.keep("tag", key, PAIRS, |path| RunFolder::save(path, &pairs())).unwrap(), first);
            assert_eq!(folder.load("tag", key).unwrap(), pairs());
        }
    }

    #[test]
    fn what_was_not_finished_is_not_there() {
        let root = tempfile::tempdir().unwrap();
        let key = Key::of("tag").key();
        let folder = RunFolder::open(root.path()).unwrap();
        let path = folder.path("tag", key, PAIRS);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "").unwrap();
        let rubbish = path.with_file_name(".x.abc.part");
        fs::write(&rubbish, "half").unwrap();
        // Somebody is here: it may be in use.
        drop(RunFolder::open(root.path()).unwrap());
        assert!(rubbish.exists() && !whole(&path));
        drop(folder);
        RunFolder::open(root.path()).unwrap();
        assert!(!rubbish.exists());
    }

    #[test]
    fn a_failure_leaves_nothing_and_damage_is_named() {
        let root = tempfile::tempdir().unwrap();
        let folder = RunFolder::open(root.path()).unwrap();
        let key = Key::of("tag").key();
        let refuse = |_: &Path| Err(Error::Options("no".into()));
        assert!(folder.keep("tag", key, PAIRS, refuse).is_err() && !whole(&folder.path("tag", key, PAIRS)));
        folder.keep("tag", key, PAIRS, |path| RunFolder::save(path, &pairs())).unwrap();
        let path = folder.path("tag", key, PAIRS);
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes.truncate(middle);
        fs::write(&path, bytes).unwrap();
        assert!(folder.load("tag", key).unwrap_err().to_string().contains("delete it"));
    }
}
