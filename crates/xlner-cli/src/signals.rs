//! SIGINT and SIGTERM: files in the making and temporary folders are removed before the process ends.

use std::collections::BTreeSet;
use std::io;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use xlner_models::Group;

/// Processes of ours that are at work; `None` where no new one may be started.
static CHILDREN: Mutex<Option<BTreeSet<u32>>> = Mutex::new(Some(BTreeSet::new()));

fn children() -> MutexGuard<'static, Option<BTreeSet<u32>>> {
    CHILDREN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a command to its end, as [`Command::output`] does; it ends with this process, whether that is told to end or killed.
pub fn output(command: &mut Command) -> io::Result<Output> {
    let group = Group::start()?;
    group.join(command);
    let mut start = || -> io::Result<Child> {
        let mut children = children();
        let Some(children) = children.as_mut() else { return Err(io::ErrorKind::Interrupted.into()) };
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        children.insert(child.id());
        Ok(child)
    };
    let child = start()?;
    let id = child.id();
    let output = child.wait_with_output();
    match children().as_mut() {
        Some(children) => children.remove(&id),
        // This process is about to end, and has nothing to say of its child.
        None => loop {
            std::thread::park();
        },
    };
    output
}

/// Starts to listen. `keeps` is the folder in which what is finished stays; `could_keep` says that the command would have one if it were
/// given.
///
/// # Errors
/// Where the system does not let it.
#[cfg(unix)]
pub fn listen(keeps: Option<std::path::PathBuf>, could_keep: bool) -> io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        let Some(signal) = signals.forever().next() else { return };
        end_children();
        let removed = xlner_formats::remove_unfinished();
        match keeps {
            Some(folder) => eprintln!(
                "interrupted: what was finished is kept in {}; start the same command again to resume",
                folder.display()
            ),
            None if could_keep => eprintln!(
                "interrupted: nothing is kept; with --run DIR what is finished is, and the same command started again resumes"
            ),
            None if removed > 0 => eprintln!(
                "interrupted: unfinished output was removed, the file that was there before is as it was; start the same command again"
            ),
            None => eprintln!("interrupted"),
        }
        // Ends as if nobody had listened, so that shells see why.
        let _ = signal_hook::low_level::emulate_default_handler(signal);
        std::process::exit(1);
    })?;
    Ok(())
}

/// Tells our processes to end, and gives them time to tidy up.
#[cfg(unix)]
fn end_children() {
    use rustix::process::{Pid, Signal, kill_process, test_kill_process};
    let ids: Vec<Pid> =
        children().take().into_iter().flatten().filter_map(|id| Pid::from_raw(i32::try_from(id).ok()?)).collect();
    for id in &ids {
        let _ = kill_process(*id, Signal::TERM);
    }
    for _ in 0..500 {
        if ids.iter().all(|id| test_kill_process(*id).is_err()) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[cfg(not(unix))]
pub fn listen(_: Option<std::path::PathBuf>, _: bool) -> io::Result<()> {
    Ok(())
}
