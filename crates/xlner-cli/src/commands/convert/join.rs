//! Sentence-parallel files, joined to pairs.

use std::path::Path;

use anyhow::{Result, anyhow, bail};
use xlner_core::{Alignment, Pair};
use xlner_formats::{AlignmentReader, ReadOptions, SentenceReader, read_alignments, read_sentences};

use crate::context::ONE_BASED;

/// Pairs of the sentences of two files, with their alignment from a third.
pub struct Joined {
    source: SentenceReader,
    target: SentenceReader,
    alignment: Option<AlignmentReader>,
    names: [String; 3],
    one_based: bool,
    count: u64,
}

impl Joined {
    /// Opens the files, each with how it is read; the source's options name the languages of both.
    pub fn open(
        (source, options): (&Path, ReadOptions),
        (target, target_options): (&Path, ReadOptions),
        alignment: Option<(&Path, ReadOptions)>,
    ) -> Result<Self> {
        let target_options = ReadOptions { lang: target_options.target_lang.clone(), ..target_options };
        let links = alignment.as_ref().map_or(Path::new(""), |(path, _)| path);
        Ok(Joined {
            names: [source, target, links].map(|path| path.display().to_string()),
            one_based: options.one_based,
            source: read_sentences(source, &options)?,
            target: read_sentences(target, &target_options)?,
            alignment: alignment.map(|(path, options)| read_alignments(path, &options)).transpose()?,
            count: 0,
        })
    }

    pub fn bytes_read(&self) -> u64 {
        self.source.bytes_read() + self.target.bytes_read()
    }

    /// The next pair, or the end of all files.
    pub fn next(&mut self) -> Option<Result<Pair>> {
        self.read().transpose()
    }

    fn read(&mut self) -> Result<Option<Pair>> {
        let source = self.source.next().transpose()?;
        let target = self.target.next().transpose()?;
        let links = self.alignment.as_mut().map(|reader| reader.next().transpose()).transpose()?;
        let ended = [source.is_none(), target.is_none(), links.as_ref().is_some_and(Option::is_none)];
        if let (Some(source), Some(target), None | Some(Some(_))) = (&source, &target, &links) {
            self.count += 1;
            let alignment = links.flatten().map(Alignment::from);
            if let Some(alignment) = alignment.as_ref().filter(|_| source.is_tokenized() && target.is_tokenized()) {
                let cure = if self.one_based { "" } else { "; " };
                alignment.validate(source.len(), target.len()).map_err(|error| {
                    let what = if self.one_based { "" } else { ONE_BASED };
                    anyhow!("{}, alignment {}: {error}{cure}{what}", self.names[2], self.count)
                })?;
            }
            let id = source.extra.get("id").cloned().unwrap_or_default();
            let mut pair = Pair { source: source.clone(), target: target.clone(), alignment, ..Pair::default() };
            if pair.set_id(&id).is_err() || pair.id.is_empty() {
                pair.id = self.count.to_string();
            }
            return Ok(Some(pair));
        }
        let all_ended = source.is_none() && target.is_none() && links.is_none_or(|links| links.is_none());
        if all_ended {
            return Ok(None);
        }
        let ended = ended.iter().zip(&self.names).find(|(ended, _)| **ended).map_or("", |(_, name)| name.as_str());
        bail!(
            "{ended} ends after {} sentences and the others go on; sentence-parallel files have equally many (an empty \
             sentence is a line of its own in plain text, and `# sentence without tokens` in columns)",
            self.count
        )
    }
}
