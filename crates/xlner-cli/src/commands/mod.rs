//! One file per command: its flags, and how they become calls.

mod align;
mod convert;
mod eval;
mod experiment;
mod options;
mod project;

use anyhow::Result;
use clap::Subcommand;

use crate::context::Context;

/// The commands.
#[derive(Subcommand)]
pub enum Command {
    /// Put the entities of the source side where they belong on the target side
    Project(project::Args),
    /// Align the words of a bitext
    Align(align::Args),
    /// Score predictions against gold data
    Eval(eval::Args),
    /// Run methods on datasets and compare them
    Experiment(experiment::Args),
    /// Convert between formats, tag schemes and label sets
    Convert(convert::Args),
}

/// Runs a command.
pub fn run(command: Command, context: &Context) -> Result<()> {
    match command {
        Command::Project(args) => project::run(args, context),
        Command::Align(args) => align::run(args, context),
        Command::Eval(args) => eval::run(args, context),
        Command::Experiment(args) => experiment::run(args, context),
        Command::Convert(args) => convert::run(args, context),
    }
}
