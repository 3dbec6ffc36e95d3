//! The files that a command of xlner reads and writes, as its own parser has it.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};
use xlner::{Key, Result};
use xlner_models::hub::Hub;

use crate::{job, outputs};

/// The values of the flags of a command that may name files.
#[derive(Debug, Default)]
pub struct Named {
    /// What is read, if it is there.
    pub read: Vec<PathBuf>,
    /// What is written.
    pub written: Vec<PathBuf>,
}

impl Named {
    /// What the words of a command (without `xlner`) name; nothing where they are wrong, which the command itself will say.
    pub fn by(xlner: &Command, words: &[String]) -> Named {
        let words = std::iter::once("xlner".into()).chain(words.iter().map(Into::into)).collect();
        let mut named = Named::default();
        let Ok((words, job)) = job::expand(xlner, words) else { return named };
        let Ok(matches) = xlner.clone().try_get_matches_from(words) else { return named };
        named.read.extend(job);
        let (mut command, mut matches) = (xlner, &matches);
        while let Some((name, below)) = matches.subcommand()
            && let Some(subcommand) = command.find_subcommand(name)
        {
            (command, matches) = (subcommand, below);
            named.add(command, matches);
        }
        named
    }

    fn add(&mut self, command: &Command, matches: &ArgMatches) {
        for id in command.get_arguments().map(|arg| arg.get_id().as_str()) {
            if matches.value_source(id) != Some(ValueSource::CommandLine) || outputs::is_word(matches, id) {
                continue;
            }
            let values = matches.get_raw(id).into_iter().flatten();
            if outputs::is_written(id) {
                self.written.extend(values.map(PathBuf::from));
                continue;
            }
            for value in values {
                self.read.push(value.into());
                // A file with its weight or label (`a.conll:0.5`, `PER=names.txt`), a program with its arguments.
                let Some(value) = value.to_str() else { continue };
                let parts = value.split([':', '=', ',', ' ']).map(Path::new);
                self.read.extend(parts.filter(|part| part.is_file()).map(PathBuf::from));
            }
        }
    }
}

/// The keys of what files and folders hold.
#[derive(Default)]
pub struct Contents(HashMap<PathBuf, Key>);

impl Contents {
    /// The key of what is at a path: a file (of brat, its other half as well), all files below a folder, a model in the cache
    /// of the Hub; `None` where there is nothing of the kind.
    ///
    /// # Errors
    /// Where a file is there and cannot be read.
    pub fn key(&mut self, path: &Path) -> Result<Option<Key>> {
        if let Some(key) = self.0.get(path) {
            return Ok(Some(*key));
        }
        let key = match fs::metadata(path) {
            Ok(found) if found.is_file() => {
                let mut key = Key::of("file").after(Key::of_file(path)?);
                for half in halves(path).into_iter().filter(|half| half.is_file()) {
                    key = key.after(Key::of_file(&half)?);
                }
                key.key()
            }
            Ok(found) if found.is_dir() => folder(path)?,
            // A pipe has nothing that stays.
            Ok(_) => return Ok(None),
            Err(_) => return Ok(path.to_str().and_then(model)),
        };
        self.0.insert(path.to_owned(), key);
        Ok(Some(key))
    }

    /// Forgets all: files were written.
    pub fn forget(&mut self) {
        self.0.clear();
    }
}

/// The key of a file that a command wrote, or of a folder (a model, documents).
///
/// # Errors
/// Where there is nothing, or it cannot be read.
pub fn written(path: &Path) -> Result<Key> {
    if path.is_dir() { folder(path) } else { Key::of_file(path) }
}

/// The key of all files below a folder.
fn folder(path: &Path) -> Result<Key> {
    let mut files = BTreeSet::new();
    below(path, Path::new(""), &mut Vec::new(), &mut files);
    let mut key = Key::of("folder");
    for file in files {
        key = key.text(file.to_string_lossy()).after(Key::of_file(&path.join(&file))?);
    }
    Ok(key.key())
}

/// The other half of a document of brat.
fn halves(path: &Path) -> Option<PathBuf> {
    match path.extension()?.to_str()? {
        "ann" => Some(path.with_extension("txt")),
        "txt" => Some(path.with_extension("ann")),
        _ => None,
    }
}

/// The files below a folder, by their paths in it. `within` are the folders on the way there, so that no link leads round in
/// a circle.
fn below(root: &Path, folder: &Path, within: &mut Vec<PathBuf>, files: &mut BTreeSet<PathBuf>) {
    let here = root.join(folder);
    let Ok(place) = here.canonicalize() else { return };
    if within.contains(&place) {
        return;
    }
    within.push(place);
    for entry in fs::read_dir(&here).into_iter().flatten().flatten() {
        let name = folder.join(entry.file_name());
        match fs::metadata(entry.path()) {
            Ok(found) if found.is_dir() => below(root, &name, within, files),
            Ok(found) if found.is_file() => drop(files.insert(name)),
            _ => {}
        }
    }
    within.pop();
}

/// The key of a model that is named as on the Hub: the commits of it that the cache holds.
fn model(name: &str) -> Option<Key> {
    let cached = Hub::from_env().cached(name, None).ok().filter(|_| name.contains('/'))?;
    let key = Key::of("model");
    Some(cached.iter().fold(key, |key, cached| key.text(&cached.commit).text(cached.refs.join(" "))).key())
}
