//! Files that appear whole or not at all.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::write::GzEncoder;

use crate::compression::Codec;
use crate::error::{Error, ErrorKind, Result};
use crate::unfinished::{Part, sweep_beside};

/// A file that is written beside its place and moved there by [`finish`](Self::finish). Dropped before, it leaves
/// nothing behind; what a killed process left of the same file is removed when it is begun again.
///
/// The name tells the compression (`.gz`, `.zst`). `-` is standard output; what exists and is no regular file (a pipe,
/// `/dev/null`) is written to directly. A file that exists gives its permissions to the new one; one that may not be
/// written is refused. A link stays a link: the file it points at is replaced, or made.
pub struct Output {
    sink: Option<Sink>,
    place: Option<Part>,
    path: PathBuf,
    begun: bool,
}

enum Sink {
    Plain(BufWriter<Raw>),
    Gzip(GzEncoder<BufWriter<Raw>>),
    Zstd(zstd::Encoder<'static, BufWriter<Raw>>),
}

enum Raw {
    File(fs::File),
    Stdout(io::Stdout),
}

impl Output {
    /// Begins a file.
    ///
    /// # Errors
    /// Where the folder cannot be written to.
    pub fn create(path: &Path) -> Result<Output> {
        Output::open(path, true, true)
    }

    /// Begins a file whose bytes are compressed already, in a folder that its owner sweeps.
    pub(crate) fn create_as_is(path: &Path) -> Result<Output> {
        Output::open(path, false, false)
    }

    fn open(path: &Path, compress: bool, sweeps: bool) -> Result<Output> {
        let failed = |error| Error::in_file(path, ErrorKind::Open(error));
        if let Some(codec) = Codec::foreign_name(path).filter(|_| compress) {
            return Err(Error::in_file(path, ErrorKind::ForeignCompression { codec }));
        }
        let (raw, place, path) = if path == Path::new("-") {
            (Raw::Stdout(io::stdout()), None, path.to_owned())
        } else {
            match fs::metadata(path) {
                Ok(metadata) if metadata.is_dir() => {
                    return Err(failed(io::Error::from(io::ErrorKind::IsADirectory)));
                }
                Ok(metadata) if !metadata.is_file() => {
                    let file = fs::OpenOptions::new().write(true).open(path).map_err(failed)?;
                    (Raw::File(file), None, path.to_owned())
                }
                Ok(metadata) => {
                    let path = fs::canonicalize(path).map_err(failed)?;
                    writable(&path, &metadata).map_err(failed)?;
                    let (file, place) = Part::beside(&path).map_err(failed)?;
                    file.set_permissions(metadata.permissions()).map_err(failed)?;
                    (Raw::File(file), Some(place), path)
                }
                Err(_) => {
                    let path = target(path).map_err(failed)?;
                    let (file, place) = Part::beside(&path).map_err(failed)?;
                    (Raw::File(file), Some(place), path)
                }
            }
        };
        if sweeps && place.is_some() {
            sweep_beside(&path);
        }
        let buffered = BufWriter::with_capacity(1 << 17, raw);
        let sink = match Codec::from_path(&path).filter(|_| compress) {
            None => Sink::Plain(buffered),
            Some(Codec::Gzip) => Sink::Gzip(GzEncoder::new(buffered, flate2::Compression::default())),
            Some(Codec::Zstd) => {
                let mut encoder = zstd::Encoder::new(buffered, 0).map_err(failed)?;
                encoder.include_checksum(true).map_err(failed)?;
                Sink::Zstd(encoder)
            }
        };
        Ok(Output { sink: Some(sink), place, path, begun: false })
    }

    /// The file's name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes what is left and moves the file to its place.
    ///
    /// # Errors
    /// Where that fails; the place is then as it was before.
    pub fn finish(mut self) -> Result<()> {
        let closed = match self.sink.take() {
            None => Ok(()),
            Some(Sink::Plain(mut sink)) => sink.flush(),
            Some(Sink::Gzip(sink)) => sink.finish().and_then(|mut sink| sink.flush()),
            Some(Sink::Zstd(sink)) => sink.finish().and_then(|mut sink| sink.flush()),
        };
        closed.map_err(|error| self.failed(error))?;
        if let Some(place) = self.place.take() {
            place.persist(&self.path).map_err(|error| self.failed(error))?;
        }
        Ok(())
    }

    /// The error for a failed write.
    pub(crate) fn failed(&self, error: io::Error) -> Error {
        Error::in_file(&self.path, ErrorKind::Write(error))
    }

    /// Writes all bytes of a text. Readers pass over one byte order mark at the start of a file, so a text that itself
    /// begins with that character gets another one in front.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<()> {
        const MARK: &[u8] = "\u{feff}".as_bytes();
        let doubled = !self.begun && bytes.starts_with(MARK);
        self.begun |= !bytes.is_empty();
        let mark = if doubled { MARK } else { &[] };
        self.write_all(mark).and_then(|()| self.write_all(bytes)).map_err(|error| self.failed(error))
    }
}

/// Whether a file may be replaced: whoever may write to its folder could, whatever the file's own permissions say.
fn writable(path: &Path, metadata: &fs::Metadata) -> io::Result<()> {
    let allowed = match metadata.permissions().readonly() {
        true => Err(io::ErrorKind::PermissionDenied.into()),
        false => fs::OpenOptions::new().write(true).open(path).map(drop),
    };
    allowed.map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => {
            io::Error::new(error.kind(), "it may not be written to; write to another file, or change its permissions")
        }
        _ => error,
    })
}

/// Where a file that is not there is to be made: where the name points, if it is a link.
fn target(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    // As many as Linux follows.
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(to) => path = path.parent().unwrap_or(Path::new("")).join(to),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("the link points at itself"))
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.sink {
            None => Err(io::Error::from(io::ErrorKind::NotConnected)),
            Some(Sink::Plain(sink)) => sink.write(bytes),
            Some(Sink::Gzip(sink)) => sink.write(bytes),
            Some(Sink::Zstd(sink)) => sink.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.sink {
            None => Ok(()),
            Some(Sink::Plain(sink)) => sink.flush(),
            Some(Sink::Gzip(sink)) => sink.flush(),
            Some(Sink::Zstd(sink)) => sink.flush(),
        }
    }
}

impl Write for Raw {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Raw::File(file) => file.write(bytes),
            Raw::Stdout(stdout) => stdout.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Raw::File(file) => file.flush(),
            Raw::Stdout(stdout) => stdout.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::input::Input;

    #[test]
    fn a_file_appears_when_it_is_finished_and_only_then() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        fs::write(&path, "old").unwrap();
        let mut output = Output::create(&path).unwrap();
        output.put(b"new").unwrap();
        drop(output);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        let mut output = Output::create(&path).unwrap();
        output.put(b"new").unwrap();
        output.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn compression_by_name_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.txt.gz", "a.txt.zst"] {
            let path = folder.path().join(name);
            let mut output = Output::create(&path).unwrap();
            output.put(&b"line\n".repeat(1000)).unwrap();
            output.finish().unwrap();
            assert!(fs::metadata(&path).unwrap().len() < 200);
            let mut input = Input::open(&path, &Default::default()).unwrap();
            let mut text = vec![0; 6000];
            let mut length = 0;
            while let count @ 1.. = input.read(&mut text[length..], 1).unwrap() {
                length += count;
            }
            assert_eq!(text[..length], b"line\n".repeat(1000));
            // Cut off or renamed: an error, not half the text.
            let mut bytes = Vec::new();
            fs::File::open(&path).unwrap().read_to_end(&mut bytes).unwrap();
            fs::write(&path, &bytes[..bytes.len() - 5]).unwrap();
            let mut input = Input::open(&path, &Default::default()).unwrap();
            let result = loop {
                match input.read(&mut text, 1) {
                    Ok(0) => break Ok(()),
                    Ok(_) => {}
                    Err(error) => break Err(error.to_string()),
                }
            };
            assert!(result.unwrap_err().contains("damaged or cut off"), "{name}");
            fs::write(&path, "plain").unwrap();
            assert!(Input::open(&path, &Default::default()).is_err());
        }
    }

    #[test]
    fn a_missing_folder_is_an_error() {
        let error = Output::create(Path::new("no/such/folder/a.txt")).err().unwrap().to_string();
        assert_eq!(error, "no/such/folder/a.txt: cannot open");
        let error = Part::beside(Path::new("no/such/folder/a.txt")).unwrap_err().to_string();
        assert_eq!(error, "there is no folder no/such/folder");
    }

    #[cfg(unix)]
    #[test]
    fn permissions_and_links_stay() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        let write = |path: &Path| {
            let mut output = Output::create(path)?;
            output.put(b"new")?;
            output.finish()
        };
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        for wanted in [0o600, 0o640, 0o666] {
            fs::write(&path, "old").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(wanted)).unwrap();
            write(&path).unwrap();
            assert_eq!((mode(&path), fs::read_to_string(&path).unwrap().as_str()), (wanted, "new"));
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
        let error = write(&path).unwrap_err();
        assert!(std::error::Error::source(&error).unwrap().to_string().contains("may not be written"), "{error:?}");
        assert_eq!(mode(&path), 0o444);
        // A link to a file that is not there, by way of another link.
        let (link, second, file) =
            (folder.path().join("link"), folder.path().join("second"), folder.path().join("made.txt"));
        symlink("second", &link).unwrap();
        symlink(&file, &second).unwrap();
        write(&link).unwrap();
        assert!(link.is_symlink() && second.is_symlink() && file.is_file() && !file.is_symlink());
        let own = folder.path().join("own");
        symlink("own", &own).unwrap();
        assert!(write(&own).is_err() && own.is_symlink());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 5);
    }
}
