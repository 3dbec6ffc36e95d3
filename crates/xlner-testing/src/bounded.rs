//! Processes that may take so much time and memory, and no more.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Limits of a process.
#[derive(Debug, Clone, Copy)]
pub struct Bounded {
    /// Seconds of processor time, after which it is killed; of wall-clock time thirty times as many, for machines that have
    /// more to do.
    pub seconds: u64,
    /// Bytes of memory that it may ask for; asking for more fails.
    pub memory: u64,
}

impl Default for Bounded {
    /// 20 seconds, 2 GiB.
    fn default() -> Self {
        Bounded { seconds: 20, memory: 2 << 30 }
    }
}

/// How a process ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; `None` where a signal ended it, or the time was over.
    pub code: Option<i32>,
    /// Whether it was killed because the time was over.
    pub late: bool,
    /// What it wrote to standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error.
    pub stderr: String,
}

impl Bounded {
    /// Runs a program in a folder, without standard input, to its end.
    pub fn run(self, program: &Path, folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
        // Files instead of pipes: nobody has to read them for the process to go on.
        let [mut stdout, mut stderr] = [0, 1].map(|_| scratch());
        let mut command = self.limited(program);
        command.args(arguments).current_dir(folder).envs(variables.iter().copied()).stdin(Stdio::null());
        command.stdout(stdout.try_clone().unwrap()).stderr(stderr.try_clone().unwrap());
        let mut child = command.spawn().unwrap_or_else(|problem| panic!("{}: {problem}", program.display()));
        let clock = Instant::now();
        let (status, late): (ExitStatus, bool) = loop {
            match child.try_wait().unwrap() {
                Some(status) => break (status, false),
                None if clock.elapsed() > Duration::from_secs(30 * self.seconds) => {
                    child.kill().unwrap();
                    break (child.wait().unwrap(), true);
                }
                None => std::thread::sleep(Duration::from_millis(2)),
            }
        };
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        for (file, bytes) in [(&mut stdout, &mut output), (&mut stderr, &mut errors)] {
            file.rewind().unwrap();
            file.read_to_end(bytes).unwrap();
        }
        // The signal that says that the processor time is over.
        #[cfg(unix)]
        let late = late
            || std::os::unix::process::ExitStatusExt::signal(&status).is_some_and(|signal| signal == 24 || signal == 9);
        let code = status.code().filter(|_| !late);
        Ended { code, late, stdout: output, stderr: String::from_utf8_lossy(&errors).into_owned() }
    }

    /// The program under `ulimit`; without a limit of memory where there is no shell.
    #[cfg(unix)]
    fn limited(self, program: &Path) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -v \"$1\" && ulimit -t \"$2\" && shift 2 && exec \"$@\"", "sh"]);
        command.arg((self.memory / 1024).to_string()).arg(self.seconds.to_string()).arg(program);
        command
    }

    #[cfg(not(unix))]
    fn limited(self, program: &Path) -> Command {
        Command::new(program)
    }
}

/// A file without a name.
fn scratch() -> File {
    static NUMBER: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("xlner-testing-{}-{number}", std::process::id()));
    let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    file
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn limits_hold() {
        let run =
            |limits: Bounded, text: &str| limits.run(Path::new("sh"), Path::new("."), &["-c", text], &[("A", "b")]);
        let ended = run(Bounded::default(), "echo $A; echo $PWD >&2; exit 3");
        assert_eq!((ended.code, ended.late, &ended.stdout[..]), (Some(3), false, &b"b\n"[..]));
        assert!(ended.stderr.contains("xlner-testing"));
        let ended = run(Bounded { seconds: 1, ..Bounded::default() }, "while :; do :; done");
        assert!(ended.late && ended.code.is_none());
        let ended = run(Bounded { memory: 64 << 20, ..Bounded::default() }, "exec head -c 200M /dev/zero | exec sort");
        assert!(ended.code != Some(0) || !ended.stderr.is_empty());
    }
}
