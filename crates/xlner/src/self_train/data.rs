//! What self-training learns from: sentences with given labels, with projected ones, and with none.

use std::path::{Path, PathBuf};

use xlner_core::{Pair, Sentence};
use xlner_formats::{ReadOptions, read_pairs};

use super::LabelFilter;
use crate::train::{Data, tokenized};
use crate::{Error, Result};

/// A sentence with its labels, and where it comes from.
pub(super) struct Item {
    pub sentence: Sentence,
    file: usize,
    number: u64,
    id: String,
}

/// All sentences.
pub(super) struct Corpus {
    /// Labels are given: always learnt from.
    pub given: Vec<Item>,
    /// Labels are projected, and whether these pass what the filter can say without a tagger.
    pub projected: Vec<(Item, bool)>,
    /// Without labels.
    pub raw: Vec<Item>,
    files: Vec<PathBuf>,
}

impl Corpus {
    pub fn read(
        (train, pairs, raw): (&[PathBuf], &[PathBuf], &[PathBuf]),
        options: &ReadOptions,
        filter: &LabelFilter,
        listener: crate::Listener<'_>,
    ) -> Result<Corpus> {
        let mut corpus = Corpus { given: Vec::new(), projected: Vec::new(), raw: Vec::new(), files: Vec::new() };
        for path in train {
            let mut items = corpus.sentences(path, options, listener)?;
            corpus.given.append(&mut items);
        }
        for path in pairs {
            let file = corpus.file(path);
            for (pair, number) in read_pairs(path, options)?.zip(1..) {
                let Pair { id, target: mut sentence, projection, .. } = pair?;
                tokenized(&mut sentence, path, number)?;
                let complete = projection.is_none_or(|projection| projection.unprojected.is_empty());
                let item = Item { sentence, file, number, id };
                let passes = filter.passes(&item.sentence, complete);
                let passes = passes.map_err(|problem| corpus.error(&item, problem))?;
                corpus.projected.push((item, passes));
            }
        }
        for path in raw {
            let options = ReadOptions { no_tags: true, ..options.clone() };
            let mut items = corpus.sentences(path, &options, listener)?;
            corpus.raw.append(&mut items);
        }
        Ok(corpus)
    }

    fn sentences(&mut self, path: &Path, options: &ReadOptions, listener: crate::Listener<'_>) -> Result<Vec<Item>> {
        let (file, path) = (self.file(path), [path.to_owned()]);
        let item = |(sentence, number): (Sentence, u64)| {
            let id = sentence.extra.get("id").and_then(|id| id.as_str()).unwrap_or_default().to_owned();
            Item { sentence, file, number, id }
        };
        Ok(Data::read(&path, options, listener)?.sentences.into_iter().zip(1..).map(item).collect())
    }

    fn file(&mut self, path: &Path) -> usize {
        self.files.push(path.to_owned());
        self.files.len() - 1
    }

    /// The error of a sentence.
    pub fn error(&self, item: &Item, problem: String) -> Error {
        Error::Sentence { file: self.files[item.file].clone(), number: item.number, id: item.id.clone(), problem }
    }
}
