//! No file that a command writes may be another that it writes, or one that it reads.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Command};

use crate::context::UsageError;

/// Flags that name a file to be written.
const WRITTEN: [&str; 4] = ["output", "report", "save_model", "save_weights"];
/// Flags that name a folder to work in.
const WORKED_IN: [&str; 3] = ["run", "checkpoint", "save_encoder"];

/// Whether a flag names what a command makes: a file that it writes, a folder or a store that it works in.
pub fn is_written(id: &str) -> bool {
    WRITTEN.contains(&id) || WORKED_IN.contains(&id) || id == "store"
}

/// Checks the files that a command line names.
///
/// # Errors
/// Two flags that name one file.
pub fn check(command: &Command, matches: &ArgMatches) -> Result<(), UsageError> {
    let (mut command, mut matches) = (command, matches);
    while let Some((name, given)) = matches.subcommand()
        && let Some(subcommand) = command.find_subcommand(name)
    {
        (command, matches) = (subcommand, given);
    }
    let flag = |id: &str| match command.get_arguments().find(|arg| arg.get_id() == id).and_then(|arg| arg.get_long()) {
        Some(long) => format!("--{long}"),
        None => "the input".to_owned(),
    };
    let (mut written, mut read) = (Vec::new(), Vec::new());
    for id in command.get_arguments().map(|arg| arg.get_id().as_str()).filter(|id| !WORKED_IN.contains(id)) {
        let files = if WRITTEN.contains(&id) { &mut written } else { &mut read };
        files.extend(named(matches, id).into_iter().map(|file| (id, file)));
    }
    for (at, (id, file)) in written.iter().enumerate() {
        let place = place(file);
        if let Some((other, _)) = written[..at].iter().find(|(_, other)| {
            place.is_some() && place == self::place(other) || text_of(other) == place && place.is_some()
        }) {
            return Err(UsageError(format!(
                "{} and {} are both {}: one would replace the other; give each a file of its own",
                flag(other),
                flag(id),
                shown(file)
            )));
        }
        let same = |other: &Path| other != Path::new("-") && place.is_some() && place == self::place(other);
        if let Some((other, _)) = read.iter().find(|(_, other)| same(other)) {
            return Err(UsageError(format!(
                "{} is {}, which {} would replace; write to another file",
                file.display(),
                flag(other).replace("the input", "the input itself"),
                flag(id)
            )));
        }
    }
    Ok(())
}

/// The files that a flag names, whatever else stands in its value.
fn named(matches: &ArgMatches, id: &str) -> Vec<PathBuf> {
    fn values<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, id: &str) -> Vec<T> {
        matches.try_get_many::<T>(id).ok().flatten().into_iter().flatten().cloned().collect()
    }
    let mut files = values::<PathBuf>(matches, id);
    files.extend(values::<(PathBuf, Option<f64>)>(matches, id).into_iter().map(|(file, _)| file));
    files.extend(values::<(String, PathBuf)>(matches, id).into_iter().map(|(_, file)| file));
    // Tables of translations; names of models are no files.
    if id == "model" {
        files.extend(values::<String>(matches, id).into_iter().map(PathBuf::from).filter(|file| file.is_file()));
    }
    files
}

/// Where a file is or will be, links followed; `None` for what cannot be replaced (pipes, terminals, `/dev/null`).
fn place(file: &Path) -> Option<PathBuf> {
    if file == Path::new("-") {
        return Some(file.to_owned());
    }
    match std::fs::metadata(file) {
        Ok(metadata) if metadata.is_file() => file.canonicalize().ok(),
        Ok(_) => None,
        Err(_) => {
            let folder = file.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
            Some(folder.canonicalize().ok()?.join(file.file_name()?))
        }
    }
}

/// The text that brat's annotations come with.
fn text_of(file: &Path) -> Option<PathBuf> {
    (file.extension() == Some(OsStr::new("ann"))).then(|| place(&file.with_extension("txt"))).flatten()
}

fn shown(file: &Path) -> String {
    if file == Path::new("-") { "standard output".into() } else { file.display().to_string() }
}
