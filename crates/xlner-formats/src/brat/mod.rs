//! brat standoff: a text (`x.txt`) and its annotations (`x.ann`), or a folder of such pairs, in the order of their names.
//!
//! A line of the text is a sentence. Text-bound annotations (`T1<TAB>PER 0 5<TAB>Obama`) are entities; the others (relations,
//! events, attributes, notes) are left out and noted. Offsets count the characters of the whole text, line ends included, or UTF-16 units,
//! or CRLF as one, as the annotated texts tell. A discontinuous
//! annotation (`0 5;10 15`), or one that goes over a line end, becomes one entity for each part; its parts share the unknown
//! field `id` and are written as one annotation again.
//!
//! A document is read whole. brat knows no tokens: the text is tokenised when it is read, and a token is cut where an
//! annotation begins or ends inside it.

mod read;
mod write;

use std::path::{Path, PathBuf};

pub(crate) use read::sentences;
pub(crate) use write::BratWriter;

use crate::compression::Codec;

/// The files of a document, text and annotations, from the name of either.
fn files(path: &Path) -> (PathBuf, PathBuf) {
    let with = |extension: &str| {
        let bare = Codec::strip_extension(path).with_extension(extension);
        match path.extension().filter(|_| Codec::from_path(path).is_some()) {
            None => bare,
            Some(codec) => {
                let mut name = bare.into_os_string();
                name.push(".");
                name.push(codec);
                name.into()
            }
        }
    };
    (with("txt"), with("ann"))
}
