//! Opening files: standard input, decompression, byte count.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::compression::Codec;
use crate::error::{Error, ErrorKind, Result};
use crate::reader::Status;

/// Bytes of a document that is read whole.
const LIMIT: usize = 1 << 30;

/// An open file, decompressed. `-` is standard input. gzip and zstd are told by the first bytes.
pub(crate) struct Input {
    reader: Box<dyn Read + Send>,
    codec: Option<Codec>,
    file: PathBuf,
}

impl Input {
    pub(crate) fn open(path: &Path, status: &Arc<Status>) -> Result<Input> {
        if path == Path::new("-") {
            return Input::from_reader(path, io::stdin(), status);
        }
        let file = File::open(path).map_err(|error| Error::in_file(path, ErrorKind::Open(error)))?;
        Input::from_reader(path, file, status)
    }

    /// Reads from `reader`; `path` serves messages and tells which compression there should be.
    pub(crate) fn from_reader(path: &Path, reader: impl Read + Send + 'static, status: &Arc<Status>) -> Result<Input> {
        let mut reader = Counted { reader, status: Arc::clone(status) };
        let read_error = |error| Error::in_file(path, ErrorKind::Read(error));
        let mut magic = Vec::with_capacity(4);
        reader.by_ref().take(4).read_to_end(&mut magic).map_err(read_error)?;
        let codec = Codec::from_magic(&magic);
        if let Some(promised) = Codec::from_path(path)
            && codec != Some(promised)
        {
            return Err(Error::in_file(path, ErrorKind::NotCompressed { codec: promised.name() }));
        }
        let whole = Cursor::new(magic).chain(reader);
        let reader: Box<dyn Read + Send> = match codec {
            None => Box::new(whole),
            Some(Codec::Gzip) => {
                Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(1 << 16, whole)))
            }
            Some(Codec::Zstd) => Box::new(zstd::Decoder::new(whole).map_err(read_error)?),
        };
        Ok(Input { reader, codec, file: path.to_owned() })
    }

    /// The whole text, line ends and byte order mark as they are.
    pub(crate) fn read_text(mut self) -> Result<String> {
        let mut bytes = vec![0; 1 << 16];
        let mut length = 0;
        loop {
            if length == bytes.len() {
                if length > LIMIT {
                    return Err(Error::in_file(&self.file, ErrorKind::DocumentTooLong { limit: LIMIT }));
                }
                bytes.resize(2 * length, 0);
            }
            match self.read(&mut bytes[length..], 1)? {
                0 => break,
                count => length += count,
            }
        }
        bytes.truncate(length);
        String::from_utf8(bytes).map_err(|error| {
            let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = 1 + memchr::memchr_iter(b'\n', good).count() as u64;
            let byte = good.len() - memchr::memrchr(b'\n', good).map_or(0, |at| at + 1) + 1;
            Error::at_line(&self.file, line, ErrorKind::NotUtf8 { byte })
        })
    }

    /// The file's name.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Reads some bytes; 0 at the end. `line` serves the message.
    pub(crate) fn read(&mut self, buffer: &mut [u8], line: u64) -> Result<usize> {
        loop {
            match self.reader.read(buffer) {
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    let kind = match self.codec {
                        // The operating system's errors carry a number, the decoders' do not.
                        Some(codec) if source.raw_os_error().is_none() => {
                            ErrorKind::Damaged { codec: codec.name(), source }
                        }
                        _ => ErrorKind::Read(source),
                    };
                    return Err(Error::at_line(&self.file, line, kind));
                }
            }
        }
    }
}

struct Counted<R> {
    reader: R,
    status: Arc<Status>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.status.add_bytes(count);
        Ok(count)
    }
}
