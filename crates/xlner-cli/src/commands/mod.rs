//! One file per command: its flags, and how they become calls.

mod adapt;
mod align;
mod completions;
mod convert;
mod data;
mod ensemble;
mod eval;
mod experiment;
mod figures;
mod judge;
mod label;
mod models;
mod options;
mod project;
mod report;
mod review;
mod scores;
mod self_train;
mod silver;
mod tag;
mod taggers;
mod tell;
mod train;
mod training;
mod transfer;
mod translate;
mod tune;

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
    /// Find the entities of sentences
    Tag(tag::Args),
    /// Translate sentences
    Translate(translate::Args),
    /// Find the entities of sentences by way of a language that has a tagger (translate-test)
    Label(label::Args),
    /// Translate labelled sentences and put their entities where they belong (translate-train)
    Transfer(transfer::Args),
    /// Combine what several systems found in the same sentences
    Ensemble(ensemble::Args),
    /// Train a tagger on labelled sentences
    Train(train::Args),
    /// Train a tagger on projected labels, filter them by what it finds, and train again
    SelfTrain(self_train::Args),
    /// Make a test set from several systems and a judged sample, with an interval for its F1
    Silver(silver::Args),
    /// Learn weights from data
    Tune(tune::Args),
    /// Adapt an encoder to raw text of a language or domain
    Adapt(Box<adapt::Args>),
    /// Score predictions against gold data
    Eval(eval::Args),
    /// Run methods on datasets and compare them
    Experiment(experiment::Args),
    /// Write an HTML report: figures, errors, single sentences
    Report(report::Args),
    /// Correct projected entities in the browser, by one person or several
    Review(Box<review::Args>),
    /// List, pull, verify and remove models of the Hugging Face Hub
    Models(models::Args),
    /// List, fetch and verify public data for evaluation
    Data(data::Args),
    /// Convert between formats, tag schemes and label sets
    Convert(convert::Args),
    /// Print shell completions
    Completions(completions::Completions),
    /// Print the manual page, or write those of all commands
    Man(completions::Man),
}

/// Runs a command.
pub fn run(command: Command, context: &Context) -> Result<()> {
    match command {
        Command::Project(args) => project::run(args, context),
        Command::Align(args) => align::run(args, context),
        Command::Tag(args) => tag::run(args, context),
        Command::Translate(args) => translate::run(args, context),
        Command::Label(args) => label::run(args, context),
        Command::Transfer(args) => transfer::run(args, context),
        Command::Ensemble(args) => ensemble::run(args, context),
        Command::Train(args) => train::run(args, context),
        Command::SelfTrain(args) => self_train::run(args, context),
        Command::Silver(args) => silver::run(args, context),
        Command::Tune(args) => tune::run(args, context),
        Command::Adapt(args) => adapt::run(*args, context),
        Command::Eval(args) => eval::run(args, context),
        Command::Experiment(args) => experiment::run(args, context),
        Command::Report(args) => report::run(args, context),
        Command::Review(args) => review::run(*args, context),
        Command::Models(args) => models::run(args, context),
        Command::Data(args) => data::run(args, context),
        Command::Convert(args) => convert::run(args, context),
        Command::Completions(args) => completions::completions(args),
        Command::Man(args) => completions::man(args),
    }
}
