//! The run folder: what the stages have made, each file under the key of all that it depends on.

use std::fs::{self, File, Metadata};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rayon::prelude::*;
use tempfile::TempDir;
use xlner_core::Pair;
use xlner_formats::{Format, ReadOptions, Unfinished, compress_pairs, is_abandoned, read_pairs, sweep, write_pieces};

use super::{key::Key, pump::in_pool, seal};
use crate::{Error, Result};

/// A folder in which stages keep what they made: `<stage>/<key>.jsonl.zst`, written beside and renamed, so that a file that
/// is there is complete, and sealed, so that one that was damaged since is made again. Several processes may work in one
/// folder: none makes what another is making.
pub struct RunFolder {
    root: PathBuf,
    /// Held by everyone who works in the folder.
    _shared: File,
    _temporary: Option<Temporary>,
}

/// A folder that is gone when this is dropped.
struct Temporary {
    folder: TempDir,
    _unfinished: Unfinished,
    /// The lock of the folder itself, before there is one in it; `None` where folders cannot be locked.
    _lock: Option<File>,
}

impl Temporary {
    fn make(place: &Path) -> io::Result<Temporary> {
        loop {
            let make = || tempfile::Builder::new().prefix(TEMPORARY).tempdir_in(place);
            let (folder, unfinished) = Unfinished::new(make, TempDir::path)?;
            let lock = File::open(folder.path()).ok().filter(|lock| lock.lock().is_ok());
            // Between its making and the lock another process may have swept it.
            if folder.path().exists() {
                return Ok(Temporary { folder, _unfinished: unfinished, _lock: lock });
            }
        }
    }
}

/// First letters of a temporary run folder's name.
const TEMPORARY: &str = "xlner-run-";
/// What the lock of a run folder holds: the sign that xlner made the folder.
const MARK: &[u8] = b"xlner run folder\n";

impl RunFolder {
    /// Opens a folder, and makes it where it is not there.
    ///
    /// # Errors
    /// Where that cannot be done.
    pub fn open(root: &Path) -> Result<RunFolder> {
        let open = || {
            fs::create_dir_all(root)?;
            sweep_stages(root)?;
            let mut lock =
                File::options().create(true).truncate(false).read(true).write(true).open(root.join("lock"))?;
            lock.lock_shared().or_else(unsupported)?;
            if lock.metadata()?.len() == 0 {
                lock.write_all(MARK)?;
            }
            Ok(lock)
        };
        let lock = open().map_err(|problem| Error::File { path: root.to_owned(), problem })?;
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
        let place = std::env::temp_dir();
        sweep_temporary(&place);
        let temporary = Temporary::make(&place).map_err(|problem| Error::File { path: place.clone(), problem })?;
        let folder = RunFolder::open(temporary.folder.path())?;
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

    /// Makes the file of a key unless it is there and whole; while one process makes it, others wait. Says whether it was
    /// made.
    ///
    /// # Errors
    /// Those of `make`, and where the folder cannot be written to.
    pub fn keep(&self, stage: &str, key: Key, extension: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<bool> {
        let path = self.path(stage, key, extension);
        if whole(&path) {
            return Ok(false);
        }
        let folder = self.root.join(stage);
        // The root is there; once an interrupted process has removed it, it must not come back.
        match fs::create_dir(&folder) {
            Err(problem) if problem.kind() != io::ErrorKind::AlreadyExists => {
                return Err(Error::File { path: folder, problem });
            }
            _ => {}
        }
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

    /// Keeps pairs, sealed.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub(crate) fn save(path: &Path, pairs: &[Pair]) -> Result<()> {
        let pieces = in_pool(|| match pairs {
            // A file that is there is not empty.
            [] => Ok(vec![compress_pairs(path, pairs)?]),
            _ => pairs
                .par_chunks(PIECE)
                .map(|pairs| compress_pairs(path, pairs))
                .collect::<xlner_formats::Result<Vec<_>>>(),
        });
        let mut pieces = pieces?;
        pieces.push(seal::frame(pairs.len(), &pieces));
        Ok(write_pieces(path, &pieces)?)
    }

    /// Reads the pairs that a stage has kept.
    ///
    /// # Errors
    /// Where the file is damaged; says to delete it.
    pub(crate) fn load(&self, stage: &str, key: Key) -> Result<Vec<Pair>> {
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

/// Whether a file is there as it was written. Pairs carry a seal; models have a checksum of their own; and of every file an
/// empty one lost its content with the power.
fn whole(path: &Path) -> bool {
    let pairs = path.to_str().is_some_and(|name| name.ends_with(PAIRS));
    match pairs {
        true => seal::holds(path),
        false => fs::metadata(path).is_ok_and(|file| file.len() > 0),
    }
}

/// File systems without locks are worked on without them; then two processes may make the same file, which is the same.
fn unsupported(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::Unsupported { Ok(()) } else { Err(error) }
}

/// Removes files that killed processes never finished: those of the stages, and, in the folders of an experiment, of its
/// commands.
fn sweep_stages(root: &Path) -> io::Result<()> {
    for stage in fs::read_dir(root)? {
        let stage = stage?.path();
        if !stage.is_dir() || stage.is_symlink() {
            continue;
        }
        sweep(&stage, |name| name.split('.').next().is_some_and(Key::is_name))?;
        for folder in fs::read_dir(&stage)? {
            let folder = folder?;
            if folder.file_name().to_str().is_some_and(Key::is_name) && folder.file_type()?.is_dir() {
                sweep(&folder.path(), |_| true)?;
            }
        }
    }
    Ok(())
}

/// Removes temporary run folders of processes that were killed: those of this user that bear the mark and that nobody works
/// in. What cannot be looked at or removed stays.
fn sweep_temporary(place: &Path) {
    for folder in fs::read_dir(place).into_iter().flatten().flatten() {
        let ours = folder.file_name().to_str().is_some_and(|name| name.starts_with(TEMPORARY));
        let Some(metadata) = folder.metadata().ok().filter(|metadata| ours && metadata.is_dir()) else { continue };
        let old = metadata.modified().is_ok_and(|then| then.elapsed().is_ok_and(|age| age > BEGINNING));
        let path = folder.path();
        // Held until the folder is removed, so that its maker, if it is just about to lock it, sees that it is gone.
        let own = File::open(&path);
        let left = own.as_ref().is_ok_and(|own| is_abandoned(own).unwrap_or(false)) || own.is_err() && old;
        match marked(&path.join("lock")) {
            // The mark is written under the lock: where there is none yet, a process may be about to take it.
            Some((lock, complete))
                if (complete || left) && is_mine(&metadata, &lock) && is_abandoned(&lock).unwrap_or(false) =>
            {
                let _ = fs::remove_dir_all(&path);
            }
            // Only an empty folder can be removed so.
            None if left => drop(fs::remove_dir(&path)),
            _ => {}
        }
    }
}

/// Time that a process is given to put a lock into its folder, and the mark into the lock, where folders themselves cannot be
/// locked.
const BEGINNING: Duration = Duration::from_secs(60);

/// The lock of a run folder, if it is one, and whether its mark is written.
fn marked(lock: &Path) -> Option<(File, bool)> {
    let file = File::options().read(true).write(true).open(lock).ok()?;
    let mut mark = Vec::new();
    (&file).take(MARK.len() as u64 + 1).read_to_end(&mut mark).ok()?;
    (mark == MARK || mark.is_empty()).then_some((file, !mark.is_empty()))
}

/// Whether a folder and its lock are of one owner; only the owner can have opened the lock for writing.
fn is_mine(folder: &Metadata, lock: &File) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        lock.metadata().is_ok_and(|lock| lock.uid() == folder.uid())
    }
    #[cfg(not(unix))]
    {
        let _ = (folder, lock);
        true
    }
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
        assert!(!whole(&path));
        let cell = root.path().join("cells").join(key.to_string());
        fs::create_dir_all(&cell).unwrap();
        let rubbish = [
            path.with_file_name(format!(".{key}.jsonl.zst.Ab12Cd.xlner.part")),
            cell.join(".predicted.conll.Ab12Cd.xlner.part"),
        ];
        // What somebody else keeps in a folder that was named by mistake.
        let others =
            [".movie.mkv.part", ".movie.mkv.Ab12Cd.xlner.part", ".x.abcdef.part"].map(|name| path.with_file_name(name));
        for file in rubbish.iter().chain(&others) {
            fs::write(file, "half").unwrap();
        }
        // Whoever writes a file holds its lock, be it in this process.
        let lock = File::open(&rubbish[0]).unwrap();
        lock.lock().unwrap();
        RunFolder::open(root.path()).unwrap();
        assert!(rubbish[0].exists() && !rubbish[1].exists());
        drop(lock);
        RunFolder::open(root.path()).unwrap();
        assert!(!rubbish[0].exists() && others.iter().all(|file| file.exists()));
    }

    #[test]
    fn temporary_folders_of_killed_processes_are_removed() {
        let place = tempfile::tempdir().unwrap();
        let make = |name: &str, mark: &[u8]| {
            let folder = place.path().join(name);
            fs::create_dir_all(folder.join("tag")).unwrap();
            fs::write(folder.join("lock"), mark).unwrap();
            folder
        };
        let killed = make("xlner-run-aaaaaa", MARK);
        let used = make("xlner-run-bbbbbb", MARK);
        let (other, elsewhere) = (make("xlner-run-cccccc", b"4711\n"), make("run-dddddd", MARK));
        let unlocked = place.path().join("xlner-run-eeeeee");
        fs::create_dir(&unlocked).unwrap();
        // A process that was just begun has the folder itself, and no lock in it yet.
        let begun = File::open(&unlocked).unwrap();
        begun.lock().unwrap();
        let folder = RunFolder::open(&used).unwrap();
        sweep_temporary(place.path());
        assert!(!killed.exists() && [&used, &other, &elsewhere, &unlocked].into_iter().all(|path| path.exists()));
        drop((folder, begun));
        sweep_temporary(place.path());
        assert!(!used.exists() && !unlocked.exists());
        let temporary = RunFolder::open_or_temporary(None).unwrap();
        let root = temporary.root().to_owned();
        assert!(fs::read(root.join("lock")).unwrap() == MARK);
        drop(temporary);
        assert!(!root.exists());
    }

    #[test]
    fn a_failure_leaves_nothing_and_damage_is_mended() {
        let root = tempfile::tempdir().unwrap();
        let folder = RunFolder::open(root.path()).unwrap();
        let key = Key::of("tag").key();
        let refuse = |_: &Path| Err(Error::Options("no".into()));
        assert!(folder.keep("tag", key, PAIRS, refuse).is_err() && !whole(&folder.path("tag", key, PAIRS)));
        let keep = || folder.keep("tag", key, PAIRS, |path| RunFolder::save(path, &pairs())).unwrap();
        assert!(keep());
        let path = folder.path("tag", key, PAIRS);
        let bytes = fs::read(&path).unwrap();
        for cut in 0..bytes.len() {
            fs::write(&path, &bytes[..cut]).unwrap();
            assert!(keep() && fs::read(&path).unwrap() == bytes);
        }
        assert!(!keep());
        // Damaged between the look and the reading.
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert!(folder.load("tag", key).unwrap_err().to_string().contains("delete it"));
    }
}
