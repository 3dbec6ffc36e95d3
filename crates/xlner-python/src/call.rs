//! Long work: without the GIL, on a thread of its own, so that Python answers Ctrl-C and hears of the progress meanwhile.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use xlner::{Listener, Progress};

use crate::error::{Failure, Result};

/// How often signals are looked for, and the callback hears at most.
const TICK: Duration = Duration::from_millis(50);

/// The threads of a process: those of its parent do not live on in a child that was forked.
static POOL: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);

fn pool() -> Result<Arc<ThreadPool>> {
    let mut known = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    match &*known {
        Some((process, pool)) if *process == std::process::id() => Ok(Arc::clone(pool)),
        _ => {
            let pool = ThreadPoolBuilder::new().thread_name(|index| format!("xlner-{index}")).build();
            let pool = Arc::new(pool.map_err(|error| Failure::model(format!("no threads can be started: {error}")))?);
            // Joining threads that are not there would wait for ever.
            if let Some(old) = known.replace((std::process::id(), Arc::clone(&pool))) {
                std::mem::forget(old);
            }
            Ok(pool)
        }
    }
}

/// What unwinds work that nobody waits for any more.
struct Stopped;

enum Message<T> {
    Progress(Progress),
    Done(std::result::Result<Result<T>, Box<dyn Any + Send>>),
}

/// Items of work that is short: a thread of its own would take longer to start.
const FEW: usize = 64;

/// Does work on so many items: as [`run`], or without a thread of its own where they are few and nobody wants to hear of them.
///
/// # Errors
/// As [`run`].
pub fn run_on<T: Send + 'static>(
    py: Python<'_>,
    items: usize,
    progress: Option<Py<PyAny>>,
    work: impl FnOnce(Listener<'_>) -> Result<T> + Send + 'static,
) -> PyResult<T> {
    if items > FEW || progress.is_some() {
        return run(py, progress, work);
    }
    let pool = pool().map_err(|failure| failure.raise(py))?;
    finished(py, py.detach(|| catch_unwind(AssertUnwindSafe(|| pool.install(|| work(&mut |_| ()))))))
}

/// Does long work; `progress` is called with the stage, what is done and the total, `None` where it is not known.
///
/// # Errors
/// Those of the work and of the callback; `KeyboardInterrupt` and what other signal handlers raise. The work then ends by itself
/// when it next tells how far it is.
pub fn run<T: Send + 'static>(
    py: Python<'_>,
    progress: Option<Py<PyAny>>,
    work: impl FnOnce(Listener<'_>) -> Result<T> + Send + 'static,
) -> PyResult<T> {
    let pool = pool().map_err(|failure| failure.raise(py))?;
    // A stage of the user's that calls xlner again does so on a thread of the pool, which must not wait for the others.
    if pool.current_thread_index().is_some() {
        return py.detach(|| work(&mut |_| ())).map_err(|failure| failure.raise(py));
    }
    let stop = Arc::new(AtomicBool::new(false));
    let (sender, receiver) = channel();
    let stopped = Arc::clone(&stop);
    let thread = std::thread::Builder::new().name("xlner".into()).spawn(move || {
        let mut last = None::<Instant>;
        let mut listener = |progress: Progress| {
            if stopped.load(Ordering::Relaxed) {
                resume_unwind(Box::new(Stopped));
            }
            let end = progress.total == Some(progress.done);
            if end || last.is_none_or(|last| last.elapsed() >= TICK) {
                last = Some(Instant::now());
                // Nobody may be listening any more.
                let _ = sender.send(Message::Progress(progress));
            }
        };
        let result = catch_unwind(AssertUnwindSafe(|| pool.install(|| work(&mut listener))));
        let _ = sender.send(Message::Done(result));
    });
    thread.map_err(|error| Failure::model(format!("no thread can be started: {error}")).raise(py))?;
    let receiver = Mutex::new(receiver);
    let result = loop {
        let next = py.detach(|| receiver.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(TICK));
        let heard = match next {
            Ok(Message::Done(result)) => break result,
            Ok(Message::Progress(Progress { stage, done, total })) => match &progress {
                Some(progress) => progress.call1(py, (stage.as_str(), done, total)).map(drop),
                None => Ok(()),
            },
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(PyRuntimeError::new_err("the work ended without a result; please report this"));
            }
        };
        if let Err(error) = heard.and_then(|()| py.check_signals()) {
            stop.store(true, Ordering::Relaxed);
            return Err(error);
        }
    };
    finished(py, result)
}

/// What work came to that has ended, maybe by a panic.
fn finished<T>(py: Python<'_>, result: std::result::Result<Result<T>, Box<dyn Any + Send>>) -> PyResult<T> {
    match result {
        Ok(result) => result.map_err(|failure| failure.raise(py)),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            let text = text.unwrap_or("no message");
            Err(PyRuntimeError::new_err(format!("xlner has a bug ({text}); please report it with the input")))
        }
    }
}
