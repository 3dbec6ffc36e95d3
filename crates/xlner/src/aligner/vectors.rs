//! Vectors of words, in the text format of fastText and word2vec: a line `words components`, which may be missing, then a word
//! and its components a line.

use std::io;
use std::path::{Path, PathBuf};

use xlner_align::{Spool, WordVectors};
use xlner_formats::{Format, ReadOptions, read_sentences};

use crate::{Error, Result};

/// The vectors of the words of a text; of two files the first is of the source, the second of the target language.
pub(super) fn read(paths: &[PathBuf], text: &Spool) -> Result<Option<WordVectors>> {
    let mut vectors: Option<WordVectors> = None;
    for (at, path) in paths.iter().enumerate() {
        let sides = match paths.len() {
            1 => [true, true],
            _ => [at == 0, at == 1],
        };
        let before = vectors.as_ref().map_or(0, WordVectors::len);
        read_file(path, sides, text, &mut vectors)?;
        if vectors.as_ref().map_or(0, WordVectors::len) == before {
            return Err(wrong(path, "no word of the text has a vector here; give vectors of its languages".into()));
        }
    }
    Ok(vectors)
}

fn read_file(path: &Path, sides: [bool; 2], text: &Spool, vectors: &mut Option<WordVectors>) -> Result<()> {
    // Whatever the name: a line is a line.
    let options = ReadOptions { format: Some(Format::Text), ..ReadOptions::default() };
    for (line, number) in read_sentences(path, &options)?.zip(1u64..) {
        let line = line?;
        let line = line.text().trim_end();
        let fail = |problem: String| {
            wrong(path, format!("line {number}: {problem}; a line is a word and its components, separated by spaces"))
        };
        if number == 1 && header(line) || line.is_empty() {
            continue;
        }
        let (word, components) = line.split_once(' ').ok_or_else(|| fail("there is no vector".into()))?;
        let known = [sides[0] && text.knows(false, word), sides[1] && text.knows(true, word)];
        if known == [false; 2] {
            continue;
        }
        let parse = |value: &str| value.parse::<f32>().map_err(|_| fail(format!("{value:?} is not a number")));
        let vector: Vec<f32> = components.split_whitespace().map(parse).collect::<Result<_>>()?;
        let vectors = vectors.get_or_insert_with(|| WordVectors::new(vector.len()));
        vectors.push(word, known, &vector).map_err(fail)?;
    }
    Ok(())
}

fn wrong(path: &Path, problem: String) -> Error {
    Error::File { path: path.to_owned(), problem: io::Error::other(problem) }
}

/// Whether a first line tells the number of words and of components.
fn header(line: &str) -> bool {
    let mut fields = line.split(' ').map(str::parse::<u64>);
    matches!((fields.next(), fields.next(), fields.next()), (Some(Ok(_)), Some(Ok(_)), None))
}

#[cfg(test)]
mod tests {
    use xlner_core::Alignment;

    use super::*;

    fn read_text(files: &[&str]) -> Result<Option<WordVectors>> {
        let folder = tempfile::tempdir().unwrap();
        let mut paths = Vec::new();
        for (at, file) in files.iter().enumerate() {
            paths.push(folder.path().join(format!("{at}.vec")));
            std::fs::write(&paths[at], file).unwrap();
        }
        let mut text = Spool::new(folder.path().to_owned());
        text.push(["The", "house"], ["das", "Haus"], &Alignment::default()).unwrap();
        read(&paths, &text)
    }

    #[test]
    fn with_and_without_a_header_in_one_file_or_two() {
        let of = |files: &[&str]| read_text(files).unwrap().unwrap().len();
        assert_eq!(of(&["3 2\nhouse 1 0\nHaus 0.5 -1e-1\ntree 1 1\n"]), 2);
        assert_eq!(of(&["house 1 0\nhaus 1 1 \n"]), 2);
        assert_eq!(of(&["1 2\nhouse 1 0\n", "das 1 0\nhouse 3 3\n"]), 2);
        assert_eq!(read_text(&[]).unwrap(), None);
    }

    #[test]
    fn errors_name_the_line() {
        let problem = |files: &[&str]| read_text(files).unwrap_err().to_string();
        assert!(problem(&["house 1 0\nhaus 1 x\n"]).contains("0.vec: line 2: \"x\" is not a number"));
        assert!(problem(&["house 1 0\nhaus 1\n"]).contains("0.vec: line 2: the vector has 1 components"));
        assert!(problem(&["house 1 0\nhaus\n"]).contains("0.vec: line 2: there is no vector"));
        assert!(problem(&["tree 1 0\n"]).contains("0.vec: no word of the text"));
        assert!(problem(&["house 1 0\n", "house 1 0\n"]).contains("1.vec: no word of the text"));
    }
}
