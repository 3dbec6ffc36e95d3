//! No file that a command writes may be another that it writes, or one that it reads.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Command};

use crate::context::UsageError;

/// Flags that name a file to be written.
const WRITTEN: [&str; 5] = ["output", "report", "save_model", "save_weights", "offline"];
/// Flags that name a folder or a store to work in.
const WORKED_IN: [&str; 4] = ["run", "checkpoint", "save_encoder", "store"];

/// Flags whose values are words: no file or folder that is called so (`target`, `sw`) is meant.
const WORDS: [&str; 19] = [
    "alignment_format",
    "device",
    "engine",
    "from",
    "from_format",
    "ignore",
    "labels",
    "lang",
    "scheme",
    "side",
    "source_format",
    "source_lang",
    "split",
    "symmetrize",
    "target_format",
    "target_lang",
    "to",
    "to_format",
    "via",
];

/// Whether the values of a flag are words, and never files. (`data fetch --to` is a folder, `label --to` a language.)
pub fn is_word(matches: &ArgMatches, id: &str) -> bool {
    WORDS.contains(&id) && matches.try_get_many::<PathBuf>(id).is_err()
}

/// Whether a flag names what a command makes: a file that it writes, a folder or a store that it works in.
pub fn is_written(id: &str) -> bool {
    WRITTEN.contains(&id) || WORKED_IN.contains(&id)
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
    for id in command.get_arguments().map(|arg| arg.get_id().as_str()) {
        match is_written(id) {
            true => written.extend(whole(matches, id).map(|file| (id, file))),
            false if is_word(matches, id) => {}
            false => read.extend(named(matches, id).into_iter().map(|file| (id, file))),
        }
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
        if let Some((other, _)) = read.iter().find(|(_, other)| is_same(other, file)) {
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

/// The values of a flag as they were given.
fn whole<'m>(matches: &'m ArgMatches, id: &str) -> impl Iterator<Item = PathBuf> + use<'m> {
    matches.try_get_raw(id).ok().flatten().into_iter().flatten().map(PathBuf::from)
}

/// The files that a flag names, whatever else stands in its value: a weight or a label with each, several in one word, or the
/// name of a model instead.
fn named(matches: &ArgMatches, id: &str) -> Vec<PathBuf> {
    let words = matches.try_get_raw(id).ok().flatten().into_iter().flatten().filter_map(OsStr::to_str);
    let words = words.filter(|word| word.parse::<f64>().is_err());
    let parts = words.flat_map(|word| word.split([':', '=', ','])).map(PathBuf::from).filter(|part| part.exists());
    let is_file = matches.try_get_many::<PathBuf>(id).is_ok();
    whole(matches, id).filter(|file| is_file || file.exists()).chain(parts).collect()
}

/// Whether two names are those of one file or folder, there or to be made.
pub fn is_same(one: &Path, other: &Path) -> bool {
    one != Path::new("-") && place(one).is_some_and(|place| self::place(other) == Some(place))
}

/// Where a file or folder is or will be, links followed; `None` for what cannot be replaced (pipes, terminals, `/dev/null`).
fn place(file: &Path) -> Option<PathBuf> {
    if file == Path::new("-") {
        return Some(file.to_owned());
    }
    match std::fs::metadata(file) {
        Ok(metadata) if metadata.is_file() || metadata.is_dir() => file.canonicalize().ok(),
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

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, ValueHint};

    use super::*;

    /// Flags that name a file or folder that is read; every other flag that names one is in one of the lists above.
    const READ: [&str; 41] = [
        "aligner",
        "alignment",
        "apertium_data",
        "bitext",
        "dev",
        "dictionary",
        "evidence",
        "file",
        "files",
        "forward",
        "gold",
        "gold_alignment",
        "gold_source",
        "guidelines",
        "images",
        "init",
        "input",
        "job",
        "judged",
        "learn_weights",
        "model",
        "names",
        "pairs",
        "plan",
        "pred",
        "rank",
        "raw",
        "records",
        "reverse",
        "source",
        "start",
        "target",
        "to",
        "tokens",
        "train",
        "translations",
        "unlabelled",
        "vectors",
        "votes",
        "weights",
        "all",
    ];

    /// The commands that have no commands of their own, with the words that call each.
    fn leaves(command: &Command, words: &[String]) -> Vec<(Vec<String>, Command)> {
        let below = command.get_subcommands().filter(|below| below.get_name() != "help");
        let leaves: Vec<_> =
            below.flat_map(|below| leaves(below, &[words, &[below.get_name().to_owned()]].concat())).collect();
        // `review` works by itself and has commands.
        let own = !words.is_empty() && (leaves.is_empty() || words == ["review"]);
        leaves.into_iter().chain(own.then(|| (words.to_vec(), command.clone()))).collect()
    }

    #[test]
    fn the_words_are_flags() {
        let mut xlner = crate::Cli::command();
        xlner.build();
        let leaves = leaves(&xlner, &[]);
        let known = |id: &str| leaves.iter().any(|(_, leaf)| leaf.get_arguments().any(|arg| arg.get_id() == id));
        assert!(WORDS.iter().all(|id| known(id)), "{:?}", WORDS.iter().filter(|id| !known(id)).collect::<Vec<_>>());
    }

    fn is_path(arg: &clap::Arg) -> bool {
        let value = arg.get_value_parser().type_id();
        arg.get_value_hint() == ValueHint::AnyPath || value == std::any::TypeId::of::<PathBuf>()
    }

    /// Every command that makes something, and every pair of its flags.
    #[test]
    fn no_two_flags_may_name_one_file_if_one_is_written() {
        let mut xlner = crate::Cli::command();
        xlner.build();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.conll");
        std::fs::write(&file, "Ana\tB-PER\n").unwrap();
        let names = [file.display().to_string(), folder.path().join("new.conll").display().to_string()];
        let (mut refused, mut unknown) = (0, Vec::new());
        for (words, leaf) in leaves(&xlner, &[]) {
            let paths: Vec<&clap::Arg> = leaf.get_arguments().filter(|arg| is_path(arg)).collect();
            let known = |arg: &&clap::Arg| is_written(arg.get_id().as_str()) || READ.contains(&arg.get_id().as_str());
            unknown.extend(paths.iter().filter(|arg| !known(arg)).map(|arg| arg.get_id().to_string()));
            for (at, one) in paths.iter().enumerate() {
                for other in &paths[at + 1..] {
                    if !is_written(one.get_id().as_str()) && !is_written(other.get_id().as_str()) {
                        continue;
                    }
                    for name in &names {
                        // Flags that need, or exclude, others are looked at alone.
                        let bare = |arg: &&clap::Arg| {
                            let arg = clap::Arg::new(arg.get_id().clone())
                                .long(clap::builder::Str::from(arg.get_id().clone()));
                            arg.value_parser(clap::value_parser!(PathBuf))
                        };
                        let leaf = Command::new("leaf").arg(bare(one)).arg(bare(other));
                        let [one, other] = [one, other].map(|arg| format!("--{}={name}", arg.get_id()));
                        let xlner = Command::new("xlner").subcommand(leaf);
                        let matches = xlner.clone().try_get_matches_from(["xlner", "leaf", &one, &other]).unwrap();
                        assert!(check(&xlner, &matches).is_err(), "{words:?} {one} {other}");
                        refused += 1;
                    }
                }
            }
        }
        assert!(refused > 200, "{refused}");
        assert!(unknown.is_empty(), "new flags that name files: {unknown:?}");
    }
}
