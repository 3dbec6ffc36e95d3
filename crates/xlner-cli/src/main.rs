//! The `xlner` command: reads flags, calls the crates, prints.

mod bars;
mod commands;
mod context;
mod job;
mod print;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser};

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
        let cli = Cli::parse_from(words);
        let context = Context::new(&cli.global)?;
        let result = commands::run(cli.command, &context);
        context.tell_notes();
        result
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
