//! Opening files: standard input, decompression, byte count.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::compression::Codec;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::reader::Status;

/// The longest window of zstd's format, 2³¹ bytes, as a power of two. Memory follows what was decompressed, not the window.
const LONGEST_WINDOW: u32 = if cfg!(target_pointer_width = "64") { 31 } else { 30 };

/// An open file, decompressed. `-` is standard input. gzip and zstd are told by the first bytes.
pub(crate) struct Input {
    reader: Box<dyn Read + Send>,
    codec: Option<Codec>,
    file: PathBuf,
    status: Arc<Status>,
    /// Bytes that [`read_text`](Self::read_text) reads at most.
    limit: usize,
}

/// What a file is that begins with these bytes, where it holds text in a form that is not read, and what to do.
fn document(magic: &[u8]) -> Option<(&'static str, &'static str)> {
    match magic {
        b"%PDF" => Some(("PDF", "take the text out of it, one sentence a line (.txt)")),
        b"{\\rt" => Some(("RTF", "save its text, one sentence a line, as UTF-8 (.txt)")),
        [0xd0, 0xcf, 0x11, 0xe0] => Some(("documents of Word and Excel", "save its text, one sentence a line (.txt)")),
        _ => None,
    }
}

impl Input {
    pub(crate) fn open(path: &Path, status: &Arc<Status>) -> Result<Input> {
        if path == Path::new("-") {
            return Input::from_reader(path, io::stdin(), status);
        }
        if path.is_dir() {
            return Err(Error::folder(path));
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
        if let Some(codec) = Codec::foreign(&magic) {
            return Err(Error::in_file(path, ErrorKind::ForeignCompression { codec }));
        }
        if let Some((what, cure)) = document(&magic) {
            return Err(Error::in_file(path, ErrorKind::Foreign { what, cure }));
        }
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
            Some(Codec::Zstd) => {
                let mut decoder = zstd::Decoder::new(whole).map_err(read_error)?;
                decoder.window_log_max(LONGEST_WINDOW).map_err(read_error)?;
                Box::new(decoder)
            }
        };
        Ok(Input { reader, codec, file: path.to_owned(), status: Arc::clone(status), limit: status.limits.document() })
    }

    /// The whole text, line ends and byte order mark as they are.
    pub(crate) fn read_text(mut self) -> Result<String> {
        let mut bytes = vec![0; 1 << 16];
        let mut length = 0;
        loop {
            if length == bytes.len() {
                // One byte more than allowed shows that there is more.
                bytes.resize((2 * length).min(self.limit + 1), 0);
            }
            match self.read(&mut bytes[length..], 1)? {
                0 => break,
                count => length += count,
            }
            if length > self.limit {
                return Err(Error::in_file(&self.file, ErrorKind::TooLong { what: "a document", limit: self.limit }));
            }
        }
        bytes.truncate(length);
        String::from_utf8(bytes).map_err(|error| {
            let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let ends = memchr::memchr2_iter(b'\n', b'\r', good).filter(|&at| !good[at..].starts_with(b"\r\n"));
            let byte = good.len() - memchr::memrchr2(b'\n', b'\r', good).map_or(0, |at| at + 1) + 1;
            Error::at_line(&self.file, 1 + ends.count() as u64, ErrorKind::NotUtf8 { byte })
        })
    }

    /// What may be read of it at once.
    pub(crate) fn limits(&self) -> Limits {
        self.status.limits
    }

    /// The file's name.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// See [`Status::set_empty`].
    pub(crate) fn set_empty(&self) {
        self.status.set_empty();
    }

    /// Reads some bytes; 0 at the end. `line` serves the message.
    pub(crate) fn read(&mut self, buffer: &mut [u8], line: u64) -> Result<usize> {
        loop {
            match self.reader.read(buffer) {
                Ok(count) => {
                    self.status.look(&buffer[..count]);
                    return Ok(count);
                }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn input(bytes: impl AsRef<[u8]> + Send + 'static) -> Input {
        Input::from_reader(Path::new("t"), Cursor::new(bytes), &Arc::default()).unwrap()
    }

    #[test]
    fn a_document_may_have_as_many_bytes_as_the_limit_says_and_no_more() {
        for (limit, fits) in [(100_000, true), (99_999, false), (65_536, false)] {
            let mut input = input("x".repeat(100_000));
            input.limit = limit;
            let read = input.read_text();
            assert_eq!(read.is_ok(), fits, "{limit}");
            if let Err(error) = read {
                assert!(error.to_string().contains(&format!("a document of more than {limit} bytes")), "{error}");
            }
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_named_by_line_and_place() {
        for text in [&b"a\nb\n..\xff"[..], b"a\rb\r..\xff", b"a\r\nb\r\n..\xff"] {
            let error = input(text).read_text().unwrap_err().to_string();
            assert!(error.starts_with("t, line 3: byte 3 of the line is not UTF-8"), "{error}");
        }
    }

    #[test]
    fn a_long_window_of_zstd_is_read() {
        let text = "mto na ziwa ".repeat(1000);
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.set_pledged_src_size(None).unwrap();
        encoder.window_log(30).unwrap();
        io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
        let bytes = encoder.finish().unwrap();
        assert_eq!(input(bytes.clone()).read_text().unwrap(), text);
        let cut = input(bytes[..bytes.len() / 2].to_vec()).read_text().unwrap_err().to_string();
        assert!(cut.contains("damaged or cut off"), "{cut}");
    }
}
