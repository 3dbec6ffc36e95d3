//! The `xlner` command: reads flags, calls the crates, prints.

mod bars;
mod codes;
mod commands;
mod context;
mod experiment;
mod help;
mod job;
mod labelling;
mod next;
mod outputs;
mod print;
mod signals;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser};

use crate::commands::Command;
use crate::context::{Context, GlobalArgs, UsageError, with_flags};

// Records are read on one thread and freed on another, many small pieces each, for which glibc's allocator takes longer.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const TOPICS: &str = "\
Topics: xlner help formats | methods | scores. All flags of a command: xlner COMMAND --help-all.";

/// Named-entity annotations for languages that have none, by annotation projection.
#[derive(Parser)]
#[command(name = "xlner", version, propagate_version = true, arg_required_else_help = true, after_help = TOPICS)]
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
            eprintln!("error: {}", print::tame(&with_flags(&format!("{error:#}"))));
            ExitCode::from(if error.is::<UsageError>() { 2 } else { 1 })
        }
    }
}

fn run() -> anyhow::Result<()> {
    let words: Vec<_> = std::env::args_os().collect();
    if let Some(text) = help::topic(&words) {
        return print::out(format_args!("{}", text.trim_end()));
    }
    let (command, words) = help::prepare(Cli::command(), words);
    let (words, job) = job::expand(&command, words)?;
    let name = words.iter().skip(1).find_map(|word| command.find_subcommand(word)).map(|found| found.get_name());
    let unknown = |error| help::with_tip(error, name.and_then(|name| command.find_subcommand(name)));
    let matches =
        command.clone().try_get_matches_from(&words).unwrap_or_else(|error| wrong(&unknown(error), job.as_deref()));
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
    let could_keep = matches.subcommand().is_some_and(|(_, given)| given.try_get_one::<PathBuf>("run").is_ok());
    signals::listen(run.cloned(), could_keep)?;
    let context = Context::new(&cli.global)?;
    codes::check(command, matches, &context)?;
    let result = commands::run(cli.command, &context);
    context.tell_notes();
    if let (Ok(()), Some((name, given))) = (&result, matches.subcommand()) {
        labelling::tell(name, given, &context)?;
    }
    if let (Ok(()), Some((name, given))) = (&result, matches.subcommand())
        && let Some(next) = next::line(name, given)
    {
        context.next(next);
    }
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
