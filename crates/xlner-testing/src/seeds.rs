//! Many damaged files in one process that may take so much time and memory.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::Bounded;

/// Name of the variable that tells a process that it is to work, and on what.
const VARIABLE: &str = "XLNER_TESTING_CASE";

/// What is tried: `(name, work)`. The work of a seed panics, or gives an error, where a promise is broken.
pub type Case<'c> = (&'c str, &'c (dyn Fn(u64) -> Result<(), String> + std::panic::RefUnwindSafe));

/// Set by [`taken`] since the last seed.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Says that the damaged file of this seed was taken in: it got past the checks at the door, to what stands behind them.
pub fn taken() {
    TAKEN.store(true, Ordering::Relaxed);
}

/// Works on all seeds of all cases, each case in a process of its own: this test program, started again with the test `test`
/// alone. `test` is the name of the test that calls this.
///
/// # Panics
/// Where a seed panics, fails, aborts, takes too much memory or too long; names all such seeds. And where no seed of a case is
/// [`taken`] in: then the case does not try what it is to try.
pub fn each_seed(test: &str, limits: Bounded, seeds: u64, cases: &[Case<'_>]) {
    if let Ok(wanted) = std::env::var(VARIABLE) {
        let (name, first) = wanted.rsplit_once(' ').expect("a case and a seed");
        let (_, work) = cases.iter().find(|(case, _)| *case == name).expect("a case that is known");
        for seed in first.parse().expect("a seed")..seeds {
            // Should it abort, this is the seed that it was.
            println!("\nat {seed}");
            TAKEN.store(false, Ordering::Relaxed);
            let ended = catch_unwind(AssertUnwindSafe(|| work(seed)));
            if TAKEN.load(Ordering::Relaxed) {
                println!("\ntaken {seed}");
            }
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(problem)) => println!("\nproblem {seed}: {}", problem.replace('\n', " ")),
                Err(panic) => {
                    let text = panic.downcast_ref::<String>().map(String::as_str);
                    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default();
                    println!("\nproblem {seed}: it panicked: {}", text.replace('\n', " "));
                }
            }
        }
        return;
    }
    let names: Vec<&str> = cases.iter().map(|(name, _)| *name).collect();
    let names = Mutex::new(names.into_iter());
    let problems = Mutex::new(BTreeMap::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(cases.len());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(name) = { names.lock().unwrap().next() } {
                    let found = start(test, limits, seeds, name);
                    problems.lock().unwrap().insert(name, found);
                }
            });
        }
    });
    let problems: Vec<String> = problems.into_inner().unwrap().into_values().flatten().collect();
    assert!(problems.is_empty(), "{} seeds:\n{}", problems.len(), problems.join("\n"));
}

/// Starts this program for a case, again after every seed at which it ends; gives what is wrong.
fn start(test: &str, limits: Bounded, seeds: u64, name: &str) -> Vec<String> {
    let program = std::env::current_exe().expect("the test program has a name");
    let (mut problems, mut first, mut taken) = (Vec::new(), 0, 0);
    while first < seeds {
        let wanted = format!("{name} {first}");
        let arguments = [test, "--exact", "--nocapture", "--test-threads=1"];
        let variables = [(VARIABLE, &*wanted), ("RUST_BACKTRACE", "0"), ("RAYON_NUM_THREADS", "1")];
        let ended = limits.run(&program, Path::new("."), &arguments, &variables);
        let output = String::from_utf8_lossy(&ended.stdout);
        let told = |sign: &'static str| output.lines().filter_map(move |line| line.strip_prefix(sign));
        taken += told("taken ").count();
        problems.extend(told("problem ").map(|line| format!("{name}, seed {line}")));
        if ended.code == Some(0) {
            break;
        }
        let Some(last) = told("at ").filter_map(|at| at.parse::<u64>().ok()).next_back() else {
            panic!("{name}: the test program does not work: {}", ended.stderr)
        };
        let how = if ended.late { "it took too long" } else { ended.stderr.lines().last().unwrap_or("it was killed") };
        problems.push(format!("{name}, seed {last}: {how}"));
        first = last + 1;
    }
    println!("{name}: {seeds} damaged files, {taken} of them taken in");
    if taken == 0 {
        problems.push(format!("{name}: not one damaged file was taken in"));
    }
    problems
}

/// Whether this process is one that [`each_seed`] started.
pub fn is_child() -> bool {
    std::env::var_os(VARIABLE).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_promises_are_found() {
        let test = "seeds::tests::broken_promises_are_found";
        let limits = Bounded { seconds: 10, memory: 1 << 30 };
        let good = |_| {
            taken();
            Ok(())
        };
        let bad = |seed| match seed {
            3 => panic!("no"),
            5 => Err("wrong".to_owned()),
            7 => std::process::abort(),
            8 => {
                std::hint::black_box(vec![1_u8; 3 << 30]);
                Ok(())
            }
            _ => {
                taken();
                Ok(())
            }
        };
        let run = || each_seed(test, limits, 12, &[("good", &good), ("bad", &bad)]);
        if is_child() {
            return run();
        }
        let message = catch_unwind(run).unwrap_err().downcast::<String>().unwrap();
        assert!(
            message.starts_with("4 seeds:\nbad, seed 3: it panicked: no\nbad, seed 5: wrong\nbad, seed 7: "),
            "{message}"
        );
        assert!(message.contains("bad, seed 8: "), "{message}");
    }
}
