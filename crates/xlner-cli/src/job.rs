//! `--job FILE`: a TOML file that says the same as flags.
//!
//! A key is the long name of a flag, or the name of a file that stands without one. The file's flags are put before those of
//! the command line; one that is given there is not taken from the file.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use toml::de::{DeTable, DeValue};

use crate::context::UsageError;

/// The words of the command line, with those of the job file after the name of the command, and the job file.
///
/// # Errors
/// A file that cannot be read, is no TOML, or has a key that is no flag of the command; the line is named.
pub fn expand(command: &Command, words: Vec<OsString>) -> Result<(Vec<OsString>, Option<PathBuf>)> {
    // What is wrong with the command line, if anything, is told when all of it is there.
    let Ok(matches) = forgiving(command.clone()).try_get_matches_from(&words) else {
        return Ok((words, None));
    };
    // The innermost command, and where its name stands.
    let (mut subcommand, mut given, mut at) = (command, &matches, 0);
    let mut called = vec!["xlner"];
    while let Some((name, inner)) = given.subcommand() {
        let place = words.iter().skip(at + 1).position(|word| word == name);
        let (Some(found), Some(place)) = (subcommand.find_subcommand(name), place) else { return Ok((words, None)) };
        (subcommand, given, at) = (found, inner, at + 1 + place);
        called.push(name);
    }
    let job = given.try_get_one::<PathBuf>("job").ok().flatten();
    let Some(path) = job.filter(|_| at > 0) else { return Ok((words, None)) };
    let flags = flags(path, (&called.join(" "), subcommand), given)?;
    let (before, after) = words.split_at(at + 1);
    let words = before.iter().cloned().chain(flags.into_iter().map(OsString::from)).chain(after.iter().cloned());
    Ok((words.collect(), Some(path.clone())))
}

/// The command, which passes over what is missing or wrong. The setting does not reach commands of commands by itself.
fn forgiving(command: Command) -> Command {
    command.ignore_errors(true).mut_subcommands(forgiving)
}

/// The flags of a file but those that are given already.
fn flags(path: &Path, (called, command): (&str, &Command), given: &ArgMatches) -> Result<Vec<String>> {
    let text = xlner_formats::read_small_text(path);
    let text = text.map_err(|problem| anyhow!("{}: cannot open: {problem}", path.display()))?;
    let table = DeTable::parse(&text);
    let table = table.map_err(|problem| UsageError(format!("{}: {problem}", path.display())))?;
    let mut flags = Vec::new();
    for (key, value) in table.get_ref() {
        let wrong = |problem: String| {
            let line = text[..key.span().start].matches('\n').count() + 1;
            UsageError(format!("{}, line {line}: {problem}", path.display()))
        };
        let name = &**key.get_ref();
        let arg = command
            .get_arguments()
            .find(|arg| is_called(arg, name))
            .ok_or_else(|| wrong(format!("“{name}” is no flag of `{called}`; see `{called} --help`")))?;
        let words = words(arg, name, value.get_ref()).map_err(wrong)?;
        let id = arg.get_id().as_str();
        if given.value_source(id) != Some(ValueSource::CommandLine) {
            flags.extend(words);
        }
    }
    Ok(flags)
}

/// Whether a key names a flag, or a file that has none. A job file names no other, and asks for no help.
fn is_called(arg: &Arg, name: &str) -> bool {
    let named = arg.get_long() == Some(name) || arg.is_positional() && arg.get_id() == name;
    let takes =
        arg.is_positional() || arg.get_action().takes_values() || matches!(arg.get_action(), ArgAction::SetTrue);
    named && takes && name != "job"
}

/// The words of a flag.
fn words(arg: &Arg, name: &str, value: &DeValue<'_>) -> Result<Vec<String>, String> {
    let flag = |text: String| if arg.is_positional() { text } else { format!("--{name}={text}") };
    // A flag that may stand without a value.
    let alone = arg.get_num_args().map_or(!arg.get_action().takes_values(), |count| count.min_values() == 0);
    match value {
        DeValue::Boolean(true) if alone && !arg.is_positional() => return Ok(vec![format!("--{name}")]),
        DeValue::Boolean(false) if alone && !arg.is_positional() => return Ok(Vec::new()),
        _ if !arg.is_positional() && !arg.get_action().takes_values() => {
            return Err(format!("“{name}” is true or false"));
        }
        _ => {}
    }
    match value {
        DeValue::Array(values) if matches!(arg.get_action(), ArgAction::Append) => {
            values.iter().map(|value| Ok(flag(word(name, value.get_ref())?))).collect()
        }
        DeValue::Array(_) => Err(format!("“{name}” is given once, and here is a list")),
        DeValue::Table(table) => {
            let mut parts = Vec::with_capacity(table.len());
            for (key, value) in table {
                parts.push(format!("{}={}", key.get_ref(), word(name, value.get_ref())?));
            }
            Ok(vec![flag(parts.join(","))])
        }
        value => Ok(vec![flag(word(name, value)?)]),
    }
}

/// A single value as it stands on the command line.
fn word(name: &str, value: &DeValue<'_>) -> Result<String, String> {
    match value {
        DeValue::String(text) => Ok(text.clone().into_owned()),
        DeValue::Integer(number) => Ok(number.to_string()),
        DeValue::Float(number) => Ok(number.to_string()),
        _ => Err(format!("the value of “{name}” is a text or a number")),
    }
}
