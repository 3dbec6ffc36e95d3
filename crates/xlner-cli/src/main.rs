//! The `xlner` command: reads flags, calls the crates, prints.

mod bars;
mod commands;
mod context;
mod job;
mod outputs;
mod print;
mod signals;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser};

use crate::commands::Command;
use crate::context::{Context, GlobalArgs, UsageError};

/// Named-entity annotations for languages that have none, by annotation projection.
#[derive(Parser)]
#[command(name = "xlner", version, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let result = job::expand(Cli::command(), std::env::args_os().collect()).and_then(|words| {
        let mut command = Cli::command();
        command.build();
        let matches = command.clone().get_matches_from(words);
        let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        outputs::check(&command, &matches)?;
        let run = matches.subcommand().and_then(|(_, given)| given.try_get_one::<PathBuf>("run").ok().flatten());
        signals::listen(run.cloned())?;
        commands::run(cli.command, &Context::new(&cli.global)?)
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(if error.is::<UsageError>() { 2 } else { 1 })
        }
    }
}

/// Whether the reader of our output went away (`xlner … | head`), which is no error.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}
