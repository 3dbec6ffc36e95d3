//! What a process is still writing: files and folders that must not outlive it.
//!
//! A file in the making stands beside its place as `.NAME.RANDOM.xlner.part` and is locked by the process that writes it. So
//! three things hold: a process that is told to end can remove its own ([`remove_unfinished`]); the next process finds what
//! a killed one left, because the lock is gone, and removes it ([`sweep`]); and nobody else's file is ever touched.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::{NamedTempFile, TempPath};

/// Times that a folder is tried to be removed.
const REMOVALS: usize = 1000;
const SUFFIX: &str = ".xlner.part";
/// Bytes of random letters between name and suffix.
const RANDOM: usize = 6;
/// Longest part of a name that is kept, in bytes: file systems take 255 for the whole.
const LONGEST: usize = 200;

static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn register() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file or folder that is removed by [`remove_unfinished`] while this value lives.
#[derive(Debug)]
pub struct Unfinished(PathBuf);

impl Unfinished {
    /// Makes something, and registers it in the same breath.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn new<T>(make: impl FnOnce() -> io::Result<T>, path: impl FnOnce(&T) -> &Path) -> io::Result<(T, Unfinished)> {
        let mut register = register();
        let made = make()?;
        let path = path(&made).to_owned();
        register.insert(path.clone());
        Ok((made, Unfinished(path)))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        register().remove(&self.0);
    }
}

/// Removes all that is unfinished, for a process that ends at once. From here on no file of this crate is begun or finished:
/// threads that try wait for ever. End the process right after.
///
/// Returns how many files and folders that were.
pub fn remove_unfinished() -> usize {
    let register = register();
    for path in &*register {
        // What cannot be removed is swept at the next start.
        let _ = if path.is_dir() { remove_folder(path) } else { fs::remove_file(path) };
    }
    let count = register.len();
    std::mem::forget(register);
    count
}

/// Removes a folder into which other threads may still be putting something: then it is not empty when its turn comes.
fn remove_folder(path: &Path) -> io::Result<()> {
    for _ in 0..REMOVALS {
        match fs::remove_dir_all(path) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => std::thread::yield_now(),
            result => return result,
        }
    }
    fs::remove_dir_all(path)
}

/// A file in the making: removed where it is dropped before [`persist`](Part::persist).
#[derive(Debug)]
pub(crate) struct Part {
    // Dropped, and so removed, before it leaves the register.
    path: TempPath,
    _unfinished: Unfinished,
}

impl Part {
    /// Begins a file in the folder of `path`, hidden and locked, with the permissions of any new file.
    pub(crate) fn beside(path: &Path) -> io::Result<(File, Part)> {
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let mut name = OsString::from(".");
        name.push(shortened(path));
        name.push(".");
        let mut builder = tempfile::Builder::new();
        builder.prefix(&name).suffix(SUFFIX).rand_bytes(RANDOM);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let make = || loop {
            let file = builder.tempfile_in(folder)?;
            // File systems without locks are worked on without them: there nothing is swept either.
            file.as_file().lock().or_else(unsupported)?;
            // Between its making and the lock another process may have swept it.
            if fs::symlink_metadata(file.path()).is_ok() {
                return Ok(file);
            }
        };
        // The error tells the name of the new file, which nobody gave.
        let (file, unfinished) = Unfinished::new(make, NamedTempFile::path).map_err(|error| {
            let text = match folder.is_dir() {
                true => format!("no file can be made in {}: {}", folder.display(), error.kind()),
                false => format!("there is no folder {}", folder.display()),
            };
            io::Error::new(error.kind(), text)
        })?;
        let (file, path) = file.into_parts();
        Ok((file, Part { path, _unfinished: unfinished }))
    }

    /// Moves the file to its place.
    pub(crate) fn persist(self, place: &Path) -> io::Result<()> {
        let Part { path, _unfinished: unfinished } = self;
        let mut register = register();
        let moved = path.persist(place).map_err(|error| error.error);
        register.remove(&unfinished.0);
        drop(register);
        moved
    }
}

/// Removes files in a folder that a killed process left in the making, where `of` says so of the name of the file that each
/// was to become (the first 200 bytes of it). What a living process writes stays, and what is not xlner's.
///
/// # Errors
/// Where the folder cannot be read.
pub fn sweep(folder: &Path, of: impl Fn(&str) -> bool) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).and_then(becomes);
        if name.is_some_and(&of) && fs::symlink_metadata(&path).is_ok_and(|file| file.is_file()) {
            // One that cannot be opened or removed is not ours to remove.
            if let Ok(file) = File::options().write(true).open(&path)
                && file.try_lock().is_ok()
            {
                let _ = fs::remove_file(&path);
            }
        }
    }
    Ok(())
}

/// Removes what a killed process left of the file at `path`.
pub(crate) fn sweep_beside(path: &Path) {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let name = shortened(path);
    // A folder that cannot be listed can still be written to.
    let _ = sweep(folder, |of| of == name);
}

/// The name of a file as it stands in that of its part.
fn shortened(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let end = (0..=name.len().min(LONGEST)).rev().find(|&end| name.is_char_boundary(end)).unwrap_or(0);
    name[..end].to_owned()
}

/// The name of the file that a part is to become.
fn becomes(part: &str) -> Option<&str> {
    let name = part.strip_prefix('.')?.strip_suffix(SUFFIX)?;
    let (name, random) = name.rsplit_once('.')?;
    (random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(name)
}

/// Whether a lock can be had: `false` where somebody holds it.
///
/// # Errors
/// Where the file system knows no locks, too.
pub fn is_abandoned(lock: &File) -> io::Result<bool> {
    match lock.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn unsupported(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::Unsupported { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_use_or_not_ours_stays() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("out.conll");
        let (file, part) = Part::beside(&place).unwrap();
        let ours: PathBuf = part.path.to_path_buf();
        let strangers =
            [".movie.mkv.part", ".out.conll.abc.part", ".out.conll.abcdef.part", "out.conll.abcdef.xlner.part"];
        for name in strangers.into_iter().chain([".other.abcdef.xlner.part", ".out.conll.Ab12Cd.xlner.part"]) {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        sweep_beside(&place);
        let left = |name: &str| folder.path().join(name).exists();
        assert!(ours.exists() && strangers.into_iter().all(left) && left(".other.abcdef.xlner.part"));
        assert!(!left(".out.conll.Ab12Cd.xlner.part"));
        // Its process is gone.
        std::mem::forget(part);
        drop(file);
        sweep_beside(&place);
        assert!(!ours.exists());
    }

    #[test]
    fn a_folder_that_is_still_written_to_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        for round in 0..5 {
            let folder = parent.path().join(round.to_string());
            fs::create_dir(&folder).unwrap();
            std::thread::scope(|scope| {
                // As a stage does it: into the folder, never the folder itself.
                scope.spawn(|| {
                    (0..300).take_while(|stage| fs::create_dir(folder.join(stage.to_string())).is_ok()).count()
                });
                scope.spawn(|| remove_folder(&folder).unwrap());
            });
            assert!(!folder.exists());
        }
    }

    #[test]
    fn long_names_have_parts_too() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["x".repeat(255), "ü".repeat(127), ".".repeat(200)] {
            let place = folder.path().join(&name);
            let (_, part) = Part::beside(&place).unwrap();
            assert_eq!(becomes(part.path.file_name().unwrap().to_str().unwrap()), Some(&*shortened(&place)));
            part.persist(&place).unwrap();
            assert!(place.exists());
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
