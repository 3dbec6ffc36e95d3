//! The files of a report, sentence by sentence.

use std::path::PathBuf;

use xlner_core::{Entity, Pair, Sentence};
use xlner_formats::{Format, ReadOptions, Side};

use super::{ReportJob, StageGold};
use crate::convert::{gold, refer};
use crate::engine::file::{File, Items as _, Parallel};
use crate::{Error, Result};

/// All files, read at once: the systems, gold, the links, then gold of the source and of the links.
pub struct Files<'a> {
    job: &'a ReportJob,
    files: Parallel<File>,
    /// The ids of the sentence read last: of the systems, then of gold.
    ids: Vec<String>,
}

/// A sentence of all files.
pub struct Sentences {
    /// Of each system.
    pub pairs: Vec<Pair>,
    /// The gold entities, where known.
    pub gold: Option<Vec<Entity>>,
    /// What is known of the stages.
    pub stages: StageGold,
    /// The sentence in the file of gold, where that is one.
    gold_sentence: Option<Sentence>,
}

impl<'a> Files<'a> {
    pub fn open(job: &'a ReportJob) -> Result<Files<'a>> {
        let open = |path: &PathBuf| File::records(path, &job.read, Side::Target);
        let mut files = job.systems.iter().chain(&job.gold).map(open).collect::<Result<Vec<_>>>()?;
        let links = |path: &PathBuf| {
            let format = Format::from_path(path).filter(|format| format.holds_alignments());
            let options = ReadOptions {
                format: Some(format.unwrap_or(Format::Pharaoh)),
                one_based: job.read.one_based,
                ..ReadOptions::default()
            };
            File::links(path, &options)
        };
        files.extend(job.alignment.as_ref().map(links).transpose()?);
        let source = job.gold_source.as_deref().map(|path| File::records(path, &job.read, Side::Source));
        files.extend(source.transpose()?);
        files.extend(job.gold_alignment.as_ref().map(links).transpose()?);
        Ok(Files { job, files: Parallel { files }, ids: Vec::new() })
    }

    /// The next sentence; `None` where all files end.
    pub fn next(&mut self) -> Result<Option<Sentences>> {
        let Some(mut pairs) = self.files.next()? else { return Ok(None) };
        let gold_links = if self.job.gold_alignment.is_some() { pairs.pop().map(|pair| pair.alignment) } else { None };
        let gold_source = if self.job.gold_source.is_some() { pairs.pop() } else { None };
        let links = if self.job.alignment.is_some() { pairs.pop().map(|pair| pair.alignment) } else { None };
        let gold = if self.job.gold.is_some() { pairs.pop() } else { None };
        self.ids = pairs.iter().chain(&gold).map(id).collect();
        if let Some(links) = links {
            for pair in pairs.iter_mut().filter(|pair| !pair.source.is_empty()) {
                pair.alignment.clone_from(&links);
            }
        }
        let gold_entities = match &gold {
            Some(pair) => Some(match gold::field(pair).map_err(|problem| self.error(None, problem))? {
                Some(entities) => entities,
                None => pair.target.entities.clone(),
            }),
            None => gold::field(&pairs[0]).map_err(|problem| self.error(Some(0), problem))?,
        };
        pairs.iter_mut().for_each(|pair| self.relabel(pair));
        let gold_entities = gold_entities.map(|mut entities| {
            self.map(&mut entities);
            entities.retain(|entity| !self.job.ignore.contains(&entity.label));
            entities
        });
        let gold_sentence = gold.map(|pair| pair.target);
        if let Some(gold) = &gold_sentence
            && let (expected, found) = (gold.len(), pairs[0].target.len())
            && expected != found
            && pairs[0].target.is_tokenized()
        {
            let problem = format!("{found} tokens, gold has {expected}; gold and prediction need the same tokens");
            return Err(self.error(Some(0), problem));
        }
        let source = gold_source.map(|gold| self.source_entities(gold, &pairs[0])).transpose()?;
        let stages = StageGold { source, links: gold_links.flatten() };
        Ok(Some(Sentences { pairs, gold: gold_entities, stages, gold_sentence }))
    }

    /// An error of the sentence read last, of a system's file or of gold.
    pub fn error(&self, system: Option<usize>, problem: String) -> Error {
        let of_gold = if self.job.gold.is_some() { self.job.systems.len() } else { 0 };
        let at = system.unwrap_or(of_gold);
        let file = &self.files.files[at];
        let id = self.ids.get(at).cloned().unwrap_or_default();
        Error::Sentence { file: file.path().to_owned(), number: file.count(), id, problem }
    }

    /// The right entities of the source of a pair.
    fn source_entities(&self, gold: Pair, pair: &Pair) -> Result<Vec<Entity>> {
        let (found, expected) = (gold.source.len(), pair.source.len());
        if found != expected {
            let problem = format!("{expected} source tokens, its gold has {found}; both need the same tokens");
            return Err(self.error(Some(0), problem));
        }
        let mut entities = gold.source.entities;
        self.map(&mut entities);
        entities.retain(|entity| !self.job.ignore.contains(&entity.label));
        Ok(entities)
    }

    /// Maps labels of a pair and takes out what does not count.
    fn relabel(&self, pair: &mut Pair) {
        self.map(&mut pair.source.entities);
        self.map(&mut pair.target.entities);
        let ignore = &self.job.ignore;
        if ignore.is_empty() {
            return;
        }
        pair.target.entities.retain(|entity| !ignore.contains(&entity.label));
        let mut place = 0;
        let places: Vec<Option<usize>> = (pair.source.entities.iter())
            .map(|entity| {
                let here = place;
                let kept = !ignore.contains(&entity.label);
                place += usize::from(kept);
                kept.then_some(here)
            })
            .collect();
        pair.source.entities.retain(|entity| !ignore.contains(&entity.label));
        refer(pair, &places);
    }

    fn map(&self, entities: &mut [Entity]) {
        for entity in entities {
            if let Some(label) = self.job.map.get(&entity.label) {
                entity.label.clone_from(label);
            }
        }
    }
}

impl Sentences {
    /// The systems whose tokens are written otherwise than those of gold, or without a file of gold those of the first system.
    pub fn other_tokens(&self) -> Vec<usize> {
        let expected = self.gold_sentence.as_ref().unwrap_or(&self.pairs[0].target);
        let other = |&system: &usize| !self.pairs[system].target.tokens().eq(expected.tokens());
        (0..self.pairs.len()).filter(other).collect()
    }
}

fn id(pair: &Pair) -> String {
    let of_sentence = pair.target.extra.get("id").and_then(serde_json::Value::as_str);
    if pair.id.is_empty() { of_sentence.unwrap_or_default().to_owned() } else { pair.id.clone() }
}
