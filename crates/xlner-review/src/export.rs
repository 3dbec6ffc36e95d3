//! Out of the store: what people made of the sentences, in every format that holds entities.

use std::path::Path;

use rustc_hash::FxHashMap;
use serde_json::{Value, json};
use xlner_core::{Alignment, Entity, Link, Pair};
use xlner_formats::{Format, WriteOptions, write_pairs, write_sentences};

use crate::Store;
use crate::error::{Error, Result};
use crate::item::Item;
use crate::store::{ADJUDICATED, Owned};
use crate::version::{Mark, State, Version};

/// What is exported.
#[derive(Debug, Clone, Default)]
pub struct ExportOptions {
    /// The format; `None`: from the file's name.
    pub format: Option<Format>,
    /// One annotator's versions alone; `None`: what holds.
    pub annotator: Option<String>,
    /// Records that nobody is done with, too (formats that hold pairs only).
    pub all: bool,
    /// How it is written, but for the format.
    pub write: WriteOptions,
}

/// What became of the sentences.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exported {
    /// Written with gold entities.
    pub gold: usize,
    /// Of these, sentences of which an annotator is not sure.
    pub unsure: usize,
    /// Annotators differ, and nobody decided: written without gold entities where the format holds pairs, else left out.
    pub undecided: usize,
    /// Nobody is done with them: left out, or written as they are.
    pub open: usize,
}

/// Writes what is done. Records get the fields `gold` (entities) and `annotators` (who made what of it, when), and `adjudication`
/// where somebody decided; other formats the target sentences with their gold entities.
///
/// Gold is the adjudicated version, else what all who are done have in common, as long as they agree.
///
/// # Errors
/// Where the store cannot be read or the file cannot be written; the file is then as it was.
pub fn export(store: &Store, path: &Path, options: &ExportOptions) -> Result<Exported> {
    let format = options.format.or_else(|| Format::from_path(path));
    let write = WriteOptions { format, ..options.write.clone() };
    let mut by_item: FxHashMap<usize, Vec<Owned>> = FxHashMap::default();
    for owned in store.versions()? {
        if options.annotator.as_ref().is_none_or(|name| *name == owned.annotator) {
            by_item.entry(owned.item).or_default().push(owned);
        }
    }
    if let Some(name) = &options.annotator
        && by_item.is_empty()
    {
        return Err(Error::Options(format!("“{name}” has made nothing of any sentence in this store")));
    }
    let times = store.last_events()?;
    let mut exported = Exported::default();
    let mut record = |index: usize, item: &Item, with_open: bool| -> Option<(Pair, bool)> {
        let versions = by_item.get(&index).map(Vec::as_slice).unwrap_or_default();
        let outcome = outcome(versions);
        match &outcome {
            Outcome::Gold(_) => {
                exported.gold += 1;
                exported.unsure += usize::from(versions.iter().any(|owned| owned.version.unsure));
            }
            Outcome::Undecided => exported.undecided += 1,
            Outcome::Open => exported.open += 1,
        }
        let gold = match outcome {
            Outcome::Gold(version) => Some(version),
            Outcome::Undecided if with_open => None,
            Outcome::Open if options.all => None,
            _ => return None,
        };
        Some((pair(item, gold, versions, index, &times), gold.is_some()))
    };
    if format.is_none_or(holds_records) {
        let mut writer = write_pairs(path, &write)?;
        for (index, item) in store.items().iter().enumerate() {
            if let Some((pair, _)) = record(index, item, true) {
                writer.write(&pair)?;
            }
        }
        writer.finish()?;
    } else {
        let mut writer = write_sentences(path, &write)?;
        for (index, item) in store.items().iter().enumerate() {
            let Some((pair, true)) = record(index, item, false) else { continue };
            let mut sentence = pair.target;
            if let Some(gold) = pair.extra.get("gold") {
                sentence.entities = serde_json::from_value(gold.clone()).unwrap_or_default();
            }
            if sentence.extra.get("id").is_none() {
                sentence.extra.insert("id", item.key.as_str().into());
            }
            writer.write(&sentence)?;
        }
        writer.finish()?;
    }
    Ok(exported)
}

/// Whether a format holds records with whatever fields they have.
fn holds_records(format: Format) -> bool {
    matches!(format, Format::Jsonl | Format::Parquet)
}

/// A folder that is gone when it is dropped.
pub(crate) fn temporary() -> Result<tempfile::TempDir> {
    tempfile::tempdir().map_err(|source| Error::File { path: std::env::temp_dir(), source })
}

/// The end of a file's name in a format.
pub(crate) fn extension(format: Format) -> &'static str {
    match format {
        Format::Jsonl | Format::Doccano => "jsonl",
        Format::LabelStudio | Format::Spacy | Format::HuggingFace | Format::Json => "json",
        other => other.name(),
    }
}

enum Outcome<'a> {
    Gold(&'a Version),
    Undecided,
    Open,
}

/// What holds of the versions of a sentence.
fn outcome(versions: &[Owned]) -> Outcome<'_> {
    let done: Vec<&Owned> = versions.iter().filter(|owned| owned.version.state == State::Submitted).collect();
    if let Some(adjudicated) = done.iter().find(|owned| owned.annotator == ADJUDICATED) {
        return Outcome::Gold(&adjudicated.version);
    }
    let Some((first, others)) = done.split_first() else { return Outcome::Open };
    let marks = |owned: &Owned| -> Vec<(usize, usize, String)> {
        owned.version.entities.iter().map(|e| (e.span.start, e.span.end, e.label.clone())).collect()
    };
    match others.iter().all(|other| marks(other) == marks(first)) {
        true => Outcome::Gold(&first.version),
        false => Outcome::Undecided,
    }
}

/// An entity as gold: its place, its label and where it comes from; the figures are the projection's.
fn gold(entities: &[Entity]) -> Value {
    entities.iter().map(|entity| json!(Mark::from(entity))).collect()
}

fn pair(
    item: &Item,
    holds: Option<&Version>,
    versions: &[Owned],
    index: usize,
    times: &FxHashMap<(usize, String), (String, String)>,
) -> Pair {
    let mut pair = item.pair.clone();
    if let Some(version) = holds {
        pair.extra.insert("gold", gold(&version.entities));
        if !version.added_links.is_empty() || !version.removed_links.is_empty() {
            let before = pair.alignment.take().unwrap_or_default();
            let (removed, added) = (&version.removed_links, &version.added_links);
            let possible: Vec<(u32, u32)> = before
                .links()
                .iter()
                .map(|link| (link.source, link.target))
                .filter(|link| before.is_possible(link.0, link.1) && !removed.contains(link))
                .collect();
            let kept = before.links().iter().copied().filter(|link| !removed.contains(&(link.source, link.target)));
            let added = added.iter().map(|&(source, target)| Link { source, target, probability: 1.0 });
            pair.alignment = Some(Alignment::with_possible(kept.chain(added).collect(), possible));
        }
    }
    let mut annotators = Vec::new();
    for owned in versions {
        let at = times.get(&(index, owned.annotator.clone()));
        let (author, time) = at.map(|(author, at)| (author.as_str(), at.as_str())).unwrap_or_default();
        let version = &owned.version;
        if owned.annotator == ADJUDICATED {
            if version.state == State::Submitted {
                pair.extra.insert("adjudication", json!({ "by": author, "at": time, "entities": version.decided }));
            }
            continue;
        }
        let mut entry = json!({
            "name": owned.annotator, "state": version.state, "entities": gold(&version.entities), "at": time,
        });
        if version.unsure {
            entry["unsure"] = true.into();
        }
        if !version.comment.is_empty() {
            entry["comment"] = version.comment.as_str().into();
        }
        annotators.push(entry);
    }
    if !annotators.is_empty() {
        pair.extra.insert("annotators", annotators.into());
    }
    pair
}
