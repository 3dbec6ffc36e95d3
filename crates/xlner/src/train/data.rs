//! Labelled sentences and where they come from.

use std::path::{Path, PathBuf};

#[cfg(feature = "fine-tune")]
use xlner_core::Pair;
#[cfg(feature = "fine-tune")]
use xlner_core::fusion::fuse;
use xlner_core::tokenize::tokenize_sentence;
use xlner_core::{ModelError, Sentence};
use xlner_formats::{ReadOptions, Side, read_sentences};

use super::{DataFigures, STEP};
#[cfg(feature = "fine-tune")]
use crate::engine::source::{self, Input, Source};
use crate::progress::{Listener, Progress, Stage};
use crate::{Error, Result};

/// Labelled sentences and where they come from.
#[derive(Clone)]
pub(crate) struct Data {
    pub(crate) sentences: Vec<Sentence>,
    /// The files, and the number of sentences up to the end of each.
    files: Vec<(PathBuf, usize)>,
}

impl Data {
    pub(crate) fn read(files: &[PathBuf], options: &ReadOptions, listener: Listener<'_>) -> Result<Data> {
        let options = ReadOptions { side: options.side.or(Some(Side::Target)), ..options.clone() };
        let mut data = Data { sentences: Vec::new(), files: Vec::new() };
        for path in files {
            for (sentence, number) in read_sentences(path, &options)?.zip(1..) {
                let mut sentence = sentence?;
                tokenized(&mut sentence, path, number)?;
                data.sentences.push(sentence);
                let done = data.sentences.len() as u64;
                if done.is_multiple_of(STEP) {
                    listener(Progress { stage: Stage::Read, done, total: None });
                }
            }
            data.files.push((path.clone(), data.sentences.len()));
        }
        Ok(data)
    }

    /// The targets of pairs beside their tagged sources ([`fuse`]).
    #[cfg(feature = "fine-tune")]
    pub(crate) fn read_fused(files: &[PathBuf], options: &ReadOptions, listener: Listener<'_>) -> Result<Data> {
        let mut data = Data { sentences: Vec::new(), files: Vec::new() };
        for path in files {
            let input = Input::Pairs { path: path.clone(), options: ReadOptions { side: None, ..options.clone() } };
            let prepare = |pair: &mut Pair, number| {
                source::tokenize(pair).map_err(|error| Error::of_pair(path, number, pair, error.into()))
            };
            let pairs = Source::open(&input, None)?.read_all(prepare, listener)?;
            if pairs.iter().all(|pair| pair.source.entities.is_empty()) {
                return Err(Error::of_file(
                    path,
                    "no source sentence has an entity: with option `fusion` the sources are translations that are tagged",
                ));
            }
            data.sentences.extend(pairs.iter().map(|pair| fuse(&pair.target, &pair.source)));
            data.files.push((path.clone(), data.sentences.len()));
        }
        Ok(data)
    }

    /// The sentences of these indices, which ascend.
    #[cfg(feature = "fine-tune")]
    pub(crate) fn part(&self, indices: &[usize]) -> Data {
        let sentences = indices.iter().map(|at| self.sentences[*at].clone()).collect();
        let ends = self.files.iter().map(|(path, end)| (path.clone(), indices.partition_point(|at| at < end)));
        Data { sentences, files: ends.collect() }
    }

    pub(crate) fn figures(&self) -> DataFigures {
        let mut figures = DataFigures { sentences: self.sentences.len() as u64, ..DataFigures::default() };
        for sentence in &self.sentences {
            figures.tokens += sentence.len() as u64;
            for entity in &sentence.entities {
                *figures.entities.entry(entity.label.clone()).or_default() += 1;
            }
        }
        figures
    }

    /// The error with the file and the number of the sentence that it is about.
    pub(crate) fn wrong(&self, error: impl Into<ModelError>) -> Error {
        let error = error.into();
        if let ModelError::Failed(cause) = &error
            && let Some(xlner_models::Error::Training(problem)) = cause.downcast_ref()
        {
            let files: Vec<String> = self.files.iter().map(|(path, _)| path.display().to_string()).collect();
            return Error::Place { place: files.join(", "), problem: problem.clone() };
        }
        let ModelError::Sentence { index, problem } = error else { return error.into() };
        let at = self.files.partition_point(|(_, end)| *end <= index);
        let first = at.checked_sub(1).map_or(0, |before| self.files[before].1);
        let Some((path, _)) = self.files.get(at) else { return Error::Options(problem) };
        let id = self.sentences[index].extra.get("id").and_then(|id| id.as_str()).unwrap_or_default();
        Error::Sentence { file: path.clone(), number: (index - first) as u64 + 1, id: id.to_owned(), problem }
    }
}

pub(crate) fn tokenized(sentence: &mut Sentence, path: &Path, number: u64) -> Result<()> {
    if sentence.is_tokenized() {
        return Ok(());
    }
    tokenize_sentence(sentence).map_err(|error| Error::Sentence {
        file: path.to_owned(),
        number,
        id: String::new(),
        problem: error.to_string(),
    })
}
