//! The files of a report, sentence by sentence.

use std::path::{Path, PathBuf};

use xlner_core::{Entity, Pair, Sentence};
use xlner_formats::{AlignmentReader, Format, PairReader, ReadOptions, Records, SentenceReader};

use super::{ReportJob, StageGold};
use crate::{Error, Result};

/// All files, read at once.
pub struct Files<'a> {
    job: &'a ReportJob,
    systems: Vec<File>,
    gold: Option<File>,
    alignment: Option<(PathBuf, AlignmentReader)>,
    /// Gold of the source's entities and of the links.
    gold_source: Option<File>,
    gold_alignment: Option<(PathBuf, AlignmentReader)>,
    /// Sentences read.
    count: u64,
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

/// A file of pairs or sentences.
pub(crate) struct File {
    path: PathBuf,
    reader: Reader,
}

enum Reader {
    Pairs(PairReader),
    Sentences(SentenceReader),
}

impl File {
    /// Opens a file of entities.
    pub fn open(path: &Path, options: &ReadOptions) -> Result<File> {
        let reader = match xlner_formats::read_records(path, options)? {
            Records::Pairs(reader) => Reader::Pairs(reader),
            Records::Sentences(reader) => Reader::Sentences(reader),
            Records::Alignments(_) => {
                return Err(Error::Options(format!("{}: holds alignments, not entities", path.display())));
            }
        };
        Ok(File { path: path.to_owned(), reader })
    }

    /// The next item; a sentence alone becomes the target of a pair without source.
    pub fn next(&mut self) -> Result<Option<Pair>> {
        Ok(match &mut self.reader {
            Reader::Pairs(reader) => reader.next().transpose()?,
            Reader::Sentences(reader) => reader.next().transpose()?.map(|target| Pair { target, ..Pair::default() }),
        })
    }
}

impl<'a> Files<'a> {
    pub fn open(job: &'a ReportJob) -> Result<Files<'a>> {
        let systems = job.systems.iter().map(|path| File::open(path, &job.read)).collect::<Result<_>>()?;
        let gold = job.gold.as_deref().map(|path| File::open(path, &job.read)).transpose()?;
        let links = |path: &Option<PathBuf>| match path {
            Some(path) => {
                let format = Format::from_path(path).filter(|format| format.holds_alignments());
                let options = ReadOptions {
                    format: Some(format.unwrap_or(Format::Pharaoh)),
                    one_based: job.read.one_based,
                    ..ReadOptions::default()
                };
                Ok::<_, Error>(Some((path.clone(), xlner_formats::read_alignments(path, &options)?)))
            }
            None => Ok(None),
        };
        let gold_source = job.gold_source.as_deref().map(|path| File::open(path, &job.read)).transpose()?;
        let (alignment, gold_alignment) = (links(&job.alignment)?, links(&job.gold_alignment)?);
        Ok(Files { job, systems, gold, alignment, gold_source, gold_alignment, count: 0, ids: Vec::new() })
    }

    /// The next sentence; `None` where all files end.
    pub fn next(&mut self) -> Result<Option<Sentences>> {
        let mut pairs: Vec<Option<Pair>> = self.systems.iter_mut().map(File::next).collect::<Result<_>>()?;
        let gold = self.gold.as_mut().map(File::next).transpose()?;
        let links = self.alignment.as_mut().map(|(_, reader)| reader.next().transpose()).transpose()?;

        let gold_source = self.gold_source.as_mut().map(File::next).transpose()?;
        let gold_links = self.gold_alignment.as_mut().map(|(_, reader)| reader.next().transpose()).transpose()?;

        let ended = pairs.iter().map(Option::is_none).chain(gold.iter().map(Option::is_none));
        let ended = ended.chain(links.iter().map(Option::is_none)).chain(gold_source.iter().map(Option::is_none));
        let ended: Vec<bool> = ended.chain(gold_links.iter().map(Option::is_none)).collect();
        if ended.iter().any(|&other| other != ended[0]) {
            return Err(self.unequal(&ended));
        }
        if ended[0] {
            return Ok(None);
        }
        self.count += 1;
        let mut pairs: Vec<Pair> = pairs.iter_mut().filter_map(Option::take).collect();
        let gold = gold.flatten();
        self.ids = pairs.iter().chain(&gold).map(id).collect();
        if let Some(links) = links.flatten() {
            for pair in pairs.iter_mut().filter(|pair| !pair.source.is_empty()) {
                pair.alignment = Some(links.clone().into());
            }
        }
        let gold_entities = match &gold {
            Some(pair) => Some(match gold_field(pair).map_err(|problem| self.error(None, problem))? {
                Some(entities) => entities,
                None => pair.target.entities.clone(),
            }),
            None => gold_field(&pairs[0]).map_err(|problem| self.error(Some(0), problem))?,
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
        let source = gold_source.flatten().map(|pair| self.source_entities(pair, &pairs[0])).transpose()?;
        let stages = StageGold { source, links: gold_links.flatten().map(Into::into) };
        Ok(Some(Sentences { pairs, gold: gold_entities, stages, gold_sentence }))
    }

    /// An error of the sentence read last, of a system's file or of gold.
    pub fn error(&self, system: Option<usize>, problem: String) -> Error {
        let (file, id) = match (system, &self.gold) {
            (Some(system), _) => (&self.systems[system].path, self.ids.get(system)),
            (None, Some(gold)) => (&gold.path, self.ids.get(self.systems.len())),
            (None, None) => (&self.systems[0].path, self.ids.first()),
        };
        Error::Sentence { file: file.clone(), number: self.count, id: id.cloned().unwrap_or_default(), problem }
    }

    /// The right entities of the source of a pair: of a record of a pair its source's, of a sentence its own.
    fn source_entities(&self, gold: Pair, pair: &Pair) -> Result<Vec<Entity>> {
        let sentence = if gold.source.is_empty() { gold.target } else { gold.source };
        if sentence.len() != pair.source.len() {
            let problem = format!(
                "{} source tokens, and the gold of the source has {}; both need the same tokens",
                pair.source.len(),
                sentence.len()
            );
            return Err(self.error(Some(0), problem));
        }
        let mut entities = sentence.entities;
        self.map(&mut entities);
        entities.retain(|entity| !self.job.ignore.contains(&entity.label));
        Ok(entities)
    }

    /// Some files ended and others did not: `ended` says which, systems, gold, alignments.
    fn unequal(&self, ended: &[bool]) -> Error {
        let paths = self.systems.iter().chain(&self.gold).map(|file| &file.path);
        let paths = paths.chain(self.alignment.iter().map(|(path, _)| path));
        let paths = paths.chain(self.gold_source.iter().map(|file| &file.path));
        let paths: Vec<&PathBuf> = paths.chain(self.gold_alignment.iter().map(|(path, _)| path)).collect();
        let first = |which: bool| ended.iter().position(|&ended| ended == which).map_or(paths[0], |at| paths[at]);
        Error::UnequalFiles {
            first: first(true).clone(),
            first_count: format!("only {}", self.count),
            second: first(false).clone(),
            second_count: "more".into(),
        }
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
        let place = |index: usize| places.get(index).copied().flatten();
        pair.source.entities.retain(|entity| !ignore.contains(&entity.label));
        for entity in &mut pair.target.entities {
            entity.from = entity.from.and_then(place);
        }
        if let Some(projection) = &mut pair.projection {
            projection.unprojected.retain_mut(|unprojected| {
                let kept = place(unprojected.entity);
                unprojected.entity = kept.unwrap_or(unprojected.entity);
                kept.is_some()
            });
        }
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

/// The entities in the field `gold` of a record.
pub(crate) fn gold_field(pair: &Pair) -> std::result::Result<Option<Vec<Entity>>, String> {
    pair.extra
        .get("gold")
        .map(serde::Deserialize::deserialize)
        .transpose()
        .map_err(|error| format!("field `gold` is not a list of entities {{\"start\",\"end\",\"label\"}}: {error}"))
}

fn id(pair: &Pair) -> String {
    let of_sentence = pair.target.extra.get("id").and_then(serde_json::Value::as_str);
    if pair.id.is_empty() { of_sentence.unwrap_or_default().to_owned() } else { pair.id.clone() }
}
