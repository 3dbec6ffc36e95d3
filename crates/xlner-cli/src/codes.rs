//! Language codes on the command line.

use anyhow::Result;
use clap::{ArgMatches, Command};
use xlner_models::languages::wrong_code;

use crate::context::Context;

/// How the help calls the value of a flag that takes a language code.
const CODE: &str = "CODE";

/// Says which language codes of a command line are none, and which were meant.
///
/// # Errors
/// With `--strict`.
pub fn check(command: &Command, matches: &ArgMatches, context: &Context) -> Result<()> {
    let Some((name, given)) = matches.subcommand() else { return Ok(()) };
    let Some(command) = command.find_subcommand(name) else { return Ok(()) };
    for arg in command.get_arguments() {
        if !arg.get_value_names().is_some_and(|names| names.iter().any(|name| name == CODE)) {
            continue;
        }
        let codes = given.try_get_many::<String>(arg.get_id().as_str()).ok().flatten().into_iter().flatten();
        for problem in codes.filter_map(|code| wrong_code(code)) {
            context.sign(format_args!("--{}: {problem}", arg.get_long().unwrap_or_default()))?;
        }
    }
    check(command, given, context)
}
