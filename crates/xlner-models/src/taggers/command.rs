//! A tagger behind a program that speaks JSON lines on its standard streams.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::process::Command;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};
use xlner_core::contracts::{ModelError, ModelResult, Tagger};
use xlner_core::{Entity, Sentence};

use super::answer::{Told, entities, put};
use crate::program::Program;
use crate::{Error, Result};

/// A program that is silent for so long may be waiting for the end of its input.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a program whose input has ended may take to end.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long it may take until it is known how a program ended.
const END: Duration = Duration::from_secs(1);
/// Characters of an answer that a message repeats.
const QUOTED: usize = 120;
/// Bytes of a file of the command that count in its signature.
const SIGNED: u64 = 64 << 20;

/// Options of [`CommandTagger`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandOptions {
    /// A program that is silent for so long, while an answer is outstanding, has failed.
    pub timeout: Duration,
}

impl Default for CommandOptions {
    fn default() -> CommandOptions {
        CommandOptions { timeout: Duration::from_secs(300) }
    }
}

/// Finds entities by a program, run by the shell. It reads one record a line, `{"id","tokens","text","lang"}`, and answers one
/// a line, `{"id","entities":[{"start","end","label","score"}]}`, in any order, as many as it was asked; `start` and `end` are a
/// half-open range of tokens, `score` (0 to 1) may be left out. Sentences without tokens are not sent. Whatever else it does is
/// an error of the sentence at fault, else of the first that it has not answered; it is then killed with all that it started.
///
/// The program goes on from batch to batch. One that falls silent, with answers outstanding, is given the end of its input: it
/// may read all of it first, or hold its answers back. It is then started again for the next batch.
pub struct CommandTagger {
    command: String,
    signature: String,
    options: CommandOptions,
    state: Mutex<State>,
}

struct State {
    program: Option<Program>,
    /// Records sent so far; a number is never used twice, so that no answer is taken for another.
    asked: u64,
    patience: Patience,
}

/// How long a silent program is waited for before its input is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// As long as anybody's.
    Usual,
    /// It was silent once, and then needed this long for a batch, its start included. A program that answers as it reads
    /// will have answered by twice that time.
    Longer(Duration),
    /// It waits for the end of its input, which comes at once.
    None,
}

impl Patience {
    fn time(self) -> Duration {
        match self {
            Patience::Usual => PATIENCE,
            Patience::Longer(time) => time,
            Patience::None => Duration::ZERO,
        }
    }

    /// After a batch that took so long, for which the input had to be ended.
    fn after(self, took: Duration) -> Patience {
        match self {
            Patience::Usual => Patience::Longer(took.saturating_mul(2).max(PATIENCE)),
            Patience::Longer(_) | Patience::None => Patience::None,
        }
    }
}

/// A line of the program.
#[derive(Deserialize)]
struct Answer {
    id: Value,
    entities: Value,
}

/// What a program did that it should not have: with which record of the batch, and what.
type Fault = (usize, String);

impl CommandTagger {
    /// Makes ready to run a command. It is started when there is something to tag.
    ///
    /// # Errors
    /// [`Error::Options`] where there is no command, or no time.
    pub fn new(command: &str, options: CommandOptions) -> Result<CommandTagger> {
        let command = command.trim();
        if command.is_empty() {
            return Err(Error::Options(
                "which program is to be run? write cmd:PROGRAM, as in 'cmd:python my_tagger.py'".into(),
            ));
        }
        if options.timeout.is_zero() {
            return Err(Error::Options(format!("cmd:{command}: the time limit is greater than 0")));
        }
        let signature = signature(command);
        let state = State { program: None, asked: 0, patience: Patience::Usual };
        Ok(CommandTagger { command: command.to_owned(), signature, options, state: Mutex::new(state) })
    }

    /// The entities of sentences, in their order.
    fn ask(&self, state: &mut State, sentences: &[Sentence]) -> Result<Vec<Vec<Entity>>> {
        let first = state.asked;
        let asked: Vec<usize> = (0..sentences.len()).filter(|&index| !sentences[index].is_empty()).collect();
        if asked.is_empty() {
            return Ok(vec![Vec::new(); sentences.len()]);
        }
        let mut lines = String::new();
        for (id, &index) in (first..).zip(&asked) {
            let sentence = &sentences[index];
            let tokens: Vec<&str> = sentence.tokens().collect();
            let record =
                json!({"id": id.to_string(), "tokens": tokens, "text": sentence.text(), "lang": sentence.lang});
            // Writing into a string does not fail.
            let _ = writeln!(lines, "{record}");
        }
        state.asked += asked.len() as u64;
        let lengths: HashMap<String, (usize, usize)> =
            (first..).zip(&asked).map(|(id, &index)| (id.to_string(), (index, sentences[index].len()))).collect();
        if state.program.is_none() {
            let started = Program::start(self.shell(), b'\n');
            state.program = Some(started.map_err(|problem| Error::engine(self.name(), problem.to_string()))?);
        }
        let mut found: Vec<Option<Vec<Entity>>> = vec![None; sentences.len()];
        let answered = match &mut state.program {
            Some(program) => self.answers(program, &mut state.patience, lines, &lengths, &asked, &mut found),
            None => Ok(()),
        };
        if let Err((index, problem)) = answered {
            return Err(Error::Sentence { index, problem: self.end(state, problem) });
        }
        if state.program.as_ref().is_some_and(Program::is_closed) {
            let last = asked.last().copied().unwrap_or(0);
            self.farewell(state).map_err(|problem| Error::Sentence { index: last, problem })?;
        }
        Ok(found.into_iter().map(Option::unwrap_or_default).collect())
    }

    /// Sends lines and takes all answers to them.
    fn answers(
        &self,
        program: &mut Program,
        patience: &mut Patience,
        lines: String,
        asked: &HashMap<String, (usize, usize)>,
        order: &[usize],
        found: &mut [Option<Vec<Entity>>],
    ) -> std::result::Result<(), Fault> {
        let start = Instant::now();
        let mut heard = start;
        program.send(lines);
        let mut left = order.len();
        while left > 0 {
            let limit =
                if program.is_closed() { self.options.timeout } else { patience.time().min(self.options.timeout) };
            let outstanding = |found: &[Option<Vec<Entity>>]| {
                order.iter().copied().find(|&index| found[index].is_none()).unwrap_or(0)
            };
            match program.answer(limit.saturating_sub(heard.elapsed())) {
                Ok(line) => {
                    let (index, told) = read(&line, asked)
                        .map_err(|(index, problem)| (index.unwrap_or_else(|| outstanding(found)), problem))?;
                    if found[index].is_some() {
                        return Err((index, "it answers twice to this record".to_owned()));
                    }
                    found[index] = Some(told);
                    left -= 1;
                    heard = Instant::now();
                }
                Err(RecvTimeoutError::Timeout) if !program.is_closed() && limit < self.options.timeout => {
                    program.close()
                }
                Err(RecvTimeoutError::Timeout) => {
                    let seconds = self.options.timeout.as_secs_f64();
                    let problem = format!("it has not answered this record, and has been silent for {seconds} s");
                    return Err((outstanding(found), problem));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let count = order.len();
                    let how = program.status(END).map_or_else(String::new, |status| format!(" ({status})"));
                    let problem = format!(
                        "it ended{how} without an answer to this record; it gave {} answers to {count} records",
                        count - left
                    );
                    return Err((outstanding(found), problem));
                }
            }
        }
        if program.is_closed() {
            *patience = patience.after(start.elapsed());
        }
        Ok(())
    }

    /// Ends a program whose answers are all there, and which has nothing more to say.
    fn farewell(&self, state: &mut State) -> std::result::Result<(), String> {
        let Some(program) = &mut state.program else { return Ok(()) };
        program.close();
        let problem = match program.answer(FAREWELL) {
            Ok(line) => Some(format!("it says more than it was asked: “{}”", quoted(&line))),
            // It has done its work, and need not end by itself.
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => program
                .status(END)
                .filter(|status| !status.success())
                .map(|status| format!("it answered all and then failed ({status})")),
        };
        match problem {
            Some(problem) => Err(self.end(state, problem)),
            None => {
                state.program = None;
                Ok(())
            }
        }
    }

    /// Ends a program that has failed; the whole of the message.
    fn end(&self, state: &mut State, problem: String) -> String {
        let ended = |program: &mut Program| program.status(Duration::ZERO).is_some();
        let said = state.program.take().map_or_else(String::new, |mut program| {
            let ended = ended(&mut program);
            program.last_words(ended)
        });
        let said = if said.is_empty() { String::new() } else { format!(" (it says: {said})") };
        format!("{}: {problem}{said}", self.name())
    }

    fn name(&self) -> String {
        format!("cmd:{}", self.command)
    }

    fn shell(&self) -> Command {
        let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
        let mut command = Command::new(shell);
        command.args([flag, &self.command]);
        // Python would hold its answers back.
        command.env("PYTHONUNBUFFERED", "1");
        command
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tagger for CommandTagger {
    /// None: what it finds is not known before.
    fn tags(&self) -> &[String] {
        &[]
    }

    fn signature(&self) -> String {
        self.signature.clone()
    }

    fn tag(&self, sentences: &mut [Sentence], probabilities: bool) -> ModelResult<()> {
        if let Some(index) = sentences.iter().position(|sentence| !sentence.is_tokenized()) {
            return Err(ModelError::sentence(index, "it is not tokenised; tokenise it first"));
        }
        let found = self.ask(&mut self.state(), sentences)?;
        for (sentence, entities) in sentences.iter_mut().zip(found) {
            put(sentence, entities, probabilities);
        }
        Ok(())
    }

    fn finish(&self) -> ModelResult<()> {
        let farewell = self.farewell(&mut self.state());
        farewell.map_err(|problem| ModelError::Failed(problem.into()))
    }
}

/// The record of the batch that a line answers, and its entities, or what is wrong with it and, where that is known, with which
/// record.
fn read(
    line: &[u8],
    asked: &HashMap<String, (usize, usize)>,
) -> std::result::Result<(usize, Vec<Entity>), (Option<usize>, String)> {
    let other = |problem: String| {
        let line = quoted(line);
        let problem = format!(
            "it writes something else than an answer, {{\"id\",\"entities\"}} in a line: “{line}” ({problem}); what is no answer \
             belongs on standard error"
        );
        (None, problem)
    };
    let answer: Answer = serde_json::from_slice(line).map_err(|problem| other(problem.to_string()))?;
    let id = match &answer.id {
        Value::String(id) => id.clone(),
        id => id.to_string(),
    };
    let &(index, length) = asked
        .get(&id)
        .ok_or_else(|| (None, format!("it answers to a record that it was not asked, of the id {}", answer.id)))?;
    let found = Told::list(answer.entities).and_then(|told| entities(told, length));
    Ok((index, found.map_err(|problem| (Some(index), format!("in its answer {problem}")))?))
}

/// The beginning of a line, in which control characters can be seen.
fn quoted(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let text: String = text.trim_end().escape_debug().to_string().replace("\\\"", "\"");
    match text.char_indices().nth(QUOTED) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// The command, and a checksum of every file that it names: another script gives other results.
fn signature(command: &str) -> String {
    let mut signature = format!("cmd {command}");
    for word in command.split_whitespace().map(|word| word.trim_matches(['"', '\''])) {
        let Ok(file) = File::open(word) else { continue };
        let Ok(about) = file.metadata() else { continue };
        let mut bytes = Vec::new();
        if about.is_file() && file.take(SIGNED).read_to_end(&mut bytes).is_ok() {
            let _ = write!(signature, " {:08x}-{}", crc32fast::hash(&bytes), about.len());
        }
    }
    signature
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_program_is_learnt_to_wait_for_the_end_or_to_be_slow() {
        let slow = Patience::Usual.after(Duration::from_secs(20));
        assert_eq!(slow, Patience::Longer(Duration::from_secs(40)));
        assert_eq!(Patience::Usual.after(Duration::ZERO).time(), PATIENCE);
        assert_eq!(slow.after(Duration::from_secs(41)).time(), Duration::ZERO);
    }

    #[test]
    fn what_is_quoted_is_one_short_line() {
        assert_eq!(quoted(b"a\tb\r\n"), "a\\tb");
        assert_eq!(quoted(&[0xff, b'x']), "\u{fffd}x");
        assert_eq!(quoted(&[b'x'; 500]).chars().count(), QUOTED + 1);
    }
}
