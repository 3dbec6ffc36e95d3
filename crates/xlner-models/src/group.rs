//! A group of processes that ends with this one, however that ends.

use std::io;
use std::process::Command;

/// The group. The script that starts an engine starts a dozen programs, which outlive it, and one that hangs does not see that
/// nobody reads its answers. So a watchman leads the group: a shell that waits on a pipe of ours, and ends the group when the
/// pipe closes. That it does even where this process is killed. Whoever has something to tidy up may do so for a second; then
/// the group is killed, the watchman with it.
#[derive(Debug)]
pub struct Group {
    #[cfg(unix)]
    watchman: std::process::Child,
}

#[cfg(unix)]
impl Group {
    /// Starts the watchman.
    ///
    /// # Errors
    /// Where there is no shell, or no process can be started.
    pub fn start() -> io::Result<Group> {
        use std::os::unix::process::CommandExt as _;
        use std::process::Stdio;
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", "trap '' TERM; read -r _; kill -TERM 0; sleep 1; kill -KILL 0"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        Ok(Group { watchman: command.stderr(Stdio::null()).process_group(0).spawn()? })
    }

    /// Has a command run in the group.
    pub fn join<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        use std::os::unix::process::CommandExt as _;
        command.process_group(self.watchman.id().cast_signed())
    }

    /// Kills all processes of the group.
    pub fn kill(&self) {
        use rustix::process::{Pid, Signal, kill_process_group};
        // What cannot be killed has ended already. Until it is waited for, nobody else gets the watchman's number.
        let _ = kill_process_group(Pid::from_child(&self.watchman), Signal::KILL);
    }
}

#[cfg(unix)]
impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
        let _ = self.watchman.wait();
    }
}

#[cfg(not(unix))]
impl Group {
    /// A group that ends nobody.
    ///
    /// # Errors
    /// None.
    pub fn start() -> io::Result<Group> {
        Ok(Group {})
    }

    /// The command as it is.
    pub fn join<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
    }

    /// Does nothing.
    pub fn kill(&self) {}
}
