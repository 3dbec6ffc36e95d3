//! Bringing a model into the cache.

use std::fs;
use std::path::{Path, PathBuf};

use super::client::{Client, Remote};
use super::name::{self, Name};
use super::verify::Checksum;
use super::{Hub, PullListener, PullProgress, files, lock};
use crate::{Error, Result};

/// Times that a file is pulled whose checksum does not fit: what was broken off earlier may have been of something else.
const ROUNDS: u32 = 2;

pub(super) fn pull(hub: &Hub, name: &Name, revision: &str, listener: PullListener<'_>) -> Result<PathBuf> {
    let client = Client::of_model(hub, name);
    let listing = client.listing(name, revision)?;
    if !name::is_commit(&listing.commit) {
        return Err(client.error(format!("it names no commit for {name} (revision {revision}); try again later")));
    }
    let all: Vec<&str> = listing.files.iter().map(|file| file.name.as_str()).collect();
    let needed = files::needed(&all).map_err(|problem| client.error(format!("{name} cannot be used: {problem}")))?;
    let needed: Vec<&Remote> = listing.files.iter().filter(|file| needed.contains(&file.name.as_str())).collect();
    let total = needed.iter().filter_map(|file| file.size).sum();

    let place = hub.place(name);
    let snapshot = place.join("snapshots").join(&listing.commit);
    create(&place.join("blobs"))?;
    create(&snapshot)?;
    let mut before = 0;
    for file in needed {
        let (Some(size), Some(checksum)) = (file.size, file.checksum()) else {
            return Err(
                client.error(format!("it gives no size or checksum of {} of {name}; try again later", file.name))
            );
        };
        let blob = place.join("blobs").join(checksum.blob());
        let url = format!("{}/{name}/resolve/{}/{}", hub.endpoint, listing.commit, file.name);
        let mut heard = |there| listener(PullProgress { file: file.name.clone(), done: before + there, total });
        let _lock = lock(&hub.cache.join(".locks").join(name.folder()), checksum.blob())?;
        if fs::metadata(&blob).is_ok_and(|data| data.len() == size) {
            heard(size);
        } else {
            fetch(&client, &url, &format!("{} of {name}", file.name), &blob, size, &checksum, &mut heard)?;
        }
        link(&blob, checksum.blob(), &snapshot.join(&file.name))?;
        before += size;
    }
    if revision != listing.commit {
        let file = place.join("refs").join(revision);
        create(file.parent().unwrap_or(&place))?;
        beside(&file, |path| fs::write(path, &listing.commit))?;
    }
    Ok(snapshot)
}

/// A blob, from the network; it has its name only when it is whole and checked.
pub(super) fn fetch(
    client: &Client<'_>,
    url: &str,
    what: &str,
    blob: &Path,
    size: u64,
    checksum: &Checksum,
    listener: &mut dyn FnMut(u64),
) -> Result<()> {
    let partial = blob.with_extension("incomplete");
    for _ in 0..ROUNDS {
        client.download(url, what, &partial, size, listener)?;
        if checksum.fits(&partial).map_err(|problem| Error::file(&partial, problem))? {
            return fs::rename(&partial, blob).map_err(|problem| Error::file(blob, problem));
        }
        fs::remove_file(&partial).map_err(|problem| Error::file(&partial, problem))?;
    }
    Err(client.error(format!("{what} does not have the checksum it says, {ROUNDS} times; try again later")))
}

/// The file of a snapshot: a link to the blob, or, where there are none, its content.
fn link(blob: &Path, name: &str, file: &Path) -> Result<()> {
    beside(file, |path| {
        #[cfg(unix)]
        {
            let _ = blob;
            std::os::unix::fs::symlink(Path::new("../../blobs").join(name), path)
        }
        #[cfg(not(unix))]
        {
            let _ = name;
            fs::hard_link(blob, path).or_else(|_| fs::copy(blob, path).map(drop))
        }
    })
}

/// Makes a file beside its place, then moves it there.
fn beside(file: &Path, make: impl FnOnce(&Path) -> std::io::Result<()>) -> Result<()> {
    let mut path = file.as_os_str().to_owned();
    path.push(format!(".{}.new", std::process::id()));
    let path = PathBuf::from(path);
    let made = make(&path).and_then(|()| fs::rename(&path, file));
    made.map_err(|problem| {
        fs::remove_file(&path).ok();
        Error::file(file, problem)
    })
}

fn create(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|problem| Error::file(folder, problem))
}
