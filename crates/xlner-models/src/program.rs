//! A program that runs beside us and is spoken to on its standard streams.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::group::Group;

/// Bytes of an answer; more without an end is garbage.
const ANSWER_LIMIT: u64 = 1 << 24;
/// Answers that may wait to be taken.
const WAITING: usize = 1 << 10;
/// Bytes kept of what the program complains about.
const COMPLAINTS: usize = 2000;
/// How long a program that closed its output may take to say why.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How often an end is looked for.
const LOOK: Duration = Duration::from_millis(5);

/// A running program, to which texts go and from which answers come by threads of their own, so that neither side can block
/// the other. Killed with all that it started when it is dropped.
pub(crate) struct Program {
    group: Group,
    child: Child,
    /// `None` where its input was closed.
    texts: Option<Sender<String>>,
    answers: Receiver<Vec<u8>>,
    complaints: Arc<Mutex<Vec<u8>>>,
    /// Nothing is ever sent: it closes where standard error ends.
    complained: Receiver<()>,
}

impl Program {
    /// Starts it. Each of its answers ends with the byte `end`, which is not part of it; what is cut off is no answer, but the
    /// last line may lack its end.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn start(mut command: Command, end: u8) -> std::io::Result<Program> {
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
                while let Some(answer) = read_answer(&mut stdout, end) {
                    if answered.send(answer).is_err() {
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
        Ok(Program { group, child, texts: Some(texts), answers, complaints, complained })
    }

    /// Sends a text; says whether the program still reads.
    pub fn send(&self, text: String) -> bool {
        self.texts.as_ref().is_some_and(|texts| texts.send(text).is_ok())
    }

    /// Ends its input, once what was sent is read.
    pub fn close(&mut self) {
        self.texts = None;
    }

    /// Whether its input was ended.
    pub fn is_closed(&self) -> bool {
        self.texts.is_none()
    }

    /// Its next answer.
    ///
    /// # Errors
    /// Where there is none in that time, or there will be none.
    pub fn answer(&self, timeout: Duration) -> Result<Vec<u8>, RecvTimeoutError> {
        self.answers.recv_timeout(timeout)
    }

    /// How it ended; `None` where it has not in that time.
    pub fn status(&mut self, timeout: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + timeout;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < until => thread::sleep(LOOK),
                _ => return None,
            }
        }
    }

    /// Ends the program, and gives the last of what it complained about. One that `ended` of itself is given a while to say why.
    pub fn last_words(self, ended: bool) -> String {
        if !ended {
            self.group.kill();
        }
        // The end of its output may be seen before the reason for it.
        let _ = self.complained.recv_timeout(LAST_WORDS);
        let complaints = self.complaints.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&complaints).trim().to_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.group.kill();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The next answer; `None` at the end of the stream.
fn read_answer(stdout: &mut impl BufRead, end: u8) -> Option<Vec<u8>> {
    let mut answer = Vec::new();
    stdout.take(ANSWER_LIMIT).read_until(end, &mut answer).ok()?;
    match answer.last() {
        Some(last) if *last == end => answer.pop(),
        Some(_) if end == b'\n' => None,
        _ => return None,
    };
    Some(answer)
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
