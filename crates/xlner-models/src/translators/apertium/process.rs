//! A running `apertium`.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::escape::Escaped;
use crate::group::Group;

/// Bytes of an answer; more without an end is garbage.
const ANSWER_LIMIT: u64 = 1 << 24;
/// Answers that may wait to be taken.
const WAITING: usize = 1 << 10;
/// Bytes kept of what the process complains about.
const COMPLAINTS: usize = 2000;
/// How long a process that closed its output may take to say why.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// Sent behind every batch, as often as this: `apertium` runs the mode between two filters that each hold a text back
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

/// A running process, to which texts go and from which answers come by threads of their own, so that neither side can block
/// the other. Killed with all that it started when it is dropped.
pub(super) struct Process {
    group: Group,
    child: Child,
    texts: Sender<String>,
    answers: Receiver<Vec<u8>>,
    complaints: Arc<Mutex<Vec<u8>>>,
    /// Nothing is ever sent: it closes where standard error ends.
    complained: Receiver<()>,
}

impl Process {
    /// Starts it.
    pub fn start(launch: &Launch) -> std::io::Result<Process> {
        let mut command = launch.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let group = Group::start()?;
        let mut child = group.join(&mut command).spawn()?;
        let (texts, to_write) = channel::<String>();
        let (answered, answers) = sync_channel(WAITING);
        let complaints = Arc::default();
        let (complaining, complained) = channel::<()>();
        if let Some(mut stdin) = child.stdin.take() {
            thread::spawn(move || to_write.iter().try_for_each(|text| stdin.write_all(text.as_bytes())));
        }
        if let Some(stdout) = child.stdout.take() {
            thread::spawn(move || {
                let mut stdout = BufReader::new(stdout);
                while let Some(answer) = read_answer(&mut stdout) {
                    if answer != FILLER.as_bytes() && answered.send(answer).is_err() {
                        break;
                    }
                }
            });
        }
        if let Some(stderr) = child.stderr.take() {
            let complaints = Arc::clone(&complaints);
            thread::spawn(move || {
                keep_last(stderr, &complaints);
                drop(complaining);
            });
        }
        Ok(Process { group, child, texts, answers, complaints, complained })
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
        if self.texts.send(batch).is_err() {
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
        let answer = self.answers.recv_timeout(timeout).map_err(|error| match error {
            RecvTimeoutError::Timeout => Fault::Hung,
            RecvTimeoutError::Disconnected => Fault::Died,
        })?;
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
        if fault != Fault::Died {
            self.group.kill();
        }
        // The end of its output may be seen before the reason for it.
        let _ = self.complained.recv_timeout(LAST_WORDS);
        let complaints = self.complaints.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&complaints).trim().to_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.group.kill();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The next answer; `None` at the end of the stream. What is cut off there is no answer.
fn read_answer(stdout: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut answer = Vec::new();
    stdout.take(ANSWER_LIMIT).read_until(0, &mut answer).ok()?;
    (answer.pop() == Some(0)).then_some(answer)
}

/// Reads to the end, and keeps the last bytes.
fn keep_last(mut stderr: impl Read, kept: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 1024];
    while let Ok(count @ 1..) = stderr.read(&mut buffer) {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(&buffer[..count]);
        let surplus = kept.len().saturating_sub(COMPLAINTS);
        kept.drain(..surplus);
    }
}
