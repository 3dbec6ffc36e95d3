//! The seal of kept pairs: their number and a checksum of the file, in a frame after the data that decoders of zstd skip.
//! Without it a file that lost a whole frame, or whose frames changed places, would still be read.

use std::fs;
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// A skippable frame of zstd (RFC 8878, 3.1.2).
const MAGIC: u32 = 0x184D_2A50;
/// Count (8 bytes) and SHA-256.
const CONTENT: usize = 8 + 32;
const LENGTH: usize = 8 + CONTENT;

/// The frame after pieces that hold so many pairs.
pub(super) fn frame(count: usize, pieces: &[Vec<u8>]) -> Vec<u8> {
    let count = (count as u64).to_le_bytes();
    let mut hash = Sha256::new();
    pieces.iter().for_each(|piece| hash.update(piece));
    hash.update(count);
    let frame = [&MAGIC.to_le_bytes()[..], &(CONTENT as u32).to_le_bytes(), &count, &hash.finalize()];
    frame.concat()
}

/// Whether a file ends with the seal of what stands before it.
pub(super) fn holds(path: &Path) -> bool {
    let Ok(bytes) = fs::read(path) else { return false };
    let Some((data, seal)) = bytes.split_last_chunk::<LENGTH>() else { return false };
    let (count, hash) = (&seal[8..16], &seal[16..]);
    seal[..4] == MAGIC.to_le_bytes()
        && seal[4..8] == (CONTENT as u32).to_le_bytes()
        && Sha256::new().chain_update(data).chain_update(count).finalize()[..] == *hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use xlner_core::Pair;
    use xlner_formats::compress_pairs;

    #[test]
    fn cuts_and_changes_of_order_break_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl.zst");
        let piece = |id: &str| compress_pairs(&path, &[Pair { id: id.into(), ..Pair::default() }]).unwrap();
        let (one, two) = (piece("a"), piece("b"));
        let seal = frame(2, &[one.clone(), two.clone()]);
        let holds = |parts: &[&[u8]]| {
            std::fs::write(&path, parts.concat()).unwrap();
            super::holds(&path)
        };
        assert!(holds(&[&one, &two, &seal]));
        let mut other = seal.clone();
        other[8] ^= 1;
        for parts in [&[&one[..], &two][..], &[&one, &seal], &[&two, &one, &seal], &[&one, &two, &other], &[&seal], &[]]
        {
            assert!(!holds(parts));
        }
        assert!(!super::holds(folder.path()));
    }
}
