//! Records serialised and compressed piece by piece, so that several threads can do it.

use std::io::Write as _;
use std::path::Path;

use xlner_core::Pair;

use crate::Output;
use crate::error::{Error, ErrorKind, Result};

/// Pairs as records, one a line, compressed by zstd. Such pieces one after another are a `.jsonl.zst` file.
///
/// # Errors
/// Where that fails, named after `path`.
pub fn compress_pairs(path: &Path, pairs: &[Pair]) -> Result<Vec<u8>> {
    let compress = || {
        let mut encoder = zstd::Encoder::new(Vec::new(), 0)?;
        encoder.include_checksum(true)?;
        for pair in pairs {
            serde_json::to_writer(&mut encoder, pair)?;
            encoder.write_all(b"\n")?;
        }
        encoder.finish()
    };
    compress().map_err(|error| Error::in_file(path, ErrorKind::Write(error)))
}

/// Writes pieces one after another.
///
/// # Errors
/// Where the file cannot be written; it is then as it was before.
pub fn write_pieces(path: &Path, pieces: &[Vec<u8>]) -> Result<()> {
    let mut output = Output::create_as_is(path)?;
    pieces.iter().try_for_each(|piece| output.put(piece))?;
    output.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ReadOptions, read_pairs};

    #[test]
    fn pieces_are_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl.zst");
        let pairs: Vec<Pair> = ["a", "b", "c"].map(|id| Pair { id: id.into(), ..Pair::default() }).into();
        let pieces: Vec<Vec<u8>> = pairs.chunks(2).map(|pairs| compress_pairs(&path, pairs).unwrap()).collect();
        write_pieces(&path, &pieces).unwrap();
        let read: Vec<Pair> = read_pairs(&path, &ReadOptions::default()).unwrap().map(Result::unwrap).collect();
        assert_eq!(read, pairs);
        write_pieces(&path, &[compress_pairs(&path, &[]).unwrap()]).unwrap();
        assert_eq!(read_pairs(&path, &ReadOptions::default()).unwrap().count(), 0);
    }
}
