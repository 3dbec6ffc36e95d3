//! `xlner completions` and `xlner man`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::CommandFactory as _;
use clap_complete::Shell;
use clap_mangen::Man as Page;
use xlner_formats::Output;

use crate::Cli;
use crate::context::UsageError;

const COMPLETIONS: &str = "\
Examples:
  xlner completions bash > ~/.local/share/bash-completion/completions/xlner
  xlner completions zsh > ~/.zfunc/_xlner
  xlner completions fish > ~/.config/fish/completions/xlner.fish";

const MAN: &str = "\
Examples:
  xlner man > xlner.1
  xlner man project | man -l -
  xlner man --all ~/.local/share/man/man1";

#[derive(clap::Args)]
#[command(after_help = COMPLETIONS)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

#[derive(clap::Args)]
#[command(after_help = MAN)]
pub struct Man {
    /// The command to print the page of, such as `project` or `tune decision` [default: xlner itself]
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
    /// Write the pages of all commands into this folder instead
    #[arg(long, value_name = "FOLDER", conflicts_with = "command")]
    all: Option<PathBuf>,
}

pub fn completions(args: Completions) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "xlner", &mut script);
    print(&script)
}

pub fn man(args: Man) -> Result<()> {
    let mut root = Cli::command();
    root.build();
    match args.all {
        Some(folder) => {
            std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
            pages(&root, "xlner", &folder)
        }
        None => {
            let mut page = &root;
            for name in &args.command {
                page = page.find_subcommand(name).ok_or_else(|| {
                    UsageError(format!("“{}” is no command; `xlner help` lists them", args.command.join(" ")))
                })?;
            }
            let name = std::iter::once("xlner").chain(args.command.iter().map(String::as_str));
            print(&render(page, &name.collect::<Vec<_>>().join("-"))?)
        }
    }
}

/// Writes the page of a command and those of its subcommands.
fn pages(command: &clap::Command, name: &str, folder: &Path) -> Result<()> {
    let mut output = Output::create(&folder.join(format!("{name}.1")))?;
    output.write_all(&render(command, name)?)?;
    output.finish()?;
    let mut shown = command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help");
    shown.try_for_each(|sub| pages(sub, &format!("{name}-{}", sub.get_name()), folder))
}

fn render(command: &clap::Command, name: &str) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    Page::new(command.clone()).title(name).render(&mut page)?;
    Ok(page)
}

fn print(content: &[u8]) -> Result<()> {
    let mut output = Output::create(Path::new("-"))?;
    output.write_all(content)?;
    output.finish()?;
    Ok(())
}
