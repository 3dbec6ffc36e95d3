//! Small texts that people write: job files, plans, weights, guidelines.

use std::io::{self, Read as _};
use std::path::Path;

/// Bytes that such a text may have.
const LIMIT: u64 = 16 << 20;

/// Reads a text file of at most 16 MB whole: without a byte order mark, and with LF at the ends of its lines, whichever of LF,
/// CRLF and CR the file has.
///
/// # Errors
/// Where it cannot be read, is longer, or is not UTF-8.
pub fn read_small_text(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LIMIT {
        return Err(io::Error::other(format!("it has more than {LIMIT} bytes; is this the right file?")));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
        io::Error::other(format!("line {line} is not UTF-8; convert the file first (`iconv -f ENCODING -t UTF-8`)"))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_one_and_what_is_too_much_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        for text in ["a = 1\nb = 2\n", "a = 1\rb = 2\r", "\u{feff}a = 1\r\nb = 2\r\n"] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(read_small_text(&path).unwrap(), "a = 1\nb = 2\n");
        }
        std::fs::write(&path, b"a\nb\xff").unwrap();
        assert!(read_small_text(&path).unwrap_err().to_string().contains("line 2 is not UTF-8"));
        let long = std::fs::File::create(&path).unwrap();
        long.set_len(LIMIT).unwrap();
        assert!(read_small_text(&path).is_ok());
        long.set_len(LIMIT + 1).unwrap();
        assert!(read_small_text(&path).unwrap_err().to_string().contains("more than 16777216 bytes"));
    }
}
