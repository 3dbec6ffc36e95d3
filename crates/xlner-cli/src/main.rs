//! The `xlner` command: reads flags, calls the crates, prints.

mod bars;
mod commands;
mod context;
mod experiment;
mod job;
mod outputs;
mod print;
mod signals;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser};

use crate::commands::Command;
use crate::context::{Context, GlobalArgs, UsageError, with_flags};

/// Named-entity annotations for languages that have none, by annotation projection.
#[derive(Parser)]
#[command(name = "xlner", version, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", with_flags(&format!("{error:#}")));
            ExitCode::from(if error.is::<UsageError>() { 2 } else { 1 })
        }
    }
}

fn run() -> anyhow::Result<()> {
    let mut command = Cli::command();
    command.build();
    let (words, job) = job::expand(&command, std::env::args_os().collect())?;
    let matches = command.clone().try_get_matches_from(words).unwrap_or_else(|error| wrong(&error, job.as_deref()));
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| wrong(&error, job.as_deref()));
    let result = start(&command, &matches, cli);
    result.map_err(|error| match job {
        Some(job) if error.is::<UsageError>() => UsageError(format!("{error:#} ({})", from(&job))).into(),
        _ => error,
    })
}

/// Runs a command whose flags are read.
fn start(command: &clap::Command, matches: &clap::ArgMatches, cli: Cli) -> anyhow::Result<()> {
    outputs::check(command, matches)?;
    let run = matches.subcommand().and_then(|(_, given)| given.try_get_one::<PathBuf>("run").ok().flatten());
    signals::listen(run.cloned())?;
    let context = Context::new(&cli.global)?;
    let result = commands::run(cli.command, &context);
    context.tell_notes();
    result
}

/// Ends the command for words that are not its flags, or for its help.
fn wrong(error: &clap::Error, job: Option<&Path>) -> ! {
    if let Some(job) = job.filter(|_| error.use_stderr()) {
        let _ = error.print();
        eprintln!("({})", from(job));
        std::process::exit(error.exit_code());
    }
    error.exit()
}

fn from(job: &Path) -> String {
    format!("flags were taken from {}", job.display())
}

/// Whether the reader of our output went away (`xlner … | head`), which is no error.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}
