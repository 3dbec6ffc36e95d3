//! A running `apertium`.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use super::escape::Escaped;
use crate::group::Group;
use crate::program::Program;

/// Sent after every batch, as often as this: `apertium` runs the mode between two filters that each hold a text back
/// until the next one comes.
const FILLER: &str = "[xlner]";
const FILLERS: usize = 4;

/// How the process is started.
#[derive(Debug, Clone)]
pub(super) struct Launch {
    pub program: PathBuf,
    pub arguments: Vec<String>,
}

impl Launch {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command
    }

    /// Runs the program with other arguments, and gives its standard output.
    pub fn output(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new(&self.program);
        command.args(arguments).stdin(Stdio::null());
        let output = Group::start().and_then(|group| group.join(&mut command).output());
        let output = output.map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()))
    }
}

/// What went wrong with a process; it is of no more use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It ended.
    Died,
    /// It did not answer in time.
    Hung,
    /// It answered something that is no answer to what was asked.
    OutOfStep,
    /// It answered with bytes that are no text.
    Garbled,
    /// It answered nothing to a text that has letters.
    Empty,
}

impl Fault {
    pub fn what(self) -> &'static str {
        match self {
            Fault::Died => "the process ended without an answer",
            Fault::Hung => "the process did not answer in time",
            Fault::OutOfStep => "the process answered something else than what was asked",
            Fault::Garbled => "the answer is not UTF-8, or holds control characters",
            Fault::Empty => "the answer is empty",
        }
    }
}

/// A running process.
pub(super) struct Process {
    program: Program,
}

impl Process {
    /// Starts it.
    pub fn start(launch: &Launch) -> std::io::Result<Process> {
        Ok(Process { program: Program::start(launch.command(), 0)? })
    }

    /// Sends texts, numbered from `first`, and gives the answers to them up to the first fault. `timeout` is that for one
    /// answer.
    ///
    /// Every text goes between two superblanks that hold its number, which the pipeline passes on as they are; an answer
    /// between the same two is whole and is the one to that text.
    pub fn ask(&mut self, first: u64, texts: &[Escaped], timeout: Duration) -> (Vec<String>, Option<Fault>) {
        let mut batch = String::new();
        for (number, text) in (first..).zip(texts) {
            batch.push_str(&format!("[{number}]{}[{number}]\0", text.text));
        }
        for _ in 0..FILLERS {
            batch.push_str(FILLER);
            batch.push('\0');
        }
        let mut answers = Vec::with_capacity(texts.len());
        if !self.program.send(batch) {
            return (answers, Some(Fault::Died));
        }
        for (number, text) in (first..).zip(texts) {
            match self.answer(number, text, timeout) {
                Ok(answer) => answers.push(answer),
                Err(fault) => return (answers, Some(fault)),
            }
        }
        (answers, None)
    }

    fn answer(&self, number: u64, asked: &Escaped, timeout: Duration) -> Result<String, Fault> {
        let answer = loop {
            match self.program.answer(timeout) {
                Ok(answer) if answer == FILLER.as_bytes() => {}
                Ok(answer) => break answer,
                Err(RecvTimeoutError::Timeout) => return Err(Fault::Hung),
                Err(RecvTimeoutError::Disconnected) => return Err(Fault::Died),
            }
        };
        let answer = String::from_utf8(answer).map_err(|_| Fault::Garbled)?;
        let mark = format!("[{number}]");
        let answer = answer.strip_prefix(&mark).and_then(|answer| answer.strip_suffix(&mark));
        let answer = answer.ok_or(Fault::OutOfStep)?;
        let odd = |c: &char| c.is_control() || *c == char::REPLACEMENT_CHARACTER;
        if answer.chars().filter(odd).any(|c| !asked.text.contains(c)) {
            return Err(Fault::Garbled);
        }
        if answer.trim().is_empty() && asked.text.chars().any(char::is_alphabetic) {
            return Err(Fault::Empty);
        }
        Ok(answer.to_owned())
    }

    /// Ends the process, and gives the last of what it complained about.
    pub fn last_words(self, fault: Fault) -> String {
        self.program.last_words(fault == Fault::Died)
    }
}
