//! `xlner experiment`.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use xlner_formats::Output;

use crate::context::{Context, UsageError, failed};
use crate::experiment::{Plan, Runner, markdown};
use crate::signals;

const EXAMPLES: &str = "\
Examples:
  xlner experiment experiments/europarl.toml
  xlner experiment experiments/serbian.toml --run work/ --set data=../shared/data -o table.md
  xlner experiment experiments/serbian.toml --run work/ --json

The file names datasets and methods; a method is a list of xlner's own commands:
  [[dataset]]
  name = \"de\"
  gold = \"de.gold.conll\"
  source = \"en.conll\"
  [[method]]
  name = \"heuristic\"
  steps = [\"project --source {source} --target {gold} --method heuristic -o {out}\"]
A step is split into words as a shell would do it, and then filled in, so a path may hold spaces. What a method made on a \
dataset is kept in --run, and made again only when its commands, or the files and folders that they read, have changed.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The experiment (TOML)
    plan: PathBuf,
    /// A word for `{NAME}`, instead of that of the file; repeatable
    #[arg(long, value_name = "NAME=WORD", value_parser = assignment)]
    set: Vec<(String, String)>,
    /// Folder that keeps what the methods make
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
    /// JSON instead of a table
    #[arg(long)]
    json: bool,
    /// Where to write; `-` is standard output
    #[arg(long, short, default_value = "-", value_name = "FILE")]
    output: PathBuf,
}

/// Set for the commands of an experiment.
const WITHIN: &str = "XLNER_EXPERIMENT";

pub fn run(args: Args, context: &Context) -> Result<()> {
    if std::env::var_os(WITHIN).is_some() {
        return Err(
            UsageError("an experiment is no step of an experiment: it might run itself without end".into()).into()
        );
    }
    let mut plan = Plan::read(&args.plan).map_err(failed)?;
    plan.set.extend(args.set);
    let program = std::env::current_exe().context("cannot find the program itself, to run its commands")?;
    let threads = rayon::current_num_threads().to_string();
    let run = |words: &[String]| -> std::result::Result<String, String> {
        let mut command = Command::new(&program);
        command.args(["--threads", &threads, "--quiet"]).args(words).env(WITHIN, "1").stdin(Stdio::null());
        let output = signals::output(&mut command).map_err(|error| error.to_string())?;
        if output.status.success() {
            String::from_utf8(output.stdout).map_err(|error| error.to_string())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    };
    let tell = |what: &str| context.note(what);
    let experiment =
        Runner::new(args.run.as_deref(), &args.output, &run, &tell).map_err(failed)?.run(&plan).map_err(|error| {
            match error {
                // What is wrong with the plan is found as it is worked on.
                xlner::Error::Options(problem) => UsageError(format!("{}: {problem}", args.plan.display())).into(),
                error => failed(error),
            }
        })?;
    let text = if args.json { serde_json::to_string_pretty(&experiment)? + "\n" } else { markdown(&experiment) };
    let mut output = Output::create(&args.output)?;
    output.write_all(text.as_bytes())?;
    output.finish()?;
    let cells = experiment.datasets.iter().flat_map(|dataset| dataset.cells.iter().map(move |cell| (dataset, cell)));
    let failures: Vec<String> = cells
        .filter_map(|(dataset, cell)| Some(format!("{}, {}: {}", dataset.name, cell.method, cell.error.as_ref()?)))
        .collect();
    if !failures.is_empty() {
        bail!("{}: {} of the methods failed:\n{}", args.plan.display(), failures.len(), failures.join("\n"));
    }
    Ok(())
}

fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, word)) if !name.is_empty() => Ok((name.to_owned(), word.to_owned())),
        _ => Err("write NAME=WORD, as in data=../shared/data".into()),
    }
}
