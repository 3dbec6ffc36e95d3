//! Sentence-parallel files, joined to pairs.

use std::path::Path;

use anyhow::{Result, bail};
use serde_json::Value;
use xlner_core::Pair;
use xlner_formats::{AlignmentReader, ReadOptions, SentenceReader, read_alignments, read_sentences};

/// Pairs of the sentences of two files, with their alignment from a third.
pub struct Joined {
    source: SentenceReader,
    target: SentenceReader,
    alignment: Option<AlignmentReader>,
    names: [String; 3],
    count: u64,
}

impl Joined {
    pub fn open(source: &Path, target: &Path, alignment: Option<&Path>, options: &ReadOptions) -> Result<Self> {
        let names = [source, target, alignment.unwrap_or(Path::new(""))].map(|path| path.display().to_string());
        let target_options = ReadOptions { lang: options.target_lang.clone(), ..options.clone() };
        let links = ReadOptions { format: None, ..options.clone() };
        Ok(Joined {
            source: read_sentences(source, options)?,
            target: read_sentences(target, &target_options)?,
            alignment: alignment.map(|path| read_alignments(path, &links)).transpose()?,
            names,
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
            let alignment = links.flatten().map(|reference| reference.sure);
            let id = match source.extra.get("id") {
                Some(Value::String(id)) => id.clone(),
                _ => self.count.to_string(),
            };
            let pair = Pair { id, source: source.clone(), target: target.clone(), alignment, ..Pair::default() };
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
